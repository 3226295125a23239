"""Of copies one is kept, and what was said of one goes with the picture to the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rectoverso.verso.picture import to_png
from rectoverso.workflow.digests import of_bytes
from unit.verso.conftest import encoded, photo
from unit.verso.curate.crawl import beside
from unit.workflow.curating.sets import SIDE, actions, finds, lines, rules_of, run, set_of, write


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six originals, five copies of each of three, and the set that comes of them."""
    folder = tmp_path_factory.mktemp("copies")
    source = folder / "pictures"
    originals = {f"a{at}": photo(200 + at, 192) for at in range(6)}
    write(source, **{name: to_png(pixels) for name, pixels in originals.items()})
    for name, pixels in list(originals.items())[:3]:
        image = Image.fromarray(pixels)
        copies = {
            "exact": to_png(pixels),
            "resized": encoded(np.asarray(image.resize((100, 100), Image.Resampling.LANCZOS))),
            "recompressed": encoded(pixels, "JPEG", quality=60),
            "mirrored": encoded(np.ascontiguousarray(pixels[:, ::-1])),
            "cut": encoded(np.ascontiguousarray(pixels[:173, 19:])),
        }
        write(source, **{f"b-{name}-{kind}": data for kind, data in copies.items()})
    run(source, folder / "set")
    return folder / "set"


@pytest.mark.parametrize("kind", ["exact", "resized", "recompressed", "mirrored", "cut"])
def test_planted_copies_are_found(copied: Path, kind: str) -> None:
    found = lines(copied)
    for name in ("a0", "a1", "a2"):
        row = found[f"b-{name}-{kind}"]
        assert row["action"] == "drop", row
        assert row["copy"]["source"] == f"{name}.png"
        assert row["reasons"][0]["rule"] == ("copies.exact" if kind == "exact" else "copies.near")


def test_originals_and_strangers_are_kept(copied: Path) -> None:
    assert {row["title"] for row in set_of(copied)} == {f"a{at}.png" for at in range(6)}


def test_a_reservation_goes_with_the_picture_to_its_copies(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    pixels = photo(5, 160)
    write(source, a=to_png(pixels), b=encoded(pixels, "JPEG", quality=70), c=to_png(photo(6, 160)))
    beside(source / "b.jpg", headers={"tdm-reservation": "1"})
    run(source, out)
    found = lines(out)
    assert found["a"]["action"] == found["b"]["action"] == "drop"
    assert found["a"]["reasons"] == [{"rule": "copies.of_reserved", "action": "drop", "about": "b.jpg"}]
    assert found["c"]["action"] == "keep"


def two_copies(source: Path) -> None:
    pixels = photo(7, 160)
    write(source, a=to_png(pixels), b=encoded(pixels, "JPEG", quality=80))


@pytest.mark.parametrize(
    ("said", "rule", "action"),
    [
        ({"consent": "withdrawn"}, "copies.of_refused", "drop"),
        ({"consent": "who knows"}, "copies.of_asked", "ask"),
        ({"headers": {"tdm-reservation": "perhaps"}}, "copies.of_asked", "ask"),
        ({"html": 7}, "copies.of_asked", "ask"),
    ],
)
def test_what_was_said_of_one_goes_with_the_picture(
    tmp_path: Path, said: dict[str, Any], rule: str, action: str
) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    two_copies(source)
    beside(source / "b.jpg", **said)
    run(source, out)
    assert actions(out) == {"a": action, "b": action}
    assert rules_of(lines(out)["a"]) == [rule]


def test_a_face_that_one_copy_shows_is_in_the_others(tmp_path: Path) -> None:
    source, out = tmp_path / "people", tmp_path / "set"
    pixels = photo(7, SIDE)
    cornered_pixels = pixels.copy()
    cornered_pixels[:8, :8] = 255
    write(source, a=to_png(pixels), b=to_png(cornered_pixels), c=encoded(pixels, "JPEG", quality=80))
    beside(source / "c.jpg", consent="yes")
    run(source, out, make_eyes={"faces": finds})
    assert actions(out) == {"a": "ask", "b": "ask", "c": "keep"}


def test_the_first_copy_that_may_be_kept_is(tmp_path: Path) -> None:
    """What a licence leads to is about one file, and not about the picture."""
    source, out = tmp_path / "crawl", tmp_path / "set"
    two_copies(source)
    write(source, c=encoded(photo(7, 160), "JPEG", quality=50))
    beside(source / "a.png", licence="CC-BY-NC-4.0")
    (tmp_path / "rules.toml").write_text('licences."CC-BY-NC*" = "drop"')
    run(source, out, rules=tmp_path / "rules.toml")
    assert actions(out) == {"a": "drop", "b": "keep", "c": "drop"}


def test_of_copies_the_largest_is_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    pixels = photo(7, 160)
    small = np.asarray(Image.fromarray(pixels).resize((80, 80), Image.Resampling.LANCZOS))
    write(source, a=to_png(small), b=to_png(pixels), c=to_png(pixels))
    run(source, out)
    assert actions(out) == {"a": "drop", "b": "keep", "c": "drop"}
    assert lines(out)["a"]["copy"]["source"] == "b.png"


def test_what_people_let_pass_is_not_asked_again_of_its_copies(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    two_copies(source)
    beside(source / "a.png", headers={"tdm-reservation": "perhaps"})
    digest = of_bytes((source / "a.png").read_bytes())
    (tmp_path / "answers.csv").write_text(f"digest,answer,by\n{digest},keep,Anna\n")
    run(source, out, answers=tmp_path / "answers.csv")
    assert actions(out) == {"a": "keep", "b": "drop"}
