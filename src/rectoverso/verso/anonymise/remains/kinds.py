"""The kinds of things that files hold beside their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a remain is, as far as its container tells."""

    EXIF = "exif"
    GPS = "gps"
    THUMBNAIL = "thumbnail"
    MAKER_NOTE = "maker_note"
    XMP = "xmp"
    OPT_OUT = "opt_out"
    IPTC = "iptc"
    PROFILE = "profile"
    COMMENT = "comment"
    CREDENTIAL = "credential"
    SECOND_PICTURE = "second_picture"
    TRAILER = "trailer"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Remain:
    """One of them: its kind, the part of the container that holds it, its length in bytes."""

    kind: Kind
    place: str
    size: int


def named(name: bytes) -> str:
    """The name of a part as text that can be shown."""
    return "".join(chr(byte) if 32 < byte < 127 else "?" for byte in name)


def of_xmp(packet: bytes, place: str) -> list[Remain]:
    """A packet, and beside it that somebody's reservation is in it, which is worth a record before it goes."""
    found = [Remain(Kind.XMP, place, len(packet))]
    letters = packet.replace(b"\0", b"")  # a packet may be in UTF-16
    reserves = b"DataMining" in letters or b"training-mining" in letters
    return [*found, Remain(Kind.OPT_OUT, place, len(packet))] if reserves else found


def of_trailer(rest: bytes, place: str = "after the end") -> list[Remain]:
    """What follows a picture's end; the films and further pictures of telephones by their name."""
    if not rest:
        return []
    film = rest.find(b"ftyp", 0, 1 << 20) >= 0
    picture = rest.find(b"\xff\xd8\xff", 0, 1 << 20) >= 0
    return [Remain(Kind.SECOND_PICTURE if film or picture else Kind.TRAILER, place, len(rest))]
