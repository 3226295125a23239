"""The checks that compare a draft with the registered works of a home. Every door has them."""

from __future__ import annotations

from collections.abc import Sequence

from rectoverso.protocols import Check
from rectoverso.store.home import Home
from rectoverso.store.rights import Kind
from rectoverso.store.works import Work
from rectoverso.verso.registry.descriptors import embedded
from rectoverso.verso.registry.refusals import RecordedRefusals
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.style import SPACE, StyleCheck
from rectoverso.workflow.weights import embedder_of


def checks_of_works(home: Home, works: Sequence[Work]) -> list[Check]:
    """Similarity, and the ranking of styles where any are registered.

    Raises EmbedderUnusable and MissingExtra for weights that were named and cannot be used: then nothing leaves.
    """
    refusals = RecordedRefusals(home)
    known = embedded(home, works, embedder_of(home))
    checks: list[Check] = [SimilarityCheck(works, refusals, home.traces, known)]
    if any(work.rights.kind is Kind.STYLE for work in works):
        checks.append(StyleCheck(works, home.descriptors.of(SPACE), refusals))
    return checks
