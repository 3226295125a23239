"""Train a system on data, and write down what its images will be screened against."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import MissingExtra
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow import digests
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent

if TYPE_CHECKING:
    from rectoverso.recto.data.dataset import Dataset
    from rectoverso.recto.train.loop import TrainResult
    from rectoverso.recto.train.status import Status

FINGERPRINTS = "fingerprints.npz"
