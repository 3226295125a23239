"""`verso registry fingerprint` and `verify`: works that are registered without handing over their pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


def fingerprint(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file to write; its name ends in .fingerprints.")
    ],
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Pictures of the works, folders, or Parquet files.", metavar="FILE..."),
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
    as_json: JsonOption = False,
) -> None:
    """Make the fingerprints of works, to send in their place.

    One file, of one owner; needs no home.
    """
    from rectoverso.workflow.fingerprints import make_fingerprints

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
        made = make_fingerprints(files or [], out, catalogue=catalogue, listener=listener, **cells)
    if as_json:
        print_json({"file": str(made.file), "sha256": made.digest, "works": made.count})
    else:
        tell("cli.fingerprints_made", file=made.file, count=made.count, digest=made.digest)


def verify(
    files: Annotated[
        list[Path],
        typer.Argument(help="Originals: pictures, folders, or Parquet files.", metavar="ORIGINAL..."),
    ],
    owner: Annotated[
        str | None, typer.Option("--owner", help="Only works of this owner, named as registered.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Compare originals with works that came as fingerprints. Exit 1 unless each is the original of one."""
    from rectoverso.workflow.fingerprints import compare_originals
    from rectoverso.workflow.registry import plain

    with live_progress() as listener:
        found = compare_originals(files, home, owner=owner, listener=listener)
    originals = {one.name for one in found if one.is_same}
    missed = {one.name for one in found} - originals
    if as_json:
        rows = [
            {
                "original": one.name,
                "work": plain(one.work) if one.work else None,
                "same": one.is_same,
                "differ": list(one.differ),
            }
            for one in found
        ]
        print_json({"compared": rows})
    else:
        for one in found:
            facts = {"file": one.name, "id": one.work.id, "title": one.work.title} if one.work else {}
            if one.is_same:
                tell("cli.original_same", **facts, owner=one.work.owner if one.work else "")
            elif one.work:
                tell("cli.original_differs", **facts, differ=", ".join(one.differ))
            else:
                tell("cli.original_of_none", file=one.name)
    raise typer.Exit(1 if missed else 0)
