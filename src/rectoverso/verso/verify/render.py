"""A report as a person reads it in a terminal: the outcome, what it means and does not mean, and the
evidence.
"""

from __future__ import annotations

import re
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
    lines += _wrapped(text(f"{outcome}.does_not_mean"), "  ")
    for row in report.evidence:
        lines += _wrapped(_printable(say(row, language)), "    ", first="  · ")
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Without control characters: a file's name or signer may hold what would repaint the terminal."""
    return "".join(letter if unicodedata.category(letter)[0] != "C" else "?" for letter in text)


def _wrapped(text: str, indent: str, first: str | None = None) -> list[str]:
    """Lines of at most ``WIDTH`` columns; a wide (Chinese) letter takes two, and a line may break at one."""
    lines, line = [], first if first is not None else indent
    is_empty = True
    for piece in _PIECES.findall(text):
        closes = piece[0] in _CLOSING
        if not is_empty and not closes and _columns(line + piece.rstrip()) > WIDTH:
            lines.append(line.rstrip())
            line, is_empty = indent, True
        line += piece.lstrip() if is_empty else piece
        is_empty = False
    return [*lines, line.rstrip()]


_PIECES = re.compile(r"[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+")
_CLOSING = "，。；：、）！？"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
