"""`verso registry`: the protected works that nothing may resemble unasked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell

app = typer.Typer(help="Protected works: register, look up, list, remove.", no_args_is_help=True)


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Pictures of the works, or folders.", metavar="FILE...")
    ],
    title: Annotated[
        str | None, typer.Option("--title", help="The work's title; else its file name.")
    ] = None,
    owner: Annotated[str, typer.Option("--owner", help="Who holds the rights.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Register works. Only fingerprints are kept, never the pictures."""
    from rectoverso.workflow.registry import add_works, plain

    works = add_works(files, home, title=title, owner=owner)
    if as_json:
        print_json({"works": [plain(work) for work in works]})
        return
    for work in works:
        tell("cli.work", id=work.id, title=work.title, owner=work.owner or "-")


@app.command()
def search(
    file: Annotated[Path, typer.Argument(help="A picture to compare with the registered works.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Which registered works does this picture resemble? Exit 1 if any."""
    from rectoverso.workflow.registry import search_works

    matches = search_works(file, home)
    if as_json:
        print_json({"matches": matches})
    elif not matches:
        tell("cli.no_match")
    else:
        for match in matches:
            percent = int(100 * match["likeness"])
            tell(
                "cli.match",
                id=match["id"],
                title=match["title"],
                owner=match["owner"] or "-",
                percent=percent,
            )
    raise typer.Exit(1 if matches else 0)


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the registered works."""
    from rectoverso.workflow.registry import list_works, plain

    works = list_works(home)
    if as_json:
        print_json({"works": [plain(work) for work in works]})
        return
    for work in works:
        tell("cli.work", id=work.id, title=work.title, owner=work.owner or "-")
    tell("cli.works_count", count=len(works))


@app.command()
def remove(
    work: Annotated[str, typer.Argument(help="The work's id or title.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a work off the register. The ledger keeps that it was there."""
    from rectoverso.workflow.registry import plain, remove_work

    removed = remove_work(work, home)
    if as_json:
        print_json({"removed": plain(removed)})
    else:
        tell("cli.work_removed", title=removed.title)
