"""The working place: one folder that holds everything a house of images must keep.

verso.sqlite3   decisions, works, ledger
database.txt    or the address of the PostgreSQL database that holds them, if one does
blobs/          encrypted pictures
uploads/        pictures that were sent to the service to be worked on, encrypted
sealed/         training sets that were sent to the service, and what it trained, encrypted
features/       networks that trainings are scored by
work.sqlite3    the queue of the service's jobs
workers/        a lock for each process that works on them
working/        plain pictures while they are worked on; nothing, when nobody works
points/         the index of works' points, sealed; made again when it is missing
keys/           who signs, and the master key, which opens the rest (unless it is elsewhere: ``store.master``)
trust/          certificates of others that this home trusts
policies/       policies of its own (TOML), if it has any
weights.json    the weights that works are compared by beside all else, if any were named
checkpoint.txt  the ledger's last checkpoint that this home saw: a database put back as it was does not know it
tsa.txt         the address of the authority that time-stamps its signatures, if one does
lock            held by whoever is at the door; lock.turn: by who is let in next
master-key.lock held by whoever changes the master key
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import HomeForeign, HomeNotPermitted, KeysDamaged, KeysMissing
from rectoverso.store import master
from rectoverso.store.address import SQLITE, database_of, kept_in, remember
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.store.memory import clear_memory

if TYPE_CHECKING:
    from rectoverso.store.assets import Assets
    from rectoverso.store.blobs import Blobs
    from rectoverso.store.data_keys import DataKeys
    from rectoverso.store.database import Database, Transaction
    from rectoverso.store.descriptors import Descriptors
    from rectoverso.store.hashes import Hashes
    from rectoverso.store.jobs import Jobs
    from rectoverso.store.keys import Keys
    from rectoverso.store.lineage import Lineage
    from rectoverso.store.log import Log
    from rectoverso.store.openings import Openings
    from rectoverso.store.people import People
    from rectoverso.store.professions import Professions
    from rectoverso.store.reviews import Reviews
    from rectoverso.store.sealed_folder import SealedFolders
    from rectoverso.store.seals import Seals
    from rectoverso.store.sessions import Sessions
    from rectoverso.store.traces import Traces
    from rectoverso.store.uploads import Uploads
    from rectoverso.store.vault import Cipher, Vault
    from rectoverso.store.works import Works
    from rectoverso.types import AssetId

_FOLDERS = ("blobs", "keys", "trust")
_MIGRATION_WAIT_S = 600


class Home:
    """One home. Use ``open`` or ``existing``; its parts load when first used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._has_data_keys = False

    @classmethod
    def open(cls, path: Path) -> Home:
        """The home at ``path``, made or brought up to date if need be; raises HomeUnreadable, HomeBusy."""
        home = cls(path)
        with home._explained():
            _make_folders(path)
            home._bring_up_to_date()
        clear_memory()
        return home

    @classmethod
    def existing(cls, path: Path) -> Home | None:
        """The home at ``path``, None when there is none: looking must not make one."""
        home = cls(path)
        with home._explained():
            try:
                if not kept_in(path):
                    home.database_path.stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return cls.open(path)

    @classmethod
    def staged(cls, path: Path) -> Home:
        """A home that is being put together, with its records in the file there, whatever is set elsewhere."""
        from rectoverso.store.sqlite import SqliteDatabase

        home = cls(path)
        home.database = SqliteDatabase(path / SQLITE)
        with home._explained():
            _keep_out_of_repositories(path)
            _make_folders(path)
            home.database.prepare()
            home._bring_up_to_date()
        return home

    @property
    def database_path(self) -> Path:
        return self.path / SQLITE

    @property
    def blobs_path(self) -> Path:
        return self.path / "blobs"

    @property
    def keys_path(self) -> Path:
        return self.path / "keys"

    @property
    def trust_path(self) -> Path:
        return self.path / "trust"

    @property
    def working_path(self) -> Path:
        """Where pictures lie plain while they are worked on."""
        return self.path / "working"

    @property
    def policies_path(self) -> Path:
        return self.path / "policies"

    @property
    def time_stamp_authority(self) -> str:
        """The URL of the authority that stamps this home's signatures, "" for none; raises HomeNotPermitted."""
        with self._explained():
            try:
                return self._tsa_path.read_text("utf-8").strip()
            except FileNotFoundError:
                return ""

    @time_stamp_authority.setter
    def time_stamp_authority(self, url: str) -> None:
        with self._explained():
            if url:
                write_atomically(self._tsa_path, f"{url}\n".encode())
            else:
                self._tsa_path.unlink(missing_ok=True)

    @property
    def last_checkpoint(self) -> bytes | None:
        """The ledger's last checkpoint that was seen here, None for none; raises HomeNotPermitted."""
        with self._explained():
            try:
                return self._checkpoint_path.read_bytes()
            except FileNotFoundError:
                return None

    @last_checkpoint.setter
    def last_checkpoint(self, note: bytes) -> None:
        with self._explained():
            write_atomically(self._checkpoint_path, note)

    @property
    def _checkpoint_path(self) -> Path:
        return self.path / "checkpoint.txt"

    @property
    def _tsa_path(self) -> Path:
        return self.path / "tsa.txt"

    @cached_property
    def database(self) -> Database:
        """Raises HomeElsewhere, BadSetting for an address that is none, MissingExtra."""
        return database_of(self.path)

    @property
    def work_address(self) -> str:
        """Where the queue of jobs is kept, as a URL: beside the database, in whatever kind that is."""
        return self.database.beside("work")

    @cached_property
    def assets(self) -> Assets:
        from rectoverso.store.assets import Assets

        return Assets(self.database, lambda: self.vault, self.data_keys)

    @cached_property
    def works(self) -> Works:
        """The registered works."""
        from rectoverso.store.tables import works
        from rectoverso.store.works import Works

        return Works(self.database, lambda: self.vault, self.data_keys, works, self.hashes)

    @cached_property
    def hashes(self) -> Hashes:
        """Those of the works, where the database searches them by itself."""
        from rectoverso.store.hashes import Hashes

        return Hashes(self.database, lambda: self.vault)

    @cached_property
    def commons(self) -> Works:
        """The pictures that anybody may use."""
        from rectoverso.store.tables import commons
        from rectoverso.store.works import Works

        return Works(self.database, lambda: self.vault, self.data_keys, commons)

    @cached_property
    def traces(self) -> Traces:
        """What the parts of the registered works are known by."""
        from rectoverso.store.traces import Traces

        return Traces(self.database, self.data_keys, self.path / "points")

    @cached_property
    def descriptors(self) -> Descriptors:
        """How the registered works are made, and what weights of the user's say of them."""
        from rectoverso.store.descriptors import Descriptors

        return Descriptors(self.database, self.data_keys)

    @cached_property
    def jobs(self) -> Jobs:
        """What makers asked a service for."""
        from rectoverso.store.jobs import Jobs

        return Jobs(self.database, lambda: self.vault, self.data_keys)

    @cached_property
    def people(self) -> People:
        """Who uses a service."""
        from rectoverso.store.people import People

        return People(self.database, self.data_keys)

    @cached_property
    def professions(self) -> Professions:
        """As what they may sign."""
        from rectoverso.store.professions import Professions

        return Professions(self.database)

    @cached_property
    def reviews(self) -> Reviews:
        """What people said of held images."""
        from rectoverso.store.reviews import Reviews

        return Reviews(self.database)

    @cached_property
    def sessions(self) -> Sessions:
        """Where they are signed in."""
        from rectoverso.store.sessions import Sessions

        return Sessions(self.database, self.people)

    @cached_property
    def log(self) -> Log:
        from rectoverso.store.log import Log

        return Log()

    @cached_property
    def openings(self) -> Openings:
        from rectoverso.store.openings import Openings

        return Openings(self.data_keys)

    @cached_property
    def lineage(self) -> Lineage:
        """What learnt from what."""
        from rectoverso.store.lineage import Lineage

        return Lineage(self.data_keys)

    @cached_property
    def seals(self) -> Seals:
        """What the register comes to."""
        from rectoverso.store.seals import Seals

        return Seals(lambda: self.vault)

    @property
    def keys(self) -> Keys | None:
        """The keys, None when none were made yet."""
        from rectoverso.store.keys import Keys

        return Keys.load(self.keys_path)

    @cached_property
    def folders(self) -> SealedFolders:
        """What a service keeps of training sets and runs, encrypted."""
        from rectoverso.store.sealed_folder import SealedFolders

        return SealedFolders(self.path / "sealed", self.database, self.data_keys, lambda: self.vault)

    @cached_property
    def uploads(self) -> Uploads:
        """What was sent to a service to be worked on, encrypted."""
        from rectoverso.store.uploads import Uploads

        return Uploads(self.path / "uploads", self.database, self.data_keys, lambda: self.vault)

    @cached_property
    def blobs(self) -> Blobs:
        """The encrypted pictures."""
        from rectoverso.store.blobs import Blobs

        return Blobs(self.blobs_path, self._picture_key)

    @cached_property
    def data_keys(self) -> DataKeys:
        """What rows and pictures are sealed with."""
        from rectoverso.store.data_keys import DataKeys

        return DataKeys(self.path, lambda: master.all_keys(self.keys_path))

    @cached_property
    def vault(self) -> Vault:
        """What seals the home's own records, and names; raises KeysMissing while there is no key to open them."""
        from rectoverso.store.data_keys import HOME
        from rectoverso.store.vault import Vault

        self.begin_data_keys()
        with self.database.read() as tx:
            return Vault(self.data_keys.raw(tx, HOME))

    def begin_data_keys(self, tx: Transaction | None = None) -> None:
        """Make the first data keys where there are none, in ``tx`` if one is open. Raises KeysMissing without a master
        key.
        """
        if self._has_data_keys:
            return
        with nullcontext(tx) if tx else self.database.read() as reading:
            self._has_data_keys = self.data_keys.exist(reading)
        if not self._has_data_keys:
            with nullcontext(tx) if tx else self.database.transaction() as writing:
                if not self.data_keys.exist(writing):
                    self.data_keys.begin(writing, self._first_master())
            self._has_data_keys = tx is None  # that of the caller may yet be undone

    def _first_master(self) -> master.Held:
        held = master.all_keys(self.keys_path)
        if not held or self.keys is None:
            raise KeysMissing(home=self.path)
        return held[0]

    def _picture_key(self, asset: AssetId) -> Cipher:
        with self.database.read() as tx:
            return self.data_keys.of(tx, f"assets/{asset}")

    def lock(self, wait_s: float = 600) -> AbstractContextManager[None]:
        """Be the only process at the door; waits ``wait_s`` s, then raises HomeBusy. It does not nest."""
        return self.database.exclusive(wait_s)

    def close(self) -> None:
        """Give back the database's files."""
        if "database" in self.__dict__:
            self.database.close()

    def _bring_up_to_date(self) -> None:
        from rectoverso.store import schema

        if not self._is_current():
            with self.lock(_MIGRATION_WAIT_S):
                if not self._is_current():  # another process may have done it meanwhile
                    schema.migrate(self.database, self.path)
                    self.database.settle()  # what lay open until then
        if (self.keys_path / "ca.pem").exists():
            with suppress(KeysMissing, KeysDamaged):  # told by whoever needs them
                self.begin_data_keys()
        remember(self.path, self.database)

    def _is_current(self) -> bool:
        from rectoverso.store import schema

        return self.database.is_there() and schema.is_current(self.database)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise HomeForeign(home=self.path) from error
        except OSError as error:
            raise HomeNotPermitted(home=self.path, system=error.strerror or error) from error


def _make_folders(path: Path) -> None:
    """Make what is missing. Only a folder made here is closed to others: ``--home .`` locks no project."""
    if not path.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private_folder(path)
        _keep_out_of_repositories(path)
    for name in _FOLDERS:
        make_private_folder(path / name)


def _keep_out_of_repositories(path: Path) -> None:
    (path / ".gitignore").write_text("# A home holds private keys: it belongs in no repository.\n*\n")
