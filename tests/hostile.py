"""Files that nobody trusts: where mutated bytes are put, and what must be true of every answer about them.

Each target is a way from bytes that a fuzzer made up to a file that is verified, and the bytes to begin with. Used by
the short tests of the verifier and by ``benchmarks/fuzz_verify.py``, which runs for minutes.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

import numpy as np
from PIL import Image, ImageCms

from ledgers import ORIGIN, RING, SIGNER
from rectoverso.types import Report, ReportOutcome
from rectoverso.verso.law import aigc
from rectoverso.verso.ledger.checkpoint import Checkpoint
from rectoverso.verso.ledger.merkle import leaf_hash
from rectoverso.verso.ledger.proof import write_proof
from rectoverso.verso.ledger.signing import sign_checkpoint
from rectoverso.verso.mark import label, png
from rectoverso.verso.mark.label import Label
from rectoverso.verso.picture import open_picture, sniff
from rectoverso.verso.verify.belief import Heard
from rectoverso.verso.verify.bounded import BoundedVerifier
from rectoverso.verso.verify.bounds import Job
from rectoverso.verso.verify.opening import Limits
from rectoverso.verso.verify.records import Records
from rectoverso.verso.verify.render import render
from rectoverso.verso.verify.verifier import verify_bytes
from rectoverso.workflow.verify import plain
from unit.verso.conftest import ASSET, Studio, encoded, make_signer, photo

SIDE = 16
LIMITS = Limits(max_pixels=1_000_000)
"""Far more than the seeds have: what a large picture costs is bounded elsewhere, what is sought here is worse."""


@dataclass(frozen=True)
class Target:
    """``file``: the file around mutated bytes; ``proof``: whether they lie beside it instead."""

    name: str
    seeds: Callable[[], tuple[bytes, ...]]
    file: Callable[[bytes], bytes]
    is_proof: bool = False

    def ask(self, data: bytes) -> Report:
        """Verify, and demand of the answer what must be true whatever the bytes are."""
        file, proof = (
            (released("image/png"), data.decode("utf-8", "replace"))
            if self.is_proof
            else (self.file(data), None)
        )
        report = verify_bytes(file, anchors_pem=studio().anchors, ledgers=[RING], proof=proof, limits=LIMITS)
        if report.outcome is ReportOutcome.TRUSTED:
            assert any(_means_the_same(file, released(kind)) for kind in label.MEDIA_TYPES), (
                "a changed file is trusted"
            )
        if report.ledger.found:
            assert "\n".join(proof.split("\n")[:3]) == "\n".join(good_proof().split("\n")[:3]), (
                "another entry is proved"
            )
        for language in ("en", "zh"):
            render(report, language).encode()
            json.dumps(plain(report, language), ensure_ascii=False).encode()
        return report


def _means_the_same(file: bytes, original: bytes) -> bool:
    """The same picture and label. Padding and names of boxes may differ where a checksum was made anew: C2PA covers
    neither, and they say nothing.
    """
    if file == original:
        return True
    is_alike = sniff(file) == sniff(original) and label.read(file) == label.read(original)
    return is_alike and np.array_equal(open_picture(file, "changed"), open_picture(original, "released"))


@cache
def studio() -> Studio:
    return Studio(make_signer("A studio"))


@cache
def released(media_type: str) -> bytes:
    """A small released file of that type, the same one each time."""
    return studio().release(photo(4, SIDE), media_type=media_type).data


@cache
def good_proof() -> str:
    """That the released PNG is the only entry of a ledger."""
    entry = json.dumps(
        {
            "asset": ASSET,
            "at": "2026-11-27",
            "file_digest": sha256(released("image/png")).hexdigest(),
            "kind": "released",
        }
    ).encode()
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, 1, leaf_hash(entry)), [SIGNER], 0)
    return write_proof(0, (), checkpoint.encode(), entry)


def with_chunks(*new: tuple[bytes, bytes]) -> bytes:
    """An unsigned PNG with more chunks before its pixels."""
    first, *rest = png.chunks(encoded(photo(4, SIDE)))
    return png.join([first, *new, *rest])


def mended(data: bytes) -> bytes:
    """A PNG's checksums made right, so that what is changed comes through to what reads it."""
    if not data.startswith(png.SIGNATURE):
        return data
    parts = list(png.chunks(data))
    return png.join(parts) + data[len(png.SIGNATURE) + sum(12 + len(body) for _, body in parts) :]


def with_manifest(store: bytes) -> bytes:
    parts = png.chunks(released("image/png"))
    return png.join((kind, store if kind == b"caBX" else body) for kind, body in parts)


def with_xmp(packet: bytes) -> bytes:
    return with_chunks((b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))


def with_block(text: bytes) -> bytes:
    """China's block in a PNG's text, plain and compressed, in XMP, and in EXIF."""
    exif = Image.Exif()
    exif[0x010E] = b'"AIGC"' + text
    told = label.xmp_packet(Label(aigc=text.decode("utf-8", "replace")))
    return with_chunks(
        (b"tEXt", b"AIGC\0" + text),
        (b"zTXt", b"aigc\0\0" + zlib.compress(text)),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + told),
        (b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")),
    )


def with_profile(profile: bytes) -> bytes:
    return with_chunks((b"iCCP", b"icc\0\0" + zlib.compress(profile)))


def with_exif(exif: bytes) -> bytes:
    out = io.BytesIO()
    Image.fromarray(photo(4, SIDE)).save(out, "JPEG", exif=b"Exif\0\0" + exif[:60_000])
    return out.getvalue()


def _manifests() -> tuple[bytes, ...]:
    return tuple(body for kind, body in png.chunks(released("image/png")) if kind == b"caBX")


def _packets() -> tuple[bytes, ...]:
    packet = label.find_packet(released("image/png"))
    deep = b"<a>" * 80 + b"</a>" * 80
    entity = b'<!DOCTYPE x [<!ENTITY a "hahahaha"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    return (
        packet or b"",
        label.xmp_packet(Label(aigc=aigc.block("A producer", ASSET), laws="cn eu")),
        deep,
        entity,
    )


def _blocks() -> tuple[bytes, ...]:
    block = aigc.block("A producer", ASSET)
    return tuple(
        text.encode()
        for text in (block, json.dumps({"AIGC": block}), "[" * 3000, "9" * 5000, '{"AIGC":"\\ud800"}')
    )


def _exifs() -> tuple[bytes, ...]:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "turned"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + b'{"AIGC":{"Label":"1"}}'
    return (exif.tobytes().removeprefix(b"Exif\0\0"),)


def _of(media_type: str) -> Callable[[], tuple[bytes, ...]]:
    kind = label.MEDIA_TYPES[media_type]
    return lambda: (released(media_type), encoded(photo(5, 24), kind))


def _profiles() -> tuple[bytes, ...]:
    return tuple(
        ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes() for name in ("sRGB", "LAB", "XYZ")
    )


def _same(data: bytes) -> bytes:
    return data


TARGETS = {
    target.name: target
    for target in (
        Target("png", _of("image/png"), mended),
        Target("jpeg", _of("image/jpeg"), _same),
        Target("webp", _of("image/webp"), _same),
        Target("avif", _of("image/avif"), _same),
        Target("manifest", _manifests, with_manifest),
        Target("xmp", _packets, with_xmp),
        Target("aigc", _blocks, with_block),
        Target("proof", lambda: (good_proof().encode(),), _same, is_proof=True),
        Target("tiff", _of("image/tiff"), _same),
        Target("profile", _profiles, with_profile),
        Target("exif", _exifs, with_exif),
    )
}


@dataclass
class Runs:
    """Code that runs where this is unpickled."""

    code: str

    def __reduce__(self) -> tuple[object, ...]:
        return exec, (self.code, {})


class Crashing(BoundedVerifier):
    """A bounded process that crashes at one file, as it would by a fault in a decoder."""

    def __init__(self, at: bytes) -> None:
        super().__init__()
        self._at = at

    def _asked(self, data: bytes, job: Job, records: Records) -> Heard:
        bad = replace(job, proof=Runs("import os; os.abort()"))  # type: ignore[arg-type]
        return super()._asked(data, bad if data == self._at else job, records)
