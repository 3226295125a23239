"""A report in the terminal: the whole answer, in two languages, within the width, safe to print."""

from __future__ import annotations

import unicodedata

import pytest

from rectoverso.i18n import catalogue
from rectoverso.types import Layer, Message, Report, ReportOutcome
from rectoverso.verso.verify.render import WIDTH, render

CONTRADICTION = Message("verify.evidence.contradiction_picture", {"asset": "0123456789ab"})


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("outcome", ReportOutcome)
@pytest.mark.parametrize("language", ["en", "zh", "pseudo"])
def test_every_outcome_says_what_it_means_and_what_not(outcome: ReportOutcome, language: str) -> None:
    text = render(Report("picture.png", outcome, contradictions=(CONTRADICTION,)), language)
    joined = "".join(text.split())
    for part in ("title", "sentence", "means", "does_not_mean"):
        assert "".join(catalogue(language)[f"verify.{outcome}.{part}"].split()) in joined
    assert "0123456789ab" in text
    # One closing mark may hang over the edge, as it may not begin a line.
    assert max(columns(line) for line in text.splitlines()) <= WIDTH + 2


def test_nothing_found_never_says_that_a_picture_is_real() -> None:
    """In no language does an outcome call a picture real or made by a person; the one sentence that has these
    words denies them.
    """
    for outcome in ReportOutcome:
        for part in ("title", "sentence", "means"):
            english, chinese = (catalogue(language)[f"verify.{outcome}.{part}"] for language in ("en", "zh"))
            assert not {"real", "authentic", "genuine", "human", "human-made"} & set(english.lower().split())
            assert not any(word in chinese for word in ("真实", "真人", "人工创作", "非AI"))
    assert catalogue("en")["verify.nothing_found.does_not_mean"].startswith(
        "This does not mean that the picture is real"
    )
    assert catalogue("zh")["verify.nothing_found.does_not_mean"].startswith("这并不表示图片是真实的")


def test_a_name_cannot_repaint_the_terminal() -> None:
    row = Message("verify.evidence.credential_valid", {"signer": "\x1b[2J\u202eevil"})
    layer = Layer(found=True, valid=True, trusted=False, code="\x1b[3J", evidence=(row,))
    text = render(Report("a\x1b]0;title\x07.png", ReportOutcome.UNLISTED_SIGNER, credential=layer))
    assert not any(unicodedata.category(letter)[0] == "C" for letter in text.replace("\n", ""))
