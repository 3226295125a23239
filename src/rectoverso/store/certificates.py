"""A development certificate authority: root, intermediate, and the leaf that signs pictures.

The leaf has the shape that C2PA asks for (claim signing, e-mail protection, identifiers of its own key and of its
issuer's), so any reader accepts it once it is given the root; nobody else trusts it. The root's private key is used
once, for the intermediate, and thrown away. The intermediate issues later leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rectoverso.errors import OwnerUnusable

C2PA_CLAIM_SIGNING = x509.ObjectIdentifier("1.3.6.1.4.1.62558.2.1")
CA_VALIDITY = timedelta(days=3652)
LEAF_VALIDITY = timedelta(days=366)
CLOCK_SKEW = timedelta(minutes=5)
"""Certificates begin this much before now, for machines whose clocks are a little late."""

LONGEST_NAME = 64
"""What X.520 allows in an organisation's name (characters), and this library in a common name (bytes)."""


@dataclass(frozen=True, slots=True)
class Authority:
    """PEM certificates of the chain, and the private keys of the intermediate and of the leaf."""

    root: bytes
    intermediate: bytes
    leaf: bytes
    intermediate_key: bytes = field(repr=False)
    leaf_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Party:
    name: x509.Name
    key: ec.EllipticCurvePrivateKey = field(repr=False)


def make_authority(owner: str, country: str, now: datetime) -> Authority:
    """Make the whole chain for ``owner``; raises OwnerUnusable when no certificate can carry that name."""
    if not owner.strip() or not owner.isprintable() or len(owner) > LONGEST_NAME:
        raise OwnerUnusable
    begin = now.replace(microsecond=0) - CLOCK_SKEW
    root = _party(owner, country, "development root CA")
    middle = _party(owner, country, "development CA")
    leaf = _party(owner, country, "")
    return Authority(
        root=_authority_certificate(root, root, begin, path_length=1),
        intermediate=_authority_certificate(middle, root, begin, path_length=0),
        leaf=_leaf_certificate(leaf, middle, begin, begin + CA_VALIDITY),
        intermediate_key=private_pem(middle.key),
        leaf_key=private_pem(leaf.key),
    )


def issue_leaf(chain: bytes, intermediate_key: bytes, now: datetime) -> tuple[bytes, bytes]:
    """Another leaf for whom ``chain`` (PEM, leaf and intermediate) names, with the intermediate behind it, and its key.

    It ends with its issuer at the latest.
    """
    old, middle = x509.load_pem_x509_certificates(chain)
    key = serialization.load_pem_private_key(intermediate_key, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("the intermediate's key is of another kind")
    leaf = _Party(old.subject, ec.generate_private_key(ec.SECP256R1()))
    begin = now.replace(microsecond=0) - CLOCK_SKEW
    made = _leaf_certificate(leaf, _Party(middle.subject, key), begin, middle.not_valid_after_utc)
    return made + middle.public_bytes(serialization.Encoding.PEM), private_pem(leaf.key)


def private_pem(key: PrivateKeyTypes) -> bytes:
    """The key as unencrypted PKCS #8, which is what C2PA's library reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _party(owner: str, country: str, role: str) -> _Party:
    common = f"{_cut(owner, LONGEST_NAME - len(role) - 1)} {role}".strip()
    parts = {NameOID.COUNTRY_NAME: country, NameOID.ORGANIZATION_NAME: owner, NameOID.COMMON_NAME: common}
    name = x509.Name([x509.NameAttribute(kind, text) for kind, text in parts.items()])
    return _Party(name, ec.generate_private_key(ec.SECP256R1()))


def _cut(text: str, longest: int) -> str:
    """The beginning that fits in ``longest`` bytes; the organisation carries the name whole."""
    return text.encode()[:longest].decode(errors="ignore")


def _authority_certificate(subject: _Party, issuer: _Party, begin: datetime, *, path_length: int) -> bytes:
    builder = _builder(subject, issuer, begin, begin + CA_VALIDITY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    return _signed(builder.add_extension(_usage(is_authority=True), critical=True), issuer)


def _leaf_certificate(subject: _Party, issuer: _Party, begin: datetime, latest: datetime) -> bytes:
    builder = _builder(subject, issuer, begin, min(begin + LEAF_VALIDITY, latest))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(is_authority=False), critical=True)
    purposes = x509.ExtendedKeyUsage([C2PA_CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    return _signed(builder.add_extension(purposes, critical=False), issuer)


def _builder(subject: _Party, issuer: _Party, begin: datetime, end: datetime) -> x509.CertificateBuilder:
    public = subject.key.public_key()
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(issuer.name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(issued_by, critical=False)
    )


def _signed(builder: x509.CertificateBuilder, issuer: _Party) -> bytes:
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
