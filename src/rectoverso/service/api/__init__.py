"""`/api/v1`: one router a noun."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from rectoverso.service.api import (
    assets,
    datasets,
    generations,
    jobs,
    keys,
    laws,
    ledger,
    people,
    policies,
    reviews,
    runs,
    systems,
    uploads,
    verify,
    works,
)
from rectoverso.service.shapes import Problem

_PROBLEM: dict[str, Any] = {
    "model": Problem,
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_TOLD = {
    400: "What was given cannot be used.",
    401: "No key that counts.",
    403: "Not with this role, or not from this page.",
    404: "There is none.",
    405: "Not with this method.",
    408: "The body came too slowly.",
    409: "It is not so any more, or somebody else came first.",
    413: "The body is too large.",
    415: "Not this kind of file.",
    422: "The request does not say what it has to.",
    429: "Too much at once.",
    503: "The service does not get at its records now.",
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: _PROBLEM | {"description": text} for status, text in _TOLD.items()
}

api = APIRouter(prefix="/api/v1", responses=PROBLEMS)
NOUNS = (
    *(systems, datasets, uploads, runs, generations, assets, reviews, works, jobs),
    *(verify, policies, laws, ledger, keys, people),
)
for noun in NOUNS:
    api.include_router(noun.router)
