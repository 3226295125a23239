"""What is known against a run: that it brings training pictures back, or that an audit found it short.

Either way people look at every picture of it. It is written into the run, where it travels with it, and sealed in the
home that found it (``workflow.guard``), so that in that home no file can be deleted or changed to be rid of it. Who
has only the run's folder and another home believes what the folder says; there a missing answer of the replication
test is asked for again, and a missing audit is no audit.

What was found on so many pictures is cleared only by a test of as many.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile

from rectoverso.errors import RunHeld
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import Message
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.verso.screen.replication import Replication
from rectoverso.workflow.guard import RUN_CLEARED, RUN_HELD, Guard, sealed
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.replication import asked, compared_in, fingerprints_of, keep, record_of, weights_of

REPLICATION, AUDIT = "replication", "audit"
AUDIT_FOLDER = "audit"
AUDIT_RECORD = f"{AUDIT_FOLDER}/audit.json"
"""Of a private run both lie where nothing is given out (`compared_in`)."""


def against(run: Path, weights: str | None, home: Home | None) -> dict[str, int]:
    """What is known against these weights, by the home, if there is one, or by the run, and on how many pictures it was
    found.
    """
    told = [
        (REPLICATION, _told(record_of(run), weights, "replicates", is_good=False)),
        *(
            (AUDIT, _told(place / AUDIT_RECORD, weights, "passed", is_good=True))
            for place in (run, compared_in(run))
        ),
    ]
    own = {cause: pictures for cause, pictures in told if pictures is not None}
    return own | (dict(sealed(home).against.get(weights or "", {})) if home else {})


def note(
    home: Home,
    keys: Keys,
    weights: str,
    cause: str,
    *,
    fails: bool,
    pictures: int,
    clock: Clock | None = None,
) -> bool:
    """Seal what a test on so many pictures found; returns whether it stands against the run from now on."""
    ledger = open_ledger(home, keys, clock)
    guard = Guard(home, ledger)
    with home.lock():
        known = {name: dict(told) for name, told in sealed(home).against.items()}
        before = known.get(weights, {}).get(cause)
        if fails:
            known.setdefault(weights, {})[cause] = max(pictures, before or 0)
        elif before is not None and pictures >= before:
            known[weights].pop(cause)
        known = {name: told for name, told in known.items() if told}
        after = known.get(weights, {}).get(cause)
        if after != before:
            with guard.changing() as tx:
                kind = RUN_CLEARED if after is None else RUN_HELD
                ledger.append(tx, kind, {"run": weights, "by": cause, "pictures": pictures})
                guard.say(against=known)
    return after is not None


def inherit(home: Home, keys: Keys, told: Mapping[str, int], weights: str) -> None:
    """What an audit found of the weights that others were made of stands against these, until they are audited."""
    if AUDIT in told:
        note(home, keys, weights, AUDIT, fails=True, pictures=told[AUDIT])


def demand_not_held(run: Path, home: Home | None) -> None:
    """Raise RunHeld where something is known against a run, or is found when it is asked now."""
    weights = weights_of(run)
    known = against(run, weights, home)
    if weights is not None and not _is_answered(run, weights) and (found := _asked_now(run)):
        known |= {REPLICATION: found.compared} if found.replicates else {}
    for cause, pictures in sorted(known.items(), reverse=True):
        reason, advice = (
            Phrase(Message(f"train.held.{cause}.{part}", {"pictures": pictures}))
            for part in ("reason", "advice")
        )
        raise RunHeld(path=run, reason=reason, advice=advice)


def ask_if_unknown(run: Path, home: Home, keys: Keys, listener: Listener = silent) -> None:
    """Ask whether a run brings training pictures back where its own answer is gone, or is of other weights."""
    weights = weights_of(run)
    if weights is None or _is_answered(run, weights):
        return
    found = _asked_now(run, listener)
    if found is None:
        return
    if found.replicates:
        note(home, keys, weights, REPLICATION, fails=True, pictures=found.compared)
    with suppress(OSError):  # a run that cannot be written to is asked again
        keep(run, found)


def _asked_now(run: Path, listener: Listener = silent) -> Replication | None:
    """The answer of the replication test; None where it cannot be asked."""
    try:
        fingerprints = Fingerprints.load(fingerprints_of(run))
    except (OSError, ValueError, KeyError, BadZipFile):
        return None  # where they are missing or damaged the check itself holds every picture
    return asked(run, fingerprints, listener)


def _is_answered(run: Path, weights: str) -> bool:
    """Whether the run has an answer of these weights, or one that cannot be read and therefore counts as a bad one."""
    try:
        return bool(json.loads(record_of(run).read_text(encoding="utf-8"))["weights"] == weights)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _told(record: Path, weights: str | None, answer: str, *, is_good: bool) -> int | None:
    """On how many pictures a record of these weights found something against them; None for none. One that cannot be
    read found something.
    """
    try:
        facts = json.loads(record.read_text(encoding="utf-8"))
        is_of_these = facts["weights"] == weights
        return int(facts["compared"]) if is_of_these and facts[answer] is not is_good else None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return 0
