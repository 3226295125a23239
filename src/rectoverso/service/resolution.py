"""C2PA's Soft Binding Resolution API 2.4, over one home: from a watermark, a fingerprint or a picture to its manifest.

    GET  /v1/matches/byBinding?alg=&value=    POST the same as JSON
    POST /v1/matches/byContent                a picture as the body; only its pixels are asked, and nothing is kept
    GET  /v1/manifests/{manifestId}           application/c2pa
    GET  /v1/services/supportedAlgorithms     capabilities, status
    GET  /.well-known/c2pa-soft-binding-resolution

An ASGI application that anyone can mount. It only reads, gives out what was released and not revoked, and asks no other
network: the optional `byReference`, which fetches what a stranger names, is not offered.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rectoverso.errors import NotOffered, QueryTooLong, RectoversoError, TooManyRequests
from rectoverso.service import problems
from rectoverso.service.limits import Held, Meter, ServiceLimits, address_of, body_of
from rectoverso.verso.mark.label import MEDIA_TYPES
from rectoverso.workflow.resolve import ALGORITHMS, Match, Resolver, unusable

SPECIFICATION = "2.4.0"
_WELL_KNOWN = "/.well-known/c2pa-soft-binding-resolution"


def resolution_app(home: Path, limits: ServiceLimits | None = None) -> Starlette:
    """The application over the home at ``home``. Raises HomeMissing, and KeysMissing where nothing was released."""
    api = _Resolution(Resolver(home), limits or ServiceLimits())
    routes = [
        Route("/v1/matches/byBinding", api.asked(api.by_value), methods=["GET"]),
        Route("/v1/matches/byBinding", api.asked(api.by_long_value), methods=["POST"]),
        Route("/v1/matches/byContent", api.asked(api.by_content), methods=["POST"]),
        Route("/v1/matches/byReference", api.asked(api.by_reference), methods=["POST"]),
        Route("/v1/manifests/{manifest_id:path}", api.asked(api.manifest), methods=["GET"]),
        Route("/v1/services/supportedAlgorithms", api.asked(api.algorithms), methods=["GET"]),
        Route("/v1/services/capabilities", api.asked(api.capabilities), methods=["GET"]),
        Route("/v1/services/status", api.asked(api.status), methods=["GET"]),
        Route(_WELL_KNOWN, api.asked(api.discovery), methods=["GET"]),
    ]
    handlers: Any = {
        RectoversoError: problems.told,
        HTTPException: problems.not_there,
        Exception: problems.unexpected,
    }
    readers = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST"])
    app = Starlette(routes=routes, exception_handlers=handlers, middleware=[readers])
    app.router.redirect_slashes = False
    return app


class _Resolution:
    def __init__(self, resolver: Resolver, limits: ServiceLimits) -> None:
        self._resolver, self._limits, self._meter = resolver, limits, Meter(limits)
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._held = Held(limits.held_bytes)

    def asked(self, answer: Any) -> Any:
        """An endpoint that counts the request before it answers."""

        async def endpoint(request: Request) -> Response:
            self._meter.take(address_of(request))
            response: Response = await answer(request)
            response.headers["X-Content-Type-Options"] = "nosniff"
            return response

        return endpoint

    async def by_value(self, request: Request) -> Response:
        algorithm, value = (_demanded(request.query_params.get(name), name) for name in ("alg", "value"))
        if len(value) > self._limits.value_characters:
            error = QueryTooLong(limit=self._limits.value_characters)
            return problems.problem(request, error, 414)
        return await self._matched(self._resolver.by_binding, algorithm, value, self._at_most(request))

    async def by_long_value(self, request: Request) -> Response:
        body = await body_of(request, self._limits.query_bytes, self._limits.body_seconds)
        query = _object(body)
        texts = [query.get(name) for name in ("alg", "value")]
        if not all(isinstance(text, str) for text in texts):
            raise unusable("body")
        return await self._matched(self._resolver.by_binding, *texts, self._at_most(request))

    async def by_content(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in MEDIA_TYPES:
            return problems.problem(request, unusable("media_type"), 415)
        if self._one_at_a_time.statistics().tasks_waiting >= self._limits.waiting:
            raise TooManyRequests(seconds=1)
        algorithm, at_most = request.query_params.get("alg"), self._at_most(request)
        with self._held.room(request, self._limits.body_bytes):
            picture = await body_of(request, self._limits.body_bytes, self._limits.body_seconds)
            return await self._matched(
                self._resolver.by_content, picture, algorithm, at_most, limiter=self._one_at_a_time
            )

    async def by_reference(self, request: Request) -> Response:
        raise NotOffered(method=request.method, path=request.url.path)

    async def manifest(self, request: Request) -> Response:
        """There is one manifest in each store, so that it is the same with ``returnActiveManifest`` and without."""
        if request.query_params.get("returnActiveManifest", "false") not in ("true", "false"):
            raise unusable("switch", name="returnActiveManifest")
        wanted = partial(self._resolver.manifest, request.path_params["manifest_id"])
        store = await anyio.to_thread.run_sync(wanted)
        return Response(store, media_type="application/c2pa", headers={"Cache-Control": "max-age=300"})

    async def algorithms(self, _request: Request) -> Response:
        return JSONResponse({kind: [{"alg": name}] for kind, name in ALGORITHMS.items()})

    async def capabilities(self, _request: Request) -> Response:
        offered = {"c2paSpecificationVersion": SPECIFICATION, "supportedCapabilities": ["queryByContent"]}
        return JSONResponse(offered)

    async def status(self, _request: Request) -> Response:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return JSONResponse({"status": "ok", "timestamp": now})

    async def discovery(self, request: Request) -> Response:
        base = f"{request.scope.get('root_path', '')}/v1"
        return JSONResponse(
            {
                "apiEndpoint": base,
                "c2paSpecificationVersion": SPECIFICATION,
                "capabilitiesEndpoint": f"{base}/services/capabilities",
                "statusEndpoint": f"{base}/services/status",
            }
        )

    async def _matched(self, ask: Any, *given: Any, limiter: anyio.CapacityLimiter | None = None) -> Response:
        found: list[Match] = await anyio.to_thread.run_sync(partial(ask, *given), limiter=limiter)
        rows = [{"manifestId": match.manifest_id, "similarityScore": match.score} for match in found]
        return JSONResponse({"matches": rows})

    def _at_most(self, request: Request) -> int:
        given = request.query_params.get("maxResults", "10")
        if not given.isdecimal() or len(given) > 9 or int(given) < 1:
            raise unusable("number", name="maxResults")
        return min(int(given), self._limits.most_results)


def _demanded(given: str | None, name: str) -> str:
    if not given:
        raise unusable("missing", name=name)
    return given


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise unusable("body") from error
    if not isinstance(value, dict):
        raise unusable("body")
    return value
