"""An audit as one page for whoever answers for the run: self-contained, printable, no scripts; one file a language.

It holds pictures that were drawn and pictures that were trained on, so it stays in the run's folder and does not travel
with it (`hub`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.atomic import write_atomically
from rectoverso.types import Message, Pixels
from rectoverso.version import __version__
from rectoverso.verso.audit.attack import RATES
from rectoverso.verso.audit.audit import Audit
from rectoverso.verso.picture import to_png
from rectoverso.workflow.story import data_uri_of

NAMES = {"en": "audit.html", "zh": "audit.zh.html"}
WORST = "worst.png"
MOST_EXPOSED = 8
GAP_PX = 2
LEAST_RATE = 1e-3
PLOT_PX = 300
STROKES = {
    "critic": "",
    "inversion": "7 3",
    "relative": "6 2 1 2 1 2",
    "nearest": "10 3 2 3",
    "within": "1 5",
}
"""Attacks are told apart by their dashes, so that a black and white print tells them apart too."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures of a page: ``pairs`` of one that was drawn and the training picture it comes nearest to, the nearest
    first; ``exposed``: members that the best attack is sure of, where it is more than chance.
    """

    pairs: tuple[tuple[Pixels, Pixels], ...]
    exposed: tuple[Pixels, ...] = ()

    @classmethod
    def of(
        cls, audit: Audit, asked: NDArray[np.uint8], drawn: NDArray[np.uint8], trained: NDArray[np.uint8]
    ) -> Shown:
        """From what was audited (uint8 NHWC)."""
        pairs = tuple((drawn[one.place], trained[one.training_image]) for one in audit.extraction.nearest)
        if not audit.membership.recognises:
            return cls(pairs)
        best = audit.membership.best
        sure = best.above(int(RATES[0] * best.others) + 1)
        return cls(pairs, tuple(asked[sure[:MOST_EXPOSED]]))


def write_pages(folder: Path, facts: Mapping[str, Any], digest: str, shown: Shown) -> dict[str, Path]:
    """Write the page in every language and the nearest pairs as one picture. ``facts`` are the record, ``digest`` is
    its own.
    """
    write_atomically(folder / WORST, to_png(sheet(shown.pairs)))
    paths = {}
    for language, name in NAMES.items():
        paths[language] = folder / name
        write_atomically(paths[language], page(facts, digest, shown, language).encode())
    return paths


def page(facts: Mapping[str, Any], digest: str, shown: Shown, language: str) -> str:
    """The page in one language."""
    environment = Environment(
        loader=PackageLoader("rectoverso.workflow"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    membership = facts["membership"]
    return environment.get_template("audit.html").render(
        facts=facts,
        digest=digest,
        version=__version__,
        language={"zh": "zh-Hans"}.get(language, language),
        other={one: NAMES[one] for one in LANGUAGES if one != language},
        t=partial(_told, language),
        best=min(membership["attacks"], key=lambda one: (one["p_value"], -one["area"])),
        percent=percent,
        number="{:,}".format,
        pairs=[
            (tuple(data_uri_of(to_png(one)) for one in pair), cluster)
            for pair, cluster in zip(shown.pairs, facts["extraction"]["nearest"], strict=True)
        ],
        earlier=[_earlier(one, language) for one in facts["earlier"]],
        exposed=[data_uri_of(to_png(one)) for one in shown.exposed],
        curves=[
            (one["attack"], STROKES[one["attack"]], _path(one["curve"])) for one in membership["attacks"]
        ],
        ticks=[(rate, *_at(rate, rate)) for rate in (0.001, 0.01, 0.1, 1.0)],
        plot=PLOT_PX,
    )


def sheet(pairs: Sequence[tuple[Pixels, Pixels]]) -> Pixels:
    """The pairs below each other: what was drawn on the left, the training picture on the right."""
    rows = [np.concatenate([one, _paper(one, 1), other], axis=1) for one, other in pairs]
    whole = [part for row in rows for part in (row, _paper(row, 0))]
    return np.concatenate(whole[:-1], axis=0)


def percent(share: float) -> str:
    """A share as people read it, never rounded to none or to all."""
    shown = f"{100 * share:.2g}" if share < 0.0995 else f"{100 * min(share, 1):.0f}"
    return f"{'99.9' if shown == '100' and share < 1 else shown} %"


def _paper(beside: Pixels, axis: int) -> Pixels:
    shape = list(beside.shape)
    shape[axis] = GAP_PX
    return np.full(shape, 255, np.uint8)


def _earlier(audit: Mapping[str, Any], language: str) -> str:
    """An audit before this one, in a line."""
    reasons = [_told(language, f"brief.{reason}") for reason in audit["short"]]
    said = _told(language, "page.earlier_passed") if audit["passed"] else "; ".join(reasons)
    counts = {name: f"{audit[name]:,}" for name in ("members", "others", "drawn")}
    date, held_out = audit["date"][:10], audit["held_out"][:12]
    return _told(language, "page.earlier_one", date=date, said=said, held_out=held_out, **counts)


def _told(language: str, key: str, **facts: Any) -> str:
    """A sentence, of which no number is parted from its sign."""
    return say(Message(f"audit.{key}", facts), language).replace(" %", "\N{NO-BREAK SPACE}%")


def _path(curve: Mapping[str, Sequence[float]]) -> str:
    """A curve on two logarithmic scales, as SVG draws it."""
    points = [_at(x, y) for x, y in zip(curve["false"], curve["true"], strict=True)]
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _at(false: float, true: float) -> tuple[float, float]:
    """The place of two rates in the plot."""
    x, y = (1 + math.log10(max(rate, LEAST_RATE)) / -math.log10(LEAST_RATE) for rate in (false, true))
    return round(PLOT_PX * x, 1), round(PLOT_PX * (1 - y), 1)
