"""A report as a person reads it in a terminal: the outcome, what it means and does not mean, and then what each step
says, why, and what that proves and does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rectoverso.i18n import printable, say
from rectoverso.types import Layer, Message, Report
from rectoverso.verso.verify.layers import does_not_prove, proves, words

WIDTH = 80


def render(report: Report, language: str = "en") -> str:
    """The report in lines of at most ``WIDTH`` columns, without colour; ``language`` is en, zh or pseudo."""
    outcome = f"verify.{report.outcome}"
    title = say(Message(f"{outcome}.title"), language)
    lines = [f"{title}: {printable(report.path)}" if report.path else title]
    for part in ("sentence", "means", "does_not_mean"):
        lines += _wrapped(say(Message(f"{outcome}.{part}"), language), "  ")
    lines += _rows(report.contradictions, language)
    for number, (name, layer) in enumerate(report.layers.items()):
        lines += _layer(f"{number} {say(Message(f'layers.{name}.name'), language)}", name, layer, language)
    return "\n".join(lines)


def _layer(heading: str, name: str, layer: Layer, language: str) -> list[str]:
    """A step: its three words, the reasons, and what they prove and do not; one line where it was not asked."""
    said = [say(word, language) for word in words(layer)] or [say(Message("layers.word.unasked"), language)]
    comma, colon = (say(Message(f"layers.word.{mark}"), language) for mark in ("comma", "colon"))
    lines = _wrapped(printable(f"{heading}{colon}{comma.join(said)}"), "    ", first="  ")
    if layer == type(layer)():
        return lines
    lines += _rows(layer.evidence, language)
    for part, message in (("proves", proves(name, layer)), ("does_not_prove", does_not_prove(name, layer))):
        if message:
            says = Message(f"layers.word.{part}", {"says": message})
            lines += _wrapped(say(says, language), "      ", first="    ")
    return lines


def _rows(rows: Sequence[Message], language: str) -> list[str]:
    return [
        line for row in rows for line in _wrapped(printable(say(row, language)), "      ", first="    · ")
    ]


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
_CLOSING = "，。；：、）！？》」』】"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
