"""A name is put wherever a DICOM file can carry one, and must be nowhere afterwards."""

from __future__ import annotations

import csv
import re
from importlib import resources
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

from pydicom.datadict import DicomDictionary, dictionary_description  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402
from pydicom.uid import ExplicitVRBigEndian, UID_dictionary  # noqa: E402

from patients import DAY, KEY, NAME, ROOT, file_of, named, patient, shape  # noqa: E402
from rectoverso.errors import DicomUnreadable, NotVerified  # noqa: E402
from rectoverso.verso.anonymise.dicom import deidentify as module  # noqa: E402
from rectoverso.verso.anonymise.dicom.clean import STAMPS  # noqa: E402
from rectoverso.verso.anonymise.dicom.deidentify import (  # noqa: E402
    Deidentified,
    claimed_pixels,
    deidentify,
    stamp,
    written,
)
from rectoverso.verso.anonymise.dicom.pseudonyms import Pseudonyms, Secret  # noqa: E402
from rectoverso.verso.anonymise.dicom.verifier import Traces, Verification, verify  # noqa: E402

SECRET = Secret(KEY)
SHIPPED = sorted(Path(pydicom.__file__).parent.glob("data/test_files/*.dcm"))
STRUCTURE = {
    *("SOPClassUID", "Modality", "BurnedInAnnotation", "Rows", "Columns", "SamplesPerPixel", "BitsAllocated"),
    *(
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "PhotometricInterpretation",
        "PixelData",
        "NumberOfFrames",
    ),
    *("FloatPixelData", "DoubleFloatPixelData", "SpecificCharacterSet", "PlanarConfiguration"),
}


def treated(dataset: Dataset, **places: bytes) -> Deidentified:
    return deidentify(file_of(dataset, **places), SECRET.keyed, name="x")


def read(done: Deidentified) -> Dataset:
    assert done.data is not None, done.held
    return pydicom.dcmread(BytesIO(done.data))


def assert_gone(done: Deidentified) -> Dataset:
    out = read(done)
    everything = done.data.lower()
    for coding in ("utf-8", "utf-16-le", "utf-16-be"):
        assert NAME.lower().encode(coding) not in everything
    assert ROOT.encode() not in everything
    assert DAY.encode() not in everything
    return out


def test_an_ordinary_file_comes_out_anonymous_and_useful() -> None:
    out = assert_gone(treated(patient()))
    assert out.PatientIdentityRemoved == "YES"
    assert [item.CodeValue for item in out.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    assert out.LongitudinalTemporalInformationModified == "MODIFIED"
    assert str(out.PatientName) == out.PatientID
    assert out.PatientID.startswith("ANON-")
    assert (out.Modality, out.BodyPartExamined, out.Manufacturer) == ("CT", "HEAD", "Siemens")
    assert list(out.ImageType) == ["ORIGINAL", "PRIMARY", "AXIAL", "OTHER"]
    assert (out.PatientBirthDate, out.AccessionNumber) == ("", "")
    assert list(out.PatientOrientation) == ["L", "P"]
    assert np.array_equal(out.pixel_array, np.add.outer(np.arange(48) * 20, np.arange(64) * 30))
    assert out.file_meta.MediaStorageSOPInstanceUID == out.SOPInstanceUID


def test_a_name_in_every_attribute_of_the_standard_is_gone() -> None:
    """More than 3,000 of them: texts, coded strings, bytes, UIDs, dates, and a sequence of each sort."""
    dataset = Dataset()
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if keyword in STRUCTURE or tag >> 16 in (0x0000, 0x0002, 0x0004, 0xFFFE):
            continue
        element = named(tag, vr)
        if element is not None:
            dataset.add(element)
    assert len(dataset) > 3000
    base = patient()
    for keyword in STRUCTURE & set(base.dir()):
        dataset[keyword] = base[keyword]
    assert_gone(treated(dataset))


@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x60FE])
def test_overlays_and_curves_are_gone(group: int) -> None:
    dataset = patient()
    dataset.add_new((group, 0x3000), "OW", NAME.encode() + b"!")
    dataset.add_new((group, 0x4000), "LT", NAME)
    dataset.add_new((group, 0x1500), "LO", NAME)
    dataset.add_new((0x5000, 0x3000), "OW", NAME.encode() + b"!")
    out = assert_gone(treated(dataset))
    assert not [element for element in out if element.tag.group >> 8 in (0x50, 0x60)]


def test_of_an_overlay_that_goes_its_description_goes_too() -> None:
    dataset = patient()
    dataset.add_new((0x6000, 0x0010), "US", 48)
    dataset.add_new((0x6000, 0x0050), "SS", [1, 1])
    assert (0x6000, 0x0010) not in assert_gone(treated(dataset))


def test_what_was_empty_gets_no_stand_in() -> None:
    """An agent that nobody was given must not become one without a name."""
    dataset = patient()
    dataset.ContrastBolusAgent = ""
    assert assert_gone(treated(dataset)).ContrastBolusAgent == ""
    dataset.ContrastBolusAgent = NAME
    assert assert_gone(treated(dataset)).ContrastBolusAgent == "ANONYMOUS"


def test_group_lengths_are_gone() -> None:
    dataset = patient()
    dataset.add_new((0x0008, 0x0000), "UL", 4711)
    dataset.add_new((0x0010, 0x0000), "UL", 4711)
    assert (0x0010, 0x0000) not in assert_gone(treated(dataset))


def test_nobody_is_believed_that_no_face_can_be_seen() -> None:
    dataset = patient()
    dataset.RecognizableVisualFeatures = "NO"
    assert "RecognizableVisualFeatures" not in assert_gone(treated(dataset))
    out, traces, pseudonyms = clean_set()
    out.RecognizableVisualFeatures = "NO"
    assert not verify(written(out), traces, pseudonyms, stamped=False).passes


def test_a_date_that_calls_itself_a_number_is_seen() -> None:
    dataset = patient()
    dataset.AcquisitionNumber = DAY
    assert [why.key for why in treated(dataset).held] == ["anonymise.problem.day"]


def test_tables_of_a_big_endian_file_are_not_left_as_they_lie() -> None:
    dataset = patient()
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [4, 0, 16])
        dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", bytes(range(8)))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    out = BytesIO()
    pydicom.dcmwrite(out, dataset, enforce_file_format=True)
    held = deidentify(out.getvalue(), SECRET.keyed, name="x", looked_at=True).held
    assert [why.key for why in held] == ["anonymise.problem.pixels_big_endian"]


def test_more_pixels_than_are_read_are_told_before_they_are_decoded() -> None:
    dataset = patient()
    dataset.NumberOfFrames = 10**6
    assert [why.key for why in treated(dataset).held] == ["anonymise.problem.pixels_many"]
    assert claimed_pixels(file_of(dataset)) == 48 * 64 * 10**6
    assert claimed_pixels(b"nonsense") == 0


def test_the_table_names_each_attribute_as_the_dictionary_does() -> None:
    """A wrong digit in a tag would leave an attribute as it is, and remove another."""
    text = resources.files("rectoverso.verso.anonymise.dicom").joinpath("profile.csv").read_text()
    rows = [row for row in csv.DictReader(text.splitlines()) if "." not in row["tag"]]
    assert len(rows) > 600
    for row in rows:
        named = dictionary_description(int(row["tag"], 16)), re.sub(r" \(see Note.*", "", row["name"])
        one, other = (
            name.replace(" ", "").lower() for name in named
        )  # it has "GenerationMode" for two words
        assert one == other


def test_private_elements_are_gone_in_sequences_too_and_safe_numbers_stay() -> None:
    dataset = patient()
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    block.add_new(0x08, "LO", NAME)
    block.add_new(0x27, "LO", NAME)  # a safe place, and no number in it
    dataset.private_block(0x0043, f"{NAME} SYSTEMS", create=True).add_new(0x39, "IS", "5")
    item, inner = Dataset(), Dataset()
    inner.private_block(0x0029, "INNER", create=True).add_new(0x10, "UN", NAME.encode())
    item.ReferencedImageSequence = Sequence([inner])
    item.private_block(0x0009, "OUTER", create=True).add_new(0x10, "SQ", Sequence([inner]))
    dataset.ReferencedImageSequence = Sequence([item])
    out = assert_gone(treated(dataset))
    assert [str(element.tag) for element in out if element.tag.is_private] == ["(0019,0010)", "(0019,100C)"]
    assert out.private_block(0x0019, "SIEMENS MR HEADER")[0x0C].value == 1000
    assert out.DeidentificationMethodCodeSequence[-1].CodeValue == "113111"
    assert not [one for one in out.ReferencedImageSequence[0].iterall() if one.tag.is_private]


@pytest.mark.parametrize(
    "places",
    [
        {"preamble": NAME.encode()},
        {"SourceApplicationEntityTitle": NAME, "SendingApplicationEntityTitle": NAME},
        {"PrivateInformationCreatorUID": f"{ROOT}.9", "PrivateInformation": NAME.encode() + b"!"},
        {"ImplementationVersionName": NAME},
    ],
    ids=lambda places: next(iter(places)),
)
def test_what_stands_before_the_data_set_is_gone(places: dict[str, bytes]) -> None:
    assert_gone(treated(patient(), **places))


def test_what_stands_behind_the_data_set_does_not_come_along() -> None:
    dataset = patient()
    dataset.add_new(0xFFFCFFFC, "OB", NAME.encode() + b"!")
    assert_gone(treated(dataset))
    done = treated(patient(), behind=b"\x09\x00\x01\x10LO\x08\x00" + NAME.encode() + b" ")
    assert done.data is None or NAME.encode() not in done.data


def test_bytes_behind_the_pixels_and_bits_above_them_are_gone() -> None:
    dataset = patient()
    words = np.frombuffer(dataset.PixelData, "<u2").copy()
    words[::3] |= 0xA000
    dataset.PixelData = words.tobytes() + NAME.encode() * 3 + b"!"
    done = treated(dataset)
    out = assert_gone(done)
    assert len(out.PixelData) == 48 * 64 * 2
    assert np.frombuffer(out.PixelData, "<u2").max() < 4096
    assert (done.done["pixel_trailer"], done.done["overlaid"]) == (22, 1)


def test_letters_that_call_themselves_numbers_are_gone() -> None:
    dataset = patient()
    letters = NAME.ljust(8).encode()
    dataset.add_new("ConvolutionKernel", "US", list(np.frombuffer(letters, "<u2")))
    dataset.add_new("WindowCenterWidthExplanation", "FD", float(np.frombuffer(letters, "<f8")[0]))
    assert "ConvolutionKernel" not in assert_gone(treated(dataset))


def test_report_text_within_an_image_is_gone_and_a_report_is_held() -> None:
    dataset, item = patient(), Dataset()
    item.ValueType, item.TextValue, item.PersonName = "TEXT", f"The patient {NAME} came in", NAME
    dataset.ContentSequence = Sequence([item])
    assert "ContentSequence" not in assert_gone(treated(dataset))
    report = patient()
    del report.PixelData
    report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    assert [why.key for why in treated(report).held] == ["anonymise.held.no_image"]


def test_a_code_keeps_the_meaning_of_the_dictionary_and_an_unknown_one_goes() -> None:
    def code(value: str, scheme: str) -> Dataset:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, NAME
        return item

    dataset = patient()
    dataset.AnatomicRegionSequence = Sequence([code("69536005", "SCT"), code(NAME, "99LOCAL")])
    out = assert_gone(treated(dataset))
    assert [item.CodeMeaning for item in out.AnatomicRegionSequence] == ["Head structure (body structure)"]


def test_a_stamp_of_somebody_else_is_not_believed() -> None:
    dataset = patient()
    dataset.PatientIdentityRemoved, dataset.DeidentificationMethod = "YES", f"by {NAME}"
    assert assert_gone(treated(dataset)).DeidentificationMethod == module.METHOD


def test_the_same_patient_stays_one_and_dates_keep_their_distance() -> None:
    first, second = read(treated(patient())), read(treated(patient(day="20260320")))
    other = read(treated(patient(number="PAT-0815")))
    assert first.PatientID == second.PatientID != other.PatientID
    assert first.StudyInstanceUID == second.StudyInstanceUID == other.StudyInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    days = [
        np.datetime64(f"{d[:4]}-{d[4:6]}-{d[6:]}")
        for d in (first.StudyDate, second.StudyDate, other.StudyDate)
    ]
    assert days[1] - days[0] == np.timedelta64(5, "D")
    assert days[2] != days[0]
    assert days[0] < np.datetime64("2026-03-15")
    assert first.AcquisitionDateTime[8:] == "101530.25"
    assert first.StudyTime == "101500"


def test_another_key_makes_another_patient() -> None:
    data = file_of(patient())
    one, two = (deidentify(data, Secret(key).keyed, name="x") for key in (KEY, bytes(32)))
    assert read(one).PatientID != read(two).PatientID
    assert one.uid != two.uid


def words(height: int = 120, width: int = 200) -> np.ndarray:
    """A line of letters, 255 on 0."""
    return cv2.putText(
        np.zeros((height, width), np.uint8), NAME, (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2
    )


def test_words_in_any_frame_are_seen_and_beside_a_bright_pixel_too() -> None:
    dataset = patient()
    frames = np.full((20, 120, 200), 100, np.uint16)
    frames[7] = np.maximum(frames[7], words().astype(np.uint16) * 2)
    frames[7, 100, 100] = 4095
    shape(dataset, frames[0])
    dataset.NumberOfFrames = 20
    dataset.add_new("PixelData", "OW", frames.astype("<u2").tobytes())
    assert [why.key for why in treated(dataset).held] == ["anonymise.burned_in.pixels"]


@pytest.mark.parametrize("how", ["red on white", "a palette"])
def test_words_that_only_colours_show_are_seen(how: str) -> None:
    dataset, line = patient(), words()
    dataset.Rows, dataset.Columns = line.shape
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    if how == "a palette":  # neighbours in the table, and black and white in the picture
        dataset.PhotometricInterpretation = "PALETTE COLOR"
        for colour in ("Red", "Green", "Blue"):
            setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            table = np.zeros(256, "<u2")
            table[101] = 65535
            dataset.add_new(f"{colour}PaletteColorLookupTableData", "OW", table.tobytes())
        noise = np.random.default_rng(0).integers(0, 100, line.shape)
        pixels = np.where(line > 127, 101, noise).astype(np.uint8)
    else:
        dataset.PhotometricInterpretation, dataset.SamplesPerPixel = "RGB", 3
        dataset.PlanarConfiguration = 0
        pixels = np.stack([np.full_like(line, 255), 255 - line, 255 - line], axis=-1)
    dataset.add_new("PixelData", "OB", pixels.tobytes())
    assert [why.key for why in treated(dataset).held] == ["anonymise.burned_in.pixels"]


@pytest.mark.parametrize("said", ["YES", "", "NO"])
def test_a_picture_that_may_show_words_is_held_until_people_have_looked(said: str) -> None:
    dataset = patient()
    pixels = np.full((120, 200), 100, np.uint16)
    if said == "NO":  # it says that there are none, and there are
        pixels = np.maximum(pixels, words().astype(np.uint16) * 15)
    if said == "":
        dataset.Modality = "US"
    dataset.BurnedInAnnotation = said
    shape(dataset, pixels)
    data = file_of(dataset)
    held = deidentify(data, SECRET.keyed, name="x")
    assert held.data is None
    assert all(why.key.startswith("anonymise.burned_in.") for why in held.held)
    assert read(deidentify(data, SECRET.keyed, name="x", looked_at=True)).BurnedInAnnotation == "NO"


def test_a_class_that_nobody_knows_is_held_and_what_is_no_dicom_is_told() -> None:
    dataset = patient()
    dataset.SOPClassUID = "1.3.12.2.1107.5.9.1"
    assert [why.key for why in treated(dataset).held] == ["anonymise.held.class"]
    with pytest.raises(DicomUnreadable):
        deidentify(b"\0" * 128 + b"DICM" + b"nonsense", SECRET.keyed, name="x")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_of_every_file_that_pydicom_ships_nothing_stays_or_it_is_held(file: Path) -> None:
    data = file.read_bytes()
    try:
        done = deidentify(data, SECRET.keyed, name=file.name, looked_at=True)
    except DicomUnreadable:
        return
    if done.data is None:
        assert done.held
        return
    original = pydicom.dcmread(file)
    names = [str(element.value) for element in original.iterall() if element.VR == "PN" and element.value]
    uids = [
        str(element.value)
        for element in original.iterall()
        if element.VR == "UI" and isinstance(element.value, str) and element.value not in UID_dictionary
    ]
    assert [name for name in names if len(name) > 5 and name.encode() in done.data] == []
    assert [uid for uid in uids if len(uid) > 20 and uid.encode() in done.data] == []


def clean_set() -> tuple[Dataset, Traces, Pseudonyms]:
    """What a clean file holds before it is stamped, and what the verifier is told of its original."""
    original = patient()
    out = read(treated(original))
    for keyword in list(out.dir()):
        if keyword in STAMPS:
            del out[keyword]
    return out, Traces.of(original), Pseudonyms(SECRET.keyed, "PAT-4711-X\n")


def put(keyword: str, value: object, vr: str = "") -> object:
    def leak(dataset: Dataset) -> None:
        if vr:
            dataset.add_new(keyword, vr, value)
        else:
            setattr(dataset, keyword, value)

    return leak


def in_item(dataset: Dataset) -> None:
    item = Dataset()
    item.InstitutionName = "Somewhere"
    dataset.ReferencedImageSequence = Sequence([item])


LEAKS = {
    "a name": put("PatientName", "DOE^JOHN"),
    "an id": put("PatientID", "12345"),
    "a birthday": put("PatientBirthDate", "19700101"),
    "a text of the table": put("InstitutionName", "St Elsewhere"),
    "a text that the table forgets": put("DerivationDescription", "made by John"),
    "a coded string": put("BodyPartExamined", "JOHN"),
    "a maker": put("Manufacturer", "John Doe Ltd"),
    "a kernel": put("ConvolutionKernel", "JOHN"),
    "a date that was not moved": put("StudyDate", "20260315"),
    "a UID of the original": put("StudyInstanceUID", f"{ROOT}.3"),
    "a private element": put(0x00091001, "John", "LO"),
    "an overlay's sides": put(0x60000010, 48, "US"),
    "a date as a number": put("AcquisitionNumber", DAY, "IS"),
    "an overlay": put(0x60003000, b"ab", "OW"),
    "bytes": put("ICCProfile", b"ab", "OB"),
    "letters as numbers": put("ConvolutionKernel", [0x4F4A, 0x4E48], "US"),
    "a stamp": put("PatientIdentityRemoved", "YES"),
    "an item": in_item,
    "bytes behind the pixels": lambda dataset: put("PixelData", dataset.PixelData + b"John")(dataset),
    "a name within the pixels": lambda dataset: put("PixelData", b"ZEBULON!" + bytes(dataset.PixelData[8:]))(
        dataset
    ),
}


def test_the_verifier_passes_what_is_clean() -> None:
    dataset, traces, pseudonyms = clean_set()
    assert verify(written(dataset), traces, pseudonyms, stamped=False) == Verification(())


@pytest.mark.parametrize("leak", LEAKS)
def test_the_verifier_sees_a_leak(leak: str) -> None:
    dataset, traces, pseudonyms = clean_set()
    LEAKS[leak](dataset)
    assert not verify(written(dataset), traces, pseudonyms, stamped=False).passes


@pytest.mark.parametrize("change", ["preamble", "behind", "meta", "cut"])
def test_the_verifier_sees_what_is_outside_of_the_data_set(change: str) -> None:
    dataset, traces, pseudonyms = clean_set()
    data = written(dataset)
    changed = {
        "preamble": b"John".ljust(128, b"\0") + data[128:],
        "behind": data + b"John",
        "meta": data.replace(b"RECTOVERSO", b"ROE JANE  "),
        "cut": data[:-100],
    }[change]
    assert not verify(changed, traces, pseudonyms, stamped=False).passes


def test_nothing_is_stamped_that_the_verifier_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, traces, pseudonyms = clean_set()
    dataset.InstitutionName = "St Elsewhere"
    verification = verify(written(dataset), traces, pseudonyms, stamped=False)
    with pytest.raises(NotVerified, match="InstitutionName"):
        stamp(dataset, verification, burned_in=None, safe_private=False)
    assert "PatientIdentityRemoved" not in dataset
    # and a cleaner that forgets something makes a file that is held
    clean = module.Cleaner.clean

    def forgetful(self: object, original: Dataset) -> Dataset:
        cleaned = clean(self, original)
        cleaned.InstitutionName = "St Elsewhere"
        return cleaned

    monkeypatch.setattr(module.Cleaner, "clean", forgetful)
    done = treated(patient())
    assert done.data is None
    assert [why.key for why in done.held] == ["anonymise.problem.element"]
