"""What `verso audit` says of an attack in the terminal."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.cli.audit import _tell_attack
from rectoverso.verso.audit.attack import Attack
from rectoverso.workflow.audit_page import percent


def test_the_interval_is_the_one_that_counts_in_the_threshold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "en")
    is_member_N = np.arange(300) < 200
    attack = Attack.of("critic", np.random.default_rng(0).normal(size=300) + is_member_N, is_member_N)
    found = attack.at(0.01)
    assert found is not None
    assert (found.low, found.high) != (found.members.low, found.members.high)
    _tell_attack(attack, 0.5)
    said = "".join(capsys.readouterr())
    assert f"({percent(found.low)} to {percent(found.high)})" in said
