"""`verso backup` and `verso restore`: a whole home in one file, and a home put back from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption, LedgerKeyOption
from rectoverso.cli.output import note, print_json, tell
from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.workflow.backup.archive import Manifest
    from rectoverso.workflow.backup.make import Made

PassphraseOption = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="The keys are under the passphrase in this file."),
]
SeenOption = Annotated[
    Path | None,
    typer.Option(
        "--seen",
        metavar="PATH",
        help="A checkpoint of the ledger that somebody saw: a file, what a monitor keeps, an export, a home.",
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, or to check.", metavar="FILE")],
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave the keys out; keep a copy of them apart.")
    ] = False,
    passphrase_file: PassphraseOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check the backup that is there instead of making one.")
    ] = False,
    seen: SeenOption = None,
    ledger_key: LedgerKeyOption = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Write a whole home to one file, while it works. Or check such a file, and exit 1 where it does not hold."""
    _demand(not (check and without_keys) and (check or not (seen or ledger_key)), "checking")
    _demand(check or without_keys != (passphrase_file is not None), "secret")
    passphrase = _passphrase(passphrase_file)
    if check:
        _check(file, ledger_key or [], seen, passphrase, as_json=as_json)
        return
    from rectoverso.workflow.backup.make import back_up

    made = back_up(home, file, passphrase)
    if as_json:
        print_json({"backup": str(file)} | made.plain())
    else:
        _tell_made(made, file, home)


def restore(
    file: Annotated[Path, typer.Argument(help="The file that verso backup wrote.", metavar="FILE")],
    passphrase_file: PassphraseOption = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", metavar="FOLDER", help="A copy of the home's folder keys, for a backup without."
        ),
    ] = None,
    seen: SeenOption = None,
    erased: Annotated[
        list[Path] | None,
        typer.Option(
            "--erased",
            metavar="RECEIPT",
            help="A receipt of what was erased since, or a folder of them: it does not come back; repeatable.",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Put a home back from a backup, where there is none. All of it or nothing; everything is checked before."""
    from rectoverso.workflow.backup.restore import RestoreRequest
    from rectoverso.workflow.backup.restore import restore as put_back

    receipts = [path for given in erased or [] for path in _receipts(given)]
    restored = put_back(home, RestoreRequest(file, _passphrase(passphrase_file), keys, seen, receipts))
    if as_json:
        print_json({"home": str(home)} | restored.plain())
        return
    said = restored.manifest
    tell("backup.restored", home=home, made_at=said.made_at, size=said.ledger_size)
    if receipts:
        tell("backup.erased", count=restored.erased)
    note("backup.later")
    if restored.missing:
        note("backup.missing", missing=restored.missing)
    if restored.problems:
        note("backup.problems")
        for problem in restored.problems:
            note(problem.key, **problem.facts)


def _check(
    file: Path, ledger_key: list[str], seen: Path | None, passphrase: str | None, *, as_json: bool
) -> None:
    from rectoverso.workflow.backup.check import check_backup
    from rectoverso.workflow.backup.make import Made

    sound = check_backup(file, ledger_key, seen, passphrase)
    said = sound.manifest
    if as_json:
        print_json(Made(sound.digest, said).plain() | {"missing": sound.missing, "own_keys": sound.own_keys})
        return
    facts = {"files": len(said.files), "size": said.ledger_size, "digest": sound.digest}
    tell("backup.holds", made_at=said.made_at, **facts)
    _tell_left_out(said)
    if sound.missing:
        note("backup.missing", missing=sound.missing)
    if sound.own_keys and said.ledger_size:
        note("backup.own_keys")


def _tell_made(made: Made, file: Path, home: Path) -> None:
    said = made.manifest
    megabytes = f"{said.size / 1e6:,.1f}"
    tell("backup.made", path=file, files=len(said.files), megabytes=megabytes, size=said.ledger_size)
    tell("backup.digest", digest=made.digest)
    has_no_master = said.keys == "sealed" and not said.master
    note(f"backup.keys_{said.keys}" + ("_without_master" if has_no_master else ""), folder=home / "keys")
    _tell_left_out(said)


def _tell_left_out(said: Manifest) -> None:
    for kind, names in (("links", said.links), ("absent", said.absent)):
        if names:
            note(f"backup.{kind}", names=", ".join(names))


def _receipts(given: Path) -> list[Path]:
    return sorted(given.glob("*.json")) if given.is_dir() else [given]


def _passphrase(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise _unusable("unread") from error
    return lines[0] if lines else ""


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise _unusable(what)


def _unusable(what: str) -> BadSetting:
    reason, advice = (Phrase(Message(f"backup.{what}_{part}")) for part in ("reason", "advice"))
    return BadSetting(setting="--passphrase-file, --without-keys, --check", reason=reason, advice=advice)
