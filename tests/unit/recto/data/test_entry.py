"""What lies in a folder or a zip, and the class of each picture."""

from __future__ import annotations

from pathlib import PurePosixPath as P

import pytest

from rectoverso.recto.data.entry import class_of, is_sidecar


@pytest.mark.parametrize(
    ("paths", "classes"),
    [
        (["a.png", "b.png"], [None, None]),
        (["cat/a.png", "dog/b.png"], ["cat", "dog"]),
        (["cat/a.png", "cat/b.png"], ["cat", "cat"]),
        (["pets/cat/a.png", "pets/dog/b.png"], ["cat", "dog"]),
        (["x/pets/cat/a.png", "x/pets/dog/b.png"], ["cat", "dog"]),
        (["cat/a.png", "b.png"], ["cat", None]),
        (["cat/old/a.png", "dog/b.png"], ["cat", "dog"]),
    ],
)
def test_the_class_is_the_sub_folder_below_whatever_wraps_all(paths, classes):
    assert list(class_of([P(path) for path in paths]).values()) == classes


@pytest.mark.parametrize(
    "path", [".DS_Store", "a/.x/b.png", "__MACOSX/a.png", "Thumbs.db", "a/notes.TXT", "README"]
)
def test_what_is_known_not_to_be_a_picture_is_passed_over(path):
    assert is_sidecar(P(path))


@pytest.mark.parametrize("path", ["a.png", "a", "a/b.JPG", "x.docx", "x.psd"])
def test_everything_else_is_looked_at(path):
    assert not is_sidecar(P(path))
