"""Pages by a cursor into what never changes its order."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

MOST_NUMBER = 2**31 - 1

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="What `next` of the last page gave.")]


def paged(found: list[Any], limit: int, number: Any) -> tuple[list[Any], int | None]:
    """The page of one more than was asked for, and the cursor of the next."""
    page = found[:limit]
    return page, number(page[-1]) if len(found) > limit else None
