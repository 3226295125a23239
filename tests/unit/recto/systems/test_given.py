"""The systems that make pictures from pictures and maps: each learns something that can be counted, resumes exactly,
and says what it lacks.
"""

from pathlib import Path

import numpy as np
import pytest

from classics import assert_resumes_exactly
from rectoverso.errors import BadSetting, FilesUnusable
from rectoverso.i18n import explain
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.sample.material import Material
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.config import check
from rectoverso.recto.train.loop import train

COMMON = (
    "batch=4",
    "precision=float32",
    "milestones=1",
    "averaging.half_life=100",
    "nets.critic_width=8",
    "nets.critic_downs=1",
)
TINY: dict[str, tuple[str, ...]] = {
    "cyclegan": ("nets.generator_width=16", "nets.blocks=1", "pool=8"),
    "pix2pixhd": ("nets.generator_width=8", "nets.blocks=1"),
    "spade": ("nets.generator_width=8", "nets.seen_width=8", "nets.latent=4"),
    "edgeconnect": ("nets.generator_width=8", "nets.edge_width=8", "nets.blocks=1", "nets.piece_px=16"),
}
SIDE = 16


def tiny(system: str, *settings: str) -> Recipe:
    return with_settings(recipe(system), [*COMMON, *TINY[system], *settings])


def blocks(count: int = 24, side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """Maps of two classes in quarters, and pictures: class 0 is dark red, class 1 light green."""
    rng = np.random.default_rng(0)
    mask_NHW = np.kron(rng.integers(0, 2, (count, 2, 2)), np.ones((side // 2, side // 2))).astype(np.uint8)
    colours = np.array([(90, 20, 20), (160, 240, 160)])
    image_NHWC = (colours[mask_NHW] + rng.integers(-8, 8, (count, side, side, 3))).astype(np.uint8)
    return image_NHWC, mask_NHW


def data(system: str) -> Dataset:
    """What each can learn from: for `cyclegan` the second set is the first with red and green exchanged."""
    image_NHWC, mask_NHW = blocks()
    if system == "cyclegan":
        other = Dataset("swapped", blocks(32)[0][8:, :, :, [1, 0, 2]].copy())
        return Dataset("blocks", image_NHWC, other=other)
    return Dataset("blocks", image_NHWC, masks=mask_NHW, regions=("dark", "light"))


@pytest.mark.parametrize("system", TINY)
def test_a_resumed_run_equals_an_uncut_one(system: str, tmp_path: Path) -> None:
    assert_resumes_exactly(tiny(system), data(system), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("system", ["pix2pixhd", "spade"])
def test_maps_become_pictures_that_show_them(system: str, tmp_path: Path) -> None:
    train(tiny(system), data(system), tmp_path / "run", images=1200)
    generator = RunGenerator(tmp_path / "run")
    mask_NHW = 1 - blocks(3)[1]  # none of them was seen with these pictures
    hits = []
    for mask_HW in mask_NHW:
        picture = generator.making.picture(0, Material(image=mask_HW[..., None])).astype(int)
        hits.append((picture[..., 1] > 130) == (mask_HW == 1))
    assert np.mean(hits) > 0.9


@pytest.mark.parametrize("system", ["pix2pixhd", "spade"])
def test_a_style_and_a_seed_change_the_picture(system: str, tmp_path: Path) -> None:
    train(tiny(system), data(system), tmp_path / "run", images=40)
    making = RunGenerator(tmp_path / "run").making
    image_NHWC, mask_NHW = blocks(2)
    given = Material(image=mask_NHW[0][..., None])
    styled = Material(image=mask_NHW[0][..., None], style=255 - image_NHWC[1])
    assert (making.picture(0, given) != making.picture(1, given)).any()
    assert (making.picture(0, given) == making.picture(0, given)).all()
    assert (making.picture(0, styled) != making.picture(0, given)).any()


@pytest.mark.parametrize("system", ["pix2pixhd", "spade"])
def test_a_map_may_tell_instances(system: str, tmp_path: Path) -> None:
    """Read, learnt from and drawn from; a class that there is none of is named by its class."""
    image_NHWC, mask_NHW = blocks()
    numbered = mask_NHW.astype(np.uint16)
    numbered[:, :, 8:] = 1000 * numbered[:, :, 8:] + 3 * (numbered[:, :, 8:] > 0)
    told = Dataset("blocks", image_NHWC, masks=numbered, regions=("dark", "light"))
    settings = ["nets.shows_boundaries=true"] if system == "pix2pixhd" else []
    train(tiny(system, *settings), told, tmp_path / "run", images=16)
    making = RunGenerator(tmp_path / "run").making
    given = Material(image=numbered[0][..., None], style=image_NHWC[1])
    assert making.picture(0, given).shape == (SIDE, SIDE, 3)
    unknown = np.full((SIDE, SIDE, 1), 7002, np.uint16)
    with pytest.raises(FilesUnusable, match="class 7 "):
        making.picture(0, Material(image=unknown))


@pytest.mark.slow
def test_cyclegan_learns_both_ways_without_pairs(tmp_path: Path) -> None:
    """Red and green are exchanged: nearer to the counterpart, which training never sees, than the picture itself."""
    train(tiny("cyclegan", "identity=0.5"), data("cyclegan"), tmp_path / "run", images=4000)
    making = RunGenerator(tmp_path / "run").making
    for back in (False, True):
        image_NHWC = blocks(40)[0][32:]
        image_NHWC = image_NHWC[..., [1, 0, 2]] if back else image_NHWC
        made = np.stack([making.picture(0, Material(image=image.copy(), back=back)) for image in image_NHWC])
        true = image_NHWC[..., [1, 0, 2]].astype(float)
        assert np.abs(made - true).mean() < 0.5 * np.abs(image_NHWC - true).mean()


def test_edgeconnect_fills_nearer_than_grey_and_touches_nothing_else(tmp_path: Path) -> None:
    train(tiny("edgeconnect"), data("edgeconnect"), tmp_path / "run", images=480)
    making = RunGenerator(tmp_path / "run").making
    image_HWC = blocks(40)[0][34]
    hole_HW = np.zeros((SIDE, SIDE), np.uint8)
    hole_HW[3:7, 3:7] = 255
    broken = np.where(hole_HW[..., None] > 0, np.uint8(128), image_HWC)
    filled = making.picture(0, Material(image=broken, hole=hole_HW))
    inside = hole_HW > 0
    assert (filled[~inside] == image_HWC[~inside]).all()
    before, after = (np.abs(x[inside].astype(int) - image_HWC[inside]).mean() for x in (broken, filled))
    assert after < 0.5 * before


@pytest.mark.parametrize(
    ("system", "lacks"), [("cyclegan", "--data-b"), ("pix2pixhd", "mask"), ("spade", "mask")]
)
def test_data_that_lacks_something_is_refused(system: str, lacks: str) -> None:
    with pytest.raises(BadSetting, match=lacks) as caught:
        check(tiny(system), Dataset("blocks", blocks()[0]))
    assert system in explain(caught.value, "zh")


def test_a_second_set_that_nobody_looks_at_is_refused() -> None:
    with pytest.raises(BadSetting, match="one set of pictures"):
        check(recipe("default"), data("cyclegan"))


@pytest.mark.parametrize("system", TINY)
def test_sides_that_cannot_be_halved_are_refused(system: str) -> None:
    with pytest.raises(BadSetting, match="50"):
        recipe(system).check(Shape(50, 50, 3, 0, 2))


@pytest.mark.parametrize("system", TINY)
@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_see_through_pictures_train_too(system: str, channels: int, tmp_path: Path) -> None:
    whole = data(system)
    images = np.repeat(whole.images[..., :1], channels, axis=3)
    other = None if whole.other is None else Dataset("other", images[::-1].copy())
    dataset = Dataset("blocks", images, masks=whole.masks, regions=whole.regions, other=other)
    train(tiny(system), dataset, tmp_path / "run", images=8)
    generator, hole_HW = RunGenerator(tmp_path / "run"), np.zeros((SIDE, SIDE), np.uint8)
    hole_HW[3:7, 3:7] = 255
    given = Material(image=images[0], hole=hole_HW if "hole" in generator.recipe.asks else None)
    if "masks" in generator.recipe.needs:
        given = Material(image=blocks(1)[1][0][..., None])
    assert generator.making.picture(0, given).shape == (SIDE, SIDE, channels)


def test_edgeconnect_refuses_sides_that_it_could_not_fill() -> None:
    for side in (90, 321):
        with pytest.raises(BadSetting, match=str(side)):
            recipe("edgeconnect").check(Shape(side, side, 3, 0))
    recipe("edgeconnect").check(Shape(480, 320, 3, 0))


def test_the_papers_cyclegan_can_be_used_when_it_is_trained(tmp_path: Path) -> None:
    """Its batch is of one picture."""
    small = (
        "batch=1",
        "nets.generator_width=4",
        "nets.blocks=1",
        "nets.critic_width=4",
        "nets.critic_downs=1",
    )
    asked = with_settings(recipe("cyclegan", "paper"), ["precision=float32", "milestones=1", *small])
    train(asked, data("cyclegan"), tmp_path / "run", images=2)
    picture = RunGenerator(tmp_path / "run").making.picture(0, Material(image=blocks(1)[0][0]))
    assert picture.shape == (SIDE, SIDE, 3)
