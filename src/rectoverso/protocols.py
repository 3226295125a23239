"""The seams of the house: small interfaces, so that a test injects a fake and never patches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from rectoverso.types import Draft, Finding, Maker


class Clock(Protocol):
    """Tells the time, always in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Generator(Protocol):
    """Anything that turns seeds into drafts."""

    @property
    def maker(self) -> Maker: ...

    def drafts(self, seeds: range) -> Iterator[Draft]: ...


class Check(Protocol):
    """One question asked of a draft before it may leave. Raising is answered with `hold`, never `release`.

    A check whose answers became other ones has a ``version`` (1 where it has none): what was asked before is then asked
    anew.
    """

    @property
    def name(self) -> str: ...

    def examine(self, draft: Draft) -> Finding: ...


@runtime_checkable
class GroupCheck(Check, Protocol):
    """A check that also asks what several drafts say together, before any of them leaves."""

    def together(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Its own findings on the drafts of a group, in their order, graver where the others make them so."""
        ...


@runtime_checkable
class LoadingCheck(Check, Protocol):
    """A check that has much to load before the first draft."""

    def load(self) -> None:
        """Load it now, so that no draft has to wait for it. What goes wrong is told by ``examine``."""
        ...
