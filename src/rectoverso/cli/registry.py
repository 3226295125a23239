"""`verso registry`: the protected works that nothing may resemble unasked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rectoverso.cli import calibrate, commons, fingerprints, weights
from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.cli.said import (
    AskedOption,
    CatalogueOption,
    ContactOption,
    FromOption,
    KindOption,
    LicenceOption,
    OwnerOption,
    TerritoryOption,
    TitleOption,
    UntilOption,
)
from rectoverso.i18n import preferred_language, say
from rectoverso.protocols import SystemClock
from rectoverso.store.rights import State
from rectoverso.types import Message, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rectoverso.store.works import Work
    from rectoverso.workflow.bulk import Tally
    from rectoverso.workflow.incidents import Incident
    from rectoverso.workflow.search import Found

app = typer.Typer(help="Protected works: register, look up, claim, report, remove.", no_args_is_help=True)

OwnerOfAll = Annotated[
    str | None, typer.Option("--owner", help="All works of this owner, named as registered.")
]
WorksArgument = Annotated[
    list[str] | None, typer.Argument(help="The works' ids or titles.", metavar="WORK...")
]
MOST_OWNERS = 3
"""So many of the owners are named whose works were registered before."""


@app.command()
def add(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Pictures of the works, folders, Parquet files, or files of fingerprints.", metavar="FILE..."
        ),
    ] = None,
    catalogue: CatalogueOption = None,
    title: TitleOption = None,
    owner: OwnerOption = None,
    licence: LicenceOption = None,
    contact: ContactOption = None,
    territory: TerritoryOption = None,
    since: FromOption = None,
    until: UntilOption = None,
    asked: AskedOption = None,
    kind: KindOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register works. Only fingerprints are kept, never the pictures."""
    from rectoverso.workflow.registry import add_works, plain

    cells: dict[str, str | None] = {
        "title": title,
        "owner": owner,
        "licence": licence,
        "contact": contact,
        "territory": territory,
        "from": since,
        "until": until,
        "asked": asked,
        "kind": kind,
    }
    with live_progress() as listener:
        entered = add_works(files or [], home, catalogue=catalogue, listener=listener, clock=None, **cells)
    if as_json:
        ids = {"known": sorted(entered.known), "contested": sorted(entered.contested)}
        print_json({"works": [plain(work) for work in entered.works]} | ids)
        return
    _tell(entered.works)
    if new := len(entered.works) - len(entered.known):
        tell("cli.works_entered", count=new)
    if entered.known:
        tell("cli.works_known", count=len(entered.known))
    if entered.contested:
        owners = {work.owner or "-": None for work in entered.works if work.id in entered.contested}
        named = ", ".join([*owners][:MOST_OWNERS]) + (" ..." if len(owners) > MOST_OWNERS else "")
        tell("cli.works_contested", count=len(entered.contested), owners=named)
    if unseen := sum(work.is_unseen for work in entered.works):
        tell("cli.works_unseen", count=unseen)
    _tell_few_styles(entered.works, home)


@app.command()
def search(
    file: Annotated[Path, typer.Argument(help="A picture to compare with the registered works.")],
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="A folder for sheets that show what was found.")
    ] = None,
    original: Annotated[
        Path | None,
        typer.Option("--original", help="For --evidence: the file of the work that it resembles."),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Find the works that a picture resembles, whole or in part. Exit 1 if any."""
    from rectoverso.workflow.search import search_works

    found = search_works(file, home, evidence=evidence, original=original)
    if as_json:
        print_json(found.plain())
    else:
        _tell_found(found)
        _tell_sheets(found, file, evidence)
    raise typer.Exit(1 if found.matches or found.near_styles else 0)


@app.command()
def screen(
    files: Annotated[
        list[Path], typer.Argument(help="Pictures, folders, or Parquet files.", metavar="FILE...")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="TABLE", help="The table to write: .csv or .parquet.")
    ],
    processes: Annotated[
        int,
        typer.Option("--processes", min=1, help="How many work side by side, each with all works in memory."),
    ] = 1,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Compare a collection with the works, a row a picture. Decides nothing. Exit 1 if any is similar."""
    from rectoverso.workflow.bulk import screen_many

    with live_progress() as listener:
        tally = screen_many(files, home, out, processes=processes, listener=listener)
    found = {outcome: tally.counts[outcome] for outcome in ("pass", "review", "block", "unreadable")}
    if as_json:
        print_json({"table": str(out), "counts": found})
    else:
        _tell_screened(tally)
        tell("cli.screened", file=out, total=sum(found.values()), **found)
    raise typer.Exit(1 if found["review"] or found["block"] else 0)


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the registered works. Says whether the register is calibrated for them."""
    from rectoverso.workflow.calibration import stands
    from rectoverso.workflow.registry import list_works, plain

    works = list_works(home)
    calibration = stands(home)
    if as_json:
        told = calibration.plain() if calibration else None
        print_json({"works": [plain(work) for work in works], "calibration": told})
        return
    _tell(works)
    tell("cli.works_count", count=len(works))
    if calibration:
        print(say(calibration.message, preferred_language()))


@app.command()
def claim(
    state: Annotated[State, typer.Option("--state", help="How sure the claim is.")],
    reason: Annotated[
        str,
        typer.Option("--reason", help="Why, or how it was verified; kept in this home, not in the ledger."),
    ],
    works: WorksArgument = None,
    owner: OwnerOfAll = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say how sure the claim to works is. It is asserted, verified, disputed or withdrawn."""
    from rectoverso.workflow.registry import claim_works, plain

    claimed = claim_works(works or [], home, state=state, reason=reason, owner=owner)
    if as_json:
        print_json({"works": [plain(work) for work in claimed]})
    else:
        _tell(claimed)


@app.command()
def report(
    owner: OwnerOfAll = None,
    work: Annotated[str | None, typer.Option("--work", help="One work, by id or title.")] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """What became of drafts that were alike to works. Of one owner, of one work, or of all; no pictures."""
    from rectoverso.workflow.incidents import incidents

    found = incidents(home, owner=owner, work=work)
    if as_json:
        print_json({"incidents": [row.plain() for row in found]})
        return
    for row in found:
        facts = {"date": row.decided_at[:10], "asset": row.asset, "title": row.title}
        facts["decision"] = _word(f"cli.{row.decision}")
        _tell_incident(row, facts)
    decided = {row.asset: row.decision for row in found}
    counts = {word: list(decided.values()).count(word) for word in ("refuse", "hold", "release")}
    tell(
        "cli.incidents_count",
        count=len(decided),
        refused=counts["refuse"],
        held=counts["hold"],
        released=counts["release"],
    )


@app.command()
def index(
    place: Annotated[
        Place | None,
        typer.Option("--in", help="Where to compare from now on; else only say.", show_default=False),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say where the works' hashes are compared, or change that. A PostgreSQL database has them veiled then."""
    from rectoverso.workflow.hashes import compare_in, where_compared

    found, count = where_compared(home) if place is None else compare_in(place, home)
    if as_json:
        print_json({"in": found.value, "hashes": count})
    else:
        tell(f"cli.compared_in_{found.value}", count=count)


@app.command()
def remove(
    works: WorksArgument = None,
    owner: OwnerOfAll = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take works off the register. The ledger keeps that they were there."""
    from rectoverso.workflow.registry import plain, remove_works

    removed = remove_works(works or [], home, owner=owner)
    if as_json:
        print_json({"removed": [plain(work) for work in removed]})
        return
    for work in removed:
        tell("cli.work_removed", title=work.title)


app.command()(fingerprints.fingerprint)
app.command()(fingerprints.verify)
app.command("calibrate")(calibrate.calibrate)
app.command()(weights.weights)
app.add_typer(commons.app, name="common")


@app.command("unsafe-accept")
def unsafe_accept(
    reason: Annotated[
        str,
        typer.Option("--reason", help="What happened to the register; kept in this home, not in the ledger."),
    ],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take the register as it is found, though altered.

    Rows were changed past this program. The ledger keeps that you did.
    """
    from rectoverso.workflow import guard

    count = guard.unsafe_accept(home, reason)
    if as_json:
        print_json({"works": count})
    else:
        tell("cli.register_accepted", count=count)


def _tell(works: Sequence[Work]) -> None:
    """One line a work: whose it is, how sure the claim is, and what is asked, or why nothing is compared with it."""
    today = SystemClock().now().date()
    for work in works:
        claimed, asked = _word(f"registry.claim.{work.state}"), _word(f"registry.asked.{work.rights.asked}")
        facts = {"id": work.id, "title": work.title, "owner": work.owner or "-", "claim": claimed}
        if work.expired or work.rights.have_ended(today):
            tell("cli.work_ended", **facts, until=work.rights.until)
        elif work.state is State.WITHDRAWN:
            tell("cli.work_withdrawn", **facts)
        elif not work.rights.hold_on(today):
            tell("cli.work_begins", **facts, since=work.rights.since)
        elif work.is_unseen:
            tell("cli.work_unseen", **facts, asked=asked)
        else:
            tell("cli.work", **facts, asked=asked)


def _tell_screened(tally: Tally) -> None:
    """The pictures that somebody has to look at, as far as they fit on a screen."""
    for row in tally.first:
        facts = {"file": row.file, "title": row.title, "owner": row.owner or "-", "id": row.work}
        tell(f"cli.screened_{row.outcome}", **facts)
    if (more := tally.counts.total() - tally.counts["pass"] - len(tally.first)) > 0:
        tell("cli.screened_more", count=more)


def _tell_few_styles(works: Sequence[Work], home: Path) -> None:
    """Whose styles have too few pictures to be compared yet."""
    from rectoverso.verso.screen.style import LEAST_PICTURES
    from rectoverso.workflow.styles import too_few

    for owner, count in too_few(works, home).items():
        tell("style.not_enough", owner=owner, count=count, least=LEAST_PICTURES)


def _tell_incident(row: Incident, facts: dict[str, Any]) -> None:
    if row.typicality is not None:
        tell("cli.incident_style", **facts, owner=row.owner or row.title)
    elif row.cosine is not None:
        tell("cli.incident_near", **facts, cosine=f"{row.cosine:.2f}")
    elif row.likeness is None:
        tell("cli.incident_part", **facts, points=row.points)
    else:
        tell("cli.incident", **facts, percent=int(100 * row.likeness))


def _word(key: str) -> str:
    """A word in the reader's language."""
    return say(Message(key), preferred_language())


def _tell_found(found: Found) -> None:
    """The works, what was decided before of each and this picture, then the styles and the sheets."""
    if not found.matches:
        tell("cli.no_match")
    for match in found.matches:
        _tell_match(match.plain())
        print(f"          {say(found.chance(match).message, preferred_language())}")
        if match.work.is_unseen:
            tell("cli.match_unseen", contact=match.work.rights.contact)
        for one in found.earlier:
            if one.work == match.work.id:
                date, decision = one.decided_at[:10], _word(f"cli.{one.decision}")
                tell("cli.earlier", date=date, decision=decision, asset=one.asset)
    if found.styles:
        tell("style.ranked")
    for style in found.styles:
        owner, percent = style.work.owner or style.work.title, round(100 * style.typicality)
        tell("style.row", owner=owner, percent=percent, pictures=style.pictures)


def _tell_sheets(found: Found, file: Path, asked: Path | None) -> None:
    """The sheets that show what was found, or how to get them."""
    sheets = [str(sheet) for sheet in found.evidence if sheet.suffix == ".png"]
    if sheets:
        facts = ", ".join(str(sheet) for sheet in found.evidence if sheet.suffix != ".png")
        tell("cli.evidence", files=", ".join(sheets), facts=facts)
    elif asked:
        tell("cli.no_evidence", folder=asked)
    elif found.matches:
        tell("cli.evidence_next", file=file, title=found.matches[0].work.title)


def _tell_match(match: dict[str, Any]) -> None:
    from rectoverso.workflow.search import changes_of

    named = {"id": match["id"], "title": match["title"], "owner": match["owner"] or "-"}
    named["outcome"] = _word(f"cli.found_{match['outcome']}")
    if "cosine" in match:
        tell("cli.match_near", **named, weights=match["weights"]["name"], cosine=f"{match['cosine']:.2f}")
        return
    if "points" in match:
        percent = round(100 * match["transformation"]["of_work"])
        tell("cli.match_part", **named, points=match["points"], percent=percent)
    else:
        tell("cli.match", **named, percent=int(100 * match["likeness"]))
    if told := changes_of(match):
        tell("cli.match_changes", changes=told)
