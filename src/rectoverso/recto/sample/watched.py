"""A trained network whose layers can be looked into by name: a run's critic, or the features that `verso evaluate`
has learnt.

Layers are found by sending one black picture through: those modules without parts of their own whose output is a map.
The network itself needs to know nothing of this.

Shapes: N images, C channels, H height, W width; c, h and w of a layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor, nn

from rectoverso.errors import UnknownName
from rectoverso.recto.sample.controls import bad_control
from rectoverso.recto.systems.settings import suggestion

GROUP = 4
"""Some critics compare the pictures of a batch in groups of so many: batches are filled up to that."""
HIDDEN = "parametrizations"
"""Modules below this make weights out of weights; they see no picture."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer by its name in the network, with its channels and the sides of its map for a picture of the
    network's own sides.
    """

    name: str
    channels: int
    height: int
    width: int


class Watched:
    """``look`` sends pictures (N, C, H, W) of ``sides`` (height, width) through ``module``."""

    def __init__(
        self, module: nn.Module, look: Callable[[Tensor], object], channels: int, sides: tuple[int, int]
    ) -> None:
        self.module = module.requires_grad_(requires_grad=False).eval()
        self.look, self.channels, self.sides = look, channels, sides

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """In the order in which a picture passes them."""
        found: dict[str, Layer] = {}

        def note(name: str, _module: nn.Module, _inputs: Any, output: object) -> None:
            if isinstance(output, Tensor) and output.ndim == 4:
                found.setdefault(name, Layer(name, *output.shape[1:]))

        names = [
            (name, one)
            for name, one in self.module.named_modules()
            if HIDDEN not in name and not [child for child, _ in one.named_children() if child != HIDDEN]
        ]
        hooks = [one.register_forward_hook(partial(note, name)) for name, one in names]
        try:
            with torch.inference_mode():
                self.look(torch.full((GROUP, self.channels, *self.sides), -1.0))
        finally:
            for hook in hooks:
                hook.remove()
        return tuple(found.values())

    def layer(self, name: str | None, channel: int | None = None) -> Layer:
        """The layer of that name, the last one without. Raises UnknownName, and BadSetting for a channel that it does
        not have.
        """
        names = [layer.name for layer in self.layers]
        if name is not None and name not in names:
            raise UnknownName(kind="layer", name=name, known=", ".join(names), hint=suggestion(name, names))
        layer = self.layers[-1 if name is None else names.index(name)]
        if channel is not None and channel >= layer.channels:
            raise bad_control("channel", "no_channel", layer=layer.name, last=layer.channels - 1)
        return layer

    def seen(self, layer: Layer, x_NCHW: Tensor) -> Tensor:
        """What the layer makes of pictures (N, c, h, w), differentiable. Nothing beyond it is computed."""
        kept: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            kept.append(output)
            raise _SeenError

        hook = self.module.get_submodule(layer.name).register_forward_hook(keep)
        missing = -len(x_NCHW) % GROUP
        try:
            self.look(torch.cat([x_NCHW, *[x_NCHW[:1]] * missing]))
        except _SeenError:
            pass
        finally:
            hook.remove()
        return kept[0][: len(x_NCHW)].float()


class _SeenError(Exception):
    """The layer has been passed, and what comes after it is of no interest."""
