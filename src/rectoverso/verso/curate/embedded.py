"""Signals that travel inside a picture's file.

| where | source |
| --- | --- |
| PLUS ``DataMining`` in XMP, also in a sidecar | IPTC Photo Metadata Standard 2023.1; PLUS vocabulary |
| assertion ``cawg.training-mining`` | CAWG Training and Data Mining Assertion 1.1 |
| assertion ``c2pa.training-mining`` | C2PA 1.x and 2.0, now CAWG's |

``constrained`` without a word on the conditions counts as not allowed (CAWG 1.1). All manifests of a file are read,
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

from rectoverso.verso.curate.signal import Says, Signal, SignalKind, Source, strictest
from rectoverso.verso.mark import jumbf, label, xmp
from rectoverso.verso.mark.credential import offline
from rectoverso.verso.picture import sniff

DATA_MINING = "http://ns.useplus.org/ldf/xmp/1.0/ DataMining"
_CODE = re.compile(r"DMI-[A-Z-]+")
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
_TRAINING = ("ai_training", "ai_generative_training", "data_mining")
_USES = {"allowed": Says.ALLOWED, "notAllowed": Says.RESERVED}
_MANIFEST = b"jumdc2pa"
_REMOTE = b"dcterms:provenance"
"""How a file points to a manifest that is kept elsewhere (C2PA 2.2, 11.4)."""


def signals(data: bytes, source: Source) -> Iterator[Signal]:
    """What a picture's file says of itself. Never raises for what it holds, and asks no network."""
    for packet in label.every_packet(data):
        yield from packet_signals(packet, source)
    if _MANIFEST in data:
        yield from _of_manifests(data, source)
    elif _REMOTE in data:
        yield Signal(SignalKind.CAWG, Says.UNCLEAR, "a manifest that is kept on a server", source)


def packet_signals(packet: bytes, source: Source) -> Iterator[Signal]:
    """What an XMP packet says, from a file or beside it."""
    try:
        values = [value for _, value in xmp.properties(packet, {DATA_MINING})]
    except (expat.ExpatError, UnicodeError, ValueError):
        if b"DataMining" in packet:
            yield Signal(
                SignalKind.PLUS_XMP, Says.UNCLEAR, "XMP that cannot be read names DataMining", source
            )
        return
    for value in values:
        code = _CODE.search(value)
        if code is None or code[0] != _UNSPECIFIED:
            said = _PLUS.get(code[0], Says.UNCLEAR) if code else Says.UNCLEAR
            yield Signal(SignalKind.PLUS_XMP, said, f"plus:DataMining = {value}", source)


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
    """The strictest of what the entries say that are about training; what they do not say of it is not taken for
    a yes.
    """
    entries = assertion.get("entries") if isinstance(assertion, Mapping) else None
    if not isinstance(entries, Mapping):
        return Says.UNCLEAR
    told = [_entry(entry) for name, entry in entries.items() if str(name).rpartition(".")[2] in _TRAINING]
    return strictest(told)


def _entry(entry: Any) -> Says:
    if not isinstance(entry, Mapping):
        return Says.UNCLEAR
    if entry.get("use") == "constrained":
        return Says.CONSTRAINED if entry.get("constraint_info") else Says.RESERVED
    return _USES.get(str(entry.get("use")), Says.UNCLEAR)
