"""`verso ledger`: does the record hold, and where is the proof?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell

app = typer.Typer(help="The append-only record: check it, prove an entry.", no_args_is_help=True)


@app.command()
def check(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Recompute the whole ledger and compare it with the store. Exit 1 if anything differs."""
    from rectoverso.workflow.ledgers import check_ledger

    checked = check_ledger(home)
    if as_json:
        print_json(checked.plain())
    elif checked.holds:
        tell("cli.ledger_holds", size=checked.size, root=checked.root, **checked.counts)
    else:
        for problem in checked.problems:
            tell(problem.key, **problem.facts)
    raise typer.Exit(0 if checked.holds else 1)


@app.command()
def prove(
    entry: Annotated[str, typer.Argument(help="An asset's id, or an entry's index.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the proof here instead of printing it.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write the proof that an entry stands in the ledger; it can be checked offline."""
    from rectoverso.workflow.files import make_folder
    from rectoverso.workflow.ledgers import prove_entry

    index, proof = prove_entry(home, entry)
    if out:
        make_folder(out.parent)
        out.write_text(proof, encoding="utf-8")
    if as_json:
        print_json({"index": index, "proof": proof})
    elif not out:
        print(proof, end="")
