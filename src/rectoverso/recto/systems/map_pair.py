"""How pix2pixHD and SPADE train: a generator that is shown maps and real pictures, critics at several scales.

Feature matching (Wang et al. 2018, eq. 3 and 4): what each critic sees in a generated picture is to be what it sees in
the real one of the same map. The perceptual loss (section 4) comes with a network of one's own (`perception`).

Shapes: N images, K classes, Z latent, C channels, H height, W width.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn

from rectoverso.recto.nets.given import Given
from rectoverso.recto.nets.patch_critic import ManyScales, Said, matched
from rectoverso.recto.nets.regions import boundaries, classes_of, halved_mask, planes_of
from rectoverso.recto.nets.resampling import smaller
from rectoverso.recto.systems.perception import Perceiving
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.grid import in_rows
from rectoverso.recto.train.objectives import OBJECTIVES
from rectoverso.recto.train.players import Losses, Phase, Player, Turn
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import gathered

if TYPE_CHECKING:
    from rectoverso.recto.systems.maps import MapRecipe

SHOWN = 16
INK = 0.9


class Teachable(Protocol):
    """A generator that is shown real pictures and maps: its own of the maps, and what else that costs, by name."""

    def taught(
        self, image_NCHW: Tensor, mask_NHW: Tensor, noise_NZ: Tensor, **more: bool
    ) -> tuple[Tensor, dict[str, Tensor]]: ...


@runtime_checkable
class Remembering(Protocol):
    """One that keeps what it reads of regions (N, K, E), and how much of a picture is of each class (N, K)."""

    def read(self, image_NCHW: Tensor, mask_NHW: Tensor) -> tuple[Tensor, Tensor]: ...

    def remember(self, told_NKE: Tensor, cover_NK: Tensor) -> None: ...


class MapPair:
    """A generator from maps and its critics (a `Cast`)."""

    def __init__(self, recipe: MapRecipe, shape: Shape, streams: Streams) -> None:
        self.recipe, self.shape, self.streams = recipe, shape, streams
        self.generator = recipe.nets.generator(shape)
        self.critics = cast("ManyScales", recipe.nets.critic(shape))
        for module in (self.generator, self.critics):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.critic_objective, self.generator_objective = OBJECTIVES[recipe.objective]
        self.perceiving = Perceiving(recipe.perception, shape)
        self.players = (
            Player("generator", self.generator, recipe.generator_adam, recipe.averaging),
            Player("critic", self.critics, recipe.critic_adam),
            *self.perceiving.players,
        )
        self.phases = (Phase(("generator",), self.generator_losses), Phase(("critic",), self.critic_losses))

    def generator_losses(self, turn: Turn) -> Losses:
        fake_NCHW, extra = self.taught(turn)
        fake = self.said(turn, fake_NCHW)
        with torch.no_grad():
            real = self.said(turn, self.real(turn))
        fooled = torch.stack([self.generator_objective(logits, logits) for logits, _ in fake]).mean()
        losses = {"generator": fooled, "matching": self.recipe.matching * matched(fake, real)}
        losses |= self.perceiving.losses(fake_NCHW, self.real(turn))
        return losses | {name: self.recipe.divergence * value for name, value in extra.items()}

    def critic_losses(self, turn: Turn) -> Losses:
        fake_NCHW, _ = self.taught(turn)
        self.remember(turn)
        real, fake = self.said(turn, self.real(turn)), self.said(turn, fake_NCHW.detach())
        pairs = [(r, f) for (r, _), (f, _) in zip(real, fake, strict=True)]
        turn.readings["margin"] = float(
            torch.stack([(r.mean() - f.mean()).detach() for r, f in pairs]).mean()
        )
        return {"critic": torch.stack([self.critic_objective(r, f) for r, f in pairs]).mean()}

    def taught(self, turn: Turn) -> tuple[Tensor, dict[str, Tensor]]:
        """Pictures of the turn's maps, once for both players; at half the sides while it is coarse."""
        image_NCHW, mask_NHW = turn.image_NCHW, self.mask(turn)
        noise = turn.normals("latent", self.recipe.latent)
        more = {"coarse": True} if self.is_coarse(turn) else {}
        return turn.once("taught", lambda: self.teachable.taught(image_NCHW, mask_NHW, noise, **more))

    def said(self, turn: Turn, x_NCHW: Tensor) -> Said:
        """What the critics say of pictures beside their maps: all, or those from half the sides on."""
        mask_NHW, first = self.mask(turn), 0
        if self.is_coarse(turn):
            mask_NHW, first = halved_mask(mask_NHW), 1
        planes = [planes_of(mask_NHW, self.shape.regions)]
        if self.recipe.nets.shows_boundaries:
            planes.append(boundaries(mask_NHW))
        x = torch.cat([*planes, x_NCHW.float()], 1).contiguous(memory_format=torch.channels_last)
        return self.critics.judged(x, first)

    def real(self, turn: Turn) -> Tensor:
        return smaller(turn.image_NCHW) if self.is_coarse(turn) else turn.image_NCHW

    def is_coarse(self, turn: Turn) -> bool:
        return turn.progress < self.recipe.coarse

    def remember(self, turn: Turn) -> None:
        """Let a generator that remembers what was read remember that of the turn, of all processes. It is read by its
        average, which is what draws.
        """
        if isinstance(self.generator, Remembering):
            average = self.players[0].average
            reader = cast("Remembering", average.module if average else self.generator)
            told_NKE, cover_NK = reader.read(turn.image_NCHW, self.mask(turn))
            self.generator.remember(gathered(told_NKE), gathered(cover_NK))

    @property
    def teachable(self) -> Teachable:
        return cast("Teachable", self.generator)

    def mask(self, turn: Turn) -> Tensor:
        assert turn.mask_NHW is not None  # noqa: S101 - the data was checked
        return turn.mask_NHW

    def published(self) -> dict[str, nn.Module]:
        """A copy of the averaged generator."""
        average = self.players[0].average
        return {"generator": copy.deepcopy(average.module if average else self.generator).eval()}

    @torch.no_grad()
    def preview(self, published: dict[str, nn.Module], examples: Turn | None = None) -> Tensor:
        """Pictures of the first maps, each from noise of its own."""
        assert examples is not None  # noqa: S101 - its pictures are made from maps
        mask_NHW = self.mask(examples)[:SHOWN]
        noise = self.streams.normals("preview", 0, len(mask_NHW), self.recipe.latent)
        noise_NZ = torch.from_numpy(noise).to(mask_NHW.device)
        picture_NCHW: Tensor = published["generator"](noise_NZ, Given(mask_NHW=mask_NHW))
        return picture_NCHW

    def sheet(self, picture_NCHW: Tensor, examples: Turn | None = None) -> Tensor:
        """Rows of maps, of the pictures made from them, and of the real ones."""
        assert examples is not None  # noqa: S101 - its pictures are made from maps
        maps_NCHW = coloured(self.mask(examples)[:SHOWN], self.shape)
        return in_rows(maps_NCHW, picture_NCHW, examples.image_NCHW[:SHOWN])


def coloured(mask_NHW: Tensor, shape: Shape) -> Tensor:
    """A colour for each class, as far apart in hue as can be (N, C, H, W)."""
    hue_K = torch.arange(shape.regions, device=mask_NHW.device) * 2 * torch.pi * 0.618
    colour_KC = torch.stack([torch.cos(hue_K + turn) for turn in (0.0, 2.094, 4.189)], 1) * INK
    planes_NCHW = colour_KC[classes_of(mask_NHW)].permute(0, 3, 1, 2)
    if shape.channels == 1:
        return planes_NCHW.mean(1, keepdim=True)
    opaque = torch.ones_like(planes_NCHW[:, :1]).expand(-1, shape.channels - 3, -1, -1)
    return torch.cat([planes_NCHW, opaque], 1)
