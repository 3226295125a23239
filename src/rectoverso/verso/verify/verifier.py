"""The verification of one file, as the numbered steps of docs/en/verification.md.

    0  Opening       Size, kind and the dimensions in the header are looked at before anything is decoded; then the
                     picture is, and a PNG's checksums are.
    1  Credential    Is there a signed C2PA manifest, is the file as signed, does its signer lead to an anchor?
    2  Watermark     Is there a mark in the picture (as a p-value), and which released asset does it name? Does the
                     picture lean as those of an ingrained generator do?
    3  Fingerprint   Is the picture near-identical to one that this home released or registered, in any of its eight
                     symmetries? If the file has no credential left: what does that of the released picture say?
    4  Ledger        Does the proof beside the file hold? Where does this home's ledger hold the asset that steps
                     1 to 3 led to, and was it revoked since? Did a certificate of this home that is out of use sign
                     the file only after that?
    5  Label         What does the label in the file say, and is it what the laws that it names ask for?
    6  Summary       One of seven outcomes; a contradiction between the steps is `changed`.

Each step but the last says whether what it looks for was found, is valid for this very file, and is trusted, and why
(`Layer`); what that proves and what not stands in `layers`. Every step goes on when the one before found nothing. A
verifier without a home (``NoRecords``) does 0 to 2, the first half of 4, and 5 and 6. No step asks a network. No
outcome says that a picture is real: a file without a trace is only a file without a trace.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from rectoverso.errors import RectoversoError
from rectoverso.types import Digest, Layer, Message, Pixels, Report, ReportOutcome
from rectoverso.verso.verify.credentials import ask_credential, in_use
from rectoverso.verso.verify.labels import ask_laws, read_labels
from rectoverso.verso.verify.ledgers import ask_ledgers
from rectoverso.verso.verify.likeness import ask_fingerprint
from rectoverso.verso.verify.opening import Header, Limits, NotChecked, look
from rectoverso.verso.verify.records import NoRecords, Records
from rectoverso.verso.verify.summary import Told, summed_up
from rectoverso.verso.verify.watermarks import ask_ingrained, ask_watermark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rectoverso.verso.ledger.keyring import KeyRing
    from rectoverso.verso.mark.credential import CredentialReading

Reading = Literal[
    "opening", "credential", "picture", "label", "watermark", "fingerprint", "ledger", "remains", "dicom"
]
"""What is being read, in order: where reading stops is told by these words."""


def verify_bytes(
    data: bytes,
    *,
    name: str = "",
    anchors_pem: str | None = None,
    records: Records | None = None,
    ledgers: Sequence[KeyRing] = (),
    proof: str | None = None,
    limits: Limits | None = None,
    entering: Callable[[Reading], None] = lambda _: None,
) -> Report:
    """The report of one file's bytes, by the steps above, in this very process: `bounded` is the door for files that
    nobody trusts.

    ``anchors_pem``: the root certificates to trust. ``ledgers``: the public keys of the ledgers to trust. ``proof``:
    the text of the tlog-proof that came with the file. ``entering`` is told of each layer before it is read.
    """
    against = _Against(anchors_pem, records or NoRecords(), ledgers, proof, entering)
    # 0 Opening
    entering("opening")
    try:
        header = look(data, limits or Limits())
    except NotChecked as answer:
        return not_checked(name, answer.reason, found=False)
    # 1 Credential
    entering("credential")
    stated, credential = ask_credential(data, header, anchors_pem)
    entering("picture")
    picture, trouble = _decode(data)
    if trouble and stated.state in ("none", "unreadable"):
        return not_checked(name, trouble, found=True)
    read = _Read(data, picture, _opened(data, header, trouble), stated, credential)
    # 2 Watermark to 6 Summary
    return replace(_judged(read, against), path=name)


@dataclass(frozen=True, slots=True)
class _Against:
    """What a file is held against, and who is told of each layer."""

    anchors_pem: str | None
    records: Records
    ledgers: Sequence[KeyRing]
    proof: str | None
    entering: Callable[[Reading], None]


@dataclass(frozen=True, slots=True)
class _Read:
    """What steps 0 and 1 read of a file."""

    data: bytes
    picture: Pixels | None
    opening: Layer
    stated: CredentialReading
    credential: Layer


def _judged(read: _Read, against: _Against) -> Report:
    """Steps 2 to 6, of a file that was read."""
    data, picture, stated, records = read.data, read.picture, read.stated, against.records
    digest = Digest(sha256(data).hexdigest())
    against.entering("label")
    labels = read_labels(data)
    # 2 Watermark
    against.entering("watermark")
    watermark, says = ask_watermark(picture, stated.asset, labels.asset, records)
    ingrained, leans = ask_ingrained(picture)
    # 3 Fingerprint
    against.entering("fingerprint")
    traced = ask_fingerprint(picture, digest, stated, watermark, records, against.anchors_pem)
    watermark = replace(watermark, valid=traced.is_alike, evidence=(*watermark.evidence, *leans))
    # 4 Ledger
    against.entering("ledger")
    named = stated.asset if read.credential.valid else None
    ledger = ask_ledgers(digest, named, traced.original, against.proof, against.ledgers)
    credential = in_use(read.credential, stated, ledger.own, records)
    # 5 Label
    against.entering("label")
    label, laws = ask_laws(data, picture, labels, credential, watermark)
    # 6 Summary
    layers = Report(
        path="",
        outcome=ReportOutcome.NOTHING_FOUND,
        opening=read.opening,
        credential=credential,
        watermark=watermark,
        ingrained=ingrained,
        fingerprint=traced.layer,
        ledger=ledger.reading,
        label=label,
        laws=laws,
    )
    return summed_up(layers, Told(digest, stated, says, labels, traced, ledger))


def not_checked(name: str, reason: Message, *, found: bool | None = None) -> Report:
    """The report of a file that could not be checked; ``found``: whether it is a picture, as far as was looked."""
    code = reason.key.rsplit(".", 1)[-1]
    valid = False if found and code == "damaged" else None
    opening = Layer(found=found, valid=valid, code=code, evidence=(reason,))
    return Report(path=name, outcome=ReportOutcome.COULD_NOT_CHECK, opening=opening)


# Step 0


def _decode(data: bytes) -> tuple[Pixels | None, Message | None]:
    """The picture, or why there is none."""
    from rectoverso.errors import ImageAnimated, ImageTooLarge
    from rectoverso.verso.picture import open_picture

    try:
        return open_picture(data, "the file"), None
    except ImageAnimated:
        return None, Message("verify.reason.animated")
    except ImageTooLarge as error:
        return None, Message("verify.reason.too_large", {"limit": error.facts["limit"]})
    except RectoversoError:
        return None, Message("verify.reason.damaged")


def _opened(data: bytes, header: Header, trouble: Message | None) -> Layer:
    """What there is to say of the container. ``trouble``: why a picture that is signed cannot be seen."""
    from rectoverso.verso.mark import png

    rows = [trouble] if trouble else []
    is_damaged = header.media_type == "image/png" and not png.is_sound(data)
    if is_damaged:
        rows.append(Message("verify.evidence.container_damaged"))
    valid = False if is_damaged else None if trouble else True
    return Layer(found=True, valid=valid, code=header.media_type, evidence=tuple(rows))
