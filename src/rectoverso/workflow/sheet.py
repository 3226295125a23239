"""One sheet of all released images. It is an image too, so it leaves by the same door, with its own proof."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rectoverso.store.assets import Assets
from rectoverso.types import AssetId, Decision, Draft, Finding, Maker, Message, Outcome, Pixels
from rectoverso.verso.picture import open_picture
from rectoverso.workflow import digests
from rectoverso.workflow.release import Door, Passage, release

PAPER = 244
GAP_PX = 4


@dataclass(frozen=True, slots=True)
class PartsWereReleased:
    """Stands for a check on a sheet: each picture on it has already passed that check by itself, and is out still."""

    name: str
    parts: Sequence[AssetId]
    assets: Assets

    def examine(self, draft: Draft) -> Finding:
        """`review` where a release was taken back since."""
        del draft
        count = len(self.parts)
        if any(known is None or known.revoked is not None for known in map(self.assets.by_id, self.parts)):
            return Finding(self.name, Outcome.REVIEW, Message("release.part_revoked", {"count": count}))
        return Finding(self.name, Outcome.PASS, Message("release.parts_passed", {"count": count}))


def release_sheet(
    passages: Sequence[Passage], maker: Maker, door: Door, out: Path, columns: int | None = None
) -> Path | None:
    """Lay the released images of a batch on one sheet and release it; None if there are fewer than two.

    With ``columns``, each image has its place, and that of one which was not released stays blank.
    """
    released = [
        passage for passage in passages if passage.asset.decision is Decision.RELEASE and passage.path
    ]
    if len(released) < 2:
        return None
    parts = [passage.asset.id for passage in released]
    pictures = [_picture(passage, door) for passage in released]
    request = digests.of_facts(sheet=parts)
    if columns is not None:
        blank = np.full_like(pictures[0], PAPER)
        by_id = dict(zip(parts, pictures, strict=True))
        pictures = [by_id.get(passage.asset.id, blank) for passage in passages]
        places = [passage.asset.id if passage.asset.id in by_id else "" for passage in passages]
        request = digests.of_facts(sheet=places, columns=columns)
    draft = Draft(
        pixels=compose(pictures, columns),
        request=request,
        maker=maker,
        source="contact-sheet",
    )
    (passage,) = release([draft], replace(door, checks=lambda _works: _parts_passed(door, parts)), out)
    return passage.path


def compose(pictures: Sequence[Pixels], columns: int | None = None) -> Pixels:
    """Pictures of one size (HWC, uint8) in a grid as square as can be, on light paper; alpha lets the paper through."""
    pictures = [_on_paper(picture) for picture in pictures]
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    height, width, channels = pictures[0].shape
    step_y, step_x = height + GAP_PX, width + GAP_PX
    sheet = np.full((rows * step_y + GAP_PX, columns * step_x + GAP_PX, channels), PAPER, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = GAP_PX + index // columns * step_y, GAP_PX + index % columns * step_x
        sheet[top : top + height, left : left + width] = picture
    return sheet


def _on_paper(picture: Pixels) -> Pixels:
    if picture.shape[2] < 4:
        return picture
    shown = picture[..., 3:].astype(np.float32) / 255
    laid: Pixels = np.rint(PAPER + (picture[..., :3] - np.float32(PAPER)) * shown).astype(np.uint8)
    return laid


def _parts_passed(door: Door, parts: Sequence[AssetId]) -> list[PartsWereReleased]:
    return [PartsWereReleased(name, parts, door.home.assets) for name in door.policy.required]


def _picture(passage: Passage, door: Door) -> Pixels:
    """The released picture from the store, not from a folder where anything may have happened to it."""
    return open_picture(door.home.blobs.get(passage.asset.id), passage.asset.id)
