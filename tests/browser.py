"""The page that verifies in a browser, asked without one: its code, as it stands in it, run by Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectoverso.types import Pixels

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def ask(page: str, *questions: dict[str, Any]) -> list[dict[str, Any]]:
    """The layer that the page shows for each question, with the name of its state."""
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[0]
    return _under_node("page_under_node.mjs", {"script": script, "questions": questions})


def show(page: str, *steps: dict[str, Any], language: str = "en-GB") -> list[dict[str, Any]]:
    """What stands in the page after each step: ``files`` chosen, ``keys`` written one after the other, or a ``click``
    on the language; ``language`` is the browser's.
    """
    return _under_node("page_shown_under_node.mjs", {"page": page, "language": language, "steps": steps})


def _under_node(harness: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [str(NODE), str(Path(__file__).with_name(harness))],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return list(json.loads(done.stdout))


def given(page: str) -> dict[str, Any]:
    """The keys and sentences in the page."""
    return dict(json.loads(re.findall(r'id="given">(.*?)</script>', page, re.DOTALL)[0]))


def of_ledger(file: bytes, proof: bytes, keys: str) -> dict[str, Any]:
    return {"asks": "ledger", "file": b64(file), "proof": b64(proof), "keys": keys}


def a_file(name: str, data: bytes, pixels: Pixels | None = None) -> dict[str, Any]:
    """One that is chosen in the page, and how the browser shows it where that is a picture."""
    seen = {} if pixels is None else of_pixels(pixels)
    return {"name": name, "data": b64(data), **{part: seen[part] for part in seen if part != "asks"}}


def of_pixels(pixels: Pixels) -> dict[str, Any]:
    height, width, channels = pixels.shape
    colours = pixels if channels >= 3 else pixels.repeat(3, axis=2)
    alpha = np.full((height, width, 1), 255, np.uint8)
    rgba = colours if channels == 4 else np.concatenate([colours, alpha], axis=2)
    return {"asks": "watermark", "pixels": b64(rgba.tobytes()), "height": height, "width": width}


def b64(data: bytes) -> str:
    return b64encode(data).decode()
