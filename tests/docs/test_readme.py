"""The README does what it says: its commands and its Python run, in order, as they stand, in both languages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from rectoverso.recto.data.shapes import scene

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh.md")


def _blocks(name: str, kind: str) -> list[str]:
    return re.findall(
        rf"^```{kind}\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two pictures that the README's reader has: a poster, and a copy of it."""
    folder = tmp_path_factory.mktemp("readme")
    poster = Image.fromarray(scene(14, size=256).image)
    poster.save(folder / "poster.png")
    poster.resize((180, 180)).save(folder / "copy-of-poster.jpg", quality=60)
    return folder


def test_both_languages_show_the_same_blocks() -> None:
    for kind in ("console", "python"):
        assert _blocks(READMES[0], kind) == _blocks(READMES[1], kind)


def test_the_readmes_commands_run_as_they_stand(folder: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    lines = [line for block in _blocks(READMES[0], "console") for line in block.splitlines()]
    assert lines
    for line in lines:
        command, _, remark = line.removeprefix("$ ").partition("#")
        expected = int(code.group(1)) if (code := re.search(r"exit code (\d)", remark)) else 0
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"


def test_the_readmes_python_runs_after_them(folder: Path) -> None:
    (program,) = _blocks(READMES[0], "python")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trusted") >= 1


@pytest.mark.parametrize("name", READMES)
def test_every_make_target_shown_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^make (\w+)", "\n".join(_blocks(name, "text")), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_every_link_between_documents_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"(?:\]\(|src=\")([^)#\s\"]+)", document.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (document.parent / target).exists(), f"{document.relative_to(ROOT)} -> {target}"
