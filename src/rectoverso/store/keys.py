"""The keys of one home: who signs its pictures, who signs its ledger, what opens its blobs.

ca.pem            the root certificate: the file to give to others
signer.pem        the certificates that go into each picture: leaf, then intermediate (``store.signers``)
signer.key        the leaf's private key (ES256); signer-42.key has certificates and key of who signs since entry 42
intermediate.key  issues the next leaf
ledger.key        signs the ledger's checkpoints (Ed25519 and ML-DSA-44); ledger-42.key does since entry 42
master.key        opens all that is encrypted (AES-256), unless the master key is elsewhere (``store.master``)
watermark.key     the private watermark key, kept for the forensic mark
README.txt        what this is and is not, in English and Chinese
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rectoverso.errors import HomeNotPermitted, KeysDamaged, KeysExist
from rectoverso.i18n import LANGUAGES, say
from rectoverso.protocols import Clock
from rectoverso.store import ledger_keys, master, signers
from rectoverso.store.atomic import PRIVATE_FOLDER, sync_folder, write_durably
from rectoverso.store.ledger_keys import LedgerKeys
from rectoverso.store.signers import PictureSigner
from rectoverso.types import Message

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography import x509

_FILES = (
    "ca.pem",
    "signer.pem",
    "signer.key",
    "intermediate.key",
    ledger_keys.FIRST,
    "watermark.key",
)
_SECRET_BYTES = 32
_UNKNOWN_COUNTRY = "XX"  # ISO 3166 leaves this code to its users


@dataclass(frozen=True, slots=True)
class KeyDescription:
    """One line of ``verso keys list``; ``fingerprint`` is a SHA-256 in hexadecimal, ``expires`` a date."""

    name: str
    purpose: Message
    fingerprint: str
    expires: str | None
    path: Path
    is_secret: bool


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of a home; of ``signers`` and ``ledger`` every generation, the first first. Nothing secret shows in its
    ``repr``.
    """

    folder: Path
    ca_certificate: bytes = field(repr=False)
    signers: tuple[PictureSigner, ...] = field(repr=False)
    intermediate_key: bytes = field(repr=False)
    ledger: tuple[LedgerKeys, ...] = field(repr=False)
    watermark_key: bytes = field(repr=False)

    @classmethod
    def create(cls, folder: Path, *, owner: str, clock: Clock, country: str = _UNKNOWN_COUNTRY) -> Keys:
        """Make all keys, or none if killed on the way; raises KeysExist and OwnerUnusable."""
        if _holds_keys(folder):
            raise KeysExist(home=folder.parent)
        files = _new_files(owner, country, clock)
        unfinished = folder.with_name(f"{folder.name}.new-{secrets.token_hex(8)}")
        try:
            _write(unfinished, files)
            unfinished.rename(folder)  # over nothing or over an empty folder; refused over keys
            sync_folder(folder.parent)
        except OSError as error:
            if _holds_keys(folder):  # another process was first, and may have cleared ours away
                raise KeysExist(home=folder.parent) from error
            raise HomeNotPermitted(home=folder.parent, system=error.strerror) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        _clear_unfinished(folder)
        return _parsed(folder, files)

    @classmethod
    def load(cls, folder: Path) -> Keys | None:
        """The keys in ``folder``; None when there are none, KeysDamaged when they are not all sound."""
        if not _holds_keys(folder):
            return None
        made = signers.later_files(folder)
        later = [*ledger_keys.later_files(folder).values(), *made.values()]
        gone = [signers.KEY] if made and not (folder / signers.KEY).exists() else []
        return _parsed(folder, {name: _read(folder, name) for name in (*_FILES, *later) if name not in gone})

    @property
    def are_current(self) -> bool:
        """Whether their folder has just these generations still: each has files of its own."""
        later = {*ledger_keys.later_files(self.folder).values(), *signers.later_files(self.folder).values()}
        return later == {*(made.file for made in self.ledger[1:]), *(made.file for made in self.signers[1:])}

    @property
    def home(self) -> Path:
        """The home these keys belong to."""
        return self.folder.parent

    @property
    def ca_path(self) -> Path:
        """The certificate to give to whoever should recognise this home's signatures."""
        return self.folder / "ca.pem"

    @property
    def owner(self) -> str:
        """The name in the signer's certificate."""
        from cryptography.x509.oid import NameOID

        names = self.signers[-1].leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        return str(names[0].value)

    @property
    def expires(self) -> str:
        """When the signer's certificate ends (ISO 8601, UTC)."""
        return self.signers[-1].leaf.not_valid_after_utc.isoformat().replace("+00:00", "Z")

    def next_signer(self, entry: int, now: datetime) -> PictureSigner:
        """Another certificate and key for the same owner, to be brought in by that entry of the ledger."""
        from rectoverso.store.certificates import issue_leaf

        chain, key = issue_leaf(self.signers[-1].chain, self.intermediate_key, now)
        return PictureSigner(entry, chain, key)

    @property
    def ledger_origin(self) -> str:
        """The name of this home's ledger: first line of its checkpoints, made from its first public key."""
        public = self.ledger[0].ed25519.public_key().public_bytes_raw()
        return f"rectoverso.local/{sha256(public).hexdigest()[:16]}"

    @property
    def watermark_id(self) -> str:
        """Which private watermark key this is, without telling it: 8 hexadecimal digits."""
        return sha256(b"watermark id" + self.watermark_key).hexdigest()[:8]

    def describe(self) -> list[KeyDescription]:
        """What each key is for, in the order to show them; the first is the one to give to others."""
        root = _certificates(self.ca_certificate)[0]
        *retired, signer = self.signers
        return [
            self._line("ca.pem", _fingerprint(root), expires=_date(root), is_secret=False),
            *self._signer_lines(signer),
            *(self._retired_line(old, new) for old, new in zip(retired, self.signers[1:], strict=True)),
            self._line("intermediate.key", sha256(_public_der(self.intermediate_key)).hexdigest()),
            *(line for old in self.ledger[:-1] for line in self._ledger_lines(old, "ledger_retired")),
            *self._ledger_lines(self.ledger[-1], "ledger"),
            *(self._master_line(key) for key in master.all_keys(self.folder)),
            self._line("watermark.key", sha256(b"watermark id" + self.watermark_key).hexdigest()),
        ]

    def _signer_lines(self, signer: PictureSigner) -> list[KeyDescription]:
        """Of the certificate, and of its key."""
        leaf = signer.leaf
        public = sha256(_certified_der(leaf)).hexdigest()
        names = [
            (signer.file, _fingerprint(leaf), _date(leaf)),
            (signer.file if signer.entry else "signer.key", public, None),
        ]
        return [
            KeyDescription(
                file,
                Message(f"store.keys.signer_{part}"),
                fingerprint,
                expires,
                self.folder / file,
                is_secret=part == "key" or bool(signer.entry),
            )
            for part, (file, fingerprint, expires) in zip(("pem", "key"), names, strict=True)
        ]

    def _retired_line(self, signer: PictureSigner, successor: PictureSigner) -> KeyDescription:
        leaf = signer.leaf
        purpose = Message("store.keys.signer_retired", {"entry": successor.entry})
        place = self.folder / signer.file
        return KeyDescription(signer.file, purpose, _fingerprint(leaf), _date(leaf), place, is_secret=False)

    def _ledger_lines(self, keys: LedgerKeys, purpose: str) -> list[KeyDescription]:
        public = {
            f"{purpose}_ed25519": keys.ed25519.public_key().public_bytes_raw(),
            f"{purpose}_ml_dsa_44": keys.ml_dsa_44.public_key().public_bytes_raw(),
        }
        return [
            KeyDescription(
                keys.file,
                Message(f"store.keys.{name}", {"entry": keys.entry}),
                sha256(raw).hexdigest(),
                None,
                self.folder / keys.file,
                is_secret=True,
            )
            for name, raw in public.items()
        ]

    def _master_line(self, key: master.Held) -> KeyDescription:
        place = Path(key.place)
        return KeyDescription(
            place.name, Message("store.keys.master_key"), key.id, None, place, is_secret=True
        )

    def _line(
        self, file: str, fingerprint: str, *, expires: str | None = None, is_secret: bool = True
    ) -> KeyDescription:
        purpose = Message(f"store.keys.{file.replace('.', '_')}")
        return KeyDescription(file, purpose, fingerprint, expires, self.folder / file, is_secret)


def _new_files(owner: str, country: str, clock: Clock) -> dict[str, bytes]:
    from rectoverso.store.certificates import make_authority

    made = make_authority(owner, country, clock.now())
    return {
        "ca.pem": made.root,
        "signer.pem": made.leaf + made.intermediate,
        "signer.key": made.leaf_key,
        "intermediate.key": made.intermediate_key,
        ledger_keys.FIRST: LedgerKeys.generate(0).pem,
        **({} if master.elsewhere() else {master.FILE: master.new_key()}),
        "watermark.key": secrets.token_hex(_SECRET_BYTES).encode() + b"\n",
        "README.txt": "\n".join(
            say(Message("store.keys.readme"), language) for language in LANGUAGES
        ).encode(),
    }


def _write(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(mode=PRIVATE_FOLDER)
    for name, data in files.items():
        write_durably(folder / name, data)
    sync_folder(folder)


def _clear_unfinished(folder: Path) -> None:
    """Remove what killed attempts left; one still under way loses its race here and reports KeysExist."""
    for leftover in folder.parent.glob(f"{folder.name}.new-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _holds_keys(folder: Path) -> bool:
    return any((folder / name).exists() for name in _FILES)


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise KeysDamaged(home=folder.parent, file=name) from error


def _parsed(folder: Path, files: dict[str, bytes]) -> Keys:
    made = signers.parsed(files, signers.later_files(folder))
    for signer in made:
        _demand_sound_chain(folder, files, signer)
    return Keys(
        folder=folder,
        ca_certificate=files["ca.pem"],
        signers=made,
        intermediate_key=files["intermediate.key"],
        ledger=_generations(folder, files),
        watermark_key=_secret(folder, files, "watermark.key"),
    )


def _generations(folder: Path, files: dict[str, bytes]) -> tuple[LedgerKeys, ...]:
    found = []
    for entry, name in ({0: ledger_keys.FIRST} | ledger_keys.later_files(folder)).items():
        try:
            found.append(LedgerKeys.parse(entry, files[name]))
        except (KeyError, ValueError) as error:
            raise KeysDamaged(home=folder.parent, file=name) from error
    return tuple(found)


def _demand_sound_chain(folder: Path, files: dict[str, bytes], signer: PictureSigner) -> None:
    """Each certificate is issued by the next, and each private key is that of its certificate."""
    name = "ca.pem"
    try:
        root = _certificates(files[name])[0]
        name = signer.file
        leaf, intermediate = _certificates(signer.chain)
        leaf.verify_directly_issued_by(intermediate)
        intermediate.verify_directly_issued_by(root)
        if signer.key is not None:
            name = signer.file if signer.entry else signers.KEY
            _demand_same(_public_der(signer.key), _certified_der(leaf))
        name = "intermediate.key"
        _demand_same(_public_der(files[name]), _certified_der(intermediate))
    except Exception as error:  # the parsers' many ways of saying no all mean the same here
        raise KeysDamaged(home=folder.parent, file=name) from error


def _demand_same(one: bytes, other: bytes) -> None:
    if one != other:
        raise ValueError("not of one pair")


def _secret(folder: Path, files: dict[str, bytes], name: str) -> bytes:
    try:
        secret = bytes.fromhex(files[name].decode("ascii"))
    except ValueError as error:
        raise KeysDamaged(home=folder.parent, file=name) from error
    if len(secret) != _SECRET_BYTES:
        raise KeysDamaged(home=folder.parent, file=name)
    return secret


def _certificates(pem: bytes) -> list[x509.Certificate]:
    from cryptography import x509

    return x509.load_pem_x509_certificates(pem)


def _public_der(private_key: bytes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    key = load_pem_private_key(private_key, password=None)
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _certified_der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _fingerprint(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex()


def _date(certificate: x509.Certificate) -> str:
    return certificate.not_valid_after_utc.date().isoformat()
