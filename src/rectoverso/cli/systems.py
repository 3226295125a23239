"""`verso systems`: what can be trained."""

from __future__ import annotations

from rectoverso.cli.options import JsonOption
from rectoverso.cli.output import print_json


def systems(as_json: JsonOption = False) -> None:
    """List the systems, what data each needs, its presets. With what was measured of each."""
    from rectoverso.workflow.systems import list_systems

    rows = list_systems()
    if as_json:
        print_json({"systems": rows})
        return
    for row in rows:
        print(f"{row['name']}  {row['title']} ({row['source']})\n    {row['needs']}")
        for preset in row["presets"]:
            print(f"    --preset {preset['name']:8} {preset['measured']}")
