"""Step 5: what the label in the file says, and whether it is what the laws that it names ask for.

Anyone can write or remove a label; one that a signature covers is the signer's word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rectoverso.types import AssetId, Layer, Message, Pixels

if TYPE_CHECKING:
    from rectoverso.verso.law.aigc import Block
    from rectoverso.verso.mark.label import Label

_ID = re.compile("[0-9a-f]{12}")

Camera = Literal["C2PA", "XMP", "EXIF", ""]
"""Where a file says that a camera took its picture; "" for nowhere."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The label in a file, China's blocks, and every digital source type that is stated."""

    label: Label | None
    blocks: tuple[Block, ...]
    source_types: tuple[str, ...] = ()

    @property
    def asset(self) -> AssetId | None:
        """The one that the label names, if it does."""
        asset = self.label.asset if self.label else None
        return AssetId(asset) if asset and _ID.fullmatch(asset) else None

    @property
    def ai_generated(self) -> bool | None:
        """Where it is said twice, one that says so is enough."""
        from rectoverso.verso.mark.label import is_of_ai

        return any(map(is_of_ai, self.source_types)) if self.source_types else None


def read_labels(data: bytes) -> Labels:
    from rectoverso.verso.law import aigc
    from rectoverso.verso.mark import label

    return Labels(label.read(data), aigc.find(data), label.source_types(data))


def told_of_origin(data: bytes) -> tuple[bool, Camera]:
    """What a picture's file says itself of where it is from: whether AI took part, by its label, a block of China's,
    however incomplete, or a credential that holds, whoever signed it; and where it says that a camera took it.
    """
    from rectoverso.verso.law import aigc
    from rectoverso.verso.mark import credential, exif, label
    from rectoverso.verso.picture import sniff

    labels, kind = read_labels(data), sniff(data)
    is_signed = kind in label.MEDIA_TYPES
    signed = (
        credential.read(data, kind)
        if is_signed
        else credential.CredentialReading(credential.CredentialState.NONE)
    )
    says_ai = bool(labels.ai_generated or aigc.says_ai(labels.blocks) or signed.ai_generated)
    if signed.captured:
        return says_ai, "C2PA"
    if any(map(label.is_of_camera, labels.source_types)):
        return says_ai, "XMP"
    return says_ai, "EXIF" if exif.read(data).names_camera else ""


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
