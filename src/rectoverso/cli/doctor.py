"""`verso doctor`: is this machine ready, and if not, what to type."""

from __future__ import annotations

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json
from rectoverso.i18n import preferred_language, say

SIGNS = {"ok": "✓", "note": "·", "missing": "✗"}


def doctor(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Look whether this machine and this home are ready. Says the next step for whatever is missing."""
    from rectoverso.workflow.doctor import examine

    rows = examine(home)
    language = preferred_language()
    if as_json:
        print_json({"checks": [row.plain(language) for row in rows]})
    else:
        for row in rows:
            print(f"{SIGNS[row.state]} {say(row.message, language)}")
            if row.fix:
                print(f"    {say(row.fix, language)}")
    raise typer.Exit(3 if any(row.state == "missing" for row in rows) else 0)
