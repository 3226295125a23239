"""What lies around a manifest is signed too, where C2PA leaves it to anybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rectoverso.verso.mark import credential, png, signature
from rectoverso.verso.mark.credential import CredentialState
from unit.verso.conftest import Studio
from unit.verso.mark.test_credential import FORMATS, official, signed


def with_room(data: bytes, count: int) -> bytes:
    """The file, its manifest made shorter by so many bytes of padding, which lie behind it now: nothing else moves."""
    file = signature._File(data)
    whole, start = bytearray(data), file.start
    pad = whole.index(b"cpad\x59", *file.boxes["c2pa.signature"]) + 5
    whole[pad : pad + 2] = (int.from_bytes(whole[pad : pad + 2]) - count).to_bytes(2)
    del whole[pad + 2 : pad + 2 + count]
    end = start + int.from_bytes(data[start : start + 4])
    whole[end - count : end - count] = b"x" * count
    around = [file.boxes[label][0] - 8 for label in ("c2pa.signature", manifest_label(file))]
    for head in (start, *around, file._place("c2pa.signature")[0] - 8):
        whole[head : head + 4] = (int.from_bytes(whole[head : head + 4]) - count).to_bytes(4)
    return bytes(whole)


def manifest_label(file: signature._File) -> str:
    return next(label for label in file.boxes if label.startswith("urn:"))


def with_right_checksums(data: bytes) -> bytes:
    """The same, as somebody makes it who knows how this project's checksums are made."""
    file = signature._File(data)
    if file.is_png:
        return png.join(png.chunks(data))
    at = file._checksum_at()
    file.data[at : at + 32] = bytes(32)
    return file.closed()


@pytest.mark.parametrize("media_type", FORMATS)
def test_nothing_can_be_put_behind_a_manifest_that_was_made_shorter(media_type: str, studio: Studio) -> None:
    changed = with_right_checksums(with_room(signed(studio, media_type), 100))
    assert official(changed, media_type, studio.signer.anchors) == "trusted"
    reading = credential.read(changed, media_type, studio.signer.anchors)
    assert (reading.state, reading.codes) == (CredentialState.INVALID, (credential.SURROUNDINGS,))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + (1008).to_bytes(4) + b"free" + b"x" * 1000,
        lambda data: data + (1008).to_bytes(4) + b"skip" + b"x" * 1000,
        lambda data: data.replace(b"ftypavif", b"ftypavis", 1),
    ],
    ids=["free", "skip", "brand"],
)
def test_nothing_can_be_added_to_an_avif_where_c2pa_does_not_look(
    change: Callable[[bytes], bytes], studio: Studio
) -> None:
    changed = with_right_checksums(change(signed(studio, "image/avif")))
    assert official(changed, "image/avif", studio.signer.anchors) == "trusted"
    reading = credential.read(changed, "image/avif", studio.signer.anchors)
    assert (reading.state, reading.codes) == (CredentialState.INVALID, (credential.SURROUNDINGS,))
