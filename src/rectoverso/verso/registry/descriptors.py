"""What is kept of works beyond their fingerprints: how they are made, and what weights say that somebody named."""

from __future__ import annotations

from collections.abc import Sequence

from rectoverso.store.home import Home
from rectoverso.store.rights import Kind
from rectoverso.store.works import Work
from rectoverso.types import Pixels
from rectoverso.verso.screen import embedding, style
from rectoverso.verso.screen.embedding import EmbeddedWorks, Embedder
from rectoverso.verso.screen.manner import manner_of


def descriptors_of(work: Work, pixels: Pixels, embedder: Embedder | None) -> dict[str, bytes]:
    """What is to be kept of a work (uint8 HWC), by space. How it is made only where it stands for a style."""
    kept = {}
    manner = manner_of(pixels) if work.rights.kind is Kind.STYLE else None
    if manner is not None:
        kept[style.SPACE] = style.to_bytes(manner)
    if embedder is not None:
        kept[embedder.space] = embedding.to_bytes(embedder(pixels))
    return kept


def embedded(home: Home, works: Sequence[Work], embedder: Embedder | None) -> EmbeddedWorks | None:
    """The works as these weights know them; None without weights."""
    return None if embedder is None else EmbeddedWorks(works, home.descriptors.of(embedder.space), embedder)
