"""What to say when an optional part of this project is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from rectoverso.errors import MissingExtra


def training_part(task: str) -> AbstractContextManager[None]:
    """Around imports that need torch: a missing package becomes MissingExtra, with what to install."""
    return optional_part(task, "train")


@contextmanager
def optional_part(task: str, extra: str) -> Iterator[None]:
    """Around imports that need the packages of an extra: a missing one becomes MissingExtra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtra(task=task, package=error.name, extra=extra) from error
