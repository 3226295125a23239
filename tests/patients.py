"""A DICOM image of a patient who does not exist, and the places where a name can hide in one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

NAME = "ZEBULON"
ROOT = "1.2.826.0.1.3680043.8.498.4711"
DAY = "19420607"
KEY = bytes(range(32))


def patient(name: str = "ZEBULON^CASSANDRA", number: str = "PAT-4711-X", day: str = "20260315") -> Dataset:
    """A computed tomogram of 64 x 48 pixels, 12 bits each, with the attributes that such files have."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.1.{day}", f"{ROOT}.2"
    dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = f"{ROOT}.3", f"{ROOT}.4"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = name, number, DAY
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.AcquisitionDateTime = f"{day}101530.25+0100"
    dataset.StudyTime = "101500"
    dataset.InstitutionName, dataset.ReferringPhysicianName = f"{NAME} Hospital", f"{NAME}^Doctor"
    dataset.StudyDescription, dataset.AccessionNumber = f"Head of {NAME}", "ACC99"
    dataset.Modality, dataset.BodyPartExamined, dataset.Manufacturer = "CT", "HEAD", "SIEMENS of " + NAME
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL", NAME]
    dataset.BurnedInAnnotation = "NO"
    dataset.InstanceNumber, dataset.PixelSpacing, dataset.KVP = 1, [0.5, 0.5], 120
    dataset.PatientOrientation = ["L", "P"]
    shape(dataset)
    return dataset


def shape(dataset: Dataset, pixels: np.ndarray | None = None) -> None:
    """The pixels, a slope where none are given, and what describes them."""
    if pixels is None:
        pixels = np.add.outer(np.arange(48) * 20, np.arange(64) * 30).astype(np.uint16)
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    if "NumberOfFrames" in dataset:
        del dataset.NumberOfFrames
    dataset.add_new("PixelData", "OW", pixels.astype("<u2").tobytes())


def file_of(dataset: Dataset, preamble: bytes = b"", behind: bytes = b"", **meta: Any) -> bytes:
    """The dataset as a file, with what is given in its preamble, its file meta and behind its end."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in meta.items():
        setattr(dataset.file_meta, keyword, value)
    dataset.preamble = preamble.ljust(128, b"\0")
    out = BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue() + behind


def named(element_tag: int, vr: str) -> DataElement | None:
    """An element that holds the name, a UID or a day of the patient; None where its sort holds none of them."""
    values: dict[str, Any] = {
        **dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"), NAME),
        **dict.fromkeys(("OB", "OW", "UN", "OB or OW"), NAME.encode() + b"!"),
        "UI": f"{ROOT}.{element_tag}",
        "DA": DAY,
        "DT": DAY + "101112.5",
    }
    if vr == "SQ":
        item = Dataset()
        item.PatientName, item.TextValue, item.CodeMeaning, item.StudyDate = NAME, NAME, NAME, DAY
        item.add_new(0x00091001, "LO", NAME)
        item.add_new(0x00090010, "LO", NAME)
        return DataElement(element_tag, "SQ", Sequence([item]))
    value = values.get(vr)
    return None if value is None else DataElement(element_tag, vr.replace("OB or OW", "OW"), value)
