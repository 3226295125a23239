"""Pictures in a Parquet file."""

from __future__ import annotations

import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.pictures import encoded, picture
from rectoverso.errors import DataUnusable, InputError
from rectoverso.recto.data.source import open_source

BYTES = [encoded(picture(number, side=16)) for number in range(4)]
STRUCTS = [{"bytes": data, "path": None} for data in BYTES]


def written(path, names=None, **columns):
    table = pa.table(columns)
    if names is not None:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, path / "x.parquet", row_group_size=3)
    return path / "x.parquet"


def test_bare_bytes_and_structs_are_the_same_data(tmp_path):
    bare = open_source(written(tmp_path, image=BYTES))
    assert bare.digest == open_source(written(tmp_path, image=STRUCTS)).digest
    assert bare.labels is None
    assert bare.captions is None


def test_class_names_come_from_the_hub_metadata(tmp_path):
    found = open_source(written(tmp_path, ["cat", "dog", "ape"], image=STRUCTS, label=[1, 0, 1, 1]))
    assert found.classes == ("cat", "dog", "ape")
    assert found.labels.tolist() == [1, 0, 1, 1]


def test_numbers_without_names_are_numbered_from_zero(tmp_path):
    found = open_source(written(tmp_path, image=STRUCTS, label=[30, 7, 7, 30]))
    assert found.classes == ("7", "30")
    assert found.labels.tolist() == [1, 0, 0, 1]


def test_texts_are_classes_in_order(tmp_path):
    labels = pa.array(["dog", "cat", "dog", "ape"]).dictionary_encode()
    found = open_source(written(tmp_path, image=STRUCTS, label=labels))
    assert found.classes == ("ape", "cat", "dog")
    assert found.labels.tolist() == [2, 1, 2, 0]


@pytest.mark.parametrize("labels", [[0, -1, 1, 1], [0, None, 1, 1], [0, 1, 1, 9]])
def test_a_label_that_is_not_known_leaves_classes_out_with_a_note(tmp_path, labels):
    found = open_source(written(tmp_path, ["cat", "dog"], image=STRUCTS, label=labels))
    assert found.labels is None
    assert "1 of 4" in found.describe()["notes"][0]


def test_labels_of_another_type_are_left_out_with_a_note(tmp_path):
    found = open_source(written(tmp_path, image=STRUCTS, label=[0.5, 1.5, 2.5, 3.5]))
    assert found.labels is None
    assert "double" in found.describe()["notes"][0]


@pytest.mark.parametrize("metadata", [b"", b"[]", b"{", b'{"info": {"features": {"label": {"names": [1]}}}}'])
def test_odd_metadata_is_only_metadata(tmp_path, metadata):
    table = pa.table({"image": STRUCTS, "label": [0, 1, 0, 1]}).replace_schema_metadata(
        {"huggingface": metadata}
    )
    pq.write_table(table, tmp_path / "x.parquet")
    assert open_source(tmp_path / "x.parquet").classes == ("0", "1")


def test_captions_stay_with_their_pictures(tmp_path):
    captions = ["one", None, "three", "four"]
    broken = [*STRUCTS[:2], {"bytes": b"text", "path": "x"}, STRUCTS[3]]
    found = open_source(written(tmp_path, image=broken, caption=captions), skip_bad=True)
    assert found.captions == ("one", "", "four")


def test_a_row_without_bytes_is_named_by_its_number(tmp_path):
    found = open_source(
        written(tmp_path, image=[*STRUCTS, None, {"bytes": None, "path": "x.png"}]), skip_bad=True
    )
    assert len(found) == 4
    assert [one.path for one in found.skipped] == ["x.parquet[4]", "x.parquet[5]"]


def test_a_file_without_pictures_is_refused_with_its_columns(tmp_path):
    with pytest.raises(DataUnusable, match="its columns are: img, label"):
        open_source(written(tmp_path, img=BYTES, label=[0, 1, 2, 3]))
    with pytest.raises(DataUnusable, match="holds string"):
        open_source(written(tmp_path, image=["a.png", "b.png"]))
    with pytest.raises(DataUnusable, match="0 usable"):
        open_source(written(tmp_path, image=pa.array([], pa.binary())))


@pytest.mark.parametrize("keep", [0, 4, 100, -30])
def test_a_file_cut_short_is_refused_with_advice(tmp_path, keep):
    path = written(tmp_path, image=STRUCTS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataUnusable, match="damaged or cut short"):
        open_source(path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_mutated_file_is_read_or_refused_and_nothing_else(tmp_path, changes):
    path = written(tmp_path, image=STRUCTS, label=["a", "é", "b", "a"], caption=["a", "é", "b", "c"])
    data = bytearray(path.read_bytes())
    for place, value in changes:
        data[place % len(data)] = value
    path.write_bytes(data)
    with suppress(InputError):
        assert len(open_source(path, skip_bad=True)) >= 2
