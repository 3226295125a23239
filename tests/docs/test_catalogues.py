"""Whatever people read is there in both languages, with the same blanks."""

from __future__ import annotations

import re
import string
from itertools import product

from rectoverso import errors
from rectoverso.errors import RectoversoError
from rectoverso.i18n import PSEUDO, catalogue, explain, say
from rectoverso.types import Message


def _blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def _error_classes() -> list[type[RectoversoError]]:
    found = [value for value in vars(errors).values() if isinstance(value, type)]
    return [kind for kind in found if issubclass(kind, RectoversoError) and not kind.__subclasses__()]


def test_both_catalogues_hold_the_same_messages() -> None:
    """Errors keep their English in errors/, everything else stands in both catalogues."""
    chinese = {key for key in catalogue("zh") if not key.startswith("errors.")}
    assert chinese == set(catalogue("en"))


def test_a_message_has_the_same_blanks_in_both_languages() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert [key for key, text in english.items() if _blanks(text) != _blanks(chinese[key])] == []


def test_every_error_speaks_both_languages() -> None:
    for kind, part in product(_error_classes(), ("what", "why", "fix")):
        english, chinese = getattr(kind, part), catalogue("zh").get(f"errors.{kind.code}.{part}", "")
        assert _blanks(english) == _blanks(chinese), (kind.code, part)
        assert bool(english) == bool(chinese), (kind.code, part)


def test_error_codes_are_unique_and_drawn_in_the_tree() -> None:
    kinds = _error_classes()
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert re.search(rf"── {kind.__name__}\b", errors.__doc__ or ""), kind.__name__


def test_every_error_is_imported_from_one_place() -> None:
    def below(kind: type[RectoversoError]) -> set[str]:
        return {kind.__name__}.union(*map(below, kind.__subclasses__()))

    ours = {name for name in below(RectoversoError) if hasattr(errors, name)}
    assert ours == below(RectoversoError) == set(errors.__all__)


def test_the_pseudo_language_shows_what_was_never_translated() -> None:
    text = say(Message("cli.works_count", {"count": 3}), PSEUDO)
    assert "3" in text
    assert text != say(Message("cli.works_count", {"count": 3}))


def test_an_error_explains_itself_in_chinese() -> None:
    assert "找不到" in explain(errors.WorkNotFound(work="x"), "zh") or "没有" in explain(
        errors.WorkNotFound(work="x"), "zh"
    )
