"""What each step of verification proves, and what it does not: the sentences of `layers.toml`, by what it says."""

from __future__ import annotations

from typing import Literal

from rectoverso.i18n import catalogue
from rectoverso.types import Layer, Message

State = Literal["unasked", "absent", "broken", "trusted", "unlisted", "held"]


def state(layer: Layer) -> State:
    """The one word for found, valid and trusted."""
    if layer.valid is False and layer.found is not None:
        return "broken"
    if not layer.found:
        return "unasked" if layer.found is None else "absent"
    if layer.trusted is None:
        return "held"
    return "trusted" if layer.trusted else "unlisted"


def proves(name: str, layer: Layer) -> Message | None:
    """What the step of that name (`types.LAYERS`) proves; None for nothing."""
    key = f"layers.{name}.{state(layer)}.proves"
    return Message(key) if key in catalogue("en") else None


def does_not_prove(name: str, layer: Layer) -> Message:
    """What could be taken for proved, and is not."""
    return Message(f"layers.{name}.{state(layer)}.does_not_prove")


def words(layer: Layer) -> list[Message]:
    """Found, valid and trusted in words, what is None left out, with the p-value or the code."""
    said = [
        Message(f"layers.word.{'' if value else 'not_'}{word}")
        for word in ("found", "valid", "trusted")
        if (value := getattr(layer, word)) is not None
    ]
    if layer.p_value is not None:
        said.append(Message("layers.word.p_value", {"p_value": f"{layer.p_value:.1g}"}))
    return [*said, Message("layers.word.code", {"code": layer.code})] if layer.code else said
