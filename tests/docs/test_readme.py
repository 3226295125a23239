"""The README does what it says: its commands and its Python run, in order, and are the same in both languages."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from command import verso
from quick import short_lessons, trainings
from rectoverso.recto.data.shapes import scene

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh.md")
AS_IT_STANDS = "--max-seconds 60"
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


def test_the_readmes_commands_run_and_its_python_after_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What loads torch is called in this process, which has it, and trains briefly; the slow test starts each."""
    monkeypatch.chdir(folder)
    for line, command, code in _commands():
        if command.startswith(("verso train", "verso generate")):
            with trainings(), short_lessons():
                verso(*shlex.split(command.replace(AS_IT_STANDS, BRIEFLY))[1:], code=code)
        else:
            _demand(code, command, folder, line)
    program = folder / "program.py"
    program.write_text(_program(), encoding="utf-8")
    runpy.run_path(str(program))
    assert capsys.readouterr().out.count("trusted") >= 1


@pytest.mark.slow
def test_as_they_stand_each_in_a_process_of_its_own(folder: Path) -> None:
    for line, command, code in _commands():
        _demand(code, command, folder, line)
    done = _ran([sys.executable, "-c", _program()], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("trusted") >= 1


def _commands() -> Iterator[tuple[str, str, int]]:
    """Each line, the command in it, and the exit code that it is to end with."""
    lines = [line for block in _blocks(READMES[0], "console") for line in block.splitlines()]
    assert sum(AS_IT_STANDS in line for line in lines) == 1
    for line in lines:
        command, _, remark = line.removeprefix("$ ").partition("#")
        yield line, command, int(said.group(1)) if (said := re.search(r"exit code (\d)", remark)) else 0


def _program() -> str:
    (program,) = _blocks(READMES[0], "python")
    return program


def _demand(code: int, command: str, folder: Path, line: str) -> None:
    done = _ran(command, folder, shell=True)
    assert done.returncode == code, f"{line}\n{done.stdout}{done.stderr}"


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
