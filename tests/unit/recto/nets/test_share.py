"""A part of a batch keeps what the whole would have drawn for its pictures."""

import numpy as np
import pytest
import torch

from rectoverso.recto.nets.layers import Dropout
from rectoverso.recto.nets.share import Share, normals, share, sharing


def test_the_parts_of_two_versions_of_a_batch_are_cut_from_each() -> None:
    draw_B = np.arange(2 * 4 * 3)  # two versions, four pictures, three numbers a picture
    first, second = (Share(rank, 2, 2).own(draw_B, rows=4) for rank in (0, 1))
    assert first.tolist() == [*range(6), *range(12, 18)]
    assert second.tolist() == [*range(6, 12), *range(18, 24)]


def test_dropout_of_the_parts_is_dropout_of_the_whole() -> None:
    dropout, x = Dropout(0.3), torch.rand(8, 3, 4, 4) + 1
    torch.manual_seed(5)
    whole = dropout(x)
    parts = []
    for rank in (0, 1):
        torch.manual_seed(5)
        rows = [0, 1, 4, 5] if rank == 0 else [2, 3, 6, 7]
        with sharing(Share(rank, 2, 2)):
            parts.append((rows, dropout(x[rows])))
    for rows, part in parts:
        assert torch.equal(part, whole[rows])
    assert (whole == 0).any()
    assert share() == Share()


@pytest.mark.parametrize(("stride", "versions"), [(2, 1), (1, 1), (1, 2), (2, 4)])
def test_normal_numbers_of_the_parts_are_those_of_the_whole(stride: int, versions: int) -> None:
    rows = 8 // stride * versions
    torch.manual_seed(5)
    whole = normals(rows, 3, 4)
    parts = []
    for rank in (0, 1):
        torch.manual_seed(5)
        with sharing(Share(rank, 2, 4).every(stride)):
            parts.append(normals(rows // 2, 3, 4))
    pairs = zip(*(part.chunk(versions) for part in parts), strict=True)
    assert torch.equal(torch.cat([half for pair in pairs for half in pair]), whole)
