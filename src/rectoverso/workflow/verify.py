"""Verify files as anybody would, with whatever this home can add: its own signer, its records, its ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import KeysDamaged, OutNotWritable, RecordDamaged, RectoversoError
from rectoverso.i18n import say
from rectoverso.types import (
    AssetId,
    Decision,
    Digest,
    IngrainedReading,
    Layer,
    LedgerReading,
    Message,
    Recovered,
    Report,
    ReportOutcome,
)
from rectoverso.verso.verify.bounded import shared, verify_file
from rectoverso.verso.verify.bounds import Job
from rectoverso.verso.verify.layers import does_not_prove, proves
from rectoverso.verso.verify.opening import Limits
from rectoverso.verso.verify.records import Known, Near, NoRecords, Records
from rectoverso.workflow.files import make_folder, picture_files, unusable
from rectoverso.workflow.prints import PrintIndex
from rectoverso.workflow.watch import key_ring

if TYPE_CHECKING:
    from rectoverso.store.assets import Asset
    from rectoverso.store.home import Home
    from rectoverso.store.keys import Keys
    from rectoverso.types import Pixels
    from rectoverso.verso.ledger.keyring import KeyRing
    from rectoverso.verso.mark.watermark import Match
    from rectoverso.workflow.lost_credential import Elsewhere


def reports(
    files: Iterable[Path],
    home_path: Path,
    trust: Iterable[Path],
    ledger_keys: Iterable[str] = (),
    elsewhere: Elsewhere | None = None,
) -> Iterator[Report]:
    """One report a file (a folder gives one for each picture in it), in order.

    A home that is not there is not made; then only the certificates in ``trust`` are trusted, and of ledgers those
    whose keys ``ledger_keys`` gives (lines, or files of them). ``elsewhere``: the service to ask, over the network, for
    credentials that files lost; without it no network is used. Raises FilesUnusable when there is nothing to verify or
    a certificate cannot be read, and LedgerKeyUnusable.
    """
    from rectoverso.store.home import Home

    paths = picture_files(files)
    home = Home.existing(home_path)
    records: Records = HomeRecords(home) if home else NoRecords()
    anchors = _anchors(home, trust)
    ledgers = [*map(key_ring, ledger_keys), *_rings(home)]
    for path in paths:
        report = verify_file(path, anchors_pem=anchors, records=records, ledgers=ledgers)
        yield elsewhere.completed(report, anchors) if elsewhere else report


def service_at(url: str | None) -> Elsewhere | None:
    """The resolution service to ask, where one was named. Raises ResolverUnusable."""
    if url is None:
        return None
    from rectoverso.workflow.lost_credential import Elsewhere

    return Elsewhere(url)


def exit_code(found: Sequence[Report]) -> int:
    """0 when every file is trusted, 3 when one could not be checked, else 1."""
    outcomes = {report.outcome for report in found}
    if ReportOutcome.COULD_NOT_CHECK in outcomes:
        return 3
    return 0 if outcomes == {ReportOutcome.TRUSTED} else 1


def export_recovered(
    report: Report, home_path: Path, folder: Path, elsewhere: Elsewhere | None = None
) -> Path | None:
    """Write the credential that was found again in a home, or ``elsewhere``, as it is in the file that was released, as
    a C2PA manifest store beside its file's name (``NAME-ASSET.c2pa``); returns where, or None when there is none.
    Raises OutNotWritable.
    """
    found = report.recovered
    store = _store(found, home_path, elsewhere) if found else None
    if found is None or store is None:
        return None
    make_folder(folder)
    path = folder / f"{Path(report.path).stem}-{found.asset}.c2pa"
    try:
        path.write_bytes(store)
    except OSError as error:
        raise OutNotWritable(out=path, system=error.strerror or error) from error
    return path


def _store(found: Recovered, home_path: Path, elsewhere: Elsewhere | None) -> bytes | None:
    from rectoverso.store.home import Home
    from rectoverso.verso.mark import signature

    if found.service:
        return elsewhere.stores.get(found.manifest_id or "") if elsewhere else None
    home = Home.existing(home_path)
    known = HomeRecords(home).asset(found.asset) if home else None
    return signature.store_of(known.released) if known and known.released else None


def manifest_store(data: bytes) -> bytes | None:
    """The C2PA manifest store of a file as it lies there (`application/c2pa`), of whatever worth; None for none."""
    from rectoverso.verso.mark import signature

    try:
        return signature.store_of(data)
    except (ValueError, IndexError):
        return None


def plain(report: Report, language: str) -> dict[str, Any]:
    """As `--json` prints it."""
    layers = {name: _plain_layer(name, layer, language) for name, layer in report.layers.items()}
    told = [(name, row) for name, layer in report.layers.items() for row in layer.evidence]
    told += [("summary", row) for row in report.contradictions]
    return {
        "path": report.path,
        "outcome": report.outcome.value,
        "signer": report.signer,
        "ai_generated": report.ai_generated,
        **layers,
        "ingrained": _plain_ingrained(report.ingrained),
        "laws": report.laws,
        "recovered": asdict(report.recovered) if report.recovered else None,
        "inquiry": asdict(report.inquiry) if report.inquiry else None,
        "evidence": [{"layer": name, "key": row.key, "text": say(row, language)} for name, row in told],
        "summary": say(Message(f"verify.{report.outcome.value}.sentence"), language),
    }


def _plain_layer(name: str, layer: Layer, language: str) -> dict[str, Any]:
    facts = asdict(layer)
    del facts["evidence"]
    said = {"proves": proves(name, layer), "does_not_prove": does_not_prove(name, layer)}
    return facts | {part: say(message, language) if message else None for part, message in said.items()}


def _plain_ingrained(reading: IngrainedReading) -> dict[str, Any]:
    return {"found": reading.found, "p_value": reading.p_value, "inconclusive": reading.inconclusive}


class HomeVerifier:
    """Verifies the bytes that a home is sent, as `verso verify` would at this home. Threads may share it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._records = HomeRecords(home)

    def report(self, data: bytes, name: str, limits: Limits) -> Report:
        """The report; never raises for what the bytes hold."""
        job = Job(_anchors(self._home, ()), tuple(_rings(self._home)), limits=limits)
        return shared().verify(data, job, name=name, records=self._records)


class HomeRecords:
    """What a home knows: its released images, its registered works, its ledger. Reads only."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.index = PrintIndex(home)

    def asset(self, id_or_prefix: str) -> Known | None:
        return self._known(partial(self._home.assets.by_watermark, id_or_prefix))

    def by_digest(self, file_digest: Digest) -> Known | None:
        return self._known(partial(self._home.assets.by_digest, file_digest))

    def retired(self, serial: str) -> int | None:
        """By the entries of the ledger, as far as its keys are at hand."""
        from rectoverso.workflow.ledgers import open_ledger
        from rectoverso.workflow.signers import retired_by

        keys = _keys(self._home)
        return retired_by(keys, open_ledger(self._home, keys).ring, serial) if keys else None

    def watermark_ids(self) -> Sequence[AssetId]:
        return self.index.ids()

    def recognised(self, picture: Pixels) -> Match | None:
        """By the home's private key, which leaves this process for nobody."""
        from rectoverso.verso.mark import watermark

        keys = _keys(self._home)
        return watermark.recognised(picture, self.watermark_ids(), keys.watermark_key) if keys else None

    def nearest(self, fingerprints: bytes) -> Near | None:
        """The released image or registered work (in any of its eight symmetries) whose hash differs least."""
        return self.index.nearest(fingerprints)

    def _known(self, look: Callable[[], Asset | None]) -> Known | None:
        try:
            asset = look()
        except RecordDamaged:  # one row keeps no file from being verified; `verso ledger check` names it
            return None
        if asset is None or asset.decision is not Decision.RELEASE:
            return None
        released = self._released(asset)
        return Known(
            id=asset.id,
            file_digest=asset.file_digest,
            pixels_digest=asset.pixels_digest,
            fingerprint=asset.fingerprint,
            released=released,
            pixels=_pixels(released, asset.id),
            origin=asset.origin,
            ledger=self._ledger(asset),
        )

    def _released(self, asset: Asset) -> bytes | None:
        try:
            return self._home.blobs.get(asset.id) if asset.has_picture else None
        except RectoversoError:  # the home cannot show it; the file is verified all the same
            return None

    def _ledger(self, asset: Asset) -> LedgerReading:
        """Found only if the entry's proof holds under the latest signed checkpoint, and is of this asset."""
        from rectoverso.workflow.ledgers import open_ledger, opened

        try:
            keys = self._home.keys
            if keys is None:
                return LedgerReading(found=False, revoked=asset.revoked)
            ledger = open_ledger(self._home, keys)
            ledger.prove(asset.ledger_index)
            entry = ledger.entry(asset.ledger_index)
        except RectoversoError:
            return LedgerReading(found=False, revoked=asset.revoked)
        with self._home.database.read() as tx:
            descends = self._home.lineage.marked(tx, asset.maker.digest)
        is_ours = (entry.get("asset"), entry.get("file_digest")) == (asset.id, asset.file_digest)
        if not is_ours:
            return LedgerReading(found=False, revoked=asset.revoked)
        return LedgerReading(
            found=True,
            index=asset.ledger_index,
            size=ledger.size(),
            event=str(entry["kind"]),
            revoked=asset.revoked,
            reason=None if asset.revoked is None else opened(self._home, ledger, asset.revoked, "reason"),
            at=str(entry["at"]) if "at" in entry else None,
            erased=asset.erased,
            descends=descends,
        )


def _pixels(released: bytes | None, asset: AssetId) -> Pixels | None:
    from rectoverso.verso.picture import open_picture

    try:
        return open_picture(released, asset) if released else None
    except RectoversoError:
        return None


def _anchors(home: Home | None, trust: Iterable[Path]) -> str | None:
    """This home's authority, whatever lies in its trust folder, and what was named on the command line."""
    certificates = [_certificate(path) for path in trust]
    if home is not None:
        certificates += [_certificate(path) for path in sorted(home.trust_path.glob("*.pem"))]
        certificates += [keys.ca_certificate.decode()] if (keys := _keys(home)) else []
    return "\n".join(certificates) or None


def _rings(home: Home | None) -> list[KeyRing]:
    """The public keys of this home's ledger; none if it has none, or they cannot be read."""
    keys = _keys(home) if home else None
    if home is None or keys is None:
        return []
    from rectoverso.workflow.ledgers import open_ledger

    return [open_ledger(home, keys).ring]


def _keys(home: Home) -> Keys | None:
    """The home's keys; none if they are damaged, and then its own signer is a stranger to it."""
    try:
        return home.keys
    except KeysDamaged:
        return None


def _certificate(path: Path) -> str:
    """The certificates in a file and nothing else of it: a key beside them is nobody's business, and one that is cut
    short would have all that are trusted forgotten.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise unusable(path, "no_certificate") from error
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in found)
