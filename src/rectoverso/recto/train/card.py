"""The card of a run: what it was made from, what it must not be taken for; one file a language."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rectoverso.i18n import say
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.privacy.veil import Veiled
from rectoverso.recto.train.folder import RunFolder, write
from rectoverso.types import Message

NAMES = {"en": "card.md", "zh": "card.zh.md"}


def write_cards(
    folder: RunFolder, dataset: Dataset | Veiled, facts: Mapping[str, Any], symptoms: Sequence[Message] = ()
) -> None:
    """Write the card in every language; ``facts`` are the run's report (`publish`), ``symptoms`` its health's."""
    for language, name in NAMES.items():
        write(folder.path / name, card(dataset, facts, language, symptoms).encode())


def card(
    dataset: Dataset | Veiled, facts: Mapping[str, Any], language: str, symptoms: Sequence[Message] = ()
) -> str:
    """The card as Markdown."""
    message = Message(
        "card.body",
        {
            **{key: facts[key] for key in ("system", "preset", "seed", "sample", "machine", "precision")},
            "images": f"{facts['images']:,}",
            "seconds": f"{facts['seconds']:.0f}",
            "rate": f"{facts['images_per_s']:.0f}",
            "version": facts["versions"]["rectoverso"],
            "data": dataset.name,
            "count": f"{len(dataset):,}",
            "digest": dataset.digest,
            "manifest": _curations(dataset),
            "width": dataset.width,
            "height": dataset.height,
            "colours": Message(f"card.colours.{dataset.channels}"),
            "classes": ", ".join(dataset.classes) or "-",
            "skipped": Message("card.untold") if dataset.skipped is None else len(dataset.skipped),
            "weights": facts["weights"]["generator.safetensors"],
        },
    )
    notes = "".join(f"- {say(note, language)}\n" for note in (*symptoms, *dataset.notes))
    return say(message, language) + notes + _promise(facts, language)


def _promise(report: Mapping[str, Any], language: str) -> str:
    """What a private run promises, and what it does not; empty of any other."""
    facts = report.get("privacy")
    if facts is None:
        return ""
    odds = math.exp(min(facts["epsilon"], 50.0))
    shown = {
        **{key: facts[key] for key in ("delta", "steps", "clip", "batch")},
        **{key: f"{facts[key]:.4g}" for key in ("epsilon", "budget", "noise", "rate")},
        "odds": f"{odds:,.0f}" if odds >= 10 else f"{odds:.2g}",
        "pictures": f"{facts['pictures']:,}",
        "key": Message(f"card.key.{'destroyed' if report.get('finished') else 'kept'}"),
    }
    return "\n" + say(Message("card.private", shown), language)


def _curations(dataset: Dataset | Veiled) -> Message:
    """Where the pictures were curated, or that nothing is known of it."""
    if not dataset.manifests:
        return Message("card.not_curated")
    return Message("card.curated", {"manifests": ", ".join(f"`{digest}`" for digest in dataset.manifests)})
