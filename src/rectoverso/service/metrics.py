"""`/metrics` (Prometheus): how many requests, how long they took, what waits. For this machine itself, or who oversees
the service.

No label names a person, a picture or anything that was asked for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import anyio.to_thread
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rectoverso.errors import ForeignPage
from rectoverso.service.auth import demand_own_page, demand_this_machine, person_of
from rectoverso.service.desk import Desk
from rectoverso.service.logs import method_of, route_of
from rectoverso.store.home import Home
from rectoverso.workflow.permissions import Permission, demand

_SECONDS = (0.005, 0.02, 0.1, 0.5, 2, 10, 60)


class Metrics:
    """The numbers of one server."""

    def __init__(self, home: Home) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "rectoverso_requests",
            "Requests that were answered",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "rectoverso_request_seconds",
            "Seconds until an answer was whole",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.open = Gauge(
            "rectoverso_requests_open", "Requests that are being answered", registry=self.registry
        )
        self.registry.register(_OfHome(home))

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self.registry)


class Measured:
    """Counts what is answered."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.open.track_inprogress():
            try:
                await self._app(scope, receive, counted)
            finally:
                route = route_of(scope)
                self._metrics.requests.labels(method_of(scope), route, str(status)).inc()
                self._metrics.seconds.labels(route).observe(time.perf_counter() - began)


async def metrics(request: Request) -> Response:
    """The numbers. Raises NotSignedIn and NotAllowed."""
    desk: Desk = request.app.state.desk
    await anyio.to_thread.run_sync(_demand_keeper, request, desk)
    text = await anyio.to_thread.run_sync(request.app.state.metrics.text)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _demand_keeper(request: Request, desk: Desk) -> None:
    """Whoever asks from this very machine, by its own name and for nobody else, or who oversees it."""
    try:
        demand_own_page(request)
        demand_this_machine(request)
    except ForeignPage:
        demand(person_of(request, desk), Permission.OVERSEE)


class _OfHome(Collector):
    """What lies in the home, counted when somebody asks."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def collect(self) -> Iterator[Metric]:
        items = GaugeMetricFamily("rectoverso_items", "Parts of jobs", labels=["kind", "state"])
        for (kind, state), count in self._home.jobs.states().items():
            items.add_metric([kind, state.value], count)
        images = GaugeMetricFamily("rectoverso_images", "Images that were decided", labels=["decision"])
        counts = self._home.assets.counts()
        waiting = counts.pop("waiting")
        for decision, count in counts.items():
            images.add_metric([decision], count)
        yield items
        yield images
        yield GaugeMetricFamily(
            "rectoverso_images_waiting", "Held images that people have not settled", waiting
        )

    def describe(self) -> Iterator[Metric]:
        return iter(())
