"""Verify files as anybody would, with whatever this home can add: its own signer, its records, its ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rectoverso.types import Report, ReportOutcome
from rectoverso.workflow.files import picture_files


def reports(files: Iterable[Path], home_path: Path, trust: Iterable[Path]) -> Iterator[Report]:
    """One report a file (folders give one for each picture in them), in order.

    Without a home nothing is created, and only the certificates in ``trust`` are trusted.
    """
