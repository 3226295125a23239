"""The held queue: what waits for people, one image after the other, and what they say of each.

All of it is links and forms; `review.js` lets letters press them. Where somebody is in the queue is in the address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from rectoverso.errors import HomeBusy, RectoversoError, SignatureNeeded
from rectoverso.protocols import SystemClock
from rectoverso.service.api.paging import MOST_NUMBER
from rectoverso.service.api.reviews import Id, ReviewView, evidence, one_review
from rectoverso.service.auth import Inspector, Reviewer, TheDesk, is_own_key
from rectoverso.service.desk import Desk
from rectoverso.service.problems import status_of
from rectoverso.store.assets import Asset, Waiting
from rectoverso.store.people import Person
from rectoverso.store.reviews import Choice, Vote
from rectoverso.studio.page import Page, Place, ThePage
from rectoverso.types import AssetId
from rectoverso.verso.registry.refusals import similar_works
from rectoverso.workflow.held import UNDO
from rectoverso.workflow.jobs.asked import Line
from rectoverso.workflow.permissions import Permission
from rectoverso.workflow.review import Said, decide, undo

PLACE = Place("review", "/review", Permission.INSPECT)
AT_ONCE = 24
"""So many are shown together, and can be voted on together."""
MEANINGS = ("examined", "reviewed", "responsible")
"""What a signature may mean, as `studio_review.meanings` says it."""
router = APIRouter()

Text = Annotated[str, Query(max_length=64)]
Comment = Annotated[str, Form(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Ids = Annotated[list[Id], Form(alias="asset", min_length=1, max_length=AT_ONCE)]


class Queue:
    """What waits, as one reviewer goes through it; ``use``: only what is for that."""

    def __init__(self, desk: TheDesk, person: Inspector, use: Text = "") -> None:
        everything = desk.home.assets.queue()
        self.use = use
        self.uses = Counter(one.use for one in everything)
        self.waiting = [one for one in everything if use in ("", one.use)]
        self.voted_on = desk.home.reviews.voted_on(person.id)
        since = (SystemClock().now() - UNDO).isoformat(timespec="seconds")
        self.last: Vote | None = desk.home.reviews.last(person.id, since)

    def address(self, of: AssetId | str | None = None, **more: int) -> str:
        """Of one image in this queue, or of the queue."""
        told: dict[str, object] = {**({"use": self.use} if self.use else {}), **more}
        return "/review" + (f"/{of}" if of else "") + (f"?{urlencode(told)}" if told else "")

    def place(self, entry: int) -> int:
        """How many come before this ledger entry, and itself."""
        return 1 + sum(one.ledger_index < entry for one in self.waiting)

    def following(self, entry: int) -> str:
        """The address of what comes after this ledger entry; that of the queue at its end."""
        return self.address(next((one.id for one in self.waiting if one.ledger_index > entry), None))

    def preceding(self, entry: int) -> str:
        """The same, before."""
        return self.address(
            next((one.id for one in reversed(self.waiting) if one.ledger_index < entry), None)
        )

    def to_do(self, after: int = -1, but: Iterable[str] = ()) -> str:
        """The address of the next image of which this reviewer has said nothing; the queue's if there is none."""
        left = [one for one in self.waiting if one.id not in self.voted_on and one.id not in but]
        later: list[Waiting] = [one for one in left if one.ledger_index > after]
        return self.address(next((one.id for one in later + left), None))

    @property
    def left(self) -> int:
        """How many this reviewer has said nothing of."""
        return sum(one.id not in self.voted_on for one in self.waiting)


TheQueue = Annotated[Queue, Depends()]


@dataclass(frozen=True, slots=True)
class Card:
    """One image of the queue; ``near``: the work that it was found similar to."""

    view: ReviewView
    near: str


class Typed:
    """What the form of one image says."""

    def __init__(
        self,
        choice: Annotated[Choice, Form()],
        comment: Comment = "",
        key: Annotated[str, Form(max_length=100)] = "",
        meaning: Annotated[Line, Form()] = "",
    ) -> None:
        self.choice, self.comment, self.key = choice, comment.strip(), key.strip()
        self.meaning = meaning.strip()

    def said(self, desk: Desk, person: Person) -> Said:
        """The same, with whether it is signed. Only an approval is."""
        if self.choice is not Choice.APPROVE:
            return Said(self.choice, self.comment)
        is_signed = bool(self.key) and is_own_key(desk, self.key, person)
        return Said(self.choice, self.comment, is_signed, self.meaning)


@router.get(PLACE.path)
def queue(
    page: ThePage,
    desk: TheDesk,
    queue: TheQueue,
    person: Inspector,
    after: Annotated[int, Query(ge=-1, le=MOST_NUMBER)] = -1,
) -> Response:
    """What waits, some of it at once."""
    found = desk.home.assets.waiting(AT_ONCE + 1, after=after, use=queue.use or None)
    shown = found[:AT_ONCE]
    return page.show(
        "review.html",
        queue=queue,
        cards=[_card(desk, asset, person) for asset in shown],
        more=queue.address(after=shown[-1].ledger_index) if len(found) > AT_ONCE else None,
        is_first=after < 0,
        last=_last(queue),
    )


@router.post(PLACE.path)
async def vote_on_several(
    page: ThePage,
    desk: TheDesk,
    queue: TheQueue,
    person: Reviewer,
    assets: Ids,
    choice: Annotated[Choice, Form()],
    comment: Comment = "",
) -> Response:
    """One vote and one comment on several images; what waits for a signature is left alone. Each is told of."""
    said = Said(choice, comment.strip())
    return await desk.at_the_door(partial(_several, page, desk, queue, person, dict.fromkeys(assets), said))


def _several(
    page: Page, desk: Desk, queue: Queue, person: Person, assets: Iterable[str], said: Said
) -> Response:
    done: list[str] = []
    wrong: list[tuple[str, dict[str, str]]] = []
    for asset in assets:
        try:
            _demand_unsigned(one_review(asset, desk, person))
            decide(desk.home, desk.keys, asset, said, person)
            done.append(asset)
        except RectoversoError as error:
            wrong.append((asset, page.sentences(error)))
            if isinstance(error, HomeBusy):  # each other one would wait as long
                break
    return page.show("review_done.html", queue=queue, choice_=said.choice.value, done=done, wrong=wrong)


@router.post("/review/undo")
async def take_back(desk: TheDesk, queue: TheQueue, person: Reviewer, assets: Ids) -> Response:
    """Take one's own last votes on these back, and show the last of them again."""
    for asset in assets:
        await desk.at_the_door(partial(undo, desk.home, desk.keys, asset, person))
    return RedirectResponse(queue.address(assets[-1]), 303)


@router.get("/review/{asset}")
def one(asset: Id, page: ThePage, desk: TheDesk, queue: TheQueue, person: Inspector) -> Response:
    """One image that is or was held, and the form to vote with."""
    return _shown(page, desk, queue, person, asset)


@router.post("/review/{asset}")
async def vote(
    asset: Id,
    page: ThePage,
    desk: TheDesk,
    queue: TheQueue,
    person: Reviewer,
    form: Annotated[Typed, Depends()],
) -> Response:
    """Vote, and go on to the next. What goes wrong is told where one was, with what one had typed."""
    return await desk.at_the_door(partial(_voted, asset, page, desk, queue, person, form))


def _voted(asset: str, page: Page, desk: Desk, queue: Queue, person: Person, form: Typed) -> Response:
    view = one_review(asset, desk, person)
    try:
        decide(desk.home, desk.keys, asset, form.said(desk, person), person)
    except RectoversoError as error:
        return _shown(page, desk, queue, person, asset, form, error)
    return RedirectResponse(queue.to_do(view.asset.ledger_index, but=[asset]), 303)


def _shown(
    page: Page,
    desk: Desk,
    queue: Queue,
    person: Person,
    asset: str,
    form: Typed | None = None,
    wrong: RectoversoError | None = None,
) -> Response:
    view = one_review(asset, desk, person)
    return page.show(
        "review_one.html",
        status_of(wrong) if wrong else 200,
        view=view,
        evidence=evidence(asset, page.request, desk, person),
        queue=queue,
        names={vote.person: _name(desk, vote.person) for vote in view.votes},
        form=form,
        wrong=page.sentences(wrong) if wrong else None,
        meanings=MEANINGS,
        last=_last(queue, but=asset),
    )


def _demand_unsigned(view: ReviewView) -> None:
    if view.people and (view.people.signed or view.people.professional):
        raise SignatureNeeded(asset=view.asset.id)


def _card(desk: Desk, asset: Asset, person: Person) -> Card:
    near = next(similar_works(asset), None)
    return Card(one_review(asset.id, desk, person), near.get("title", "") if near else "")


def _last(queue: Queue, but: str | None = None) -> Vote | None:
    """What this reviewer said last and can take back; that of the image before them stands there already."""
    return None if queue.last is None or queue.last.asset == but else queue.last


def _name(desk: Desk, person: str) -> str:
    found = desk.home.people.find(person)
    return found.name if found else person
