"""Pictures from a run: loads its config and its safetensors, and nothing else.

A picture is a function of the weights, its seed and its class. Each is drawn alone, on one thread, so its bytes
cannot depend on what else is asked for in the same call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from rectoverso.errors import RectoversoError, RunNotFound, UnknownName
from rectoverso.i18n import Phrase
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.systems import recipe
from rectoverso.recto.systems.recipe import Recipe, Shape
from rectoverso.recto.systems.settings import from_table, suggestion
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Digest, Maker, Message, Pixels
from rectoverso.version import __version__

WEIGHTS = "generator.safetensors"


class RunGenerator:
    """The generator of a run, ready to draw.

    ``maker`` names it as drafts do, ``classes`` are the names that ``sample`` takes by number, ``size`` is
    the width and height of its pictures in pixels. Raises RunNotFound when the folder holds no run that can be read, or
    no weights yet.
    """

    def __init__(self, run: Path) -> None:
        folder = RunFolder(run)
        config = folder.read_config()
        weights = _read(folder)
        try:
            self.recipe, self.shape = _asked(config)
            self.classes: tuple[str, ...] = tuple(config["data"]["classes"])
            self.module = self.recipe.generator(self.shape).eval()
            self.module.load_state_dict(safetensors.torch.load(weights))
        except (RectoversoError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
            reason = Phrase(Message("train.run.does_not_fit", {"problem": error}))
            raise RunNotFound(path=run, reason=reason) from error
        digest = Digest(hashlib.sha256(weights).hexdigest())
        self.maker = Maker(f"{self.recipe.system}/{self.recipe.preset}", __version__, digest)
        self.size = (self.shape.width_px, self.shape.height_px)

    def class_index(self, label: str | None) -> int | None:
        """The number of a class by its name (or by its number in digits). Raises UnknownName."""
        if label is None:
            return None
        if label in self.classes:
            return self.classes.index(label)
        if label.isdecimal() and int(label) < len(self.classes):
            return int(label)
        known = ", ".join(self.classes) or "-"
        raise UnknownName(kind="class", name=label, known=known, hint=suggestion(label, self.classes))

    def sample(self, seeds: Sequence[int], label: int | None = None) -> Iterator[Pixels]:
        """One picture a seed, uint8 HWC. ``label`` is a class for all of them; without it each seed draws its
        own.
        """
        for seed in seeds:
            yield self._draw(Streams(seed), label)

    @torch.inference_mode()
    def batch(self, noise_NZ: torch.Tensor, label_N: torch.Tensor | None = None) -> Pixels:
        """Many pictures at once, uint8 NHWC, from noise (N, Z) and, where there are classes, labels (N,): for
        measuring. Faster than ``sample``, whose bytes it gives only up to rounding.
        """
        return to_pixels(self.module(noise_NZ, label_N))

    @torch.inference_mode()
    def _draw(self, streams: Streams, label: int | None) -> Pixels:
        noise_1Z = torch.from_numpy(streams.normals("sample", 0, 1, self.recipe.latent))
        label_1 = None
        if self.shape.classes:
            drawn_1 = torch.from_numpy(streams.choices("sample-label", 0, 1, self.shape.classes))
            label_1 = drawn_1 if label is None else torch.full_like(drawn_1, label)
        with one_thread():
            pixels: Pixels = to_pixels(self.module(noise_1Z, label_1))[0]
        return pixels


def _read(folder: RunFolder) -> bytes:
    try:
        return (folder.weights / WEIGHTS).read_bytes()
    except OSError:
        raise RunNotFound(path=folder.path, reason=Phrase(Message("train.run.no_weights"))) from None


def _asked(config: dict[str, Any]) -> tuple[Recipe, Shape]:
    """The recipe that made the run, and the shape of its pictures."""
    preset = recipe(config["run"]["system"], config["run"]["preset"])
    data = config["data"]
    shape = Shape(data["height"], data["width"], data["channels"], len(data["classes"]))
    return from_table(preset, config["recipe"]), shape
