"""The engine with canaries for pictures: what `audit` attacks. No network learns and no picture is seen here.

Canary i's gradient is a vector of its own, ``length`` times the clip long, in parameter i; silent pictures have none.
Everything else is what a training uses: the secret that takes pictures, the engine that clips, cuts, sums and adds
noise, the divisor that is expected.

Shapes: M canaries, N pictures, T steps, D parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from rectoverso.recto.privacy.accounting import epsilon
from rectoverso.recto.privacy.audit import (
    Audit,
    Bits,
    Reals,
    audit,
    chance_noisy,
    chance_taken,
    coins,
    leaks_size,
)
from rectoverso.recto.privacy.engine import Mechanism
from rectoverso.recto.privacy.secret import Secret

SILENT = 8
"""Parameters that no canary moves."""
RARE = 1e-4
"""What is as rare as this by chance is not chance."""

Taking = Callable[[Secret, int, int], "np.typing.NDArray[np.int64]"]


@dataclass(frozen=True)
class Canaries:
    """``steps`` of a ``mechanism`` that takes each canary with probability ``rate``."""

    mechanism: Callable[[int], Mechanism]
    """By how many pictures there are, which a right one does not look at."""
    rate: float
    steps: int
    canaries: int = 1_000
    length: float = 10.0
    taking: Taking | None = None

    def __call__(self, there: Bits, seed: int) -> tuple[Reals, Bits]:
        """Every release (T, D), and which canaries each step took (T, M)."""
        secret, place_N = _secret(seed), np.flatnonzero(there)
        releases, taken_TM = [], np.zeros((self.steps, self.canaries), dtype=bool)
        for step in range(self.steps):
            taken_N = place_N[self.taken(secret, step, len(place_N))]
            taken_TM[step, taken_N] = True
            releases.append(self.release(secret, step, taken_N, len(place_N)))
        return np.stack(releases), taken_TM

    def taken(self, secret: Secret, step: int, count: int) -> np.typing.NDArray[np.int64]:
        return self.taking(secret, step, count) if self.taking else secret.taken(step, count, self.rate)

    def release(self, secret: Secret, step: int, taken_N: np.typing.NDArray[np.int64], count: int) -> Reals:
        """What one step gives out (D,), of canaries by their numbers; negative ones are silent."""
        mechanism = self.mechanism(count)
        said_ND = torch.zeros(len(taken_N), self.canaries + SILENT)
        loud = taken_N >= 0
        said_ND[np.flatnonzero(loud), taken_N[loud]] = self.length * mechanism.clip
        return _released(mechanism, said_ND, secret, step)

    def share(self) -> float:
        """How much one picture adds that says something in two layers, over the clip: at most 1."""
        mechanism = replace(self.mechanism(1), noise=0.0)
        said_ND = torch.zeros(1, self.canaries + SILENT)
        said_ND[0, 0] = said_ND[0, -1] = self.length * mechanism.clip
        released_D = _released(mechanism, said_ND, _secret(0), 0)
        return float(np.linalg.norm(released_D)) * mechanism.batch / mechanism.clip

    def verdict(self, *, delta: float, claimed: float, guesses: int = 100, seed: int = 0) -> Verdict:
        """All that `audit` knows to try."""
        there = coins(self.canaries, seed)
        release_TD, taken_TM = self(there, seed)
        mechanism, silent_N = self.mechanism(int(there.sum())), np.full(round(self.canaries * self.rate), -1)
        return Verdict(
            guessed=audit(
                release_TD.sum(0)[: self.canaries], there, claimed=claimed, delta=delta, guesses=guesses
            ),
            share=self.share(),
            taken=chance_taken(taken_TM[:, there], self.rate),
            noisy=chance_noisy(
                release_TD[:, self.canaries :], mechanism.noise * mechanism.clip / mechanism.batch
            ),
            tells_size=leaks_size(
                lambda count: self.release(_secret(seed + 1), 0, silent_N, count),
                canaries=self.canaries,
                count=self.canaries,
                tolerance=0.0,
            ),
        )

    def claimed(self, delta: float) -> float:
        """The epsilon that the accountants tell of this."""
        return epsilon(
            rate=self.rate, noise=self.mechanism(self.canaries).noise, steps=self.steps, delta=delta
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was ``guessed``; the most that one picture adds, over the clip (``share``); by what chance batches
    (``taken``) and noise (``noisy``) would be as they are; whether a release tells the number of pictures.
    """

    guessed: Audit
    share: float
    taken: float
    noisy: float
    tells_size: bool

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, by name; none of an engine that is right."""
        found = {
            "tells more than claimed": self.guessed.is_broken,
            "a picture adds more than the clip": self.share > 1,
            "batches are not taken by chance": self.taken < RARE,
            "noise is not what is claimed": self.noisy < RARE,
            "tells how many pictures there are": self.tells_size,
        }
        return tuple(name for name, is_so in found.items() if is_so)


class _Vector(nn.Module):
    """A network of one vector, in two layers: the canaries' numbers, and those that no canary moves."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(length - SILENT))
        self.last = nn.Parameter(torch.zeros(SILENT))

    def forward(self, x_ND: Tensor) -> Tensor:
        return x_ND[:, :-SILENT] @ self.first + x_ND[:, -SILENT:] @ self.last


def _released(mechanism: Mechanism, said_ND: Tensor, secret: Secret, step: int) -> Reals:
    """What a step gives out (D,) of pictures whose gradients these are."""
    found = mechanism.gradient(_Vector(said_ND.shape[1]), _pulled, (said_ND,), secret, step)
    return torch.cat(list(found.values())).double().numpy()


def _pulled(network: Callable[..., Tensor], row: tuple[Tensor, ...]) -> Tensor:
    return network(*row).sum()


def _secret(seed: int) -> Secret:
    """A key that everybody knows: an audit must be repeatable, and protects nobody."""
    return Secret(seed.to_bytes(32, "little"))
