"""The numbers that every pair of a generator and a critic has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, Self, get_args

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.systems.dial import turned
from rectoverso.recto.systems.recipe import Adam, Averaging, Budget, Penalty, PenaltyKind, Recipe, Shape, Size
from rectoverso.types import Message

if TYPE_CHECKING:
    from torch import nn

    from rectoverso.recto.train.players import Cast
    from rectoverso.recto.train.streams import Streams

Objective = Literal["nonsaturating", "relativistic", "hinge", "minimax", "wasserstein", "least_squares"]
OF_FAKES: tuple[Objective, ...] = tuple(name for name in get_args(Objective) if name != "relativistic")
"""In which a generator is told of its own pictures alone, without real ones to compare them with."""


class Nets(Protocol):
    """The numbers of a family of networks, and how to build them: a generator (latents (N, Z), labels (N,) or None)
    -> pictures, and a critic (pictures, labels or None) -> one logit each (N,).
    """

    @property
    def latent(self) -> int: ...

    def generator(self, shape: Shape) -> nn.Module: ...

    def critic(self, shape: Shape) -> nn.Module: ...


@dataclass(frozen=True, slots=True)
class NoisySteps(Budget):
    """A budget, and how a critic keeps to it (`private_pair`): ``clip`` is the most that one picture adds to a step,
    ``critic_steps`` how many steps it has to each of the generator's, at first, where ``adaptive`` lets it have more
    when it loses.
    """

    clip: float = 1.0
    critic_steps: int = 2
    adaptive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialRecipe(Recipe):
    """``one_pass``: both players move from one pass through the critic (`one_pass`), where it judges each picture by
    itself and the objective has no flat parts.
    """

    takes_one_pass: ClassVar[bool] = True
    """Whether the players can move from one pass; a system with turns of its own says no."""
    penalties: ClassVar[tuple[PenaltyKind, ...]] = get_args(PenaltyKind)
    """The kinds of penalty that its players know."""
    objectives: ClassVar[tuple[Objective, ...]] = get_args(Objective)
    """Those that its players can go by."""

    nets: Nets
    objective: Objective
    penalty: Penalty
    generator_adam: Adam
    critic_adam: Adam
    averaging: Averaging
    one_pass: bool = False
    private: NoisySteps = field(default=NoisySteps())

    @property
    def latent(self) -> int:
        return self.nets.latent

    def at_size(self, size: Size) -> Self:
        return turned(self, size)

    def generator(self, shape: Shape) -> nn.Module:
        return self.nets.generator(shape)

    def check(self, shape: Shape) -> None:
        """Raise BadSetting for another shape, and for a setting that this system's players would not look at."""
        super(AdversarialRecipe, self).check(shape)
        self.check_idle()
        self.check_private(shape)

    def check_private(self, shape: Shape) -> None:
        """Raise BadSetting, with the reason, for players that cannot keep a budget of privacy."""
        if not self.is_private:
            return
        from rectoverso.recto.privacy.guarantee import refusal
        from rectoverso.recto.systems.private_pair import check_critic

        if self.penalty.kind != "none":
            why = "wgan_gp" if self.penalty.kind == "between" else "penalty"
            raise refusal(why, "penalty.kind", value=self.penalty.kind)
        if self.objective not in OF_FAKES:
            raise refusal("objective", "objective", value=self.objective, options=", ".join(OF_FAKES))
        check_critic(self.nets.critic(shape), shape)

    def clip_of_one(self) -> float:
        return self.private.clip

    def check_idle(self) -> None:
        """Raise BadSetting for a setting that this system's players would not look at."""
        if self.one_pass and not self.takes_one_pass:
            raise self._idle("one_pass")
        if self.objective not in self.objectives:
            raise self._idle("objective", value=self.objective, options=", ".join(self.objectives))
        if self.penalty.kind not in self.penalties:
            raise self._idle("penalty.kind", value=self.penalty.kind, options=", ".join(self.penalties))

    def _idle(self, setting: str, **facts: object) -> BadSetting:
        reason, advice = (
            Phrase(
                Message(f"train.idle.{setting.replace('.', '_')}.{part}", {"system": self.system, **facts})
            )
            for part in ("reason", "advice")
        )
        return BadSetting(setting=setting, reason=reason, advice=advice)

    def cast(self, shape: Shape, streams: Streams) -> Cast:
        from rectoverso.recto.systems.one_pass import OnePassPair
        from rectoverso.recto.systems.pair import Pair
        from rectoverso.recto.systems.private_pair import PrivatePair

        if self.is_private:
            return PrivatePair(self, shape, streams)
        return (OnePassPair if self.moves_at_once else Pair)(self, shape, streams)

    @property
    def moves_at_once(self) -> bool:
        """Whether both players move from one pass; the hinge is flat in places, which that cannot serve."""
        return self.one_pass and self.objective != "hinge"
