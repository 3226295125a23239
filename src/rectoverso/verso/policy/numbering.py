"""Where each rule of a TOML file stands, so that a decision can name the line that made it.

The reader of TOML in Python says what a file means, not where. A rule is therefore found by reading the file again and
again, each time one line longer: it stands where the first part ends that has it. So whatever way of writing a rule
TOML allows, dotted, quoted, inline or over several lines, is numbered rightly without a second parser.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str, ...]


def line_numbers(text: str) -> dict[Path, int]:
    """For each table and value of a valid TOML text, the number of its first line, counted from 1."""
    lines = text.replace("\r\n", "\n").split("\n")
    numbers: dict[Path, int] = {}
    whole = 0
    for count in range(1, len(lines) + 1):
        try:
            read = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue  # within a value of several lines
        for path in _paths(read):
            numbers.setdefault(path, whole + 1)
        whole = count
    return numbers


def _paths(table: Mapping[str, Any], above: Path = ()) -> Iterator[Path]:
    for name, value in table.items():
        path = (*above, name)
        yield path
        if isinstance(value, Mapping):
            yield from _paths(value, path)
