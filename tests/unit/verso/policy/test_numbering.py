"""Every way in which TOML lets a rule be written is numbered by the line where the rule begins."""

from __future__ import annotations

import pytest

from rectoverso.verso.policy.numbering import line_numbers

WRITTEN = {
    "a table": ('# x\n\n[any]\n# y\nblock = "hold"\n', ("any", "block"), 5),
    "dotted": ('x = 1\nany.block = "hold"\n', ("any", "block"), 2),
    "quoted": ('["any"]\n"block" = "hold"\n', ("any", "block"), 2),
    "spaced": ('[ any ]\n  block  =  "hold"\n', ("any", "block"), 2),
    "inline": ('x = 1\nany = { pass = "release", block = "hold" }\n', ("any", "block"), 2),
    "over several lines": ('x = 1\n\nrequired = [\n  "a",\n  "b",\n]\ny = 2\n', ("required",), 3),
    "after several lines": ('required = [\n  "a",\n]\ny = 2\n', ("y",), 4),
    "in a text": ('x = """\n[any]\nblock = 1\n"""\n[any]\nblock = "hold"\n', ("any", "block"), 6),
    "with carriage returns": ('x = 1\r\n[any]\r\nblock = "hold"\r\n', ("any", "block"), 3),
    "on the last line": ('[any]\nblock = "hold"', ("any", "block"), 2),
    "beside other line ends": ('x = "a\u2028b"\nblock = 1\n', ("block",), 2),
    "a table without rules": ("x = 1\n[any]\n", ("any",), 2),
}


@pytest.mark.parametrize("way", WRITTEN)
def test_a_rule_stands_where_it_begins(way: str) -> None:
    text, path, number = WRITTEN[way]
    assert line_numbers(text)[path] == number
