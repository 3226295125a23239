"""The credential: a C2PA manifest, signed into the file last of all.

It binds who made the picture, how, from which model and data, under which asset id and policy, to every byte of the
file. Written by C2PA 2.4 with the library's unsafe defaults turned round: no thumbnails, all statements under
``created_assertions`` (so that the signer vouches for them), and never a network access, neither in laying out the file
nor in reading one. The library lays out, `signature` signs.
"""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from rectoverso.errors import SigningFailed
from rectoverso.types import AssetId, Maker, Origin, Oversight
from rectoverso.verso.mark import binding, jumbf, signature, timestamp
from rectoverso.verso.mark.label import SOURCE_TYPES, is_of_ai, is_of_camera
from rectoverso.verso.mark.signature import Chain, Sign

if TYPE_CHECKING:
    from c2pa import Context, Signer

    from rectoverso.verso.mark.visible import Placed

REMOTE = "remote"
"""The code of a file whose credential is kept on a server: it is not fetched."""

CHECKSUM = "rectoverso.checksum.mismatch"
"""The code of a file in which a byte was changed that the signature does not cover, by its own checksum."""

SURROUNDINGS = "rectoverso.around.mismatch"
"""The code of a file in which something around the manifest is not as it was signed, where C2PA does not look."""

TOO_LONG = "rectoverso.manifest.tooLong"
"""The code of a file in whose manifest something says it is longer than what holds it. It is not read."""

RESERVED = ("cawg.ai_training", "cawg.ai_generative_training")
"""What the manifest says the picture may not be used for (CAWG training and data mining 1.1). Of inference and data
mining, which searching and checking need, it says nothing.
"""

_PURPOSES = ("1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36")
"""What a signer's certificate may be for: C2PA claim signing, e-mail protection, document signing."""
_DRAWN = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
"""Of words that a program draws: by an algorithm, and after nothing that was seen in training."""
_ABOUT_THE_SIGNER = "signingCredential."
_SIGNER_HOLDS = {"claimSignature.validated", "signingCredential.trusted"}
_INTACT = {"assertion.dataHash.match", "assertion.bmffHash.match"}
_OF_THE_FILE = {"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"}
"""How a manifest without its file fails, and no more than that."""
_ALONE = "application/c2pa"
_SOFT_BINDING = "self#jumbf=c2pa.assertions/c2pa.soft-binding"


@dataclass(frozen=True, slots=True)
class CredentialSigner:
    """Who signs: leaf and intermediate (PEM), the leaf's key, and the root to check the result against.

    ``key`` is the private key (PEM, P-256), or a key service: what it gives for a SHA-256 digest are r and s of its
    ES256 signature, 32 bytes each. ``authority``: the URL of an RFC 3161 time-stamp authority, "" for no stamp.
    """

    chain: bytes
    key: bytes | Sign = field(repr=False)
    anchors: bytes = b""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What the manifest states. ``watermark``: the digits of the asset id that the picture carries, ``fingerprint``:
    those of its perceptual hash; "" for none. ``placed``: the words that were put on the picture or beside it.
    """

    asset: AssetId
    origin: Origin
    maker: Maker
    created: datetime
    generator: str
    generator_version: str
    watermark: str = ""
    fingerprint: str = ""
    policy: str | None = None
    use: str | None = None
    ledger: str | None = None
    oversight: Oversight | None = None
    placed: tuple[Placed, ...] = ()


class CredentialState(StrEnum):
    TRUSTED = "trusted"
    VALID = "valid"
    INVALID = "invalid"
    NONE = "none"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class CredentialReading:
    """What a file's credential says, and whether it can be believed; ``codes`` are C2PA's own, failures only.

    ``valid``: the file is as it was signed, by a signer that the anchors do not lead to. ``unreadable``:
    there is a credential, damaged beyond reading.
    """

    state: CredentialState
    signer: str | None = None
    ai_generated: bool | None = None
    captured: bool = False
    """A source type of a camera is stated, whatever else is."""
    asset: AssetId | None = None
    codes: tuple[str, ...] = ()
    claim_generator: str | None = None
    stamp: Stamp | None = None
    claims_checksum: bool = False
    """It is stated that the file has a checksum of its own."""
    around: str = ""
    """The hash of all that lies around the manifest (`signature.around`), as stated; "" where it is not."""
    created: str | None = None
    """When the signer says that it was made (ISO 8601)."""
    manifest_id: str | None = None
    bindings: tuple[tuple[str, str], ...] = ()
    """Of the soft bindings that are stated, those of this project: algorithm and digits."""
    serial: str = ""
    """The number of the signer's certificate, by its issuer."""
    privacy: str = ""
    """What its maker promises of the pictures that it learnt from, as stated."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When an authority saw the signature (ISO 8601), and whether the anchors lead to that authority."""

    time: str
    trusted: bool


def sign(data: bytes, media_type: str, facts: ManifestFacts, signer: CredentialSigner) -> bytes:
    """The file with its signed manifest inside; whether it reads back is for the caller to see.

    Raises SigningFailed (a certificate that has ended, a key of another one) and TimeStampFailed.
    """
    chain = Chain.of(signer.chain, datetime.now(UTC))
    stamp = partial(timestamp.stamp, authority=signer.authority) if signer.authority else None
    laid_out = _laid_out(data, media_type, facts, chain, room=timestamp.ROOM if stamp else 0)
    key = signature.local(signer.key) if isinstance(signer.key, bytes) else signer.key
    return signature.finish(laid_out, chain=chain, sign=key, stamp=stamp)


def _laid_out(data: bytes, media_type: str, facts: ManifestFacts, chain: Chain, *, room: int) -> bytes:
    """The file with every box in its place, signed by a throw-away key."""
    from c2pa import Builder, C2paError

    out = io.BytesIO()
    try:
        signer, context = _LAYOUTS.of(*signature.throw_away(chain, room))
        with Builder(json.dumps(manifest(facts, media_type)), context) as builder:
            builder.sign(signer, media_type, io.BytesIO(data), out)
    except C2paError as error:
        raise SigningFailed(mark="credential", system=str(error).rstrip(".")) from error
    return out.getvalue()


class _Layouts(threading.local):
    """The library's signer and settings for laying files out: making them anew takes a fifth of the time of signing.

    Each thread has its own, and so has a process that another one became.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, bytes], tuple[Signer, Context]] = {}

    def of(self, certificate: bytes, key: bytes) -> tuple[Signer, Context]:
        from c2pa import C2paSignerInfo, Context, Signer

        place = os.getpid(), certificate
        if place not in self._made:
            signer = Signer.from_info(C2paSignerInfo("es256", certificate, key, None))
            self._made[place] = signer, Context.from_dict(offline(None))
        return self._made[place]


_LAYOUTS = _Layouts()


def read(data: bytes, media_type: str, anchors: bytes | None = None) -> CredentialReading:
    """The file's own credential, judged against the root certificates given (PEM). Never raises, never asks
    a network.
    """
    reading = _read(data, media_type, anchors)
    if reading.around and reading.around != signature.around(data):
        return CredentialReading(CredentialState.INVALID, signer=reading.signer, codes=(SURROUNDINGS,))
    if reading.claims_checksum and not signature.checksum_holds(data):
        return CredentialReading(CredentialState.INVALID, signer=reading.signer, codes=(CHECKSUM,))
    return reading


def read_alone(store: bytes, anchors: bytes | None = None) -> CredentialReading:
    """What a manifest store says without the file that it was signed into, as a resolution service gives it out.

    ``trusted`` and ``valid`` are of its signature and of what that covers in the store itself; of the file nothing was
    seen. Never raises, never asks a network.
    """
    return _read(store, _ALONE, anchors)


def _read(data: bytes, media_type: str, anchors: bytes | None) -> CredentialReading:
    from c2pa import C2paError, Context, Reader

    if jumbf.claims_too_much(data):
        return CredentialReading(CredentialState.UNREADABLE, codes=(TOO_LONG,))
    try:
        with (
            Context.from_dict(offline(anchors)) as context,
            Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            told, state = json.loads(reader.json()), str(reader.get_validation_state())
            return _reading(told, state, is_alone=media_type == _ALONE)
    except C2paError.ManifestNotFound:
        return CredentialReading(CredentialState.NONE)
    except (C2paError, ValueError, KeyError, TypeError, AttributeError) as error:
        if str(error).startswith("Remote: "):  # the library has a class for it, and does not use it
            return CredentialReading(CredentialState.NONE, codes=(REMOTE,))
        return CredentialReading(
            CredentialState.UNREADABLE, codes=(type(error).__name__.removeprefix("_C2pa"),)
        )


def manifest(facts: ManifestFacts, media_type: str) -> dict[str, Any]:
    """The manifest as the signing library wants it: only what is true of this file, every statement ours."""
    generator = {"name": facts.generator, "version": facts.generator_version, "specVersion": "2.4.0"}
    ingredients = [] if facts.origin is Origin.CAPTURED else _ingredients(facts.maker)
    assertions = [_actions(facts, [str(item["label"]) for item in ingredients])]
    assertions += _soft_bindings(facts)
    if facts.oversight and facts.origin is not Origin.CAPTURED:
        assertions.append(_stated("c2pa.ai-disclosure", _disclosure(facts)))
    uses = {use: {"use": "notAllowed"} for use in RESERVED}
    assertions.append(_stated("cawg.training-mining", {"entries": uses}))
    assertions.append(_stated(signature.STATEMENT, _asset(facts, media_type)))
    return {
        "label": binding.new_manifest_id(facts.asset),
        "claim_generator_info": [generator],
        "format": media_type,
        "ingredients": ingredients,
        "assertions": assertions,
    }


def offline(anchors: bytes | None = None) -> dict[str, Any]:
    """The library's settings with its unsafe defaults turned round: never a network, no thumbnails."""
    settings: dict[str, Any] = {
        "version": 1,
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
        "core": {"allowed_network_hosts": []},
        "builder": {"thumbnail": {"enabled": False}, "created_assertion_labels": ["c2pa.ingredient"]},
    }
    if anchors:
        settings["trust"] = {"trust_anchors": anchors.decode(), "trust_config": "\n".join(_PURPOSES)}
    return settings


def _stated(label: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, "created": True, "data": data}


def _soft_bindings(facts: ManifestFacts) -> list[dict[str, Any]]:
    """The watermark's first: the action of watermarking names it."""
    values = {binding.WATERMARK: facts.watermark, binding.FINGERPRINT: facts.fingerprint}
    return [
        _stated(binding.LABEL, {"alg": algorithm, "blocks": [{"scope": {}, "value": value}]})
        for algorithm, value in values.items()
        if value
    ]


def _ingredients(maker: Maker) -> list[dict[str, Any]]:
    """The model, and what it was trained on, each named by the SHA-256 of its bytes (C2PA 2.4, 18.16)."""
    parts = (
        ("model", "c2pa.types.model", maker.name, maker.digest),
        ("data", "c2pa.types.dataset", "training data", maker.data_digest),
    )
    return [
        {
            "label": label,
            "title": title,
            "relationship": "inputTo",
            "instance_id": f"sha256:{digest}",
            "data_types": [{"type": kind}],
        }
        for label, kind, title, digest in parts
        if digest
    ]


def _actions(facts: ManifestFacts, ingredients: list[str]) -> dict[str, Any]:
    when = facts.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    created: dict[str, Any] = {
        "action": "c2pa.created",
        "when": when,
        "digitalSourceType": SOURCE_TYPES[facts.origin],
    }
    if facts.origin is not Origin.CAPTURED and facts.maker.name:
        created["softwareAgent"] = {"name": facts.maker.name, "version": facts.maker.version}
    if ingredients:
        created["parameters"] = {"ingredientIds": ingredients}
    actions = [created, *(_added(one, facts, when) for one in facts.placed)]
    if facts.watermark:
        link = {"url": _SOFT_BINDING, "hash": list(signature.LINK)}
        actions.append(
            {"action": "c2pa.watermarked.bound", "when": when, "parameters": {"relatedAssertions": [link]}}
        )
    return _stated("c2pa.actions.v2", {"actions": actions, "allActionsIncluded": True})


def _added(placed: Placed, facts: ManifestFacts, when: str) -> dict[str, Any]:
    """A visible label: which words were drawn where, by this program and no model (C2PA 2.4, actions, regions of
    interest).
    """
    corner = {"x": placed.left, "y": placed.top}
    shape = {
        "type": "rectangle",
        "unit": "pixel",
        "origin": corner,
        "width": placed.width,
        "height": placed.height,
    }
    region = {"region": [{"type": "spatial", "shape": shape}], "description": placed.text.replace("\n", "")}
    return {
        "action": "c2pa.addedText",
        "when": when,
        "digitalSourceType": _DRAWN,
        "softwareAgent": {"name": facts.generator, "version": facts.generator_version},
        "changes": [region],
    }


def _disclosure(facts: ManifestFacts) -> dict[str, Any]:
    model = {"modelType": "c2pa.types.model", "modelName": facts.maker.name}
    if facts.maker.digest:
        model["modelIdentifier"] = f"sha256:{facts.maker.digest}"
    return {**model, "contentProfile": {"humanOversightLevel": facts.oversight}}


def _asset(facts: ManifestFacts, media_type: str) -> dict[str, str]:
    told = {
        "asset": facts.asset,
        "policy": facts.policy,
        "use": facts.use,
        "ledger": facts.ledger,
        "curation": None if facts.origin is Origin.CAPTURED else " ".join(facts.maker.manifests),
        "privacy": None if facts.origin is Origin.CAPTURED else facts.maker.privacy,
        "checksum": None if media_type == "image/png" else "sha256",
        "around": signature.AROUND,
    }
    return {name: value for name, value in told.items() if value}


def _reading(store: Mapping[str, Any], state: str, *, is_alone: bool) -> CredentialReading:
    active = store["manifests"][store["active_manifest"]]
    results = store["validation_results"]["activeManifest"]
    failures = tuple(dict.fromkeys(status["code"] for status in results["failure"]))
    passed = {status["code"] for status in results["success"]}
    held = CredentialState(state.lower())
    if is_alone:
        failures, passed = tuple(code for code in failures if code not in _OF_THE_FILE), passed | _INTACT
        is_trusted = not failures and passed >= _SIGNER_HOLDS
        held = CredentialState.TRUSTED if is_trusted else CredentialState.INVALID
    if held is CredentialState.INVALID and _only_the_signer(failures, passed):
        held = CredentialState.VALID
    signed_by = active.get("signature_info", {})
    signer = signed_by.get("common_name") or signed_by.get("issuer")
    if held is CredentialState.INVALID:
        # What a broken signature covers may have been written by anybody; a name counts if the anchors lead
        # to it.
        signer = signer if passed >= _SIGNER_HOLDS else None
        return CredentialReading(held, signer=signer, codes=failures)
    generator = (active.get("claim_generator_info") or [{}])[0]
    stated, sources = _assertion(active, signature.STATEMENT), _sources(active)
    return CredentialReading(
        held,
        signer=signer,
        ai_generated=any(map(is_of_ai, sources)) if sources else None,
        captured=any(map(is_of_camera, sources)),
        asset=_asset_id(active),
        codes=failures,
        claim_generator=" ".join(str(generator[part]) for part in ("name", "version") if part in generator)
        or None,
        stamp=_stamp(active, passed),
        created=_created(active),
        manifest_id=str(store["active_manifest"]),
        claims_checksum=bool(stated.get("checksum")),
        around=str(stated.get("around", "")),
        bindings=_bindings(active),
        serial=str(signed_by.get("cert_serial_number") or ""),
        privacy=str(stated.get("privacy", "")),
    )


def _stamp(active: Mapping[str, Any], passed: set[str]) -> Stamp | None:
    time = active.get("signature_info", {}).get("time")
    return Stamp(str(time), "timeStamp.trusted" in passed) if time else None


def _only_the_signer(failures: tuple[str, ...], passed: set[str]) -> bool:
    """Whether the file is as it was signed, and only the certificate (ended, unfit) is at fault."""
    is_intact = "claimSignature.validated" in passed and not passed.isdisjoint(_INTACT)
    return is_intact and all(code.startswith(_ABOUT_THE_SIGNER) for code in failures)


def _assertion(active: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    found = (item["data"] for item in active.get("assertions", ()) if item["label"] == label)
    return next((data for data in found if isinstance(data, dict)), {})


def _actions_of(active: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    stated = _assertion(active, "c2pa.actions.v2") or _assertion(active, "c2pa.actions")
    return [action for action in stated.get("actions", ()) if isinstance(action, dict)]


def _created(active: Mapping[str, Any]) -> str | None:
    times = [action.get("when") for action in _actions_of(active) if action.get("action") == "c2pa.created"]
    return str(times[0]) if times and times[0] else None


def _sources(active: Mapping[str, Any]) -> list[str]:
    """The digital source types of all that was done."""
    return [
        str(action["digitalSourceType"]) for action in _actions_of(active) if "digitalSourceType" in action
    ]


def _bindings(active: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    stated = [item["data"] for item in active.get("assertions", ()) if item["label"] == binding.LABEL]
    told = [(data["alg"], block["value"]) for data in stated for block in data.get("blocks", ())]
    read = [(str(algorithm), binding.queried(str(value), str(algorithm))) for algorithm, value in told]
    return tuple((algorithm, digits) for algorithm, digits in read if digits)


def _asset_id(active: Mapping[str, Any]) -> AssetId | None:
    asset = str(_assertion(active, signature.STATEMENT).get("asset", ""))
    is_id = len(asset) == 12 and all(digit in "0123456789abcdef" for digit in asset)
    return AssetId(asset) if is_id else None
