"""How many pictures stand for each registered style, and whether they are enough to be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rectoverso.store.rights import Kind
from rectoverso.store.works import Work
from rectoverso.verso.screen.style import LEAST_PICTURES, SPACE, whose
from rectoverso.workflow.ledgers import existing_home


def too_few(works: Iterable[Work], home_path: Path) -> dict[str, int]:
    """Of the styles that these works stand for: whose are not compared yet, and how many of their pictures there are
    that can be.
    """
    wanted = {whose(work) for work in works if work.rights.kind is Kind.STYLE}
    if not wanted:
        return {}
    home = existing_home(home_path)
    described = home.descriptors.of(SPACE)
    counts = Counter(whose(work) for work in home.works.all() if work.id in described)
    return {name: counts[name] for name in sorted(wanted) if counts[name] < LEAST_PICTURES}
