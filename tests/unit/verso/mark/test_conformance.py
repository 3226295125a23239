"""Our manifests against the official conformance rubric, and the lint against manifests that break it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from authority import Authority, authority
from conformance import CHECKS, crjson, lint
from rectoverso.types import Digest, Maker, Origin, Oversight
from rectoverso.verso.mark import credential, label
from rectoverso.verso.mark.visible import Placed
from unit.verso.conftest import Studio, encoded, photo
from unit.verso.mark.test_credential import FACTS

PLACED = (Placed("cn", "AI\n生成", 16, 9, 8, 49, 33), Placed("eu", "AI", 12, 200, 4, 20, 9))
TRAINED = Maker("runs/first", "dcgan 1", Digest("5" * 64), Digest("6" * 64))


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as found:
        yield found


@pytest.mark.parametrize("origin", list(Origin))
@pytest.mark.parametrize("watermark", ["01234567", ""])
@pytest.mark.parametrize("oversight", [None, "fully_autonomous", "prompt_guided"])
def test_every_check_passes_whatever_the_origin_watermark_and_oversight(
    origin: Origin, watermark: str, oversight: Oversight | None, studio: Studio
) -> None:
    facts = replace(FACTS, origin=origin, watermark=watermark, oversight=oversight, maker=TRAINED)
    data = credential.sign(encoded(photo(1)), "image/png", facts, studio.signer)
    assert _broken(data, "image/png", studio.signer.anchors) == {}


@pytest.mark.parametrize("placed", [PLACED[:1], PLACED])
def test_every_check_passes_with_visible_labels(placed: tuple[Placed, ...], studio: Studio) -> None:
    for origin in Origin:
        facts = replace(FACTS, origin=origin, maker=TRAINED, placed=placed)
        data = credential.sign(encoded(photo(1)), "image/png", facts, studio.signer)
        assert _broken(data, "image/png", studio.signer.anchors) == {}
        reading = credential.read(data, "image/png", studio.signer.anchors)
        # Words that a program drew are no model's.
        assert reading.ai_generated is (origin is not Origin.CAPTURED)


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_every_check_passes_in_every_kind_of_file_with_a_time_stamp(
    media_type: str, studio: Studio, tsa: Authority
) -> None:
    signer = replace(studio.signer, authority=tsa.url)
    facts = replace(FACTS, maker=TRAINED)
    data = credential.sign(encoded(photo(1), label.MEDIA_TYPES[media_type]), media_type, facts, signer)
    assert _broken(data, media_type, signer.anchors + tsa.root) == {}
    codes = crjson(data, media_type, signer.anchors + tsa.root)["manifests"][0]["validationResults"][
        "success"
    ]
    assert {"timeStamp.validated", "timeStamp.trusted"} <= {item["code"] for item in codes}


def test_the_rubric_has_as_many_checks_as_the_official_one() -> None:
    """31 of conformance 0.2 for 2.4, 2 more of integrity."""
    assert len([name for name in CHECKS if not name.startswith("own_")]) == 33


def _gather(manifest: dict[str, Any]) -> None:
    manifest["assertions"][0]["created"] = False


def _unversioned(manifest: dict[str, Any]) -> None:
    del manifest["claim_generator_info"][0]["specVersion"]


def _incomplete(manifest: dict[str, Any]) -> None:
    del manifest["assertions"][0]["data"]["allActionsIncluded"]


def _edited(manifest: dict[str, Any]) -> None:
    manifest["assertions"][0]["data"]["actions"].append({"action": "c2pa.cropped"})


def _saved(manifest: dict[str, Any]) -> None:
    manifest["assertions"][0]["data"]["actions"].append({"action": "c2pa.saved"})


def _undotted(manifest: dict[str, Any]) -> None:
    manifest["assertions"].append({"label": "mine", "created": True, "data": {"a": 1}})


def _unlinked(manifest: dict[str, Any]) -> None:
    del manifest["assertions"][0]["data"]["actions"][1]["parameters"]


def _nobodys_words(manifest: dict[str, Any]) -> None:
    manifest["assertions"][0]["data"]["actions"].append({"action": "c2pa.addedText"})


def _mislinked(manifest: dict[str, Any]) -> None:
    link = manifest["assertions"][0]["data"]["actions"][1]["parameters"]["relatedAssertions"][0]
    link["hash"] = [1] * 32


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (_gather, "inception_action_position"),
        (_unversioned, "mandatory_spec_version"),
        (_incomplete, "mandatory_all_actions_included"),
        (_edited, "mandatory_dst_for_perceptible_transformations"),
        (_nobodys_words, "mandatory_dst_for_perceptible_transformations"),
        (_saved, "no_deprecated_actions"),
        (_undotted, "no_unrecognized_custom_assertions"),
        (_unlinked, "own_watermark_bound_to_its_soft_binding"),
        (_mislinked, "own_watermark_bound_to_its_soft_binding"),
    ],
)
def test_a_manifest_that_breaks_a_rule_is_told_so(
    spoil: Callable[[dict[str, Any]], None], name: str, studio: Studio
) -> None:
    manifest = credential.manifest(replace(FACTS, maker=TRAINED), "image/png")
    spoil(manifest)
    data = _signed_by_the_library(manifest, studio)
    assert name in _broken(data, "image/png", studio.signer.anchors)


def test_a_changed_file_breaks_integrity_and_a_strangers_root_trust(studio: Studio, stranger: Studio) -> None:
    data = credential.sign(encoded(photo(1)), "image/png", FACTS, studio.signer)
    assert _broken(data + b"x", "image/png", studio.signer.anchors) == {
        "valid_success": ["assertion.dataHash.mismatch"]
    }
    assert "trusted_success" in _broken(data, "image/png", stranger.signer.anchors)


def _broken(data: bytes, media_type: str, anchors: bytes) -> dict[str, list[Any]]:
    return {name: wrong for name, wrong in lint(data, media_type, anchors).items() if wrong}


def _signed_by_the_library(manifest: dict[str, Any], studio: Studio) -> bytes:
    """As any other program would sign it, with no care for what it says."""
    from c2pa import Builder, C2paSignerInfo, Context, Signer

    key, out = studio.signer.key, io.BytesIO()
    assert isinstance(key, bytes)
    with (
        Signer.from_info(C2paSignerInfo("es256", studio.signer.chain, key, None)) as signer,
        Context.from_dict(credential.offline(studio.signer.anchors)) as context,
        Builder(json.dumps(manifest), context) as builder,
    ):
        builder.sign(signer, "image/png", io.BytesIO(encoded(photo(1))), out)
    return out.getvalue()
