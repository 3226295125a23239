"""`verso ledger`: does the record hold, where is the proof, and what do others need to watch it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption, LedgerKeyOption
from rectoverso.cli.output import note, print_json, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rectoverso.types import Message

app = typer.Typer(help="The append-only record: check, prove, publish and watch it.", no_args_is_help=True)

EntryArgument = Annotated[str, typer.Argument(help="An asset's id, or an entry's index.")]


@app.command()
def check(
    export: Annotated[
        Path | None, typer.Option("--export", help="Check this exported folder by itself, not the home.")
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", help="Check this receipt of verso erase by itself, not the home."),
    ] = None,
    ledger_key: LedgerKeyOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Recompute the whole ledger and compare it with the store. Exit 1 if anything differs."""
    if export:
        _check_export(export, ledger_key or [], as_json=as_json)
        return
    if receipt:
        _check_receipt(receipt, ledger_key or [], home, as_json=as_json)
        return
    from rectoverso.workflow.ledgers import check_ledger

    checked = check_ledger(home)
    if as_json:
        print_json(checked.plain())
    elif checked.holds:
        tell("cli.ledger_holds", size=checked.size, root=checked.root, **checked.counts)
    else:
        _tell_all(checked.problems)
    raise typer.Exit(0 if checked.holds else 1)


@app.command()
def prove(
    entry: EntryArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the proof here instead of printing it.")
    ] = None,
    quantum: Annotated[
        bool, typer.Option("--ml-dsa", help="With the ML-DSA-44 signature too, which takes 3.3 KB.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write the proof that an entry stands in the ledger. It can be checked offline."""
    from rectoverso.workflow.files import make_folder
    from rectoverso.workflow.ledgers import prove_entry

    index, proof = prove_entry(home, entry, quantum=quantum)
    if out:
        make_folder(out.parent)
        out.write_text(proof, encoding="utf-8")
    if as_json:
        print_json({"index": index, "proof": proof})
    elif not out:
        print(proof, end="")


@app.command()
def keys(
    page: Annotated[
        Path | None,
        typer.Option(
            "--page", metavar="FILE", help="Write a page that verifies released files in a browser."
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """The ledger's public keys. To give to whoever should verify its proofs."""
    from rectoverso.workflow.ledgers import ledger_keys, write_page

    text = ledger_keys(home)
    if page:
        write_page(home, page)
    if as_json:
        print_json({"keys": text.splitlines()} | ({"page": str(page)} if page else {}))
    elif page:
        tell("cli.page_written", path=page)
    else:
        print(text, end="")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder to write to; an earlier export goes on there.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write the ledger as plain files that anyone can check. C2SP tiles, for any static host."""
    from rectoverso.workflow.watch import export_ledger

    exported = export_ledger(home, folder)
    if as_json:
        print_json({"size": exported.size, "before": exported.before, "written": exported.written})
    else:
        tell("cli.ledger_exported", folder=folder, size=exported.size, new=exported.size - exported.before)


@app.command()
def monitor(
    source: Annotated[Path, typer.Argument(help="A home, or the folder of an export.")],
    state: Annotated[
        Path, typer.Option("--state", help="What was seen last, kept from one call to the next.")
    ] = Path("ledger-seen.json"),
    ledger_key: LedgerKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell whether history is as it was when last looked at. Exit 1 if it was rewritten, cut back or forked."""
    from rectoverso.workflow.watch import monitor as watch
    from rectoverso.workflow.watch import plain

    watched = watch(source, state, ledger_key or [])
    if as_json:
        print_json(plain(watched))
    elif watched.problems:
        _tell_all(watched.problems)
    elif watched.before is None:
        tell("cli.ledger_first_seen", size=watched.size, root=watched.root.hex(), state=state)
    else:
        tell("cli.ledger_grew", size=watched.size, new=watched.size - watched.before, root=watched.root.hex())
        for index in watched.rotations:
            tell("cli.ledger_rotated", index=index)
    raise typer.Exit(1 if watched.problems else 0)


@app.command()
def revoke(
    asset: Annotated[str, typer.Argument(help="The id of a released image.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in this home, not in the ledger.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a release back. From then on verification at this home says so, and it is not delivered again."""
    from rectoverso.workflow.ledgers import revoke as take_back

    _, index = take_back(home, asset, reason)
    if as_json:
        print_json({"asset": asset, "ledger_index": index})
    else:
        tell("cli.ledger_revoked", asset=asset, index=index)


@app.command()
def erase(entry: EntryArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Erase the personal data that an entry only committed to. The ledger itself stays as it is."""
    from rectoverso.workflow.ledgers import erase as forget

    index, count = forget(home, entry)
    if as_json:
        print_json({"ledger_index": index, "erased": count})
    else:
        tell("cli.ledger_erased" if count else "cli.ledger_nothing_to_erase", index=index, count=count)


def _check_export(folder: Path, ledger_key: list[str], *, as_json: bool) -> None:
    from rectoverso.workflow.watch import check_export

    found = check_export(folder, ledger_key)
    if found.own_keys:
        note("cli.ledger_own_keys")
    if as_json:
        print_json(found.plain())
    elif found.holds:
        tell("cli.ledger_export_holds", size=found.state.size, root=found.state.root)
    else:
        _tell_all(found.state.problems)
    raise typer.Exit(0 if found.holds else 1)


def _check_receipt(path: Path, ledger_key: list[str], home: Path, *, as_json: bool) -> None:
    from rectoverso.workflow.receipts import check_receipt

    found = check_receipt(path, ledger_key, home)
    if as_json:
        print_json(found.plain())
    elif found.holds:
        facts = {name: found.entry.get(name) for name in ("at", "keys", "releases")}
        runs, sets = (len(found.entry.get(kind) or ()) for kind in ("runs", "sets"))
        tell("erase.receipt_holds", subject=found.subject, origin=found.origin, index=found.index, **facts)
        tell("erase.receipt_descent", sets=sets, runs=runs, releases=facts["releases"])
    else:
        _tell_all(found.problems)
    raise typer.Exit(0 if found.holds else 1)


def _tell_all(problems: Iterable[Message]) -> None:
    for problem in problems:
        tell(problem.key, **problem.facts)
