"""All that reading a DICOM file loads on its way, loaded before: the bounded process can open nothing later.

Modules are loaded by name or by use, tables by use, and Python's own codecs for the world's scripts, of which a file
may name any.
"""

from __future__ import annotations

import codecs
import io
from contextlib import suppress

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.charset import python_encoding
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.pixels import get_decoder

from rectoverso.verso.anonymise.dicom.deidentify import deidentify
from rectoverso.verso.anonymise.dicom.pseudonyms import Secret

_SIDE = 48
_BY_PILLOW = {"JPEG": uid.JPEGBaseline8Bit, "JPEG2000": uid.JPEG2000Lossless}


def load_all() -> None:
    """Load it, by treating an image of every coding that Pillow writes, and one that is not coded."""
    for name in {*python_encoding.values(), "utf-16-le", "utf-16-be", "idna"}:
        with suppress(LookupError):
            codecs.lookup(name)
    for syntax in (*uid.JPEGTransferSyntaxes, *uid.JPEG2000TransferSyntaxes, uid.RLELossless):
        with suppress(NotImplementedError):
            get_decoder(syntax)
    pixels = np.add.outer(np.arange(_SIDE), np.arange(_SIDE)).astype(np.uint8)
    deidentify(_file(pixels.tobytes(), uid.ExplicitVRLittleEndian), Secret(bytes(32)).keyed, name="")
    for form, syntax in _BY_PILLOW.items():
        coded = io.BytesIO()
        Image.fromarray(pixels).save(coded, form)
        deidentify(_file(encapsulate([coded.getvalue()]), syntax), Secret(bytes(32)).keyed, name="")


def _file(pixels: bytes, syntax: uid.UID) -> bytes:
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID, image.StudyInstanceUID = uid.CTImageStorage, "2.25.1", "2.25.2"
    image.Modality, image.PatientID, image.PatientName, image.StudyDate = "CT", "1", "A^B", "20260102"
    image.Rows = image.Columns = _SIDE
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.PixelData = pixels
    image["PixelData"].VR = "OB"
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = syntax
    out = io.BytesIO()
    dcmwrite(out, image, enforce_file_format=True)
    return out.getvalue()
