"""Programs under benchmarks/ are run seldom: what they import from here is still there when they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
PLACES = (BENCHMARKS, ROOT / "tests", ROOT / "src")
PROGRAMS = sorted(
    file
    for file in BENCHMARKS.rglob("*.py")
    if file.parent.name != "keras" and ".venv" not in file.parts  # which has an environment of its own
)


def found(module: str, places: tuple[Path, ...] = PLACES) -> Path | None:
    for place in places:
        path = place.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py", path):
            if file.exists():
                return file
    return None


@cache
def names(file: Path) -> frozenset[str]:
    """What a module binds anywhere, imports included; of a folder, what lies in it."""
    folder = file if file.is_dir() else file.parent if file.name == "__init__.py" else None
    bound = {one.stem for one in folder.iterdir()} if folder else set()
    for node in ast.walk(ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.alias(name=name, asname=other):
                bound.add((other or name).split(".")[0])
    return frozenset(bound)


def missing(program: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(program.read_text())):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        file = found(node.module, (program.parent, *PLACES))
        if file is None and node.module.split(".")[0] == "rectoverso":
            yield node.module
        elif file is not None:
            yield from (f"{node.module}.{one.name}" for one in node.names if one.name not in names(file))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(BENCHMARKS)))
def test_what_a_program_imports_is_there(program: Path) -> None:
    assert not list(missing(program))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(
        "from rectoverso.gone import x\nfrom rectoverso.api import seal, gone\nfrom report import fill\n"
    )
    assert list(missing(tmp_path / "old.py")) == ["rectoverso.gone", "rectoverso.api.gone"]
