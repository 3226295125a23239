"""Step 1: is there a signed C2PA manifest, is the file as it was signed, does its signer lead to an anchor?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from rectoverso.types import Layer, Message

if TYPE_CHECKING:
    from rectoverso.verso.mark.credential import CredentialReading
    from rectoverso.verso.verify.opening import Header
    from rectoverso.verso.verify.records import Records

_REMAINS = (b"jumdc2pa", b"c2pa.signature\0")
"""How every C2PA manifest store begins, and the name of a box in it, whichever file holds it."""
RETIRED = "rectoverso.signer.retired"
"""The code of a file signed by a certificate that is out of use, of which nothing says that it was before."""
_PROMISE = re.compile(r"differential privacy: epsilon (\d[\w.+-]{0,15}), delta (\d[\w.+-]{0,15}),")
"""How a promise about training pictures begins (`recto.privacy.guarantee.told`)."""


def ask_credential(data: bytes, header: Header, anchors_pem: str | None) -> tuple[CredentialReading, Layer]:
    """What the credential states, and what there is to say of it."""
    from rectoverso.verso.mark import credential

    reading = credential.read(data, header.media_type, anchors_pem.encode() if anchors_pem else None)
    if reading.state in ("none", "unreadable"):
        return reading, _without(data, reading)
    kind = "invalid_signed" if reading.state == "invalid" and reading.signer else reading.state
    rows = [Message(f"verify.evidence.credential_{kind}", _signed(reading))]
    if reading.state == "valid" and "signingCredential.expired" in reading.codes:
        rows.append(Message("verify.evidence.certificate_ended"))
    if reading.stamp:
        row = "time_stamp" if reading.stamp.trusted else "time_stamp_unlisted"
        rows.append(Message(f"verify.evidence.{row}", {"time": reading.stamp.time}))
    if promise := _PROMISE.match(reading.privacy):
        facts = {"epsilon": promise[1], "delta": promise[2]}
        rows.append(Message("verify.evidence.privacy", facts))
    return reading, Layer(
        found=True,
        valid=reading.state != "invalid",
        trusted={"trusted": True, "valid": False}.get(reading.state, bool(reading.signer) or None),
        code=", ".join(reading.codes) or "signingCredential.trusted",
        evidence=tuple(rows),
    )


def in_use(credential: Layer, reading: CredentialReading, released: int | None, records: Records) -> Layer:
    """The layer, its signer no longer trusted where his certificate went out of use before anything says that this file
    was released. ``released``: the entry of this home's ledger by which it was.
    """
    retired = records.retired(reading.serial) if credential.trusted and reading.serial else None
    if retired is None or (released is not None and released < retired):
        return credential
    row = Message("verify.evidence.credential_retired", {**_signed(reading), "index": retired})
    rows = (row, *credential.evidence[1:])
    return replace(credential, trusted=False, code=RETIRED, evidence=rows)


def _without(data: bytes, reading: CredentialReading) -> Layer:
    """Remains of a credential, a pointer to one elsewhere, or nothing.

    What the library could not parse at all says nothing about a credential.
    """
    from rectoverso.verso.mark.credential import REMOTE

    if any(sign in data for sign in _REMAINS):
        row = Message("verify.evidence.credential_unreadable")
        return Layer(found=True, valid=False, code="unreadable", evidence=(row,))
    if REMOTE in reading.codes:
        return Layer(code=REMOTE, evidence=(Message("verify.evidence.credential_remote"),))
    return Layer(found=False)


def _signed(reading: CredentialReading) -> dict[str, str]:
    return {"signer": reading.signer or "?", "codes": ", ".join(reading.codes) or "-"}
