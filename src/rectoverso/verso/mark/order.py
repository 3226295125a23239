"""The order of marking, fixed here and nowhere else.

1  the visible label        where a law asks for one; everything else of the picture stays as it was decided on
2  the watermark            into the pixels, so before they become a file
3  the label in the file    a new file is written: nothing of the source's own metadata comes along
4  the credential           over every byte, so last; after it the bytes are read-only
5  read everything back     what cannot be read back does not leave
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from rectoverso.errors import MarkLost, RectoversoError, TimeStampFailed
from rectoverso.protocols import Clock
from rectoverso.types import AssetId, Draft, Origin, Oversight, Pixels
from rectoverso.version import __version__
from rectoverso.verso.mark import credential, label, visible, watermark
from rectoverso.verso.mark.credential import CredentialSigner, CredentialState, ManifestFacts
from rectoverso.verso.mark.label import Label
from rectoverso.verso.mark.visible import Placed, Wanted
from rectoverso.verso.picture import open_picture
from rectoverso.verso.screen.fingerprint import fingerprint

TOOL = "rectoverso"


class Labelling(Protocol):
    """What laws want: which words on a picture of that origin, and what the label in the file states beside its own."""

    def words(self, origin: Origin) -> tuple[Wanted, ...]: ...

    def stated(self, label: Label, draft: Draft, asset: AssetId, placed: Sequence[Placed]) -> Label: ...


@dataclass(frozen=True, slots=True)
class MarkFacts:
    """What the door knows of the decision, each None where there is nothing true to say, and the laws to label by."""

    policy: str | None = None
    use: str | None = None
    ledger: str | None = None
    oversight: Oversight | None = None
    labelling: Labelling | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A file that may leave: its bytes, and the pixels that anyone will decode from them.

    ``alone`` are those of the picture without the strips of its visible labels, where it has any.
    """

    data: bytes
    media_type: str
    pixels: Pixels
    alone: Pixels | None = None


def mark(
    draft: Draft,
    *,
    asset: AssetId,
    signer: CredentialSigner,
    clock: Clock,
    media_type: str = "image/png",
    facts: MarkFacts | None = None,
    forensic_key: bytes | None = None,
) -> Marked:
    """Put every mark on the draft and read all of them back. Raises MarkFailed: then nothing may leave.

    ``forensic_key`` puts a second watermark beneath the public one, which is not demanded back: not every picture has
    room for it.
    """
    facts = facts or MarkFacts()
    created = clock.now()
    # 1 visible label
    labelled = visible.put(draft.pixels, facts.labelling.words(draft.origin) if facts.labelling else ())
    # 2 watermark
    pixels = watermark.embed(labelled.pixels, asset, forensic_key=forensic_key)
    # 3 label in the file
    tool = f"{TOOL} {__version__}"
    wanted = label.label_for(draft.origin, draft.maker, asset, created, tool, prompt=draft.prompt)
    wanted = replace(wanted, aigc=draft.block)  # that the image came with: nobody may drop it
    if facts.labelling:
        wanted = facts.labelling.stated(wanted, draft, asset, labelled.placed)
    data = label.write(pixels, label.xmp_packet(wanted), media_type, wanted.aigc)
    # 4 credential
    stated = ManifestFacts(
        asset=asset,
        origin=draft.origin,
        maker=draft.maker,
        created=created,
        generator=TOOL,
        generator_version=__version__,
        watermark=asset[: watermark.payload_bits(*pixels.shape[:2]) // 4],
        fingerprint=fingerprint(pixels).hex(),
        policy=facts.policy,
        use=facts.use,
        ledger=facts.ledger,
        oversight=facts.oversight,
        placed=labelled.placed,
    )
    data = credential.sign(data, media_type, stated, signer)
    # 5 read back
    decoded = _read_back(data, pixels, asset, wanted, media_type=media_type, signer=signer)
    _see(decoded, labelled.placed)
    height = draft.pixels.shape[0]
    has_strip = decoded.shape[0] != height
    alone = decoded[labelled.above : labelled.above + height] if has_strip else None
    return Marked(data, media_type, decoded, alone)


def _read_back(
    data: bytes, pixels: Pixels, asset: AssetId, wanted: Label, *, media_type: str, signer: CredentialSigner
) -> Pixels:
    """The pixels of the finished file, once every mark has been found in it."""
    try:
        decoded = open_picture(data, "the marked file")
    except RectoversoError as error:
        raise _not_there("file", str(error)) from error
    if pixels.shape[2] == 1:  # WebP and AVIF have no grey: they give three equal channels back
        decoded = np.ascontiguousarray(decoded[..., :1])
    if pixels.shape[2] == 4 and decoded.shape[2] == 3:  # nor an alpha that hides nothing: it leaves it out
        decoded = np.concatenate([decoded, np.full_like(decoded[..., :1], 255)], axis=2)
    if media_type not in label.LOSSY and not np.array_equal(decoded, pixels):
        raise _not_there("file", "other pixels than were written")
    detection = watermark.detect(decoded)
    if not detection.found or not detection.prefix or not asset.startswith(detection.prefix):
        raise _not_there("watermark", f"{detection.prefix or 'nothing'} at p = {detection.p_value:.1g}")
    if label.read(data) != wanted:
        raise _not_there("label", "another XMP than was written")
    reading = credential.read(data, media_type, signer.anchors)
    if reading.state is not CredentialState.TRUSTED or reading.asset != asset:
        raise _not_there("credential", f"{reading.state}, {', '.join(reading.codes) or 'no codes'}")
    if signer.authority and reading.stamp is None:
        raise TimeStampFailed(authority=signer.authority, system="its stamp does not hold")
    return decoded


def _see(pixels: Pixels, placed: Sequence[Placed]) -> None:
    """Raise MarkLost unless all the words are to be seen in the finished picture."""
    for one in placed:
        seen = visible.seen(pixels, one)
        if seen is None or abs(seen.likeness) < visible.ALIKE or seen.contrast < visible.LEAST_CONTRAST:
            raise _not_there("visible label", str(seen))


def _not_there(what: str, reading: str) -> MarkLost:
    return MarkLost(mark=what, reading=reading)
