"""Controls do what their papers say, on a real plain generator and on a tiny style-based one."""

import dataclasses

import numpy as np
import pytest
import torch

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.recto.sample.controls import Controls, Edit, Layers, Mix
from rectoverso.recto.sample.directions import find_directions
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Digest

WEIGHTS = Digest("0" * 64)
QUARTERS = [
    (slice(0, 8), slice(0, 8)),
    (slice(0, 8), slice(8, 16)),
    (slice(8, 16), slice(0, 8)),
    (slice(8, 16),) * 2,
]
"""Where each of the tiny generator's layers paints."""


def with_directions(painter: Painter) -> Painter:
    painter.directions = find_directions(painter.module, WEIGHTS, 3)
    return painter


def changed_layers(a: np.ndarray, b: np.ndarray) -> list[int]:
    return [layer for layer, where in enumerate(QUARTERS) if (a[where] != b[where]).any()]


def test_a_code_without_controls_is_the_picture_of_its_seed(styled: Painter, plain: Painter) -> None:
    for painter in (styled, plain):
        np.testing.assert_array_equal(painter.paint(painter.code(5)), painter.picture(5))


def test_truncated_latents_stay_within_and_keep_those_that_were(plain: Painter) -> None:
    free, cut = (plain.noise(Streams(3), limit).numpy() for limit in (None, 0.5))
    assert abs(free).max() > 0.5
    assert abs(cut).max() <= 0.5
    inside = abs(free) <= 0.5
    np.testing.assert_array_equal(cut[inside], free[inside])


def test_truncated_latents_have_the_truncated_normals_spread(plain: Painter) -> None:
    """For |z| <= 1 the variance is 1 - 2 phi(1) / (2 Phi(1) - 1) = 0.2911."""
    drawn = np.concatenate([plain.noise(Streams(seed), 1.0).numpy().ravel() for seed in range(800)])
    assert abs(drawn.var() - 0.2911) < 0.01
    assert abs(drawn.mean()) < 0.03


def test_even_the_smallest_limit_is_reached(plain: Painter) -> None:
    assert plain.noise(Streams(1), 0.01).abs().max() <= 0.01


def test_truncation_moves_styles_to_their_mean_and_no_further(styled: Painter) -> None:
    mean_W = styled.style.w_mean_W
    (free, half, none) = (styled.code(2, None, Controls(psi)).styles_1LW for psi in (1.0, 0.5, 0.0))
    torch.testing.assert_close(half - mean_W, (free - mean_W) / 2)
    torch.testing.assert_close(none, mean_W.expand_as(none))
    assert (free - mean_W).abs().max() > 0.1


def test_truncation_keeps_to_its_layers(styled: Painter) -> None:
    cut = styled.picture(2, None, Controls(0.2, Layers(1, 2)))
    assert changed_layers(cut, styled.picture(2)) == [1, 2]


def test_a_mix_shows_the_other_seed_in_its_layers_only(styled: Painter) -> None:
    mixed = styled.picture(2, None, Controls(mixes=(Mix(9, Layers(2, 3)),)))
    assert changed_layers(mixed, styled.picture(2)) == [2, 3]
    assert changed_layers(mixed, styled.picture(9)) == [0, 1]


@pytest.mark.parametrize("name", ["direction-1", "1"])
def test_an_edit_is_a_step_along_its_direction(name: str, plain: Painter, styled: Painter) -> None:
    controls = Controls(edits=(Edit(name, 2.5),))
    step_Z = torch.tensor(with_directions(plain).directions.all[1].vector) * 2.5
    torch.testing.assert_close(plain.code(4, None, controls).latent_1Z, plain.code(4).latent_1Z + step_Z)
    step_W = torch.tensor(with_directions(styled).directions.all[1].vector) * 2.5
    torch.testing.assert_close(styled.code(4, None, controls).styles_1LW, styled.code(4).styles_1LW + step_W)


def test_an_edit_keeps_to_its_layers(styled: Painter) -> None:
    edited = with_directions(styled).picture(4, None, Controls(edits=(Edit("0", 2.0, Layers(0, 0)),)))
    assert changed_layers(edited, styled.picture(4)) == [0]


def test_an_edit_by_nothing_is_no_edit(styled: Painter, plain: Painter) -> None:
    for painter in map(with_directions, (styled, plain)):
        for amount in (0.0, -0.0):
            nothing = Controls(edits=(Edit("0", amount),))
            assert painter.facts(nothing) == {}
            np.testing.assert_array_equal(painter.picture(4, None, nothing), painter.picture(4))
        both = Controls(edits=(Edit("0", 0.0), Edit("1", 2.0)))
        assert painter.facts(both) == painter.facts(Controls(edits=(Edit("1", 2.0),)))
        with pytest.raises(UnknownName):
            painter.picture(4, None, Controls(edits=(Edit("smile", 0.0),)))


@pytest.mark.parametrize("vector", [(1.0, 2.0), (1.0,) * 99, (), (float("nan"),) * 6])
def test_a_strangers_direction_that_does_not_fit_is_told(vector: tuple[float, ...], styled: Painter) -> None:
    found = with_directions(styled).directions
    assert found is not None
    odd = dataclasses.replace(found.all[0], name="odd", vector=vector)
    styled.directions = dataclasses.replace(found, all=(*found.all, odd))
    for name in ("0", "odd"):
        controls = Controls(edits=(Edit(name, 1.0),))
        for ask in (styled.check, styled.facts, lambda asked: styled.picture(0, None, asked)):
            with pytest.raises(BadSetting, match=r"odd has \d+ numbers; a direction of this run has 6"):
                ask(controls)


def test_what_a_generator_does_not_have_is_refused(plain: Painter, styled: Painter) -> None:
    layers = Layers(0, 1)
    for controls in (
        Controls(mixes=(Mix(1, layers),)),
        Controls(0.7, layers),
        Controls(0.001),
        Controls(11.0),
        Controls(edits=(Edit("0", 1.0),)),  # none found yet
    ):
        with pytest.raises(BadSetting):
            plain.code(0, None, controls)
    for controls in (Controls(2.5), Controls(0.7, Layers(2, 4))):
        with pytest.raises(BadSetting):
            styled.code(0, None, controls)
    with pytest.raises(UnknownName):
        with_directions(styled).code(0, None, Controls(edits=(Edit("smile", 1.0),)))


def test_the_facts_change_with_every_control_and_are_empty_without(styled: Painter) -> None:
    painter = with_directions(styled)
    asked = [
        Controls(),
        Controls(0.7),
        Controls(0.8),
        Controls(0.7, Layers(0, 1)),
        Controls(mixes=(Mix(1, Layers(0, 1)),)),
        Controls(mixes=(Mix(2, Layers(0, 1)),)),
        Controls(mixes=(Mix(1, Layers(0, 2)),)),
        Controls(edits=(Edit("0", 1.0),)),
        Controls(edits=(Edit("0", 2.0),)),
        Controls(edits=(Edit("1", 1.0),)),
        Controls(edits=(Edit("0", 1.0, Layers(0, 0)),)),
    ]
    facts = [painter.facts(controls) for controls in asked]
    assert facts[0] == {}
    assert len({repr(one) for one in facts}) == len(asked)
    pictures = {painter.picture(6, None, controls).tobytes() for controls in asked}
    assert len(pictures) == len(asked)


def test_a_name_or_an_order_does_not_make_another_request(styled: Painter) -> None:
    painter = with_directions(styled)
    edits = (Edit("0", 1.0), Edit("direction-1", 0.3))
    asked = Controls(edits=edits)
    facts, picture = painter.facts(asked), painter.picture(1, None, asked)
    painter.directions = painter.directions.rename({"0": "age", "1": "light"})
    other = dataclasses.replace(asked, edits=(Edit("light", 0.3), Edit("age", 1.0)))
    assert painter.facts(other) == facts
    np.testing.assert_array_equal(painter.picture(1, None, other), picture)
