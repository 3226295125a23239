"""The numbers that pix2pixHD and SPADE share: pictures from maps, critics at several scales, feature matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from rectoverso.recto.systems.adversarial import OF_FAKES, AdversarialRecipe, Objective
from rectoverso.recto.systems.perception import NOTHING_LOOKS, Perception
from rectoverso.recto.systems.recipe import Ask, Need, PenaltyKind, Shape, check_multiple, check_patch_critic

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams


class MapNets(Protocol):
    """The numbers of networks that make pictures from maps, and of critics at so many scales. ``has_coarse``: a part of
    the generator can learn alone, at half the sides. ``shows_boundaries``: the critics see those of a map too.
    """

    has_coarse: ClassVar[bool]

    @property
    def shows_boundaries(self) -> bool: ...

    @property
    def critic_downs(self) -> int: ...

    @property
    def scales(self) -> int: ...

    @property
    def latent(self) -> int: ...

    @property
    def least_multiple(self) -> int: ...

    def generator(self, shape: Shape) -> nn.Module: ...

    def critic(self, shape: Shape) -> nn.Module: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRecipe(AdversarialRecipe):
    """``matching`` weighs feature matching, ``divergence`` the style encoder's; during the share ``coarse`` of a run
    only the global network learns, at half the sides. ``perception`` adds perceptual losses.
    """

    takes_one_pass: ClassVar[bool] = False
    penalties: ClassVar[tuple[PenaltyKind, ...]] = ("none",)
    objectives: ClassVar[tuple[Objective, ...]] = OF_FAKES
    grows: ClassVar[bool] = True
    needs: ClassVar[frozenset[Need]] = frozenset({"masks"})
    asks: ClassVar[frozenset[Ask]] = frozenset({"map"})
    takes_style: ClassVar[bool] = True

    nets: MapNets
    matching: float = 10.0
    divergence: float = 0.05
    coarse: float = 0.0
    perception: Perception = NOTHING_LOOKS

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.map_pair import MapPair

        return MapPair(self, shape, streams)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for sides that the networks cannot halve as often as they do, and idle settings, and what
        `Perception.eye` raises.
        """
        nets = self.nets
        check_multiple(shape, nets.least_multiple)
        check_patch_critic(shape, nets.critic_downs, nets.scales)
        if self.coarse and not (nets.has_coarse and nets.scales > 1):
            raise self._idle("coarse")
        self.check_idle()
        self.perception.eye(shape)
