"""The credential: signed by C2PA's rules, read back without a network, and never believed when broken."""

from __future__ import annotations

import io
import json
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rectoverso.errors import SigningFailed
from rectoverso.types import Maker, Origin
from rectoverso.verso.mark import credential, label
from rectoverso.verso.mark.credential import CredentialSigner, CredentialState, ManifestFacts
from unit.verso.conftest import ASSET, MAKER, Studio, encoded, photo

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FACTS = ManifestFacts(
    asset=ASSET,
    origin=Origin.AI,
    maker=MAKER,
    created=NOW,
    generator="rectoverso",
    generator_version="0.1.0",
    watermark=ASSET[:8],
    policy="general 1",
    use="art",
    ledger="ledger.example",
    oversight="prompt_guided",
)
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def signed(studio: Studio, media_type: str = "image/png", facts: ManifestFacts = FACTS) -> bytes:
    return credential.sign(encoded(photo(1), FORMATS[media_type]), media_type, facts, studio.signer)


def told(data: bytes, anchors: bytes) -> dict[str, Any]:
    """The active manifest as the official reader gives it, with nothing but the trust anchors set."""
    from c2pa import Context, Reader

    settings = {"version": 1, "trust": {"trust_anchors": anchors.decode()}}
    with (
        Context.from_dict(settings) as context,
        Reader("image/png", io.BytesIO(data), context=context) as reader,
    ):
        assert reader.get_validation_state() == "Trusted"
        store = json.loads(reader.detailed_json())
    return dict(store["manifests"][store["active_manifest"]])


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_signed_file_is_trusted_with_its_root_and_valid_without(media_type: str, studio: Studio) -> None:
    data = signed(studio, media_type)
    trusted = credential.read(data, media_type, studio.signer.anchors)
    assert trusted.state is CredentialState.TRUSTED
    assert (trusted.signer, trusted.asset, trusted.ai_generated) == ("A studio", ASSET, True)
    assert trusted.codes == ()
    assert trusted.claim_generator == "rectoverso 0.1.0"
    assert credential.read(data, media_type).state is CredentialState.VALID
    assert credential.read(data, media_type).codes == ("signingCredential.untrusted",)


def test_the_root_of_another_does_not_make_it_trusted(studio: Studio, stranger: Studio) -> None:
    reading = credential.read(signed(studio), "image/png", stranger.signer.anchors)
    assert reading.state is CredentialState.VALID


def test_the_manifest_states_what_c2pa_2_4_asks_in_created_assertions(studio: Studio) -> None:
    manifest = told(signed(studio), studio.signer.anchors)
    claim, store = manifest["claim"], manifest["assertion_store"]
    assert claim["claim_generator_info"]["specVersion"] == "2.4.0"
    assert not claim.get("gathered_assertions")
    created = [item["url"].rsplit("/", 1)[-1] for item in claim["created_assertions"]]
    assert created[0] == "c2pa.actions.v2"
    assert {"c2pa.soft-binding", "c2pa.ai-disclosure", "rectoverso.asset"} <= set(created)
    assert not any("thumbnail" in label for label in created)
    first, second = store["c2pa.actions.v2"]["actions"]
    assert store["c2pa.actions.v2"]["allActionsIncluded"] is True
    assert first["action"] == "c2pa.created"
    assert first["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert first["softwareAgent"] == {"name": "runs/first", "version": "dcgan 1"}
    assert second["action"] == "c2pa.watermarked.bound"
    assert store["c2pa.soft-binding"]["blocks"][0]["value"] == "01234567"
    assert store["c2pa.ai-disclosure"]["contentProfile"] == {"humanOversightLevel": "prompt_guided"}
    assert store["rectoverso.asset"] == {
        "asset": ASSET,
        "run": "5" * 64,
        "policy": "general 1",
        "use": "art",
        "ledger": "ledger.example",
    }


def test_nothing_is_stated_that_is_not_known() -> None:
    facts = ManifestFacts(ASSET, Origin.CAPTURED, Maker("", ""), NOW, "rectoverso", "0.1.0")
    manifest = credential.manifest(facts, "image/png")
    assert [item["label"] for item in manifest["assertions"]] == ["c2pa.actions.v2", "rectoverso.asset"]
    assert "softwareAgent" not in manifest["assertions"][0]["data"]["actions"][0]
    assert manifest["assertions"][1]["data"] == {"asset": ASSET}


@pytest.mark.parametrize(
    ("origin", "ai"), [(Origin.AI, True), (Origin.EDITED, True), (Origin.CAPTURED, False)]
)
def test_each_origin_reads_back_as_stated(origin: Origin, ai: bool, studio: Studio) -> None:
    facts = ManifestFacts(ASSET, origin, MAKER, NOW, "rectoverso", "0.1.0")
    reading = credential.read(signed(studio, facts=facts), "image/png", studio.signer.anchors)
    assert reading.ai_generated is ai


def test_the_file_grows_by_little(studio: Studio) -> None:
    plain = encoded(photo(1, 256))
    assert len(credential.sign(plain, "image/png", FACTS, studio.signer)) - len(plain) < 5500


@pytest.mark.parametrize("media_type", FORMATS)
def test_one_changed_byte_of_the_picture_makes_it_invalid(media_type: str, studio: Studio) -> None:
    data = bytearray(signed(studio, media_type))
    data[len(data) - 30 if media_type != "image/webp" else 40] ^= 1
    reading = credential.read(bytes(data), media_type, studio.signer.anchors)
    assert reading.state is CredentialState.INVALID
    assert "assertion.dataHash.mismatch" in reading.codes


def test_a_broken_credential_is_not_quoted(studio: Studio) -> None:
    """Its signer is named only if the anchors lead to it; what it states about the picture, never."""
    broken = signed(studio) + b"x"
    with_root, without = (
        credential.read(broken, "image/png", root) for root in (studio.signer.anchors, None)
    )
    assert with_root.state is without.state is CredentialState.INVALID
    assert (with_root.signer, without.signer) == ("A studio", None)
    assert with_root.asset is None
    assert with_root.ai_generated is None


def test_a_key_that_is_not_the_certificates_does_not_sign(studio: Studio, stranger: Studio) -> None:
    mixed = CredentialSigner(studio.signer.chain, stranger.signer.key, studio.signer.anchors)
    with pytest.raises(SigningFailed):
        credential.sign(encoded(photo(1)), "image/png", FACTS, mixed)


def test_an_ended_certificate_does_not_sign(signer_ending: Callable[[timedelta], CredentialSigner]) -> None:
    with pytest.raises(SigningFailed, match="not valid at time of signing"):
        credential.sign(encoded(photo(1)), "image/png", FACTS, signer_ending(timedelta(hours=-1)))


def test_after_the_certificate_ends_the_file_is_unchanged_but_no_longer_trusted(
    signer_ending: Callable[[timedelta], CredentialSigner],
) -> None:
    signer = signer_ending(timedelta(seconds=1))
    data = credential.sign(encoded(photo(1)), "image/png", FACTS, signer)
    time.sleep(2.5)  # certificates end at whole seconds
    reading = credential.read(data, "image/png", signer.anchors)
    assert reading.state is CredentialState.VALID
    assert any(code.startswith("signingCredential") for code in reading.codes)
    assert credential.read(data + b"x", "image/png", signer.anchors).state is CredentialState.INVALID


@pytest.mark.parametrize("data", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"])
@pytest.mark.parametrize("media_type", FORMATS)
def test_bytes_that_are_no_picture_never_raise(data: bytes, media_type: str) -> None:
    assert credential.read(data, media_type).state in (CredentialState.NONE, CredentialState.UNREADABLE)


def test_no_file_makes_the_reader_ask_a_network(studio: Studio) -> None:
    """An XMP packet may name a manifest on a server; nobody must hear from us."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/manifest.c2pa"
        packet = label.xmp_packet(label.Label(asset=ASSET)).replace(
            b'rdf:about=""',
            f'rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{address}"'.encode(),
        )
        for media_type in FORMATS:
            data = label.write(photo(1), packet, media_type)
            reading = credential.read(data, media_type, studio.signer.anchors)
            assert reading.state is CredentialState.NONE
            assert reading.codes in ((), (credential.REMOTE,))
        with pytest.raises(TimeoutError):
            server.accept()
