"""The files and words that a person gives a run, read: what its pictures are to be made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rectoverso.verso.picture import read_picture
from rectoverso.workflow.files import picture_files

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.recto.sample.material import Material
    from rectoverso.types import Pixels


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed: pictures or maps (files or folders), a mask for all or one for each, prompts;
    ``style``: a picture whose style is meant; ``back``: from the second set to the first.
    """

    images: tuple[Path, ...] = ()
    masks: tuple[Path, ...] = ()
    prompts: tuple[str, ...] = ()
    style: Path | None = None
    back: bool = False

    def __bool__(self) -> bool:
        return bool(self.images or self.masks or self.prompts or self.style or self.back)


def read_materials(generator: RunGenerator, given: Given) -> list[Material]:
    """Every material that was given, each to be made into pictures of its own; one without anything for nothing.

    Raises ImageUnreadable, FilesUnusable, and BadSetting where there are not as many masks as pictures.
    """
    from rectoverso.recto.sample.material import NOTHING, Material

    if not given:
        return [NOTHING]
    style = None if given.style is None else read_picture(given.style)[1]
    files = picture_files(given.images) if given.images else [None]
    masks = _a_mask_each(files, picture_files(given.masks) if given.masks else [])
    return [
        Material(
            image=None if file is None else _pixels(generator, file),
            hole=None if mask is None else grey(read_picture(mask)[1]),
            prompt=prompt,
            style=style,
            back=given.back,
            name=prompt if file is None else str(file),
        )
        for file, mask in zip(files, masks, strict=True)
        for prompt in (given.prompts or (None,))
    ]


def _a_mask_each(files: Sequence[Path | None], masks: Sequence[Path]) -> Iterable[Path | None]:
    from rectoverso.recto.sample.controls import bad_control

    if not masks:
        return [None] * len(files)
    if len(masks) not in (1, len(files)):
        raise bad_control("mask", "not_as_many", masks=len(masks), images=len(files))
    return list(masks) * len(files) if len(masks) == 1 else masks


def _pixels(generator: RunGenerator, file: Path) -> Pixels:
    """A picture as it looks; a map by its levels, which in a paletted file are not its colours."""
    if "map" in generator.recipe.asks:
        from rectoverso.recto.data.masks import read_map

        return read_map(file)
    return read_picture(file)[1]


def grey(pixels: Pixels) -> Pixels:
    """How light each pixel is (H, W), or, where there is alpha, how opaque."""
    if pixels.shape[2] == 4 and (pixels[..., 3] < 255).any():
        return pixels[..., 3]
    mean: Pixels = np.rint(pixels[..., :3].astype(np.float32).mean(2)).astype(np.uint8)
    return mean
