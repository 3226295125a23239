"""A run on disk: where each part lies, and how it is written so that a kill at any moment loses nothing.

config.toml          everything that was asked, resolved
run.json             what came of it: digests, versions, images seen, timings
weights/*.safetensors
state/               the newest checkpoint (`checkpoint`)
status.jsonl         one record a second
board/               the same as events for TensorBoard, where asked for (`board`)
samples/*.png        the same noise, drawn as the run goes on
card.md, card.zh.md
private/             of a private run, what must never be given out (`privacy.vault`)
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import RunNotFound
from rectoverso.i18n import Phrase
from rectoverso.types import Digest, Message


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Names the parts of the run at ``path``."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.toml"

    @property
    def report(self) -> Path:
        return self.path / "run.json"

    @property
    def weights(self) -> Path:
        return self.path / "weights"

    @property
    def state(self) -> Path:
        return self.path / "state"

    @property
    def status(self) -> Path:
        return self.path / "status.jsonl"

    @property
    def board(self) -> Path:
        return self.path / "board"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    def read_config(self) -> dict[str, Any]:
        """What was asked of this run. Raises RunNotFound when that cannot be read."""
        try:
            return tomllib.loads(self.config.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunNotFound(path=self.path, reason=Phrase(Message("train.run.no_config"))) from None
        except (OSError, ValueError) as error:
            raise RunNotFound(
                path=self.path, reason=Phrase(Message("train.run.config_damaged", {"problem": error}))
            ) from None

    def read_report(self) -> dict[str, Any]:
        """What came of the run so far; nothing where that cannot be read."""
        try:
            found: dict[str, Any] = json.loads(self.report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def write_report(self, facts: Mapping[str, object]) -> None:
        write(self.report, (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode())


def write(path: Path, data: bytes) -> Digest:
    """Put ``data`` at ``path``, all of it or none, and return its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.writing")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)
    return Digest(hashlib.sha256(data).hexdigest())


def sync_folder(path: Path) -> None:
    """Make renames and new names in the folder last through a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
