"""The numbers of the plain pair (`rectoverso.recto.nets.plain`), which several systems train."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.systems.recipe import Shape
from rectoverso.types import Message

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class PlainNets:
    """The plain pair, class-conditional when there are classes.

    ``generator_patch``, ``critic_patch``: the network sees squares of so many pixels a side, a power of two, as one
    pixel of more channels, which leaves out the costliest resolutions. ``modulated``: the latent speaks to every norm
    of the generator, not to its first layer alone. ``pooled``: the critic halves by means of squares. ``refined_px``:
    pictures of this shorter side and more are doubled smoothly and refined by a second convolution, at twice the
    generator's cost; 0: none are. ``tile_px``: the generator's last features have a bias for each place of a tile of so
    many pixels (`ingrain`); 0: none.
    """

    latent: int = 64
    generator_width: int = 32
    critic_width: int = 32
    generator_patch: int = 1
    critic_patch: int = 1
    modulated: bool = False
    pooled: bool = False
    refined_px: int = field(default=0, metadata={"least": 0})
    tile_px: int = field(default=0, metadata={"least": 0})

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for squares that are no power of two, or leave the network no resolution to change."""
        check_patches(self, shape)

    def generator(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.plain import PlainGenerator

        return PlainGenerator(
            shape,
            latent=self.latent,
            width=self.generator_width,
            patch=self.generator_patch,
            modulated=self.modulated,
            refined=0 < self.refined_px <= min(shape.height_px, shape.width_px),
            tile=self.tile_px,
        )

    def critic(self, shape: Shape) -> nn.Module:
        from rectoverso.recto.nets.plain import PlainCritic

        return PlainCritic(shape, width=self.critic_width, patch=self.critic_patch, pooled=self.pooled)


class Patches(Protocol):
    """Numbers of networks that see squares of pixels."""

    @property
    def generator_patch(self) -> int: ...

    @property
    def critic_patch(self) -> int: ...


def check_patches(nets: Patches, shape: Shape) -> None:
    """Raise BadSetting for squares that are no power of two, or leave a network no resolution to change."""
    most = 2 ** (shape.levels - 1)
    for name in ("generator_patch", "critic_patch"):
        patch = getattr(nets, name)
        if patch.bit_count() != 1 or patch > most:
            options = ", ".join(str(2**level) for level in range(shape.levels))
            facts: dict[str, object] = {"value": patch, "options": options}
            raise BadSetting(
                setting=f"nets.{name}",
                reason=Phrase(Message("train.setting.not_an_option.reason", facts)),
                advice=Phrase(Message("train.setting.not_an_option.advice", facts)),
            )
