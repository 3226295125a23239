"""The tables of the watermark's benchmark, from the counts of its parts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from marks.attacks import ALL
from marks.trials import LEVELS, Counts
from report import row

_LISTED = ("psnr_dB", "least")
"""Of these each is kept; all other counts are added up."""


def added(one: Any, other: Any, name: str = "") -> Any:
    """Counts of some pictures and those of others, as counts of both."""
    if isinstance(one, dict):
        return {key: added(one[key], other[key], key) for key in one}
    if isinstance(one, list):
        if name in _LISTED:
            return one + other
        return [mine + more for mine, more in zip(one, other, strict=True)]
    return one + other


def tables(result: Mapping[str, Any], first: str, small: list[str]) -> str:
    """Ours beside the peers, then ours on the other sets, then the ladder, the private mark, the null and the speed."""
    lines = [
        *beside_peers(result, first),
        "",
        *other_sets(result, first, small),
        "",
        *steps(result["ladder"]),
    ]
    lines += ["", *sentences(result), "", f"{result['date']}; {result['machine']}."]
    return "\n".join(lines)


def beside_peers(result: Mapping[str, Any], first: str) -> list[str]:
    contestants = {"ours": result["ours"][first], **result["peers"]}
    mine = contestants["ours"]
    lines = [row(first, "aim", *contestants, "ours, matched", "ours, oracle")]
    lines.append(row("---", *["--:"] * (len(contestants) + 3)))
    lines.append(row("pictures", "", *(one["count"] for one in contestants.values()), "", ""))
    lines.append(row("PSNR, dB: mean (least)", "43", *map(quality, contestants.values()), "", ""))
    for attack in ALL:
        aim = "" if attack.aim is None else f"{attack.aim:.0%}"
        cells = [shares(one, "found", attack.name) for one in contestants.values()]
        lines.append(
            row(
                attack.name,
                aim,
                *cells,
                shares(mine, "matched", attack.name),
                shares(mine, "oracle", attack.name),
            )
        )
    return lines


def other_sets(result: Mapping[str, Any], first: str, small: list[str]) -> list[str]:
    """Two tables, for the attacks on small pictures are not those on large ones."""
    lines = list[str]()
    large = [name for name in result["ours"] if name not in small and name != first]
    for names in (large, small):
        sets = {name: result["ours"][name] for name in names if name in result["ours"]}
        if not sets:
            continue
        attacks = dict.fromkeys(attack for one in sets.values() for attack in one["found"])
        lines += ["", row("ours, read (and matched)", *sets), row("---", *["--:"] * len(sets))]
        lines.append(row("pictures", *(one["count"] for one in sets.values())))
        lines.append(row("PSNR, dB: mean (least)", *map(quality, sets.values())))
        for attack in attacks:
            cells = (
                f"{shares(one, 'found', attack)} ({shares(one, 'matched', attack)})" for one in sets.values()
            )
            lines.append(row(attack, *cells))
    return lines[1:]


def steps(ladder: Counts) -> list[str]:
    lines = [row("step of WAVES' range, found at p <= 0.001", *range(1, 6)), row("---", *["--:"] * 5)]
    return lines + [
        row(name, *(f"{found / ladder['count']:.0%}" for found in at)) for name, at in ladder["found"].items()
    ]


def sentences(result: Mapping[str, Any]) -> list[str]:
    private = {
        name: f"{found / result['forensic']['count']:.0%}"
        for name, found in result["forensic"]["found"].items()
    }
    lines = [f"Known by the private mark, of {result['forensic']['count']}: {json.dumps(private)}.", ""]
    for name, says in (("null", "as they lie"), ("null, anyhow", "anyhow as well")):
        lines += [of_null(result[name], says), ""]
    return [*lines, f"Milliseconds a megapixel of 512 pixels, one thread: {json.dumps(result['speed'])}."]


def of_null(null: Counts, says: str) -> str:
    found = at_levels(null["at"], null["count"])
    fits = at_levels(null["singles_at"], null["singles"])
    return (
        f"Without our mark, {null['count']:,} readings {says}, each under a key that nobody used: {found}; the least p "
        f"{min(null['least']):.1g}. Single readings against an id drawn beforehand, {null['singles']:,}: {fits}."
    )


def at_levels(counts: list[int], of: int) -> str:
    return ", ".join(
        f"{count:,} at {level:g} (allowed {level * of:,.1f})"
        for level, count in zip(LEVELS, counts, strict=True)
    )


def quality(counts: Counts) -> str:
    return f"{np.mean(counts['psnr_dB']):.1f} ({min(counts['psnr_dB']):.1f})"


def shares(counts: Counts, kind: str, attack: str) -> str:
    if attack not in counts.get(kind, {}):
        return ""
    return f"{counts[kind][attack] / counts['count']:.0%}"
