"""One DICOM file, made anonymous, or held with the reason. The steps:

1  read it, whatever its transfer syntax
2  it is one image of a standard class; documents, plans and directories are held
3  its pixels, plain
4  whether they may show words; if so, it is held until people have looked
5  a clean data set, with the patient's pseudonym
6  write it, read it anew, verify
7  stamp it, write it, verify again
"""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_color_lut
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, UID_dictionary

from rectoverso.errors import DicomUnreadable, NotVerified
from rectoverso.i18n import say
from rectoverso.types import Message
from rectoverso.verso.anonymise.dicom.burned_in import grey_frames, may_show_words
from rectoverso.verso.anonymise.dicom.clean import Cleaner
from rectoverso.verso.anonymise.dicom.outcome import Deidentified
from rectoverso.verso.anonymise.dicom.pixels import PixelsUnusable, PlainPixels, plain_pixels
from rectoverso.verso.anonymise.dicom.profile import (
    CODES,
    IMPLEMENTATION,
    IMPLEMENTATION_NAME,
    METHOD,
    SAFE_PRIVATE_CODE,
)
from rectoverso.verso.anonymise.dicom.pseudonyms import Pseudonyms
from rectoverso.verso.anonymise.dicom.verifier import Traces, Verification, verify

Keyed = Callable[[str], bytes]


def deidentify(data: bytes, keyed: Keyed, *, name: str, looked_at: bool = False) -> Deidentified:
    """Carry out the steps above. ``keyed``: of a `Secret`, the same for all files that belong together.

    ``looked_at``: people looked at the pixels of this very file and saw no words; it is recorded by whoever calls.
    ``name`` is what errors call the file. Raises DicomUnreadable.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # 1 read
        original = _read(data, name)
        try:
            return _deidentify(original, keyed, looked_at=looked_at)
        except (MemoryError, NotVerified):
            raise
        except Exception as error:  # noqa: BLE001 - a value that cannot be read cannot be judged: nothing leaves
            return Deidentified(None, held=(_held("not_understood", reason=type(error).__name__),))


def _deidentify(original: Any, keyed: Keyed, *, looked_at: bool) -> Deidentified:
    # 2 an image
    if reasons := _no_image(original):
        return Deidentified(None, held=reasons)
    traces = Traces.of(original)
    # 3 plain pixels
    try:
        pixels = plain_pixels(original)
    except PixelsUnusable as error:
        return Deidentified(None, held=(error.why,))
    # 4 words in them
    words_seen = may_show_words(original, _frames(original, pixels))
    if words_seen and not looked_at:
        return Deidentified(None, held=words_seen)
    # 5 clean
    pseudonyms = Pseudonyms(keyed, _patient(original))
    cleaner = Cleaner(pseudonyms)
    cleaned = cleaner.clean(original)
    _complete(cleaned, original, pixels, pseudonyms)
    done = _counted(cleaner.done, pixels)
    # 6 verify
    verification = verify(written(cleaned), traces, pseudonyms, stamped=False)
    if not verification.passes:
        return Deidentified(None, held=verification.problems, done=done)
    # 7 stamp, and verify the stamped
    is_free = looked_at or str(original.get("BurnedInAnnotation", "")) == "NO"
    stamp(
        cleaned,
        verification,
        burned_in="NO" if is_free else None,
        safe_private=bool(done.get("private_kept")),
    )
    out = written(cleaned)
    verification = verify(out, traces, pseudonyms, stamped=True)
    if not verification.passes:
        return Deidentified(None, held=verification.problems, done=done)
    return Deidentified(out, str(cleaned.SOPInstanceUID), (), done)


def claimed_pixels(data: bytes) -> int:
    """How many pixels a file's header claims, over all frames and samples; 0 where that cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            header = pydicom.dcmread(BytesIO(data), stop_before_pixels=True)
            sides = int(header.Rows) * int(header.Columns) * int(header.get("NumberOfFrames") or 1)
            return max(0, sides * int(header.SamplesPerPixel))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - readers throw anything, and it is told when the file is read
        return 0


def stamp(dataset: Dataset, verification: Verification, *, burned_in: str | None, safe_private: bool) -> None:
    """Write into the data set that the identity was removed, and how. Raises NotVerified unless it was verified."""
    if not verification.passes:
        raise NotVerified(
            path=dataset.get("SOPInstanceUID", ""), problems="\n".join(map(say, verification.problems))
        )
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    codes = [*CODES, *([SAFE_PRIVATE_CODE] if safe_private else [])]
    dataset.DeidentificationMethodCodeSequence = Sequence([_code(*code) for code in codes])
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    if burned_in:
        dataset.BurnedInAnnotation = burned_in


def written(dataset: Dataset) -> bytes:
    """The data set as a DICOM part 10 file, explicit and little-endian."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = IMPLEMENTATION
    meta.ImplementationVersionName = IMPLEMENTATION_NAME
    whole = copy.copy(dataset)
    whole.file_meta = meta
    out = BytesIO()
    pydicom.dcmwrite(out, whole, enforce_file_format=True, implicit_vr=False, little_endian=True)
    return out.getvalue()


def _read(data: bytes, name: str) -> Any:
    try:
        original = pydicom.dcmread(BytesIO(data))
        is_told = "TransferSyntaxUID" in original.file_meta
    except MemoryError:
        raise
    except Exception as error:  # readers throw anything
        raise DicomUnreadable(path=name, reason=str(error) or type(error).__name__) from error
    if not is_told:
        raise DicomUnreadable(path=name, reason="no transfer syntax")
    return original


def _no_image(original: Any) -> tuple[Message, ...]:
    """Why this is nothing that can be anonymised here, if it is not."""
    kind = str(original.get("SOPClassUID", ""))
    if kind not in UID_dictionary:
        return (_held("class", kind=kind),)
    if "PixelData" not in original or not original.get("SOPInstanceUID"):
        return (_held("no_image", kind=UID_dictionary[kind][0]),)
    return ()


def _patient(original: Any) -> str:
    """What names the patient: the id and who issued it; without one the name and birthday; without both the study."""
    named = [str(original.get(word, "")).strip().upper() for word in ("PatientID", "IssuerOfPatientID")]
    if not named[0]:
        named = [str(original.get(word, "")).strip().upper() for word in ("PatientName", "PatientBirthDate")]
    if not any(named):
        named = [str(original.get("StudyInstanceUID") or original.SOPInstanceUID)]
    return "\n".join(named)


def _complete(cleaned: Dataset, original: Any, pixels: PlainPixels, pseudonyms: Pseudonyms) -> None:
    """The pixels, and who stands for the patient."""
    cleaned.PatientName = cleaned.PatientID = pseudonyms.name
    wide = int(original.BitsAllocated) > 8
    cleaned.add_new("PixelData", "OW" if wide else "OB", pixels.data)


def _counted(done: Counter[str], pixels: PlainPixels) -> dict[str, int]:
    told = done | Counter(
        pixel_trailer=pixels.trailing, overlaid=int(pixels.overlaid), decompressed=int(pixels.decompressed)
    )
    return {what: count for what, count in sorted(told.items()) if count}


def _frames(original: Any, pixels: PlainPixels) -> Iterator[NDArray[np.uint8]]:
    """All frames in grey, from the plain pixels, as they are shown."""
    samples = int(original.SamplesPerPixel)
    shown = Dataset()
    for word in (
        *(
            "Rows",
            "Columns",
            "SamplesPerPixel",
            "BitsAllocated",
            "BitsStored",
            "HighBit",
            "PixelRepresentation",
        ),
        *("NumberOfFrames", "PhotometricInterpretation", "PlanarConfiguration"),
    ):
        if word in original:
            shown[word] = original[word]
    shown.file_meta = FileMetaDataset()
    shown.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    shown.add_new("PixelData", "OW" if int(original.BitsAllocated) > 8 else "OB", pixels.data)
    array, colours = shown.pixel_array, str(original.PhotometricInterpretation)
    if colours == "PALETTE COLOR":
        array, samples = apply_color_lut(array, original), 3
    if colours.startswith("YBR") and samples > 1:  # brightness alone
        array, samples = array[..., 0], 1
    return grey_frames(array, samples=samples)


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _held(why: str, **facts: object) -> Message:
    return Message(f"anonymise.held.{why}", facts)
