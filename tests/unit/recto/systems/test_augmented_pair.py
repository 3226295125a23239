"""Changed pictures before a critic: both players see them, and what the critic says drives how often."""

import pytest
import torch

from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.augmented_pair import AugmentedPair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams
from unit.recto.conftest import TINY


def pair(*settings: str) -> AugmentedPair:
    torch.manual_seed(0)
    asked = ["augment.most=0.8", "augment.images=200", *settings]
    cast = with_settings(recipe("default"), [*TINY, *asked]).cast(Shape(16, 16, 3, 3), Streams(0))
    assert isinstance(cast, AugmentedPair)
    return cast


def turn() -> Turn:
    streams = Streams(0)
    image = torch.from_numpy(streams.normals("image", 0, 8, 3 * 16 * 16)).view(8, 3, 16, 16)
    return Turn(image, torch.arange(8) % 3, 0, 0.0, streams)


def told(cast: AugmentedPair, real: float, fake: float) -> float:
    """The probability after the critic has said this four times."""
    for _ in range(4):
        now = turn()
        cast.hear(now, torch.full((8,), real), torch.full((8,), fake))
    return now.readings["augmentation"]


def test_a_critic_that_compares_is_sure_when_real_pictures_are_above_generated_ones() -> None:
    assert told(pair(), -5.0, -6.0) == pytest.approx(32 / 200)
    assert told(pair(), 5.0, 6.0) == 0


def test_one_that_does_not_compare_is_sure_when_real_logits_are_above_zero() -> None:
    assert told(pair("objective=nonsaturating"), -5.0, -6.0) == 0
    assert told(pair("objective=nonsaturating"), 5.0, 6.0) == pytest.approx(32 / 200)


@pytest.mark.parametrize("one_pass", ["true", "false"])
def test_both_players_learn_from_changed_pictures(one_pass: str) -> None:
    slopes = []
    for p in (0.0, 0.8):
        cast = pair(f"one_pass={one_pass}", "penalty.kind=none")
        cast.critic.augment.p.fill_(p)  # type: ignore[operator, union-attr]
        now = turn()
        for phase in cast.phases:
            torch.stack(list(phase.losses(now).values())).sum().backward()
        slopes.append([weight.grad for player in cast.players for weight in player.module.parameters()])
    for plain, changed in zip(*slopes, strict=True):
        assert torch.isfinite(changed).all()
        assert not plain.any() or not torch.equal(plain, changed)


def test_the_changes_are_saved_with_the_critic_and_not_published() -> None:
    cast = pair()
    assert "augment.p" in cast.critic.state_dict()
    assert not [name for name in cast.published()["critic"].state_dict() if "augment" in name]
    assert "augment.p" in cast.critic.state_dict()


def test_passes_over_the_data_add_to_what_the_critic_says_up_to_a_limit() -> None:
    cast, now = pair("augment.per_pass=0.01"), turn()
    cast.critic.augment.p.fill_(0.1)  # type: ignore[operator, union-attr]
    for passes, expected in ((0.0, 0.1), (5.0, 0.15), (1000.0, 0.4)):
        now.passes = passes
        assert cast.probability(now) == pytest.approx(expected)
    cast.critic.augment.p.fill_(0.8)  # type: ignore[operator, union-attr]
    assert cast.probability(now) == pytest.approx(0.8)


def test_without_augmentation_there_is_no_state_and_no_reading() -> None:
    cast, now = pair("augment.most=0"), turn()
    cast.hear(now, torch.ones(8), torch.zeros(8))
    assert "augmentation" not in now.readings
    assert "augment.p" not in cast.critic.state_dict()
    assert cast.seen(now, now.image_NCHW, "real") is now.image_NCHW
