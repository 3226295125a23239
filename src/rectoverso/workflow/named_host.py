"""One address that somebody named, and what is asked of it: nothing elsewhere, nothing large, nothing long.

It is asked by https, or by http on this machine alone. No redirection is followed, no proxy of the environment is used,
no cookie is kept, and whatever the host does (silence, a byte a minute, an endless answer) ends within the time given.
"""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from queue import Empty, Queue
from threading import Thread
from urllib.parse import SplitResult, urlsplit

from rectoverso.errors import ResolverUnusable
from rectoverso.i18n import Phrase
from rectoverso.types import Message
from rectoverso.version import __version__


class Unanswered(Exception):
    """The host did not answer as it should: ``why`` is a name of the catalogue (`resolve.unanswered`). ``is_silence``:
    it did not answer in time, or at all.
    """

    def __init__(self, why: str, **facts: object) -> None:
        super().__init__(why)
        self.is_silence = why in ("time", "system")
        self.message = Message(f"resolve.unanswered.{why}", facts)


class NamedHost:
    """``url`` is the address without a slash at its end, ``path`` what of it comes after the host."""

    def __init__(self, url: str) -> None:
        """Raises ResolverUnusable for what cannot be, or must not be, asked."""
        parts = _parts(url)
        self._host, self._port, self._is_safe = parts.hostname or "", parts.port, parts.scheme == "https"
        if not self._is_safe and not _is_this_machine(self._host):
            raise _unusable(url, "plain")
        self.path = parts.path.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.url = self.origin + self.path

    def get(self, path: str, kind: str, *, most: int, seconds: float) -> bytes | None:
        """The body that is there at ``path`` (from the host on), of at most ``most`` bytes; None where nothing is.

        ``kind`` is the media type asked for. Raises Unanswered.
        """
        connection = self._connection(seconds)
        told: Queue[tuple[int, bytes] | Exception] = Queue(1)
        # Looking a name up and reading headers know no end by themselves, so another thread does it, and is left alone.
        Thread(target=_ask, args=(connection, path, kind, most, told), daemon=True).start()
        try:
            answer = told.get(timeout=max(0.0, seconds))
        except Empty:
            _cut(connection)
            raise Unanswered("time") from None
        if isinstance(answer, TimeoutError):
            raise Unanswered("time") from answer
        if isinstance(answer, Exception):
            raise Unanswered("system", system=_words(answer)) from answer
        return _body(*answer, most)

    def _connection(self, seconds: float) -> HTTPConnection:
        if not self._is_safe:
            return HTTPConnection(self._host, self._port, timeout=seconds)
        return HTTPSConnection(self._host, self._port, timeout=seconds, context=ssl.create_default_context())


def _ask(
    connection: HTTPConnection, path: str, kind: str, most: int, told: Queue[tuple[int, bytes] | Exception]
) -> None:
    headers = {"Accept": kind, "User-Agent": f"rectoverso/{__version__}"}
    try:
        connection.request("GET", path, headers=headers)
        response: HTTPResponse = connection.getresponse()
        told.put((response.status, response.read(most + 1)))
    except (OSError, HTTPException, ValueError) as error:
        told.put(error)
    finally:
        connection.close()


def _body(status: int, body: bytes, most: int) -> bytes | None:
    if status in (404, 410):
        return None
    if 300 <= status < 400:
        raise Unanswered("redirect")
    if status != 200:
        raise Unanswered("status", status=status)
    if len(body) > most:
        raise Unanswered("large", limit=f"{most:,}")
    return body


def _cut(connection: HTTPConnection) -> None:
    """End what the other thread waits for."""
    with suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)


def _parts(url: str) -> SplitResult:
    """The address in its parts: scheme, host, port and path, and nothing else. Raises ResolverUnusable."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise _unusable(url, "form") from None
    extra = parts.query or parts.fragment or parts.username is not None or parts.password is not None
    if not is_whole or extra or not url.isascii() or not url.isprintable() or " " in url:
        raise _unusable(url, "form")
    return parts


def _is_this_machine(host: str) -> bool:
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


def _unusable(url: str, problem: str) -> ResolverUnusable:
    shown = re.sub("//[^/]*@", "//...@", url)  # what stands before it may be a password
    return ResolverUnusable(url=shown, reason=Phrase(Message(f"resolve.address.{problem}")))
