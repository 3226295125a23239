"""What every error has, and the three kinds that a program tells apart by their exit code."""

from __future__ import annotations

from typing import ClassVar

_NO_SPACE_AFTER = ("\n", "。", "？")
"""A new line, and the full stops of Chinese, which bring their own space."""


class RectoversoError(Exception):
    """What happened, why, and what to do. ``facts`` fill the blanks of the three sentences."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3
    what: ClassVar[str] = "Something went wrong."
    why: ClassVar[str] = ""
    fix: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(str(self))

    def told(self, what: str | None = None, why: str | None = None, fix: str | None = None) -> str:
        """The three sentences, in English or in the templates given, with the facts filled in."""
        text = ""
        for template in (what or self.what, why or self.why, fix or self.fix):
            between = " " if text and template and not text.endswith(_NO_SPACE_AFTER) else ""
            text += between + template.format(**self.facts)
        return text

    def __str__(self) -> str:
        return self.told()


class InputError(RectoversoError):
    """What was given cannot be used."""

    code = "input"
    exit_code = 2


class AnswerIsNo(RectoversoError):
    """The check ran, and the answer is no."""

    code = "no"
    exit_code = 1


class CouldNotRun(RectoversoError):
    """Nothing could be said."""

    code = "could_not_run"
