"""Pictures from a run: loads its config and its safetensors, and nothing else.

A picture is a function of the weights, its seed, its class and its controls (`painter`). Each is drawn alone, on one
thread, so its bytes cannot depend on what else is asked for in the same call.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import safetensors
import safetensors.torch
import torch
from torch import nn

from rectoverso.errors import RectoversoError, RunNotFound, UnknownName
from rectoverso.i18n import Phrase
from rectoverso.recto.data.frame import Frame
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.nets.given import Given
from rectoverso.recto.privacy.guarantee import told
from rectoverso.recto.sample.controls import Controls, bad_control
from rectoverso.recto.sample.directions import read_directions
from rectoverso.recto.sample.making import Making
from rectoverso.recto.sample.material import NOTHING, Material, check_material
from rectoverso.recto.sample.painter import PLAIN, Painter
from rectoverso.recto.systems import recipe
from rectoverso.recto.systems.recipe import Recipe, Shape
from rectoverso.recto.systems.settings import from_table, suggestion
from rectoverso.recto.train.folder import RunFolder
from rectoverso.types import Digest, Maker, Message, Pixels
from rectoverso.version import __version__

if TYPE_CHECKING:
    from rectoverso.recto.nets.single import SingleGenerator

WEIGHTS = "generator.safetensors"
CRITIC = "critic.safetensors"


class RunGenerator:
    """The generator of a run, ready to draw.

    ``maker`` names it as drafts do, ``classes`` are the names that ``sample`` takes by number, ``size`` is
    the width and height of its pictures in pixels, ``painter`` draws them from seeds, or ``making`` from what it asks
    for. Raises RunNotFound when the folder
    holds no run that can be read, or no weights yet.
    """

    def __init__(self, run: Path) -> None:
        folder = RunFolder(run)
        config = folder.read_config()
        weights = _read(folder)
        self._critic_file = folder.weights / CRITIC
        try:
            self.recipe, self.shape = _asked(config)
            self.classes: tuple[str, ...] = tuple(config["data"]["classes"])
            self.module = self.recipe.generator(self.shape).eval()
            self.module.load_state_dict(safetensors.torch.load(weights))
        except (RectoversoError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
            reason = Phrase(Message("train.run.does_not_fit", {"problem": error}))
            raise RunNotFound(path=run, reason=reason) from error
        digest = Digest(hashlib.sha256(weights).hexdigest())
        name = f"{self.recipe.system}/{self.recipe.preset}"
        data = config["data"]
        self.maker = Maker(
            name,
            __version__,
            digest,
            None if self.recipe.is_private else data.get("digest"),  # whose record has a keyed one
            tuple(data.get("manifests", ())),
            _promise(folder, digest) if self.recipe.is_private else "",
        )
        self.is_resized = False
        self.size = (self.shape.width_px, self.shape.height_px)
        self.noise = self.recipe.noise(self.shape)
        self._directions = read_directions(run, digest)

    @cached_property
    def painter(self) -> Painter:
        """Draws from seeds. Raises BadSetting where a run makes its pictures from something else as well."""
        if self.recipe.asks:
            raise bad_control("image", "made_from", system=self.recipe.system)
        return Painter(
            self.module,
            latent=self.noise,
            classes=self.shape.classes,
            directions=self._directions,
        )

    @cached_property
    def making(self) -> Making:
        """Makes pictures from what a person gives, of a run that asks for it."""
        return Making(self.module, self.recipe, self.shape)

    def at_size(self, frame: Frame) -> RunGenerator:
        """The same run, drawing pictures of these sides, if it can. Raises BadSetting."""
        if not self.recipe.takes_any_size:
            raise bad_control("size", "fixed_size", size=f"{self.size[0]}x{self.size[1]}")
        other = copy.copy(self)
        other.__dict__.pop("painter", None)
        other.module = cast("SingleGenerator", self.module).at((frame.height, frame.width))
        other.shape = replace(self.shape, height_px=frame.height, width_px=frame.width)
        other.size, other.noise = (frame.width, frame.height), other.module.noise
        other.is_resized = other.size != self.size
        return other

    def check(self, controls: Controls, materials: Sequence[Material]) -> None:
        """Raise BadSetting or UnknownName when this run cannot do what is asked."""
        for material in materials or (NOTHING,):
            check_material(self.recipe, material)
        if not self.recipe.asks:
            self.painter.check(controls)
        elif controls.effective != PLAIN:
            raise bad_control("truncation", "no_controls", system=self.recipe.system)

    def facts(self, controls: Controls) -> dict[str, Any]:
        """Everything in which the controls change a picture (`Painter.facts`); its size where it is not the run's."""
        facts = {} if self.recipe.asks else self.painter.facts(controls)
        return facts | ({"size": list(self.size)} if self.is_resized else {})

    def class_index(self, label: str | None) -> int | None:
        """The number of a class by its name (or by its number in digits). Raises UnknownName, or BadSetting without
        classes.
        """
        if label is None:
            return None
        if not self.classes:
            raise bad_control("label", "no_classes")
        if label in self.classes:
            return self.classes.index(label)
        if label.isdecimal() and int(label) < len(self.classes):
            return int(label)
        raise UnknownName(
            kind="class", name=label, known=", ".join(self.classes), hint=suggestion(label, self.classes)
        )

    def sample(
        self, seeds: Sequence[int], label: int | None = None, controls: Controls = PLAIN
    ) -> Iterator[Pixels]:
        """One picture a seed, uint8 HWC. ``label`` is a class for all of them; without it each seed draws its
        own. Raises BadSetting and UnknownName for controls that this generator does not have.
        """
        for seed in seeds:
            yield self.painter.picture(seed, label, controls)

    @torch.inference_mode()
    def batch(self, noise_NZ: torch.Tensor, label_N: torch.Tensor | None = None) -> Pixels:
        """Many pictures at once, uint8 NHWC, from noise (N, Z) and, where there are classes, labels (N,): for
        measuring. Faster than ``sample``, whose bytes it gives only up to rounding.
        """
        pixels: Pixels = to_pixels(self.module(noise_NZ, label_N))
        return pixels

    @torch.inference_mode()
    def batch_from(self, noise_NZ: torch.Tensor, given: Given) -> Pixels:
        """The same, of a run that makes its pictures from something."""
        pixels: Pixels = to_pixels(self.module(noise_NZ, given))
        return pixels

    def critic(self) -> nn.Module | None:
        """The critic that the run has kept, ready to judge; None where there is none or it does not fit."""
        build = getattr(getattr(self.recipe, "nets", None), "critic", None)
        if build is None:
            return None
        try:
            critic: nn.Module = build(self.shape)
            tensors = safetensors.torch.load_file(self._critic_file)
            # Runs of before 2026-11-26 kept the state of their augmentation there.
            critic.load_state_dict({k: v for k, v in tensors.items() if not k.startswith("augment.")})
        except (OSError, RuntimeError, safetensors.SafetensorError):
            return None
        return critic.eval()


def _read(folder: RunFolder) -> bytes:
    try:
        return (folder.weights / WEIGHTS).read_bytes()
    except OSError:
        raise RunNotFound(path=folder.path, reason=Phrase(Message("train.run.no_weights"))) from None


def _promise(folder: RunFolder, digest: Digest) -> str:
    """What a private run promises; nothing where its record is not of these weights."""
    report = folder.read_report()
    if report.get("weights", {}).get(WEIGHTS) != digest or "privacy" not in report:
        return ""
    return told(report["privacy"])


def _asked(config: dict[str, Any]) -> tuple[Recipe, Shape]:
    """The recipe that made the run, and the shape of its pictures."""
    preset = recipe(config["run"]["system"], config["run"]["preset"])
    data = config["data"]
    classes, regions = len(data["classes"]), len(data.get("regions", ()))
    merges = tuple(data.get("merges", ()))
    shape = Shape(data["height"], data["width"], data["channels"], classes, regions, merges)
    return from_table(preset, config["recipe"]), shape
