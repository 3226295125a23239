"""Signals that travel inside a picture's file.

| where | source |
| --- | --- |
| PLUS ``DataMining`` in XMP, also in a sidecar | IPTC Photo Metadata Standard 2023.1; PLUS vocabulary |
| ``tdm:reservation`` in XMP | TDM Reservation Protocol, 2024, 7.6 (of PDF; image tools write it likewise) |
| assertion ``cawg.training-mining`` | CAWG Training and Data Mining Assertion 1.1 |
| assertion ``c2pa.training-mining`` | C2PA 1.x and 2.0, now CAWG's |

``constrained`` without a word on the conditions counts as not allowed (CAWG 1.1), and what is allowed to models that do
not generate is not allowed to those that do. All manifests of a file are read,
also of what it was made from. A reservation counts whoever signed it, and also under a broken signature; a permission
under a broken one does not. A manifest that cannot be read, or is kept on a server, may hold a reservation: it is
unclear.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.parsers import expat

from rectoverso.verso.curate.headers import reservation
from rectoverso.verso.curate.packets import MOST_BYTES, every_packet
from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source, strictest
from rectoverso.verso.mark import jumbf, xmp
from rectoverso.verso.mark.credential import offline
from rectoverso.verso.picture import sniff

DATA_MINING = "http://ns.useplus.org/ldf/xmp/1.0/ DataMining"
_RESERVATIONS = {f"http://www.w3.org/ns/tdmrep{end} reservation" for end in "/#"}
_PROVENANCE = "http://purl.org/dc/terms/ provenance"
_ASKED = {DATA_MINING, _PROVENANCE, *_RESERVATIONS}
_NAMED = tuple(
    name.encode(code) for name in ("DataMining", "ns/tdmrep") for code in ("utf-8", "utf-16-le", "utf-16-be")
)
_CODE = re.compile(r"DMI-(?:(?!DMI-)[A-Z0-9-])+")
_PLUS = {
    "DMI-ALLOWED": Says.ALLOWED,
    "DMI-PROHIBITED": Says.RESERVED,
    "DMI-PROHIBITED-AIMLTRAINING": Says.RESERVED,
    "DMI-PROHIBITED-GENAIMLTRAINING": Says.RESERVED,
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING": Says.RESERVED,
    "DMI-PROHIBITED-SEECONSTRAINT": Says.CONSTRAINED,
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR": Says.CONSTRAINED,
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR": Says.CONSTRAINED,
}
_UNSPECIFIED = "DMI-UNSPECIFIED"
_LABELS = {"cawg.training-mining": SignalKind.CAWG, "c2pa.training-mining": SignalKind.C2PA}
_GENERATIVE = "ai_generative_training"
_TRAINING = (_GENERATIVE, "ai_training", "data_mining")
_OWN = ("cawg", "c2pa", "")
_USES = {"allowed": Says.ALLOWED, "notAllowed": Says.RESERVED}
_MANIFEST = b"jumdc2pa"


def signals(data: bytes, source: Source) -> Iterator[Signal]:
    """What a picture's file says of itself. Never raises for what it holds, and asks no network."""
    packets = every_packet(data)
    for packet in packets:
        yield from packet_signals(packet, source)
    if _MANIFEST in data:
        yield from _of_manifests(data, source)
    elif any(name == _PROVENANCE for packet in packets for name, _ in _properties(packet) or ()):
        # How a file points to a manifest that is kept elsewhere (C2PA 2.2, 11.4).
        yield Signal(SignalKind.CAWG, Says.UNCLEAR, "a manifest that is kept on a server", source)


def packet_signals(packet: bytes, source: Source) -> Iterator[Signal]:
    """What an XMP packet says, from a file or beside it; one that names a reservation nobody can read is unclear."""
    found = _properties(packet)
    told = [pair for pair in found or () if pair[0] != _PROVENANCE]
    if not told and (any(name in packet for name in _NAMED) or (found is None and len(packet) >= MOST_BYTES)):
        yield Signal(SignalKind.PLUS_XMP, Says.UNCLEAR, "XMP that cannot be read to its end", source)
    for name, value in told:
        if name in _RESERVATIONS:
            yield Signal(SignalKind.TDMREP_XMP, reservation(value), f"tdm:reservation = {value}", source)
        elif said := _mining(value):
            yield Signal(SignalKind.PLUS_XMP, said, f"plus:DataMining = {value}", source)


def _properties(packet: bytes) -> list[tuple[str, str]] | None:
    try:
        return xmp.properties(packet, _ASKED)
    except (expat.ExpatError, UnicodeError, ValueError):
        return None


def _mining(value: str) -> Says | None:
    """The strictest of the codes in a value, of which there should be one; None where it leaves all unsaid."""
    codes = _CODE.findall(value)
    said = strictest(_PLUS.get(code, Says.UNCLEAR) for code in codes if code != _UNSPECIFIED)
    return said if codes else Says.UNCLEAR


def _of_manifests(data: bytes, source: Source) -> Iterator[Signal]:
    read = None if jumbf.claims_too_much(data) else _store(data)
    if read is None:
        yield Signal(SignalKind.CAWG, Says.UNCLEAR, "a manifest that cannot be read", source)
        return
    store, state = read
    for name, manifest in store.get("manifests", {}).items():
        is_active = name == store.get("active_manifest")
        for assertion in manifest.get("assertions", ()):
            if kind := _LABELS.get(re.sub(r"__\d+$", "", str(assertion.get("label")))):
                said = _use(assertion.get("data"))
                if said is Says.ALLOWED and (state == "Invalid" or not is_active):
                    said = Says.UNCLEAR if state == "Invalid" else None
                if said:
                    raw = json.dumps({"manifest": name, "state": state, **assertion}, ensure_ascii=False)
                    yield Signal(kind, said, raw, source)


def _store(data: bytes) -> tuple[dict[str, Any], str] | None:
    from c2pa import C2paError, Context, Reader

    try:
        with (
            Context.from_dict(offline()) as context,
            Reader(sniff(data), io.BytesIO(data), context=context) as reader,
        ):
            return json.loads(reader.json()), str(reader.get_validation_state())
    except (C2paError, ValueError, RecursionError):
        return None


def _use(assertion: Any) -> Says | None:
    """The strictest of what the entries say that are about training. A yes is one to models that generate, in the words
    of the specification; what the entries do not say is not taken for it.
    """
    entries = assertion.get("entries") if isinstance(assertion, Mapping) else None
    if not isinstance(entries, Mapping):
        return Says.UNCLEAR
    told = []
    for label, entry in entries.items():
        prefix, _, name = str(label).rpartition(".")
        if name in _TRAINING:
            said = _entry(entry)
            if said is not Says.ALLOWED or (name == _GENERATIVE and prefix in _OWN):
                told.append(said)
    return strictest(told)


def _entry(entry: Any) -> Says:
    if not isinstance(entry, Mapping):
        return Says.UNCLEAR
    if entry.get("use") == "constrained":
        # CAWG 1.1 names the field in both ways.
        told = (entry.get("constraint_info"), entry.get("constraints_info"))
        is_told = any(isinstance(words, str) and words.strip() for words in told)
        return Says.CONSTRAINED if is_told else Says.RESERVED
    return _USES.get(str(entry.get("use")), Says.UNCLEAR)
