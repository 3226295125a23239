"""What was measured, as tables for people."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

Round = dict[str, float]
BEGIN, END = "<!-- train_throughput: written by the script -->", "<!-- train_throughput: end -->"

COMPARISONS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "bfloat16, against Keras' best variant of all": ("ours-bfloat16", lambda name: True),
    "bfloat16, against Keras' best in bfloat16": ("ours-bfloat16", lambda name: "-bfloat16-" in name),
    "bfloat16, against Keras' best in float32": ("ours-bfloat16", lambda name: "-float32-" in name),
    "float32, against Keras' best in float32": ("ours-float32", lambda name: "-float32-" in name),
    "bfloat16, against Keras' best with two forward passes": (
        "ours-bfloat16",
        lambda name: "-turns-" in name,
    ),
}
"""Who is compared with the best of whom in every round."""


def ratios(rounds: list[Round]) -> dict[str, list[float]]:
    """For each comparison the ratio of every round."""
    found = {}
    for title, (ours, wanted) in COMPARISONS.items():
        found[title] = [
            rates[ours]
            / max(rate for name, rate in rates.items() if name.startswith("keras") and wanted(name))
            for rates in rounds
        ]
    return found


def tables(result: dict[str, Any]) -> str:
    """Everything, as Markdown."""
    parts = [_speeds(result), _ratios(result), _circumstances(result)]
    if "quality" in result:
        parts.append(_quality(result["quality"]))
    return "\n\n".join(parts)


def write_readme(readme: Path, result: dict[str, Any], source: str) -> None:
    """Put the tables between the two marks of the README."""
    text = readme.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    body = f"{tables(result)}\n\nAll figures: [results/{source}](results/{source})."
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


def _speeds(result: dict[str, Any]) -> str:
    rows = [
        "| variant | images/s: min | median | max | multiply-adds/s | share of peak |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    names = sorted(result["rounds"][0], key=lambda name: -_median(result, name))
    for name in names:
        rates = [rates[name] for rates in result["rounds"]]
        middle = statistics.median(rates)
        form = "turns" if "-turns-" in name else "together"
        precision = "bfloat16" if "bfloat16" in name else "float32"
        work = middle * result["multiply_adds"]["step"][form]
        share = work / result["peak"]["torch"][precision]
        label = (
            name.replace("-", " ", 1)
            if name.startswith("ours")
            else name.replace("-", ", ").replace("keras,", "Keras")
        )
        label = f"**{label}**" if name.startswith("ours") else label
        rows.append(
            f"| {label} | {min(rates):.0f} | {middle:.0f} | {max(rates):.0f} | {work / 1e9:.0f} G | {share:.0%} |"
        )
    rows += [f"| Keras {name} | could not run: {why} | | | | |" for name, why in result["failed"].items()]
    return "\n".join(rows)


def _ratios(result: dict[str, Any]) -> str:
    rows = ["| ours in | ratio, median of the rounds | lowest | highest |", "|---|--:|--:|--:|"]
    for title, values in result["ratios"].items():
        rows.append(
            f"| {title} | {statistics.median(values):.2f}x | {min(values):.2f}x | {max(values):.2f}x |"
        )
    return "\n".join(rows)


def _circumstances(result: dict[str, Any]) -> str:
    adds, peak, load = result["multiply_adds"], result["peak"], result["load"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    quiet = "" if load["before"] <= 0.5 else " **The machine was not quiet; these figures do not count.**"
    return (
        f"{result['date']}; {result['machine']}; {result['threads']['torch']} threads each; load {load['before']}"
        f" before.{quiet} {versions}. Batch {result['batch']}, {len(result['rounds'])} rounds of"
        f" {result['seconds_each']:g} s a variant.\n\n"
        f"Multiply-adds an image, counted: {adds['step']['together'] / 1e6:.0f} M for a step from one forward pass"
        f" (`together`), {adds['step']['turns'] / 1e6:.0f} M with two (`turns`); ours carries out"
        f" {adds['executed_by_ours'] / 1e6:.0f} M and is credited with `together`."
        f" Peak, measured in the same run as a 2048 x 2048 matrix product:"
        f" {_rates(peak['torch'])} in torch, {_rates(peak['tensorflow'])} in TensorFlow; shares are of torch's."
    )


def _quality(found: dict[str, Any]) -> str:
    rows = ["| trained in | seed | images | layout distance | filter distance |", "|---|--:|--:|--:|--:|"]
    for row in found["trainings"]:
        rows.append(
            f"| {row['precision']} | {row['seed']} | {row['images']:,} | {row['layout']:.1f} | {row['filters']:.1f} |"
        )
    floor = found["other real pictures"]
    rows.append(f"| (other real pictures) | | | {floor['layout']:.1f} | {floor['filters']:.1f} |")
    return "\n".join(rows)


def _median(result: dict[str, Any], name: str) -> float:
    return statistics.median(rates[name] for rates in result["rounds"])


def _rates(rates: dict[str, float]) -> str:
    return " and ".join(f"{rate / 1e9:.0f} G/s {name}" for name, rate in rates.items())
