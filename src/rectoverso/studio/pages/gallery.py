"""The gallery: decided images, the newest first; and each with both its sides.

A page begins at a ledger entry (``before``), so that its address shows the same images for ever, however many come.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import RedirectResponse
from pydantic import Field
from starlette.responses import Response

from rectoverso.service.api import assets as api
from rectoverso.service.api.assets import Id, asset_of
from rectoverso.service.api.paging import MOST_NUMBER, paged
from rectoverso.service.auth import Anyone, Publisher, TheDesk, sees_all
from rectoverso.service.desk import Desk
from rectoverso.service.shapes import AssetView, EvidenceView
from rectoverso.store.assets import Asset
from rectoverso.studio.page import Place, ThePage
from rectoverso.types import Decision
from rectoverso.workflow.jobs.asked import Line
from rectoverso.workflow.policies import policy_names

PLACE = Place("gallery", "/gallery")
AT_ONCE = 60
router = APIRouter()

Number = Annotated[int | None, Query(ge=0, le=MOST_NUMBER)]
Text = Annotated[str, Query(max_length=64)]


class Wanted:
    """What somebody looks for, as the address says it. A filter that means nothing is none."""

    def __init__(
        self,
        person: Anyone,
        decision: Text = "",
        use: Text = "",
        maker: Text = "",
        since: Text = "",
        until: Text = "",
    ) -> None:
        self.decision = decision if decision in tuple(Decision) else ""
        self.use, self.maker = use, maker
        self.since, self.until = _day(since), _day(until)
        if not sees_all(person):
            self.decision = Decision.RELEASE.value

    @property
    def plain(self) -> dict[str, str]:
        """The filters that were set."""
        return {name: value for name, value in vars(self).items() if value}

    def found(self, desk: Desk, limit: int, **where: int | None) -> list[Asset]:
        """So many images, ``before`` or ``after`` an entry."""
        return desk.home.assets.page(
            limit,
            decision=Decision(self.decision) if self.decision else None,
            use=self.use or None,
            maker=self.maker or None,
            since=self.since,
            until=self.until,
            **where,
        )


@router.get("/gallery")
def gallery(
    page: ThePage,
    desk: TheDesk,
    wanted: Annotated[Wanted, Depends()],
    person: Anyone,
    before: Number = None,
) -> Response:
    """Some of the images. What was not released is shown to those who inspect, alone."""
    found = wanted.found(desk, AT_ONCE + 1, before=before)
    shown, follows = paged(found, AT_ONCE, lambda asset: asset.ledger_index)
    begins = shown[0].ledger_index + 1 if shown else before
    return page.show(
        "gallery.html",
        assets=[AssetView.of(asset) for asset in shown],
        wanted=wanted,
        is_filtered=bool(wanted.plain),
        begins=begins,
        older=None if follows is None else _address(wanted, before=follows),
        newer=_newer(desk, wanted, shown[0].ledger_index) if shown and before is not None else None,
        uses=policy_names(desk.home.path),
        makers=desk.home.assets.makers(None if sees_all(person) else Decision.RELEASE),
        sees_all=sees_all(person),
    )


@router.get("/gallery/{asset}")
def image(asset: Id, page: ThePage, desk: TheDesk, person: Anyone) -> Response:
    """Both sides of one image."""
    found = asset_of(desk, person, asset)
    evidence = EvidenceView.of(found, page.language) if sees_all(person) else None
    return page.show("image.html", asset=AssetView.of(found), digest=found.file_digest, evidence=evidence)


@router.post("/gallery/{asset}/publication")
def take_out(
    asset: Id, desk: TheDesk, person: Publisher, to: Annotated[Line, Form(), Field(min_length=1)]
) -> Response:
    """The image with its evidence, in one file; who took it out, and for whom, is on record."""
    return api.take_out(asset, api.Recipient(to=to), desk, person)


@router.post("/gallery/{asset}/revoke")
async def take_back(
    asset: Id, desk: TheDesk, person: Publisher, reason: Annotated[Line, Form(), Field(min_length=1)]
) -> Response:
    """Take its release back."""
    await api.take_back(asset, api.Reason(reason=reason), desk, person)
    return RedirectResponse(f"/gallery/{asset}", 303)


def _newer(desk: Desk, wanted: Wanted, first: int) -> str | None:
    """The address of the page that ends where this one begins; None where this is the newest."""
    found = wanted.found(desk, AT_ONCE + 1, after=first)
    if not found:
        return None
    return _address(wanted, before=found[AT_ONCE - 1].ledger_index + 1 if len(found) > AT_ONCE else None)


def _address(wanted: Wanted, before: int | None) -> str:
    told: dict[str, object] = {**wanted.plain} | ({} if before is None else {"before": before})
    return f"/gallery?{urlencode(told)}" if told else "/gallery"


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
