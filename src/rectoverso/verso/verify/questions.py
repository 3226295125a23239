"""A home's records and its secret, asked for from inside the bounded process and answered outside of it.

A question is the name of one of `Records`, with at most one argument: text, bytes or a picture. What comes from inside
is looked at before it is used; the answers go in as they are.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from rectoverso.verso.anonymise.dicom.pseudonyms import Secret
from rectoverso.verso.verify import frames
from rectoverso.verso.verify.records import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

KEYED = "keyed"
"""What is asked of a `Secret`, in place of records, by who reads DICOM files."""
_QUESTIONS = frozenset(name for name in vars(Records) if not name.startswith("_")) | {KEYED}
_CHANNELS = (1, 3, 4)


class Asked:
    """`Records` as they look from inside: every question goes through the pipe."""

    def __init__(self, jobs: BinaryIO, answers: BinaryIO) -> None:
        self._jobs, self._answers = jobs, answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _QUESTIONS:
            raise AttributeError(name)
        return partial(self._ask, name)

    def _ask(self, name: str, about: str | bytes | np.ndarray | None = None) -> Any:
        kind, raw = _packed(about)
        frames.tell(self._answers, {"ask": name, "about": kind})
        frames.write(self._answers, raw)
        return frames.handed(self._jobs)


def answer(records: Records | Secret, name: str, about: Sequence[object], raw: bytes) -> Any:
    """What the records say. Raises PipeEnded for what is no question."""
    if name not in _QUESTIONS or not hasattr(records, name):
        raise frames.PipeEnded
    return getattr(records, name)(*_unpacked(about, raw))


def _packed(about: str | bytes | np.ndarray | None) -> tuple[list[object], bytes]:
    if about is None:
        return ["nothing"], b""
    if isinstance(about, str):
        return ["text"], about.encode()
    if isinstance(about, bytes):
        return ["bytes"], about
    return ["pixels", *about.shape], about.tobytes()


def _unpacked(about: Sequence[object], raw: bytes) -> tuple[object, ...]:
    match list(about):
        case ["nothing"]:
            return ()
        case ["text"]:
            return (raw.decode("utf-8", "replace"),)
        case ["bytes"]:
            return (raw,)
        case ["pixels", int(height), int(width), int(channels)] if channels in _CHANNELS:
            if min(height, width) > 0 and prod((height, width, channels)) == len(raw):
                return (np.frombuffer(raw, np.uint8).reshape(height, width, channels),)
    raise frames.PipeEnded
