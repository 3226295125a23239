"""Do two sets of points lie alike? The geometry that makes a resemblance of points the evidence of a copy.

1. Pair     Each point of the picture with the nearest of the work, if it is clearly nearer than the next elsewhere.
2. Agree    Pairs of a copy share one turn and one scale: those around the most common stay.
3. Align    A homography from the work to the picture that most of these follow (MAGSAC++).
4. Doubt    It must not fold, mirror, stretch or shrink a picture to what no copy looks like.

What counts is how many separate points follow it. Unrelated photographs have next to none; copies have dozens.

Sources: Lowe 2004, sections 7.1 and 7.3 (ratio, agreement of poses); D. Barath et al., "MAGSAC++, a fast, reliable
and accurate robust estimator", 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.points import Points

# Shapes: P points of the picture, W of the work, M pairs.

Matrix = NDArray[np.float64]

LEAST_PAIRS = 5
"""Four points fit any homography; a fifth is the first to confirm one."""

RATIO = 0.88
FARTHEST = 0.75
"""Distances of descriptors of length 1: sqrt(2) is nothing in common."""

TURN_WITHIN = np.radians(35)
OCTAVES_WITHIN = 1.2
"""How far pairs of one copy differ in turn and scale; perspective takes its share."""

NEAR_PX = 5.0
SEPARATE_PX = 2.0
ITERATIONS = 2000
LEAST_SCALE, GREATEST_SCALE = 1 / 20, 20.0
GREATEST_STRETCH = 4.0
PLAIN_STRETCH = 1.08
TILT = 0.12
FARTHEST_PX = 1e5


@dataclass(frozen=True, slots=True)
class Alignment:
    """A work found in a picture.

    ``homography`` takes the work's frame to the picture's, both in pixels of ``Points``; ``pairs`` (inliers, 2, 2) are
    the points that follow it, in the work and in the picture. Of a mirrored copy it includes the mirroring.
    """

    homography: Matrix
    pairs: NDArray[np.float32]
    mirrored: bool
    inverted: bool
    work_frame: tuple[int, int]
    picture_frame: tuple[int, int]

    @property
    def inliers(self) -> int:
        """How many separate points of the work were found where the homography takes them."""
        return len(self.pairs)

    @property
    def span(self) -> float:
        """The share of the work that lies between these points."""
        return _area(self.pairs[:, 0]) / (self.work_frame[0] * self.work_frame[1])


@dataclass(frozen=True, slots=True)
class Transformation:
    """What seems to have been done to a work. ``turned`` in degrees anticlockwise, after mirroring; ``scale`` of
    lengths, both pictures being taken at equal longer sides; ``stretched`` is the ratio of the scales of two
    directions; ``of_work`` is the share of the work that lies in the picture, ``of_picture`` the share of the picture
    it fills.
    """

    mirrored: bool
    inverted: bool
    turned: float
    scale: float
    stretched: float
    tilted: bool
    of_work: float
    of_picture: float

    @classmethod
    def of(cls, alignment: Alignment) -> Transformation:
        """Read off the homography at the middle of the points that follow it."""
        around = alignment.pairs[:, 0].mean(axis=0)
        local = _slope(alignment.homography, around) @ np.diag([-1 if alignment.mirrored else 1, 1])
        left, scales, right = np.linalg.svd(local)
        turn = left @ right
        longer = max(alignment.work_frame) / max(alignment.picture_frame)
        of_work, of_picture = _shares(alignment)
        return cls(
            alignment.mirrored,
            alignment.inverted,
            turned=float(np.degrees(np.arctan2(-turn[1, 0], turn[0, 0]))),
            scale=float(np.sqrt(scales.prod())) * longer,
            stretched=float(scales[0] / max(scales[1], 1e-9)),
            tilted=_tilt(alignment) > TILT,
            of_work=of_work,
            of_picture=of_picture,
        )

    def changes(self) -> list[str]:
        """The words for what was done, in the order of ``screen.change`` in the catalogues."""
        told = {
            "mirrored": self.mirrored,
            "inverted": self.inverted,
            "turned": abs(self.turned) >= 3,
            "cropped": self.of_work < 0.93,
            "pasted": self.of_picture < 0.85,
            "stretched": self.stretched >= PLAIN_STRETCH and not self.tilted,
            "tilted": self.tilted,
        }
        return [name for name, is_so in told.items() if is_so]

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "changes": self.changes(),
            "mirrored": self.mirrored,
            "inverted": self.inverted,
            "turned": round(self.turned, 1) + 0.0,  # no "-0.0"
            "scale": round(self.scale, 3),
            "stretched": round(self.stretched, 2),
            "of_work": round(self.of_work, 3),
            "of_picture": round(self.of_picture, 3),
        }


def aligned(
    picture: Points, work: Points, *, mirrored: bool = False, inverted: bool = False
) -> Alignment | None:
    """How the work lies in the picture; None when too few points agree on any way.

    ``picture`` has been reordered as ``mirrored`` and ``inverted`` say.
    """
    if min(len(picture), len(work)) < LEAST_PAIRS:
        return None
    pairs = _agreeing(picture, work, _paired(picture, work))
    if len(pairs) < LEAST_PAIRS:
        return None
    sources, targets = work.xy[pairs[:, 1]], picture.xy[pairs[:, 0]]
    found = _homography(sources, targets, work)
    if found is None:
        return None
    matrix, follows = found
    apart = follows[_separate(sources[follows], targets[follows])]
    if len(apart) < LEAST_PAIRS:
        return None
    both = np.stack([sources[apart], targets[apart]], axis=1)
    if mirrored:
        matrix = np.array([[-1, 0, picture.width], [0, 1, 0], [0, 0, 1]]) @ matrix
        both[:, 1, 0] = picture.width - both[:, 1, 0]
    frames = (work.height, work.width), (picture.height, picture.width)
    return Alignment(matrix, both, mirrored, inverted, *frames)


def _paired(picture: Points, work: Points) -> NDArray[np.int64]:
    """(M, 2): indices into picture and work."""
    likeness_PW = picture.descriptors @ work.descriptors.T
    best = likeness_PW.argmax(axis=1)
    rows = np.arange(len(picture))
    near = _apart(likeness_PW[rows, best])
    # The next best at the same place is the same corner in another scale or direction: no rival.
    right, down = (axis[:, None] - axis for axis in np.ascontiguousarray(work.xy.T))
    np.putmask(likeness_PW, (right**2 + down**2 <= NEAR_PX**2)[best], -1)
    next_near = _apart(likeness_PW.max(axis=1))
    clear = (near < RATIO * next_near) & (near < FARTHEST)
    return np.stack([rows[clear], best[clear]], axis=1)


def _apart(likeness: NDArray[np.float32]) -> NDArray[np.float32]:
    """The distance of descriptors of length 1, by their product."""
    return np.sqrt(np.maximum(2 - 2 * likeness, 0))


def _agreeing(picture: Points, work: Points, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """The pairs whose turn and scale are those of the greatest crowd."""
    if not len(pairs):
        return pairs
    turn = picture.angle[pairs[:, 0]] - work.angle[pairs[:, 1]]
    octave = np.log2(picture.size[pairs[:, 0]] / work.size[pairs[:, 1]])
    apart = np.abs((turn[:, None] - turn[None] + np.pi) % (2 * np.pi) - np.pi)
    alike = (apart < TURN_WITHIN) & (np.abs(octave[:, None] - octave[None]) < OCTAVES_WITHIN)
    return np.asarray(pairs[alike[alike.sum(axis=1).argmax()]], np.int64)


def _homography(
    sources: NDArray[np.float32], targets: NDArray[np.float32], work: Points
) -> tuple[Matrix, NDArray[np.int64]] | None:
    import cv2

    try:
        found, mask = cv2.findHomography(sources, targets, cv2.USAC_MAGSAC, NEAR_PX, maxIters=ITERATIONS)
    except cv2.error:  # all points on one line
        return None
    if found is None:
        return None
    matrix = np.asarray(found, np.float64)
    return (matrix, np.flatnonzero(mask)) if _is_plausible(matrix, work) else None


def _is_plausible(matrix: Matrix, work: Points) -> bool:
    """Nothing behind the camera, nothing folded over, no side shrunk to a sliver."""
    edges = corners(work.height, work.width)
    depth = edges @ matrix[2, :2] + matrix[2, 2]
    if (
        not np.isfinite(matrix).all()
        or depth.min() * depth.max() <= 0
        or np.ptp(np.abs(depth)) > 3 * np.abs(depth).min()
    ):
        return False
    for corner in (*edges, edges.mean(axis=0)):
        slope = _slope(matrix, corner)
        scales = np.linalg.svd(slope, compute_uv=False)
        if np.linalg.det(slope) <= 0 or scales[0] > GREATEST_STRETCH * scales[1]:
            return False
        if not LEAST_SCALE < np.sqrt(scales.prod()) < GREATEST_SCALE:
            return False
    return True


def _separate(*places: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which pairs to count: of those that share a place in either picture only the first."""
    kept: list[int] = []
    for index in range(len(places[0])):
        gaps = [np.abs(place[kept] - place[index]).max(axis=1) for place in places] if kept else []
        if all((gap > SEPARATE_PX).all() for gap in gaps):
            kept.append(index)
    return np.array(kept, np.int64)


def corners(height: int, width: int) -> Matrix:
    """Those of a frame, (4, 2), clockwise from the top left."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def moved(matrix: NDArray[Any], xy: Any) -> Matrix:
    """Points (N, 2) where a homography takes them."""
    homogeneous = np.column_stack([xy, np.ones(len(xy))]) @ matrix.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:])


def _slope(matrix: Matrix, at: Any) -> Matrix:
    """The homography's derivative (2, 2) at a point."""
    x, y, depth = matrix @ np.array([at[0], at[1], 1.0])
    return np.asarray((matrix[:2, :2] - np.outer([x / depth, y / depth], matrix[2, :2])) / depth)


def _tilt(alignment: Alignment) -> float:
    """How much the depth changes over the points that follow, 0 for none. Beyond them it is a guess."""
    depth = alignment.pairs[:, 0] @ alignment.homography[2, :2] + alignment.homography[2, 2]
    return float(np.abs(depth).max() / np.abs(depth).min() - 1)


def _shares(alignment: Alignment) -> tuple[float, float]:
    """What lies in both frames, as a share of the work (measured in its own frame) and of the picture."""
    back = np.linalg.inv(alignment.homography)
    height, width = alignment.work_frame
    high, wide = alignment.picture_frame
    in_work = _common(moved(back, corners(high, wide)), height, width)
    in_picture = _common(moved(alignment.homography, corners(height, width)), high, wide)
    return in_work / (height * width), in_picture / (high * wide)


def _area(xy: NDArray[np.float32]) -> float:
    """That of the convex hull of points (N, 2)."""
    import cv2

    return float(cv2.contourArea(cv2.convexHull(xy.astype(np.float32))))


def _common(shape: Matrix, height: int, width: int) -> float:
    """The area that a convex shape has in common with a frame."""
    import cv2

    near = np.clip(np.nan_to_num(shape), -FARTHEST_PX, FARTHEST_PX).astype(np.float32)
    area, _ = cv2.intersectConvexConvex(cv2.convexHull(near), corners(height, width).astype(np.float32))
    return float(area)
