"""Step 5: what the label in the file says, and whether it is what the laws that it names ask for.

Anyone can write or remove a label; one that a signature covers is the signer's word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rectoverso.types import AssetId, Layer, Message, Pixels

if TYPE_CHECKING:
    from rectoverso.verso.law.aigc import Block
    from rectoverso.verso.mark.label import Label

_ID = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Labels:
    """The label in a file, and China's blocks."""

    label: Label | None
    blocks: tuple[Block, ...]

    @property
    def asset(self) -> AssetId | None:
        """The one that the label names, if it does."""
        asset = self.label.asset if self.label else None
        return AssetId(asset) if asset and _ID.fullmatch(asset) else None

    @property
    def ai_generated(self) -> bool | None:
        return self.label.ai_generated if self.label else None


def read_labels(data: bytes) -> Labels:
    from rectoverso.verso.law import aigc
    from rectoverso.verso.mark import label

    return Labels(label.read(data), aigc.find(data))


def says_ai(data: bytes) -> bool:
    """Whether a picture's file says itself that AI took part: in its label, in a block of China's, however incomplete,
    or in a credential that holds, whoever signed it.
    """
    from rectoverso.verso.law import aigc
    from rectoverso.verso.mark import credential, label
    from rectoverso.verso.picture import sniff

    labels, kind = read_labels(data), sniff(data)
    if labels.ai_generated or aigc.says_ai(labels.blocks):
        return True
    return kind in label.MEDIA_TYPES and credential.read(data, kind).ai_generated is True


def ask_laws(
    data: bytes, picture: Pixels | None, labels: Labels, credential: Layer, watermark: Layer
) -> tuple[Layer, tuple[str, ...]]:
    """What there is to say of the label, and the laws that the file says it was labelled under."""
    from rectoverso.verso.law.lint import declared

    source_type = labels.label.source_type if labels.label else None
    names = declared(data)
    if source_type is None and not labels.blocks and not names:
        return Layer(found=False), ()
    facts = {"source_type": (source_type or "").rsplit("/", 1)[-1][:80]}
    rows = [Message("verify.evidence.label", facts)] if source_type else []
    complies, found = _held(data, picture, labels, watermark, names) if picture is not None else (None, [])
    return Layer(
        found=True,
        valid=complies,
        trusted=credential.valid is True and credential.trusted is True,
        code=", ".join(names) or None,
        evidence=(*rows, *found),
    ), names


def _held(
    data: bytes, picture: Pixels, labels: Labels, watermark: Layer, names: tuple[str, ...]
) -> tuple[bool | None, list[Message]]:
    """Whether anything is missing that these laws ask for, and a row for each; None where there are none."""
    from rectoverso.verso.law import law
    from rectoverso.verso.law.lint import Sight, State, lint
    from rectoverso.verso.law.manifest import read
    from rectoverso.verso.mark.label import Label
    from rectoverso.verso.picture import sniff

    if not names:
        return None, []
    # What step 2 saw is not looked for again. A private mark is seen at home only: to a law there is none.
    looked = 1.0 if watermark.code == "private" else watermark.p_value
    sight = Sight(picture, labels.label or Label(), labels.blocks, read(data, sniff(data)), looked)
    rows = []
    for name in names:
        states = {answer.clause.id: answer.state for answer in lint(sight, law(name))}
        missing = [clause for clause, state in states.items() if state is State.MISSING]
        facts = {"law": name, "clauses": len(states), "missing": ", ".join(missing)}
        facts["open"] = sum(state is State.CANNOT_TELL for state in states.values())
        rows.append(Message(f"verify.evidence.law_{'missing' if missing else 'met'}", facts))
    return not any(row.key.endswith("law_missing") for row in rows), rows
