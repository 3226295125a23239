"""Other watermarks of PyPI that bring all they need, behind the one interface of the benchmark.

invisible-watermark 0.2.0 (MIT) and blind-watermark 0.4.4 (MIT), read blind: nothing about the picture's geometry is
told. A mark counts as found when so many of its bits are right that a picture without one has them at most once in a
million.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Bits = NDArray[np.int64]
NEEDED = {32: 30, 64: 51}
"""Right bits of so many: chance alone has them at most once in a million."""


@dataclass(frozen=True)
class Peer:
    name: str
    bits: int
    embed: Callable[[Pixels, Bits], Pixels]
    read: Callable[[Pixels], Bits]

    def found(self, pixels: Pixels, bits: Bits) -> bool:
        try:
            with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
                right = int((self.read(pixels) == bits).sum())
        except Exception:  # noqa: BLE001 - a reader that gives up on a picture has not found anything
            return False
        return right >= NEEDED[self.bits]


def peers() -> list[Peer]:
    """All that is installed."""
    return [*_invisible(), *_blind()]


def _invisible() -> list[Peer]:
    try:
        from imwatermark import WatermarkDecoder, WatermarkEncoder
    except ImportError:
        return []

    def peer(method: str) -> Peer:
        if method == "rivaGan":
            WatermarkEncoder.loadModel()
            WatermarkDecoder.loadModel()

        def embed(pixels: Pixels, bits: Bits) -> Pixels:
            encoder = WatermarkEncoder()
            encoder.set_watermark("bits", bits.tolist())
            marked: Pixels = encoder.encode(pixels[..., ::-1].copy(), method)[..., ::-1]
            return np.ascontiguousarray(marked)

        def read(pixels: Pixels) -> Bits:
            decoded = WatermarkDecoder("bits", 32).decode(pixels[..., ::-1].copy(), method)
            return np.array(decoded, np.int64)

        return Peer(method, 32, embed, read)

    found = [peer("dwtDct"), peer("dwtDctSvd")]
    with contextlib.suppress(Exception):  # it needs onnxruntime
        found.append(peer("rivaGan"))
    return found


def _blind() -> list[Peer]:
    try:
        with patch(
            "multiprocessing.set_start_method"
        ):  # importing it chooses one, and a pool's process has its own
            import blind_watermark
    except ImportError:
        return []
    blind_watermark.bw_notes.close()

    def made() -> Any:
        return blind_watermark.WaterMark(password_img=1, password_wm=1)

    def embed(pixels: Pixels, bits: Bits) -> Pixels:
        with tempfile.TemporaryDirectory() as folder:
            before, after = Path(folder) / "before.png", Path(folder) / "after.png"
            Image.fromarray(pixels).save(before)
            one = made()
            one.read_img(str(before))
            one.read_wm(bits.astype(bool).tolist(), mode="bit")
            one.embed(str(after))
            return np.asarray(Image.open(after).convert("RGB"))

    def read(pixels: Pixels) -> Bits:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "picture.png"
            Image.fromarray(pixels).save(file)
            return (np.asarray(made().extract(str(file), wm_shape=64, mode="bit")) > 0.5).astype(np.int64)

    return [Peer("blind_watermark", 64, embed, read)]
