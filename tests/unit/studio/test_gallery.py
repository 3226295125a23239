"""However many images come, an address shows the same ones; and nobody is shown what they may not know of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rectoverso.store.assets import Asset
from rectoverso.store.people import Role
from rectoverso.studio.pages.gallery import AT_ONCE
from rectoverso.types import AssetId, Decision, Digest, Maker, Origin
from rectoverso.workflow.keys import open_keys
from visitor import Visitors

MANY = 2 * AT_ONCE + 10
OTHER = Digest("b" * 64)


def asset(number: int) -> Asset:
    """Each tenth is held; the first twenty are of June, and of another maker."""
    is_old = number < 20
    return Asset(
        id=AssetId(f"{number:012x}"),
        request=f"{number:064x}",
        decision=Decision.HOLD if number % 10 == 5 else Decision.RELEASE,
        decided_at=f"2026-0{6 if is_old else 7}-01T12:00:00+00:00",
        ledger_index=100 + number,
        maker=Maker("dcgan", "1", OTHER if is_old else Digest("a" * 64)),
        origin=Origin.AI,
        use="art" if number % 2 else "general",
        seed=number,
        source=None,
        policy="general@1",
        findings=[],
        reasons=[],
        file_name="",
        media_type="image/png",
        file_digest=Digest(f"{number:064x}"),
        pixels_digest=Digest(f"{number:064x}"),
        fingerprint=b"",
    )


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    """A gallery of a hundred and more."""
    visitors = Visitors(tmp_path_factory.mktemp("gallery") / "home")
    open_keys(visitors.home)
    visitors.hire(Role.VIEWER, Role.REVIEWER)
    with visitors.home.database.transaction() as tx:
        for number in range(MANY):
            visitors.home.assets.record(tx, asset(number))
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


def test_pages_lead_through_all_of_them_and_back(hung: Visitors) -> None:
    pages = walked(hung, Role.REVIEWER, "/gallery")
    assert [len(page) for page in pages] == [AT_ONCE, AT_ONCE, MANY - 2 * AT_ONCE]
    assert sum(pages, []) == list(range(MANY))[::-1]
    back = walked(hung, Role.REVIEWER, f"/gallery?before={100 + MANY - 2 * AT_ONCE}", "prev")
    assert back == [pages[2], pages[1], pages[0]]


def test_an_address_shows_the_same_whatever_came_since(tmp_path: Path) -> None:
    visitors = Visitors(tmp_path / "home")
    open_keys(visitors.home)

    def record(*numbers: int) -> None:
        with visitors.home.database.transaction() as tx:
            for number in numbers:
                visitors.home.assets.record(tx, asset(number))

    record(*range(AT_ONCE + 3))
    older = link(visitors.get("/gallery").text, "next")
    assert older
    before = shown(visitors.get(older).text)
    record(AT_ONCE + 3)
    assert shown(visitors.get(older).text) == before == [2, 1, 0]


def test_what_was_not_released_is_for_reviewers(hung: Visitors) -> None:
    held = [number for number in range(MANY) if number % 10 == 5]
    assert sum(walked(hung, Role.REVIEWER, "/gallery?decision=hold"), []) == held[::-1]
    for address in ("/gallery", "/gallery?decision=hold", "/gallery?decision=nonsense"):
        assert not set(sum(walked(hung, Role.VIEWER, address), [])) & set(held), address
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
    assert sum(walked(hung, Role.REVIEWER, f"/gallery?{filters}"), []) == list(wanted)[::-1]


def test_an_image_shows_both_sides(hung: Visitors) -> None:
    text = hung.get("/gallery/000000000002", Role.VIEWER).text
    for part in ("file", "proof"):
        assert f'href="/api/v1/assets/000000000002/{part}"' in text
    assert 'href="/ledger/102"' in text
    assert hung.get("/gallery/ffffffffffff", Role.VIEWER).status_code == 404
    assert hung.get("/gallery/../etc", Role.VIEWER).status_code == 404
