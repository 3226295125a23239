"""What a file holds beside its picture, by an account of every byte.

    remains(data)      () for a bare picture; else what is there, where, and of how many bytes

Each container is walked by its own structure, with a list of what a bare picture needs. Whatever is not on the list is
told, known or not, and so are bytes that nothing refers to. Nothing is decoded but a PNG's compressed rows, to see
whether they end where they should, and nothing raises: a file that cannot be walked to its end has a remain that says
so.

What is hidden within the coded picture itself (its least bits, unused codes) is no matter of the container, and not
seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rectoverso.verso.anonymise.remains import avif, jpeg, png, tiff, webp
from rectoverso.verso.anonymise.remains.kinds import Kind, Remain
from rectoverso.verso.picture import sniff

__all__ = ["Kind", "Remain", "remains"]

_WALKS: dict[str, Callable[[bytes], Iterable[Remain]]] = {
    "image/jpeg": jpeg.walk,
    "image/png": png.walk,
    "image/webp": webp.walk,
    "image/tiff": tiff.walk,
    "image/avif": avif.walk,
}


def remains(data: bytes) -> tuple[Remain, ...]:
    """Everything in a file that is no part of its picture; a file of another type is one remain."""
    walk = _WALKS.get(sniff(data))
    if walk is None:
        return (Remain(Kind.UNKNOWN, "file", len(data)),)
    return tuple(walk(data))
