"""Pictures that wait for people: taken to the door as a maker's job would, for a use in which that holds them."""

from __future__ import annotations

from collections.abc import Sequence

from rectoverso.service.work.turns import take
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Pixels
from rectoverso.verso.picture import to_png
from rectoverso.workflow.jobs.asked import SealAsked, Sent, Wanted
from rectoverso.workflow.jobs.order import order


def hold(home: Home, pictures: Sequence[Pixels], person: str, use: str = "advertising") -> list[AssetId]:
    """Seal pictures that somebody sent; returns those that wait now, the oldest first."""
    last = max((asset.ledger_index for asset in home.assets.held()), default=-1)
    sent = [
        Sent(digest=home.uploads.put(to_png(pixels)), name=f"{n}.png") for n, pixels in enumerate(pictures)
    ]
    for begins in range(0, len(sent), 100):
        work_off(home, person, SealAsked(files=tuple(sent[begins : begins + 100]), use=use, origin="ai"))
    return [asset.id for asset in home.assets.held(after=last)]


def work_off(home: Home, person: str, asked: Wanted) -> str:
    """Order something and do it here and now, as a worker would; returns the job."""
    job, _ = order(home, person, asked)
    work_off_all(home)
    return job.id


def work_off_all(home: Home) -> None:
    """Do what waits."""
    while turns := home.jobs.unsent(100):
        home.jobs.mark_sent(turns)
        for turn in turns:
            take(home, turn)
