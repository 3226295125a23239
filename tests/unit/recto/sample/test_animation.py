"""Animations are what was drawn, frame by frame."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectoverso.errors import BadSetting, MissingProgram
from rectoverso.recto.sample.animation import write_animation

FRAMES = [np.full((16, 16, 3), level, np.uint8) for level in (0, 90, 180, 250)]


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_every_frame_is_in_the_file_and_it_runs_for_ever(kind: str, tmp_path: Path) -> None:
    write_animation(FRAMES, tmp_path / f"way.{kind}")
    with Image.open(tmp_path / f"way.{kind}") as image:
        assert (image.n_frames, image.info["loop"]) == (4, 0)
        for index, frame in enumerate(FRAMES):
            image.seek(index)
            shown = np.asarray(image.convert("RGB"))
            assert abs(shown.astype(int) - frame).max() <= 1
            if kind == "gif":
                assert image.info["duration"] == 50


def test_grey_frames_are_shown_as_grey(tmp_path: Path) -> None:
    write_animation([frame[:, :, :1] for frame in FRAMES], tmp_path / "way.gif")
    with Image.open(tmp_path / "way.gif") as image:
        assert image.n_frames == 4


def test_transparent_frames_are_shown_on_white(tmp_path: Path) -> None:
    clear = np.zeros((16, 16, 4), np.uint8)
    clear[:, :8] = (200, 10, 10, 255)
    write_animation([clear, clear], tmp_path / "way.webp")
    with Image.open(tmp_path / "way.webp") as image:
        shown = np.asarray(image.convert("RGB"))
    assert (shown[:, :8] == (200, 10, 10)).all()
    assert (shown[:, 8:] == 255).all()


def test_mp4_needs_ffmpeg_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgram, match="ffmpeg"):
        write_animation(FRAMES, tmp_path / "way.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
def test_mp4_is_written_where_ffmpeg_is(tmp_path: Path) -> None:
    write_animation(FRAMES, tmp_path / "way.mp4")
    assert b"ftyp" in (tmp_path / "way.mp4").read_bytes()[:16]


def test_other_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"\.gif"):
        write_animation(FRAMES, tmp_path / "way.avi")
