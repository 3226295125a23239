"""What became of a batch: released, held, refused, and what could not even be opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import RectoversoError
from rectoverso.i18n import say
from rectoverso.types import Decision, Finding, Message
from rectoverso.verso.screen.memorisation import MemorisationCheck
from rectoverso.verso.screen.replication import Replication
from rectoverso.workflow.release import Passage


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be offered to the door."""

    source: str
    error: RectoversoError


@dataclass(frozen=True, slots=True)
class Batch:
    passages: tuple[Passage, ...]
    failed: tuple[Failure, ...] = ()
    sheet: Path | None = None

    @property
    def released(self) -> tuple[Passage, ...]:
        return self._with(Decision.RELEASE)

    @property
    def held(self) -> tuple[Passage, ...]:
        return self._with(Decision.HOLD)

    @property
    def refused(self) -> tuple[Passage, ...]:
        return self._with(Decision.REFUSE)

    def _with(self, decision: Decision) -> tuple[Passage, ...]:
        return tuple(passage for passage in self.passages if passage.asset.decision is decision)

    @property
    def replication(self) -> Replication | None:
        """What all of it together says of training images that come back; None where nothing tells."""
        return Replication.of_findings([finding for _, finding in self._compared])

    @property
    def suspects(self) -> list[Passage]:
        """Those that the batch as a whole makes suspect of bringing a training image back."""
        replication = self.replication
        return [self._compared[place][0] for place in replication.suspects] if replication else []

    @property
    def _compared(self) -> list[tuple[Passage, Finding]]:
        """The passages with what they showed beside the training images."""
        return [
            (passage, finding)
            for passage in self.passages
            for finding in passage.findings
            if finding.check == MemorisationCheck.name
        ]

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "released": [_row(passage) for passage in self.released],
            "held": [_row(passage) for passage in self.held],
            "refused": [_row(passage) for passage in self.refused],
            "failed": [
                {"source": failure.source, "code": failure.error.code, "message": str(failure.error)}
                for failure in self.failed
            ],
            "contact_sheet": str(self.sheet) if self.sheet else None,
            "replication": self._replication(),
        }

    def _replication(self) -> dict[str, Any] | None:
        replication = self.replication
        if replication is None:
            return None
        return replication.plain() | {"suspects": [passage.asset.id for passage in self.suspects]}


def _row(passage: Passage) -> dict[str, Any]:
    asset = passage.asset
    return {
        "path": str(passage.path) if passage.path else None,
        "source": asset.source,
        "seed": asset.seed,
        "asset": asset.id,
        "verdict": {
            "decision": asset.decision.value,
            "policy": asset.policy,
            "use": asset.use,
            "lines": asset.lines,
            "reasons": [_sentence(reason) for reason in asset.reasons],
        },
        "findings": [finding | {"message": _sentence(finding["message"])} for finding in asset.findings],
        "ledger_index": asset.ledger_index,
    }


def _sentence(message: dict[str, Any]) -> dict[str, Any]:
    """A stored message with its English sentence beside the key that programs use."""
    return message | {"text": say(Message(**message))}
