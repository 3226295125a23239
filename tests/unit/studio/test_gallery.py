"""However many images come, an address shows the same ones; and nobody is shown what they may not know of."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hanging import OTHER, asset, hang
from rectoverso.store.people import Role
from rectoverso.studio.pages.gallery import AT_ONCE
from rectoverso.types import Digest, Maker
from visitor import Visitors

MANY = 2 * AT_ONCE + 10


@pytest.fixture(scope="module")
def hung(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    """A gallery of a hundred and more."""
    visitors = Visitors(Path(shutil.copytree(template, tmp_path_factory.mktemp("gallery") / "home")))
    visitors.hire(Role.VIEWER, Role.REVIEWER)
    hang(visitors.home, *range(MANY))
    return visitors


def shown(text: str) -> list[int]:
    return [int(one, 16) for one in re.findall(r'href="/gallery/([0-9a-f]{12})"', text)]


def link(text: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]*)"', text)
    return found[1].replace("&amp;", "&") if found else None


def walked(studio: Visitors, role: Role, address: str, rel: str = "next") -> list[list[int]]:
    pages: list[list[int]] = []
    at: str | None = address
    while at is not None:
        text = studio.get(at, role).text
        pages.append(shown(text))
        at = link(text, rel)
    return pages


def all_of(pages: list[list[int]]) -> list[int]:
    return [number for page in pages for number in page]


def test_pages_lead_through_all_of_them_and_back(hung: Visitors) -> None:
    pages = walked(hung, Role.REVIEWER, "/gallery")
    assert [len(page) for page in pages] == [AT_ONCE, AT_ONCE, MANY - 2 * AT_ONCE]
    assert all_of(pages) == list(range(MANY))[::-1]
    back = walked(hung, Role.REVIEWER, f"/gallery?before={100 + MANY - 2 * AT_ONCE}", "prev")
    assert back == [pages[2], pages[1], pages[0]]


def test_an_address_shows_the_same_whatever_came_since(place: Path) -> None:
    visitors = Visitors(place)
    hang(visitors.home, *range(AT_ONCE + 3))
    older = link(visitors.get("/gallery").text, "next")
    assert older
    before = shown(visitors.get(older).text)
    hang(visitors.home, AT_ONCE + 3)
    assert shown(visitors.get(older).text) == before == [2, 1, 0]


def test_what_was_not_released_is_for_reviewers(hung: Visitors) -> None:
    held = [number for number in range(MANY) if number % 10 == 5]
    assert all_of(walked(hung, Role.REVIEWER, "/gallery?decision=hold")) == held[::-1]
    for address in ("/gallery", "/gallery?decision=hold", "/gallery?decision=nonsense"):
        assert not set(all_of(walked(hung, Role.VIEWER, address))) & set(held), address
    place = f"/gallery/{held[0]:012x}"
    assert hung.get(place, Role.VIEWER).status_code == 404
    text = hung.get(place, Role.REVIEWER).text
    assert "/file" not in text
    assert f"<code>{held[0]}</code>" in text, "the seed"


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (f"maker={OTHER}", range(20)),
        ("until=2026-06-01", range(20)),
        ("since=2026-07-01&until=2026-07-01", range(20, MANY)),
        ("since=nonsense", range(MANY)),
        ("use=art", range(1, MANY, 2)),
        ("use=art&until=2026-06-30", range(1, 20, 2)),
        ("use=nothing", ()),
    ],
)
def test_filters(hung: Visitors, filters: str, wanted: range) -> None:
    assert all_of(walked(hung, Role.REVIEWER, f"/gallery?{filters}")) == list(wanted)[::-1]


def test_all_that_made_some_can_be_looked_for(hung: Visitors) -> None:
    text = hung.get("/gallery", Role.VIEWER).text
    assert re.findall(r'<option value="([0-9a-f]{64})"', text) == ["a" * 64, OTHER]


def test_an_image_shows_both_sides(hung: Visitors) -> None:
    text = hung.get("/gallery/000000000002", Role.VIEWER).text
    for part in ("file", "proof"):
        assert f'href="/api/v1/assets/000000000002/{part}"' in text
    assert 'download="000000000002.png.tlog-proof"' in text, "the name by which `verso verify` finds it"
    assert 'href="/ledger/102"' in text
    assert hung.get("/gallery/ffffffffffff", Role.VIEWER).status_code == 404
    assert hung.get("/gallery/../etc", Role.VIEWER).status_code == 404


def test_what_made_nothing_but_held_images_is_named_to_who_inspects_alone(place: Path) -> None:
    visitors = Visitors(place)
    visitors.hire(Role.VIEWER, Role.AUDITOR)
    secret = replace(asset(5), maker=Maker("the secret model", "1", Digest("c" * 64)))
    with visitors.home.database.transaction() as tx:
        visitors.home.assets.record(tx, secret)
    assert "the secret model" not in visitors.get("/gallery", Role.VIEWER).text
    assert "the secret model" in visitors.get("/gallery", Role.AUDITOR).text
