"""Every file of the corpus is judged right, clause by clause; hostile files are only files that lack something."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest

from authority import authority
from rectoverso.errors import ImageUnreadable
from rectoverso.verso.law import law, laws
from rectoverso.verso.law.lint import State, declared, lint, look
from rectoverso.verso.mark import visible
from rectoverso.verso.mark.visible import Placed
from unit.verso.conftest import encoded, make_signer, photo
from unit.verso.law.corpus import ASSET_OF_OURS, CASES, Case, Drawn, Makers, aigc, labelled


@pytest.fixture(scope="module")
def makers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with authority(tmp_path_factory.mktemp("stamps")) as here:
        yield Makers(make_signer("Somebody"), here.url)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.law}: {case.name}")
def test_the_corpus_is_judged_right(case: Case, makers: Makers) -> None:
    answers = lint(look(case.make(makers)), law(case.law))
    by_state = {state: {one.clause.id for one in answers if one.state is state} for state in State}
    assert by_state[State.MISSING] == case.missing
    assert by_state[State.CANNOT_TELL] == case.cannot_tell


@pytest.mark.parametrize("name", laws())
def test_the_corpus_has_a_good_and_a_bad_file_of_every_clause(name: str) -> None:
    """Of each that a tool can answer: one file that meets it and one that does not; of the others none of either."""
    cases = [case for case in CASES if case.law == name]
    for clause in law(name).clauses:
        missing = [clause.id in case.missing for case in cases]
        met = [clause.id not in case.missing | case.cannot_tell for case in cases]
        assert (any(met), any(missing)) == ((clause.asks != "person",) * 2), clause.id


def test_a_file_declares_its_laws() -> None:
    both = Drawn(elements={"verso:Laws": "eu us-ca nowhere"}, text=(aigc(),))
    assert declared(both.file()) == ("cn", "eu", "us-ca")
    assert declared(encoded(photo(1))) == ()


@pytest.mark.parametrize(
    "stated",
    [
        "no json",
        "{}",
        "[1, null, []]",
        json.dumps([{"law": "cn"}]),
        json.dumps(
            [{"law": "cn", "text": "AI生成", "size": 1e400, "left": 0, "top": 0, "width": 9, "height": 9}]
        ),
        json.dumps(
            [{"law": "cn", "text": "AI", "size": 10**9, "left": 0, "top": 0, "width": 9, "height": 9}]
        ),
        json.dumps(
            [{"law": "cn", "text": "生" * 10**5, "size": 12, "left": 0, "top": 0, "width": 90, "height": 12}]
        ),
        json.dumps(
            [{"law": "cn", "text": "", "size": 12, "left": -5, "top": 0, "width": 10**9, "height": 12}]
        ),
        json.dumps(
            [{"law": "cn", "text": "\n\n", "size": 12, "left": 0, "top": 0, "width": 9, "height": 12}]
        ),
    ],
)
def test_nonsense_about_words_is_no_label(stated: str) -> None:
    sight = look(Drawn(elements={"verso:VisibleLabels": stated, **ASSET_OF_OURS}).file())
    answer = next(one for one in lint(sight, law("cn")) if one.clause.id == "5.2")
    assert answer.state is State.MISSING


def test_a_claim_alone_is_not_believed() -> None:
    """A file that only says where words lie, on a picture that has none there."""
    claim = Placed("cn", "AI生成", 16, 200, 230, 49, 16)
    drawn = Drawn(elements={"verso:VisibleLabels": str(visible.to_text([claim]))})
    for seed in range(20):
        sight = look(Drawn(photo(seed, 256, 320), drawn.elements).file())
        assert next(one for one in lint(sight, law("cn")) if one.clause.id == "5.2").state is State.MISSING


def test_what_is_no_picture_is_said_to_be_none() -> None:
    with pytest.raises(ImageUnreadable):
        look(b"no picture")


def test_damaged_files_are_judged_or_refused() -> None:
    data = np.frombuffer(labelled(ground=photo(3, 64)).file(), np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(200):
        broken = data.copy()
        broken[rng.integers(0, len(data), 5)] = rng.integers(0, 256, 5)
        try:
            sight = look(broken.tobytes())
        except ImageUnreadable:
            continue
        for name in laws():
            lint(sight, law(name))


def test_stripping_every_word_of_metadata_shows() -> None:
    answers = lint(look(encoded(labelled().pixels)), law("cn"))
    assert {one.clause.id for one in answers if one.state is State.MISSING} >= {"6.1", "E: one"}


def test_a_label_of_its_own_law_is_told_before_another_that_would_do() -> None:
    wanted = [
        visible.Wanted("cn", ("AI生成",), "bottom_right", 0.05, 4.5),
        visible.Wanted("us-ca", ("AI generated",), "bottom_left", 0.05, 4.5),
    ]
    drawn = visible.put(photo(11, 256, 320), wanted)
    stated = {"verso:VisibleLabels": str(visible.to_text(drawn.placed)), **ASSET_OF_OURS}
    sight = look(Drawn(drawn.pixels, stated).file())
    answer = next(one for one in lint(sight, law("us-ca")) if one.clause.id == "manifest")
    assert answer.message.facts["text"] == "AI generated"
