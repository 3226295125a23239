"""The curves of a training as SVG, drawn by the server: lines that differ in colour and in dashes, each named at its
end, so that none needs a legend, a script, or an eye for colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 58, 130, 14, 30
MOST_POINTS = 300
MOST_CURVES = 6
_LINE_PX = 15
"""Between two names at the right edge."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Values from ``low`` to ``high`` over so many pixels from ``start``; upwards where ``end`` is the smaller."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Three to six round values."""
        step = 10 ** math.floor(math.log10(((self.high - self.low) or 1.0) / 2))
        step = next(step * times for times in (1, 2, 5, 10) if (self.high - self.low) / (step * times) <= 5)
        first = math.ceil(self.low / step - 1e-9)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def chart(curves: Mapping[str, Sequence[Point]], title: str, across: str) -> Markup:
    """A picture of curves by their names; "" where there is nothing to draw. ``across``: what is counted to the right.
    Values that are not finite are left out.
    """
    finite = {
        name: [point for point in points if all(map(math.isfinite, point))] for name, points in curves.items()
    }
    shown = {name: thinned(points) for name, points in finite.items() if len(points) > 1}
    shown = dict(list(shown.items())[:MOST_CURVES])
    if not shown:
        return Markup("")
    points = [point for line in shown.values() for point in line]
    x = Axis(0.0, max(point[0] for point in points), LEFT, WIDTH - RIGHT)
    y = Axis(*_room([point[1] for point in points]), HEIGHT - BOTTOM, TOP)
    parts = [_grid(x, y, across), *(_curve(number, line, x, y) for number, line in enumerate(shown.values()))]
    parts.append(_names(shown, y))
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, title, Markup("").join(parts)
    )


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most `MOST_POINTS`, each the mean of its neighbours."""
    each = math.ceil(len(points) / MOST_POINTS)
    groups = [points[first : first + each] for first in range(0, len(points), each)]
    return [(group[-1][0], sum(point[1] for point in group) / len(group)) for group in groups]


def _room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or abs(high) * 0.1 or 1.0
    return (0.0 if 0 <= low < 0.5 * high else low - margin), high + margin


def _grid(x: Axis, y: Axis, across: str) -> Markup:
    line = Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    text = Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>')
    parts = []
    for value in y.ticks():
        parts.append(line.format(LEFT, WIDTH - RIGHT, y.at(value), y.at(value)))
        parts.append(text.format(LEFT - 8, y.at(value) + 4, "end", f"{value:g}"))
    parts += [text.format(x.at(value), HEIGHT - 10, "middle", f"{value:,.0f}") for value in x.ticks()[1:]]
    parts.append(text.format(WIDTH - RIGHT + 10, HEIGHT - 10, "start", across))
    return Markup("").join(parts)


def _curve(number: int, line: Sequence[Point], x: Axis, y: Axis) -> Markup:
    places = " ".join(f"{x.at(at)},{y.at(value)}" for at, value in line)
    return Markup('<polyline class="curve curve-{}" points="{}"/>').format(number, places)


def _names(shown: Mapping[str, Sequence[Point]], y: Axis) -> Markup:
    """The names and last values at the right, from top to bottom, moved apart where they would touch."""
    ends = sorted((y.at(line[-1][1]), number, name) for number, (name, line) in enumerate(shown.items()))
    parts, above = [], -math.inf
    room = HEIGHT - BOTTOM - _LINE_PX * (len(ends) - 1)
    for place, (at, number, name) in enumerate(ends):
        above = max(min(at, room + _LINE_PX * place), above + _LINE_PX)
        value = shown[name][-1][1]
        text = Markup('<text class="end end-{}" x="{}" y="{}">{} {}</text>')
        parts.append(text.format(number, WIDTH - RIGHT + 10, round(above + 4, 1), name, f"{value:.3g}"))
    return Markup("").join(parts)
