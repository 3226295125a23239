"""What was measured, as tables for people."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

Round = dict[str, float]
QUIET_LOAD = 0.5
NOT_QUIET = "The machine was not quiet: these figures do not count."

COMPARISONS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "bfloat16, against Keras' best variant of all": ("ours-bfloat16", lambda _: True),
    "bfloat16, against Keras' best in bfloat16": ("ours-bfloat16", lambda name: "-bfloat16-" in name),
    "bfloat16, against Keras' best in float32": ("ours-bfloat16", lambda name: "-float32-" in name),
    "float32, against Keras' best in float32": ("ours-float32", lambda name: "-float32-" in name),
    "bfloat16, against Keras' best with two passes": (
        "ours-bfloat16",
        lambda name: "-turns-" in name,
    ),
}
"""Who is compared with the best of whom in every round."""


def ratios(rounds: list[Round]) -> dict[str, list[float]]:
    """For each comparison the ratio of every round."""
    return {
        title: [rates[ours] / _best_of_keras(rates, wanted) for rates in rounds]
        for title, (ours, wanted) in COMPARISONS.items()
    }


def _best_of_keras(rates: Round, wanted: Callable[[str], bool]) -> float:
    return max(rate for name, rate in rates.items() if name.startswith("keras") and wanted(name))


def tables(result: dict[str, Any]) -> str:
    """Everything, as Markdown."""
    parts = [_speeds(result), _ratios(result), _circumstances(result)]
    if "quality" in result:
        parts.append(_quality(result["quality"]))
    return "\n\n".join(parts)


def _speeds(result: dict[str, Any]) -> str:
    names = sorted(result["rounds"][0], key=lambda name: -_median(result, name))
    rows = [_speed(result, name, [rates[name] for rates in result["rounds"]]) for name in names]
    rows += [
        f"| Keras, {_spaced(name)} | could not run: {why} | | | | |" for name, why in result["failed"].items()
    ]
    heads = "| variant | images/s: min | median | max | multiply-adds/s | share of peak |"
    return "\n".join([heads, "|---|--:|--:|--:|--:|--:|", *rows])


def _speed(result: dict[str, Any], name: str, rates: list[float]) -> str:
    form = "turns" if "-turns-" in name else "together"
    precision = "bfloat16" if "bfloat16" in name else "float32"
    work = statistics.median(rates) * result["multiply_adds"]["step"][form]
    share = work / peak_of(result, precision)
    label = f"**ours, {precision}**" if name.startswith("ours") else f"Keras, {_spaced(name)}"
    speeds = f"{min(rates):.0f} | {statistics.median(rates):.0f} | {max(rates):.0f}"
    return f"| {label} | {speeds} | {work / 1e9:.0f} G | {share:.0%} |"


def peak_of(result: dict[str, Any], precision: str) -> float:
    """What the machine has shown: the better of the two frameworks' matrix products."""
    return max(float(rates[precision]) for rates in result["peak"].values())


def _spaced(name: str) -> str:
    return name.removeprefix("keras-").replace("-", ", ")


def _ratios(result: dict[str, Any]) -> str:
    rows = ["| ours in | ratio, median of the rounds | lowest | highest |", "|---|--:|--:|--:|"]
    for title, values in result["ratios"].items():
        middle = statistics.median(values)
        rows.append(f"| {title} | {middle:.2f}x | {min(values):.2f}x | {max(values):.2f}x |")
    return "\n".join(rows)


def _circumstances(result: dict[str, Any]) -> str:
    adds, peak, load = result["multiply_adds"], result["peak"], result["load"]
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    quiet = "" if load["before"] <= QUIET_LOAD else f" **{NOT_QUIET}**"
    return (
        f"{result['date']}; {result['machine']}; {result['threads']['torch']} threads each;"
        f" load {load['before']} before.{quiet} {versions}."
        f" Batch {result['batch']}, {len(result['rounds'])} rounds of {result['seconds_each']:g} s a variant.\n\n"
        f"Multiply-adds an image, counted: {_millions(adds['step']['together'])} for a step from one forward pass"
        f" (`together`), {_millions(adds['step']['turns'])} with two (`turns`); ours carries out"
        f" {_millions(adds['executed_by_ours'])} and is credited with `together`."
        f" Peak, measured in the same run as a 2048 x 2048 matrix product: {_rates(peak['torch'])} in torch,"
        f" {_rates(peak['tensorflow'])} in TensorFlow; shares are of the better."
    )


def _millions(count: int) -> str:
    return f"{count / 1e6:.0f} M"


def _quality(found: dict[str, Any]) -> str:
    rows = ["| trained in | seed | images | layout distance | filter distance |", "|---|--:|--:|--:|--:|"]
    for row in found["trainings"]:
        place = f"{row['precision']} | {row['seed']} | {row['images']:,}"
        rows.append(f"| {place} | {row['layout']:.1f} | {row['filters']:.1f} |")
    floor = found["other real pictures"]
    rows.append(f"| (other real pictures) | | | {floor['layout']:.1f} | {floor['filters']:.1f} |")
    return "\n".join(rows)


def _median(result: dict[str, Any], name: str) -> float:
    return statistics.median(rates[name] for rates in result["rounds"])


def _rates(rates: dict[str, float]) -> str:
    return " and ".join(f"{rate / 1e9:.0f} G/s {name}" for name, rate in rates.items())
