"""The signature over a manifest, made here: the links that the library leaves open are closed before it.

The C2PA library lays out the file and every box in it, signed by a throw-away key. Then, each in its place and
none of them changing a length:

    1  The watermark's action gets the hash of its soft-binding assertion (C2PA 2.4, ``relatedAssertions``), which
       is known only now because the library salts every box; the statement about the asset gets the hash of all that
       lies around the manifest, and where; the claim gets the new hashes of both. C2PA leaves whole boxes of an AVIF
       to whoever adds them (``free``, ``skip``, a second ``uuid``) and lets a manifest shrink and leave room behind it;
       what is signed here leaves no byte to anybody outside the manifest.
    2  The claim is signed (COSE_Sign1, RFC 9052; ES256) by the real key, which may be a service's: it is given a
       digest and gives 64 bytes back. The library never sees a key.
    3  An authority stamps the signature, if one is named (``sigTst2``).
    4  A checksum of the whole file is written beside the signature, for the bytes in the manifest that C2PA lets
       nothing cover: padding, names of boxes. It proves nothing, just as the checksums of a PNG; the signed statement
       says that it is there, so that no single changed byte goes unseen. A PNG has its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rectoverso.errors import SigningFailed
from rectoverso.verso.mark import png
from rectoverso.verso.mark.binding import LABEL
from rectoverso.verso.mark.jumbf import STORE

Sign = Callable[[bytes], bytes]
"""From a SHA-256 digest to an ES256 signature of it: r and s, 32 bytes each."""

LINK = hashlib.sha256(b"rectoverso: here comes the hash of the soft-binding assertion").digest()
"""What stands in the watermark's action until the hash is known."""

AROUND = hashlib.sha256(b"rectoverso: here comes the hash of all that lies around the manifest").hexdigest()
"""What stands in the statement about the asset until that hash is known."""

STATEMENT = "rectoverso.asset"
"""The label of our own assertion."""

_CHECKSUM = b"\x71rectoverso.sha256\x58\x20"
"""A text of 17 bytes, then a byte string of 32 (RFC 8949)."""
_VALUE = b"\x65value"
_NEAR_THE_END = 65_536
_PREHASHED = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
_FILLING = "1.3.6.1.4.1.32473.1"
"""An object identifier for examples (RFC 5612)."""
_NUMBER_BYTES = 32
_LARGEST_HEADER = 1280
"""Bytes of the protected header for which the library's own reserve is enough, signature and checksum included."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The certificate of the signer, and COSE's protected header with all that go into the file."""

    leaf: x509.Certificate
    header: bytes

    @classmethod
    def of(cls, pem: bytes, now: datetime) -> Chain:
        """Of PEM certificates, leaf first. Raises SigningFailed for a leaf that is not valid at ``now``, or cannot be
        read.
        """
        try:
            certificates = x509.load_pem_x509_certificates(pem)
        except ValueError as error:
            raise _failed("the certificates cannot be read") from error
        leaf = certificates[0]
        if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
            raise _failed("the certificate is not valid at time of signing")
        parts = [_bytes(one.public_bytes(serialization.Encoding.DER)) for one in certificates]
        listed = parts[0] if len(parts) == 1 else _head(4, len(parts)) + b"".join(parts)
        # The algorithm (1) is ES256 (-7), the certificates are 33 (RFC 9360).
        return cls(leaf, b"\xa2\x01\x26\x18\x21" + listed)

    def check(self, signature: bytes, digest: bytes) -> None:
        """Raises SigningFailed when the signature is not of the leaf's key."""
        key = self.leaf.public_key()
        if len(signature) != 2 * _NUMBER_BYTES or not isinstance(key, ec.EllipticCurvePublicKey):
            raise _failed("the key gave no ES256 signature")
        r, s = (int.from_bytes(half) for half in (signature[:_NUMBER_BYTES], signature[_NUMBER_BYTES:]))
        try:
            key.verify(utils.encode_dss_signature(r, s), digest, _PREHASHED)
        except InvalidSignature as error:
            raise _failed("the signature is not by the certificate's key") from error


def local(pem: bytes) -> Sign:
    """Sign with a private key (PEM, P-256) that is at hand."""

    def sign(digest: bytes) -> bytes:
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _failed("the key is not of the curve P-256")
        r, s = utils.decode_dss_signature(key.sign(digest, _PREHASHED))
        return r.to_bytes(_NUMBER_BYTES) + s.to_bytes(_NUMBER_BYTES)

    return sign


def finish(laid_out: bytes, *, chain: Chain, sign: Sign, stamp: Sign | None = None) -> bytes:
    """The file that the library laid out, with its links closed and signed by ``sign``, as the four steps above say.

    ``stamp`` turns what is to be stamped into a time-stamp token. Raises SigningFailed and what ``stamp`` raises.
    """
    file = _File(laid_out)
    # 1 Links
    file.link()
    file.state_around()
    # 2 Signature
    claim = file.content("c2pa.claim.v2")
    digest = hashlib.sha256(_to_sign("Signature1", chain.header, claim)).digest()
    signature = sign(digest)
    chain.check(signature, digest)
    # 3 Time-stamp, over the signature as CBOR holds it
    token = stamp(_to_sign("CounterSignature", chain.header, _bytes(signature))) if stamp else b""
    file.put_signature(chain.header, signature, token)
    # 4 Checksum
    return file.closed()


def checksum_holds(data: bytes) -> bool:
    """Whether the file has the checksum of step 4, and it is right."""
    try:
        return _File(data).checksum_holds()
    except (SigningFailed, ValueError):
        return False


def around(data: bytes) -> str | None:
    """The hash that the file's manifest should state of all that lies around it; None where there is no manifest."""
    try:
        return _File(data).around()
    except SigningFailed:
        return None


def store_of(data: bytes) -> bytes | None:
    """The manifest store in a file, as it lies there and as a service gives it out (`application/c2pa`); None where
    there is none in one piece.
    """
    try:
        file = _File(data)
    except SigningFailed:
        return None
    return data[file.start : file.start + _u32(data, file.start)]


def manifest_id(store: bytes) -> str | None:
    """The id of the active manifest in a store: of its last (C2PA 2.4, 11.1.4.2); None for what is no store."""
    try:
        inner = 8 + _u32(store, 8)
        names = [label for label, _, _ in _boxes(store, inner, len(store)) if label.startswith("urn:")]
    except SigningFailed:
        return None
    return names[-1] if names else None


class _File:
    """A file with one manifest, whose boxes (JUMBF, ISO 19566-5) lie in it in one piece."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        # In some kinds of files it stands at the end, behind all pixels: looking there first is quick.
        at = data.find(STORE, max(0, len(data) - _NEAR_THE_END))
        self.start = (data.find(STORE) if at < 0 else at) - 12
        if self.start < 0:
            raise _failed("no manifest store was written")
        end = self.start + _u32(data, self.start)
        self.boxes = {label: (first, last) for label, first, last in _boxes(data, self.start, end)}

    def content(self, label: str) -> bytes:
        """The CBOR in the box of that label."""
        first, last = self._place(label)
        return bytes(self.data[first:last])

    def link(self) -> None:
        """Put the soft-binding assertion's hash where ``LINK`` holds its place, if it does."""
        if self.data.find(LINK, self.start) < 0:
            return
        for label in [label for label in self.boxes if label.startswith(LABEL)]:
            self._value_as_bytes(label)
        self._amend("c2pa.actions.v2", LINK, self._hash(LABEL))

    def state_around(self) -> None:
        """Put the hash of what lies around the manifest where ``AROUND`` holds its place, if it does."""
        if self.data.find(AROUND.encode(), self.start) >= 0:
            self._amend(STATEMENT, AROUND.encode(), self.around().encode())

    def around(self) -> str:
        """SHA-256, in hexadecimal, over where the manifest begins and how long it is (8 bytes each), and all before and
        behind it; but for the checksum of a PNG's chunk, which is that of the manifest.
        """
        end = self.start + _u32(self.data, self.start)
        whole = hashlib.sha256(self.start.to_bytes(8) + (end - self.start).to_bytes(8))
        whole.update(memoryview(self.data)[: self.start])
        whole.update(memoryview(self.data)[end + 4 * self.is_png :])
        return whole.hexdigest()

    def _value_as_bytes(self, label: str) -> None:
        """The library writes the value of a soft binding as text; the specification wants the same as a byte string."""
        first, last = self._place(label)
        head = self.data.index(_VALUE, first, last) + len(_VALUE)
        length = self.data[head] & 0x1F
        length = self.data[head + 1] if length == 24 else length
        self._amend(label, _VALUE + _head(3, length), _VALUE + _head(2, length))

    def put_signature(self, header: bytes, signature: bytes, token: bytes) -> None:
        """COSE_Sign1, padded to the length of what it replaces."""
        first, last = self._place("c2pa.signature")
        entries = [b"\x67sigTst2" + _stamps(token)] if token else []
        if not self.is_png:
            entries.append(_CHECKSUM + bytes(32))
        begin = b"\xd2\x84" + _bytes(header) + _head(5, len(entries) + 1) + b"".join(entries) + b"\x63pad"
        end = b"\xf6" + _bytes(signature)
        room = last - first - len(begin) - len(end) - 3
        if room < 0:
            raise _failed("there is no room for the signature")
        # Always the long form of a length, so that every room can be filled.
        self.data[first:last] = begin + b"\x59" + room.to_bytes(2) + bytes(room) + end

    def closed(self) -> bytes:
        """The file, its checksums made right."""
        if self.is_png:
            png.mend(self.data, self.start)
        else:
            at = self._checksum_at()
            self.data[at : at + 32] = hashlib.sha256(self.data).digest()
        return bytes(self.data)

    def checksum_holds(self) -> bool:
        at = self._checksum_at()
        held = bytes(self.data[at : at + 32])
        self.data[at : at + 32] = bytes(32)
        return hashlib.sha256(self.data).digest() == held

    @property
    def is_png(self) -> bool:
        return self.data.startswith(png.SIGNATURE)

    def _checksum_at(self) -> int:
        return self.data.index(_CHECKSUM, *self._place("c2pa.signature")) + len(_CHECKSUM)

    def _amend(self, label: str, old: bytes, new: bytes) -> None:
        """Change one assertion, and in the claim its hash."""
        before = self._hash(label)
        self._replace(label, old, new)
        self._replace("c2pa.claim.v2", before, self._hash(label))

    def _replace(self, label: str, old: bytes, new: bytes) -> None:
        first, last = self._place(label)
        if self.data.count(old, first, last) != 1 or len(old) != len(new):
            raise _failed(f"{label} is not laid out as expected")
        at = self.data.index(old, first, last)
        self.data[at : at + len(new)] = new

    def _hash(self, label: str) -> bytes:
        """C2PA 2.4, 8.4.2.3: over the box's contents, without its own length and type."""
        first, last = self._box(label)
        return hashlib.sha256(self.data[first:last]).digest()

    def _place(self, label: str) -> tuple[int, int]:
        """Where the CBOR of a box lies: after its description."""
        first, last = self._box(label)
        content = first + _u32(self.data, first)
        if self.data[content + 4 : content + 8] != b"cbor" or content + _u32(self.data, content) != last:
            raise _failed(f"{label} is not laid out as expected")
        return content + 8, last

    def _box(self, label: str) -> tuple[int, int]:
        if label not in self.boxes:
            raise _failed(f"{label} is missing")
        return self.boxes[label]


def _boxes(data: bytes, at: int, end: int, depth: int = 0) -> Iterator[tuple[str, int, int]]:
    """The label of each superbox and where its contents lie, outer ones first."""
    while at + 8 <= end:
        size = _u32(data, at)
        if size < 8 or at + size > end or depth > 8:
            raise _failed("the boxes do not fit into one another")
        if data[at + 4 : at + 8] == b"jumb":
            inner = at + 8 + _u32(data, at + 8)
            yield bytes(data[at + 33 : inner]).split(b"\0", 1)[0].decode(errors="replace"), at + 8, at + size
            yield from _boxes(data, inner, at + size, depth + 1)
        at += size


def _u32(data: bytes | bytearray, at: int) -> int:
    return int.from_bytes(data[at : at + 4])


def _head(kind: int, count: int) -> bytes:
    """The head of a CBOR item (RFC 8949, 3): its major type, and its length or count below 65,536."""
    if count < 24:
        return bytes([kind << 5 | count])
    if count < 256:
        return bytes([kind << 5 | 24, count])
    return bytes([kind << 5 | 25]) + count.to_bytes(2)


def _bytes(value: bytes) -> bytes:
    return _head(2, len(value)) + value


def _to_sign(context: str, header: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052, 4.4), without external data."""
    named = _head(3, len(context)) + context.encode()
    return b"\x84" + named + _bytes(header) + b"\x40" + _bytes(payload)


def _stamps(token: bytes) -> bytes:
    """``{"tstTokens": [{"val": token}]}``."""
    return b"\xa1\x69tstTokens\x81\xa1\x63val" + _bytes(token)


def _failed(what: str) -> SigningFailed:
    return SigningFailed(mark="credential", system=what)


def throw_away(chain: Chain, extra: int) -> tuple[bytes, bytes]:
    """A certificate and a key (PEM) that let the library lay a file out, with room for the real chain and ``extra``
    bytes.
    """
    return _throw_away(max(0, len(chain.header) - _LARGEST_HEADER + extra))


@cache
def _throw_away(filling: int) -> tuple[bytes, bytes]:
    """The library reserves as much as the certificate is long, so one extension fills it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("layout", "nobody")]
    usage = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    extensions: dict[x509.ExtensionType, bool] = {
        usage: True,
        x509.BasicConstraints(False, None): True,
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]): False,
        x509.SubjectKeyIdentifier(b"1"): False,
        x509.AuthorityKeyIdentifier(b"2", None, None): False,
    }
    if filling:
        extensions[x509.UnrecognizedExtension(x509.ObjectIdentifier(_FILLING), bytes(filling))] = False
    builder = x509.CertificateBuilder(names[1], names[0], key.public_key(), 1)
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=36500))
    for extension, is_critical in extensions.items():
        builder = builder.add_extension(extension, critical=is_critical)
    certificate = builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
