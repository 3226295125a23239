"""Directions in which a generator's pictures change most, found in its weights alone, and kept in the run.

The first thing a generator does with a code n is to multiply it by a matrix A. Of all unit steps, those that move A n
furthest are the eigenvectors of A^T A with the largest eigenvalues: Shen and Zhou 2021, "Closed-Form Factorization of
Latent Semantics in GANs" (SeFa), section 3.2. For a style-based generator A stacks the style weights of its layers; for
another it is the first linear layer.

Shapes: F outputs, D numbers of a code (Z of a latent or W of a style), K directions.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.errors import UnknownName
from rectoverso.recto.sample.controls import bad_control
from rectoverso.recto.sample.style import as_style
from rectoverso.recto.systems.settings import suggestion
from rectoverso.recto.train.folder import write
from rectoverso.types import Digest

FILE = "directions.json"
FORMAT = 1
SOURCE = "SeFa, Shen and Zhou 2021, arXiv:2007.06600"
Space = Literal["z", "w"]


@dataclass(frozen=True, slots=True)
class Direction:
    """A unit step (D,) with its name; ``strength`` is how far it moves what the first weights make (an eigenvalue)."""

    name: str
    strength: float
    vector: tuple[float, ...]

    @property
    def digest(self) -> Digest:
        """The name of the step itself, whatever people call it."""
        return Digest(hashlib.sha256(np.asarray(self.vector, "<f4").tobytes()).hexdigest())


@dataclass(frozen=True, slots=True)
class Directions:
    """The directions of one state of the weights; ``weights`` is that state's digest."""

    space: Space
    weights: Digest
    all: tuple[Direction, ...]

    def named(self, name: str) -> Direction:
        """The direction of that name, or number. Raises UnknownName."""
        names = [direction.name for direction in self.all]
        if name in names:
            return self.all[names.index(name)]
        if name.isdecimal() and int(name) < len(names):
            return self.all[int(name)]
        raise UnknownName(kind="direction", name=name, known=", ".join(names), hint=suggestion(name, names))

    def rename(self, names: Mapping[str, str]) -> Directions:
        """The same, with directions called anew (old name or number: new name). Raises UnknownName and BadSetting."""
        new = {self.named(old).name: called for old, called in names.items()}
        renamed = tuple(replace(one, name=new.get(one.name, one.name)) for one in self.all)
        taken = [one.name for one in renamed]
        for called in new.values():
            if not called or taken.count(called) > 1 or called.isdecimal() or set("=@") & set(called):
                raise bad_control("name", "bad_name", value=called)
        return replace(self, all=renamed)

    def check(self, width: int) -> None:
        """Raise BadSetting for a step that is not ``width`` finite numbers: the file may be anybody's."""
        for one in self.all:
            if len(one.vector) != width or not all(map(math.isfinite, one.vector)):
                raise bad_control(
                    "edit", "misfit", name=one.name, count=len(one.vector), width=width, file=FILE
                )

    def keep(self, run: Path) -> None:
        """Write them into the run."""
        facts = {
            "format": FORMAT,
            "source": SOURCE,
            "space": self.space,
            "weights": self.weights,
            "directions": [
                {"name": one.name, "strength": one.strength, "vector": list(one.vector)} for one in self.all
            ],
        }
        write(run / FILE, (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode())


def read_directions(run: Path, weights: Digest) -> Directions | None:
    """Those kept in the run; None when there are none, or they belong to other weights or cannot be read."""
    try:
        facts: dict[str, Any] = json.loads((run / FILE).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT or facts["weights"] != weights or facts["space"] not in ("z", "w"):
            return None
        every = tuple(
            Direction(str(row["name"]), float(row["strength"]), tuple(map(float, row["vector"])))
            for row in facts["directions"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Directions(facts["space"], weights, every)


def find_directions(module: nn.Module, weights: Digest, count: int) -> Directions:
    """The ``count`` strongest directions of a generator, called ``direction-0`` onwards. Raises BadSetting when it has
    no weights that could tell.
    """
    style = as_style(module)
    matrices = style_weights(module, style.w_mean_W.numel()) if style else first_weights(module)
    if not matrices:
        raise bad_control("count", "no_weights")
    strength_K, vector_KD = factorise(matrices, count)
    every = tuple(
        Direction(f"direction-{index}", float(strength), tuple(float(x) for x in vector_D))
        for index, (strength, vector_D) in enumerate(zip(strength_K, vector_KD, strict=True))
    )
    return Directions("w" if style else "z", weights, every)


def factorise(matrices_FD: Sequence[Tensor], count: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Eigenvalues (K,) and unit eigenvectors (K, D) of A^T A, strongest first, A being the matrices on top of each
    other. The largest number of each vector is positive, so that the same weights give the same signs everywhere.
    """
    a_FD = torch.cat([matrix.detach().double().cpu() for matrix in matrices_FD]).numpy()
    value_D, vector_DD = np.linalg.eigh(a_FD.T @ a_FD)
    strongest = np.argsort(value_D)[::-1][:count]
    vector_KD = vector_DD[:, strongest].T
    peak_K = np.abs(vector_KD).argmax(axis=1)
    sign_K = np.sign(vector_KD[np.arange(len(vector_KD)), peak_K])
    return value_D[strongest], (vector_KD * sign_K[:, None]).astype(np.float32)


def style_weights(module: nn.Module, width: int) -> list[Tensor]:
    """The matrices (F, W) through which each layer takes its style: what the module's ``style_weights`` returns, or
    every matrix of that width outside the mapping.
    """
    told = getattr(module, "style_weights", None)
    if told is not None:
        return list(told())
    return [
        weight
        for name, weight in module.named_parameters()
        if weight.ndim == 2 and weight.shape[1] == width and not name.startswith("mapping")
    ]


def first_weights(module: nn.Module) -> list[Tensor]:
    """The weight (F, Z) of the first linear layer, alone in a list; none if there is no such layer."""
    return [layer.weight for layer in module.modules() if isinstance(layer, nn.Linear)][:1]
