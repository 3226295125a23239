"""The README does what it says: its commands and its Python run, in order, and are the same in both languages."""

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
BRIEFLY = (
    "--images 64 --set milestones=1 --set batch=8 --set nets.generator_width=8 --set nets.critic_width=4"
)


def _blocks(name: str, kind: str) -> list[str]:
    return re.findall(
        rf"^```{kind}\n(.*?)^```", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the two pictures that the README's reader has: a poster, and a copy of it."""
    poster = Image.fromarray(scene(14, size=256).image)
    poster.save(tmp_path / "poster.png")
    poster.resize((180, 180)).save(tmp_path / "copy-of-poster.jpg", quality=60)
    return tmp_path


def test_both_languages_show_the_same_blocks() -> None:
    for kind in ("console", "python"):
        assert _blocks(READMES[0], kind) == _blocks(READMES[1], kind)


@pytest.mark.parametrize(
    "trained",
    [
        pytest.param(BRIEFLY, id="trained briefly"),
        pytest.param("--max-seconds 60", id="as it stands", marks=pytest.mark.slow),
    ],
)
def test_the_readmes_commands_run_and_its_python_after_them(folder: Path, trained: str) -> None:
    lines = [line for block in _blocks(READMES[0], "console") for line in block.splitlines()]
    assert sum("--max-seconds 60" in line for line in lines) == 1
    for line in lines:
        command, _, remark = line.removeprefix("$ ").partition("#")
        expected = int(code.group(1)) if (code := re.search(r"exit code (\d)", remark)) else 0
        done = _ran(command.replace("--max-seconds 60", trained), folder, shell=True)
        assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"

    (program,) = _blocks(READMES[0], "python")
    done = _ran([sys.executable, "-c", program], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trusted") >= 1


def _ran(command: str | list[str], folder: Path, *, shell: bool = False) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        command, shell=shell, cwd=folder, env=env, capture_output=True, text=True, check=False
    )


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
