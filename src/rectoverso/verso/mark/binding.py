"""Soft bindings: what leads from a picture without its credential back to it (C2PA 2.4, soft binding assertion).

There are two, each a name of an algorithm and a value that it reads from pixels alone:

    rectoverso.stdm.1   the digits of the asset id that the watermark carries: 12, 8 or 4
    rectoverso.pdq.1    the perceptual hash of the picture as it was released: 64 digits

A value is the ASCII of these hexadecimal digits: a byte string in the manifest, base64 of it where a resolution service
is asked. A manifest's own id ends in the id of its asset, so that neither needs a table to find the other.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid

from rectoverso.types import AssetId

WATERMARK = "rectoverso.stdm.1"
FINGERPRINT = "rectoverso.pdq.1"
LABEL = "c2pa.soft-binding"

_DIGITS = {
    WATERMARK: re.compile("[0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{12}"),
    FINGERPRINT: re.compile("[0-9a-f]{64}"),
}
_URN = re.compile("urn:c2pa:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-([0-9a-f]{12})")


def queried(value: str, algorithm: str) -> str | None:
    """The digits of a value as a resolution service is sent it; None for what that algorithm never reads."""
    try:
        digits = base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return digits if algorithm in _DIGITS and _DIGITS[algorithm].fullmatch(digits) else None


def query(digits: str) -> str:
    """The digits as a resolution service wants to be sent them."""
    return base64.b64encode(digits.encode("ascii")).decode("ascii")


def new_manifest_id(asset: AssetId) -> str:
    """An id for the manifest of an asset: a random UUID of version 4 whose last 48 bits are those of the asset's id,
    which are as random.
    """
    return f"urn:c2pa:{str(uuid.uuid4())[:24]}{asset}"


def asset_of(manifest_id: str) -> AssetId | None:
    """The asset that a manifest's id names; None for an id that is not of this form."""
    named = _URN.fullmatch(manifest_id)
    return AssetId(named[1]) if named else None
