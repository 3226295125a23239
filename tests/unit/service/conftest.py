"""A service that is staffed. Keys of people are hashed quickly: how slow that is to be is tested with the store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from counter import Counter
from rectoverso.store import people
from rectoverso.store.people import Role


@pytest.fixture(scope="module", autouse=True)
def quick_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_MEMORY_KIB", 8)
        patch.setattr(people, "_PASSES", 1)
        people._nobodys.cache_clear()
        yield
    people._nobodys.cache_clear()


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Counter:
    """A service in which somebody has each role."""
    counter = Counter(tmp_path_factory.mktemp("service") / "home")
    counter.hire(*Role)
    return counter
