"""The credential: a C2PA manifest, signed into the file last of all.

It binds who made the picture, how, under which asset id and policy, to every byte of the file. Written by
C2PA 2.4 with the library's unsafe defaults turned round: no thumbnails, our statements under
``created_assertions`` (so that the signer vouches for them), and never a network access, neither when
signing nor when reading.

One link of C2PA 2.4 is missing: ``relatedAssertions`` of the watermark action wants the hash of the
soft-binding box, which the library salts anew for every file and does not tell. No hash is better than a
wrong one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from rectoverso.errors import SigningFailed
from rectoverso.types import AssetId, Maker, Origin, Oversight
from rectoverso.verso.mark.label import SOURCE_TYPES

ASSET_ASSERTION = "rectoverso.asset"
WATERMARK_ALGORITHM = "rectoverso.stdm.1"

REMOTE = "remote"
"""The code of a file whose credential is kept on a server: it is not fetched."""

_PURPOSES = ("1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36")
"""What a signer's certificate may be for: C2PA claim signing, e-mail protection, document signing."""
_AI = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
_ABOUT_THE_SIGNER = "signingCredential."
_SIGNER_HOLDS = {"claimSignature.validated", "signingCredential.trusted"}
_INTACT = {"claimSignature.validated", "assertion.dataHash.match"}


@dataclass(frozen=True, slots=True)
class CredentialSigner:
    """Who signs: leaf and intermediate (PEM), the leaf's key (PEM, P-256), and the root to check the result
    against.
    """

    chain: bytes
    key: bytes = field(repr=False)
    anchors: bytes = b""


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """What the manifest states. ``watermark``: the digits of the asset id that the picture carries, "" for
    none.
    """

    asset: AssetId
    origin: Origin
    maker: Maker
    created: datetime
    generator: str
    generator_version: str
    watermark: str = ""
    policy: str | None = None
    use: str | None = None
    ledger: str | None = None
    oversight: Oversight | None = None


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
    asset: AssetId | None = None
    codes: tuple[str, ...] = ()
    claim_generator: str | None = None


def sign(data: bytes, media_type: str, facts: ManifestFacts, signer: CredentialSigner) -> bytes:
    """The file with its signed manifest inside. Raises SigningFailed when the signature does not verify at
    once.
    """
    from c2pa import Builder, C2paError, C2paSignerInfo, Context, Signer

    out = io.BytesIO()
    try:
        key = Signer.from_info(C2paSignerInfo("es256", signer.chain, signer.key, None))
        with (
            key,
            Context.from_dict(_settings(signer.anchors)) as context,
            Builder(json.dumps(manifest(facts, media_type)), context) as builder,
        ):
            builder.sign(key, media_type, io.BytesIO(data), out)
    except C2paError as error:
        raise SigningFailed(mark="credential", system=str(error).rstrip(".")) from error
    return out.getvalue()


def read(data: bytes, media_type: str, anchors: bytes | None = None) -> CredentialReading:
    """The file's own credential, judged against the root certificates given (PEM). Never raises, never asks
    a network.
    """
    from c2pa import C2paError, Context, Reader

    try:
        with (
            Context.from_dict(_settings(anchors)) as context,
            Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            return _reading(json.loads(reader.json()), str(reader.get_validation_state()))
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
    assertions = [_actions(facts)]
    if facts.watermark:
        blocks = [{"scope": {}, "value": facts.watermark}]
        assertions.append(_stated("c2pa.soft-binding", {"alg": WATERMARK_ALGORITHM, "blocks": blocks}))
    if facts.oversight and facts.origin is not Origin.CAPTURED:
        assertions.append(_stated("c2pa.ai-disclosure", _disclosure(facts)))
    assertions.append(_stated(ASSET_ASSERTION, _asset(facts)))
    return {"claim_generator_info": [generator], "format": media_type, "assertions": assertions}


def _settings(anchors: bytes | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "version": 1,
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": True},
        "core": {"allowed_network_hosts": []},
        "builder": {"thumbnail": {"enabled": False}},
    }
    if anchors:
        settings["trust"] = {"trust_anchors": anchors.decode(), "trust_config": "\n".join(_PURPOSES)}
    return settings


def _stated(label: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"label": label, "created": True, "data": data}


def _actions(facts: ManifestFacts) -> dict[str, Any]:
    when = facts.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    created: dict[str, Any] = {
        "action": "c2pa.created",
        "when": when,
        "digitalSourceType": SOURCE_TYPES[facts.origin],
    }
    if facts.origin is not Origin.CAPTURED:
        created["softwareAgent"] = {"name": facts.maker.name, "version": facts.maker.version}
    actions = [created]
    if facts.watermark:
        actions.append({"action": "c2pa.watermarked.bound", "when": when})
    return _stated("c2pa.actions.v2", {"actions": actions, "allActionsIncluded": True})


def _disclosure(facts: ManifestFacts) -> dict[str, Any]:
    model = {"modelType": "c2pa.types.model", "modelName": facts.maker.name}
    if facts.maker.digest:
        model["modelIdentifier"] = f"sha256:{facts.maker.digest}"
    return {**model, "contentProfile": {"humanOversightLevel": facts.oversight}}


def _asset(facts: ManifestFacts) -> dict[str, str]:
    told = {
        "asset": facts.asset,
        "run": facts.maker.digest,
        "policy": facts.policy,
        "use": facts.use,
        "ledger": facts.ledger,
    }
    return {name: value for name, value in told.items() if value}


def _reading(store: Mapping[str, Any], state: str) -> CredentialReading:
    active = store["manifests"][store["active_manifest"]]
    results = store["validation_results"]["activeManifest"]
    failures = tuple(dict.fromkeys(status["code"] for status in results["failure"]))
    passed = {status["code"] for status in results["success"]}
    held = CredentialState(state.lower())
    if held is CredentialState.INVALID and _only_the_signer(failures, passed):
        held = CredentialState.VALID
    signature = active.get("signature_info", {})
    signer = signature.get("common_name") or signature.get("issuer")
    if held is CredentialState.INVALID:
        # What a broken signature covers may have been written by anybody; a name counts if the anchors lead
        # to it.
        signer = signer if passed >= _SIGNER_HOLDS else None
        return CredentialReading(held, signer=signer, codes=failures)
    generator = (active.get("claim_generator_info") or [{}])[0]
    return CredentialReading(
        held,
        signer=signer,
        ai_generated=_ai_generated(active),
        asset=_asset_id(active),
        codes=failures,
        claim_generator=" ".join(str(generator[part]) for part in ("name", "version") if part in generator)
        or None,
    )


def _only_the_signer(failures: tuple[str, ...], passed: set[str]) -> bool:
    """Whether the file is as it was signed, and only the certificate (ended, unfit) is at fault."""
    return passed >= _INTACT and all(code.startswith(_ABOUT_THE_SIGNER) for code in failures)


def _assertion(active: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    found = (item["data"] for item in active.get("assertions", ()) if item["label"] == label)
    return next((data for data in found if isinstance(data, dict)), {})


def _ai_generated(active: Mapping[str, Any]) -> bool | None:
    actions = _assertion(active, "c2pa.actions.v2") or _assertion(active, "c2pa.actions")
    sources = [
        str(action["digitalSourceType"])
        for action in actions.get("actions", ())
        if "digitalSourceType" in action
    ]
    return any(source.rsplit("/", 1)[-1] in _AI for source in sources) if sources else None


def _asset_id(active: Mapping[str, Any]) -> AssetId | None:
    asset = str(_assertion(active, ASSET_ASSERTION).get("asset", ""))
    is_id = len(asset) == 12 and all(digit in "0123456789abcdef" for digit in asset)
    return AssetId(asset) if is_id else None
