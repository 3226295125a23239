"""Each of the seven outcomes is told in a sentence, with what it does not mean, in both languages, to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rectoverso.i18n import catalogue
from rectoverso.types import Layer, Message, Report, ReportOutcome
from visitor import Visitors

FILE = {"file": ("<日落>.png", b"bytes", "image/png")}


class Told:
    """In place of the bounded process: says what a test wants."""

    def __init__(self, outcome: ReportOutcome) -> None:
        self.outcome = outcome

    def report(self, data: bytes, name: str, _limits: object) -> Report:
        assert data == b"bytes"
        return Report(
            path=name,
            outcome=self.outcome,
            signer="<b>Mallory</b>",
            ai_generated=True,
            credential=Layer(found=True, valid=False, code="assertion.dataHash.mismatch"),
            contradictions=(Message("studio.motto"),),
        )


@pytest.fixture
def told(studio: Visitors, request: pytest.FixtureRequest) -> Iterator[ReportOutcome]:
    desk: Any = studio.app.state.desk
    desk.__dict__["verifier"] = Told(request.param)
    yield request.param
    del desk.__dict__["verifier"]


@pytest.mark.parametrize("told", ReportOutcome, indirect=True)
def test_an_outcome_says_what_it_means_and_does_not(studio: Visitors, told: ReportOutcome) -> None:
    for language in ("en", "zh"):
        answer = studio.new_client().post(f"/verify?lang={language}", files=FILE)
        assert answer.status_code == 200
        for part in ("title", "sentence", "means", "does_not_mean"):
            text = catalogue(language)[f"verify.{told}.{part}"].replace("'", "&#39;")
            assert text in answer.text
        assert catalogue(language)["layers.credential.broken.does_not_prove"] in answer.text
    assert "&lt;日落&gt;.png" in answer.text
    assert "<b>Mallory" not in answer.text


def test_a_file_too_large_is_told_so_on_a_page(studio: Visitors) -> None:
    large = {"file": ("a.png", bytes(20_200_000), "image/png")}
    answer = studio.new_client().post("/verify?lang=en", files=large)
    assert answer.status_code == 413
    assert catalogue("en")["studio.home"] in answer.text


def test_without_a_file_it_says_so(studio: Visitors) -> None:
    for more in ({}, {"files": {"file": ("", b"", "image/png")}}, {"data": {"file": "text"}}):
        answer = studio.new_client().post("/verify", **more)
        assert answer.status_code in (400, 422)
