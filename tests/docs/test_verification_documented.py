"""docs/*/verification.md tells the verifier's steps and outcomes, all of them, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectoverso.types import ReportOutcome
from rectoverso.verso.verify import verifier

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_outcomes_stand_in_their_order(language: str) -> None:
    text = (DOCS / language / "verification.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [outcome.value for outcome in ReportOutcome]


def test_the_steps_are_those_of_the_verifier() -> None:
    text = (DOCS / "en" / "verification.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| (\d) (\w+) \|", text, re.MULTILINE)
    assert documented == re.findall(r"^ {4}(\d)  (\w+)", verifier.__doc__ or "", re.MULTILINE)
    source = Path(str(verifier.__file__)).read_text(encoding="utf-8")
    assert documented == re.findall(r"^    # (\d) (\w+)$", source, re.MULTILINE)
