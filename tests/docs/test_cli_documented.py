"""Every command and every flag is documented, in both languages, and nothing is documented that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from rectoverso.cli.main import app

DOCS = Path(__file__).parents[2] / "docs"


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if hasattr(command, "commands"):
        for child_name, child in command.commands.items():
            yield from _commands(child, f"{name} {child_name}")
    else:
        yield name, command


COMMANDS = dict(_commands(typer.main.get_command(app), "verso"))


def _sections(language: str) -> dict[str, str]:
    text = (DOCS / language / "cli.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (verso[ a-z-]*[a-z]).*$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _flags(command: click.Command) -> set[str]:
    return {flag for parameter in command.params for flag in parameter.opts if flag.startswith("-")} - {
        "--help"
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_exactly_the_commands_that_exist_are_documented(language: str) -> None:
    assert set(_sections(language)) == set(COMMANDS)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_exactly_the_flags_that_exist_are_documented(language: str) -> None:
    sections = _sections(language)
    for name, command in COMMANDS.items():
        documented = set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", sections[name]))
        assert documented == _flags(command), name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_numbers_said_to_be_defaults_are(language: str) -> None:
    said = r"^\| `(--[a-z-]+)[^`]*` \|.*?(?:default|默认)\s*(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)"
    told, given = {}, {}
    for name, text in _sections(language).items():
        defaults = {flag: one.default for one in COMMANDS[name].params for flag in one.opts}
        numbers = {flag: value for flag, value in defaults.items() if isinstance(value, int | float)}
        for flag, number in re.findall(said, text, re.MULTILINE):
            if flag in numbers:
                told[name, flag], given[name, flag] = float(number.replace(",", "")), numbers[flag]
    assert told == given
    assert ("verso ingrain", "--images") in told
    assert len(told) > 10


def test_every_command_takes_json() -> None:
    assert [name for name, command in COMMANDS.items() if "--json" not in _flags(command)] == []
