"""People decide on what the door has held: each vote is an entry of the ledger, and what settles the matter is too.

    refuse      settles it: the draft never leaves, and is gone once the time to take that back is over
    escalate    from then on nothing is approved without an admin
    approve     settles it once as many have as the policy asks for: then the draft goes on through the door, and the
                last vote, the release and the end of the hold are one transaction

Whoever asked for a picture does not approve it. Where the policy asks for signatures, each approval is made by somebody
who has just shown again that it is they, and who says what it means; where it asks for professionals, by somebody
whose profession an admin has confirmed (`workflow.professions`), and it counts as long as that holds. The ledger's
entry names nobody: it commits to who it was, to the comment, the meaning and the confirmed profession, and the home
keeps what opens that, until it is erased.

A vote can be taken back for an hour by whoever gave it. Where it settled the matter, that is open again; a release is
revoked for that, and who verifies the file is told so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rectoverso.errors import (
    EntryNotFound,
    LedgerBroken,
    NotUndone,
    OwnWork,
    ProfessionUnconfirmed,
    ReviewElsewhere,
    SignatureNeeded,
    VotedAlready,
)
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.assets import Asset
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.store.people import Person, Role
from rectoverso.store.reviews import Choice, Vote
from rectoverso.types import AssetId, Message
from rectoverso.verso.law import Labelling
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.policy import Policy
from rectoverso.workflow import digests
from rectoverso.workflow.comparing import checks_of_works
from rectoverso.workflow.guard import Guard
from rectoverso.workflow.held import UNDO, draft_of, held_asset, kept_of, terms_of
from rectoverso.workflow.ledgers import REVOKED, committed, open_ledger, opened
from rectoverso.workflow.professions import Profession, confirmed
from rectoverso.workflow.release import Approval, Door, let_go

REVIEWED, UNDONE = "reviewed", "review_undone"
"""The kinds of entries by which somebody votes, and takes that back."""
WAIT_S = 60.0
"""So long an approval waits for others at the door before it has to be sent again."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of a held image. ``is_signed``: they have just shown again that it is they; ``meaning`` is
    what they sign for.
    """

    choice: Choice
    comment: str = ""
    is_signed: bool = False
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a held image stands: the ``votes`` that count, and the image that it ``became``, if it was let go."""

    held: Asset
    votes: Sequence[Vote]
    became: Asset | None = None

    @property
    def state(self) -> str:
        """``waiting``, ``escalated``, ``approved`` or ``refused``."""
        if self.held.settled is not None:
            return "approved" if self.became else "refused"
        return "escalated" if _is_escalated(self.votes) else "waiting"


def policy_of(home: Home, held: Asset) -> Policy:
    """The policy that says who may let it go: as it reads now. Raises HeldBefore, UnknownName, PolicyUnusable."""
    return terms_of(held).rules(home.path)


def standing_of(home: Home, held: Asset) -> Standing:
    """Where a held image stands."""
    became = None if held.settled is None else home.assets.by_entry(held.settled)
    return Standing(held, standing_votes(home.reviews.of([held.id])[held.id]), became)


def decide(
    home: Home, keys: Keys, asset: str, said: Said, person: Person, clock: Clock | None = None
) -> Standing:
    """Take somebody's vote on a held image, and do what follows from it.

    Raises NotWaiting, VotedAlready, OwnWork, ProfessionUnconfirmed, SignatureNeeded; HeldBefore, FoundSince and
    MarkFailed where it cannot be let go; HomeBusy while others are at the door, ReviewElsewhere where another vote came
    first: then nothing was said.
    """
    clock = clock or SystemClock()
    held = held_asset(home, asset)
    votes = standing_of(home, held).votes
    if any(vote.person == person.id and vote.choice is said.choice for vote in votes):
        raise VotedAlready(asset=asset)
    ballot = _Ballot(home, open_ledger(home, keys, clock), held, votes, said, person, clock)
    if said.choice is Choice.APPROVE and ballot.is_enough():
        with home.lock(WAIT_S):
            ballot.release(keys)
    else:
        profession = ballot.profession() if said.choice is Choice.APPROVE else None
        with home.database.transaction() as tx:
            entry = ballot.write(tx, profession)
            if said.choice is Choice.REFUSE:
                home.assets.settle(tx, held.id, entry)
    return standing_of(home, home.assets.by_id(held.id) or held)


def undo(home: Home, keys: Keys, asset: str, person: Person, clock: Clock | None = None) -> Standing:
    """Take somebody's last vote on an image back, and what it settled. Raises NotUndone for one that is too old, of
    which the draft is gone, or that there is none of.
    """
    clock = clock or SystemClock()
    ledger = open_ledger(home, keys, clock)
    with home.lock(WAIT_S):
        held, vote = _to_undo(home, asset, person, clock)
        released = standing_of(home, held).became
        with Guard(home, ledger).changing() as tx:
            entry = ledger.append(tx, UNDONE, {"asset": held.id, "reviewed": vote.entry})
            home.reviews.undo(tx, vote, entry)
            if held.settled == vote.entry or (released is not None and vote.choice is Choice.APPROVE):
                home.assets.settle(tx, held.id, None)
            if released is not None and vote.choice is Choice.APPROVE and released.revoked is None:
                why = committed(home, tx, "the approval was taken back")
                facts: dict[str, Json] = {
                    "asset": released.id,
                    "released": released.ledger_index,
                    "reason": why,
                }
                home.assets.revoke(tx, released.id, ledger.append(tx, REVOKED, facts))
    return standing_of(home, home.assets.by_id(held.id) or held)


def take_back_approvals(home: Home, tx: Transaction, person: str, entry: int) -> None:
    """Those of an account that is erased, by the entry that says so, on what still waits: nobody can tell any more
    whose they are. What an admin was asked for stays asked.
    """
    for asset, votes in home.reviews.of(home.reviews.voted_on(person), tx).items():
        if home.assets.is_waiting(tx, asset):
            for vote in standing_votes(votes):
                if vote.person == person and vote.choice is Choice.APPROVE:
                    home.reviews.undo(tx, vote, entry)


def _to_undo(home: Home, asset: str, person: Person, clock: Clock) -> tuple[Asset, Vote]:
    held = home.assets.by_id(AssetId(asset))
    votes = [] if held is None else standing_of(home, held).votes
    vote = next((vote for vote in reversed(votes) if vote.person == person.id), None)
    since = (clock.now() - UNDO).isoformat(timespec="seconds")
    if held is None or vote is None or vote.at < since or not home.blobs.has(held.id):
        raise NotUndone(asset=asset)
    return held, vote


def standing_votes(votes: Sequence[Vote]) -> list[Vote]:
    """Those that were not taken back."""
    return [vote for vote in votes if vote.undone is None]


def comment_of(home: Home, ledger: Ledger, vote: Vote) -> str:
    """What somebody wrote beside a vote; "" for nothing, or where it was erased, or the ledger has no such vote."""
    try:
        return opened(home, ledger, vote.entry, "comment") or ""
    except EntryNotFound:
        return ""


@dataclass(frozen=True, slots=True)
class _Ballot:
    """One vote, before it is cast."""

    home: Home
    ledger: Ledger
    held: Asset
    votes: Sequence[Vote]
    said: Said
    person: Person
    clock: Clock

    def is_enough(self) -> bool:
        """Whether this approval is the last that is needed. Raises OwnWork, ProfessionUnconfirmed and SignatureNeeded
        where it is none.
        """
        policy = policy_of(self.home, self.held)
        asked = policy.people
        if kept_of(self.held)["person"] == self.person.id and self.home.people.are_there():
            raise OwnWork(asset=self.held.id)
        self.profession()
        if (asked.signed or asked.professional) and not (self.said.is_signed and self.said.meaning):
            raise SignatureNeeded(asset=self.held.id)
        approving = self._approving(policy)
        roles = {self.person.role, *(vote.role for vote in approving)}
        is_lifted = not _is_escalated(self.votes) or Role.ADMIN in roles
        return len({self.person.id, *(vote.person for vote in approving)}) >= asked.least and is_lifted

    def write(self, tx: Transaction, profession: Profession | None) -> int:
        """Cast it, in the ledger and in the home; returns its entry. Raises ReviewElsewhere where others came first."""
        now = standing_votes(self.home.reviews.of([self.held.id], tx)[self.held.id])
        if now != list(self.votes) or not self.home.assets.is_waiting(tx, self.held.id):
            raise ReviewElsewhere(asset=self.held.id)
        private = {"by": f"{self.person.id} {self.person.name}", "comment": self.said.comment}
        if profession:
            private |= {"profession": profession.name, "confirmed": str(profession.confirmation.entry)}
        private |= {"meaning": self.said.meaning}
        facts: dict[str, Any] = {
            "asset": self.held.id,
            "held": self.held.ledger_index,
            "choice": self.said.choice.value,
            "role": self.person.role.value,
            "signed": self.said.is_signed,
            "professional": profession is not None,
        }
        facts |= {name: committed(self.home, tx, text) for name, text in private.items() if text}
        entry = self.ledger.append(tx, REVIEWED, facts)
        at = self.clock.now().isoformat(timespec="seconds")
        self.home.reviews.add(tx, self.held.id, self.person.id, self.person.role, self.said.choice, at, entry)
        return entry

    def release(self, keys: Keys) -> Asset:
        """Let the draft go, with this vote."""
        terms = terms_of(self.held)
        policy = terms.rules(self.home.path)
        profession, approving = self.profession(), self._approving(policy)
        for vote in approving:
            self._demand_entry(vote)
        door = Door(
            home=self.home,
            keys=keys,
            checks=lambda works: checks_of_works(self.home, works, terms.territory, self.clock),
            policy=policy,
            clock=self.clock,
            media_type=terms.media_type,
            labelling=Labelling(terms.laws, keys.owner, terms.producer, terms.all_visible),
            territory=terms.territory,
            person=terms.person,
        )
        entries = [vote.entry for vote in approving]

        def write(tx: Transaction) -> Mapping[str, Any]:
            return {"held": self.held.ledger_index, "reviews": [*entries, self.write(tx, profession)]}

        code = {"code": f"{policy.name}@{policy.version}:people", "decision": "release"}
        reason = Message("release.approved", code | {"people": len(entries) + 1})
        request = digests.of_facts(held=self.held.id, reviews=entries, size=self.ledger.size())
        return let_go(draft_of(self.home, self.held), Approval(self.held, request, (reason,), write), door)

    def profession(self) -> Profession | None:
        """As what this approval is given, where the policy asks for professionals. Raises ProfessionUnconfirmed."""
        policy = policy_of(self.home, self.held)
        if not policy.people.professional:
            return None
        found = confirmed(self.home, self.ledger, self.person.id, policy.use)
        if found is None:
            raise ProfessionUnconfirmed(asset=self.held.id, use=policy.use)
        return found

    def _approving(self, policy: Policy) -> list[Vote]:
        """The approvals that count: where professionals are asked for, those of people who are confirmed now."""
        return [
            vote
            for vote in self.votes
            if vote.choice is Choice.APPROVE
            and (not policy.people.professional or confirmed(self.home, self.ledger, vote.person, policy.use))
        ]

    def _demand_entry(self, vote: Vote) -> None:
        """Raise LedgerBroken where the ledger does not say what a row of votes does: that has no seal of its own."""
        self.ledger.prove(vote.entry)
        entry = self.ledger.entry(vote.entry)
        says = tuple(entry.get(name) for name in ("kind", "asset", "choice", "role"))
        who = opened(self.home, self.ledger, vote.entry, "by") or ""
        if (
            says != (REVIEWED, vote.asset, vote.choice.value, vote.role.value)
            or who.split(" ")[0] != vote.person
        ):
            facts = {"asset": vote.asset, "kind": REVIEWED, "index": vote.entry}
            raise LedgerBroken(problem=Phrase(Message("ledger.asset_unlisted", facts)))


def _is_escalated(votes: Sequence[Vote]) -> bool:
    return any(vote.choice is Choice.ESCALATE for vote in votes)
