"""The written bytes, read anew and judged. A file is stamped only when nothing is told here.

1  the preamble is empty, and the file meta holds what reading needs, and names this object
2  writing what was read gives the very bytes: nothing lies between, behind or within that was not looked at
3  every element, in every sequence, is one that may be there, with a value that it may have
4  no UID of the original is left, and no date
5  no word that names somebody or something in the original is anywhere in the bytes, in UTF-8, Latin 1 or UTF-16
6  there are as many bytes of pixels as the picture has, and no bit above them is set
7  what says that the identity was removed is there when it was stamped, and not before

Steps 2, 4 and 5 know nothing of the rules that made the file; 1, 3, 6 and 7 ask of the result what the rules meant.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, UID_dictionary

from rectoverso.types import Message
from rectoverso.verso.anonymise.dicom import words
from rectoverso.verso.anonymise.dicom.clean import CLAIMS, STAMPS, fits_its_descriptor, is_itself, values_of
from rectoverso.verso.anonymise.dicom.pixels import PixelsUnusable, plain_pixels
from rectoverso.verso.anonymise.dicom.profile import (
    CODES,
    IMPLEMENTATION,
    IMPLEMENTATION_NAME,
    METHOD,
    NUMBERS,
    PIXELS,
    SAFE_PRIVATE,
    SAFE_PRIVATE_CODE,
    TABLES,
    Action,
    action,
)
from rectoverso.verso.anonymise.dicom.pseudonyms import Pseudonyms

META = {
    "FileMetaInformationGroupLength",
    "FileMetaInformationVersion",
    "MediaStorageSOPClassUID",
    "MediaStorageSOPInstanceUID",
    "TransferSyntaxUID",
    "ImplementationClassUID",
    "ImplementationVersionName",
}
_STAND_INS = ("ANONYMOUS", "OTHER", "000Y", "0")
_FORMS = {
    **dict.fromkeys(("DA", "DT", "TM"), re.compile(r"[\d.]*")),
    **dict.fromkeys(("DS", "IS"), re.compile(r"[\s\d.eE+-]*")),
}
_PSEUDONYM = re.compile(r"ANON-[0-9A-F]{16}")
_NAMING = re.compile(
    r"Name|ID$|IDs$|Identif|Number$|Numbers$|Address|Telephone|Institution|Station|Serial|Residence|Region|Occupation"
)
_WORD = re.compile(r"[^\s^=\\,;:/()<>\[\]{}|\"']+")
_TEXTS = frozenset({"AE", "AS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_SHORTEST, _SURE = 4, 6
"""Letters of a word that is looked for in texts, and of one that is looked for in every byte, pixels included."""
_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found that may not be there. Empty is the only answer that lets a file be stamped."""

    problems: tuple[Message, ...]

    @property
    def passes(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Traces:
    """What in an original points at somebody: UIDs, days, and words that name."""

    uids: frozenset[str]
    days: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, original: Dataset) -> Traces:
        """Everything that must not be found again. The file meta's own UID is one of them."""
        uids: set[str] = set()
        days: set[str] = set()
        names: set[str] = set()
        for element in _every(original):
            values = [str(value) for value in values_of(element)] if element.VR != "SQ" else []
            if element.VR == "UI":
                uids.update(value for value in values if value not in UID_dictionary)
            elif element.VR in ("DA", "DT"):
                days.update(re.sub(r"\D", "", value)[:8] for value in values)
            elif element.VR == "PN" or (element.VR in _TEXTS and _NAMING.search(element.keyword)):
                names.update(word.lower() for value in values for word in _WORD.findall(value))
        known = {name for name in names if words.is_ours(name.upper()) or words.maker(name)}
        uids.add(str(getattr(original, "file_meta", {}).get("MediaStorageSOPInstanceUID", "")))
        return cls(frozenset(uids - {""}), frozenset(days), frozenset(names - known))


def verify(data: bytes, traces: Traces, pseudonyms: Pseudonyms, *, stamped: bool) -> Verification:
    """Carry out the seven steps on a written file. Never raises for what it holds: what cannot be read is a problem."""
    problems: list[Message] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(BytesIO(data))
            problems += _frame(data, dataset)
            problems += _same_bytes(data, dataset)
            problems += [told for element in dataset for told in _element(dataset, element, "")]
            problems += _traces(data, dataset, traces, pseudonyms)
            problems += _pixels(dataset)
            problems += _stamps(dataset, stamped=stamped)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - readers throw anything, and that is an answer too
        problems.append(_problem("unreadable", reason=type(error).__name__))
    return Verification(tuple(problems))


def _frame(data: bytes, dataset: Any) -> Iterator[Message]:
    """Step 1."""
    if any(data[:128]) or data[128:132] != b"DICM":
        yield _problem("preamble")
    meta = dataset.file_meta
    for element in meta:
        if element.keyword not in META:
            yield _problem("meta", element=element.keyword or str(element.tag))
    ours = {
        "TransferSyntaxUID": ExplicitVRLittleEndian,
        "ImplementationClassUID": IMPLEMENTATION,
        "ImplementationVersionName": IMPLEMENTATION_NAME,
    }
    for keyword, value in ours.items():
        if meta.get(keyword) != value:
            yield _problem("meta", element=keyword)
    if meta.get("MediaStorageSOPInstanceUID") != dataset.get("SOPInstanceUID"):
        yield _problem("meta", element="MediaStorageSOPInstanceUID")


def _same_bytes(data: bytes, dataset: Any) -> Iterator[Message]:
    """Step 2."""
    again = BytesIO()
    pydicom.dcmwrite(again, dataset, enforce_file_format=True)
    if again.getvalue() != data:
        yield _problem("other_bytes", count=abs(len(again.getvalue()) - len(data)))


def _element(dataset: Dataset, element: DataElement, within: str) -> Iterator[Message]:
    """Step 3, for one element and all that is in it."""
    name = within + (element.keyword or str(element.tag))
    if element.tag.is_private:
        if not _is_safe(dataset, element):
            yield _problem("private", element=name)
        return
    if element.keyword in STAMPS and not within:
        return
    if not _may_stay(dataset, element, at_top=not within):
        yield _problem("element", element=name)
    if element.VR == "SQ":
        for item in element.value:
            for inner in item:
                yield from _element(item, inner, f"{name}.")


def _may_stay(dataset: Dataset, element: DataElement, *, at_top: bool) -> bool:
    """Whether an element may be there with the value that it has."""
    what, values = action(int(element.tag)), [] if element.VR == "SQ" else values_of(element)
    texts = [str(value) for value in values]
    if element.keyword in CLAIMS or what is Action.REMOVE or not is_itself(element):
        return False
    if at_top and element.keyword in ("PatientName", "PatientID"):
        return all(map(_PSEUDONYM.fullmatch, texts))
    if what is Action.EMPTY:
        return not texts and (element.VR != "SQ" or not element.value)
    if what is Action.DUMMY:
        return element.VR != "SQ" and all(text in _STAND_INS for text in texts)
    return _has_its_value(dataset, element, texts, at_top=at_top)


def _has_its_value(dataset: Dataset, element: DataElement, texts: list[str], *, at_top: bool) -> bool:
    """Whether the value is of the form that values of its representation may have."""
    kind = element.VR
    if kind in _FORMS:
        return all(map(_FORMS[kind].fullmatch, texts))
    if kind == "CS":
        return all(not text or words.term(text) == text for text in texts)
    if kind in ("OB", "OW"):
        is_table = element.keyword in TABLES and fits_its_descriptor(dataset, element)
        return is_table or (at_top and element.keyword in PIXELS)
    return kind in NUMBERS or kind in ("SQ", "UI") or _are_known_words(dataset, element, texts)


def _are_known_words(dataset: Dataset, element: DataElement, texts: list[str]) -> bool:
    """Whether a text is one that may be written: of a code as the dictionary has it, a maker, a pattern."""
    if element.keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
        key = (str(dataset.get("CodingSchemeDesignator")), str(dataset.get("CodeValue")))
        return str(dataset.get("CodeMeaning")) == words.meanings().get(key, "")[:64]
    if element.keyword == "Manufacturer":
        return all(map(words.is_ours, texts))
    return all(words.fits(element.keyword, text) for text in texts)


def _is_safe(dataset: Dataset, element: DataElement) -> bool:
    """A safe private element that is a number, or the name of the creator of one."""
    tag = element.tag
    creators = {(creator, group) for creator, group, _ in SAFE_PRIVATE}
    if tag.is_private_creator:
        return (str(element.value), tag.group) in creators
    creator = dataset.get((tag.group, tag.element >> 8))
    kind = SAFE_PRIVATE.get((str(creator.value) if creator else "", tag.group, tag.element & 0xFF))
    return kind is not None and kind == element.VR


def _traces(data: bytes, dataset: Any, traces: Traces, pseudonyms: Pseudonyms) -> Iterator[Message]:
    """Steps 4 and 5. A problem names the sort of trace and never the trace."""
    elements = list(_every(dataset))
    uids = {str(value) for element in elements if element.VR == "UI" for value in values_of(element)}
    if uids & traces.uids or any(uid.encode() in data for uid in traces.uids if len(uid) > 20):
        yield _problem("uid")
    days = {str(value)[:8] for one in elements if one.VR in ("DA", "DT") for value in values_of(one)}
    numbers = {str(value).strip() for one in elements if one.VR in ("DS", "IS") for value in values_of(one)}
    whole = {day for day in traces.days if len(day) == _DIGITS}  # a year alone is a number like others
    if days - {pseudonyms.day(day) for day in traces.days} or numbers & whole:
        yield _problem("day")
    texts = " ".join(
        str(value).lower()
        for one in elements
        if one.VR in _TEXTS or one.VR == "CS"
        for value in values_of(one)
        if str(value) != pseudonyms.name and not words.is_ours(str(value))
    )
    everything = data.lower()
    for name in traces.names:
        if _is_long_enough(name, _SHORTEST) and name in texts:
            yield _problem("name_in_text")
        elif _is_long_enough(name, _SURE) and _anywhere(name, everything):
            yield _problem("name_in_bytes")


def _is_long_enough(name: str, letters: int) -> bool:
    """Short words, and digits, are everywhere by chance."""
    return len(name) >= (_DIGITS if name.isdigit() else letters)


def _anywhere(name: str, everything: bytes) -> bool:
    codings = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")
    return any(name.encode(coding, "replace") in everything for coding in codings)


def _pixels(dataset: Any) -> Iterator[Message]:
    """Step 6."""
    try:
        plain = plain_pixels(dataset)
    except PixelsUnusable as error:
        yield error.why
        return
    if plain.data != dataset.PixelData:
        yield _problem("pixels_more")


def _stamps(dataset: Any, *, stamped: bool) -> Iterator[Message]:
    """Step 7."""
    if not stamped:
        if any(word in dataset for word in STAMPS):
            yield _problem("stamp")
        return
    codes = [
        (str(item.CodeValue), str(item.CodeMeaning)) for item in dataset.DeidentificationMethodCodeSequence
    ]
    is_safe = any(element.tag.is_private for element in _every(dataset))
    said = (dataset.PatientIdentityRemoved, dataset.DeidentificationMethod, codes)
    if said != ("YES", METHOD, [*CODES, *([SAFE_PRIVATE_CODE] if is_safe else [])]):
        yield _problem("stamp")
    if dataset.get("BurnedInAnnotation", "NO") != "NO":
        yield _problem("stamp")


def _every(dataset: Dataset) -> Iterator[DataElement]:
    """Every element, in every sequence."""
    for element in dataset:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from _every(item)


def _problem(problem: str, **facts: object) -> Message:
    return Message(f"anonymise.problem.{problem}", facts)
