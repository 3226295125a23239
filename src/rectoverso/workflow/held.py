"""Held drafts: what the door keeps of one so that it can go on, and what people are shown of it before they decide.

A held draft never leaves here: who may decide on it sees it, as what it is.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import HeldBefore, NotWaiting, WorkNotFound
from rectoverso.i18n import say
from rectoverso.protocols import Clock
from rectoverso.store.assets import Asset
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Digest, Draft, Maker
from rectoverso.verso.law import laws_named
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.verso.registry.refusals import similar_works
from rectoverso.verso.review.evidence import Evidence, best_alignment, drawn
from rectoverso.verso.verify.bounded import shared
from rectoverso.workflow.calibration import in_force
from rectoverso.workflow.registry import list_works
from rectoverso.workflow.search import changes_of
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.workflow.release import Door

UNDO = timedelta(hours=1)
"""So long a decision of people can be taken back, and the draft is kept for that."""
SHEETS = ("points", "overlay")
"""The pictures of evidence: both side by side with the points that agree, and the one laid over the other."""


def held_asset(home: Home, asset: str) -> Asset:
    """The held image that people have not settled. Raises NotWaiting."""
    found = home.assets.by_id(AssetId(asset))
    if found is None or not found.is_waiting:
        raise NotWaiting(asset=asset)
    return found


def picture_of(home: Home, asset: Asset) -> bytes:
    """The held draft, as PNG, without any mark. Raises BlobMissing and BlobDamaged."""
    return home.blobs.get(asset.id)


def shown_works(home: Home, asset: Asset, language: str = "en") -> list[dict[str, Any]]:
    """The works that a held draft was found similar to: whose each is, what was asked and claimed when it was held,
    what seems to have been done to it (``changes``, in words), whether the home keeps its picture to show it, and
    whether nobody here had seen one (``unseen``).
    """
    digests = {work.id: work.file_digest for work in list_works(home.path)}
    return [
        {
            "id": work["id"],
            "title": work.get("title", ""),
            "owner": work.get("owner", ""),
            "claim": work.get("claim", ""),
            **{name: (work.get("rights") or {}).get(name, "") for name in ("asked", "contact")},
            "changes": say(changed, language) if changed else "",
            "unseen": bool(work.get("unseen")),
            "is_kept": work["id"] in digests and home.uploads.has(digests[work["id"]]),
        }
        for work in similar_works(asset)
        for changed in (changes_of(work),)
    ]


def sheet_of(home: Home, asset: Asset, work_id: str, sheet: str) -> bytes:
    """A picture of evidence (`SHEETS`), as PNG: the held draft and a work that it was found similar to.

    Raises WorkNotFound for a work that it was not, or of which no picture is kept, and for an overlay where no points
    say how to lay it.
    """
    work = next((work for work in list_works(home.path) if work.id == work_id), None)
    found = {one["id"] for one in similar_works(asset)}
    if work is None or work_id not in found or not home.uploads.has(work.file_digest):
        raise WorkNotFound(work=work_id)
    original = shared().open(home.uploads.get(work.file_digest), name=work_id).pixels
    picture = open_picture(picture_of(home, asset), asset.id)
    calibration = in_force(home, list_works(home.path))
    alignment = best_alignment(picture, original, calibration.parts if calibration else None)
    drawn_of: Evidence = drawn(picture, original, alignment)
    pixels = drawn_of.beside if sheet == SHEETS[0] else drawn_of.overlay
    if pixels is None:
        raise WorkNotFound(work=work_id)
    return to_png(pixels)


def going_on(draft: Draft, door: Door) -> dict[str, Any]:
    """What has to be known of a draft and its terms to let it go later: plain values, sealed with the image."""
    file = door.policy.packs[-1].file
    is_named = file is None or Path(file).parent == door.home.policies_path
    labelling = door.labelling
    return {
        "policy": door.policy.name if is_named else file,
        "laws": [law.law for law in labelling.laws],
        "producer": labelling.producer,
        "all_visible": labelling.all_visible,
        "media_type": door.media_type or draft.media_type,
        "territory": list(door.territory),
        "person": door.person,
        "block": draft.block,
        "prompt": draft.prompt,
        "maker": asdict(draft.maker) | {"manifests": list(draft.maker.manifests)},
    }


def kept_of(asset: Asset) -> dict[str, Any]:
    """The same, of a held image. Raises HeldBefore for one of a version that kept nothing of it."""
    if not asset.draft:
        raise HeldBefore(asset=asset.id)
    return asset.draft


def draft_of(home: Home, asset: Asset) -> Draft:
    """The held draft, approved by people. Raises HeldBefore, BlobMissing and BlobDamaged."""
    kept = kept_of(asset)
    maker = kept["maker"]
    return Draft(
        pixels=open_picture(picture_of(home, asset), asset.id),
        request=Digest(asset.request),
        maker=Maker(**maker | {"manifests": tuple(maker["manifests"])}),
        origin=asset.origin,
        seed=asset.seed,
        source=asset.source,
        media_type=kept["media_type"],
        oversight="human_validated",
        block=kept["block"],
        prompt=kept["prompt"],
    )


def terms_of(asset: Asset) -> Terms:
    """The terms on which a held draft would leave. Raises HeldBefore."""
    kept = kept_of(asset)
    policy = str(kept["policy"])
    is_file = policy.endswith(".toml")
    return Terms(
        use=asset.use if is_file else policy,
        laws=laws_named(kept["laws"]),
        producer=kept["producer"],
        all_visible=kept["all_visible"],
        media_type=kept["media_type"],
        policy=Path(policy) if is_file else None,
        territory=tuple(kept["territory"]),
        person=kept["person"],
    )


def undoable(home: Home, clock: Clock) -> set[AssetId]:
    """The images whose decision can still be taken back: their drafts are kept so long."""
    return home.reviews.since((clock.now() - UNDO).isoformat(timespec="seconds"))
