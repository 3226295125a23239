"""The engine with canaries for pictures: what `audit` attacks. No network learns and no picture is seen here.

Canary i's gradient is a vector of its own, ``length`` times the clip long, in parameter i; silent pictures have none.
Everything else is what a training uses: the secret that takes pictures, the engine that clips, cuts, sums and adds
noise, the divisor that is expected.

Shapes: M canaries, N pictures, T steps, D parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rectoverso.recto.privacy.accounting import epsilon
from rectoverso.recto.privacy.audit import Audit, Bits, Reals, audit, leaks_size, too_regular
from rectoverso.recto.privacy.engine import Mechanism
from rectoverso.recto.privacy.secret import Secret

SILENT = 8
"""Parameters that no canary moves."""
EVEN = 1e-3
"""Batches that are as regular as this by chance are not taken by chance."""

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
        module = _Vector(said_ND.shape[1])
        released = mechanism.gradient(module, _pulled, (said_ND,), secret, step)["weight"]
        return released.double().numpy()

    def verdict(self, *, delta: float, claimed: float, guesses: int = 100, seed: int = 0) -> Verdict:
        """All that `audit` knows to try."""
        there = np.ones(self.canaries, dtype=bool)
        windows = min(self.steps, 4 * round(1 / self.rate))
        secret = _secret(seed + 1)
        taken_TM = np.zeros((windows, self.canaries), dtype=bool)
        for step in range(windows):
            taken_TM[step, self.taken(secret, step, int(there.sum()))] = True
        expected = round(self.canaries * self.rate)
        return Verdict(
            guessed=audit(
                self, claimed=claimed, delta=delta, canaries=self.canaries, guesses=guesses, seed=seed
            ),
            regular=too_regular(taken_TM, self.rate),
            tells_size=leaks_size(
                lambda count: self.release(secret, 0, np.full(expected, -1), count),
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
    """What was guessed, how regular the batches are (`too_regular`), whether a release tells the number of pictures."""

    guessed: Audit
    regular: float
    tells_size: bool

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, by name; none of an engine that is right."""
        found = {
            "tells more than claimed": self.guessed.is_broken,
            "batches are not taken by chance": self.regular < EVEN,
            "tells how many pictures there are": self.tells_size,
        }
        return tuple(name for name, is_so in found.items() if is_so)


class _Vector(nn.Module):
    """A network of one vector."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(length))

    def forward(self, x_ND: Tensor) -> Tensor:
        return x_ND @ self.weight


def _pulled(network: Callable[..., Tensor], row: tuple[Tensor, ...]) -> Tensor:
    return network(*row).sum()


def _secret(seed: int) -> Secret:
    """A key that everybody knows: an audit must be repeatable, and protects nobody."""
    return Secret(seed.to_bytes(32, "little"))
