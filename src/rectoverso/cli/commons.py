"""`verso registry common`: pictures that anybody may use, so that no claim on them can stop others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_json, tell

app = typer.Typer(
    help="Pictures that anybody may use. No claim on what is alike to them can block.", no_args_is_help=True
)


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(help="Pictures, folders, or Parquet files.", metavar="FILE...")
    ],
    title: Annotated[
        str | None, typer.Option("--title", help="The picture's title; else its file name.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Enter stock textures, templates and the like. Only fingerprints are kept."""
    from rectoverso.workflow.registry import add_commons, plain, plain_common

    with live_progress() as listener:
        commons, marked = add_commons(files, home, title=title, listener=listener)
    if as_json:
        print_json(
            {"commons": [plain_common(each) for each in commons], "marked": [plain(work) for work in marked]}
        )
        return
    titles = {common.id: common.title for common in commons}
    for common in commons:
        tell("cli.common", id=common.id, title=common.title)
    for work in marked:
        alike = next(titles[each] for each in work.common if each in titles)
        tell("cli.work_common", title=work.title, common=alike)


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the pictures that anybody may use."""
    from rectoverso.workflow.registry import list_commons, plain_common

    commons = list_commons(home)
    if as_json:
        print_json({"commons": [plain_common(each) for each in commons]})
        return
    for common in commons:
        tell("cli.common", id=common.id, title=common.title)
    tell("cli.commons_count", count=len(commons))


@app.command()
def remove(
    common: Annotated[str, typer.Argument(help="The picture's id or title.", metavar="PICTURE")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a picture out of them. Works that were alike to it alone can block again."""
    from rectoverso.workflow.registry import plain_common, remove_common

    removed = remove_common(common, home)
    if as_json:
        print_json({"removed": plain_common(removed)})
    else:
        tell("cli.common_removed", title=removed.title)
