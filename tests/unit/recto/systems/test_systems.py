"""The list of systems."""

import subprocess
import sys

import pytest

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.recto.systems import SYSTEMS, recipe, system
from rectoverso.recto.systems.recipe import Shape


def test_listing_systems_loads_no_torch() -> None:
    program = "import sys, rectoverso.recto.systems; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_preset_knows_its_system_and_name_and_every_system_its_default() -> None:
    for name, one in SYSTEMS.items():
        assert one.name == name
        assert "default" in one.presets
        assert all((preset.system, preset.preset) == (name, key) for key, preset in one.presets.items())


def test_the_article_is_as_published() -> None:
    article = recipe("dcgan", "article")
    assert (article.batch, article.latent, article.labels) == (64, 100, False)


def test_unknown_systems_and_presets_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="one of these: dcgan"):
        system("dcgn")
    with pytest.raises(UnknownName, match="one of these: article"):
        recipe("dcgan", "artcle")


@pytest.mark.parametrize("size", [8, 48, 256])
def test_a_side_that_the_networks_cannot_make_is_refused(size: int) -> None:
    with pytest.raises(BadSetting, match=str(size)):
        recipe("dcgan").check(Shape(size, 3, 0))
