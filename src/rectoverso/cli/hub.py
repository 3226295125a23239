"""`verso push` and `verso pull`: a run to and from a Hugging Face hub repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell


def push(
    run: Annotated[Path, typer.Argument(help="The run to share.")],
    repository: Annotated[str, typer.Argument(metavar="REPO", help="Where to: OWNER/NAME.")],
    public: Annotated[bool, typer.Option("--public", help="Make a new repository public.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Share a run on a Hugging Face hub. Weights, config and cards; privately unless told otherwise.

    A run that brings its training pictures back, or that an audit found short, is refused.
    """
    from rectoverso.workflow.hub import push_run

    travelled = push_run(run, repository, home, public=public)
    if as_json:
        print_json(travelled.plain())
    else:
        tell("cli.pushed", count=len(travelled.files), place=travelled.place)


def pull(
    repository: Annotated[str, typer.Argument(metavar="REPO", help="Where from: OWNER/NAME.")],
    out: Annotated[Path, typer.Option("--out", help="The run: a new folder.")],
    revision: Annotated[
        str | None, typer.Option("--revision", help="A commit, branch or tag; else the newest.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a run from a Hugging Face hub. Weights, config and cards, nothing that could run."""
    from rectoverso.workflow.hub import pull_run

    travelled = pull_run(repository, out, revision=revision)
    if as_json:
        print_json(travelled.plain())
        return
    tell("cli.pulled", count=len(travelled.files), run=out, left=len(travelled.left))
    tell("cli.pulled_notice")
