"""Pictures from the Hugging Face hub, with a stand-in for the package ``datasets``: nothing here asks a network."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from assets.pictures import encoded, picture
from rectoverso.errors import BadImages, DataUnusable, MissingExtra
from rectoverso.recto.data.source import open_source

ROWS = [{"image": {"bytes": encoded(picture(number)), "path": None}} for number in range(4)]


class Table:
    """What ``load_dataset`` returns: as much of it as is used, decoding refused."""

    def __init__(self, rows, names=None, is_cast=False):
        self.rows, self.names, self.is_cast = rows, names, is_cast
        self.column_names = list(rows[0])
        self.features = {name: SimpleNamespace(names=names) for name in self.column_names}

    def cast_column(self, name, feature):
        assert (name, feature) == ("image", ("Image", False))
        return Table(self.rows, self.names, is_cast=True)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, key):
        if isinstance(key, str):
            assert key != "image", "a whole column of pictures is never held"
            return [row[key] for row in self.rows]
        assert self.is_cast, "the files are checked here before anybody decodes them"
        return self.rows[key]


@pytest.fixture
def hub(monkeypatch):
    """Puts a table, or an error, behind every name; returns the calls made."""
    calls = []

    def install(answer):
        def load_dataset(name, split):
            calls.append((name, split))
            if isinstance(answer, Exception):
                raise answer
            return answer

        module = ModuleType("datasets")
        module.load_dataset = load_dataset
        module.Image = lambda decode: ("Image", decode)
        monkeypatch.setitem(sys.modules, "datasets", module)
        return calls

    return install


def test_the_train_split_is_read_with_labels_names_and_captions(hub):
    rows = [
        row | {"label": label, "caption": f"no {label}"}
        for row, label in zip(ROWS, [1, 0, 1, 1], strict=True)
    ]
    calls = hub(Table(rows, ["cat", "dog"]))
    found = open_source("hf:org/name", size="24x16")
    assert calls == [("org/name", "train")]
    assert found.images.shape == (4, 16, 24, 3)
    assert (found.name, found.classes, found.labels.tolist()) == ("org/name", ("cat", "dog"), [1, 0, 1, 1])
    assert found.captions[1] == "no 0"


def test_it_is_the_same_data_as_the_same_files_in_a_folder(hub, tmp_path):
    for number, row in enumerate(ROWS):
        (tmp_path / f"{number}.png").write_bytes(row["image"]["bytes"])
    hub(Table([{"image": {"bytes": None, "path": str(file)}} for file in sorted(tmp_path.iterdir())]))
    in_files = open_source("hf:org/name").digest
    hub(Table(ROWS))
    assert in_files == open_source("hf:org/name").digest == open_source(tmp_path).digest


def test_bad_rows_are_named_with_their_fixes(hub, tmp_path):
    odd = [
        {"bytes": b"", "path": "x"},
        None,
        {"bytes": None, "path": None},
        {"bytes": None, "path": str(tmp_path / "no")},
    ]
    hub(Table([*ROWS, *({"image": image} for image in odd)]))
    with pytest.raises(
        BadImages, match=r"org/name\[4\]: The file is empty \(0 bytes\)\. Copy or download it again"
    ):
        open_source("hf:org/name")
    found = open_source("hf:org/name", skip_bad=True)
    assert [one.path for one in found.skipped] == [f"org/name[{row}]" for row in (4, 5, 6, 7)]


def test_labels_that_are_no_classes_are_left_out_with_a_note(hub):
    hub(Table([row | {"label": [1, 2]} for row in ROWS]))
    found = open_source("hf:org/name")
    assert found.labels is None
    assert "list" in found.describe()["notes"][0]
    hub(Table([row | {"label": -1} for row in ROWS], ["cat"]))
    assert open_source("hf:org/name").labels is None


def test_a_table_without_pictures_is_refused_with_its_columns(hub):
    hub(Table([{"img": b"", "label": 1}]))
    with pytest.raises(DataUnusable, match="its columns are: img, label"):
        open_source("hf:org/name")


@pytest.mark.parametrize(
    "error", [ConnectionError("no network\nat all"), ValueError("Unknown split"), OSError()]
)
def test_what_the_hub_does_not_give_is_told_with_a_way_round(hub, error):
    hub(error)
    with pytest.raises(DataUnusable, match=r"load_dataset\('org/name'.*to_parquet"):
        open_source("hf:org/name")


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"rectoverso\[hub\]"):
        open_source("hf:org/name")
