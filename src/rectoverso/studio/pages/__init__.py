"""One module a page: `router`, what it answers; `PLACE`, if the navigation leads there, in this order; `MOST_BYTES`, if
its form takes files: how large the form may be.
"""

from __future__ import annotations

from types import ModuleType

from rectoverso.studio.pages import (
    gallery,
    ledger,
    make,
    people,
    review,
    sign_in,
    start,
    train,
    verify,
    works,
)

PAGES: tuple[ModuleType, ...] = (start, sign_in, make, train, gallery, review, works, verify, ledger, people)
MOST_BYTES: dict[str, int] = {
    page.PLACE.path: page.MOST_BYTES for page in PAGES if hasattr(page, "MOST_BYTES")
}
