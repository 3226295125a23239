"""Marks that could not be placed on an image or read back."""

from __future__ import annotations

from rectoverso.errors.base import CouldNotRun


class MarkFailed(CouldNotRun):
    """Facts: mark, reason. The kinds below fill in ``reason``; the message ``mark.<code>`` says it in any language."""

    code = "mark_failed"
    what = "The {mark} could not be placed on the image."
    why = "{reason}"
    fix = "{advice}"

    def __init__(self, **facts: object) -> None:
        super().__init__(**{"reason": self.why.format(**facts), **facts})


class WatermarkTooSmall(MarkFailed):
    """Facts: mark, side."""

    code = "watermark_too_small"
    what = "The watermark could not be placed on the image."
    why = "The watermark needs at least {side} x {side} pixels."
    fix = "Make the image larger."


class WatermarkNoRoom(MarkFailed):
    """Facts: mark."""

    code = "watermark_no_room"
    what = "The watermark could not be placed on the image."
    why = "Its pixels leave no room: the mark could not be read back."
    fix = "Use an image with some tones between black and white."


class LabelNoRoom(MarkFailed):
    """Facts: mark, words, width."""

    code = "label_no_room"
    what = "The {mark} could not be placed on the image."
    why = "An image {width} pixels wide is too narrow for the words {words!r}."
    fix = "Make the image larger."


class LabelUnsupported(MarkFailed):
    """Facts: mark, media_type."""

    code = "label_unsupported"
    what = "The label could not be written into the file."
    why = "{media_type} is not a file type that is written here."
    fix = "Use PNG, JPEG, WebP, TIFF or AVIF."


class LabelTransparent(MarkFailed):
    code = "label_transparent"
    what = "The label could not be written into the file."
    why = "The image has transparency, which a JPEG cannot hold."
    fix = "Use PNG or WebP."


class SigningFailed(MarkFailed):
    """Facts: mark, system."""

    code = "signing_failed"
    what = "The credential could not be signed into the file."
    why = "The signing library says: {system}."
    fix = "Look at the signing keys with: verso keys list"


class TimeStampFailed(MarkFailed):
    """Facts: authority, system, mark (the credential)."""

    code = "time_stamp_failed"
    what = "The signature could not be time-stamped."
    why = "The authority {authority} did not answer as it should: {system}."
    fix = "Try again later, or look at the authority of this home with: verso keys tsa"

    def __init__(self, **facts: object) -> None:
        super().__init__(**{"mark": "credential", **facts})


class MarkLost(MarkFailed):
    """Facts: mark, reading."""

    code = "mark_lost"
    what = "The {mark} was placed on the image, and could not be read back."
    why = "It reads: {reading}."
    fix = "Nothing has left. Please report it, with the image if you may."
