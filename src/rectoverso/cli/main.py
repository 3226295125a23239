"""The tree of commands, and the one place where an error becomes words and an exit code.

Exit codes: 0 done, 1 the answer is no, 2 bad usage or input, 3 it could not run.
"""

from __future__ import annotations

import os
import sys
from functools import cache

import typer
from typer.core import TyperGroup
from typer.main import get_group

from rectoverso.cli import (
    anonymise,
    audit,
    backup,
    comply,
    credit,
    curate,
    demo,
    directions,
    doctor,
    dream,
    erase,
    evaluate,
    export,
    generate,
    hub,
    ingrain,
    interpolate,
    invert,
    keys,
    ledger,
    people,
    policy,
    registry,
    review,
    seal,
    serve,
    systems,
    train,
    verify,
)
from rectoverso.cli.output import print_error
from rectoverso.errors import RectoversoError, Unexpected, UsageUnusable
from rectoverso.version import __version__

app = typer.Typer(
    name="verso",
    help="Train image generators on pictures you have the right to use, and let no image out without its proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(demo.demo)
app.command()(curate.curate)
app.command()(systems.systems)
app.command()(train.train)
app.command()(evaluate.evaluate)
app.command()(audit.audit)
app.command()(generate.generate)
app.command()(credit.credit)
app.command()(interpolate.interpolate)
app.command()(directions.directions)
app.command()(invert.invert)
app.command()(dream.dream)
app.command()(ingrain.ingrain)
app.command()(export.export)
app.command()(hub.push)
app.command()(hub.pull)
app.command()(seal.seal)
app.command()(verify.verify)
app.command()(comply.comply)
app.command()(anonymise.anonymise)
app.command()(erase.erase)
app.add_typer(registry.app, name="registry")
app.add_typer(review.app, name="review")
app.add_typer(policy.app, name="policy")
app.add_typer(ledger.app, name="ledger")
app.add_typer(keys.app, name="keys")
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(doctor.doctor)
app.command()(serve.serve)
app.command()(serve.work)
app.add_typer(people.app, name="people")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"rectoverso {__version__}")
        raise typer.Exit


@app.callback()
def root(
    _version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Train, screen, mark, sign, log and verify images."""


@cache
def _commands() -> TyperGroup:
    """Typer would make them anew whenever it is called, which takes as long as a small command does."""
    return get_group(app)


NO_SPINNING = ("OPENBLAS_THREAD_TIMEOUT", "4")
"""2^4 turns. NumPy's threads else wait for more work by turning, 2^26 times, and take the core of whoever has work. It
counts if it is there before NumPy is; processes that are started inherit it.
"""


def main(arguments: list[str] | None = None) -> None:
    """Run `verso` and leave with its exit code."""
    os.environ.setdefault(*NO_SPINNING)
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json, as_event = "--json" in arguments, "--events" in arguments
    try:
        if as_json or as_event:  # then what is wrong with the line itself is for programs to read, too
            sys.exit(_commands()(arguments, standalone_mode=False) or 0)
        _commands()(arguments)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the reader gets words, and a code that is not an answer
        told = _told(error)
        print_error(told, as_json=as_json, as_event=as_event)
        sys.exit(told.exit_code)


def _told(error: Exception) -> RectoversoError:
    if isinstance(error, typer.TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "verso"
        problem = str(getattr(error, "format_message", error.__str__)())
        return UsageUnusable(
            problem=problem if problem.endswith((".", "?")) else f"{problem}.", command=command
        )
    return error if isinstance(error, RectoversoError) else _unexpected(error)


def _unexpected(error: Exception) -> RectoversoError:
    """A fault of ours, in words; with RECTOVERSO_DEBUG it is raised as it is."""
    if os.environ.get("RECTOVERSO_DEBUG"):
        raise error
    return Unexpected(problem=f"{type(error).__name__}: {error}")
