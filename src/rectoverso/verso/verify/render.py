"""A report as a person reads it in a terminal: the outcome, what it means and does not mean, and the
evidence.
"""

from __future__ import annotations

import textwrap
import unicodedata

from rectoverso.i18n import say
from rectoverso.types import Message, Report

WIDTH = 96


def render(report: Report, language: str = "en") -> str:
    """The report in lines of at most ``WIDTH`` columns, without colour; ``language`` is en, zh or pseudo."""
    outcome = f"verify.{report.outcome}"

    def text(key: str) -> str:
        return say(Message(key), language)

    lines = [
        f"{text(f'{outcome}.title')}: {_printable(report.path)}" if report.path else text(f"{outcome}.title")
    ]
    lines += _wrapped(text(f"{outcome}.sentence"), "  ")
    lines += _wrapped(text(f"{outcome}.means"), "  ")
    colon = "：" if language == "zh" else ": "
    lines += _wrapped(f"{text('verify.does_not_mean_title')}{colon}{text(f'{outcome}.does_not_mean')}", "  ")
    for row in report.evidence:
        lines += _wrapped(_printable(say(row, language)), "    ", first="  · ")
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Without control characters: a file's name or signer may hold what would repaint the terminal."""
    return "".join(letter if unicodedata.category(letter)[0] != "C" else "?" for letter in text)


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    if any(unicodedata.east_asian_width(letter) == "W" for letter in text):
        # Each such letter is two columns wide, and a line may break between any two of them.
        return textwrap.wrap(text, WIDTH // 2, initial_indent=first or indent, subsequent_indent=indent)
    return textwrap.wrap(text, WIDTH, initial_indent=first or indent, subsequent_indent=indent)
