"""Who may what is written down as it is, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectoverso.store.people import Role
from rectoverso.workflow.permissions import ROLES, Permission

DOCS = Path(__file__).parents[2] / "docs"


def rows(language: str) -> dict[str, list[str]]:
    """The cells of the table, by the name of each row."""
    lines = (DOCS / language / "server.md").read_text(encoding="utf-8").splitlines()
    begin = next(at for at, line in enumerate(lines) if line.endswith("| auditor | admin |"))
    told = {}
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        told[name.strip("`")] = cells
    return told


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_of_permissions_says_what_the_code_does(language: str) -> None:
    table = rows(language)
    head = next(iter(table))
    roles = [Role(name) for name in table.pop(head)[1:]]
    table.pop("---")
    said = {
        name: {role for role, cell in zip(roles, cells[1:], strict=True) if cell}
        for name, cells in table.items()
    }
    assert roles == list(Role)
    assert said == {permission.value: set(ROLES[permission]) for permission in Permission}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_role_can_be_given_by_its_name(language: str) -> None:
    text = (DOCS / language / "cli.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `--role [^|]*\|([^|]*)\|", text, re.MULTILINE)
    assert [name for name in re.findall(r"`([a-z]+)`", row) if name in tuple(Role)] == list(Role)
