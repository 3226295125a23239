"""Perceptual losses: further losses in what a network sees that was trained here, beside the critics' own features.

No network that learnt from millions of pictures comes with Rectoverso, for none is free of their rights. Any run of
yours whose critic is a network of pictures will do: `default`, trained on the same pictures, for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.systems.recipe import Adam, Shape
from rectoverso.types import Message

if TYPE_CHECKING:
    from torch import Tensor

    from rectoverso.recto.nets.perceived import Perceived
    from rectoverso.recto.train.players import Player

NEVER = Adam(0.0, 0.0, beta1=0.0, beta2=0.0)


@dataclass(frozen=True, slots=True)
class Perception:
    """``network`` is the run whose critic looks; none, and there is no such loss. ``weight`` is of the distance of what
    it sees, ``style`` of how that of its features occur together (Gram matrices).
    """

    network: str = ""
    weight: float = 10.0
    style: float = 0.0

    def eye(self, shape: Shape) -> Perceived | None:
        """What looks at pictures of a shape. Raises RunNotFound, and BadSetting for a run without a critic that could
        look at them.
        """
        if not self.network:
            return None
        from rectoverso.recto.nets.perceived import Perceived
        from rectoverso.recto.sample.generator import RunGenerator

        run = RunGenerator(Path(self.network))
        critic = run.critic()
        if critic is None:
            raise self._bad("no_critic")
        if run.shape.channels != shape.channels:
            raise self._bad("channels", channels=run.shape.channels, asked=shape.channels)
        eye = Perceived(critic, (run.shape.height_px, run.shape.width_px))
        if not eye.has_layers(shape.channels):
            raise self._bad("no_critic")
        return eye

    def _bad(self, problem: str, **facts: object) -> BadSetting:
        told = {"run": self.network, **facts}
        reason, advice = (
            Phrase(Message(f"train.perception.{problem}.{part}", told)) for part in ("reason", "advice")
        )
        return BadSetting(setting="perception.network", reason=reason, advice=advice)


NOTHING_LOOKS = Perception()


class Perceiving:
    """The losses of a perception; none where nothing looks."""

    def __init__(self, perception: Perception, shape: Shape) -> None:
        self.perception, self.eye = perception, perception.eye(shape)

    @property
    def players(self) -> tuple[Player, ...]:
        """What looks, as a player that never moves: the run keeps its numbers, and goes on with the same ones."""
        from rectoverso.recto.train.players import Player

        return (Player("perception", self.eye, NEVER),) if self.eye else ()

    def losses(self, x_NCHW: Tensor, real_NCHW: Tensor) -> dict[str, Tensor]:
        """Of pictures beside the real ones."""
        if self.eye is None:
            return {}
        from rectoverso.recto.nets.perceived import distance, style

        weights, pairs = self.perception, self.eye(x_NCHW, real_NCHW)
        losses = {"perceptual": weights.weight * distance(pairs)}
        if weights.style:
            losses["style"] = weights.style * style(pairs)
        return losses
