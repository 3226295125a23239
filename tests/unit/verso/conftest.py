"""What the tests of marks and verification share: certificate chains, a clock that stands still, made-up
pictures.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from rectoverso.types import AssetId, Digest, Draft, Maker, Origin, Pixels
from rectoverso.verso.mark.credential import CredentialSigner
from rectoverso.verso.mark.order import Marked, MarkFacts, mark
from rectoverso.verso.mark.watermark import PUBLIC_KEY
from rectoverso.verso.mark.watermark.ingrained import TILE_PX, carriers_of

ASSET = AssetId("0123456789ab")
MAKER = Maker("runs/first", "dcgan 1", Digest("5" * 64))


class StoppedClock:
    """Always the same moment."""

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def make_signer(owner: str, ends_in: timedelta = timedelta(days=30)) -> CredentialSigner:
    """Root, intermediate and leaf as C2PA wants them."""
    root_key, middle_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ends = datetime.now(UTC) + ends_in
    root = _certificate(f"{owner} root", root_key, f"{owner} root", root_key, ends, path_length=1)
    middle = _certificate(f"{owner} middle", middle_key, f"{owner} root", root_key, ends, path_length=0)
    leaf = _certificate(owner, leaf_key, f"{owner} middle", middle_key, ends, path_length=None)
    pkcs8 = serialization.PrivateFormat.PKCS8
    key = leaf_key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption())
    return CredentialSigner(leaf + middle, key, root)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    ends: datetime,
    *,
    path_length: int | None,
) -> bytes:
    is_authority = path_length is not None
    names = [
        x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        for name in (subject, issuer)
    ]
    usage = x509.KeyUsage(
        not is_authority, False, False, False, False, is_authority, is_authority, False, False
    )
    builder = (
        x509.CertificateBuilder(names[1], names[0], key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=2))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(is_authority, path_length), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if not is_authority:
        purposes = [
            x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1"),
            ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ]
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def photo(seed: int, height: int = 64, width: int | None = None, channels: int = 3) -> Pixels:
    """A picture with the spectrum of photographs (amplitude 1/f), its channels alike."""
    return _photo(seed, height, width or height, channels).copy()


@lru_cache(maxsize=128)
def _photo(seed: int, height: int, width: int, channels: int) -> Pixels:
    """Many tests ask for the same, and one of 256 pixels takes 25 ms."""
    rng = np.random.default_rng(seed)
    distance = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) + 1 / max(height, width)
    layers = []
    shared = rng.normal(size=(height, width))
    for _ in range(channels):
        noise = np.fft.fft2(0.8 * shared + 0.2 * rng.normal(size=(height, width))) / distance
        field = np.fft.ifft2(noise).real
        layers.append(127 + 50 * (field - field.mean()) / (field.std() + 1e-9))
    return np.clip(np.rint(np.stack(layers, axis=2)), 0, 255).astype(np.uint8)


def leant(pixels: Pixels, levels: float, key: bytes = PUBLIC_KEY) -> Pixels:
    """A picture moved by so many levels to the key's side on every wave, as an ingrained generator would have it."""
    carriers = carriers_of(key)
    tile_SS = np.tensordot(carriers.sign_K, carriers.wave_KSS, 1) * levels
    down, across = (side // TILE_PX for side in pixels.shape[:2])
    moved = pixels.astype(np.float32)
    moved[: down * TILE_PX, : across * TILE_PX, :3] += np.tile(tile_SS, (down, across))[..., None]
    return np.clip(np.rint(moved), 0, 255).astype(np.uint8)


def stroke(seed: int, side: int = 32) -> Pixels:
    """A white stroke on black, with soft edges: much pure black, some pure white."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    centre, radius = rng.uniform(0.4, 0.6, 2), rng.uniform(0.15, 0.35)
    ring = np.abs(np.hypot(y - centre[0], x - centre[1]) - radius)
    return np.repeat(np.clip(300 - 2600 * ring, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def encoded(pixels: Pixels, kind: str = "PNG", **options: object) -> bytes:
    """The pixels as a file without any metadata."""
    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(out, kind, **options)
    return out.getvalue()


def decoded(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.array(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


@dataclass(frozen=True)
class Studio:
    """Everything that marks: ``release`` is the draft's way through ``mark``."""

    signer: CredentialSigner

    @property
    def anchors(self) -> str:
        return self.signer.anchors.decode()

    def release(
        self,
        pixels: Pixels,
        asset: AssetId = ASSET,
        media_type: str = "image/png",
        origin: Origin = Origin.AI,
        facts: MarkFacts | None = None,
    ) -> Marked:
        draft = Draft(pixels, Digest("a" * 64), MAKER, origin)
        facts = facts or MarkFacts("general 1", "art", "ledger.example", "prompt_guided")
        return mark(
            draft, asset=asset, signer=self.signer, clock=StoppedClock(), media_type=media_type, facts=facts
        )


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio(make_signer("A studio"))


@pytest.fixture(scope="session")
def stranger() -> Studio:
    """Another studio, whose root nobody was given."""
    return Studio(make_signer("A stranger"))


@pytest.fixture(scope="session")
def signer_ending() -> Callable[[timedelta], CredentialSigner]:
    return lambda ends_in: make_signer("An ended studio", ends_in)
