"""The page that verifies in a browser answers as `verso verify` does: its code, run by Node, beside ours."""

from __future__ import annotations

import json
import random
import re
from hashlib import sha256
from typing import Any

import numpy as np
import pytest

from browser import a_file, ask, b64, given, needs_node, of_ledger, of_pixels, show
from hostile import good_proof, released
from ledgers import OTHER, RING, SIGNER, signing
from rectoverso.i18n import LANGUAGES, catalogue, say
from rectoverso.types import AssetId, Digest
from rectoverso.verso.ledger.checkpoint import Checkpoint
from rectoverso.verso.ledger.keyring import Era, KeyRing
from rectoverso.verso.ledger.merkle import leaf_hash
from rectoverso.verso.ledger.note import KeyKind
from rectoverso.verso.ledger.page import page
from rectoverso.verso.ledger.proof import write_proof
from rectoverso.verso.ledger.signing import sign_checkpoint
from rectoverso.verso.mark import watermark
from rectoverso.verso.verify.layers import does_not_prove, proves, state
from rectoverso.verso.verify.ledgers import ask_ledgers
from unit.verso.conftest import ASSET, decoded, photo

ED25519 = next(key for key in SIGNER.public if key.kind is KeyKind.ED25519)
KEY = KeyRing.of(ED25519)


def ours(file: bytes, proof: bytes, *rings: KeyRing) -> tuple[object, ...]:
    text = proof.decode("utf-8", "replace")
    layer = ask_ledgers(Digest(sha256(file).hexdigest()), None, None, text, rings or (KEY,)).reading
    return layer.found, layer.valid, layer.trusted, layer.code, state(layer)


def theirs(answer: dict[str, Any]) -> tuple[object, ...]:
    return tuple(answer[part] for part in ("found", "valid", "trusted", "code", "state"))


@needs_node
def test_a_proof_that_holds() -> None:
    file = released("image/png")
    (answer,) = ask(page(), of_ledger(file, good_proof().encode(), KEY.text))
    assert theirs(answer) == (True, True, True, "released", "trusted") == ours(file, good_proof().encode())
    assert answer["facts"]["asset"] == ASSET


@needs_node
@pytest.mark.parametrize("step", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_changed_bytes_of_a_proof_are_answered_as_by_the_verifier(step: int) -> None:
    """One in so many of them, and the slow test every one."""
    file, proof = released("image/png"), good_proof().encode()
    chance = random.Random(8)
    mutated = [
        proof[:at] + bytes([proof[at] ^ chance.choice((1, 2, 0x20, 0x80))]) + proof[at + 1 :]
        for at in range(0, len(proof), step)
    ]
    mutated += [proof[:at] for at in range(0, len(proof), 9 * step)] + [
        proof + b"\n",
        b"\xef\xbb\xbf" + proof,
        b"",
    ]
    answers = ask(page(), *(of_ledger(file, one, KEY.text) for one in mutated))
    told = [ours(file, one) for one in mutated]
    assert [theirs(answer) for answer in answers] == told
    assert {code for *_, code, _ in told} >= {"unreadable", "unsigned", "unknown_ledger"}


@needs_node
def test_a_changed_file_a_foreign_key_and_other_trees() -> None:
    file, proof = released("image/png"), good_proof().encode()
    other = KeyRing.of(next(key for key in OTHER.public if key.kind is KeyKind.ED25519))
    stranger = KeyRing.of(next(key for key in signing(3, "elsewhere").public if key.kind is KeyKind.ED25519))
    later = KeyRing((Era(0, (ED25519,)), Era(2**40, other.eras[0].keys)))
    earlier = KeyRing((Era(0, other.eras[0].keys), Era(1, (ED25519,))))
    questions = [
        (file + b"x", KEY, "other_file"),
        (file, other, "unsigned"),
        (file, stranger, "unknown_ledger"),
        (file, later, "released"),
        (file, earlier, "released"),
        (file, RING, "released"),
    ]
    answers = ask(page(), *(of_ledger(data, proof, ring.text) for data, ring, _ in questions))
    assert [answer["code"] for answer in answers] == [code for *_, code in questions]
    assert [theirs(answer) for answer in answers] == [ours(data, proof, ring) for data, ring, _ in questions]


@needs_node
def test_trees_of_every_shape() -> None:
    from rectoverso.verso.ledger import merkle

    file = released("image/png")
    entry = json.dumps({"kind": "released", "file_digest": sha256(file).hexdigest(), "asset": ASSET}).encode()
    proofs, wrong = [], []
    for size in (1, 2, 3, 6, 7, 8, 13):
        for index in range(size):
            hashes = [leaf_hash(entry if n == index else bytes([n])) for n in range(size)]
            nodes = {(0, n): value for n, value in enumerate(hashes)}
            for level in range(1, 4):
                for n in range(size >> level):
                    nodes[level, n] = merkle.node_hash(nodes[level - 1, 2 * n], nodes[level - 1, 2 * n + 1])
            root = merkle.root([nodes[node] for node in merkle.range_nodes(0, size)])
            note = sign_checkpoint(Checkpoint(KEY.origin, size, root), [SIGNER], 0).encode()
            ranges = merkle.inclusion_ranges(index, size)
            path = merkle.hashes_of(ranges, nodes)
            proofs.append(write_proof(index, path, note, entry).encode())
            wrong.append(write_proof((index + 1) % (size + 1), path, note, entry).encode())
            wrong.append(write_proof(index, [*path, bytes(32)], note, entry).encode())
    answers = ask(page(), *(of_ledger(file, proof, KEY.text) for proof in [*proofs, *wrong]))
    assert all(answer["code"] == "released" for answer in answers[: len(proofs)])
    assert [theirs(answer) for answer in answers] == [ours(file, proof) for proof in [*proofs, *wrong]]
    assert all(answer["valid"] is False for answer in answers[len(proofs) :])


@needs_node
def test_keys_that_are_none_are_said() -> None:
    file, proof = released("image/png"), good_proof().encode()
    spoilt = KEY.text.replace("+", "+0", 1)
    for answer in ask(page(), of_ledger(file, proof, "hello"), of_ledger(file, proof, spoilt)):
        assert answer == {"error": "bad"}


@needs_node
def test_the_watermark_is_read_as_by_the_verifier() -> None:
    sides = [(16, 16), (32, 32), (40, 100), (64, 64), (96, 96), (200, 130), (255, 255)]
    marked = [
        watermark.embed(photo(n, max(size))[: size[0], : size[1]], ASSET) for n, size in enumerate(sides)
    ]
    marked += [watermark.embed(photo(8, 64, channels=channels), ASSET) for channels in (1, 4)]
    marked += [np.ascontiguousarray(np.rot90(marked[4], 1)), np.ascontiguousarray(marked[2][:, ::-1])]
    answers = ask(page(), *map(of_pixels, marked))
    for picture, answer in zip(marked, answers, strict=True):
        detection = watermark.detect(picture)
        if not detection.found:
            detection = watermark.detect(picture, anyhow=True)
        assert answer["found"] is True, picture.shape
        assert ASSET.startswith(answer["asset"])
        assert answer["asset"] == detection.prefix


@needs_node
def test_what_is_neither_found_nor_ruled_out_is_inconclusive() -> None:
    marked = watermark.embed(photo(3, 40), ASSET)
    noise = np.random.default_rng(3).normal(0, 8, marked.shape)
    (answer,) = ask(page(), of_pixels(np.clip(marked + noise, 0, 255).astype(np.uint8)))
    assert 1e-6 < answer["p_value"] < 1e-3
    assert (answer["found"], answer["code"]) == (None, "inconclusive")


@needs_node
def test_its_p_value_is_that_of_the_verifier() -> None:
    """Eight ways are paid for there, and one here; the same bound otherwise."""
    from rectoverso.verso.mark.watermark import lattice
    from rectoverso.verso.mark.watermark.light import brightness

    pictures = [watermark.embed(photo(n, 64), AssetId(f"{n:012x}")) for n in range(3)]
    for picture, answer in zip(pictures, ask(page(), *map(of_pixels, pictures)), strict=True):
        log_p = lattice.read(brightness(picture, None), watermark.PUBLIC_KEY).log_p
        assert np.log(answer["p_value"]) == pytest.approx(log_p + np.log(8), rel=0.01)


@needs_node
def test_pictures_without_a_mark_or_of_another_size_have_none() -> None:
    plain = [photo(number, 64) for number in range(12)] + [np.full((64, 64, 3), 128, np.uint8)]
    assert not any(answer["found"] for answer in ask(page(), *map(of_pixels, plain)))
    small, large = ask(page(), of_pixels(photo(1, 12)), of_pixels(photo(1, 300)))
    assert (small["found"], small["code"]) == (None, "too_small")
    assert (large["found"], large["code"]) == (None, "too_large")


# The page


def test_it_can_ask_no_network_and_runs_its_own_script_alone() -> None:
    text = page(KEY.text)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("base-uri") == rules.pop("form-action") == "'none'"
    for part in ("script", "style"):
        (content,) = re.findall(rf"<{part}>(.*?)</{part}>", text, re.DOTALL)
        assert rules.pop(f"{part}-src") == f"'sha256-{b64(sha256(content.encode()).digest())}'"
    assert not rules
    assert not re.search(r"https?:|//[a-z]|@import|url\(|src=|href=|innerHTML|eval\(|\son\w+=", text)


def test_every_sentence_that_it_says_is_in_it() -> None:
    text = page()
    named = set(
        re.findall(
            r'"(page\.\w+|verify\.evidence\.\w+)"', text.split('id="given"')[1].split("</script>", 1)[1]
        )
    )
    named |= set(re.findall(r'data-says="([\w.]+)"', text))
    for language in LANGUAGES:
        assert named <= set(given(text)["texts"][language])
        assert {key for key in catalogue(language) if key.startswith("page.")} <= set(
            given(text)["texts"][language]
        )
    assert {key for key in catalogue("en") if key.startswith("page.")} <= named


def test_keys_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>"
    text = page(evil)
    assert evil not in text
    assert given(text)["keys"] == evil


# What it shows


def shown(step: dict[str, Any]) -> list[str]:
    return [text for _, text in step["rows"]]


@needs_node
def test_it_shows_what_verify_says_of_the_proof_in_both_languages() -> None:
    file, proof = released("image/png"), good_proof().encode()
    chosen = [a_file("a.png", file, decoded(file)), a_file("a.png.tlog-proof", proof)]
    english, chinese = show(page(KEY.text), {"files": chosen}, {"click": True})
    reading = ask_ledgers(Digest(sha256(file).hexdigest()), None, None, proof.decode(), [KEY]).reading
    (row,) = reading.evidence
    for step, language, tag in ((english, "en", "en"), (chinese, "zh", "zh-Hans")):
        rows = shown(step)
        assert step["lang"] == tag
        assert step["title"] == catalogue(language)["page.title"]
        assert rows[0] == "a.png"
        assert say(row, language) in rows
        for part in (proves("ledger", reading), does_not_prove("ledger", reading)):
            assert part is not None
            assert any(say(part, language) in text for text in rows)
        heading = next(text for text in rows if catalogue(language)["layers.ledger.name"] in text)
        assert catalogue(language)["layers.word.trusted"] in heading
        assert rows[-1] == catalogue(language)["page.not_asked"]
        assert all(step["fixed"])
        assert not [text for text in rows if re.search(r"{|\b(page|verify|layers)\.\w", text)]


@needs_node
def test_it_begins_in_the_language_of_the_browser() -> None:
    (step,) = show(page(), {"files": []}, language="zh-CN")
    assert step["title"] == catalogue("zh")["page.title"]


@needs_node
def test_what_it_cannot_tell_it_says_in_words_of_its_own() -> None:
    file, proof = released("image/png"), good_proof().encode()
    a_proof, a_picture = a_file("a.png.tlog-proof", proof), a_file("a.png", file)
    steps = [
        ({"files": [a_picture, a_proof]}, "unknown_ledger"),
        ({"keys": ["hello"]}, "bad_keys"),
        ({"files": [a_picture]}, "no_proof"),
        ({"files": [a_proof]}, "no_file"),
        ({"files": [a_picture]}, "no_picture"),
        ({"files": [a_file("b.png", b"", photo(1, 300))]}, "too_large"),
        ({"files": [a_file("b.png", b"", np.zeros((16, 1100, 3), np.uint8))]}, "too_large"),
    ]
    for language in LANGUAGES:
        told = show(page(), *(step for step, _ in steps), language=language)
        for step, (_, key) in zip(told, steps, strict=True):
            assert catalogue(language)[f"page.{key}"] in shown(step), key
            assert not any("--ledger-key" in text for text in shown(step))


@needs_node
def test_it_says_whether_the_watermark_is_that_of_the_proof() -> None:
    file, proof = released("image/png"), good_proof().encode()
    other = watermark.embed(photo(2, 96), AssetId("f" * 12))
    for pixels, key in ((watermark.embed(photo(2, 96), ASSET), "agrees"), (other, "disagrees")):
        chosen = [a_file("a.png", file, pixels), a_file("a.png.tlog-proof", proof)]
        (step,) = show(page(KEY.text), {"files": chosen})
        assert any(catalogue("en")[f"page.{key}"].format(asset=ASSET) in text for text in shown(step))
    (step,) = show(page(KEY.text), {"files": [a_file("a.png", file, other)]})
    assert not any(ASSET in text for text in shown(step))


@needs_node
def test_of_two_questions_in_a_row_only_the_last_is_answered() -> None:
    file, proof = released("image/png"), good_proof().encode()
    chosen = [a_file("a.png", file), a_file("a.png.tlog-proof", proof)]
    _, both, again = show(page(), {"files": chosen}, {"keys": ["hello", KEY.text]}, {"keys": [KEY.text]})
    assert both["times"] == again["times"] == 1
    assert shown(both) == shown(again)
    assert catalogue("en")["page.bad_keys"] not in shown(both)
