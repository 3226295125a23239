"""All that a stranger's picture and its file say, worked out in the bounded process and believed in its form alone.

EXIF, colour profiles, XMP and manifests are parsed where the picture is decoded (`verso.verify.inside`): what comes out
is the pixels, words, and which kinds of metadata there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rectoverso.errors import ImageUnreadable
from rectoverso.types import Pixels
from rectoverso.verso.anonymise.remains import Kind
from rectoverso.verso.curate import embedded, metadata
from rectoverso.verso.curate.beside import MOST_CHARACTERS
from rectoverso.verso.curate.credits import NAMES, credits_in
from rectoverso.verso.curate.signal import MOST_RAW, Says, Signal, SignalKind, Source
from rectoverso.verso.picture import open_picture

MOST_SIGNALS = 200
"""Of one file: more are told as one that cannot be understood."""
_NOWHERE = Source("", "")

Words = tuple[SignalKind, Says, str]


@dataclass(frozen=True, slots=True)
class Examination:
    """``pixels``, or in ``problem`` the code of why there are none. ``signals``: of the file, then of each packet that
    lies beside it. ``credits``: whom the file names. ``kinds`` of metadata, and whether the picture has to be drawn
    anew to be without them.
    """

    pixels: Pixels | None = field(repr=False)
    problem: str | None
    signals: tuple[tuple[Words, ...], ...]
    credits: dict[str, str]
    kinds: tuple[str, ...]
    redraw: bool

    def said(self, *sources: Source) -> list[Signal]:
        """Every signal, with where the file and each packet lie."""
        rows = zip(self.signals, sources, strict=True)
        return [Signal(*words, source) for found, source in rows for words in found]


def examined(data: bytes, packets: Sequence[bytes] = ()) -> tuple[dict[str, Any], Pixels | None]:
    """What there is to say, as JSON can, and the picture. Never raises for what the bytes hold."""
    try:
        pixels, problem = open_picture(data, ""), None
    except ImageUnreadable as error:
        pixels, problem = None, error.code
    found = metadata.examined(data)
    beside = [_words(embedded.packet_signals(packet, _NOWHERE)) for packet in packets]
    return {
        "problem": problem,
        "signals": [_words(embedded.signals(data, _NOWHERE)), *beside],
        "credits": credits_in(data),
        "kinds": found.kinds,
        "redraw": found.redraw,
    }, pixels


def believed(said: Mapping[str, Any], pixels: Pixels | None, count: int) -> Examination:
    """The same from what the process said. Raises ValueError, KeyError, TypeError for what nobody says in there."""
    signals = tuple(tuple(_believed(words) for words in found) for found in said["signals"])
    told = {str(name): str(text)[:MOST_CHARACTERS] for name, text in said["credits"].items()}
    kinds, problem = tuple(Kind(kind).value for kind in said["kinds"]), said["problem"]
    is_known = problem is None or problem in _codes()
    is_known = is_known and told.keys() <= NAMES
    if len(signals) != count or max(map(len, signals)) > MOST_SIGNALS + 1 or not is_known:
        raise ValueError("not what was asked for")
    return Examination(pixels, problem, signals, told, kinds, redraw=bool(said["redraw"]))


def _words(signals: Iterable[Signal]) -> list[tuple[str, str, str]]:
    found = list(dict.fromkeys((one.kind.value, one.says.value, one.raw[:MOST_RAW]) for one in signals))
    if len(found) > MOST_SIGNALS:
        kind, _, raw = found[MOST_SIGNALS]
        found[MOST_SIGNALS:] = [(kind, Says.UNCLEAR.value, raw)]
    return found


def _believed(words: Sequence[Any]) -> Words:
    kind, says, raw = words
    return SignalKind(kind), Says(says), str(raw)[:MOST_RAW]


def _codes() -> set[str]:
    return {kind.code for kind in ImageUnreadable.__subclasses__()}
