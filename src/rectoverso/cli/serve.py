"""`verso serve`: make, verify and give out pictures over HTTP; `verso work`: work on what was asked for there."""

from __future__ import annotations

import os
from importlib.util import find_spec
from threading import Thread
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import note, print_json

_PACKAGES = ("fastapi", "uvicorn", "dbos", "python_multipart", "structlog", "prometheus_client")


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8040,
    per_minute: Annotated[
        float, typer.Option("--per-minute", min=1, help="Requests that one address may make a minute.")
    ] = 120,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=0,
            max=64,
            help="Processes that make pictures, and as many that train; 0 for none here.",
        ),
    ] = 1,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Serve the studio to browsers and the API to programs.

    Pictures are made, reviewed, verified and given out. With a facade for OpenAI's clients, and C2PA's resolution API.
    """
    _demand("verso serve")
    from rectoverso.service import logs
    from rectoverso.service.work.staff import Staff
    from rectoverso.store.home import Home

    logs.begin()
    Home.open(home).close()
    with Staff(home, workers):  # who loads as much as this process does, meanwhile
        from rectoverso.service.app import analyse
        from rectoverso.service.limits import ServiceLimits
        from rectoverso.service.server import demand_accounts, keep_forms_in, listen, run
        from rectoverso.studio.app import studio_app
        from rectoverso.workflow.jobs.sweep import clear_up

        app = studio_app(home, ServiceLimits(per_minute=per_minute))
        demand_accounts(app.state.desk, host)
        clear_up(app.state.desk.home)
        keep_forms_in(app.state.desk.home)
        socket = listen(host, port)
        address, taken = socket.getsockname()[:2]
        url = f"http://[{address}]:{taken}" if ":" in address else f"http://{address}:{taken}"
        if as_json:
            print_json({"url": url, "studio": f"{url}/", "api": f"{url}/api/v1", "resolution": f"{url}/v1"})
        note("resolve.service.listening", home=home, url=url)
        Thread(target=analyse, args=(app,), daemon=True).start()
        run(app, socket, app.state.desk)
    os._exit(0)  # threads of requests that take longer would be waited for: what they are at is undone


def work(
    queue: Annotated[str, typer.Argument(help="What to work on: making (pictures) or training.")] = "making",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Work on what was asked for at `verso serve`. One thing at a time, in this process, until it is ended."""
    _demand("verso work")
    from rectoverso.errors import UnknownName
    from rectoverso.service.work.queues import QUEUES

    if queue not in QUEUES:
        raise UnknownName(kind="queue", name=queue, known=", ".join(QUEUES), hint="")
    from rectoverso.service.work.worker import work as until_ended

    if as_json:
        print_json({"queue": queue})
    until_ended(home, queue)


def _demand(task: str) -> None:
    from rectoverso.errors import MissingExtra

    for package in _PACKAGES:
        if find_spec(package) is None:
            raise MissingExtra(task=task, package=package, extra="service")
