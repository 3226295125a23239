"""What both StyleGANs train with; StyleGAN2 learns something that can be counted, and resumes exactly."""

from pathlib import Path

import pytest
import safetensors.torch
import torch

from rectoverso.recto.nets.style_layers import StyledGenerator
from rectoverso.recto.nets.stylegan2 import Stylegan2Critic, Stylegan2Generator
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.recipe import Adam, Shape
from rectoverso.recto.systems.style_pair import Stylegan2Pair, StylePair, lazy
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.penalties import path_lengths
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.status import Status
from rectoverso.recto.train.streams import Streams
from unit.recto.conftest import striped

TINY = (
    "batch=8",
    "nets.latent=8",
    "nets.style=8",
    "nets.depth=2",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "nets.widest=8",
    "precision=float32",
    "milestones=1",
)
SYSTEMS = ("stylegan", "stylegan2")


def tiny(system: str, *settings: str) -> Recipe:
    return with_settings(recipe(system), [*TINY, *settings])


def one_turn(first: int = 0, count: int = 8) -> Turn:
    streams = Streams(0)
    image = torch.from_numpy(streams.normals("image", first, count, 3 * 16 * 16)).view(count, 3, 16, 16)
    return Turn(image, torch.arange(count) % 2, first, 0.0, streams)


def pair(system: str, *settings: str) -> StylePair:
    torch.manual_seed(0)
    made = tiny(system, *settings).cast(Shape(16, 16, 3, 2), Streams(0))
    assert isinstance(made, StylePair)
    return made


def tensors(run: Path) -> dict[str, torch.Tensor]:
    (state,) = (run / "state").iterdir()
    return safetensors.torch.load_file(state / "tensors.safetensors")


SURE = ("generator_adam.rate=1e-5", "critic_adam.rate=3e-2", "penalty.every=7")
"""A critic that soon knows real pictures, so that the probability of changes rises."""


class Stopped(Exception):
    pass


def test_the_probability_of_changes_and_the_mean_path_length_are_resumed_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripes = striped(size=8)
    settings = tiny(
        "stylegan2", "augment.images=500", "augment.target=0", "path.weight=2", "path.every=2", *SURE
    )
    train(settings, stripes, tmp_path / "whole", images=16 * 8)
    real, taken = Stylegan2Pair.hear, -1000

    def hear(self: Stylegan2Pair, turn: Turn, real_N: torch.Tensor, fake_N: torch.Tensor) -> None:
        nonlocal taken
        taken += 1
        if taken == 11:  # between two corrections of the probability
            raise Stopped
        real(self, turn, real_N, fake_N)

    def started(status: Status) -> None:
        nonlocal taken
        if status.stage == "starting":  # the turns of the forecast are over
            taken = 0

    monkeypatch.setattr(Stylegan2Pair, "hear", hear)
    always = with_settings(settings, ["checkpoint_s=0"])
    with pytest.raises(Stopped):
        train(always, stripes, tmp_path / "parts", images=16 * 8, listener=started)
    before = tensors(tmp_path / "parts")
    assert before["critic.module.augment.p"] > 0
    assert before["critic.module.augment.heard"] == 16
    assert before["generator.module.path_mean"] > 0
    train(always, stripes, tmp_path / "parts", images=16 * 8, resume=True)
    whole, parts = tensors(tmp_path / "whole"), tensors(tmp_path / "parts")
    assert whole["critic.module.augment.p"] > before["critic.module.augment.p"]
    assert whole.keys() == parts.keys()
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_the_path_length_is_that_of_the_jacobian_written_out() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(2 * 3, 3 * 4 * 5)
    w = torch.randn(7, 2, 3, requires_grad=True)
    noise = torch.randn(7, 3, 4, 5)
    got = path_lengths((w.flatten(1) @ matrix).view(7, 3, 4, 5), w, noise)
    pulled = (noise.flatten(1) / 20**0.5) @ matrix.T  # J' y, two layers of three numbers
    want = (pulled.view(7, 2, 3).square().sum(2).mean(1)).sqrt()
    assert torch.allclose(got, want, atol=1e-5)


def test_the_mean_path_length_starts_at_the_first_length_and_then_follows() -> None:
    cast = pair("stylegan2", "path.weight=3", "path.every=2")
    assert isinstance(cast, Stylegan2Pair)
    assert isinstance(cast.generator, Stylegan2Generator)
    turn = one_turn()
    cast.path_losses(turn)
    first = cast.generator.path_mean.item()
    assert first == pytest.approx(turn.readings["path_length"])
    turn = one_turn(8)
    cast.path_losses(turn)
    length = turn.readings["path_length"]
    assert cast.generator.path_mean.item() == pytest.approx(0.99 * first + 0.01 * length, rel=1e-4)


def test_the_path_penalty_can_be_minimised_and_reaches_the_mapping() -> None:
    cast = pair("stylegan2", "path.weight=2")
    assert isinstance(cast, Stylegan2Pair)
    sum(cast.path_losses(one_turn()).values()).backward()  # type: ignore[union-attr]
    weight = cast.styled.mapping.layers[0].weight
    assert weight.grad is not None
    assert weight.grad.abs().sum() > 0


def test_lazy_phases_come_as_often_as_the_recipe_says_and_the_optimisers_know() -> None:
    cast = pair("stylegan2", "path.weight=2", "path.every=4", "penalty.every=16")
    assert [(phase.players, phase.every) for phase in cast.phases] == [
        (("generator",), 1),
        (("generator",), 4),
        (("critic",), 1),
        (("critic",), 16),
    ]
    told = tiny("stylegan2")
    assert cast.players[0].adam.rate == pytest.approx(told.generator_adam.rate * 4 / 5)  # type: ignore[attr-defined]
    assert cast.players[1].adam.beta2 == pytest.approx(0.99 ** (16 / 17))
    assert lazy(Adam(1e-3, 1e-4, 0.0, 0.99), 0) == Adam(1e-3, 1e-4, 0.0, 0.99)
    assert len(pair("stylegan2", "path.weight=0", "penalty.kind=none").phases) == 2


def test_mixed_styles_change_once_and_as_often_as_the_recipe_says() -> None:
    cast = pair("stylegan", "mixing=0.5")
    w = cast.mixed(one_turn(count=400))
    changes = (w[:, 1:] != w[:, :-1]).any(2).sum(1)
    assert set(changes.tolist()) == {0, 1}
    assert (changes == 1).float().mean().item() == pytest.approx(0.5, abs=0.08)
    whole = pair("stylegan", "mixing=0").mixed(one_turn())
    assert torch.equal(whole[:, 0], whole[:, -1])
    assert torch.equal(whole[:, 0], w[:8, 0])  # the first layer keeps the first latent


def test_both_sides_and_both_players_see_changed_pictures_each_with_its_own_changes() -> None:
    cast = pair("stylegan2")
    assert isinstance(cast.critic, Stylegan2Critic)
    turn = one_turn()
    assert cast.seen(turn, turn.image_NCHW, "real") is turn.image_NCHW
    cast.critic.augment.p.fill_(0.8)
    views = [cast.seen(turn, turn.image_NCHW, purpose) for purpose in ("real", "fake", "generator", "slope")]
    assert all(not torch.equal(one, other) for one in views for other in views if one is not other)
    assert torch.equal(views[0], cast.seen(turn, turn.image_NCHW, "real"))  # a function of the turn
    losses = cast.generator_losses(turn) | cast.critic_losses(turn) | cast.slope_losses(turn)
    assert all(torch.isfinite(loss) for loss in losses.values())
    assert turn.readings["augmentation"] == pytest.approx(0.8)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_published_generator_knows_its_mean_style_and_no_longer_changes(system: str) -> None:
    cast = pair(system)
    published = cast.published()
    assert not any(module.training for module in published.values())
    mean = published["generator"].w_mean_W
    assert isinstance(mean, torch.Tensor)
    assert mean.abs().sum() > 0
    assert cast.styled.w_mean_W.abs().sum() == 0
    assert cast.preview(published).shape == (64, 3, 16, 16)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("side", [32, 64, 128, 256])
def test_the_gpu_preset_fits_every_side_it_promises(system: str, side: int) -> None:
    preset, shape = recipe(system, "gpu"), Shape(side, side, 3, 0)
    preset.check(shape)
    with torch.device("meta"):
        generator = preset.generator(shape).eval()
        assert isinstance(generator, StyledGenerator)
        picture = generator.synthesis(torch.randn(2, generator.styles, 512))
        assert preset.nets.critic(shape)(picture).shape == (2,)  # type: ignore[attr-defined]
    assert picture.shape == (2, 3, side, side)
