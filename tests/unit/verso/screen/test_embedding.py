"""A network of the user's proposes works: its word calls for people, and only what geometry confirms may block."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectoverso.errors import EmbedderUnusable
from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.works import Work
from rectoverso.types import Outcome, Pixels
from rectoverso.verso.screen.cascade import Cascade
from rectoverso.verso.screen.embedding import Description, EmbeddedWorks, Embedder, NearMatch, to_bytes
from rectoverso.verso.screen.parts import PartMatch
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.trace import Trace
from rectoverso.verso.screen.votes import Ballot

pytest.importorskip("onnxruntime", reason="needs the packages of the extra `weights`")
TINY = Path(__file__).parents[3] / "assets" / "tiny.onnx"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The tiny network and its description, where a test may change them."""
    for suffix in (".onnx", ".toml"):
        shutil.copyfile(TINY.with_suffix(suffix), tmp_path / f"tiny{suffix}")
    return tmp_path / "tiny.onnx"


@pytest.fixture
def embedder(file: Path) -> Embedder:
    return Embedder(file, Description.beside(file))


def redrawn(pixels: Pixels) -> Pixels:
    """The same large shapes in coarse squares: no point of the picture is left, and its hash is another."""
    height, width = pixels.shape[:2]
    rng = np.random.default_rng(1)
    coarse = pixels[:: height // 4, :: width // 4][:4, :4].astype(int)
    large = np.kron(coarse, np.ones((height // 4, width // 4, 1), int))
    return np.clip(large + rng.normal(0, 30, large.shape), 0, 255).astype(np.uint8)


def embedded(works: list[Work], photos: list[Pixels], embedder: Embedder) -> EmbeddedWorks:
    pairs = zip(works, photos, strict=True)
    vectors = {work.id: to_bytes(embedder(pixels)) for work, pixels in pairs}
    return EmbeddedWorks(works, vectors, embedder)


def test_vectors_have_length_1_and_do_not_depend_on_the_size(
    embedder: Embedder, photos: list[Pixels]
) -> None:
    vector = embedder(photos[0])
    assert vector.shape == (48,)
    assert float(vector @ vector) == pytest.approx(1, abs=1e-5)
    half = np.ascontiguousarray(photos[0][::2, ::2])
    assert float(vector @ embedder(half)) > 0.98


def test_the_nearest_work_is_the_one_that_the_picture_shows(
    embedder: Embedder, works: list[Work], photos: list[Pixels]
) -> None:
    known = embedded(works, photos, embedder)
    for work, pixels in zip(works, photos, strict=True):
        assert known.nearest(pixels)[0].work.id == work.id


def test_what_only_weights_find_is_for_people_however_near(
    embedder: Embedder, works: list[Work], photos: list[Pixels], pictures: Any
) -> None:
    """Vectors equal to the query's, no traces, and a fingerprint that has nothing to do with the picture."""
    asked = redrawn(photos[3])
    vectors = {works[3].id: to_bytes(embedder(asked))}
    other = {works[3].id: works[5]}  # its sketch and hash are those of another picture
    import dataclasses

    lying = dataclasses.replace(other[works[3].id], id=works[3].id)
    check = SimilarityCheck([lying], embedded=EmbeddedWorks([lying], vectors, embedder))
    finding = check.examine(pictures.draft(asked))
    assert finding.outcome is Outcome.REVIEW
    assert finding.evidence["work"]["method"] == "weights"
    assert finding.evidence["work"]["cosine"] > 0.99
    assert finding.evidence["work"]["weights"] == {"name": "tiny", "sha256": embedder.digest}
    assert "tiny" in say(finding.message)
    assert all(say(finding.message, language) for language in LANGUAGES)
    assert [stage["stage"] for stage in finding.evidence["stages"]][3] == "weights"


def test_geometry_confirms_what_weights_propose_and_then_it_is_a_part_like_any_other(
    embedder: Embedder, works: list[Work], photos: list[Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if no point had voted: only the network proposes the work, and the points are found to lie alike."""
    traces = {work.id: Trace.of(pixels).to_bytes() for work, pixels in zip(works, photos, strict=True)}
    crop = np.ascontiguousarray(photos[2][20:140, 20:180])
    vectors = {works[2].id: to_bytes(embedder(crop))}
    cascade = Cascade(works, traces, embedded=EmbeddedWorks(works, vectors, embedder))
    monkeypatch.setattr(cascade._parts, "candidates", lambda _: Ballot(()))
    look = cascade.look(crop)
    match = next(match for match in look.matches if match.work.id == works[2].id)
    assert isinstance(match, PartMatch)
    assert match.outcome is Outcome.BLOCK
    assert not any(isinstance(one, NearMatch) for one in look.matches if one.work.id == works[2].id)


def test_without_weights_no_stage_of_them_is_told(works: list[Work], photos: list[Pixels]) -> None:
    assert [stage.name for stage in Cascade(works).look(photos[0]).stages] == [
        "digest",
        "hash",
        "points",
        "geometry",
    ]


def test_a_file_that_changed_is_refused(file: Path, embedder: Embedder) -> None:
    file.write_bytes(file.read_bytes() + b"\x00")
    with pytest.raises(EmbedderUnusable, match=embedder.digest):
        Embedder(file, embedder.description, embedder.digest)


@pytest.mark.parametrize(
    "problem", ["gone", "no network", "no description", "wrong size", "wrong output", "external"]
)
def test_what_cannot_be_used_is_refused_before_any_picture(problem: str, file: Path) -> None:
    toml = file.with_suffix(".toml")
    text = toml.read_text()
    if problem == "gone":
        description = Description.beside(file)
        file.unlink()
        with pytest.raises(EmbedderUnusable):
            Embedder(file, description)
        return
    if problem == "no network":
        file.write_bytes(b"no network at all")
    elif problem == "no description":
        toml.unlink()
    elif problem == "wrong size":
        toml.write_text(text.replace("[32, 32]", "[64, 32]"))
    elif problem == "wrong output":
        toml.write_text(text.replace('"embedding"', '"something"'))
    else:
        file.write_bytes(file.read_bytes() + b"\x72\x0f\n\x08location\x12\x03abc")
    with pytest.raises(EmbedderUnusable):
        Embedder(file, Description.beside(file))


@pytest.mark.parametrize(
    "line", ["review = 1.5", "review = nan", "size = [8, 8]", "std = [0.0, 1.0, 1.0]", "colour = true", "["]
)
def test_a_description_that_means_nothing_is_refused(line: str, file: Path) -> None:
    toml = file.with_suffix(".toml")
    key = line.partition(" ")[0]
    kept = [row for row in toml.read_text().splitlines() if not row.startswith(f"{key} ")]
    toml.write_text("\n".join([*kept, line]))
    with pytest.raises(EmbedderUnusable):
        Description.beside(file)


def test_an_answer_that_is_no_direction_is_no_answer(embedder: Embedder) -> None:
    """(grey - 0.5) / 1 is zero everywhere but for rounding: the mean of the description takes all of it away."""
    half = Description.model_validate(embedder.description.model_dump() | {"mean": (128 / 255,) * 3})
    embedder.description = half
    with pytest.raises(ValueError, match="direction"):
        embedder(np.full((32, 32, 3), 128, np.uint8))


def test_other_ways_of_showing_pictures_make_another_space(file: Path, embedder: Embedder) -> None:
    toml = file.with_suffix(".toml")
    toml.write_text(toml.read_text().replace("0.5, 0.5, 0.5", "0.4, 0.5, 0.5"))
    assert Embedder(file, Description.beside(file)).space != embedder.space
    toml.write_text(toml.read_text().replace("review = 0.9", "review = 0.8").replace("0.4, 0.5", "0.5, 0.5"))
    assert Embedder(file, Description.beside(file)).space == embedder.space
