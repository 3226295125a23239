"""A new data set, into which only what a rule lets through is put; sequences are walked to their ends.

Nothing is deleted from the old one: what no rule speaks of has no way across.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID_dictionary

from rectoverso.verso.anonymise.dicom import words
from rectoverso.verso.anonymise.dicom.profile import (
    DRAWN,
    NEVER,
    NUMBERS,
    SAFE_PRIVATE,
    TABLES,
    Action,
    action,
)
from rectoverso.verso.anonymise.dicom.pseudonyms import Pseudonyms

STAMPS = frozenset(
    {
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "DeidentificationMethodCodeSequence",
        "LongitudinalTemporalInformationModified",
        "BurnedInAnnotation",
    }
)
"""What says that it was done: never taken over from whoever had the file before."""

CLAIMS = STAMPS | {"RecognizableVisualFeatures"}
"""The same, and that nobody could be known by a face in it, which nothing here looks at."""

_CHARACTERS = "SpecificCharacterSet"
"""Not needed: all that is written is ASCII."""

_TIME = re.compile(r"\d{2}(\d{2}){0,2}(\.\d{1,6})?")
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_DUMMIES: dict[str, Any] = {
    "PN": "ANONYMOUS",
    "CS": "OTHER",
    "AS": "000Y",
    "DS": "0",
    "IS": "0",
    **dict.fromkeys(("LO", "SH", "ST", "LT", "UC", "UT"), "ANONYMOUS"),
}
_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")


class Cleaner:
    """Cleans the data sets of one patient, and counts in ``done`` what it did to how many elements."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self.done: Counter[str] = Counter()

    def clean(self, dataset: Dataset) -> Dataset:
        """What of ``dataset`` may stay. Its pixel data is not: that is put in when it has been looked at."""
        cleaned = Dataset()
        for element in dataset:
            if element.tag.is_private:
                self._private(dataset, element, cleaned)
                continue
            kept = self._standard(dataset, element)
            if kept is None:
                self.done["removed"] += 1
            else:
                cleaned.add(kept)
        return cleaned

    def _standard(self, dataset: Dataset, element: DataElement) -> DataElement | None:
        if element.keyword in CLAIMS or element.keyword == _CHARACTERS or not is_itself(element):
            return None
        what = action(int(element.tag))
        if what is None:
            return self._unlisted(dataset, element)
        ways: dict[Action, Callable[[DataElement], DataElement | None]] = {
            Action.REMOVE: lambda _: None,
            Action.EMPTY: self._emptied,
            Action.DUMMY: self._dummy,
            Action.UID: self._unlisted_uid,
            Action.SHIFT: self._shifted,
        }
        return ways[what](element)

    def _emptied(self, element: DataElement) -> DataElement:
        self.done["emptied"] += 1
        return DataElement(element.tag, element.VR, Sequence() if element.VR == "SQ" else None)

    def _dummy(self, element: DataElement) -> DataElement | None:
        if element.VR not in _DUMMIES:
            return None
        if not values_of(element):  # nothing was said: a stand-in would say that something was
            return element
        self.done["replaced"] += 1
        return DataElement(element.tag, element.VR, _DUMMIES[element.VR])

    def _unlisted_uid(self, element: DataElement) -> DataElement | None:
        if element.VR == "SQ":
            return self._walked(element)
        return self._remapped(element) if element.VR == "UI" else None

    def _remapped(self, element: DataElement) -> DataElement:
        values = [str(value) for value in values_of(element)]
        changed = [value if value in UID_dictionary else self._pseudonyms.uid(value) for value in values]
        self.done["uids"] += sum(new != old for new, old in zip(changed, values, strict=True))
        return DataElement(element.tag, "UI", changed or None)

    def _shifted(self, element: DataElement) -> DataElement | None:
        values = [str(value) for value in values_of(element)]
        if element.VR == "TM":
            return element if all(map(_TIME.fullmatch, values)) else None
        if element.VR not in ("DA", "DT"):
            return None
        move = self._pseudonyms.day if element.VR == "DA" else self._pseudonyms.moment
        moved = [move(value) for value in values]
        self.done["dates"] += sum(map(bool, moved))
        return DataElement(element.tag, element.VR, moved or None)

    def _walked(self, element: DataElement) -> DataElement | None:
        items = [item for item in map(self._item, element.value or ()) if item is not None]
        return DataElement(element.tag, "SQ", Sequence(items))

    def _item(self, item: Dataset) -> Dataset | None:
        if any(keyword in item for keyword in _CODE_VALUES):
            return self._code(item)
        return self.clean(item)

    def _code(self, item: Dataset) -> Dataset | None:
        """The code with the meaning that the dictionary gives it; None for one that is unknown."""
        scheme, value = str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeValue", ""))
        meaning = words.meanings().get((scheme, value))
        if meaning is None:
            self.done["removed"] += 1
            return None
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning[:64]
        return code

    def _unlisted(self, dataset: Dataset, element: DataElement) -> DataElement | None:
        """What the table does not speak of."""
        ways: dict[str, Callable[[DataElement], DataElement | None]] = {
            "UI": self._remapped,
            "SQ": self._walked,
            "CS": self._terms,
            **dict.fromkeys(("DA", "DT", "TM"), self._shifted),
            **dict.fromkeys(("DS", "IS"), self._number),
        }
        if element.VR in ways:
            return ways[element.VR](element)
        if element.VR in NUMBERS or element.VR == "US or SS":
            return element
        if element.keyword in TABLES:
            return element if fits_its_descriptor(dataset, element) else None
        return self._words(element)

    def _number(self, element: DataElement) -> DataElement | None:
        return element if all(map(_is_number, values_of(element))) else None

    def _terms(self, element: DataElement) -> DataElement | None:
        values = [str(value) for value in values_of(element)]
        kept = [words.term(value) if value else "" for value in values]
        self.done["words"] += sum(new != old for new, old in zip(kept, values, strict=True))
        return DataElement(element.tag, "CS", kept or None)

    def _words(self, element: DataElement) -> DataElement | None:
        values = [str(value) for value in values_of(element)]
        if element.keyword == "Manufacturer":
            made = words.maker(values[0]) if values else None
            return DataElement(element.tag, "LO", made) if made else None
        return element if values and all(words.fits(element.keyword, value) for value in values) else None

    def _private(self, dataset: Dataset, element: DataElement, cleaned: Dataset) -> None:
        """Kept where it is one of the safe ones, under its creator, and a number."""
        tag = element.tag
        creator_tag = BaseTag(tag.group << 16 | tag.element >> 8)
        creator = str(dataset[creator_tag].value) if tag.element > 0xFF and creator_tag in dataset else ""
        kind = SAFE_PRIVATE.get((creator, tag.group, tag.element & 0xFF))
        if kind is None or kind != element.VR or not all(map(_is_number, values_of(element))):
            self.done["private_removed"] += 1
            return
        self.done["private_kept"] += 1
        cleaned.add(DataElement(creator_tag, "LO", creator))
        cleaned.add(element)


def values_of(element: DataElement) -> list[Any]:
    """The values of an element, however many; none of an empty one."""
    value = element.value
    if isinstance(value, MultiValue | list | tuple):
        return list(value)
    return [] if value is None or value in ("", b"") else [value]


def is_itself(element: DataElement) -> bool:
    """Whether an element is one of the standard's, of a group that may be there, and represented as the standard says:
    letters that call themselves numbers would pass for some.
    """
    if element.tag.group in NEVER or element.tag.group >> 8 in DRAWN or not element.keyword:
        return False
    return element.VR in (wanted := dictionary_VR(element.tag)).split(" or ") or wanted == element.VR


def fits_its_descriptor(dataset: Dataset, element: DataElement) -> bool:
    """Whether a table for showing pixels has as many bytes as its descriptor says, and no more."""
    name = "LUTDescriptor"
    if element.keyword != "LUTData":
        colour = next(one for one in ("Red", "Green", "Blue") if one in element.keyword)
        name = f"{colour}PaletteColorLookupTableDescriptor"
    described = dataset.get(name)
    if "Segmented" in element.keyword or described is None or not isinstance(element.value, bytes):
        return False  # the length of a segmented one says nothing of what it holds
    entries = int(described[0]) or 1 << 16
    return len(element.value) in (entries * 2, entries + entries % 2)


def _is_number(value: Any) -> bool:
    return _NUMBER.fullmatch(str(value)) is not None
