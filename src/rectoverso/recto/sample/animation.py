"""Pictures one after another in one file: GIF and WebP by Pillow, MP4 by ffmpeg where it is installed."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from rectoverso.errors import MissingProgram
from rectoverso.recto.sample.controls import bad_control
from rectoverso.recto.train.folder import write
from rectoverso.types import Pixels

KINDS = (".gif", ".webp", ".mp4")
PER_SECOND = 20


def check_kind(path: Path) -> None:
    """Raise BadSetting for a file type that is not written here, MissingProgram when ffmpeg is not there for MP4."""
    if path.suffix.lower() not in KINDS:
        raise bad_control("animation", "no_animation", value=path.name, kinds=", ".join(KINDS))
    if path.suffix.lower() == ".mp4" and not shutil.which("ffmpeg"):
        raise MissingProgram(task="Writing MP4", program="ffmpeg", other=".gif, .webp")


def write_animation(frames: Sequence[Pixels], path: Path) -> None:
    """Write the frames (uint8 HWC, one size) at 20 a second, over and over again. Raises as `check_kind` does."""
    check_kind(path)
    kind = path.suffix.lower()
    write(path, _mp4(frames) if kind == ".mp4" else _pillow(frames, kind.removeprefix(".")))


def _pillow(frames: Sequence[Pixels], kind: str) -> bytes:
    first, *others = [Image.fromarray(_colour(frame)) for frame in frames]
    file = io.BytesIO()
    options = {"lossless": True} if kind == "webp" else {}
    first.save(
        file, kind, save_all=True, append_images=others, duration=1000 // PER_SECOND, loop=0, **options
    )
    return file.getvalue()


def _mp4(frames: Sequence[Pixels]) -> bytes:
    """H.264, fragmented so that it can be written to a pipe; sides are made even as the format needs."""
    height, width = frames[0].shape[:2]
    command = [
        *("ffmpeg", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *(
            "-s",
            f"{width}x{height}",
            "-r",
            str(PER_SECOND),
            "-i",
            "-",
            "-vf",
            "pad=ceil(iw/2)*2:ceil(ih/2)*2",
        ),
        *("-pix_fmt", "yuv420p", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4", "-"),
    ]
    raw = b"".join(_colour(frame).tobytes() for frame in frames)
    return subprocess.run(command, input=raw, capture_output=True, check=True).stdout  # noqa: S603 - fixed words


def _colour(frame: Pixels) -> Pixels:
    """Three channels, whatever the generator makes; transparent ones on white."""
    if frame.shape[2] == 4:
        share = frame[:, :, 3:] / 255
        return np.round(frame[:, :, :3] * share + 255 * (1 - share)).astype(np.uint8)
    return np.repeat(frame, 3, axis=2) if frame.shape[2] == 1 else np.ascontiguousarray(frame)
