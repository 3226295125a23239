"""A pool shows earlier pictures half of the time, by the image's index, and belongs to the state."""

import torch

from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.pool import Pool
from rectoverso.recto.train.streams import Streams


def numbered(first: int, count: int) -> tuple[Turn, torch.Tensor]:
    picture = torch.arange(first, first + count, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 4, 4)
    return Turn(picture, None, first, 0.0, Streams(0)), picture


def shown(pool: Pool, batches: int, count: int) -> list[int]:
    seen: list[int] = []
    for batch in range(batches):
        turn, picture = numbered(batch * count, count)
        seen += pool.exchange(turn, "a", picture)[:, 0, 0, 0].int().tolist()
    return seen


def test_the_first_pictures_fill_the_pool_and_are_shown() -> None:
    pool = Pool(Shape(4, 4, 1, 0), 10)
    assert shown(pool, 2, 5) == list(range(10))
    assert pool.pictures_KCHW[:, 0, 0, 0].tolist() == list(range(10))


def test_later_about_half_are_earlier_ones_and_nothing_is_lost_or_doubled() -> None:
    pool = Pool(Shape(4, 4, 1, 0), 10)
    seen = shown(pool, 40, 10)
    earlier = sum(number < place for place, number in enumerate(seen))
    assert 0.35 < earlier / len(seen) < 0.6
    left = pool.pictures_KCHW[:, 0, 0, 0].int().tolist()
    assert set(seen) | set(left) == set(range(400)), "each is shown or still in the pool"
    # the first ten are shown at once and again when another takes their place
    assert len(seen) - len(set(seen)) <= 10


def test_what_is_shown_does_not_depend_on_the_batches() -> None:
    one, other = Pool(Shape(4, 4, 1, 0), 10), Pool(Shape(4, 4, 1, 0), 10)
    assert shown(one, 20, 10) == shown(other, 20, 10)
    assert torch.equal(one.pictures_KCHW, other.pictures_KCHW)


def test_the_pool_is_state() -> None:
    pool = Pool(Shape(4, 4, 1, 0), 10)
    shown(pool, 3, 10)
    copy = Pool(Shape(4, 4, 1, 0), 10)
    copy.load_state_dict(pool.state_dict())
    turn, picture = numbered(30, 10)
    assert torch.equal(pool.exchange(turn, "a", picture), copy.exchange(turn, "a", picture))
