"""What may be asked of a generator besides a seed and a class, as it was typed and as it is meant. Loads no torch.

Layers are counted from 0, the coarsest; a range names both of its ends. ``--layers`` is where truncation, mixes and
edits act when they do not name their own (``7@4-9``, ``smile=2@0-3``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.types import Message

MAX_SEED = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers ``first`` to ``last``, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Mix:
    """In ``layers``, the styles of another seed (Karras et al. 2019, section 3.1)."""

    seed: int
    layers: Layers


@dataclass(frozen=True, slots=True)
class Edit:
    """A step of ``amount`` along the direction called ``name``; in all layers when ``layers`` is None."""

    name: str
    amount: float
    layers: Layers | None = None


@dataclass(frozen=True, slots=True)
class Controls:
    """``truncation``: with a mapping, the share of the way from the mean style (Karras et al. 2019, appendix B);
    without one, the size above which latents are drawn again (Brock et al. 2019, section 3.1).
    """

    truncation: float | None = None
    truncation_layers: Layers | None = None
    mixes: tuple[Mix, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def effective(self) -> Controls:
        """The same without edits that go nowhere: asking for them is asking for nothing."""
        return replace(self, edits=tuple(edit for edit in self.edits if edit.amount))


def parse_controls(
    truncation: float | None = None,
    mixes: Iterable[str] = (),
    layers: str | None = None,
    edits: Iterable[str] = (),
) -> Controls:
    """The controls that were typed. Raises BadSetting, with what to type instead."""
    common = parse_layers("layers", layers) if layers else None
    if truncation is not None and not math.isfinite(truncation):
        raise bad_control("truncation", "not_a_number", value=truncation)
    return Controls(
        truncation=truncation,
        truncation_layers=common if truncation is not None else None,
        mixes=tuple(_mix(text, common) for text in mixes),
        edits=tuple(_edit(text, common) for text in edits),
    )


def parse_layers(control: str, text: str) -> Layers:
    """``4-9`` or ``4``. Raises BadSetting."""
    first, dash, last = text.partition("-")
    if not first.isdecimal() or not (last.isdecimal() or not dash):
        raise bad_control(control, "not_layers", value=text)
    layers = Layers(int(first), int(last or first))
    if layers.last < layers.first:
        raise bad_control(control, "not_layers", value=text)
    return layers


def parse_seeds(text: str) -> list[int]:
    """``1,5,9``. Raises BadSetting."""
    seeds = [part.strip() for part in text.split(",")]
    if not all(seed.isdecimal() and int(seed) <= MAX_SEED for seed in seeds):
        raise bad_control("seeds", "not_seeds", value=text)
    return [int(seed) for seed in seeds]


def check_steps(control: str, steps: int) -> None:
    """Raise BadSetting for a way from one seed to the next in fewer than two pictures."""
    if steps < 2:
        raise bad_control(control, "few_steps", value=steps)


def bad_control(control: str, problem: str, **facts: object) -> BadSetting:
    """The error for a control that cannot be used, in every language."""
    return BadSetting(
        setting=f"--{control}",
        reason=Phrase(Message(f"controls.{problem}.reason", facts)),
        advice=Phrase(Message(f"controls.{problem}.advice", facts)),
    )


def _mix(text: str, common: Layers | None) -> Mix:
    seed, at, where = text.partition("@")
    if not seed.isdecimal() or int(seed) > MAX_SEED:
        raise bad_control("mix", "not_a_seed", value=seed)
    layers = parse_layers("mix", where) if at else common
    if layers is None:  # in every layer it would be the other picture
        raise bad_control("mix", "no_layers", value=text)
    return Mix(int(seed), layers)


def _edit(text: str, common: Layers | None) -> Edit:
    head, at, where = text.rpartition("@")
    name, equals, amount = (head if at else text).rpartition("=")
    if not equals or not name:
        raise bad_control("edit", "not_an_edit", value=text)
    try:
        value = float(amount)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise bad_control("edit", "not_a_number", value=amount)
    return Edit(name.strip(), value, parse_layers("edit", where) if at else common)
