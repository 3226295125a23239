"""`verso erase`: destroy what is kept of a picture, a work, a person, or a run or training set of the service; say what
descends from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import note, print_json, tell
from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase, catalogue
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.workflow.erase import Erased, What

SHOWN = 20
"""Sets, runs and releases that are listed on a screen, each; --json has all of them."""


def erase(
    asset: Annotated[
        str | None,
        typer.Option("--asset", metavar="ID", help="An image by its id; or a picture's file or SHA-256."),
    ] = None,
    work: Annotated[str | None, typer.Option("--work", metavar="ID", help="A work, by id or title.")] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="NAME", help="A person, by name, address or account.")
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="A run that the service trained, by its id.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset", metavar="ID", help="A training set that was sent to the service, by its id."
        ),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Where to write the receipt; else erased-N.json."),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Destroy the keys to an image, work, person, run or set. It cannot be undone.

    Names the sets, runs and releases that descend from it, and writes a receipt that anybody can verify.
    """
    from rectoverso.workflow.erase import What
    from rectoverso.workflow.erase import erase as destroy

    what, name = _meant(
        {What.ASSET: asset, What.WORK: work, What.PERSON: person, What.RUN: run, What.DATASET: dataset}
    )
    erased = destroy(home, what, name)
    path = receipt or Path(f"erased-{erased.ledger_index}.json")
    erased.receipt.write(path)
    if as_json:
        print_json(erased.plain() | {"receipt": str(path)})
        return
    _tell(erased, path, what)


def _meant(given: Mapping[What, str | None]) -> tuple[What, str]:
    named = [(what, name.strip()) for what, name in given.items() if name and name.strip()]
    if len(named) != 1:
        reason, advice = (Phrase(Message(f"erase.one_{part}")) for part in ("reason", "advice"))
        options = ", ".join(f"--{what}" for what in given)
        raise BadSetting(setting=options, reason=reason, advice=advice)
    return named[0]


def _tell(erased: Erased, path: Path, what: What) -> None:
    if erased.repeated:
        tell("erase.before", index=erased.ledger_index)
    else:
        tell("erase.done", index=erased.ledger_index, keys=erased.keys, openings=erased.openings)
    if not erased.repeated and (key := f"erase.whole_{what}") in catalogue("en"):
        tell(key)
    if erased.mentions:
        tell("erase.mentions", count=len(erased.mentions), assets=_some(erased.mentions))
    if erased.accounts or erased.jobs or erased.sent:
        tell("erase.served", accounts=erased.accounts, jobs=erased.jobs, sent=erased.sent)
    if erased.votes:
        tell("erase.votes", count=erased.votes)
    if erased.pictures or erased.sets_lost:
        tell("erase.training", pictures=erased.pictures, lost=erased.sets_lost)
    found = erased.descent
    for kind, names in (("sets", found.sets), ("runs", found.runs), ("releases", found.releases)):
        if names:
            tell(f"erase.{kind}", count=len(names), names=_some(names))
    tell("erase.receipt", path=path)
    if not erased.repeated:
        note("erase.copies")


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
