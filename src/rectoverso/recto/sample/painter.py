"""From seeds and controls to codes, and from codes to pictures: the one way for every generator.

A *code* is what a picture is drawn from: styles (1, L, W) where the generator has a mapping, else latents (1, Z) and a
class. Each is made alone and on one thread, so that a picture's bytes depend on nothing else that is asked for.

Shapes: N images, Z latent, W style, L layers that take a style, C channels, H height.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.sample.controls import Controls, Edit, Layers, bad_control
from rectoverso.recto.sample.directions import Directions
from rectoverso.recto.sample.style import as_style
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels

PLAIN = Controls()
LEAST_Z, MOST_Z = 0.01, 10.0
"""Below the first, latents would be drawn again some hundred times; above the second, never."""
MOST_W = 2.0
REDRAWN = 64


@dataclass(frozen=True, slots=True)
class Code:
    """``styles_1LW`` or, without a mapping, ``latent_1Z`` with the class ``label_1`` if there are classes."""

    latent_1Z: Tensor | None = None
    styles_1LW: Tensor | None = None
    label_1: Tensor | None = None


class Painter:
    """Draws with ``module``, a generator in evaluation mode; ``latent`` is Z, ``classes`` their number."""

    def __init__(
        self, module: nn.Module, *, latent: int, classes: int, directions: Directions | None = None
    ) -> None:
        self.module, self.latent, self.classes, self.directions = module, latent, classes, directions
        self.style = as_style(module)

    @property
    def width(self) -> int:
        """How many numbers a direction moves: W of a style, or Z without a mapping."""
        return self.latent if self.style is None else self.style.w_mean_W.numel()

    def check(self, controls: Controls) -> None:
        """Raise BadSetting or UnknownName when this generator cannot do what is asked."""
        self._check_truncation(controls.truncation)
        if controls.mixes and self.style is None:
            raise bad_control("mix", "no_styles")
        for edit in controls.edits:
            self._directions().named(edit.name)
        for control, layers in _all_layers(controls):
            if self.style is None:
                raise bad_control(control, "no_styles")
            if layers.last >= self.style.styles:
                raise bad_control(control, "too_deep", last=self.style.styles - 1)

    def facts(self, controls: Controls) -> dict[str, Any]:
        """Everything in which the controls change a picture, as plain JSON, and nothing that does not; empty without
        controls. A direction stands in it by its numbers, not by its name.
        """
        steps = sorted((*self._step(edit), _plain(edit.layers)) for edit in controls.effective.edits)
        told = {
            "truncation": controls.truncation,
            "truncation_layers": _plain(controls.truncation_layers) or None,
            "mixes": [[str(mix.seed), _plain(mix.layers)] for mix in controls.mixes],
            "edits": [list(step) for step in steps],
        }
        return {name: value for name, value in told.items() if value is not None and value != []}

    @torch.inference_mode()
    def picture(self, seed: int, label: int | None = None, controls: Controls = PLAIN) -> Pixels:
        """The picture of a seed, uint8 HWC. Without a class, the seed draws its own."""
        self.check(controls)
        with one_thread():
            if controls.effective == PLAIN:
                streams = Streams(seed)
                x_1CHW = self.module(self.noise(streams), self.label(streams, label))
            else:
                x_1CHW = self.draw(self.code(seed, label, controls))
            pixels: Pixels = to_pixels(x_1CHW)[0]
        return pixels

    @torch.inference_mode()
    def paint(self, code: Code) -> Pixels:
        """The picture of a code, uint8 HWC."""
        with one_thread():
            pixels: Pixels = to_pixels(self.draw(code))[0]
        return pixels

    def draw(self, code: Code) -> Tensor:
        """The picture of a code (1, C, H, W), differentiable."""
        if self.style is not None and code.styles_1LW is not None:
            return self.style.synthesis(code.styles_1LW)
        picture_1CHW: Tensor = self.module(code.latent_1Z, code.label_1)
        return picture_1CHW

    @torch.inference_mode()
    def code(self, seed: int, label: int | None = None, controls: Controls = PLAIN) -> Code:
        """The code of a seed after mixing, truncation and edits, in this order. Raises as `check` does."""
        self.check(controls)
        streams = Streams(seed)
        label_1 = self.label(streams, label)
        if self.style is None:
            return self.edit(Code(self.noise(streams, controls.truncation), None, label_1), controls)
        w_1LW = self.styles(self.noise(streams), label_1)
        for mix in controls.mixes:
            other = Streams(mix.seed)
            other_1LW = self.styles(self.noise(other), self.label(other, label))
            w_1LW[:, _slice(mix.layers)] = other_1LW[:, _slice(mix.layers)]
        if controls.truncation is not None:
            part = _slice(controls.truncation_layers)
            mean_W = self.style.w_mean_W
            w_1LW[:, part] = mean_W + controls.truncation * (w_1LW[:, part] - mean_W)
        return self.edit(Code(None, w_1LW, None), controls)

    def edit(self, code: Code, controls: Controls) -> Code:
        """The code after the edits of the controls; nothing else of them. Raises UnknownName and BadSetting."""
        steps = [(*self._step(edit), edit) for edit in controls.effective.edits]
        for _, amount, edit in sorted(steps, key=lambda step: (*step[:2], _plain(step[2].layers))):
            step_D = torch.tensor(self._directions().named(edit.name).vector) * amount
            if code.styles_1LW is not None:
                moved_1LW = code.styles_1LW.clone()
                moved_1LW[:, _slice(edit.layers)] += step_D
                code = Code(None, moved_1LW, None)
            elif code.latent_1Z is not None:
                code = Code(code.latent_1Z + step_D, None, code.label_1)
        return code

    def styles(self, z_NZ: Tensor, label_N: Tensor | None) -> Tensor:
        """Styles (N, L, W), the same in every layer."""
        if self.style is None:
            raise bad_control("layers", "no_styles")
        w_NW = self.style.mapping(z_NZ, label_N)
        return w_NW[:, None].repeat(1, self.style.styles, 1)

    def noise(self, streams: Streams, limit: float | None = None) -> Tensor:
        """Latents (1, Z) of a seed; with a limit, each number beyond it is drawn again until it is within."""
        z_1Z = streams.normals("sample", 0, 1, self.latent)
        if limit is not None:
            first = 0
            while (beyond_Z := abs(z_1Z[0]) > limit).any():
                for again_Z in streams.normals("sample-again", first, REDRAWN, self.latent):
                    z_1Z[0, beyond_Z] = again_Z[beyond_Z]
                    beyond_Z = abs(z_1Z[0]) > limit
                first += REDRAWN
        return torch.from_numpy(z_1Z)

    def label(self, streams: Streams, label: int | None) -> Tensor | None:
        """The class (1,), the seed's own where none is given; None without classes."""
        if not self.classes:
            return None
        drawn_1 = torch.from_numpy(streams.choices("sample-label", 0, 1, self.classes))
        return drawn_1 if label is None else torch.full_like(drawn_1, label)

    def _check_truncation(self, truncation: float | None) -> None:
        if truncation is None:
            return
        if self.style is None and not LEAST_Z <= truncation <= MOST_Z:
            raise bad_control("truncation", "truncation_z", value=truncation, least=LEAST_Z, most=MOST_Z)
        if self.style is not None and abs(truncation) > MOST_W:
            raise bad_control("truncation", "truncation_w", value=truncation, most=MOST_W)

    def _step(self, edit: Edit) -> tuple[str, float]:
        return self._directions().named(edit.name).digest, edit.amount

    def _directions(self) -> Directions:
        if self.directions is None or self.directions.space != ("z" if self.style is None else "w"):
            raise bad_control("edit", "no_directions")
        self.directions.check(self.width)
        return self.directions


def _all_layers(controls: Controls) -> list[tuple[str, Layers]]:
    """Every range of layers that the controls name, with the control that does."""
    every = [("layers", controls.truncation_layers)]
    every += [("mix", mix.layers) for mix in controls.mixes]
    every += [("edit", edit.layers) for edit in controls.edits]
    return [(control, layers) for control, layers in every if layers is not None]


def _slice(layers: Layers | None) -> slice:
    return slice(None) if layers is None else slice(layers.first, layers.last + 1)


def _plain(layers: Layers | None) -> list[int]:
    return [] if layers is None else [layers.first, layers.last]
