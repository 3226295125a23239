"""The time-stamp: an authority's word that a signature existed at a moment (RFC 3161).

This is the one place of the proving side that uses a network: when signing, to the one authority that the home names,
and nowhere a redirection would lead. An authority that does not answer well makes the signing fail, for a file must
not lack without a word the stamp that was asked for.

Only the envelope of the answer is opened here; who signed the stamp, over what and when, is for the reader of the
finished file to check.
"""

from __future__ import annotations

import hashlib
import secrets
import urllib.request
from email.message import Message
from http.client import HTTPException
from typing import IO

from rectoverso.errors import TimeStampFailed

ROOM = 8192
"""Bytes kept free in a file for the stamp; those of public authorities, with certificates, take 4 to 7 thousand."""
_PATIENCE_S = 10.0
_GRANTED = (b"\0", b"\1")
"""PKIStatus granted and grantedWithMods (RFC 3161, 2.4.2)."""
_INTEGER, _SEQUENCE = 0x02, 0x30
_SHA256 = bytes.fromhex("300d06096086480165030402010500")
"""AlgorithmIdentifier (RFC 5754, 2)."""


def stamp(data: bytes, authority: str) -> bytes:
    """The time-stamp token (DER) of ``authority``, a URL, over the SHA-256 of ``data``. Raises TimeStampFailed."""
    digest = hashlib.sha256(data).digest()
    nonce = b"\x01" + secrets.token_bytes(16)
    try:
        return _token(_ask(_request(digest, nonce), authority), digest, nonce)
    except (OSError, HTTPException, ValueError) as error:
        raise TimeStampFailed(authority=authority, system=_words(error)) from error


def _words(error: Exception) -> str:
    """What went wrong, without the wrappings of the network's library."""
    cause = getattr(error, "reason", error)
    return getattr(cause, "strerror", None) or str(cause) or type(error).__name__


def _request(digest: bytes, nonce: bytes) -> bytes:
    """TimeStampReq: version 1, what to stamp, the nonce, and a wish for the certificates (RFC 3161, 2.4.1)."""
    imprint = _der(_SEQUENCE, _SHA256 + _der(0x04, digest))
    return _der(_SEQUENCE, _der(_INTEGER, b"\1") + imprint + _der(_INTEGER, nonce) + b"\x01\x01\xff")


def _ask(request: bytes, authority: str) -> bytes:
    """The body of the answer (RFC 3161, 3.4)."""
    if not authority.startswith(("http://", "https://")):
        raise ValueError("not an http address")
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    query = urllib.request.Request(authority, request, headers)  # noqa: S310 - looked at above
    with urllib.request.build_opener(_NoRedirect).open(query, timeout=_PATIENCE_S) as response:
        return bytes(response.read(ROOM * 4))


def _token(answer: bytes, digest: bytes, nonce: bytes) -> bytes:
    """TimeStampResp: a status, and the token if it is granted (RFC 3161, 2.4.2). Raises ValueError."""
    inside, _ = _open(answer, _SEQUENCE)
    status, token = _open(inside, _SEQUENCE)
    code, words = _open(status, _INTEGER)
    if code not in _GRANTED:
        said = "".join(chr(byte) for byte in words if 32 <= byte < 127)
        raise ValueError(f"status {int.from_bytes(code)} {said}".rstrip())
    _open(token, _SEQUENCE)
    if digest not in token or nonce not in token:
        raise ValueError("the answer is to another question")
    if len(token) > ROOM - 64:
        raise ValueError(f"a stamp of {len(token):,} bytes does not fit")
    return token


def _der(tag: int, body: bytes) -> bytes:
    return bytes([tag, len(body)]) + body


def _open(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """What the first element (X.690, 8.1) holds, and what follows it. Raises ValueError for another or a cut one."""
    if len(data) < 2 or data[0] != tag:
        raise ValueError("not a time-stamp response")
    long = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + long]) if long else data[1]
    end = 2 + long + length
    if end > len(data):
        raise ValueError("a time-stamp response cut short")
    return data[2 + long : end], data[end:]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An authority that sends elsewhere is not followed."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002 - the interface
        fp: IO[bytes],  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Message,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> None:
        return None
