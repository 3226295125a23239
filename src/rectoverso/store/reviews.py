"""What people said of held images: votes, each of which is an entry of the ledger too.

The rows say who and what; the ledger's entries commit to it, and to the comments, whose openings the home keeps. A vote
that was taken back stays as a row, with the entry that says so.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from rectoverso.store.people import Role
from rectoverso.store.tables import reviews
from rectoverso.types import AssetId

if TYPE_CHECKING:
    from rectoverso.store.database import Database, Transaction


class Choice(StrEnum):
    """What somebody says of a held image: let it go, let it never go, or let an admin decide."""

    APPROVE = "approve"
    REFUSE = "refuse"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote. ``entry`` and ``undone``: the ledger entries that record it, and that it was taken back."""

    number: int
    asset: AssetId
    person: str
    role: Role
    choice: Choice
    at: str
    entry: int
    undone: int | None = None


class Reviews:
    """The votes of one home."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, tx: Transaction, asset: AssetId, person: str, role: Role, choice: Choice, at: str, entry: int
    ) -> None:
        """Keep a vote."""
        row = {"asset": asset, "person": person, "role": role.value, "choice": choice.value}
        tx.connection.execute(reviews.insert().values(**row, at=at, entry=entry))

    def undo(self, tx: Transaction, vote: Vote, entry: int) -> None:
        """Note the entry that takes a vote back."""
        tx.connection.execute(reviews.update().where(reviews.c.number == vote.number).values(undone=entry))

    def of(self, assets: Collection[AssetId], tx: Transaction | None = None) -> dict[AssetId, list[Vote]]:
        """Every vote on these images, in their order, those that were taken back too."""
        query = reviews.select().where(reviews.c.asset.in_(assets)).order_by(reviews.c.number)
        with nullcontext(tx) if tx else self._database.read() as reading:
            votes = [_vote(row) for row in reading.connection.execute(query)]
        found: dict[AssetId, list[Vote]] = {asset: [] for asset in assets}
        for vote in votes:
            found[vote.asset].append(vote)
        return found

    def voted_on(self, person: str) -> set[AssetId]:
        """The images of which somebody has said something that counts."""
        theirs = (reviews.c.person == person) & reviews.c.undone.is_(None)
        with self._database.read() as tx:
            rows = tx.connection.execute(sa.select(reviews.c.asset).where(theirs))
            return {AssetId(row.asset) for row in rows}

    def last(self, person: str, since: str) -> Vote | None:
        """The last vote of somebody that counts and was given since."""
        theirs = (reviews.c.person == person) & (reviews.c.at >= since) & reviews.c.undone.is_(None)
        query = reviews.select().where(theirs).order_by(reviews.c.number.desc()).limit(1)
        with self._database.read() as tx:
            row = tx.connection.execute(query).first()
        return None if row is None else _vote(row)

    def since(self, moment: str) -> set[AssetId]:
        """The images that somebody has voted on since."""
        with self._database.read() as tx:
            rows = tx.connection.execute(sa.select(reviews.c.asset).where(reviews.c.at >= moment))
            return {AssetId(row.asset) for row in rows}


def _vote(row: Any) -> Vote:
    return Vote(
        row.number,
        AssetId(row.asset),
        row.person,
        Role(row.role),
        Choice(row.choice),
        row.at,
        row.entry,
        row.undone,
    )
