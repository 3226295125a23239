"""The way from seed to seed."""

from itertools import pairwise

import pytest
import torch

from rectoverso.errors import BadSetting
from rectoverso.recto.sample.controls import Controls, Layers, Mix
from rectoverso.recto.sample.interpolate import path, slerp
from rectoverso.recto.sample.painter import Painter


def test_slerp_turns_evenly_and_keeps_to_the_sphere() -> None:
    torch.manual_seed(0)
    a, b = torch.randn(2, 4, 64)
    a, b = a / a.norm(dim=1, keepdim=True) * 8, b / b.norm(dim=1, keepdim=True) * 8
    torch.testing.assert_close(slerp(a, b, 0.0), a)
    torch.testing.assert_close(slerp(a, b, 1.0), b)
    between = [slerp(a, b, step / 8) for step in range(9)]
    for place in between:
        torch.testing.assert_close(place.norm(dim=1), torch.full((4,), 8.0))
    angles = [torch.cosine_similarity(x, y).clamp(-1, 1).acos() for x, y in pairwise(between)]
    for angle in angles[1:]:
        torch.testing.assert_close(angle, angles[0], atol=1e-3, rtol=0)


def test_slerp_of_one_place_with_itself_and_with_its_opposite_is_finite() -> None:
    a = torch.tensor([[3.0, 4.0]])
    torch.testing.assert_close(slerp(a, a, 0.3), a)
    assert slerp(a, -a, 0.3).isfinite().all()


def test_a_path_begins_and_ends_at_its_seeds(plain: Painter, styled: Painter) -> None:
    for painter, label in ((plain, 1), (styled, None)):
        places = list(path(painter, [3, 8, 1], 4, label))
        assert [(one.start, one.end) for one in places] == [(3, 8)] * 4 + [(8, 1)] * 4
        pictures = [painter.paint(one.code) for one in places]
        for index, seed in ((0, 3), (3, 8), (4, 8), (7, 1)):
            off = abs(pictures[index].astype(int) - painter.picture(seed, label)).max()
            assert off <= 1  # the sphere rounds
        assert len({picture.tobytes() for picture in pictures}) >= 7


def test_one_step_has_no_way(styled: Painter) -> None:
    for steps in (1, 0, -3):
        with pytest.raises(BadSetting, match="2 or more"):
            list(path(styled, [1, 2], steps))


def test_styles_go_straight(styled: Painter) -> None:
    first, middle, last = (one.code.styles_1LW for one in path(styled, [1, 2], 3))
    torch.testing.assert_close(middle, (first + last) / 2)


def test_without_a_class_the_first_seeds_is_kept(plain: Painter) -> None:
    own = {seed: int(plain.code(seed).label_1) for seed in range(8)}
    a = 0
    b = next(seed for seed in own if own[seed] != own[a])
    for seeds in ([a, b], [b, a]):
        assert {int(one.code.label_1) for one in path(plain, seeds, 3)} == {own[seeds[0]]}


def test_controls_apply_along_the_whole_path(styled: Painter, plain: Painter) -> None:
    flat = list(path(styled, [1, 2], 3, None, Controls(0.0)))
    for one in flat:
        torch.testing.assert_close(one.code.styles_1LW, styled.style.w_mean_W.expand(1, 4, 6))
    with pytest.raises(BadSetting):
        list(path(plain, [1, 2], 3, 0, Controls(mixes=(Mix(1, Layers(0, 0)),))))
