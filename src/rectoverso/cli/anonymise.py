"""`verso anonymise`: take out of files whom they show and what they tell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption, OutOption
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.i18n import explain, preferred_language, printable, say
from rectoverso.types import Message
from rectoverso.verso.anonymise.ways import Way

if TYPE_CHECKING:
    from rectoverso.workflow.anonymised import Anonymised, Treated


def anonymise(
    files: Annotated[
        list[Path], typer.Argument(help="Pictures and DICOM files, or folders of them.", metavar="FILE...")
    ],
    out: OutOption,
    faces: Annotated[
        Way | None,
        typer.Option(
            "--faces", help="What becomes of faces; without it they are not looked for.", show_default=False
        ),
    ] = None,
    fill: Annotated[
        Path | None, typer.Option("--fill", metavar="RUN", help="The run that fills faces, for --faces fill.")
    ] = None,
    looked_at: Annotated[
        bool,
        typer.Option(
            "--looked-at", help="People looked at the pixels of these DICOM files and saw no words."
        ),
    ] = False,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="Pictures keep their names and folders.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take out of files whom they show and what they tell.

    Metadata, and if asked faces, out of pictures, and patients out of DICOM files. Works offline.

    What cannot be shown to be clean is held. Exit 1 if anything is.
    """
    from rectoverso.workflow.anonymise import Wanted
    from rectoverso.workflow.anonymise import anonymise as anonymise_files

    with live_progress() as listener:
        wanted = Wanted(faces, fill, looked_at, keep_names)
        done = anonymise_files(files, out, home, wanted, listener=listener)
    language = preferred_language()
    if as_json:
        rows = [row.plain(language) for row in done.rows]
        print_json({"files": rows, "left_out": done.left_out, "ledger_index": done.ledger_index})
    else:
        for row in done.rows:
            _print(row, language)
        _print_counts(done, looked_for_faces=faces is not None, out=out)
    raise typer.Exit(done.exit_code)


def _print(row: Treated, language: str) -> None:
    print(printable(row.source))
    if row.error:
        print(f"  {printable(explain(row.error, language))}")
    for why in row.held:
        print(f"  {printable(say(Message('anonymise.held_because', {'why': why}), language))}")
    if row.path:
        tell("anonymise.written", path=row.path)
    if row.found:
        kinds = ", ".join(say(Message(f"anonymise.kind.{kind}"), language) for kind in row.found)
        tell("anonymise.found", kinds=kinds)
    if row.faces is not None:
        tell("anonymise.faces", count=row.faces)
    if row.done:
        parts = (
            say(Message(f"anonymise.done.{what}", {"count": count}), language)
            for what, count in row.done.items()
        )
        tell("anonymise.dicom", done=", ".join(parts))


def _print_counts(done: Anonymised, *, looked_for_faces: bool, out: Path) -> None:
    rows = done.rows
    written, held = sum(bool(row.path) for row in rows), sum(bool(row.held) for row in rows)
    tell("anonymise.count", written=written, held=held, failed=sum(bool(row.error) for row in rows), out=out)
    if done.left_out:
        tell("anonymise.left_out", count=done.left_out)
    if looked_for_faces:
        from rectoverso.workflow.anonymised import MEASURED

        tell("anonymise.recall", **MEASURED, percent=round(100 * MEASURED["at_least"]))
    elif any(row.path and row.kind == "picture" for row in rows):
        tell("anonymise.no_faces")
