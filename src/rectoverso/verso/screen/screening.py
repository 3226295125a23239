"""Every check is asked about a draft, and each gets an answer: its own, or `review` because it had none.

1. Each check runs in a thread of its own, so that a late one cannot keep the door waiting.
2. A check that raises, is late, or answers something else than a finding becomes `review`, and says why.
3. No check at all is `review` too: an image that nobody looked at is not an image that passed.
4. What several drafts say together is asked when all of them have been examined. It makes findings graver, or nothing.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from rectoverso.protocols import Check, GroupCheck, LoadingCheck
from rectoverso.types import Draft, Finding, Message, Outcome
from rectoverso.verso.screen.gallery import GRAVITY

Answer = Finding | BaseException


def load(checks: Sequence[Check]) -> None:
    """Let checks load what they compare with. It may take longer than a draft is waited for."""
    for check in checks:
        if isinstance(check, LoadingCheck):
            with suppress(Exception):  # examining says what is wrong with it, draft by draft
                check.load()


def screen(draft: Draft, checks: Sequence[Check], *, timeout_s: float = 30.0) -> tuple[Finding, ...]:
    """One finding a check, in the order of the checks; all of them together have ``timeout_s``."""
    if not checks:
        return (_review("screen", "screen.no_checks"),)
    answers = [_ask(check, draft) for check in checks]
    deadline = time.monotonic() + timeout_s
    return tuple(
        _answer(check, answer, deadline, timeout_s) for check, answer in zip(checks, answers, strict=True)
    )


def screen_together(found: Sequence[Sequence[Finding]], checks: Sequence[Check]) -> list[tuple[Finding, ...]]:
    """The findings on each draft of a group, with what the group says of it."""
    rows = [tuple(findings) for findings in found]
    for check in checks:
        if isinstance(check, GroupCheck):
            rows = _asked_of_all(check, rows)
    return rows


def _asked_of_all(check: GroupCheck, rows: list[tuple[Finding, ...]]) -> list[tuple[Finding, ...]]:
    own = [finding for findings in rows for finding in findings if finding.check == check.name]
    try:
        said = list(check.together(own))
        answers = [_graver(*pair) for pair in zip(own, said, strict=True)]
    except Exception as error:  # noqa: BLE001 - whatever it was, the group was not judged
        failed = _review(check.name, "screen.failed", reason=_reason(error))
        answers = [_graver(one, failed) for one in own]
    left = iter(answers)
    return [tuple(next(left) if one.check == check.name else one for one in findings) for findings in rows]


def _graver(one: Finding, other: Finding) -> Finding:
    """The other finding where it is the graver one. An answer that is none at all raises."""
    if other.check != one.check:
        raise ValueError(f"answered for {other.check}")
    return other if GRAVITY[other.outcome] > GRAVITY[one.outcome] else one


def _ask(check: Check, draft: Draft) -> queue.Queue[Answer]:
    """Start a check. The thread is a daemon: one that never ends must not keep the program from ending."""
    answer: queue.Queue[Answer] = queue.Queue(maxsize=1)
    threading.Thread(
        target=_run, args=(check, draft, answer), name=f"check-{check.name}", daemon=True
    ).start()
    return answer


def _run(check: Check, draft: Draft, answer: queue.Queue[Answer]) -> None:
    try:
        answer.put(check.examine(draft))
    except BaseException as error:  # noqa: BLE001 - whatever it was, the draft was not examined
        answer.put(error)


def _answer(check: Check, answer: queue.Queue[Answer], deadline: float, timeout_s: float) -> Finding:
    try:
        found = answer.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        return _review(check.name, "screen.late", seconds=f"{timeout_s:g}")
    if isinstance(found, Finding) and found.check == check.name and isinstance(found.outcome, Outcome):
        return found
    return _review(check.name, "screen.failed", reason=_reason(found))


def _reason(found: object) -> str:
    if isinstance(found, BaseException):
        return f"{type(found).__name__}: {found}" if str(found) else type(found).__name__
    return f"answered {type(found).__name__}"


def _review(check: str, key: str, **facts: str) -> Finding:
    message = Message(key, {"check": check, **facts})
    return Finding(
        check=check, outcome=Outcome.REVIEW, message=message, evidence={"answered": False, **facts}
    )
