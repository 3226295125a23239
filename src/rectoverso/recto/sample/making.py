"""Pictures from pictures, maps and words: what a person gave becomes what the network takes, at the run's own sides.

Each picture is made alone and on one thread, as `painter` does it, so that its bytes depend on nothing else.

Shapes: N images, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch import nn

from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.masks import classes_in, framed_levels, unknown_class, unusable_map
from rectoverso.recto.data.picture import framed
from rectoverso.recto.data.pixels import to_pixels, to_tensor
from rectoverso.recto.nets.given import Given
from rectoverso.recto.sample.inpaint import filled
from rectoverso.recto.sample.material import Material, check_material
from rectoverso.recto.systems.recipe import Recipe, Shape
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels

GREY, RGB, RGBA = 1, 3, 4


class Making:
    """Makes pictures with ``module``, the network (noise, `Given`) -> pictures of a run that asks for something."""

    def __init__(self, module: nn.Module, recipe: Recipe, shape: Shape) -> None:
        self.module, self.recipe, self.shape = module, recipe, shape
        self.frame = Frame(shape.width_px, shape.height_px)

    @torch.inference_mode()
    def picture(self, seed: int, material: Material) -> Pixels:
        """The picture that this seed makes of the material, uint8 HWC. Raises BadSetting and FilesUnusable."""
        check_material(self.recipe, material)
        with one_thread():
            noise_1Z = torch.from_numpy(
                Streams(seed).normals("sample", 0, 1, max(1, self.recipe.noise(self.shape)))
            )
            if "hole" in self.recipe.asks:
                assert material.image is not None  # noqa: S101 - checked
                assert material.hole is not None  # noqa: S101 - checked
                return filled(
                    self.module, noise_1Z, material.image, material.hole, self.frame, self.shape.channels
                )
            pixels: Pixels = to_pixels(self.module(noise_1Z, self.given(material)))[0]
        return pixels

    def given(self, material: Material) -> Given:
        """The material as the network takes it (1, ...)."""
        asks = self.recipe.asks
        return Given(
            picture_NCHW=self._picture(material.image) if "picture" in asks else None,
            mask_NHW=self._map(material) if "map" in asks else None,
            captions=(material.prompt or "",) if "caption" in asks else None,
            style_NCHW=None if material.style is None else self._picture(material.style),
            back=material.back,
        )

    def _picture(self, image_HWC: Pixels | None) -> torch.Tensor:
        """The largest centred part of the run's aspect, at its sides and in its channels."""
        assert image_HWC is not None  # noqa: S101 - checked
        pixels = framed(pillow(image_HWC), self.frame, max(RGB, self.shape.channels))
        if self.shape.channels == GREY:
            pixels = np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
        return to_tensor(pixels[None])

    def _map(self, material: Material) -> torch.Tensor:
        """The classes of a map, instances where it tells them (1, H, W). Raises FilesUnusable for an unknown one."""
        assert material.image is not None  # noqa: S101 - checked
        mask_HW = material.image[..., 0]
        if int(classes_in(mask_HW).max()) >= self.shape.regions:
            raise unusable_map(unknown_class(material.name or "-", mask_HW, self.shape.regions))
        return torch.from_numpy(framed_levels(mask_HW, self.frame).astype(np.int64))[None]


def pillow(image_HWC: Pixels) -> Image.Image:
    """The picture as the package that cuts and resizes has it."""
    return Image.fromarray(image_HWC[..., 0] if image_HWC.shape[2] == GREY else image_HWC)
