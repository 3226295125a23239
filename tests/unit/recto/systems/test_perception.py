"""Perceptual losses, in the features of a network that was trained here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from classics import assert_resumes_exactly
from rectoverso.errors import BadSetting, RunNotFound
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.nets.perceived import Perceived, distance, gram
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.perception import Perceiving, Perception
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.config import check
from rectoverso.recto.train.loop import train

TINY = ("batch=4", "precision=float32", "milestones=1", "nets.generator_width=8", "nets.critic_width=8")
SPADE = (*TINY, "nets.seen_width=8", "nets.latent=4", "nets.critic_downs=1")
EDGECONNECT = (*TINY, "nets.edge_width=8", "nets.blocks=1", "nets.piece_px=16", "nets.critic_downs=1")


@pytest.fixture(scope="module")
def pictures() -> Dataset:
    image_NHWC = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), dtype=np.uint8)
    masks = (image_NHWC[..., 0] > 128).astype(np.uint8)
    return Dataset("noise", image_NHWC, masks=masks, regions=("dark", "light"))


@pytest.fixture(scope="module")
def looker(pictures: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose critic looks."""
    path = tmp_path_factory.mktemp("looker") / "run"
    train(with_settings(recipe("default"), [*TINY, "nets.latent=8"]), pictures, path, images=16)
    return path


def looked_at(system: str, settings: tuple[str, ...], looker: Path) -> Recipe:
    return with_settings(recipe(system), [*settings, f"perception.network={looker}", "perception.style=1"])


@pytest.mark.parametrize(("system", "settings"), [("spade", SPADE), ("edgeconnect", EDGECONNECT)])
def test_a_run_with_it_resumes_exactly_and_says_what_the_losses_are(
    system: str, settings: tuple[str, ...], looker: Path, pictures: Dataset, tmp_path: Path
) -> None:
    asked = looked_at(system, settings, looker)
    assert_resumes_exactly(asked, pictures, tmp_path)
    told: list[set[str]] = []
    train(
        asked, pictures, tmp_path / "told", images=8, listener=lambda status: told.append(set(status.losses))
    )
    assert {"perceptual", "style"} <= set().union(*told)


def test_pictures_of_other_sides_are_brought_to_those_of_the_network(looker: Path) -> None:
    losses = Perceiving(Perception(str(looker), style=1.0), Shape(32, 24, 3, 0)).losses
    real = torch.rand(2, 3, 32, 24) * 2 - 1
    far, near = real.flip(2).requires_grad_(), real + 0.05 * torch.randn_like(real)
    for name in ("perceptual", "style"):
        assert losses(real, real)[name] == 0
        assert 0 < losses(near, real)[name] < losses(far, real)[name]
    torch.autograd.backward(losses(far, real)["perceptual"])
    assert far.grad is not None
    assert far.grad.abs().sum() > 0


def test_distances_do_not_depend_on_how_large_the_features_are() -> None:
    small, large = nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
    large.load_state_dict({name: 100 * value for name, value in small.state_dict().items()})
    x, real = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    one, other = (distance(Perceived(Called(net), (8, 8))(x, real)) for net in (small, large))
    assert abs(one - other) < 1e-5


def test_a_style_is_the_same_wherever_it_is() -> None:
    x = torch.rand(2, 3, 4, 4)
    assert torch.allclose(gram(x), gram(x.roll(2, 3)), atol=1e-6)
    assert gram(x).shape == (2, 3, 3)


def test_a_run_that_cannot_look_is_named_before_the_first_step(
    looker: Path, pictures: Dataset, tmp_path: Path
) -> None:
    asked = looked_at("spade", SPADE, looker)
    with pytest.raises(RunNotFound):
        check(with_settings(asked, [f"perception.network={tmp_path / 'nowhere'}"]), pictures)
    train(with_settings(recipe("spade"), SPADE), pictures, tmp_path / "maps", images=8)
    with pytest.raises(BadSetting, match="no critic"):
        check(with_settings(asked, [f"perception.network={tmp_path / 'maps'}"]), pictures)
    train(with_settings(recipe("gan"), ["batch=4", "milestones=1"]), pictures, tmp_path / "gan", images=8)
    with pytest.raises(BadSetting, match="no critic"):
        check(with_settings(asked, [f"perception.network={tmp_path / 'gan'}"]), pictures)
    grey = replace(pictures, images=pictures.images[..., :1].copy())
    with pytest.raises(BadSetting, match="3 channels"):
        check(asked, grey)


class Called(nn.Module):
    """A layer, called as critics are."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x_NCHW: torch.Tensor, label_N: torch.Tensor) -> torch.Tensor:
        del label_N
        told: torch.Tensor = self.layer(x_NCHW)
        return told
