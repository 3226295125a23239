"""`verso serve`: give the credentials of released images to whoever has only a picture left."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import note, print_json


def serve(
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8040,
    per_minute: Annotated[
        float, typer.Option("--per-minute", min=1, help="Requests that one address may make a minute.")
    ] = 120,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Give the credentials of this home's images to who asks. C2PA's Soft Binding Resolution API 2.4; it only reads."""
    from rectoverso.errors import MissingExtra

    for package in ("starlette", "uvicorn"):
        if find_spec(package) is None:
            raise MissingExtra(task="verso serve", package=package, extra="service")
    from rectoverso.service.limits import ServiceLimits
    from rectoverso.service.resolution import resolution_app
    from rectoverso.service.server import listen, run

    app = resolution_app(home, ServiceLimits(per_minute=per_minute))
    socket = listen(host, port)
    address, taken = socket.getsockname()[:2]
    url = f"http://[{address}]:{taken}" if ":" in address else f"http://{address}:{taken}"
    if as_json:
        print_json({"url": url, "api": f"{url}/v1"})
    note("resolve.service.listening", home=home, url=url)
    run(app, socket)
