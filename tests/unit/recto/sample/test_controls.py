"""What was typed, and what it means."""

import subprocess
import sys

import pytest

from rectoverso.errors import BadSetting
from rectoverso.i18n import explain
from rectoverso.recto.sample.controls import Controls, Edit, Layers, Mix, parse_controls


def test_nothing_typed_is_nothing_asked() -> None:
    assert parse_controls() == Controls()


def test_layers_are_those_named_or_else_the_common_ones() -> None:
    asked = parse_controls(0.7, ["7@0-1", "8"], "2-3", ["age=2@1", "a=b=-1.5"])
    assert asked == Controls(
        truncation=0.7,
        truncation_layers=Layers(2, 3),
        mixes=(Mix(7, Layers(0, 1)), Mix(8, Layers(2, 3))),
        edits=(Edit("age", 2.0, Layers(1, 1)), Edit("a=b", -1.5, Layers(2, 3))),
    )


@pytest.mark.parametrize(
    "typed",
    [
        {"truncation": float("nan")},
        {"mixes": ["7"]},
        {"mixes": ["-1@2"]},
        {"mixes": ["7@3-2"]},
        {"mixes": [f"{2**53}@2"]},
        {"layers": "two"},
        {"layers": "3-"},
        {"edits": ["age"]},
        {"edits": ["=2"]},
        {"edits": ["age=inf"]},
        {"edits": ["age=much"]},
        {"edits": ["age=2@"]},
    ],
)
def test_what_cannot_be_meant_is_told_in_both_languages(typed: dict) -> None:
    with pytest.raises(BadSetting) as told:
        parse_controls(**typed)
    assert "Write" in explain(told.value)
    assert "请写" in explain(told.value, "zh")


def test_reading_controls_loads_no_torch() -> None:
    program = "import sys, rectoverso.recto.sample.controls; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
