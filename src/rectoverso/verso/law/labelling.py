"""What the chosen laws want on a picture and in its file, for whoever marks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rectoverso.types import AssetId, Draft, Origin
from rectoverso.verso.law import aigc
from rectoverso.verso.law.law import Law
from rectoverso.verso.mark import visible
from rectoverso.verso.mark.label import Label
from rectoverso.verso.mark.visible import Placed, Wanted


@dataclass(frozen=True, slots=True)
class Labelling:
    """The laws that files are made under, and who answers for them.

    ``provider`` is that one's name, ``producer`` the code that China's block names it by (the name, if it is ASCII).
    ``all_visible``: place also the labels that a law leaves open.
    """

    laws: tuple[Law, ...] = ()
    provider: str = ""
    producer: str = ""
    all_visible: bool = False

    @property
    def needs_producer(self) -> bool:
        """Whether a law asks for a code, and what is known cannot be one."""
        wanted = any("aigc" in law.file.fields for law in self.laws)
        return wanted and not (self._code and aigc.is_ascii(self._code))

    @property
    def _code(self) -> str:
        return self.producer or self.provider

    def rules(self) -> dict[str, object]:
        """What makes a file under these laws another one, as plain values; nothing without laws."""
        if not self.laws:
            return {}
        names = [law.reference for law in self.laws]
        return {
            "laws": names,
            "all_visible": self.all_visible,
            "producer": self._code,
            "provider": self.provider,
        }

    def words(self, origin: Origin) -> tuple[Wanted, ...]:
        """The visible labels of a picture of that origin."""
        rules = [(law.law, law.visible) for law in self.laws if law.visible]
        return tuple(
            Wanted(name, rule.words.of(origin), rule.corner, rule.height_share, rule.contrast)
            for name, rule in rules
            if rule.required or self.all_visible
        )

    def stated(self, label: Label, draft: Draft, asset: AssetId, placed: Sequence[Placed]) -> Label:
        """The label in the file, with what the laws add to it."""
        if not self.laws:
            return label
        fields = {field for law in self.laws for field in law.file.fields}
        added = {
            "provider": self.provider or None,
            "unique_id": f"urn:rectoverso:asset:{asset}",
            "aigc": aigc.block(self._code, asset, draft.block),
        }
        return replace(
            label,
            laws=" ".join(law.law for law in self.laws),
            visible=visible.to_text(placed),
            **{field: value for field, value in added.items() if field in fields},
        )
