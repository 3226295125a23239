"""The page that verifies, in a real browser: what it shows of chosen files, in both languages, asking nobody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chromium import Tab, a_tab, needs_chromium
from hostile import good_proof, released
from ledgers import SIGNER
from rectoverso.i18n import catalogue
from rectoverso.verso.ledger.keyring import KeyRing
from rectoverso.verso.ledger.note import KeyKind
from rectoverso.verso.ledger.page import page
from rectoverso.verso.mark import watermark
from unit.verso.conftest import ASSET, decoded, encoded, photo

pytestmark = [pytest.mark.slow, needs_chromium]
KEY = KeyRing.of(next(key for key in SIGNER.public if key.kind is KeyKind.ED25519))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Released, stripped, changed with the proof of what it was, larger than the page looks at, and no picture."""
    folder, good = tmp_path_factory.mktemp("files"), released("image/png")
    changed = good[:-20] + bytes([good[-20] ^ 1]) + good[-19:]
    for name, data in {
        "a.png": good,
        "a.png.tlog-proof": good_proof().encode(),
        "b.png": encoded(decoded(good)),
        "c.png": changed,
        "c.png.tlog-proof": good_proof().encode(),
        "d.png": encoded(photo(1, 300)),
        "e.png": b"no picture",
        "f.png": encoded(watermark.embed(photo(2, 96), ASSET)),
    }.items():
        (folder / name).write_bytes(data)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with a_tab(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


def headings(tab: Tab) -> dict[str, list[str]]:
    """By file, what is said of the ledger and of the watermark."""
    listed = """[...document.querySelectorAll("article")].map((one) =>
        [one.querySelector("h2").textContent, [...one.querySelectorAll("h3")].map((line) => line.textContent)])"""
    return {name: list(said) for name, said in tab.value(listed)}


@pytest.mark.parametrize(("language", "width", "dark"), [("en-GB", 1000, False), ("zh-CN", 390, True)])
def test_it_says_of_each_file_what_is_so(
    tab: Tab, files: list[Path], tmp_path: Path, language: str, width: int, dark: bool
) -> None:
    place = tmp_path / "verify.html"
    place.write_text(page(KEY.text), encoding="utf-8")
    tab.open(place, width=width, dark=dark, language=language)
    tab.choose("#files", files)
    tab.until("document.querySelectorAll('article').length === 6")
    texts = catalogue(language[:2])
    word = {
        name: texts[f"layers.word.{name}"] for name in ("found", "not_found", "valid", "trusted", "not_valid")
    }
    said = headings(tab)
    assert list(said) == ["a.png", "b.png", "c.png", "d.png", "e.png", "f.png"]
    ledger = {name: lines[0] for name, lines in said.items()}
    assert all(word[one] in ledger["a.png"] for one in ("found", "valid", "trusted"))
    assert word["not_valid"] in ledger["c.png"]
    assert all(texts["layers.word.unasked"] in ledger[name] for name in ("b.png", "d.png", "e.png", "f.png"))
    assert "public" in said["f.png"][1]
    text = tab.value("document.querySelector('main').innerText")
    for key in ("page.too_large", "page.no_picture", "page.no_proof", "page.not_asked"):
        assert texts[key] in text
    assert tab.value("document.documentElement.lang") == ("en" if language == "en-GB" else "zh-Hans")
    assert not tab.value("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not tab.said
    assert {urlsplit(address).scheme for address in tab.asked} == {"file"}


def test_its_policy_lets_it_ask_nobody(tab: Tab, tmp_path: Path) -> None:
    place = tmp_path / "verify.html"
    place.write_text(page(KEY.text), encoding="utf-8")
    tab.open(place)
    asked = "fetch('http://127.0.0.1:9/').then(() => 'answered', () => 'refused')"
    assert tab.value(asked) == "refused"
    assert any("Content Security Policy" in line for line in tab.said)
    added = "(() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';"
    assert tab.value(f"{added} document.body.append(one); return window.ran ?? 'refused'; }})()") == "refused"
