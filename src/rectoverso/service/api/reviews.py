"""Held images: what waits for people, what they are shown of it, and what they decide.

Whoever inspects what is made here is told all of it; a held draft is shown to whoever may decide on it and to nobody
else, is not kept by any browser on the way, and says in
a header what it is. It gets out by the door only, once it is approved.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from rectoverso.errors import AssetNotFound
from rectoverso.service.api.paging import Cursor, Limit, paged
from rectoverso.service.auth import Inspector, Reviewer, TheDesk, is_own_key
from rectoverso.service.desk import Desk
from rectoverso.service.problems import language_of
from rectoverso.service.shapes import AssetView, EvidenceView, Page
from rectoverso.store.assets import Asset
from rectoverso.store.people import Person, Role
from rectoverso.store.reviews import Choice
from rectoverso.types import AssetId, Decision
from rectoverso.workflow.docket import docket_of
from rectoverso.workflow.held import held_asset, picture_of, sheet_of, shown_works
from rectoverso.workflow.jobs.asked import Line
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.permissions import Permission, is_allowed
from rectoverso.workflow.review import Said, Standing, comment_of, decide, standing_of, undo

router = APIRouter(prefix="/reviews", tags=["reviews"])
_LOG = logging.getLogger(__name__)

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
WorkId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,64}$")]
_DRAFT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}
}
_AS_A_DRAFT = {
    "Cache-Control": "no-store, private",
    "Content-Disposition": 'inline; filename="held-draft-not-released.png"',
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Rectoverso-Draft": "held",
    "X-Robots-Tag": "noindex, noimageindex",
}


class PeopleView(BaseModel):
    """Who may let an image go, as its policy says: how many, of the profession or anyone, signed or not."""

    least: int
    professional: bool
    signed: bool


class VoteView(BaseModel):
    """What somebody said. ``person`` is an account's id; ``entry`` the ledger's entry of it."""

    person: str
    role: Role
    choice: Choice
    at: str
    entry: int
    comment: str


class ReviewView(BaseModel):
    """A held image, and where it stands. ``became``: the released image, once it was let go. ``by_me``: the asker's own
    vote; ``profession``: as what they may sign, as it was confirmed. ``people`` is null where it cannot be approved any
    more; ``picture`` where it is settled, and for who may not decide on it.
    """

    asset: AssetView
    state: Literal["waiting", "escalated", "approved", "refused"]
    people: PeopleView | None
    votes: list[VoteView]
    by_me: Choice | None
    is_own: bool = Field(description="The asker had it made, and cannot be the one who approves it.")
    profession: str = Field(description="What the asker is confirmed to be, where the policy asks for it.")
    blocked: Literal["before", "own", "voted", "no_key", "alone", "unconfirmed"] | None = Field(
        description="Why the asker cannot approve it."
    )
    became: str | None
    picture: str | None
    evidence: str


class PrecedentView(BaseModel):
    """What became of an earlier draft that is the same picture, or a version of it, because of the same work:
    ``approved`` or ``refused`` by people, or ``stopped`` at the door.
    """

    asset: str
    decided_at: str
    outcome: Literal["approved", "refused", "stopped"]
    ledger_index: int


class ShownWork(BaseModel):
    """A work that the draft was found similar to, with what was asked and claimed of it when the draft was held;
    ``changes``: what seems to have been done to it, in words; ``earlier``: what was decided before on the same pair,
    the latest first, five at most; ``sheets``: pictures of both, where the work's own is kept here; ``unseen``: it was
    entered by fingerprints, and nobody here had seen a picture of it.
    """

    id: str
    title: str
    owner: str
    claim: str
    asked: str
    contact: str
    changes: str
    earlier: list[PrecedentView]
    unseen: bool
    sheets: dict[str, str]


class HeldEvidence(EvidenceView):
    """Why an image was held, and the works beside which it can be looked at."""

    works: list[ShownWork]


class Signature(BaseModel):
    """Who approves shows again that it is they: their own key, and what the approval means."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[str, Field(min_length=1, max_length=100)]
    meaning: Annotated[Line, Field(min_length=1)]


class VoteAsked(BaseModel):
    """A vote on a held image."""

    model_config = ConfigDict(extra="forbid")

    choice: Choice
    comment: Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")] = ""
    signature: Signature | None = None


@router.get("")
def waiting(
    desk: TheDesk,
    person: Inspector,
    limit: Limit = 50,
    cursor: Cursor = None,
    use: Annotated[str | None, Query(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] = None,
) -> Page[ReviewView]:
    """What waits for people, the oldest first."""
    found = desk.home.assets.waiting(limit + 1, after=-1 if cursor is None else cursor, use=use)
    page, follows = paged(found, limit, lambda asset: asset.ledger_index)
    return Page(items=[_view(desk, asset, person) for asset in page], next=follows)


@router.get("/{asset}")
def one_review(asset: Id, desk: TheDesk, person: Inspector) -> ReviewView:
    """One image that is or was held, with every vote that counts."""
    return _view(desk, _was_held(desk, asset), person)


@router.get("/{asset}/picture", response_class=Response, responses=_DRAFT)
def picture(asset: Id, desk: TheDesk, person: Reviewer) -> Response:
    """The held draft, for who decides on it: a PNG file without any mark, which no cache keeps."""
    data = picture_of(desk.home, held_asset(desk.home, asset))
    _LOG.info("draft_seen", extra={"asset": asset, "person": person.id})
    return Response(data, media_type="image/png", headers=_AS_A_DRAFT)


@router.get("/{asset}/evidence")
def evidence(asset: Id, request: Request, desk: TheDesk, person: Inspector) -> HeldEvidence:
    """Why it was held."""
    found = _was_held(desk, asset)
    language = language_of(request)
    told = EvidenceView.of(found, language)
    works = [
        ShownWork(
            **{name: fact for name, fact in work.items() if name != "is_kept"},
            earlier=[PrecedentView(**one.plain()) for one in desk.precedents.of(found, work["id"])],
            sheets={
                name: f"/api/v1/reviews/{asset}/works/{work['id']}/{name}" for name in ("points", "overlay")
            }
            if work["is_kept"] and found.is_waiting and is_allowed(person, Permission.REVIEW)
            else {},
        )
        for work in shown_works(desk.home, found, language)
    ]
    return HeldEvidence(**told.model_dump(), works=works)


@router.get("/{asset}/works/{work}/{sheet}", response_class=Response, responses=_DRAFT)
def sheet(
    asset: Id, work: WorkId, sheet: Literal["points", "overlay"], desk: TheDesk, person: Reviewer
) -> Response:
    """The draft and a work that it was found similar to, side by side with the points that agree, or one over the other
    with how they differ. Only of works whose pictures this home keeps.
    """
    data = sheet_of(desk.home, held_asset(desk.home, asset), work, sheet)
    _LOG.info("draft_seen", extra={"asset": asset, "person": person.id})
    return Response(data, media_type="image/png", headers=_AS_A_DRAFT)


@router.post("/{asset}/votes")
async def vote(asset: Id, asked: VoteAsked, desk: TheDesk, person: Reviewer) -> ReviewView:
    """Approve, refuse or escalate. The last approval that the policy asks for lets the image go; one refusal is enough
    to keep it for good. Where the policy wants signatures, an approval needs one.
    """
    return await desk.at_the_door(partial(_voted, asset, asked, desk, person))


def _voted(asset: str, asked: VoteAsked, desk: Desk, person: Person) -> ReviewView:
    signature = asked.signature
    said = Said(
        choice=asked.choice,
        comment=asked.comment.strip(),
        is_signed=signature is not None and is_own_key(desk, signature.key, person),
        meaning=signature.meaning if signature else "",
    )
    standing = decide(desk.home, desk.keys, asset, said, person)
    return _view_of(desk, standing, person)


@router.post("/{asset}/undo")
async def take_back(asset: Id, desk: TheDesk, person: Reviewer) -> ReviewView:
    """Take one's own last vote back, within an hour. What it settled is open again; a release is revoked for that."""
    standing = await desk.at_the_door(partial(undo, desk.home, desk.keys, asset, person))
    return await anyio.to_thread.run_sync(_view_of, desk, standing, person)


def _was_held(desk: Desk, asset: str) -> Asset:
    found = desk.home.assets.by_id(AssetId(asset))
    if found is None or found.decision is not Decision.HOLD:
        raise AssetNotFound(asset=asset)
    return found


def _view(desk: Desk, asset: Asset, person: Person) -> ReviewView:
    return _view_of(desk, standing_of(desk.home, asset), person)


def _view_of(desk: Desk, standing: Standing, person: Person) -> ReviewView:
    held, ledger = standing.held, open_ledger(desk.home, desk.keys)
    docket, url = docket_of(desk.home, ledger, standing, person), f"/api/v1/reviews/{held.id}"
    return ReviewView(
        asset=AssetView.of(held),
        state=standing.state,  # type: ignore[arg-type]
        people=PeopleView(**docket.people.model_dump()) if docket.people else None,
        votes=[
            VoteView(
                person=vote.person,
                role=vote.role,
                choice=vote.choice,
                at=vote.at,
                entry=vote.entry,
                comment=comment_of(desk.home, ledger, vote),
            )
            for vote in standing.votes
        ],
        by_me=docket.by_me,
        is_own=docket.is_own,
        profession=docket.profession,
        blocked=docket.blocked,  # type: ignore[arg-type]
        became=standing.became.id if standing.became else None,
        picture=f"{url}/picture" if held.is_waiting and is_allowed(person, Permission.REVIEW) else None,
        evidence=f"{url}/evidence",
    )
