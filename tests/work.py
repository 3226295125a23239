"""Work for several processes, in a module of its own: a process that is started must find it by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from rectoverso.types import Pixels
from rectoverso.verso.curate.eyes import Eye


def squares(add: int) -> Callable[[int], int]:
    return lambda number: number * number + add


def ends_at(*fatal: int) -> Callable[[int], int]:
    def work(number: int) -> int:
        if number in fatal:
            os._exit(9)
        return number

    return work


def fails() -> Callable[[int], int]:
    def work(number: int) -> int:
        raise ValueError(number)

    return work


def lost(number: int) -> int:
    return -number


def cannot_begin() -> Callable[[int], int]:
    os._exit(9)


def has_white_corner(pixels: Pixels) -> bool:
    return bool(pixels[:8, :8].min() == 255)


class _Ends:
    def find(self, pixels: Pixels) -> Sequence[object]:
        if has_white_corner(pixels):
            os._exit(9)
        return []


def ends_at_white_corner() -> Eye:
    return Eye("finder 3", _Ends())
