"""What the service answers with, as its OpenAPI document describes it."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, Field

from rectoverso.i18n import say
from rectoverso.store.assets import Asset
from rectoverso.store.jobs import Item, Job, State
from rectoverso.store.people import ApiKey, Person, Role
from rectoverso.types import Decision, Message, Origin

One = TypeVar("One")


class Problem(BaseModel):
    """RFC 9457: what went wrong, in sentences for people and by a code for programs. ``field``: what names something
    that there is not, as a system, a preset or a use.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None


class Page(BaseModel, Generic[One]):
    """Some of many. ``next``: the cursor with which to ask for those that follow, null at the end."""

    items: list[One]
    next: int | None = None


class JobView(BaseModel):
    """A job, and how many of its items are in which state."""

    id: str
    kind: str
    state: State
    person: str
    created_at: str
    version: int
    asked: dict[str, Any]
    counts: dict[State, int]
    url: str
    events: str

    @classmethod
    def of(cls, job: Job) -> JobView:
        url = f"/api/v1/jobs/{job.id}"
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            person=job.person,
            created_at=job.created_at,
            version=job.version,
            asked=job.asked,
            counts=job.counts,
            url=url,
            events=f"{url}/events",
        )


class ProgressView(BaseModel):
    """Where the work is: what it does, and how many things of how many are done."""

    text: str
    done: int
    total: int | None
    rate: float | None = Field(description="Things a second.")
    seconds_left: float | None


class FailureView(BaseModel):
    """Why an item failed."""

    code: str
    detail: str


class ItemView(BaseModel):
    """One part of a job. ``version`` is that of its job when it last changed."""

    place: int
    attempt: int
    state: State
    version: int
    progress: ProgressView | None = None
    result: dict[str, Any] | None = None
    error: FailureView | None = None

    @classmethod
    def of(cls, item: Item, language: str) -> ItemView:
        told = item.told
        view = cls(place=item.place, attempt=item.attempt, state=item.state, version=item.version)
        if progress := told.get("progress"):
            stage = say(Message(**progress["stage"]), language)
            view.progress = ProgressView(text=stage, **{name: progress[name] for name in _PROGRESS})
        if error := told.get("error"):
            view.error = FailureView(code=error["code"], detail=error["detail"][language])
        view.result = told.get("result")
        return view


_PROGRESS = ("done", "total", "rate", "seconds_left")


class MakerView(BaseModel):
    """What made an image."""

    name: str
    version: str
    digest: str | None


class AssetView(BaseModel):
    """A decided image: what anybody in the house may know of it."""

    id: str
    decision: Decision
    decided_at: str
    use: str
    origin: Origin
    maker: MakerView
    media_type: str
    ledger_index: int
    revoked: int | None = Field(description="The ledger entry that took its release back.")
    settled: int | None = Field(description="The ledger entry by which people settled a hold.")
    file: str | None = Field(description="Where the released file is.")
    proof: str | None = Field(description="Where the ledger's proof of it is.")

    @classmethod
    def of(cls, asset: Asset) -> AssetView:
        url = f"/api/v1/assets/{asset.id}"
        is_out = asset.decision is Decision.RELEASE and asset.revoked is None
        maker = asset.maker
        return cls(
            id=asset.id,
            decision=asset.decision,
            decided_at=asset.decided_at,
            use=asset.use,
            origin=asset.origin,
            maker=MakerView(name=maker.name, version=maker.version, digest=maker.digest),
            media_type=asset.media_type,
            ledger_index=asset.ledger_index,
            revoked=asset.revoked,
            settled=asset.settled,
            file=f"{url}/file" if is_out else None,
            proof=f"{url}/proof" if is_out else None,
        )


class EvidenceView(BaseModel):
    """Why an image was decided so, for those who look at what others make."""

    id: str
    policy: str
    lines: list[str]
    reasons: list[str]
    seed: int | None
    source: str | None
    findings: list[dict[str, Any]]

    @classmethod
    def of(cls, asset: Asset, language: str) -> EvidenceView:
        findings = [
            {name: found[name] for name in ("check", "outcome", "score", "threshold", "false_positive_rate")}
            | {"text": say(Message(**found["message"]), language)}
            for found in asset.findings
        ]
        return cls(
            id=asset.id,
            policy=asset.policy,
            lines=asset.lines,
            reasons=[say(Message(**reason), language) for reason in asset.reasons],
            seed=asset.seed,
            source=asset.source and asset.source.rpartition("/")[2],
            findings=findings,
        )


class PersonView(BaseModel):
    """An account."""

    id: str
    name: str
    role: Role
    created_at: str
    ended_at: str | None

    @classmethod
    def of(cls, person: Person) -> PersonView:
        return cls(
            id=person.id,
            name=person.name,
            role=person.role,
            created_at=person.created_at,
            ended_at=person.ended_at,
        )


class ApiKeyView(BaseModel):
    """A key of an account. ``token``: what to send, shown once, when it is made."""

    id: str
    created_at: str
    ended_at: str | None
    token: str | None = None

    @classmethod
    def of(cls, key: ApiKey, token: str | None = None) -> ApiKeyView:
        return cls(id=key.id, created_at=key.created_at, ended_at=key.ended_at, token=token)
