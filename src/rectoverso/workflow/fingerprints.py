"""Fingerprints instead of originals: an owner makes them beside the pictures, and shows one only when asked to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rectoverso.errors import OutNotWritable
from rectoverso.protocols import Clock
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Digest, Message
from rectoverso.verso.registry import fingerprints
from rectoverso.verso.registry.credible import demand_credible
from rectoverso.verso.registry.fingerprints import MOST_WORKS, SUFFIX, Fingerprints
from rectoverso.verso.registry.offers import Offer
from rectoverso.verso.registry.registry import Compared, Unenterable, enrol
from rectoverso.verso.screen.trace import Trace
from rectoverso.workflow import digests
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.offered import Given, bad
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.registry import heard, opened


@dataclass(frozen=True, slots=True)
class Made:
    """The file that was written, its SHA-256, and of how many works."""

    file: Path
    digest: Digest
    count: int


def make_fingerprints(
    files: Iterable[Path],
    out: Path,
    *,
    catalogue: Path | None = None,
    listener: Listener = silent,
    **cells: str | None,
) -> Made:
    """Write the fingerprints of pictures, and what is said of them, for somebody else's register; no home is needed.
    Files, ``catalogue`` and ``cells`` are those of `add_works`. A picture given twice is written once.

    Raises as `add_works` for pictures that could not be registered either; FingerprintsDoubtful or BadWorks for those
    that could be, but not by fingerprints alone; BadSetting without an owner and a contact, for works of several
    owners, for too many works, and for an ``out`` that is not called so; OutNotWritable.
    """
    if out.suffix.lower() != SUFFIX:
        raise bad("--out", "out_suffix", Message("registry.out_suffix.reason", {"suffix": SUFFIX}))
    given = Given.of(list(files), catalogue, cells)
    make_folder(out.parent)
    works = _made(heard(given.offers(), given.total, listener, "progress.making_fingerprints"))
    data = fingerprints.written(works, _owner_of(works))
    try:
        write_atomically(out, data)
    except OSError as error:
        raise OutNotWritable(out=out, system=error.strerror or error) from error
    return Made(out, digests.of_bytes(data), len(works))


def compare_originals(
    files: Iterable[Path],
    home_path: Path,
    *,
    owner: str | None = None,
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Sequence[Compared]:
    """Compare originals with the works that came as fingerprints, all or those of an owner (`Registry.compare`): where
    they are an original's own, the work has been seen from then on. Raises as `add_works` does for pictures.
    """
    given = Given.of(list(files), None, {})
    _, registry = opened(home_path, clock)
    doing = "progress.comparing_originals"
    return registry.compare(lambda: heard(given.offers(), given.total, listener, doing), owner)


def _made(offers: Iterable[Offer]) -> Sequence[Fingerprints]:
    """The fingerprints of what is offered, each once. What is wrong with pictures is told at once."""
    made: dict[Digest, Fingerprints] = {}
    bad_ones = Unenterable()
    for offer in offers:
        with bad_ones.noted():
            one = _of(offer)
            made.setdefault(one.digest, one)
        if len(made) > MOST_WORKS:
            raise bad("FILE", "too_many", Message("registry.too_many.reason", {"most": MOST_WORKS}))
    bad_ones.raise_if_any()
    return list(made.values())


def _of(offer: Offer) -> Fingerprints:
    """Raises ImageUnreadable, WorkTooPlain, FingerprintsDoubtful, and BadSetting where nobody could be asked."""
    for name, said in (("--owner", offer.owner), ("--contact", offer.rights.contact)):
        if not said:
            raise bad(name, "unreachable", Message("registry.unreachable.reason", {"file": offer.name}))
    pixels, work = enrol(offer, added_at="")
    trace = Trace.of(pixels).to_bytes()
    made = Fingerprints(
        offer.name, offer.title, offer.owner, offer.rights, work.fingerprint, work.small, trace
    )
    demand_credible(made)
    return made


def _owner_of(works: Sequence[Fingerprints]) -> str:
    """Raises BadSetting where they are several's: what is counted against an owner is counted against a sender."""
    owners = list(dict.fromkeys(work.owner for work in works))
    if len(owners) > 1:
        facts = {"count": len(owners), "owners": ", ".join(owners[:3])}
        raise bad("--owner", "several_owners", Message("registry.several_owners.reason", facts))
    return owners[0]
