"""Pictures, and the data they make up."""

from __future__ import annotations

from rectoverso.errors.base import InputError


class DataNotFound(InputError):
    code = "data_not_found"
    what = "There is no data at {data}."
    why = "DATA is a folder, a zip, a Parquet file or a built-in name ({builtins})."
    fix = "Check the path, or try --data digits."


class DataUnusable(InputError):
    code = "data_unusable"
    what = "{data} cannot be trained on."
    why = "{reason}"
    fix = "{advice}"


class CurationUnusable(InputError):
    """Facts: out, reason, advice."""

    code = "curation_unusable"
    what = "Nothing can be curated into {out}."
    why = "{reason}"
    fix = "{advice}"


class BadImages(InputError):
    """Facts: count, total, listing (one line a picture: path, reason, fix)."""

    code = "bad_images"
    what = "{count} of {total} pictures cannot be used:\n{listing}\n"
    why = "Training has not started, so nothing is lost."
    fix = "Mend or remove them, or pass --skip-bad to leave them out."


class ImageUnreadable(InputError):
    code = "image_unreadable"
    what = "{path} cannot be opened as a picture."
    why = "{reason}"
    fix = "{advice}"


class ImageNotFound(ImageUnreadable):
    code = "image_not_found"
    what = "{path} cannot be read."
    why = "The system says: {reason}."
    fix = "Check the path and who may read it."


class ImageEmpty(ImageUnreadable):
    code = "image_empty"
    what = "{path} is empty."
    why = "The file has no bytes; often a download or a copy was cut short."
    fix = "Get the file again."


class ImageTooLarge(ImageUnreadable):
    code = "image_too_large"
    what = "{path} is too large to open safely."
    why = "It claims more than {limit}; a small file can claim any size, so nothing was decoded."
    fix = "If you trust the picture, scale it down and try again."


class ImageUnsupported(ImageUnreadable):
    code = "image_unsupported"
    what = "{path} is not a picture of a known kind."
    why = "Pictures are opened as PNG, JPEG, WebP, GIF, BMP, TIFF or AVIF, whatever the file is called."
    fix = "Save the picture as PNG or JPEG."


class ImageAnimated(ImageUnreadable):
    code = "image_animated"
    what = "{path} has more than one frame."
    why = "Only still pictures are handled, and choosing one frame would leave the others unchecked."
    fix = "Save the frame you mean as a PNG."


class ImageDamaged(ImageUnreadable):
    code = "image_damaged"
    what = "{path} is damaged."
    why = "Opening it failed part of the way: {reason}."
    fix = "Get the file again, or save it anew from a program that still opens it."


class ImageStopped(ImageUnreadable):
    code = "image_stopped"
    what = "{path} was not opened."
    why = "{reason}"
    fix = "If you trust the picture, save it anew from a program that opens it, smaller if it is large."
