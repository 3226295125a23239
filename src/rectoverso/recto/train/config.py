"""What was asked of a run, as ``config.toml`` keeps it, and whether a later call asks for the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from rectoverso.errors import BadSetting, RunExists, RunMismatch
from rectoverso.i18n import Phrase
from rectoverso.recto.data.dataset import Dataset, Outline
from rectoverso.recto.privacy.guarantee import check_private
from rectoverso.recto.privacy.vault import Vault
from rectoverso.recto.privacy.veil import Veiled
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.systems.settings import table
from rectoverso.recto.train.checkup import check_held_out
from rectoverso.recto.train.feed import shape_of
from rectoverso.recto.train.folder import RunFolder, write
from rectoverso.recto.train.machine import describe, device_of, physical_cores, resolve
from rectoverso.recto.train.parts import check_share
from rectoverso.recto.train.sync import expected_processes, is_first, wait
from rectoverso.recto.train.toml import dumps
from rectoverso.types import Message
from rectoverso.version import __version__


@dataclass(frozen=True)
class Asked:
    """One call of `train`: the recipe, the data, the seed, and how long. A private run has a ``vault``, and in its
    record the data is ``veiled``.
    """

    recipe: Recipe
    dataset: Dataset
    seed: int
    images: int | None
    max_seconds: float | None
    vault: Vault | None = None

    @cached_property
    def told(self) -> Dataset | Veiled:
        """The data as the run's record tells of it."""
        if self.vault is None:
            return self.dataset
        return Veiled(self.dataset, self.vault, self.recipe.private.pictures)


def check(recipe: Recipe, data: Outline) -> None:
    """Raise BadSetting when this recipe cannot train on such data, on this machine, in these processes."""
    device_of(recipe)
    check_needs(recipe, data)
    check_held_out(data, recipe.held_out)
    check_private(recipe, processes=expected_processes())
    recipe.check(shape_of(data, recipe))
    check_share(recipe)


def check_needs(recipe: Recipe, data: Outline) -> None:
    """Raise BadSetting when the data lacks something that the recipe's players are taught from."""
    there = {"other": data.other is not None, "masks": data.is_mapped, "captions": data.is_captioned}
    for need in sorted(recipe.needs):
        if not there[need]:
            raise _of_data(need, "missing", recipe)
    if recipe.most_pictures is not None and len(data) > recipe.most_pictures:
        raise _of_data("pictures", "idle", recipe, count=len(data), most=recipe.most_pictures)
    if data.other is not None and "other" not in recipe.needs:
        raise _of_data("other", "idle", recipe)


def _of_data(need: str, problem: str, recipe: Recipe, **more: object) -> BadSetting:
    facts: dict[str, object] = {"system": recipe.system, **more}
    reason, advice = (
        Phrase(Message(f"train.{problem}.{need}.{part}", facts)) for part in ("reason", "advice")
    )
    return BadSetting(setting="data", reason=reason, advice=advice)


def begin(folder: RunFolder, asked: Asked) -> Recipe:
    """Start a run: its folder and its config. Raises RunExists."""
    if folder.config.exists():
        raise RunExists(path=folder.path)
    if asked.vault:
        asked.vault.begin()
    wait()  # until every process has seen that there is none
    recipe = settled(asked.recipe, resolve(asked.recipe.precision, device_of(asked.recipe)))
    threads = recipe.threads or min(torch.get_num_threads(), physical_cores())
    if is_first():
        write(folder.config, dumps(_tables(asked, recipe, threads)).encode())
    wait()
    return settled(recipe, folder.read_config()["recipe"]["precision"])


def go_on(folder: RunFolder, asked: Asked) -> Recipe:
    """Take up a run that was begun. Raises RunNotFound, and RunMismatch when something else is asked than
    then.
    """
    before = folder.read_config()
    precision = asked.recipe.precision
    recipe = settled(asked.recipe, before["recipe"]["precision"] if precision == "auto" else precision)
    now = _tables(asked, recipe, before["run"]["threads"])
    for thing, old, new in (
        ("system", before["run"]["system"], now["run"]["system"]),
        ("preset", before["run"]["preset"], now["run"]["preset"]),
        ("seed", before["run"]["seed"], now["run"]["seed"]),
        ("size", _sides(before["data"]), _sides(now["data"])),
        ("number of pictures (--take)", before["data"]["images"], now["data"]["images"]),
        ("data", before["data"]["digest"], now["data"]["digest"]),
        ("machine", before["run"].get("machine"), now["run"]["machine"]),
        ("number of images", before["run"].get("images"), asked.images or before["run"].get("images")),
        *_settings(before["recipe"], now["recipe"]),
        ("classes of the pictures", before["data"].get("labels"), now["data"].get("labels")),
    ):
        if old != new:
            raise RunMismatch(path=folder.path, thing=thing, before=old, after=new)
    return recipe


def promised_images(run: Path) -> int | None:
    """How long the run there was asked to be, if it was asked. Raises RunNotFound."""
    images: int | None = RunFolder(run).read_config()["run"].get("images")
    return images


def _sides(data: Mapping[str, Any]) -> str:
    """Of the pictures, as --size and --channels have them."""
    return f"{data['width']}x{data['height']} with {data['channels']} channels"


def settled(recipe: Recipe, precision: str) -> Recipe:
    return dataclasses.replace(recipe, precision=precision)  # type: ignore[arg-type]


def _tables(asked: Asked, recipe: Recipe, threads: int) -> dict[str, Any]:
    shape, told = shape_of(asked.dataset, recipe), asked.told
    return {
        "run": {
            "system": recipe.system,
            "preset": recipe.preset,
            "seed": asked.seed,
            "images": asked.images,
            "max_seconds": asked.max_seconds,
            "threads": threads,
            "machine": _arithmetic() if asked.vault else None,
        },
        "data": {
            "name": told.name,
            "digest": str(told.digest),
            "manifests": list(told.manifests),
            "images": len(told),
            "taken_from": told.taken_from,
            "height": shape.height_px,
            "width": shape.width_px,
            "channels": shape.channels,
            "classes": list(told.classes[: shape.classes]),
            "labels": told.labels_digest if shape.classes else None,
            "regions": list(told.regions),
            "merges": list(shape.merges) or None,
        },
        "recipe": table(recipe),
    }


def _arithmetic() -> str:
    """What a private run must go on with: where sums round otherwise, steps would be released a second time."""
    return f"{describe()}; torch {torch.__version__}; rectoverso {__version__}"


def _settings(
    before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = ""
) -> list[tuple[str, Any, Any]]:
    """Every setting as (dotted name, then, now), but for the device: a run may go on elsewhere."""
    rows: list[tuple[str, Any, Any]] = []
    for key in (before.keys() | now.keys()) - {"device"}:
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            rows += _settings(old, new, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", old, new))
    return sorted(rows, key=lambda row: row[0])
