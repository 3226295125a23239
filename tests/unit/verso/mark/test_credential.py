"""The credential: signed by C2PA's rules, read back without a network, and never believed when broken."""

from __future__ import annotations

import base64
import io
import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from authority import Authority, authority
from rectoverso.errors import SigningFailed, TimeStampFailed
from rectoverso.i18n import say
from rectoverso.types import Digest, Maker, Origin
from rectoverso.verso.mark import credential, label, png, signature
from rectoverso.verso.mark.credential import CredentialSigner, CredentialState, ManifestFacts
from rectoverso.verso.mark.visible import Placed
from rectoverso.verso.verify.credentials import ask_credential
from rectoverso.verso.verify.opening import Header
from unit.verso.conftest import ASSET, MAKER, Studio, encoded, make_signer, photo

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
FORMATS = label.MEDIA_TYPES
TRAINED = Maker("runs/first", "dcgan 1", Digest("5" * 64), Digest("6" * 64))


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
    assert {"c2pa.actions.v2", "c2pa.soft-binding", "c2pa.ai-disclosure", "rectoverso.asset"} <= set(created)
    assert not any("thumbnail" in label for label in created)
    first, second = store["c2pa.actions.v2"]["actions"]
    assert store["c2pa.actions.v2"]["allActionsIncluded"] is True
    assert first["action"] == "c2pa.created"
    assert first["digitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert first["softwareAgent"] == {"name": "runs/first", "version": "dcgan 1"}
    assert second["action"] == "c2pa.watermarked.bound"
    assert base64.b64decode(store["c2pa.soft-binding"]["blocks"][0]["value"]) == b"01234567"
    assert store["c2pa.ai-disclosure"]["contentProfile"] == {"humanOversightLevel": "prompt_guided"}
    assert store["rectoverso.asset"] == {
        "around": signature.around(signed(studio)) or "",
        "asset": ASSET,
        "policy": "general 1",
        "use": "art",
        "ledger": "ledger.example",
    }


def test_words_put_on_the_picture_are_an_action_with_their_place(studio: Studio) -> None:
    placed = (Placed("cn", "AI\n生成", 16, 9, 8, 49, 33), Placed("eu", "AI", 12, 40, 4, 20, 9))
    data = credential.sign(encoded(photo(1)), "image/png", replace(FACTS, placed=placed), studio.signer)
    actions = told(data, studio.signer.anchors)["assertion_store"]["c2pa.actions.v2"]["actions"]
    kinds = [action["action"] for action in actions]
    assert kinds == ["c2pa.created", "c2pa.addedText", "c2pa.addedText", "c2pa.watermarked.bound"]
    first = actions[1]
    assert first["digitalSourceType"].endswith("/algorithmicMedia")
    assert first["softwareAgent"] == {"name": "rectoverso", "version": "0.1.0"}
    (change,) = first["changes"]
    assert change["description"] == "AI生成"
    shape = change["region"][0]["shape"]
    assert (shape["type"], shape["unit"], shape["width"], shape["height"]) == ("rectangle", "pixel", 49, 33)
    assert shape["origin"] == {"x": 9, "y": 8}


def test_nothing_is_stated_that_is_not_known() -> None:
    facts = ManifestFacts(ASSET, Origin.CAPTURED, Maker("", ""), NOW, "rectoverso", "0.1.0")
    manifest = credential.manifest(facts, "image/png")
    labels = [item["label"] for item in manifest["assertions"]]
    assert labels == ["c2pa.actions.v2", "cawg.training-mining", "rectoverso.asset"]
    assert "softwareAgent" not in manifest["assertions"][0]["data"]["actions"][0]
    assert manifest["assertions"][2]["data"] == {"asset": ASSET, "around": signature.AROUND}
    assert manifest["ingredients"] == []


def test_what_a_run_promises_of_its_training_pictures_is_stated_and_of_a_photograph_nothing() -> None:
    private = replace(TRAINED, privacy="differential privacy: epsilon 3")
    for origin, expected in ((Origin.AI, private.privacy), (Origin.CAPTURED, None)):
        stated = credential.manifest(replace(FACTS, maker=private, origin=origin), "image/png")["assertions"]
        (asset,) = (item for item in stated if item["label"] == "rectoverso.asset")
        assert asset["data"].get("privacy") == expected


@pytest.mark.parametrize("language", ["en", "zh"])
def test_who_verifies_is_told_what_a_run_promises(studio: Studio, language: str) -> None:
    promise = "differential privacy: epsilon 9.999, delta 1e-05, neighbours: add or remove one picture"
    told = []
    for privacy in (promise, "epsilon 9.999"):
        data = signed(studio, facts=replace(FACTS, maker=replace(TRAINED, privacy=privacy)))
        _, layer = ask_credential(data, Header("image/png", 8, 8), studio.anchors)
        told.append(" ".join(say(row, language) for row in layer.evidence))
    assert "9.999" in told[0] and "1e-05" in told[0]  # noqa: PT018
    assert {"en": "Not covered", "zh": "不包括"}[language] in told[0]
    assert "9.999" not in told[1]  # no words of a signer's own


def test_the_curations_of_the_data_are_stated_and_of_a_photograph_none() -> None:
    curated = replace(TRAINED, manifests=(Digest("7" * 64), Digest("8" * 64)))
    for origin, expected in ((Origin.AI, f"{'7' * 64} {'8' * 64}"), (Origin.CAPTURED, None)):
        facts = replace(FACTS, maker=curated, origin=origin)
        (asset,) = (
            item for item in credential.manifest(facts, "image/png")["assertions"] if "asset" in item["label"]
        )
        assert asset["data"].get("curation") == expected


def test_model_and_data_are_ingredients_named_by_their_digests(studio: Studio) -> None:
    manifest = told(signed(studio, facts=replace(FACTS, maker=TRAINED)), studio.signer.anchors)
    store = manifest["assertion_store"]
    model, data = store["c2pa.ingredient.v3"], store["c2pa.ingredient.v3__1"]
    assert (model["relationship"], model["instanceID"]) == ("inputTo", "sha256:" + "5" * 64)
    assert (data["relationship"], data["instanceID"]) == ("inputTo", "sha256:" + "6" * 64)
    kinds = [one["dataTypes"][0]["type"] for one in (model, data)]
    assert kinds == ["c2pa.types.model", "c2pa.types.dataset"]
    created = store["c2pa.actions.v2"]["actions"][0]
    linked = [one["url"].rsplit("/", 1)[-1] for one in created["parameters"]["ingredients"]]
    assert linked == ["c2pa.ingredient.v3", "c2pa.ingredient.v3__1"]
    claim = manifest["claim"]
    hashes = {item["url"].rsplit("/", 1)[-1]: item["hash"] for item in claim["created_assertions"]}
    assert [one["hash"] for one in created["parameters"]["ingredients"]] == [hashes[name] for name in linked]


def test_training_on_the_picture_is_reserved_and_searching_is_not(studio: Studio) -> None:
    store = told(signed(studio), studio.signer.anchors)["assertion_store"]
    not_allowed = {"use": "notAllowed"}
    assert store["cawg.training-mining"]["entries"] == {
        "cawg.ai_training": not_allowed,
        "cawg.ai_generative_training": not_allowed,
    }


@pytest.mark.parametrize(
    ("origin", "ai"), [(Origin.AI, True), (Origin.EDITED, True), (Origin.CAPTURED, False)]
)
def test_each_origin_reads_back_as_stated(origin: Origin, ai: bool, studio: Studio) -> None:
    facts = ManifestFacts(ASSET, origin, MAKER, NOW, "rectoverso", "0.1.0")
    reading = credential.read(signed(studio, facts=facts), "image/png", studio.signer.anchors)
    assert reading.ai_generated is ai


@pytest.mark.parametrize("media_type", FORMATS)
def test_the_file_grows_by_little(media_type: str, studio: Studio) -> None:
    plain = encoded(photo(1, 256), FORMATS[media_type])
    facts = replace(FACTS, maker=TRAINED)
    assert len(credential.sign(plain, media_type, facts, studio.signer)) - len(plain) < 5120


@pytest.mark.parametrize("media_type", FORMATS)
def test_one_changed_byte_of_the_picture_makes_it_invalid(media_type: str, studio: Studio) -> None:
    data = bytearray(signed(studio, media_type))
    # TIFF puts the manifest at its end.
    data[40 if media_type in ("image/webp", "image/tiff") else len(data) - 30] ^= 1
    reading = credential.read(bytes(data), media_type, studio.signer.anchors)
    assert reading.state is CredentialState.INVALID
    kind = "bmffHash" if media_type == "image/avif" else "dataHash"
    assert f"assertion.{kind}.mismatch" in reading.codes


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
    with pytest.raises(SigningFailed, match="not by the certificate's key"):
        credential.sign(encoded(photo(1)), "image/png", FACTS, mixed)


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_key_service_signs_digests_and_no_key_is_at_hand(media_type: str, studio: Studio) -> None:
    asked: list[bytes] = []
    assert isinstance(studio.signer.key, bytes)
    at_the_service = signature.local(studio.signer.key)

    def service(digest: bytes) -> bytes:
        asked.append(digest)
        return at_the_service(digest)

    signer = CredentialSigner(studio.signer.chain, service, studio.signer.anchors)
    data = credential.sign(encoded(photo(1), FORMATS[media_type]), media_type, FACTS, signer)
    assert credential.read(data, media_type, signer.anchors).state is CredentialState.TRUSTED
    assert [len(digest) for digest in asked] == [32]


@pytest.mark.parametrize("answer", [b"", b"x" * 63, bytes(64), b"\xff" * 64])
def test_a_key_service_that_answers_badly_does_not_sign(answer: bytes, studio: Studio) -> None:
    signer = CredentialSigner(studio.signer.chain, lambda _digest: answer, studio.signer.anchors)
    with pytest.raises(SigningFailed):
        credential.sign(encoded(photo(1)), "image/png", FACTS, signer)


def test_a_long_chain_finds_its_room() -> None:
    long = make_signer("A" * 55)
    assert len(signature.Chain.of(long.chain, datetime.now(UTC)).header) > signature._LARGEST_HEADER
    data = credential.sign(encoded(photo(1)), "image/png", FACTS, long)
    assert credential.read(data, "image/png", long.anchors).state is CredentialState.TRUSTED


# Time-stamps


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authority(tmp_path_factory.mktemp("tsa")) as found:
        yield found


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_stamp_is_read_and_trusted_with_its_root(media_type: str, studio: Studio, tsa: Authority) -> None:
    plain = encoded(photo(1), FORMATS[media_type])
    data = credential.sign(plain, media_type, FACTS, replace(studio.signer, authority=tsa.url))
    assert len(data) - len(plain) < 15_360
    alone = credential.read(data, media_type, studio.signer.anchors)
    both = credential.read(data, media_type, studio.signer.anchors + tsa.root)
    assert alone.state is both.state is CredentialState.TRUSTED
    assert alone.stamp is not None
    assert both.stamp is not None
    assert (alone.stamp.trusted, both.stamp.trusted) == (False, True)
    assert abs(datetime.fromisoformat(both.stamp.time) - datetime.now(UTC)) < timedelta(minutes=1)


@dataclass(frozen=True)
class Ended:
    """A signer whose certificate has ended, and what it signed while that was valid, with a stamp and without."""

    signer: CredentialSigner
    stamped: bytes
    bare: bytes


@pytest.fixture(scope="module")
def ended(signer_ending: Callable[[timedelta], CredentialSigner], tsa: Authority) -> Ended:
    signer, plain = signer_ending(timedelta(seconds=3)), encoded(photo(1))
    stamped = credential.sign(plain, "image/png", FACTS, replace(signer, authority=tsa.url))
    bare = credential.sign(plain, "image/png", FACTS, signer)
    end = x509.load_pem_x509_certificate(signer.chain).not_valid_after_utc
    over = end + timedelta(seconds=1.1)  # it is valid throughout its last second
    time.sleep(max(0.0, (over - datetime.now(UTC)).total_seconds()))
    return Ended(signer, stamped, bare)


def test_a_trusted_stamp_outlives_the_certificate_and_nothing_else_does(ended: Ended, tsa: Authority) -> None:
    anchors = ended.signer.anchors
    both = anchors + tsa.root
    assert credential.read(ended.stamped, "image/png", both).state is CredentialState.TRUSTED
    assert credential.read(ended.stamped, "image/png", anchors).state is CredentialState.VALID
    assert credential.read(ended.bare, "image/png", both).state is CredentialState.VALID
    assert credential.read(ended.stamped + b"x", "image/png", both).state is CredentialState.INVALID


def test_after_the_certificate_ends_the_file_is_unchanged_but_no_longer_trusted(ended: Ended) -> None:
    reading = credential.read(ended.bare, "image/png", ended.signer.anchors)
    assert reading.state is CredentialState.VALID
    assert any(code.startswith("signingCredential") for code in reading.codes)
    spoilt = credential.read(ended.bare + b"x", "image/png", ended.signer.anchors)
    assert spoilt.state is CredentialState.INVALID


def test_an_ended_certificate_cannot_be_brought_back_by_a_new_stamp(
    signer_ending: Callable[[timedelta], CredentialSigner], tsa: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps the key after the end, and a program that does not look at dates, still gets no trusted file."""
    signer = replace(signer_ending(timedelta(hours=-1)), authority=tsa.url)
    chain = signature.Chain.of(signer.chain, datetime.now(UTC) - timedelta(hours=2))
    monkeypatch.setattr(signature.Chain, "of", lambda *_: chain)
    data = credential.sign(encoded(photo(1)), "image/png", FACTS, signer)
    assert credential.read(data, "image/png", signer.anchors + tsa.root).state is not CredentialState.TRUSTED


def test_a_stamp_of_another_signature_is_no_stamp(studio: Studio, tsa: Authority) -> None:
    signer = replace(studio.signer, authority=tsa.url)
    one, other = (credential.sign(encoded(photo(n)), "image/png", FACTS, signer) for n in (1, 2))
    stamps = [_stamp_in(data) for data in (one, other)]
    assert len(stamps[0]) == len(stamps[1])
    moved = png.join((kind, body.replace(stamps[0], stamps[1])) for kind, body in png.chunks(one))
    reading = credential.read(moved, "image/png", signer.anchors + tsa.root)
    assert reading.stamp is None


def _stamp_in(data: bytes) -> bytes:
    at = data.index(b"\x63val\x59") + 7
    return data[at : at + int.from_bytes(data[at - 2 : at])]


@pytest.mark.parametrize(
    "answer", [b"", b"\x30", b"hello", bytes.fromhex("3003020102"), bytes.fromhex("30053003020100")]
)
def test_an_authority_that_answers_badly_stops_the_signing(
    answer: bytes, studio: Studio, tsa: Authority
) -> None:
    try:
        tsa.answer = answer
        with pytest.raises(TimeStampFailed):
            credential.sign(encoded(photo(1)), "image/png", FACTS, replace(studio.signer, authority=tsa.url))
    finally:
        tsa.answer = None


def test_a_stamp_of_earlier_is_refused(studio: Studio, tsa: Authority) -> None:
    try:
        credential.sign(encoded(photo(1)), "image/png", FACTS, replace(studio.signer, authority=tsa.url))
        tsa.answer = (tsa.folder / "reply").read_bytes()
        with pytest.raises(TimeStampFailed, match="another question"):
            credential.sign(encoded(photo(1)), "image/png", FACTS, replace(studio.signer, authority=tsa.url))
    finally:
        tsa.answer = None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "file:///etc/hostname", "ftp://127.0.0.1/", "nonsense"]
)
def test_an_authority_that_is_not_there_stops_the_signing(url: str, studio: Studio) -> None:
    with pytest.raises(TimeStampFailed):
        credential.sign(encoded(photo(1)), "image/png", FACTS, replace(studio.signer, authority=url))


# Reading


def test_an_ended_certificate_does_not_sign(signer_ending: Callable[[timedelta], CredentialSigner]) -> None:
    with pytest.raises(SigningFailed, match="not valid at time of signing"):
        credential.sign(encoded(photo(1)), "image/png", FACTS, signer_ending(timedelta(hours=-1)))


def test_ours_and_the_official_reader_agree_on_every_state(studio: Studio, stranger: Studio) -> None:
    """In two things ours says more, each with a test of its own: after the certificate's end the official state of an
    unchanged file is invalid, ours valid; and a byte that C2PA does not cover is seen by the checksum.
    """
    for media_type in FORMATS:
        data = signed(studio, media_type)
        broken = bytearray(data)
        broken[data.index(b"c2pa.actions.v2") + 200] ^= 1
        for file in (data, data + b"x", bytes(broken)):
            for root in (studio.signer.anchors, stranger.signer.anchors):
                ours = credential.read(file, media_type, root).state
                assert ours == official(file, media_type, root), (media_type, len(file))
        assert official(encoded(photo(1), FORMATS[media_type]), media_type, root) == "none"
        assert credential.read(encoded(photo(1), FORMATS[media_type]), media_type, root).state == "none"


def official(data: bytes, media_type: str, anchors: bytes) -> str:
    """The state by the official reader, with nothing set but what to trust."""
    from c2pa import C2paError, Context, Reader

    settings = {"version": 1, "trust": {"trust_anchors": anchors.decode()}}
    try:
        with (
            Context.from_dict(settings) as context,
            Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            return str(reader.get_validation_state()).lower()
    except C2paError.ManifestNotFound:
        return "none"
    except C2paError:
        return "unreadable"


@pytest.mark.parametrize("media_type", [kind for kind in FORMATS if kind != "image/png"])
def test_a_byte_that_no_signature_covers_is_seen_by_the_checksum(media_type: str, studio: Studio) -> None:
    data = bytearray(signed(studio, media_type))
    at = data.index(b"cpad\x59", data.index(b"c2pa.signature\0")) + 8
    data[at] ^= 1
    reading = credential.read(bytes(data), media_type, studio.signer.anchors)
    assert (reading.state, reading.codes) == (CredentialState.INVALID, (credential.CHECKSUM,))
    assert official(bytes(data), media_type, studio.signer.anchors) == "trusted"


@pytest.mark.parametrize("media_type", FORMATS)
def test_reading_opens_no_socket(media_type: str, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """No socket of Python; that the library asks for none either is shown below, by a server that hears nothing."""

    def forbidden(*_: object) -> None:
        raise AssertionError("a socket was asked for")

    data = signed(studio, media_type)
    monkeypatch.setattr(socket, "socket", forbidden)
    assert credential.read(data, media_type, studio.signer.anchors).state is CredentialState.TRUSTED


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
