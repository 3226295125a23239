"""The checks of C2PA's conformance rubric 0.2 for manifests of specification 2.4, and of its integrity rubric.

What is checked is taken from the rubric files of c2pa-org/conformance-public of 6 August 2026 (Copyright C2PA, CC BY
4.0); the expressions are written anew, over the crJSON that the official reader gives of a file. Each check gives what
breaks it, so nothing is good. Three checks of our own follow: what the rubric does not ask of a watermark's action.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Manifest = Mapping[str, Any]
Check = Callable[[Manifest], list[Any]]
CHECKS: dict[str, Check] = {}

INCEPTION = ("c2pa.created", "c2pa.opened")
NON_EDITORIAL = (
    *("c2pa.converted", "c2pa.published", "c2pa.repackaged", "c2pa.transcoded", "c2pa.resized.proportional"),
    *("c2pa.enhanced", "c2pa.edited.metadata", "c2pa.redacted"),
    *("c2pa.watermarked", "c2pa.watermarked.bound", "c2pa.watermarked.unbound"),
)
ASSERTIONS = {
    *(
        "c2pa.hash.data",
        "c2pa.hash.data.part",
        "c2pa.hash.boxes",
        "c2pa.hash.bmff.v3",
        "c2pa.hash.multi-asset",
    ),
    *("c2pa.hash.collection.data", "c2pa.actions.v2", "c2pa.ingredient.v3", "c2pa.soft-binding"),
    *("c2pa.cloud-data", "c2pa.embedded-data", "c2pa.metadata", "c2pa.certificate-status", "c2pa.asset-ref"),
    *("c2pa.asset-type.v2", "c2pa.thumbnail.claim", "c2pa.thumbnail.ingredient", "c2pa.depthmap.GDepth"),
    *("c2pa.icon", "c2pa.alternative-content-representation", "c2pa.external-reference", "c2pa.session-keys"),
    *("c2pa.environmental-sustainability", "c2pa.repository-receipt", "c2pa.ai-disclosure"),
    *("c2pa.assertion.metadata", "c2pa.time-stamp"),
}
DEPRECATED_ASSERTIONS = {
    *("c2pa.claim", "c2pa.hash.bmff.v2", "c2pa.asset-type", "c2pa.ingredient", "c2pa.ingredient.v2"),
    "c2pa.actions",
}
ACTIONS = {
    *(
        "c2pa.addedText",
        "c2pa.adjustedColor",
        "c2pa.changedSpeed",
        "c2pa.color_adjustments",
        "c2pa.converted",
    ),
    *("c2pa.created", "c2pa.cropped", "c2pa.deleted", "c2pa.drawing", "c2pa.dubbed", "c2pa.edited"),
    *("c2pa.edited.metadata", "c2pa.enhanced", "c2pa.filtered", "c2pa.mastered", "c2pa.mixed", "c2pa.opened"),
    *("c2pa.orientation", "c2pa.placed", "c2pa.published", "c2pa.redacted", "c2pa.remixed", "c2pa.removed"),
    *("c2pa.repackaged", "c2pa.resized", "c2pa.resized.proportional", "c2pa.transcoded", "c2pa.translated"),
    *(
        "c2pa.trimmed",
        "c2pa.unknown",
        "c2pa.watermarked",
        "c2pa.watermarked.bound",
        "c2pa.watermarked.unbound",
    ),
}
DEPRECATED_ACTIONS = {
    *(
        "c2pa.copied",
        "c2pa.formatted",
        "c2pa.version_updated",
        "c2pa.printed",
        "c2pa.managed",
        "c2pa.produced",
    ),
    *("c2pa.saved", "c2pa.color_adjustments", "c2pa.watermarked"),
}
PARAMETERS = {
    *("redacted", "ingredients", "ingredient", "description", "relatedAssertions", "sourceLanguage"),
    *("targetLanguage", "multipleInstances", "ranges", "weight", "width", "italic", "slant", "optical-size"),
}
WELL_FORMED = {
    *("assertion.action.malformed", "assertion.bmffHash.malformed", "assertion.boxesHash.malformed"),
    *("assertion.collectionHash.malformed", "assertion.dataHash.malformed", "assertion.ingredient.malformed"),
    *("assertion.external-reference.malformed", "assertion.external-reference.labelMismatch"),
    *("assertion.external-reference.created", "assertion.alternativeContentRepresentation.malformed"),
    *("assertion.alternativeContentRepresentation.missing", "assertion.multiAssetHash.malformed"),
    *("assertion.cbor.invalid", "assertion.json.invalid", "claim.cbor.invalid", "claim.hardBindings.missing"),
    *(
        "claim.malformed",
        "claim.missing",
        "claim.multiple",
        "hashedURI.missing",
        "ingredient.manifest.missing",
    ),
    *("assertion.boxesHash.unknownBox", "assertion.multipleHardBindings", "manifest.compressed.invalid"),
    *("manifest.html.multipleManifests", "manifest.inaccessible", "manifest.multipleParents"),
    *("manifest.structuredText.emptyReference", "manifest.structuredText.malformedReference"),
    *("manifest.structuredText.multipleReferences", "manifest.structuredText.noManifest"),
    *("manifest.structuredText.noResolutionPath", "manifest.timestamp.invalid"),
    *("manifest.timestamp.wrongParents", "manifest.update.invalid", "manifest.update.wrongParents"),
}
VALID = {
    *("assertion.action.ingredientMismatch", "assertion.action.redactionMismatch"),
    *("assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch", "assertion.collectionHash.mismatch"),
    *("assertion.dataHash.mismatch", "assertion.external-reference.hashMismatch"),
    *("assertion.alternativeContentRepresentation.hashMismatch", "assertion.multiAssetHash.mismatch"),
    *("assertion.hashedURI.mismatch", "assertion.hardBinding.redacted", "hashedURI.mismatch"),
    *("ingredient.manifest.mismatch", "ingredient.claimSignature.missing"),
    *("ingredient.claimSignature.mismatch", "claimSignature.missing"),
}
TRUST = {
    *("claimSignature.mismatch", "claimSignature.outsideValidity", "signingCredential.invalid"),
    *("signingCredential.ocsp.revoked", "signingCredential.untrusted"),
}
FORBIDDEN_REFERENCES = ("c2pa.actions", "c2pa.actions.v2", "c2pa.cloud-data", "c2pa.external-reference")


def lint(data: bytes, media_type: str, anchors: bytes, spec: str = "2.4") -> dict[str, list[Any]]:
    """What breaks each check, by its name, of a file's active manifest; ``spec`` is the version it must state."""
    manifest = crjson(data, media_type, anchors)["manifests"][0]
    return {name: check({**manifest, "spec": spec}) for name, check in CHECKS.items()}


def crjson(data: bytes, media_type: str, anchors: bytes) -> dict[str, Any]:
    """The official reader's report, with nothing set but what to trust."""
    from c2pa import Context, Reader

    settings = {"version": 1, "trust": {"trust_anchors": anchors.decode()}}
    with (
        Context.from_dict(settings) as context,
        Reader(media_type, io.BytesIO(data), context=context) as reader,
    ):
        return dict(json.loads(reader.crjson()))


def check(function: Check) -> Check:
    CHECKS[function.__name__] = function
    return function


def _assertions(manifest: Manifest) -> Mapping[str, Any]:
    return dict(manifest.get("assertions") or {})


def _actions(manifest: Manifest) -> list[Mapping[str, Any]]:
    lists = (
        data["actions"]
        for data in _assertions(manifest).values()
        if isinstance(data, dict) and "actions" in data
    )
    return [action for actions in lists for action in actions]


def _parameters(manifest: Manifest) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for action in _actions(manifest):
        yield action["action"], action.get("parameters") or {}


def _of(manifest: Manifest, *fields: str) -> list[Mapping[str, Any]]:
    """The assertions that have all of these fields."""
    every = (data for data in _assertions(manifest).values() if isinstance(data, dict))
    return [data for data in every if all(data.get(field) is not None for field in fields)]


def _generator(manifest: Manifest) -> Mapping[str, Any]:
    found = manifest["claim.v2"]["claim_generator_info"]
    return dict(found[0] if isinstance(found, list) else found)


def _failures(manifest: Manifest, codes: set[str]) -> list[str]:
    failed = manifest.get("validationResults", {}).get("failure", [{"code": "missing"}])
    return [item["code"] for item in failed if item["code"] in codes | {"missing"}]


def _base(label: str) -> str:
    return label.split("__", maxsplit=1)[0]


# What the programme asks beyond the specification


@check
def mandatory_dst_for_perceptible_transformations(manifest: Manifest) -> list[Any]:
    exempt = {*INCEPTION, *NON_EDITORIAL, "c2pa.placed"}
    return [
        action["action"]
        for action in _actions(manifest)
        if action["action"].startswith("c2pa.")
        and action["action"] not in exempt
        and not action.get("digitalSourceType")
    ]


@check
def mandatory_spec_version(manifest: Manifest) -> list[Any]:
    stated = _generator(manifest).get("specVersion")
    is_right = isinstance(stated, str) and stated.split(".")[:2] == manifest["spec"].split(".")[:2]
    return [] if is_right else [stated]


@check
def mandatory_all_actions_included(manifest: Manifest) -> list[Any]:
    return [data for data in _of(manifest, "actions") if data.get("allActionsIncluded") is None]


@check
def no_dst_for_opened_action(manifest: Manifest) -> list[Any]:
    return [a for a in _actions(manifest) if a["action"] == "c2pa.opened" and a.get("digitalSourceType")]


# Structure and integrity


@check
def well_formed_data_present(manifest: Manifest) -> list[Any]:
    return [] if manifest.get("validationResults") is not None else ["no validation results"]


@check
def well_formed_success(manifest: Manifest) -> list[Any]:
    return _failures(manifest, WELL_FORMED)


@check
def valid_data_present(manifest: Manifest) -> list[Any]:
    return well_formed_data_present(manifest)


@check
def valid_success(manifest: Manifest) -> list[Any]:
    return _failures(manifest, VALID)


@check
def trusted_data_present(manifest: Manifest) -> list[Any]:
    """Of the integrity rubric."""
    return well_formed_data_present(manifest)


@check
def trusted_success(manifest: Manifest) -> list[Any]:
    """Of the integrity rubric; here it is our own root that is trusted."""
    return _failures(manifest, TRUST)


# The specification


@check
def inception_action_position(manifest: Manifest) -> list[Any]:
    urls = [item["url"] for item in manifest["claim.v2"].get("created_assertions", ())]
    first = next((url for url in urls if "c2pa.actions" in url), "")
    kinds = [action["action"] for action in _actions(manifest)]
    is_first = "c2pa.created" not in kinds or kinds[0] in INCEPTION
    return [] if first.endswith("c2pa.actions.v2") and is_first else [first, kinds]


@check
def no_deprecated_assertions(manifest: Manifest) -> list[Any]:
    return [key for key in _assertions(manifest) if key.startswith("stds.") or key in DEPRECATED_ASSERTIONS]


@check
def no_unsupported_assertions(manifest: Manifest) -> list[Any]:
    known = ASSERTIONS | DEPRECATED_ASSERTIONS
    return [key for key in _assertions(manifest) if key.startswith("c2pa.") and _base(key) not in known]


@check
def no_deprecated_actions(manifest: Manifest) -> list[Any]:
    return [action["action"] for action in _actions(manifest) if action["action"] in DEPRECATED_ACTIONS]


@check
def no_unsupported_actions(manifest: Manifest) -> list[Any]:
    kinds = [action["action"] for action in _actions(manifest)]
    return [kind for kind in kinds if kind.startswith("c2pa.") and kind not in ACTIONS]


@check
def no_unrecognized_custom_assertions(manifest: Manifest) -> list[Any]:
    return [key for key in _assertions(manifest) if "." not in key]


@check
def no_unrecognized_custom_actions(manifest: Manifest) -> list[Any]:
    return [action["action"] for action in _actions(manifest) if "." not in action["action"]]


@check
def no_unrecognized_custom_action_parameters(manifest: Manifest) -> list[Any]:
    return [
        name
        for _, given in _parameters(manifest)
        for name in given
        if name not in PARAMETERS and "." not in name
    ]


@check
def discouraged_legacy_action_parameters(manifest: Manifest) -> list[Any]:
    """A warning of the rubric; here it counts."""
    return [kind for kind, given in _parameters(manifest) if {"description", "ingredient"} & given.keys()]


@check
def active_manifest_urn(manifest: Manifest) -> list[Any]:
    return [] if manifest["label"].startswith("urn:c2pa:") else [manifest["label"]]


@check
def review_ratings_datasource(manifest: Manifest) -> list[Any]:
    by_people = ("humanEntry.anonymous", "humanEntry.credentialed")
    rated = _of(manifest, "reviewRatings", "dataSource")
    return [data for data in rated if data["dataSource"].get("type") in by_people]


@check
def ingredient_v3_no_active_manifest(manifest: Manifest) -> list[Any]:
    results = _of(manifest, "relationship", "validationResults")
    return [data for data in results if data.get("activeManifest") is None]


@check
def ingredient_v3_mandatory_validation_results(manifest: Manifest) -> list[Any]:
    active = _of(manifest, "relationship", "activeManifest")
    return [data for data in active if data.get("validationResults") is None]


@check
def ingredient_relationship_values(manifest: Manifest) -> list[Any]:
    found = [data["relationship"] for data in _of(manifest, "relationship")]
    return [one for one in found if one not in ("parentOf", "inputTo", "componentOf")]


@check
def mandatory_dst_for_created_action(manifest: Manifest) -> list[Any]:
    created = [action for action in _actions(manifest) if action["action"] == "c2pa.created"]
    return [action for action in created if not action.get("digitalSourceType")]


@check
def no_deprecated_claim_fields(manifest: Manifest) -> list[Any]:
    return ["specVersion"] if "specVersion" in manifest["claim.v2"] else []


@check
def ingredient_v3_choice(manifest: Manifest) -> list[Any]:
    return _of(manifest, "relationship", "activeManifest", "digitalSourceType")


@check
def alternative_content_representation_choice(manifest: Manifest) -> list[Any]:
    kinds = ("multiAssetPartIndex", "embeddedOriginalPreservationImage")

    def is_one(data: Mapping[str, Any]) -> bool:
        given = data.get("parameters") or {}
        return "exif.originalPreservationImage" in (data.get("type"), given.get("type"))

    found = [data for data in _of(manifest) if is_one(data)]
    return [
        data for data in found if sum((data.get("parameters") or {}).get(k) is not None for k in kinds) != 1
    ]


@check
def forbidden_labels_in_external_references(manifest: Manifest) -> list[Any]:
    labels = [data["label"] for data in _of(manifest, "label", "url") if data.get("relationship") is None]
    return [
        one
        for one in labels
        if one in FORBIDDEN_REFERENCES or one.startswith(("c2pa.hash", "c2pa.ingredient"))
    ]


@check
def no_url_in_hashes(manifest: Manifest) -> list[Any]:
    hashes = ("c2pa.hash.data", "c2pa.hash.bmff.v3")
    return [name for name in hashes if (_assertions(manifest).get(name) or {}).get("url")]


@check
def all_actions_included_opened(manifest: Manifest) -> list[Any]:
    actions, stated = _actions(manifest), _assertions(manifest).get("c2pa.actions.v2") or {}
    is_alone = len(actions) == 1 and actions[0]["action"] == "c2pa.opened"
    return actions if is_alone and stated.get("allActionsIncluded") is not True else []


@check
def opened_action_ingredient_reference(manifest: Manifest) -> list[Any]:
    opened = [given for kind, given in _parameters(manifest) if kind == "c2pa.opened"]
    return [given for given in opened if len(given.get("ingredients") or ()) != 1]


@check
def no_box_hash_for_tiff(manifest: Manifest) -> list[Any]:
    kind = (_assertions(manifest).get("c2pa.asset-type.v2") or {}).get("dc:format")
    boxes = "c2pa.hash.boxes" in _assertions(manifest)
    return [kind] if boxes and kind in ("image/tiff", "image/x-adobe-dng") else []


# Our own


@check
def own_watermark_bound_to_its_soft_binding(manifest: Manifest) -> list[Any]:
    """C2PA 2.4: the action of a bound watermark names its soft-binding assertion, by the hash that the claim has."""
    claimed = {
        item["url"].rsplit("/", 1)[-1]: item["hash"] for item in manifest["claim.v2"]["created_assertions"]
    }
    wrong = []
    for kind, given in _parameters(manifest):
        if kind == "c2pa.watermarked.bound":
            links = {one["url"].rsplit("/", 1)[-1]: one["hash"] for one in given.get("relatedAssertions", ())}
            named = {name: one for name, one in links.items() if _base(name) == "c2pa.soft-binding"}
            wrong += (
                [links] if not named or any(claimed.get(name) != one for name, one in named.items()) else []
            )
    return wrong


@check
def own_soft_binding_is_of_bytes(manifest: Manifest) -> list[Any]:
    """The specification types a block's value as a byte string, which crJSON shows as numbers or base 64."""
    blocks = [block for data in _of(manifest, "blocks", "alg") for block in data["blocks"]]
    return [block for block in blocks if not _is_bytes(block["value"])]


def _is_bytes(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(one, int) for one in value)
    return str(value).startswith("b64'") and bool(base64.b64decode(str(value)[4:-1]))


@check
def own_nothing_is_gathered(manifest: Manifest) -> list[Any]:
    """The signer vouches for every statement."""
    return list(manifest["claim.v2"].get("gathered_assertions") or ())
