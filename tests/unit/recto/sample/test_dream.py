"""A dream excites its layer more than its beginning did, has no seams, and is a function of its seed."""

import numpy as np
import pytest
import torch

from rectoverso.recto.nets.plain import PlainCritic
from rectoverso.recto.sample import dream as dreams
from rectoverso.recto.sample.dream import Wish, dream, levelled, mirrored, noise, octaves, tiles
from rectoverso.recto.sample.watched import Watched
from rectoverso.recto.systems.recipe import Shape

SIDE = 16


@pytest.fixture
def network() -> Watched:
    torch.manual_seed(0)
    critic = PlainCritic(Shape(SIDE, SIDE, 3, 0), width=8)
    return Watched(critic, critic, 3, (SIDE, SIDE))


@pytest.mark.parametrize("channel", [None, 3])
@pytest.mark.parametrize("sides", [(16, 16), (24, 52), (8, 12)])
def test_the_activation_rises_at_any_size(
    network: Watched, channel: int | None, sides: tuple[int, int]
) -> None:
    dreamt = dream(network, noise(3, sides, 0), Wish(network.layer("stages.0"), channel, 2, 8))
    assert dreamt.picture.shape == (*sides, 3)
    assert dreamt.after > dreamt.before
    assert dreamt.after > 1.5 * dreamt.before or channel is not None


def test_the_same_seed_has_the_same_picture_and_another_seed_another(network: Watched) -> None:
    wish = Wish(network.layer("stages.0"), 3, 2, 4)
    one, same, other = (dream(network, noise(3, (20, 20), s), wish, seed=s).picture for s in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_no_seams_where_tiles_meet(network: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = Wish(network.layer("stages.0"), 3, 1, 24)

    def seam() -> float:
        """How strong edges are where tiles would meet if they lay still, beside all others."""
        picture = dream(network, noise(3, (96, 96), 2) / 4, wish).picture.astype(float)
        edge_W = np.abs(np.diff(picture, axis=1)).mean((0, 2))
        return float(edge_W[SIDE - 1 :: SIDE].mean() / edge_W.mean())

    moving = seam()
    step = dreams.stepped
    monkeypatch.setattr(dreams, "stepped", lambda net, x, wish, shift: step(net, x, wish, 0 * shift))
    assert moving < 1.2
    assert seam() > 1.5  # the measure would see them


def test_a_photograph_keeps_its_detail(network: Watched) -> None:
    rows, columns = torch.meshgrid(torch.arange(32), torch.arange(48), indexing="ij")
    photograph = (((rows + columns) % 2) * 1.0 - 0.5).expand(1, 3, -1, -1)  # gone in every smaller octave
    dreamt = dream(network, photograph, Wish(network.layer("stages.0"), None, 3, 2)).picture.astype(float)
    assert np.corrcoef(dreamt.ravel(), photograph[0].permute(1, 2, 0).numpy().ravel())[0, 1] > 0.7


def test_tiles_cover_the_picture_and_mirror_it_beyond() -> None:
    x_1CHW = torch.arange(6.0).view(1, 1, 1, 6).expand(1, 1, 4, 6)
    plain = tiles(x_1CHW, (4, 4), np.array([0, 0]))
    assert plain[:, 0, 0].tolist() == [[0, 1, 2, 3], [4, 5, 5, 4]]
    moved = tiles(x_1CHW, (4, 4), np.array([0, 2]))
    assert moved[:, 0, 0].tolist() == [[1, 0, 0, 1], [2, 3, 4, 5]]
    assert mirrored(torch.arange(-3, 7), 2).tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1]


def test_octaves_grow_to_the_picture_and_bands_are_brought_to_one_strength() -> None:
    assert octaves((98, 196), 3) == [(50, 100), (70, 140), (98, 196)]
    assert octaves((8, 30), 3)[0] == (8, 15)
    grain = noise(3, (32, 32), 0)
    shape = torch.linspace(-1, 1, 32).expand(1, 3, 32, 32)
    weak = levelled(grain + 0.01 * shape).flatten()
    strong = levelled(grain + 0.1 * shape).flatten()
    assert torch.stack([weak, strong]).corrcoef()[0, 1] > 0.9
    assert abs(weak.square().mean() - 1) < 1e-4
    assert (levelled(torch.zeros(1, 3, 32, 32)) == 0).all()
