"""How `generate` and `seal` tell what became of each image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.cli.output import tell
from rectoverso.i18n import explain, preferred_language, printable, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.store.assets import Asset
    from rectoverso.workflow.batch import Batch


MOST_OTHERS = 3
"""So many works are named beside the first; all of them stand in the home's records, and in --json."""

FEW = 20
"""Fewer pictures than this bound nothing that anybody wants to know."""


def print_summary(batch: Batch, out: Path) -> None:
    """One line for each image that did not leave, with its reasons, then the counts."""
    language = preferred_language()
    between = "" if language == "zh" else " "  # Chinese full stops bring their own space
    for passage in (*batch.held, *batch.refused):
        asset = passage.asset
        name = asset.source or f"seed {asset.seed}"
        reasons = between.join(say(Message(**reason), language) for reason in asset.reasons)
        print(printable(f"{say(Message(f'cli.{asset.decision.value}'), language)}  {name}: {reasons}"))
        _print_other_works(asset)
    for passage in batch.released:
        if passage.asset.revoked is not None:
            tell("cli.revoked_before", asset=passage.asset.id, index=passage.asset.revoked)
        for finding in passage.asset.findings:
            for credit in finding["evidence"].get("credits", ()):
                tell("cli.credit", file=passage.asset.file_name, line=credit["line"])
    for failure in batch.failed:
        print(printable(explain(failure.error, language)))
    tell("cli.batch", released=len(batch.released), held=len(batch.held), refused=len(batch.refused), out=out)
    if batch.held:
        tell("cli.held_note")
    if batch.sheet:
        tell("cli.sheet", path=batch.sheet)
    _print_replication(batch)


def _print_other_works(asset: Asset) -> None:
    """The works that it is similar to beside the one that the reasons name: claims to one picture may contradict."""
    for finding in asset.findings:
        also = [work for work in finding["evidence"].get("also", ()) if work["id"]]
        if also:
            named = [f"“{work['title']}” ({work['owner'] or '-'})" for work in also[:MOST_OTHERS]]
            more = ["..."] if len(also) > MOST_OTHERS else []
            tell("cli.also_similar", works=", ".join(named + more))


def _print_replication(batch: Batch) -> None:
    """What the batch as a whole says of training pictures that come back, where it is large enough to say anything."""
    told = batch.replication
    if told is None or (told.compared < FEW and not told.replicates):
        return
    counts = {
        "compared": told.compared,
        "suspects": len(told.suspects),
        "at_most": f"{100 * told.at_most:.2g}",
    }
    tell("cli.replication", **counts)
    released = [passage.asset.id for passage in batch.suspects if passage.asset.decision == "release"]
    if told.replicates:
        tell(
            "cli.replicates",
            near=told.near,
            expected=f"{told.expected:.1f}",
            chance=f"{told.chance:.1g}",
            count=len(released),
        )
    if released:
        tell("cli.replication_released", assets=", ".join(released))


def exit_code(batch: Batch) -> int:
    """0 when something was released and nothing refused; 1 when the answer to some image is no; 2 for bad input."""
    if batch.failed:
        return 2
    return 1 if batch.refused or not batch.released else 0
