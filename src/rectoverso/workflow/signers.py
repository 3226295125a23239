"""Which certificate signs this home's pictures, and which did before: the ledger says, by its entries of new keys.

What a certificate signed while it was in use stays good. What is signed by it later is by whoever has stolen its key:
so once it is out of use, only files are believed whose release the ledger recorded before.
"""

from __future__ import annotations

from itertools import pairwise

from rectoverso.store.keys import Keys
from rectoverso.store.signers import PictureSigner
from rectoverso.verso.ledger.keyring import KeyRing, first_size_after


def counting(keys: Keys, ring: KeyRing) -> list[PictureSigner]:
    """The first, and all that an entry of the ledger brought in; a killed process may have made others."""
    starts = {era.first_size for era in ring.eras}
    return [one for one in keys.signers if not one.entry or first_size_after(one.entry) in starts]


def in_force(keys: Keys, ring: KeyRing) -> PictureSigner:
    """The one that signs."""
    return counting(keys, ring)[-1]


def retired_by(keys: Keys, ring: KeyRing, serial: str) -> int | None:
    """The entry by which the certificate of this number went out of use; None where it is in use, or another's."""
    return next((new.entry for old, new in pairwise(counting(keys, ring)) if old.serial == serial), None)
