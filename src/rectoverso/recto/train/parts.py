"""A batch cut into one part for each process, and what makes the parts behave as one batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.nets.share import Share, sharing
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.train.players import Turn
from rectoverso.recto.train.shared_norms import SharedNorms
from rectoverso.recto.train.sync import expected_processes, rank
from rectoverso.types import Message


def check_share(recipe: Recipe) -> None:
    """Raise BadSetting unless one process trains, or each gets as many images of a batch, and whole groups of them."""
    count = expected_processes()
    least = recipe.least_share * count
    if count == 1 or recipe.batch % least == 0:
        return
    facts: dict[str, object] = {
        "batch": recipe.batch,
        "processes": count,
        "share": recipe.least_share,
        "least": least,
    }
    raise BadSetting(
        setting="batch",
        reason=Phrase(Message("train.share.reason", facts)),
        advice=Phrase(Message("train.share.advice", facts)),
    )


@contextmanager
def one_batch(turn: Turn) -> Iterator[None]:
    """Within this context batch norm, dropout and noise see the batch that all processes have together."""
    if turn.processes == 1:
        yield
        return
    with SharedNorms(), sharing(Share(rank(), turn.processes, turn.count)):
        yield
