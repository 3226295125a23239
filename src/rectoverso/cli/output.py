"""What the command says: one JSON object on stdout for programs, sentences for people, progress on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from rectoverso.errors import ProcessLost, RectoversoError
from rectoverso.i18n import explain, preferred_language, printable, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.workflow.progress import Listener, Progress

SEPARATOR = " · "


def tell(key: str, **facts: object) -> None:
    """One sentence to the reader, in their language, on standard output."""
    print(_told(key, facts))


def note(key: str, **facts: object) -> None:
    """One sentence beside the result: on standard error, so that --json stays one object."""
    print(_told(key, facts), file=sys.stderr)


def _told(key: str, facts: dict[str, object]) -> str:
    """The sentence; names in it are one line, whatever they hold."""
    shown = {
        name: printable(str(fact)) if isinstance(fact, str | Path) else fact for name, fact in facts.items()
    }
    return say(Message(key, shown), preferred_language())


def speaks() -> bool:
    """Whether this process is the one that speaks: the first of those that torchrun started, or the only one."""
    return int(os.environ.get("WORLD_SIZE", "1")) == 1 or os.environ.get("RANK", "0") == "0"


def print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_event(event: str, value: dict[str, Any]) -> None:
    """One line of JSON on standard output, at once: what happened, and its facts."""
    print(json.dumps({"event": event} | value, ensure_ascii=False), flush=True)


def print_error(error: RectoversoError, *, as_json: bool, as_event: bool = False) -> None:
    """An error in the reader's voice, and with --json or --events in the program's voice too.

    What all processes of a training meet alike, the first one says for all.
    """
    if not speaks() and not isinstance(error, ProcessLost):
        return
    for line in explain(error, preferred_language()).split("\n"):
        print(printable(line), file=sys.stderr)
    if not speaks():
        return
    facts = {name: str(fact) for name, fact in error.facts.items()}
    told = {"error": {"code": error.code, "message": str(error), "facts": facts}}
    if as_event:
        print_event("error", told)
    elif as_json:
        print_json(told)


@contextmanager
def live_progress() -> Iterator[Listener]:
    """A listener that draws progress: one live line in a terminal, a plain line every ten seconds elsewhere."""
    if not sys.stderr.isatty():
        yield _plain_lines()
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(Text(""), console=Console(stderr=True), refresh_per_second=8) as live:

        def draw(progress: Progress) -> None:
            if progress.said:
                live.console.print(
                    say(progress.said, preferred_language()), markup=False, highlight=False, soft_wrap=True
                )
            live.update(Text(drawn(progress, live.console.width)))

        yield draw


def drawn(progress: Progress, width: int) -> str:
    """The line, with a bar before it where that takes no room from the words."""
    with_bar = _bar(progress) + line(progress)
    return with_bar if cells(with_bar) <= width else line(progress, width)


def line(progress: Progress, width: int | None = None) -> str:
    """Stage and done of total; then rate, time left and notes, as far as they are known and fit in ``width`` cells."""
    language = preferred_language()
    told = say(progress.stage, language) + SEPARATOR + f"{progress.done:,}"
    told += f" / {progress.total:,}" if progress.total else ""
    for part in _further(progress, language):
        longer = told + SEPARATOR + part
        if width is not None and cells(longer) > width:
            break
        told = longer
    return told


def _further(progress: Progress, language: str) -> Iterator[str]:
    """What can be left out of the line, the most important first."""
    if progress.rate:
        yield say(Message("cli.rate", {"rate": f"{progress.rate:,.0f}"}), language)
    if progress.seconds_left is not None:
        minutes, seconds = divmod(int(progress.seconds_left), 60)
        yield say(Message("cli.time_left", {"time": f"{minutes}:{seconds:02d}"}), language)
    yield from progress.notes


def cells(text: str) -> int:
    """Columns of a terminal that the text takes: Chinese characters take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _bar(progress: Progress, width: int = 24) -> str:
    if not progress.total:
        return ""
    filled = min(width, round(width * progress.done / progress.total))
    return "━" * filled + "╌" * (width - filled) + " "


def _plain_lines() -> Listener:
    import time

    last: dict[str, float] = {}

    def write(progress: Progress) -> None:
        now = time.monotonic()
        if progress.said:
            print(say(progress.said, preferred_language()), file=sys.stderr, flush=True)
        finished = progress.total is not None and progress.done >= progress.total
        if finished or now - last.get(progress.stage.key, -60.0) >= 10:
            last[progress.stage.key] = now
            print(line(progress), file=sys.stderr, flush=True)

    return write
