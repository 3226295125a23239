"""What a run gives to the world while it goes on: weights, samples, a report and a card."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import nn

from rectoverso.i18n import say
from rectoverso.recto.data.dataset import Outline
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.recto.privacy.guarantee import guarantee_of
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.train.card import NAMES, write_cards
from rectoverso.recto.train.checkpoint import Place
from rectoverso.recto.train.checkup import Checkup
from rectoverso.recto.train.config import Asked
from rectoverso.recto.train.feed import shape_of
from rectoverso.recto.train.folder import RunFolder, write
from rectoverso.recto.train.grid import contact_sheet
from rectoverso.recto.train.machine import describe, device_of
from rectoverso.recto.train.players import Cast, Telling, Turn
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Digest
from rectoverso.version import __version__


def publish(
    folder: RunFolder,
    asked: Asked,
    recipe: Recipe,
    cast: Cast,
    place: Place,
    checkup: Checkup,
    examples: Turn | None = None,
) -> str:
    """Write weights, sample grid, report and cards as of ``place``, after a look at their health; the grid's path
    within the run is returned.
    """
    modules = cast.published()
    digests = {f"{name}.safetensors": write_weights(folder, name, module) for name, module in modules.items()}
    picture_NCHW = cast.preview(modules, examples)
    sample = show(folder, cast.sheet(picture_NCHW, examples), place.images)
    told = cast.told(examples) if isinstance(cast, Telling) and examples is not None else {}
    checkup.examine(modules, picture_NCHW, sample, told)
    facts = report(asked, recipe, place, digests, sample) | in_words(checkup)
    folder.write_report(facts)
    write_cards(folder, asked.told, facts, checkup.symptoms())
    return sample


def show(folder: RunFolder, picture_NCHW: torch.Tensor, images: int) -> str:
    """Write a sample grid of the run as it was after ``images`` images; its path within the run is returned."""
    sample = f"{folder.samples.name}/{images:09d}.png"
    write(folder.path / sample, contact_sheet(to_pixels(picture_NCHW)))
    return sample


def show_untrained(folder: RunFolder, recipe: Recipe, data: Outline, seed: int) -> str:
    """Write the samples that a run will begin with, which need no picture of its data; their path in the run."""
    streams = Streams(seed)
    torch.manual_seed(streams.torch_seed("weights", 0))
    cast = recipe.cast(shape_of(data, recipe), streams)
    for player in cast.players:
        player.move_to(device_of(recipe))
    return show(folder, cast.preview(cast.published()), 0)


def report(
    asked: Asked, recipe: Recipe, place: Place, digests: Mapping[str, Digest], sample: str
) -> dict[str, Any]:
    """What came of the run so far, ready for JSON."""
    guarantee = guarantee_of(recipe, place.images)
    return {
        "system": recipe.system,
        "preset": recipe.preset,
        "seed": asked.seed,
        "images": place.images,
        "images_total": place.total,
        "finished": place.images == place.total,
        "seconds": round(place.seconds, 2),
        "images_per_s": round(place.images / max(place.seconds, 1e-9), 1),
        "precision": recipe.precision,
        "machine": describe(),
        "versions": {
            "rectoverso": __version__,
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        "data": asked.told.describe(),
        **({} if guarantee is None else {"privacy": guarantee.plain()}),
        "weights": dict(digests),
        "sample": sample,
    }


def in_words(checkup: Checkup) -> dict[str, Any]:
    """The health of the run for its report: what was measured, and what is wrong, in each language."""
    wrong = [
        {"symptom": message.key.rpartition(".")[2]} | {language: say(message, language) for language in NAMES}
        for message in checkup.symptoms()
    ]
    return {"readings": dict(checkup.readings), "health": wrong}


def write_weights(folder: RunFolder, name: str, module: nn.Module) -> Digest:
    """Write a network's weights into the run; their digest is returned."""
    tensors = {key: value.detach().contiguous() for key, value in module.state_dict().items()}
    return write(folder.weights / f"{name}.safetensors", safetensors.torch.save(tensors))
