"""The state of a run, from which it goes on as if it had never stopped. Nothing in it is ever unpickled.

A checkpoint is a folder ``state/<images>-<n>``: ``tensors.safetensors`` holds every player's weights, buffers,
averages and optimiser moments under flat names (``generator.module.dense.weight``, ``critic.optimiser.3.exp_avg``),
``state.json`` the few numbers beside them and the digest of the tensors. It is written under another name, synced and
renamed to one that no other has, and only then are the older ones removed: killed at any moment, one whole checkpoint
is there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from rectoverso.errors import RunDamaged
from rectoverso.recto.train.folder import sync_folder, write
from rectoverso.recto.train.players import Player

TENSORS, NUMBERS = "tensors.safetensors", "state.json"
WRITING = ".writing-"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is: images seen, images in all (None until the pace is known), seconds spent training."""

    images: int
    total: int | None
    seconds: float


def save(state: Path, players: Iterable[Player], place: Place) -> None:
    """Write a checkpoint, then remove the ones before it."""
    data = safetensors.torch.save(gather(players))
    taken = {path.name for path in state.glob("[0-9]*")}
    names = (f"{place.images:012d}-{number}" for number in count())
    name = next(name for name in names if name not in taken)
    unfinished, final = state / f"{WRITING}{name}", state / name
    digest = write(unfinished / TENSORS, data)
    write(unfinished / NUMBERS, json.dumps({**asdict(place), "tensors": digest}).encode())
    unfinished.rename(final)
    sync_folder(state)
    for other in state.iterdir():
        if other != final:
            shutil.rmtree(other)


def load(state: Path, players: Iterable[Player]) -> Place | None:
    """Put the newest whole checkpoint into the players and say where it was; None when none was ever made.

    Raises RunDamaged when there are checkpoints and none is whole: training silently from the start would end by
    removing them.
    """
    folders = sorted((path for path in state.glob("[0-9]*") if path.is_dir()), reverse=True)
    for folder in folders:
        if (read := _whole(folder)) is not None:
            place, data = read
            spread(players, safetensors.torch.load(data))
            return place
    if folders:
        raise RunDamaged(path=state.parent, folder=folders[0])
    return None


def _whole(folder: Path) -> tuple[Place, bytes] | None:
    """What a checkpoint says and holds; None if it is not what was written."""
    try:
        numbers = json.loads((folder / NUMBERS).read_bytes())
        data = (folder / TENSORS).read_bytes()
        if hashlib.sha256(data).hexdigest() != numbers.pop("tensors"):
            return None
        return Place(**numbers), data
    except (OSError, ValueError, KeyError, TypeError):
        return None


def gather(players: Iterable[Player]) -> dict[str, Tensor]:
    """Every tensor that the run's future depends on, by its flat name."""
    tensors: dict[str, Tensor] = {}
    for player in players:
        for part, module in _modules(player).items():
            tensors |= {f"{player.name}.{part}.{key}": value for key, value in module.state_dict().items()}
        for index, parameter in enumerate(player.module.parameters()):
            moments = player.optimiser.state.get(parameter, {})
            tensors |= {f"{player.name}.optimiser.{index}.{key}": value for key, value in moments.items()}
    return {key: value.detach().contiguous() for key, value in tensors.items()}


@torch.no_grad()
def spread(players: Iterable[Player], tensors: dict[str, Tensor]) -> None:
    """The reverse of `gather`."""
    for player in players:
        for part, module in _modules(player).items():
            module.load_state_dict(_below(tensors, f"{player.name}.{part}."))
        for index, parameter in enumerate(player.module.parameters()):
            moments = _below(tensors, f"{player.name}.optimiser.{index}.")
            player.optimiser.state[parameter] = {
                key: _laid_like(parameter, value) for key, value in moments.items()
            }


def _modules(player: Player) -> dict[str, nn.Module]:
    return {"module": player.module} | ({"average": player.average.module} if player.average else {})


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _laid_like(parameter: Tensor, moment: Tensor) -> Tensor:
    """The moment with its parameter's strides: the fused optimiser walks both as plain memory."""
    if moment.shape == parameter.shape:
        return torch.empty_like(parameter).copy_(moment)
    return moment.clone().to(parameter.device)
