"""Drawings in two hands: Noto's, which are works, and Twemoji's, which are copies of none of them.

Blobmoji's, which the data has beside Noto's, descend from these: the same climber with other trousers. What is found
there is found rightly, so that they are no strangers. Twemoji was drawn by others: https://github.com/jdecked/twemoji
(graphics CC-BY 4.0), fetched from npm's registry once.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
import urllib.request
from pathlib import Path

import resvg_py

ADDRESS = "https://registry.npmjs.org/@twemoji/svg/-/svg-15.0.0.tgz"
DIGEST = "1d2907557a422c7c4e3feca50ef915c39da1db3d76b4a4d7e73fb59bce4403c3"
SIDE_PX = 128

_SKIN = {f"1f3f{tone}" for tone in "bcdef"}
_JOINED = {"200d", "fe0f", "2640", "2642"}
_COLOURED = {
    "2b24": "1f534 1f535 1f7e0 1f7e1 1f7e2 1f7e3 1f7e4 26ab 26aa",
    "2b1b": "1f7e5 1f7e6 1f7e7 1f7e8 1f7e9 1f7ea 1f7eb 2b1c",
    "2764": "1f499 1f49a 1f49b 1f49c 1f5a4 1f90d 1f90e 1f9e1 1fa75 1fa76 1fa77",
    "1f4d5": "1f4d7 1f4d8 1f4d9",
    "1f536": "1f537",
    "1f538": "1f539",
}
"""Balls, squares, hearts and books that differ in nothing but their colour."""

_PEOPLE = {
    "1f468": "1f9d1",
    "1f469": "1f9d1",
    "1f467": "1f9d2",
    "1f466": "1f9d2",
    "1f474": "1f9d3",
    "1f475": "1f9d3",
}


_LETTERING = (
    range(0x2190),
    range(0x2460, 0x2500),
    range(0x3200, 0x3300),
    range(0x1F100, 0x1F300),
    range(0x1F519, 0x1F525),
)

_ONE = _PEOPLE | {part: first for first, others in _COLOURED.items() for part in others.split()}


def family(key: str) -> str:
    """What is one drawing but for colours and the sex: `emoji_u1f468_1f3fb_200d_2696` is `1f9d1_2696`."""
    parts = key.removeprefix("emoji_u").split("_")
    return "_".join(_ONE.get(part, part) for part in parts if part not in _SKIN | _JOINED)


def is_lettering(name: str) -> bool:
    """Whether a family shows letters, digits or characters: Unicode's enclosed ones, keys, `(c)`, `SOON`."""
    first = int(name.split("_", maxsplit=1)[0], 16)
    return any(first in block for block in _LETTERING)


def first_of_families(keys: list[str]) -> list[int]:
    """Of each family one."""
    first: dict[str, int] = {}
    for number, key in enumerate(keys):
        first.setdefault(family(key), number)
    return list(first.values())


def in_another_hand(works: set[str]) -> list[bytes]:
    """Twemoji's drawings as PNG files, of each family one, 128 pixels a side, but for the letters of these works'
    families: the same letters are the same picture. Raises OSError where they cannot be had, and ValueError where they
    are others than were measured.
    """
    with tarfile.open(fileobj=io.BytesIO(_fetched())) as packed:
        drawn = {Path(one.name).stem: one for one in packed if one.name.endswith(".svg")}
        first = {family(key.replace("-", "_")): drawn[key] for key in sorted(drawn, reverse=True)}
        chosen = [one for name, one in sorted(first.items()) if not (name in works and is_lettering(name))]
        svgs = [file.read().decode() for one in chosen if (file := packed.extractfile(one))]
    return [bytes(resvg_py.svg_to_bytes(svg_string=svg, width=SIDE_PX, height=SIDE_PX)) for svg in svgs]


def _fetched() -> bytes:
    kept = Path(tempfile.gettempdir()) / f"twemoji-{DIGEST[:12]}.tgz"
    if not kept.exists():
        with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
            kept.write_bytes(answer.read())
    data = kept.read_bytes()
    if hashlib.sha256(data).hexdigest() != DIGEST:
        kept.unlink()
        raise ValueError(f"{ADDRESS} is not what was measured")
    return data
