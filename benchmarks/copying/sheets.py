"""Pictures for people to look at: the hardest copies that were found, and everything that was found and is no copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from copying.methods import PARTS, WHOLE, Answer
from copying.splits import Query
from copying.tally import TOGETHER, Tally
from marks.attacks import Pixels
from PIL import Image, ImageDraw, ImageFont, ImageOps

HARDEST = 12
MOST_FALSE = 40
CELL_PX, GAP_PX, LINE_PX = 240, 12, 34
PAPER, INK = (250, 249, 246), (40, 38, 36)

Row = tuple[Query, Answer]


def draw(tally: Tally, rate: float, folder: Path) -> list[str]:
    """Two sheets, ``SPLIT-hard.png`` and ``SPLIT-false.png``; their names."""
    judge = tally.named(rate).get(TOGETHER)
    if judge is None:
        return []
    answered = [(query, judge(row)) for query, row in zip(tally.queries, tally.answers, strict=True)]
    found = [(query, answer) for query, answer in answered if answer is not None]
    right = [row for row in found if tally.split.is_right(row[0], row[1].work)]
    wrong = [row for row in found if not tally.split.is_right(row[0], row[1].work)]
    hard = sorted(right, key=_margin(tally, rate))
    name = tally.split.name.replace(",", "").replace(" ", "-")
    drawn = []
    for kind, rows in (("hard", _spread(hard)), ("false", wrong[:MOST_FALSE])):
        if rows:
            _sheet(tally, rows).save(folder / f"{name}-{kind}.png", optimize=True)
            drawn.append(f"{name}-{kind}.png")
    return drawn


def _margin(tally: Tally, rate: float) -> Callable[[Row], float]:
    """How far above its bar an answer is; points count by ratio, likeness by what is missing to 1."""
    parts, whole = tally.bar(PARTS, rate / 2), tally.bar(WHOLE, rate / 2)

    def margin(row: Row) -> float:
        score = row[1].score
        return score / max(parts, 1) if score > 1 else (score - whole) / max(1e-6, 1 - whole) + 1

    return margin


def _spread(rows: Sequence[Row]) -> list[Row]:
    """The hardest of each attack, the hardest first."""
    first: dict[str | None, Row] = {}
    for row in rows:
        first.setdefault(row[0].attack, row)
    return list(first.values())[:HARDEST]


def _sheet(tally: Tally, rows: Sequence[Row]) -> Image.Image:
    """Pairs, three in a line: the picture that was asked, and the work that was named."""
    columns = min(3, len(rows))
    lines = -(-len(rows) // columns)
    width, height = 2 * CELL_PX + 2 * GAP_PX, CELL_PX + LINE_PX + GAP_PX
    sheet = Image.new("RGB", (columns * width + GAP_PX, lines * height + GAP_PX), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for number, (query, answer) in enumerate(rows):
        left = GAP_PX + number % columns * width
        top = GAP_PX + number // columns * height
        for column, pixels in enumerate((tally.split.made(query), tally.split.works[answer.work])):
            sheet.paste(_cell(pixels), (left + column * (CELL_PX + GAP_PX // 2), top))
        score = f"points {answer.score:.1f}" if answer.score > 1 else f"likeness {answer.score:.3f}"
        what = query.attack or "as it is"
        kind = "copy" if query.is_copy else "no copy"
        draw.text((left, top + CELL_PX + 6), f"{kind}, {what}: {score}", INK, font)
    return sheet


def _cell(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    scaled = ImageOps.contain(image, (CELL_PX, CELL_PX), Image.Resampling.LANCZOS)
    return ImageOps.pad(scaled, (CELL_PX, CELL_PX), color=PAPER)
