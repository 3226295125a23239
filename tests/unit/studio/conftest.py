from __future__ import annotations

import pytest

from rectoverso.store.people import Role
from visitor import Visitors


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Visitors:
    """A studio in which each role has an account. Tests look at it, and change nothing that another looks at."""
    visitors = Visitors(tmp_path_factory.mktemp("studio") / "home")
    visitors.hire(*Role)
    return visitors
