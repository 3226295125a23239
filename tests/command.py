"""`verso` in this process, which has loaded already what a new one loads for seconds.

What starts it as its users do: the README's commands (tests/docs), and whatever is killed.
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from rectoverso.cli.main import main


@dataclass(frozen=True)
class Done:
    """What a command left with."""

    code: int
    stdout: str
    stderr: str


def verso(*arguments: object, code: int | None = 0) -> Done:
    """Run it in English; it has to leave with ``code``, unless that is None."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setenv("RECTOVERSO_LANG", "en")
        left_with = code_of(*arguments)
    done = Done(left_with, out.getvalue(), err.getvalue())
    assert code is None or done.code == code, done.stdout + done.stderr
    return done


def code_of(*arguments: object) -> int:
    """Run it in the reader's language, what it says goes where this process says it; returns what it left with."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return int(left.value.code or 0)
