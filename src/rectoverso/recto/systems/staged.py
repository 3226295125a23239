"""A player that learns in its own part of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import nn

from rectoverso.recto.nets.transformer import Block
from rectoverso.recto.systems.recipe import Adam, Averaging
from rectoverso.recto.train.muon import Muon
from rectoverso.recto.train.players import Player


@dataclass(frozen=True, slots=True)
class Careful:
    """``decay`` of the weights (Loshchilov and Hutter 2019, times the rate), the longest step of all gradients together
    (``norm``), and the steps in which the rate rises from nothing (``warm_up``).
    """

    decay: float = 0.0
    norm: float = 1.0
    warm_up: int = field(default=1, metadata={"least": 1})


class StagedPlayer(Player):
    """Moves from the share ``begins`` of a run to the share ``ends``: between these its rate falls along half a
    cosine.
    """

    def __init__(
        self,
        name: str,
        module: nn.Module,
        adam: Adam,
        averaging: Averaging | None = None,
        *,
        careful: Careful,
        begins: float = 0.0,
        ends: float = 1.0,
    ) -> None:
        super().__init__(name, module, adam, averaging)
        self.careful, self.begins, self.ends = careful, begins, ends

    @cached_property
    def optimiser(self) -> torch.optim.Optimizer:
        """Only matrices decay, not what is added or multiplied alone; those of transformers move by Muon."""
        adam, inner = self.adam, matrices_of(self.module)
        known = {id(matrix) for matrix in inner}
        others = [p for p in self.module.parameters() if id(p) not in known]
        groups = [
            {"params": inner, "weight_decay": self.careful.decay, "orthogonal": True},
            {"params": [p for p in others if p.dim() > 1], "weight_decay": self.careful.decay},
            {"params": [p for p in others if p.dim() <= 1], "weight_decay": 0.0},
        ]
        held = [group for group in groups if group["params"]]
        return Muon(held, adam.rate, (adam.beta1, adam.beta2), adam.epsilon, fused=True)

    def step(self, progress: float) -> None:
        """Move by the gradients that are there, cut to the norm."""
        nn.utils.clip_grad_norm_(self.module.parameters(), self.careful.norm)
        rate, warmth = self.adam, min(1.0, (self.steps + 1) / self.careful.warm_up)
        self.adam = replace(rate, rate=rate.rate * warmth, rate_end=rate.rate_end * warmth)
        super().step((progress - self.begins) / max(self.ends - self.begins, 1e-9))
        self.adam = rate

    @property
    def steps(self) -> int:
        """How often it has moved, as its optimiser knows it."""
        moments: Mapping[str, torch.Tensor | int] = next(iter(self.optimiser.state.values()), {})
        return int(moments.get("step", 0))


def matrices_of(module: nn.Module) -> list[nn.Parameter]:
    """Those within the blocks of transformers."""
    blocks = [part for part in module.modules() if isinstance(part, Block)]
    return [p for block in blocks for p in block.parameters() if p.dim() == 2]
