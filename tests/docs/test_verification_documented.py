"""docs/*/verification.md tells the verifier's steps and outcomes, all of them, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectoverso.i18n import catalogue
from rectoverso.types import LAYERS, ReportOutcome
from rectoverso.verso.verify import verifier
from rectoverso.verso.verify.bounded import MOST_FILES
from rectoverso.verso.verify.bounds import Bounds
from rectoverso.verso.verify.opening import Limits

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


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_steps_prove_is_what_they_print(language: str) -> None:
    text = (DOCS / language / "verification.md").read_text(encoding="utf-8")
    said = catalogue(language)
    documented = re.findall(
        r"^\| (\S+) \| (trusted|unlisted|held|broken|absent) \| (.+) \| (.+) \|$", text, re.MULTILINE
    )
    names = {said[f"layers.{name}.name"]: name for name in LAYERS}
    keys = {f"layers.{names[step]}.{answer}" for step, answer, *_ in documented}
    printed = {key.removesuffix(".does_not_prove") for key in said if key.endswith(".does_not_prove")}
    assert keys == {key for key in printed if not key.endswith((".unasked", ".word"))}
    for step, answer, *sentences in documented:
        key = f"layers.{names[step]}.{answer}"
        assert sentences == [said.get(f"{key}.proves", "-"), said[f"{key}.does_not_prove"]]


def test_the_steps_are_the_layers_of_the_report() -> None:
    steps = re.findall(r"^ {4}\d  (\w+)", verifier.__doc__ or "", re.MULTILINE)
    assert tuple(step.lower() for step in steps) == (*LAYERS, "summary")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_bounds_are_those_of_the_code(language: str) -> None:
    text = (DOCS / language / "verification.md").read_text(encoding="utf-8")
    bounds, limits = Bounds(), Limits()
    side = round(limits.max_pixels**0.5)
    assert re.search(rf"\| {bounds.seconds:g} .*? {bounds.seconds_a_megapixel:g} ", text)
    assert f"| {bounds.memory_bytes // 2**30} GiB" in text
    assert re.search(rf"{bounds.memory_bytes_a_pixel} (bytes a pixel|字节)", text)
    assert f"| {limits.max_bytes // 1_000_000} MB |" in text
    assert f"| {side} x {side} " in text
    assert re.search(rf"\b{MOST_FILES}\b", text)
