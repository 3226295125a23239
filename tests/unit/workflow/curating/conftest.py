"""One home for all, and our own pictures read in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rectoverso.verso.picture import open_picture
from rectoverso.workflow.curating import look
from unit.workflow.curating.sets import HOME, examined_here


@pytest.fixture(scope="module", autouse=True)
def in_this_process() -> Iterator[None]:
    """What two processes make is compared with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look, "examined", examined_here)
        patch.setattr(look, "opened", open_picture)
        yield


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    HOME.append(tmp_path_factory.mktemp("home"))
    return HOME[-1]
