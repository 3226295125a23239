"""Look over the machine, the packages and the home. Every row that is not well says what to type."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rectoverso.errors import DetectorMissing, DetectorUnsound, MissingExtra, RectoversoError
from rectoverso.i18n import explain, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.store.home import Home

CORE = (
    *("alembic", "c2pa-python", "cryptography", "faiss-cpu", "jinja2", "numpy", "opencv-python-headless"),
    *("pdqhash", "Pillow", "pydantic", "rfc8785", "rich", "SQLAlchemy", "typer"),
)
TRAIN = ("torch", "safetensors", "scikit-learn", "pyarrow")
MEDICAL = "pydicom"
ROOM_NEEDED_GB = 1.0
KEY_WARNING_DAYS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One thing looked at: well, worth a note, or missing."""

    state: Literal["ok", "note", "missing"]
    message: Message
    fix: Message | None = None

    def plain(self, language: str) -> dict[str, Any]:
        return {
            "state": self.state,
            "check": self.message.key.removeprefix("doctor."),
            "text": say(self.message, language),
            "fix": say(self.fix, language) if self.fix else None,
        }


def examine(home: Path) -> list[Row]:
    """Every row, in the order in which one would mend things."""
    machine = [_font(), _faces(), _processor(), _memory(), _plain(), *_left(), _room(home)]
    return [_python(), *_packages(), *machine, *_home(home)]


def _python() -> Row:
    return Row("ok", Message("doctor.python", {"version": platform.python_version()}))


def _packages() -> Iterator[Row]:
    yield from (_package(name, "core_fix", required=True) for name in CORE)
    yield from (_package(name, "train_fix") for name in TRAIN)
    yield _package(MEDICAL, "medical_fix")
    if importlib.util.find_spec("torchvision"):
        yield Row("note", Message("doctor.torchvision"), Message("doctor.torchvision_fix"))


def _package(name: str, fix: str, *, required: bool = False) -> Row:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        state: Literal["missing", "note"] = "missing" if required else "note"
        return Row(state, Message("doctor.no_package", {"name": name}), Message(f"doctor.{fix}"))
    return Row("ok", Message("doctor.package", {"name": name, "version": version}))


def _font() -> Row:
    from rectoverso.verso.mark.visible import font_is_there

    if font_is_there():
        return Row("ok", Message("doctor.font"))
    return Row("missing", Message("doctor.no_font"), Message("doctor.core_fix"))


def _faces() -> Row:
    """Whether faces can be looked for: the detector proves itself, or says why not."""
    from rectoverso.verso.anonymise.faces import FaceFinder

    try:
        FaceFinder()
    except (MissingExtra, DetectorMissing):
        return Row("note", Message("doctor.no_faces"), Message("doctor.faces_fix"))
    except DetectorUnsound as error:
        return Row("missing", Message("doctor.faces_unsound", {"why": explain(error)}))
    return Row("ok", Message("doctor.faces"))


def _processor() -> Row:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fast = _has_bfloat16()
    return Row("ok", Message("doctor.processor_fast" if fast else "doctor.processor", {"cores": cores}))


def _has_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _memory() -> Row:
    try:
        available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError, AttributeError):
        return Row("note", Message("doctor.memory_unknown"))
    state: Literal["ok", "note"] = "ok" if available >= 4 else "note"
    return Row(state, Message("doctor.memory", {"gigabytes": f"{available:.0f}"}))


def _plain() -> Row:
    """Whether a service opens what is sealed in memory alone."""
    from rectoverso.store.memory import free_bytes
    from rectoverso.workflow.scratch import ALLOWED, SPARE, is_disk_allowed

    free = free_bytes()
    facts = {"gigabytes": f"{free / 2**30:.1f}", "variable": ALLOWED}
    if is_disk_allowed():
        return Row("note", Message("doctor.plain_on_disk", facts), Message("doctor.plain_on_disk_fix", facts))
    if free > SPARE:
        return Row("ok", Message("doctor.plain", facts))
    return Row("note", Message("doctor.plain", facts), Message("doctor.plain_fix", facts))


def _left() -> Iterator[Row]:
    """What killed processes left open in memory: this user's goes now, before a home is opened and clears it away."""
    from rectoverso.store.memory import clear_memory, left_by_others

    if count := clear_memory():
        yield Row("ok", Message("doctor.left", {"count": count}))
    if count := left_by_others():
        yield Row(
            "note", Message("doctor.left_by_others", {"count": count}), Message("doctor.left_by_others_fix")
        )


def _room(home: Path) -> Row:
    place = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free / 2**30
    message = Message("doctor.room", {"gigabytes": f"{free:.0f}", "place": str(place)})
    if free >= ROOM_NEEDED_GB:
        return Row("ok", message)
    return Row("missing", message, Message("doctor.room_fix"))


def _home(path: Path) -> Iterator[Row]:
    from rectoverso.store.home import Home

    try:
        home = Home.existing(path)
    except RectoversoError as error:
        yield Row("missing", Message("doctor.home_unreadable", {"why": explain(error)}))
        return
    if home is None:
        yield Row("note", Message("doctor.no_home", {"home": str(path)}), Message("doctor.no_home_fix"))
        return
    yield Row("ok", Message("doctor.home", {"home": str(path)}))
    looks: list[Callable[[], Row | None]] = [
        partial(_swept, home),
        partial(_server, home),
        partial(_keys, home.keys_path),
        partial(_modes, home.keys_path),
        partial(_ledger, path),
        partial(_calibration, path),
    ]
    for look in looks:
        try:
            if row := look():
                yield row
        except RectoversoError as error:
            yield Row("missing", Message("doctor.home_unreadable", {"why": explain(error)}))


def _swept(home: Home) -> None:
    """What killed processes left on the disk of the home, where that is allowed."""
    from rectoverso.workflow.scratch import sweep_scratch

    sweep_scratch(home)


def _server(home: Home) -> Row | None:
    server = home.database.server()
    if server is None:
        return None
    if not server.waits_for_disk:
        return Row("missing", Message("doctor.server_forgets"), Message("doctor.server_forgets_fix"))
    key = "doctor.server_vectors" if server.has_vectors else "doctor.server"
    return Row("ok", Message(key, {"version": server.version}))


def _keys(folder: Path) -> Row:
    from rectoverso.store.keys import Keys

    keys = Keys.load(folder)
    if keys is None:
        return Row("note", Message("doctor.no_keys"), Message("doctor.no_keys_fix"))
    days = (datetime.fromisoformat(keys.expires) - datetime.now(UTC)).days
    facts = {"owner": keys.owner, "days": days}
    if days > KEY_WARNING_DAYS:
        return Row("ok", Message("doctor.keys", facts))
    return Row(
        "note" if days > 0 else "missing", Message("doctor.keys_ending", facts), Message("doctor.keys_fix")
    )


def _modes(folder: Path) -> Row | None:
    """Keys that others can read: a copy put back is often made so. (Modes mean nothing on Windows.)"""
    if os.name != "posix" or not folder.is_dir() or not folder.stat().st_mode & 0o011:
        return None  # nobody else gets in
    open_ = [path.name for path in sorted(folder.glob("*.key")) if path.stat().st_mode & 0o077]
    if not open_:
        return None
    facts = {"files": ", ".join(open_), "folder": str(folder)}
    return Row("missing", Message("doctor.keys_open", facts), Message("doctor.keys_open_fix", facts))


def _calibration(path: Path) -> Row | None:
    """None where no works are registered."""
    from rectoverso.workflow.calibration import stands

    found = stands(path)
    if found is None:
        return None
    message = Message("doctor.calibration", {"standing": found.message})
    if found.is_well:
        return Row("ok", message)
    return Row("note", message, Message("doctor.calibration_fix"))


def _ledger(path: Path) -> Row:
    from rectoverso.workflow.ledgers import check_ledger

    checked = check_ledger(path)
    if checked.holds:
        return Row("ok", Message("doctor.ledger", {"size": checked.size}))
    facts = {"count": len(checked.problems)}
    return Row("missing", Message("doctor.ledger_broken", facts), Message("doctor.ledger_fix"))
