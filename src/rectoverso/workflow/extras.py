"""What to say when an optional part of this project is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rectoverso.errors import MissingExtra


@contextmanager
def training_part(task: str) -> Iterator[None]:
    """Around imports that need torch: a missing package becomes MissingExtra, with what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(task=task, package=error.name, extra="train") from error
