"""Keys of people are hashed quickly: how slow that is to be is tested with the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rectoverso.store import people


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_MEMORY_KIB", 8)
        patch.setattr(people, "_PASSES", 1)
        people._nobodys.cache_clear()
        yield
    people._nobodys.cache_clear()
