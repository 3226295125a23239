"""A change of the ledger's keys, as an entry that the old keys sign.

The entry names the new keys and carries the old keys' signatures over that, so that whoever trusts the old keys can
follow from the entry alone. The checkpoint over it bears the signatures of both generations.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import BadNote, NoteKey, decoded
from rectoverso.verso.ledger.signing import SigningKeys

KIND = "ledger_keys_rotated"
_STATEMENT = "rectoverso.local/ledger-keys-rotated@v1"


def rotation_facts(origin: str, index: int, old: SigningKeys, new: Sequence[NoteKey]) -> dict[str, Json]:
    """The facts of entry ``index``: the new keys, and the old ones' signatures, in the order of the ring."""
    signed = old.over_bytes(_statement(origin, index, [key.text for key in new]))
    return {
        "origin": origin,
        "keys": [key.text for key in new],
        "signatures": [base64.b64encode(signature.value).decode() for signature in signed],
    }


def followed(ring: KeyRing, index: int, fields: Mapping[str, Any]) -> KeyRing:
    """The ring after this entry. Raises BadNote unless every key of the era before it signed the change."""
    if (fields.get("kind"), fields.get("seq")) != (KIND, index):
        raise BadNote("not a rotation")
    keys, signatures = _texts(fields.get("keys")), _texts(fields.get("signatures"))
    old = ring.at(index + 1)
    if not old or len(signatures) != len(old):
        raise BadNote("not signed by the keys before")
    statement = _statement(ring.origin, index, keys)
    for key, signature in zip(old, signatures, strict=True):
        key.demand(decoded(signature), statement)
    try:
        return ring.rotated(index, map(NoteKey.parse, keys))
    except ValueError as error:
        raise BadNote("the new keys are not of this ledger") from error


def _statement(origin: str, index: int, keys: Iterable[str]) -> bytes:
    """No checkpoint reads like this: those have a number in their second line."""
    return "\n".join((_STATEMENT, f"ledger {origin}", f"entry {index}", *keys, "")).encode()


def _texts(value: object) -> list[str]:
    if isinstance(value, list) and value and all(isinstance(text, str) for text in value):
        return value
    raise BadNote("not a rotation")
