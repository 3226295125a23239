"""Which trainings several processes may share."""

import pytest

from rectoverso.errors import BadSetting
from rectoverso.recto.systems import SYSTEMS, recipe, with_settings
from rectoverso.recto.train import parts


def test_one_process_may_train_anything() -> None:
    for name in SYSTEMS:
        parts.check_share(recipe(name))


def test_several_train_only_what_shares_its_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "processes", lambda: 2)
    for name in ("dcgan", "default"):
        parts.check_share(recipe(name))
    for name in ("stylegan2", "progressive", "biggan"):
        with pytest.raises(BadSetting, match=f"{name} has statistics"):
            parts.check_share(recipe(name))


def test_each_gets_as_many_images_in_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "processes", lambda: 2)
    with pytest.raises(BadSetting, match="multiple of 4"):
        parts.check_share(with_settings(recipe("default"), ["batch=30"]))
