"""The list of systems."""

import dataclasses
import subprocess
import sys
from importlib import import_module
from pkgutil import iter_modules

import pytest
import torch

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.i18n import explain
from rectoverso.recto import systems
from rectoverso.recto.systems import SYSTEMS, Recipe, recipe, system, with_settings
from rectoverso.recto.systems.recipe import Shape


def test_listing_systems_loads_no_torch() -> None:
    program = "import sys, rectoverso.recto.systems; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_every_preset_knows_its_system_and_name_and_every_system_its_default() -> None:
    for name, one in SYSTEMS.items():
        assert one.name == name
        assert "default" in one.presets
        assert all((preset.system, preset.preset) == (name, key) for key, preset in one.presets.items())


def test_no_file_that_holds_a_system_is_forgotten() -> None:
    modules = [import_module(f"{systems.__name__}.{one.name}") for one in iter_modules(systems.__path__)]
    found = [vars(module)["SYSTEM"] for module in modules if "SYSTEM" in vars(module)]
    assert {one.name for one in found} == set(SYSTEMS)
    assert len(found) == len(SYSTEMS)


def test_the_article_is_as_published() -> None:
    article = recipe("dcgan", "article")
    assert (article.batch, article.latent, article.labels) == (64, 100, False)


def test_unknown_systems_and_presets_are_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="one of these: dcgan"):
        system("dcgn")
    with pytest.raises(UnknownName, match="one of these: article"):
        recipe("dcgan", "artcle")


@pytest.mark.parametrize("size", [50, 33, 100])
def test_a_side_that_the_networks_cannot_make_is_refused(size: int) -> None:
    with pytest.raises(BadSetting, match=str(size)):
        recipe("dcgan").check(Shape(size, 2 * size, 3, 0))


PRESETS = [preset for one in SYSTEMS.values() for preset in one.presets.values()]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda one: f"{one.system} {one.preset}")
def test_every_preset_can_train_on_pictures_of_its_machine(preset: Recipe) -> None:
    """Of 32 pixels on a CPU; what is for a GPU may ask for 128."""
    side = 128 if preset.preset == "gpu" else 32
    preset.check(Shape(side, side, 3, 0, 2))


@pytest.mark.parametrize("system", ["cyclegan", "pix2pixhd", "spade", "edgeconnect"])
@pytest.mark.parametrize("preset", ["default", "gpu"])
def test_a_side_is_refused_at_which_a_critic_has_nothing_to_say(system: str, preset: str) -> None:
    """At the least side that is let through every scale still has a logit."""
    asked = recipe(system, preset)
    if system == "edgeconnect":
        asked = with_settings(asked, ["nets.piece_px=256"])
    least = next(side for side in range(8, 257, 8) if _is_let_through(asked, side))
    assert least > 8
    classes = 2 if "masks" in asked.needs else 0
    planes = classes + getattr(asked.nets, "shows_boundaries", False)  # type: ignore[attr-defined]
    critic = asked.nets.critic(Shape(least, least, 3, 0, classes))  # type: ignore[attr-defined]
    said = critic.judged(torch.zeros(1, 3 + planes, least, least))
    logit_N1HW = said[-1][0] if classes else said[0]
    assert logit_N1HW.numel() >= 1


def _is_let_through(asked: Recipe, side: int) -> bool:
    try:
        asked.check(Shape(side, side, 3, 0, 2))
    except BadSetting:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        *((name, "one_pass=true") for name in ("stylegan", "stylegan2", "biggan", "progressive")),
        *((name, "one_pass=true") for name in ("cyclegan", "pix2pixhd", "spade", "edgeconnect")),
        *((name, "penalty.kind=gradient") for name in ("cyclegan", "spade", "edgeconnect")),
        *(
            (name, "objective=relativistic")
            for name in ("cyclegan", "pix2pixhd", "spade", "edgeconnect", "single")
        ),
        ("spade", "coarse=0.3"),
        ("pix2pixhd", "nets.scales=1"),
        *((name, "penalty.kind=finite_difference") for name in ("stylegan", "stylegan2")),
        *((name, "penalty.kind=between") for name in ("stylegan", "stylegan2")),
    ],
)
def test_a_setting_that_would_have_no_effect_is_refused(name: str, setting: str) -> None:
    with pytest.raises(BadSetting, match="no effect") as caught:
        with_settings(recipe(name), [setting]).check(Shape(32, 32, 3, 0))
    assert name in explain(caught.value, "zh")


@pytest.mark.parametrize("patch", [0, 3, 8])
def test_squares_that_no_network_can_see_are_refused(patch: int) -> None:
    found = recipe("default")
    nets = dataclasses.replace(found.nets, critic_patch=patch)  # type: ignore[attr-defined]
    with pytest.raises(BadSetting, match=r"nets\.critic_patch"):
        dataclasses.replace(found, nets=nets).check(Shape(32, 32, 3, 0))  # type: ignore[call-arg]


def test_the_article_knows_square_pictures_of_few_sides() -> None:
    recipe("dcgan", "article").check(Shape(64, 64, 3, 0))
    for shape in (Shape(64, 32, 3, 0), Shape(48, 48, 3, 0), Shape(256, 256, 3, 0)):
        with pytest.raises(BadSetting):
            recipe("dcgan", "article").check(shape)


@pytest.mark.parametrize(
    ("height", "width", "start", "levels"),
    [(32, 32, (4, 4), 3), (64, 96, (4, 6), 4), (192, 256, (6, 8), 5), (8, 8, (4, 4), 1), (56, 56, (7, 7), 3)],
)
def test_a_shape_knows_where_its_networks_begin(
    height: int, width: int, start: tuple[int, int], levels: int
) -> None:
    shape = Shape(height, width, 3, 0)
    assert (shape.start, shape.levels) == (start, levels)
    assert shape.is_reached_by_doubling
