"""Does a work look like what lies beneath it, once it was laid on the picture? A second opinion beside the points.

Drawings of one family share eyes, hands and outlines, point for point, and are still different works. Their blurs
differ. So the picture is brought to where the work is, and its blur there compared with the one that is kept of the
work (sketch.py), over the part that the picture shows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rectoverso.verso.screen.alignment import Alignment
from rectoverso.verso.screen.sketch import INSIDE_KK, WEIGHTS_KK, Sketch, cosines

# Shapes: S = 32 samples a side, K frequencies.

Floats = NDArray[np.float32]

SAMPLES = 32
FINE = 8
LEAST_SAMPLES = 32
"""Of 32 x 32: with less of the work in the picture nothing can be said."""

FLAT = 1e-9


def alike(frame: NDArray[np.uint8] | None, alignment: Alignment, sketch: Sketch) -> float | None:
    """How a work and the picture beneath it look alike, from -1 to 1 for the same; None where too little is shown.

    ``frame`` is the picture's brightness (H, W), as large as the alignment's picture frame, None where it is not at
    hand. Every scale has an equal say, as in a sketch; inverted tones are taken back.
    """
    if frame is None:
        return None
    seen_SS, shown_SS = _brought_back(frame, alignment)
    if shown_SS.sum() < LEAST_SAMPLES:
        return None
    work_SS = _drawn((sketch.shape / np.maximum(WEIGHTS_KK, 1)).astype(np.float32))
    # What the picture does not show is filled in as the work has it, so that no edge is seen where it ends.
    whole_SS = np.where(shown_SS, seen_SS, _fitted(work_SS, seen_SS, shown_SS))
    theirs, ours = (_drawn(shape)[shown_SS] for shape in (sketch.shape, _weighed(whole_SS)))
    spread = float(theirs.std() * ours.std())
    if spread < FLAT:
        return None
    likeness = float(np.mean((theirs - theirs.mean()) * (ours - ours.mean()))) / spread
    return -likeness if alignment.inverted else likeness


def _brought_back(frame: NDArray[np.uint8], alignment: Alignment) -> tuple[Floats, NDArray[np.bool_]]:
    """What lies beneath the work (S, S), and where the picture shows it."""
    import cv2

    fine = SAMPLES * FINE
    height, width = alignment.work_frame
    matrix = alignment.homography @ np.diag([width / fine, height / fine, 1.0])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    both = [
        cv2.warpPerspective(np.asarray(plane, np.float32), matrix, (fine, fine), flags=flags)
        for plane in (frame, np.ones_like(frame))
    ]
    seen, shown = (cv2.resize(plane, (SAMPLES, SAMPLES), interpolation=cv2.INTER_AREA) for plane in both)
    return np.asarray(seen, np.float32), np.asarray(shown > 0.99)


def _fitted(work_SS: Floats, seen_SS: Floats, shown_SS: NDArray[np.bool_]) -> Floats:
    """The work's blur in the contrast and brightness of what is shown."""
    theirs, ours = work_SS[shown_SS], seen_SS[shown_SS]
    slope = float(np.mean((theirs - theirs.mean()) * ours)) / max(float(theirs.var()), FLAT)
    return np.asarray(slope * (work_SS - theirs.mean()) + ours.mean(), np.float32)


def _weighed(samples_SS: Floats) -> Floats:
    """The shape that a sketch would have of it, of any length."""
    basis_KS = cosines(SAMPLES)
    return np.asarray((basis_KS @ samples_SS @ basis_KS.T) * WEIGHTS_KK * INSIDE_KK, np.float32)


def _drawn(shape_KK: Floats) -> Floats:
    """What has these frequencies, (S, S)."""
    basis_KS = cosines(SAMPLES)
    return np.asarray(basis_KS.T @ shape_KK @ basis_KS, np.float32)
