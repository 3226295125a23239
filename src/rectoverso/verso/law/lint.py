"""A file, of any maker, held against a law clause by clause: met, missing, or what no tool can tell.

1. The file is looked at once: its picture, label, AIGC blocks and manifest (`look`).
2. Each clause of the pack asks one of the questions below of what was seen.

What a question cannot see it does not guess: words on a picture are looked for only where the file itself states them,
or where the file comes from this project, which states what it places. Nothing here says that a law is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from rectoverso.types import Message, Pixels
from rectoverso.verso.law import aigc, manifest
from rectoverso.verso.law.aigc import Block
from rectoverso.verso.law.law import Clause, Law, Visible
from rectoverso.verso.law.manifest import Stated
from rectoverso.verso.mark import label, visible
from rectoverso.verso.mark.binding import FINGERPRINT, WATERMARK
from rectoverso.verso.mark.label import Label
from rectoverso.verso.mark.looking import look_for
from rectoverso.verso.mark.visible import Placed
from rectoverso.verso.mark.watermark import FOUND_AT
from rectoverso.verso.picture import open_picture, sniff

_NEAR = 0.1
"""How far from an edge words may lie and still be at it, as a share of the shorter side."""


class State(StrEnum):
    MET = "met"
    MISSING = "missing"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be said of one clause."""

    clause: Clause
    state: State
    message: Message


@dataclass(frozen=True)
class Sight:
    """What a file shows. ``looked``: the p-value of our watermark, found or not, where it was looked for already; else
    it is when the first clause asks.
    """

    picture: Pixels | None = field(default=None, repr=False)
    label: Label = field(default_factory=Label)
    blocks: tuple[Block, ...] = ()
    stated: Stated = field(default_factory=Stated)
    looked: float | None = None

    @property
    def is_ours(self) -> bool:
        return self.stated.ours or self.label.asset is not None

    @cached_property
    def mark(self) -> float | None:
        """The p-value of our watermark where it is found."""
        p_value = self.looked
        if p_value is None and self.picture is not None:
            seen = look_for(self.picture)
            p_value = seen.p_value if seen else None
        return p_value if p_value is not None and p_value <= FOUND_AT else None


def look(data: bytes, name: str = "the file") -> Sight:
    """What the file shows. Raises ImageUnreadable for one whose picture cannot be opened."""
    picture = open_picture(data, name)
    return Sight(
        picture=picture,
        label=label.read(data) or Label(),
        blocks=aigc.find(data),
        stated=manifest.read(data, sniff(data)),
    )


def lint(sight: Sight, law: Law) -> tuple[Answer, ...]:
    """An answer to each clause, in the order of the pack."""
    return tuple(Answer(clause, *_QUESTIONS[clause.asks](sight, law, clause)) for clause in law.clauses)


def declared(data: bytes) -> tuple[str, ...]:
    """The laws that a file says it was made under: our label names them, and an AIGC block is China's."""
    from rectoverso.verso.law.law import laws

    found = label.read(data)
    named = (found.laws or "").split() if found else []
    blocks = ["cn"] if aigc.find(data) else []
    return tuple(law for law in laws() if law in {*named, *blocks})


_Said = tuple[State, Message]


def _said(state: State, key: str, **facts: object) -> _Said:
    return state, Message(f"law.{key}", facts)


def _met(key: str, **facts: object) -> _Said:
    return _said(State.MET, key, **facts)


def _missing(key: str, **facts: object) -> _Said:
    return _said(State.MISSING, key, **facts)


# The questions


def _person(_sight: Sight, _law: Law, clause: Clause) -> _Said:
    if clause.since:
        return _said(State.CANNOT_TELL, "person_since", since=clause.since.isoformat())
    return _said(State.CANNOT_TELL, "person")


def _source_type(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    if sight.stated.ai_generated or sight.label.ai_generated:
        return _met("source", where="C2PA" if sight.stated.ai_generated else "XMP")
    says_no = sight.stated.ai_generated is False or sight.label.ai_generated is False
    return _missing("source_other" if says_no else "source_none")


def _field(sight: Sight, _law: Law, clause: Clause) -> _Said:
    name = str(clause.field)
    of_label = getattr(sight.label, name) or (sight.label.asset if name == "unique_id" else None)
    value = of_label or (sight.stated.fields or {}).get(name)
    if not value:
        return _missing("field_none")
    return _met("field", where="XMP" if of_label else "C2PA", value=value[:80])


def _signature(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    if sight.stated.held:
        return _met("signed", signer=sight.stated.signer or "?")
    return _missing(f"signed_{'none' if sight.stated.state == 'none' else 'broken'}")


def _time_stamp(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    if sight.stated.held and sight.stated.stamped:
        return _met("stamped", time=sight.stated.stamped)
    return _missing("stamped_none")


def _watermark(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    if sight.mark is not None:
        return _met("mark", p_value=f"{sight.mark:.0e}")
    others = [scheme for scheme in sight.stated.watermarks if scheme not in (WATERMARK, FINGERPRINT)]
    if others:
        return _said(State.CANNOT_TELL, "mark_other", scheme=", ".join(others)[:80])
    return _missing("mark_none")


def _visible_label(sight: Sight, law: Law, _clause: Clause) -> _Said:
    rule, picture = law.visible, sight.picture
    if rule is None or picture is None:  # the pack is checked for the first, `look` gives the second
        return _said(State.CANNOT_TELL, "visible_look")
    stated = sorted(visible.from_text(sight.label.visible), key=lambda placed: placed.law != law.law)
    faults = [_fault(picture, placed, rule) for placed in stated]
    if None in faults:
        placed = stated[faults.index(None)]
        return _met("visible", text=placed.text.replace("\n", ""), percent=f"{_percent(picture, placed):.1f}")
    own = [fault for fault, placed in zip(faults, stated, strict=True) if fault and placed.law == law.law]
    if own:
        return State.MISSING, own[0]
    if rule.required and sight.is_ours:
        return _missing("visible_none")
    facts = {
        "words": " + ".join("/".join(group) for group in rule.must_hold),
        "percent": f"{100 * rule.height_share:g}",
    }
    return _said(State.CANNOT_TELL, "visible_look" if rule.required else "visible_open", **facts)


def _fault(picture: Pixels, placed: Placed, rule: Visible) -> Message | None:
    """What is wrong with stated words, by what is to be seen at their place; None if nothing is."""
    text = placed.text.replace("\n", "")
    seen = visible.seen(picture, placed)
    if seen is None or abs(seen.likeness) < visible.ALIKE:
        return Message("law.visible_gone", {"text": text[:80]})
    if not rule.holds(text):
        return Message("law.visible_words", {"text": text[:80]})
    if _percent(picture, placed) < 100 * rule.height_share:
        return Message("law.visible_small", {"percent": f"{_percent(picture, placed):.1f}"})
    if not _is_near(picture, placed, rule):
        return Message("law.visible_place")
    if seen.contrast < rule.contrast:
        return Message(
            "law.visible_contrast", {"contrast": f"{seen.contrast:.1f}", "least": f"{rule.contrast:g}"}
        )
    return None


def _percent(picture: Pixels, placed: Placed) -> float:
    """The height of a line of the words, of the picture's shorter side."""
    return 100 * visible.line_height(placed.text, placed.size) / float(min(picture.shape[:2]))


def _is_near(picture: Pixels, placed: Placed, rule: Visible) -> bool:
    height, width = picture.shape[:2]
    most = _NEAR * float(min(height, width))
    gaps = {
        "top": placed.top,
        "bottom": height - placed.top - placed.height,
        "left": placed.left,
        "right": width - placed.left - placed.width,
    }
    if rule.near == "edge":
        return bool(min(gaps.values()) <= most)
    return all(gaps[side] <= most for side in rule.corner.split("_"))


# China's block


def _aigc(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    if not sight.blocks:
        return _missing("aigc_none")
    if any(block.values is None for block in sight.blocks):
        return _missing("aigc_damaged")
    return _met("aigc", where=", ".join(dict.fromkeys(block.place for block in sight.blocks)))


def _aigc_keys(sight: Sight, law: Law, _clause: Clause) -> _Said:
    if law.aigc is None or not _readable(sight):
        return _missing("aigc_unread")
    known = {*law.aigc.required, *law.aigc.optional}
    found = {key for block in sight.blocks for key in block.values or ()}
    lacking = sorted(
        {key for block in sight.blocks for key in law.aigc.required if key not in (block.values or ())}
    )
    if lacking or found - known:
        facts = {
            "lacking": ", ".join(lacking) or "-",
            "unknown": ", ".join(sorted(found - known))[:80] or "-",
        }
        return _missing("aigc_keys_wrong", **facts)
    return _met("aigc_keys")


def _aigc_strings(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    if not _readable(sight):
        return _missing("aigc_unread")
    wrong = sorted(
        {
            key
            for block in sight.blocks
            for key, value in (block.values or {}).items()
            if not isinstance(value, str) or not aigc.is_ascii(value)
        }
    )
    return _missing("aigc_strings_wrong", keys=", ".join(wrong)[:80]) if wrong else _met("aigc_strings")


def _aigc_label(sight: Sight, law: Law, _clause: Clause) -> _Said:
    if law.aigc is None or not _readable(sight):
        return _missing("aigc_unread")
    values = [(block.values or {}).get("Label") for block in sight.blocks]
    wrong = [value for value in values if value not in law.aigc.labels]
    return (
        _missing("aigc_label_wrong", value=str(wrong[0])[:20])
        if wrong
        else _met("aigc_label", value=values[0])
    )


def _aigc_producer(sight: Sight, law: Law, _clause: Clause) -> _Said:
    if law.aigc is None or not _readable(sight):
        return _missing("aigc_unread")
    names = [key for key in law.aigc.required if key != "Label"]
    empty = sorted(
        {key for block in sight.blocks for key in names if _is_blank((block.values or {}).get(key))}
    )
    return _missing("aigc_empty", keys=", ".join(empty)) if empty else _met("aigc_producer")


def _is_blank(value: object) -> bool:
    return not value or (isinstance(value, str) and not value.strip())


def _aigc_one(sight: Sight, _law: Law, _clause: Clause) -> _Said:
    """One to a place; the same words in XMP and in PNG's text are one block told twice."""
    if not sight.blocks:
        return _missing("aigc_none")
    places = [block.place for block in sight.blocks]
    is_one = len(places) == len(set(places)) and all(
        block.values == sight.blocks[0].values for block in sight.blocks
    )
    return _met("aigc_one") if is_one else _missing("aigc_several", count=len(places))


def _readable(sight: Sight) -> bool:
    return bool(sight.blocks) and all(block.values is not None for block in sight.blocks)


_QUESTIONS: dict[str, Callable[[Sight, Law, Clause], _Said]] = {
    "person": _person,
    "source_type": _source_type,
    "field": _field,
    "signature": _signature,
    "time_stamp": _time_stamp,
    "watermark": _watermark,
    "visible_label": _visible_label,
    "aigc": _aigc,
    "aigc_keys": _aigc_keys,
    "aigc_strings": _aigc_strings,
    "aigc_label": _aigc_label,
    "aigc_producer": _aigc_producer,
    "aigc_one": _aigc_one,
}
