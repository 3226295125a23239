"""What `peer_throughput.py` measured, as a table for each peer."""

from __future__ import annotations

import statistics
from typing import Any

from report import row

HEADS = (
    "side",
    "images/s: min",
    "median",
    "max",
    "of the other's, median",
    "lowest",
    "highest",
    "parameters",
)
MILLION = 1e6


def tables(result: dict[str, Any]) -> str:
    """One table for each comparison, and what holds for all."""
    facts = (
        f"{result['date']}; {result['machine']}; torch {result['torch']}; {result['threads']} threads each."
    )
    return "\n\n".join([*map(table, result["comparisons"]), facts])


def table(found: dict[str, Any]) -> str:
    """The sides of one comparison; ratios are formed inside a round."""
    heads = [row(*HEADS, "multiply-adds"), "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    rows = [side(found, name) for name in sorted(found["rounds"][0])]
    size, count = found["size"], len(found["rounds"])
    seconds = f"{count} rounds of {found['seconds']:g} s"
    facts = f"{size}x{size}, batch {found['batch']}, {seconds}."
    return "\n".join([f"**{found['title']}.** {facts}", "", *heads, *rows])


def side(found: dict[str, Any], name: str) -> str:
    rounds = found["rounds"]
    rates = [one[name] for one in rounds]
    ratios = [one[name] / one[found["peer"]] for one in rounds]
    spread = [f"{pick(rates):.0f}" for pick in (min, statistics.median, max)]
    shares = [f"{pick(ratios):.2f}x" for pick in (statistics.median, min, max)]
    size = found["sizes"].get("theirs" if name == found["peer"] else "ours")
    return row(name, *spread, *shares, *(of_both(size, what) for what in ("parameters", "multiply_adds")))


def of_both(size: dict[str, dict[str, int]] | None, what: str) -> str:
    """The generator's and the critic's, in millions."""
    if size is None:
        return "the same"
    return " + ".join(f"{size[player][what] / MILLION:.2f} M" for player in ("generator", "critic"))
