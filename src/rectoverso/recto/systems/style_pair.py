"""How StyleGAN and StyleGAN2 train: style mixing, lazy penalties with turns of their own, path lengths.

Needs torch, which the recipes in `stylegan` and `stylegan2` do without.

Shapes: N images, Z latent, W style, L style layers, C channels, H height, W (after H) width.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.share import normals, share, sharing
from rectoverso.recto.nets.style_layers import StyledGenerator
from rectoverso.recto.nets.stylegan2 import Stylegan2Generator
from rectoverso.recto.systems.augmented_pair import AugmentedPair
from rectoverso.recto.systems.pair import Pair, gamma_at
from rectoverso.recto.systems.recipe import Adam, Shape
from rectoverso.recto.train.penalties import gradient_penalty, path_lengths
from rectoverso.recto.train.players import Losses, Phase, Turn
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import mean_of

if TYPE_CHECKING:
    from rectoverso.recto.systems.stylegan import StyleganRecipe
    from rectoverso.recto.systems.stylegan2 import Stylegan2Recipe

MEASURED_STYLES = 4096
PATH_DECAY = 0.01


class StylePair(Pair):
    """StyleGAN's players (a `Cast`): the critic's penalty, R1, has a phase of its own every ``penalty.every`` turns."""

    def __init__(self, recipe: StyleganRecipe, shape: Shape, streams: Streams) -> None:
        every = recipe.penalty.every if recipe.penalty.kind != "none" else 0
        super().__init__(replace(recipe, critic_adam=lazy(recipe.critic_adam, every)), shape, streams)
        self.mixing = recipe.mixing
        if every:
            self.phases += (Phase(("critic",), self.slope_losses, every),)

    @property
    def styled(self) -> StyledGenerator:
        return cast("StyledGenerator", self.generator)

    def critic_losses(self, turn: Turn) -> Losses:
        """The two sides apart: the minibatch deviation of one must not see the other."""
        real_N = self.judge(self.seen(turn, turn.image_NCHW, "real"), turn.label_N)
        fake_N = self.judge(self.seen(turn, self.fakes(turn).detach(), "fake"), turn.label_N)
        self.hear(turn, real_N, fake_N)
        return {"critic": self.critic_objective(real_N, fake_N)}

    def slope_losses(self, turn: Turn) -> Losses:
        """R1 (Mescheder et al. 2018, eq. 9), at real pictures as the critic sees them."""
        settings = self.recipe.penalty
        weight = gamma_at(settings, turn) / 2 * settings.every
        x_NCHW = self.seen(turn, turn.image_NCHW, "slope")
        return {"penalty": weight * gradient_penalty(partial(self.judge, label_N=turn.label_N), x_NCHW)}

    def fakes(self, turn: Turn) -> Tensor:
        return turn.once("fakes", lambda: self.styled.synthesis(self.mixed(turn)))

    def mixed(self, turn: Turn) -> Tensor:
        """Styles (N, L, W); in a share of the pictures a second latent takes over from a random layer on (Karras et
        al. 2019, 3.1).
        """
        layers, width = self.styled.styles, self.recipe.latent
        w_NLW = self.styled.spread(self.styled.mapping(turn.normals("latent", width), turn.label_N))
        if not self.mixing:
            return w_NLW
        other_NW = self.styled.mapping(turn.normals("mixing-latent", width), turn.label_N)
        u_N2 = torch.from_numpy(turn.streams.uniforms("mixing", turn.first, turn.count, 2))
        from_N = torch.where(u_N2[:, 0] < self.mixing, 1 + (u_N2[:, 1] * (layers - 1)).long(), layers)
        is_other_NL = torch.arange(layers) >= from_N[:, None]
        return torch.where(is_other_NL[:, :, None].to(w_NLW.device), self.styled.spread(other_NW), w_NLW)

    def published(self) -> dict[str, nn.Module]:
        """Copies of the averaged generator, its mean style measured, and of the critic."""
        average = self.players[0].average
        generator = copy.deepcopy(average.module if average else self.generator).eval()
        cast("StyledGenerator", generator).measure_mean(*self.noise("mean style", 0, MEASURED_STYLES))
        return {"generator": generator, "critic": copy.deepcopy(self.critic).eval()}


class Stylegan2Pair(AugmentedPair, StylePair):
    """StyleGAN2's players: path length regularisation in a phase of its own, adaptive augmentation before the
    critic.
    """

    def __init__(self, recipe: Stylegan2Recipe, shape: Shape, streams: Streams) -> None:
        every = recipe.path.every if recipe.path.stride else 0
        super().__init__(replace(recipe, generator_adam=lazy(recipe.generator_adam, every)), shape, streams)
        self.path = recipe.path
        if every:
            path = Phase(("generator",), self.path_losses, every)
            self.phases = (self.phases[0], path, *self.phases[1:])

    def path_losses(self, turn: Turn) -> Losses:
        """The squared distance of path lengths from their running mean (Karras et al. 2020, eq. 4)."""
        generator = cast("Stylegan2Generator", self.generator)
        some = slice(None, None, self.path.stride)
        z_NZ = turn.normals("path-latent", self.recipe.latent)[some]
        w_NLW = generator.spread(
            generator.mapping(z_NZ, None if turn.label_N is None else turn.label_N[some])
        )
        with sharing(share().every(self.path.stride)):
            picture_NCHW = generator.synthesis(w_NLW)
            length_N = path_lengths(picture_NCHW, w_NLW, normals(*picture_NCHW.shape))
        with torch.no_grad():
            mean = mean_of(length_N.mean())
            generator.path_mean.lerp_(mean, PATH_DECAY if generator.path_mean else 1.0)
        turn.readings["path_length"] = mean.item()
        weight = self.path.weight * self.path.every
        return {"path": weight * (length_N - generator.path_mean).square().mean()}


def lazy(adam: Adam, every: int) -> Adam:
    """Adam for a player with one more step every ``every`` turns: as fast and with as long a memory as without
    (Karras et al. 2020, appendix B). 0: there is none.
    """
    share = every / (every + 1) if every else 1.0
    return replace(
        adam,
        rate=adam.rate * share,
        rate_end=adam.rate_end * share,
        beta1=adam.beta1**share,
        beta2=adam.beta2**share,
    )
