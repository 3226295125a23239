"""What never changes under its address: the digest of all of it stands there, so that modules find one another by name
and a browser asks once.
"""

from __future__ import annotations

from hashlib import sha256
from importlib import resources
from importlib.abc import Traversable
from mimetypes import guess_type

from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from rectoverso.errors import PageUnknown

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".webp": "image/webp"}


class Static:
    """The files of a folder of the package, held in memory."""

    def __init__(self) -> None:
        self._files = _files(resources.files(__package__).joinpath("static"))
        told = sha256()
        for name, data in sorted(self._files.items()):
            told.update(f"{name} {len(data)}\n".encode() + data)
        self._digest = told.hexdigest()[:12]

    @property
    def route(self) -> Route:
        return Route("/static/{digest}/{name:path}", self)

    def url(self, name: str) -> str:
        """The address of a file; raises KeyError where there is none of that name."""
        if name not in self._files:
            raise KeyError(name)
        return f"/static/{self._digest}/{name}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = scope["path_params"]
        data = self._files.get(place["name"])
        if data is None or place["digest"] != self._digest:
            raise PageUnknown(path=scope["path"])
        await Response(data, media_type=_media_type(place["name"]), headers=_FOR_EVER)(scope, receive, send)


def _media_type(name: str) -> str:
    ending = name[name.rindex(".") :]
    return _TYPES.get(ending) or guess_type(name)[0] or "application/octet-stream"


def _files(folder: Traversable, within: str = "") -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for file in folder.iterdir():
        if file.is_dir():
            found |= _files(file, f"{within}{file.name}/")
        else:
            found[within + file.name] = file.read_bytes()
    return found
