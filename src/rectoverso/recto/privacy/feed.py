"""From private pictures to the batch of a turn: each picture is taken by chance, for itself (Poisson sampling).

The only way from the data to a private cast. How many are taken varies, and nothing here says how many there are: the
clock, schedules and divisors go by the batch that is expected.

Shapes: N pictures taken, B expected, H height, W width, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.part import Part
from rectoverso.recto.privacy.secret import Secret
from rectoverso.recto.privacy.vault import Vault
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.streams import Streams


@dataclass
class PrivateTurn(Turn):
    """A turn that was to have ``expected`` pictures, and has what came: ``image_NCHW`` and ``label_N`` are those, and
    everything else counts what was expected.
    """

    expected: int = 1
    secret: Secret = field(default_factory=lambda: Secret(b""))

    @property
    def count(self) -> int:
        return self.expected


class PrivateFeed(Feed):
    """Hands out private turns, and no pictures after the last one that was paid for."""

    def __init__(
        self,
        dataset: Dataset | Part,
        recipe: Recipe,
        streams: Streams,
        device: torch.device | None = None,
        *,
        vault: Vault,
    ) -> None:
        super().__init__(dataset, recipe, streams, device)
        self.vault = vault

    def turn(self, first: int, progress: float) -> PrivateTurn:
        rate, steps = self.recipe.looks(self.recipe.images)
        step, secret = first // self.recipe.batch, self.vault.secret
        place_N = secret.taken(step, len(self.dataset), rate) if step < steps else np.arange(0)
        turned_N = secret.choices("flip", step, len(place_N), 2) == 1 if self.recipe.flip else None
        return PrivateTurn(
            self._pictures(self.dataset, place_N, turned_N),
            self._labels(place_N),
            first,
            progress,
            self.streams,
            passes=first / self.recipe.private.pictures,
            expected=self.recipe.batch,
            secret=secret,
        )

    def rehearsal(self) -> Feed:
        """Grey pictures under a key of their own: what a turn takes is measured on nothing private."""
        return _Rehearsal(self)


class _Rehearsal(Feed):
    def __init__(self, feed: PrivateFeed) -> None:
        self.recipe, self.streams, self.device, self.shape = (
            feed.recipe,
            feed.streams,
            feed.device,
            feed.shape,
        )
        self.secret = Secret.new()

    def turn(self, first: int, progress: float) -> PrivateTurn:
        batch = self.recipe.batch
        image_NCHW = torch.zeros(batch, self.shape.channels, self.shape.height_px, self.shape.width_px)
        label_N = torch.zeros(batch, dtype=torch.int64, device=self.device) if self.shape.classes else None
        return PrivateTurn(
            image_NCHW.to(self.device),
            label_N,
            first,
            progress,
            self.streams,
            expected=batch,
            secret=self.secret,
        )
