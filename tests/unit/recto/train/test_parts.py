"""Which trainings several processes may share."""

import pytest

from rectoverso.errors import BadSetting
from rectoverso.recto.systems import SYSTEMS, recipe, with_settings
from rectoverso.recto.train import parts


def test_one_process_may_train_any_batch() -> None:
    for name in SYSTEMS:
        parts.check_share(with_settings(recipe(name), ["batch=30"]))


def test_two_processes_share_every_systems_own_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "expected_processes", lambda: 2)
    for name in SYSTEMS.keys() - {"single"}:  # one picture, two at a time, is no work for two
        parts.check_share(recipe(name))


@pytest.mark.parametrize(
    ("system", "settings", "least"),
    [
        ("default", [], 4),
        ("stylegan", [], 8),
        ("stylegan2", [], 8),
        ("stylegan2", ["path.weight=2", "path.share=0.166667"], 24),
        ("progressive", [], 16),
    ],
)
def test_each_gets_whole_groups_of_what_is_judged_together(
    system: str, settings: list[str], least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "expected_processes", lambda: 2)
    with pytest.raises(BadSetting, match=f"multiple of {least}\\b"):
        parts.check_share(with_settings(recipe(system), ["batch=30", *settings]))


def test_the_number_of_processes_is_known_before_they_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(BadSetting, match="multiple of 6"):
        parts.check_share(recipe("default"))
