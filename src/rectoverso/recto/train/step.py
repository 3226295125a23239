"""One phase of one turn: its losses, and one step of the players that it moves."""

from __future__ import annotations

import torch

from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.train.machine import autocast, seed
from rectoverso.recto.train.parts import one_batch
from rectoverso.recto.train.players import Cast, Phase, Turn
from rectoverso.recto.train.sync import average_gradients, average_values

Values = dict[str, float]


class Stepper:
    """Lets the players of a cast move, by the numbers of a recipe, on one device."""

    def __init__(self, recipe: Recipe, cast: Cast, device: torch.device) -> None:
        self.recipe, self.cast, self.device = recipe, cast, device
        self.players = {player.name: player for player in cast.players}
        self.optimisers = {player.name: player.optimiser for player in cast.players}

    def losses(self, phase: Phase, turn: Turn) -> tuple[torch.Tensor, Values]:
        """The sum that the phase's players are to go down, and each loss by name, the mean over all processes."""
        for player in self.players.values():
            player.module.requires_grad_(player.name in phase.players)
            self.optimisers[player.name].zero_grad()
        seed(self.device, turn.streams.torch_seed("+".join(phase.players), turn.begins))
        with autocast(self.recipe.precision, self.device), one_batch(turn):
            losses = phase.losses(turn)
        total = torch.stack(list(losses.values())).sum()
        return total, average_values({name: loss.item() for name, loss in losses.items()})

    def move(self, phase: Phase, total: torch.Tensor, progress: float) -> None:
        """Go backward from the sum, sync, and step."""
        torch.autograd.backward(total)
        for name in phase.players:
            average_gradients(self.players[name].module)
            self.players[name].step(progress)

    def follow(self, images: int, turn: Turn) -> None:
        """Let the averages take in the turn, after ``images`` images."""
        for player in self.cast.players:
            player.follow(images, turn.batch)
