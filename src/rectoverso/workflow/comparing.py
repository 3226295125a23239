"""The checks that compare a draft with the registered works of a home. Every door has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rectoverso.protocols import Check, Clock
from rectoverso.store.home import Home
from rectoverso.store.rights import Kind
from rectoverso.store.works import Work
from rectoverso.verso.registry.descriptors import embedded
from rectoverso.verso.registry.refusals import RecordedRefusals
from rectoverso.verso.screen.similarity import SimilarityCheck
from rectoverso.verso.screen.style import SPACE, StyleCheck
from rectoverso.workflow.calibration import in_force
from rectoverso.workflow.weights import embedder_of


def checks_of_works(
    home: Home, works: Sequence[Work], territory: Collection[str] = (), clock: Clock | None = None
) -> list[Check]:
    """Similarity, for drafts for these countries and by the calibration that is in force, and the ranking of styles
    where any are registered.

    Raises EmbedderUnusable and MissingExtra for weights that were named and cannot be used: then nothing leaves.
    """
    refusals = RecordedRefusals(home)
    known = embedded(home, works, embedder_of(home))
    calibration = in_force(home, works, clock, territory)
    checks: list[Check] = [SimilarityCheck(works, refusals, home.traces, known, calibration)]
    if any(work.rights.kind is Kind.STYLE for work in works):
        checks.append(StyleCheck(works, home.descriptors.of(SPACE), refusals))
    return checks
