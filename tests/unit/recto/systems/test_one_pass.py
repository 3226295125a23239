"""One pass through the critic gives each player the gradient that its own pass would have given it."""

import pytest
import torch
from torch import Tensor

from rectoverso.recto.systems import Recipe, with_settings
from rectoverso.recto.systems.one_pass import OnePassPair
from rectoverso.recto.systems.pair import Pair
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams


def turn(first: int = 0) -> Turn:
    streams = Streams(0)
    image = torch.from_numpy(streams.normals("image", 0, 4, 3 * 16 * 16)).view(4, 3, 16, 16)
    return Turn(image, torch.tensor([0, 1, 0, 1]), first, 0.0, streams)


def gradients(pair: Pair, first: int) -> dict[str, Tensor]:
    """Every gradient of one turn, phase after phase, as the loop takes them."""
    now = turn(first)
    found = {}
    for phase in pair.phases:
        for player in pair.players:
            player.module.requires_grad_(player.name in phase.players)
            player.optimiser.zero_grad()
        torch.stack(list(phase.losses(now).values())).sum().backward()
        for player in pair.players:
            if player.name in phase.players:
                named = player.module.named_parameters()
                found |= {f"{player.name}.{name}": p.grad.clone() for name, p in named if p.grad is not None}
    return found


@pytest.mark.parametrize("objective", ["relativistic", "nonsaturating"])
@pytest.mark.parametrize("first", [0, 4], ids=["with a penalty", "without"])
def test_gradients_equal_those_of_separate_passes(tiny: Recipe, objective: str, first: int) -> None:
    recipe = with_settings(tiny, [f"objective={objective}", "penalty.every=2"])
    both = []
    for kind in (Pair, OnePassPair):
        torch.manual_seed(0)
        pair = kind(recipe, Shape(16, 16, 3, 2), Streams(0))  # type: ignore[arg-type]
        both.append(gradients(pair, first))
    separate, together = both
    assert separate.keys() == together.keys()
    assert max(float(g.abs().max()) for name, g in separate.items() if name.startswith("generator")) > 1e-6
    for name, expected in separate.items():
        torch.testing.assert_close(together[name], expected, atol=1e-6, rtol=1e-4, msg=name)


def test_a_hopeless_picture_still_teaches_the_generator(tiny: Recipe) -> None:
    pair = OnePassPair(with_settings(tiny, ["objective=nonsaturating"]), Shape(16, 16, 3, 2), Streams(0))  # type: ignore[arg-type]
    exchange = pair.exchange(torch.zeros(2), torch.tensor([-60.0, -80.0]))[0].flatten()
    assert torch.isfinite(exchange).all()
    assert exchange[0] < -1e25
    assert exchange[1] == 0


def test_the_hinge_has_flat_parts_and_gets_separate_passes(tiny: Recipe) -> None:
    shape, streams = Shape(16, 16, 3, 2), Streams(0)
    assert type(with_settings(tiny, ["objective=hinge"]).cast(shape, streams)) is Pair
    assert type(tiny.cast(shape, streams)) is OnePassPair
