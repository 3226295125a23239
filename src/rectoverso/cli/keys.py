"""`verso keys`: who signs in this home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell
from rectoverso.i18n import preferred_language, say

if TYPE_CHECKING:
    from rectoverso.store.keys import KeyDescription

app = typer.Typer(help="The keys and certificates of this home.", no_args_is_help=True)


@app.command()
def init(
    owner: Annotated[str, typer.Option("--owner", help="The name that stands on the signature.")] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make a home's keys: authority, signer and ledger. The authority is for development: others do not trust it."""
    from rectoverso.workflow.keys import init_keys, plain

    described = init_keys(home, owner)
    if as_json:
        print_json({"keys": [plain(key) for key in described]})
        return
    _print(described)
    tell("cli.keys_what_it_is_not")


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the keys, what each is for, and when it ends."""
    from rectoverso.workflow.keys import list_keys, plain

    described = list_keys(home)
    if as_json:
        print_json({"keys": [plain(key) for key in described]})
    elif described:
        _print(described)
    else:
        tell("cli.no_keys")


@app.command()
def rotate(
    master: Annotated[
        bool, typer.Option("--master", help="Change the master key instead, which opens what is encrypted.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give ledger and pictures new signing keys. An entry says so, which the ledger's old ones sign."""
    if master:
        _change_master(home, as_json=as_json)
        return
    from rectoverso.workflow.keys import plain, rotate_keys

    index, described = rotate_keys(home)
    if as_json:
        print_json({"ledger_index": index, "keys": [plain(key) for key in described]})
        return
    tell("cli.keys_rotated", index=index)
    _print(described)


@app.command()
def tsa(
    url: Annotated[
        str | None,
        typer.Argument(help="The address of an RFC 3161 authority.", metavar="[URL]", show_default=False),
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Sign without a time-stamp from now on.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say, or choose, who time-stamps the signatures of this home."""
    from rectoverso.workflow.keys import time_stamp_authority

    authority = time_stamp_authority(home, "" if off else url)
    if as_json:
        print_json({"tsa": authority or None})
    elif authority:
        tell("cli.tsa", authority=authority)
    else:
        tell("cli.no_tsa")


def _change_master(home: Path, *, as_json: bool) -> None:
    from rectoverso.workflow.master_key import change_master_key

    changed = change_master_key(home)
    if as_json:
        print_json({"ledger_index": changed.ledger_index, "master": changed.master, "place": changed.place})
    else:
        tell("cli.master_changed", place=changed.place, index=changed.ledger_index)


def _print(described: list[KeyDescription]) -> None:
    for key in described:
        print(f"{key.path}  {key.expires or ''}\n    {say(key.purpose, preferred_language())}")
