"""What a reviewer is told of a held image before they vote, the same in the API, the studio and the command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rectoverso.errors import RectoversoError
from rectoverso.store.home import Home
from rectoverso.store.people import Person
from rectoverso.store.reviews import Choice
from rectoverso.verso.ledger.ledger import Ledger
from rectoverso.verso.policy.rules import People
from rectoverso.workflow.held import kept_of
from rectoverso.workflow.professions import confirmed
from rectoverso.workflow.review import Standing, comment_of, policy_of


@dataclass(frozen=True, slots=True)
class Docket:
    """Where a held image stands, as one ``person`` sees it. ``people``: who may let it go; None where nobody can any
    more. ``profession``: as what the person may sign for it. ``blocked``: why they cannot approve it, as
    `studio_review.blocked` says it.
    """

    standing: Standing
    people: People | None
    is_own: bool
    by_me: Choice | None
    profession: str
    blocked: str | None

    @property
    def is_signed(self) -> bool:
        """Whether an approval has to be signed."""
        return self.people is not None and (self.people.signed or self.people.professional)

    def plain(self, home: Home, ledger: Ledger) -> dict[str, Any]:
        """As `--json` prints it."""
        held, became = self.standing.held, self.standing.became
        return {
            "asset": held.id,
            "use": held.use,
            "decided_at": held.decided_at,
            "ledger_index": held.ledger_index,
            "state": self.standing.state,
            "people": self.people.model_dump() if self.people else None,
            "votes": [
                {
                    "person": vote.person,
                    "role": vote.role.value,
                    "choice": vote.choice.value,
                    "at": vote.at,
                    "entry": vote.entry,
                    "comment": comment_of(home, ledger, vote),
                }
                for vote in self.standing.votes
            ],
            "by_me": self.by_me and self.by_me.value,
            "profession": self.profession,
            "blocked": self.blocked,
            "became": became and became.id,
        }


def docket_of(home: Home, ledger: Ledger, standing: Standing, person: Person) -> Docket:
    """What this person is told of it."""
    held, is_open = standing.held, not home.people.are_there()
    by_me = next((vote.choice for vote in reversed(standing.votes) if vote.person == person.id), None)
    try:
        policy = policy_of(home, held)
        is_own = kept_of(held)["person"] == person.id and not is_open
    except RectoversoError:  # its policy is gone or unusable, or it was held by an earlier version
        return Docket(standing, None, False, by_me, "", "before")
    people = policy.people
    found = confirmed(home, ledger, person.id, policy.use) if people.professional else None
    profession = found.name if found else ""
    blocked = _blocked(people, by_me, profession, is_own=is_own, is_open=is_open)
    return Docket(standing, people, is_own, by_me, profession, blocked)


def _blocked(
    people: People, by_me: Choice | None, profession: str, *, is_own: bool, is_open: bool
) -> str | None:
    if is_own:
        return "own"
    if by_me is Choice.APPROVE:
        return "voted"
    if is_open and (people.signed or people.professional):
        return "no_key"
    if is_open and people.least > 1:
        return "alone"
    if people.professional and not profession:
        return "unconfirmed"
    return None
