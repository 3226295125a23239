"""Which remembered pictures the style of a map is taken from."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.pix2pixhd import TOLD, Pix2pixHdGenerator, covers, shuffled
from rectoverso.recto.nets.regions import planes_of
from rectoverso.recto.systems.pix2pixhd import BANK
from rectoverso.recto.systems.recipe import Shape

KINDS = 3


def generator(near: int = 2) -> Pix2pixHdGenerator:
    shape = Shape(16, 16, 3, 0, KINDS)
    return Pix2pixHdGenerator(shape, width=8, downs=1, blocks=1, near=near)


def told(*values: float) -> torch.Tensor:
    """For each picture the same number for all classes (N, K, E)."""
    return torch.tensor(values)[:, None, None].expand(-1, KINDS, TOLD)


COVERS = torch.tensor([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.1, 0.0, 0.9]])


def test_a_style_is_that_of_similar_maps() -> None:
    net = generator()
    net.remember(told(1.0, 2.0, 50.0), COVERS)
    likely = net.likely(torch.zeros(1, 2), net.nearest(torch.tensor([[0.9, 0.1, 0.0]])))
    assert torch.allclose(likely[0, :2], torch.tensor(1.5)), "the mean of the two maps that are near"
    assert torch.allclose(likely[0, 2], torch.tensor(50.0)), (
        "which show none of the third class: the one that does"
    )


def test_noise_weighs_the_near_ones_the_nearest_first() -> None:
    net = generator()
    net.remember(told(1.0, 2.0, 50.0), COVERS)
    cover = torch.tensor([[0.9, 0.1, 0.0]])
    first, second = (
        net.likely(torch.tensor([noise]), net.nearest(cover))[0, 0, 0] for noise in ([9.0, -9.0], [-9.0, 9.0])
    )
    assert first.item() == pytest.approx(1, abs=1e-4)
    assert second.item() == pytest.approx(2, abs=1e-4)


def test_before_anything_is_remembered_the_numbers_are_zeros() -> None:
    net = generator()
    assert not net.likely(torch.randn(2, 2), net.nearest(COVERS[:2])).any()


def test_fewer_than_the_near_ones_are_all_that_count() -> None:
    net = generator(near=5)
    net.remember(told(3.0), COVERS[:1])
    likely = net.likely(torch.randn(1, 5), net.nearest(COVERS[:1]))
    assert torch.allclose(likely[0, :2], torch.tensor(3.0))
    assert not likely[0, 2].any(), "a class that no picture showed"


def test_the_oldest_is_forgotten() -> None:
    net = generator(near=1)
    net.remember(told(7.0), COVERS[2:])
    share_N = torch.linspace(0.5, 1, BANK)
    net.remember(told(*[1.0] * BANK), torch.stack([share_N, 1 - share_N, torch.zeros(BANK)], 1))
    assert net.filled.item() == BANK + 1
    assert torch.allclose(net.likely(torch.zeros(1, 1), net.nearest(COVERS[2:]))[0, :2], torch.tensor(1.0))


def test_a_map_is_remembered_once_as_it_was_read_last() -> None:
    """Else a few pictures, shown again and again, would leave no room for others."""
    net = generator()
    net.remember(told(1.0, 2.0, 5.0, 6.0), COVERS[[0, 1, 0, 0]])
    assert net.filled.item() == 2
    likely = net.likely(torch.zeros(1, 2), net.nearest(COVERS[:1]))
    assert torch.allclose(likely[0, :2], torch.tensor(4.0)), "the mean of 6 and 2"


def test_how_much_of_a_picture_is_of_each_class() -> None:
    mask_NHW = torch.tensor([[[0, 0], [0, 2]]])
    assert covers(planes_of(mask_NHW, KINDS)).tolist() == [[0.75, 0.0, 0.25]]


def test_a_seed_draws_other_numbers_for_each_instance() -> None:
    net = generator()
    net.remember(told(1.0, 2.0), COVERS[:2])
    mask_NHW = torch.zeros(1, 16, 16, dtype=torch.int64)
    mask_NHW[:, :, :4], mask_NHW[:, :, 4:8] = 1000, 1001
    noise = torch.tensor([[9.0, -9.0]])
    drawn = net.drawn(noise, mask_NHW)[0, 0, 0]
    assert drawn[:4].unique().item() != drawn[4:8].unique().item()
    assert torch.equal(drawn, net.drawn(noise, mask_NHW)[0, 0, 0]), "the same each time"


def test_each_instance_takes_the_style_of_its_own_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is read laid bare: the encoder passes the picture on, and so does what would draw from it."""
    net = generator()
    net.encoder = nn.Identity()  # type: ignore[assignment]
    monkeypatch.setattr(net, "fine", lambda _mask, told: told)
    mask_NHW = torch.ones(1, 16, 16, dtype=torch.int64)
    image_NCHW = torch.zeros(1, 3, 16, 16)
    image_NCHW[..., 8:] = 1
    as_one = net(torch.zeros(1, 2), Given(mask_NHW=mask_NHW, style_NCHW=image_NCHW))
    assert torch.allclose(as_one, torch.tensor(0.5))
    mask_NHW[..., :8], mask_NHW[..., 8:] = 1000, 1001
    assert torch.allclose(net(torch.zeros(1, 2), Given(mask_NHW=mask_NHW, style_NCHW=image_NCHW)), image_NCHW)
    taught, _ = net.taught(image_NCHW, mask_NHW, torch.zeros(1, 2))
    assert torch.allclose(taught, image_NCHW)


def test_of_instances_the_largest_is_remembered() -> None:
    net = generator()
    net.encoder = nn.Identity()  # type: ignore[assignment]
    mask_NHW = torch.full((1, 16, 16), 2001)
    mask_NHW[..., :4] = 2000
    image_NCHW = torch.ones(1, 3, 16, 16)
    image_NCHW[..., :4] = -1
    told_NKE, cover_NK = net.read(image_NCHW, mask_NHW)
    assert torch.allclose(told_NKE[0, 2], torch.tensor(1.0)), "not a mean of both"
    assert cover_NK.tolist() == [[0, 0, 1]], "of which there is as much as of both"


def test_orders_of_instances_go_on_beyond_the_near_ones() -> None:
    assert shuffled(16, 0).tolist() == list(range(16))
    orders = {tuple(shuffled(16, number).tolist()) for number in range(64)}
    assert len(orders) == 64
