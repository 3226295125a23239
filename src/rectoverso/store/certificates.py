"""A development certificate authority: root, intermediate, and the leaf that signs pictures.

The leaf has the shape that C2PA asks for (claim signing, e-mail protection, both extensions of its own key and its
issuer's), so any reader accepts it once it is given the root. Nobody else trusts it: it says who holds this home.
The root's private key is used once, for the intermediate, and thrown away; the intermediate issues later leaves.
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
"""What X.520 allows in a common name and in an organisation's name."""


@dataclass(frozen=True, slots=True)
class Authority:
    """PEM certificates of the chain, and the private keys of the intermediate and of the leaf."""

    root: bytes
    intermediate: bytes
    leaf: bytes
    intermediate_key: bytes = field(repr=False)
    leaf_key: bytes = field(repr=False)


def make_authority(owner: str, country: str, now: datetime) -> Authority:
    """Make the whole chain for ``owner``; raises OwnerUnusable when no certificate can carry that name."""
    if not owner.strip() or not owner.isprintable() or len(owner) > LONGEST_NAME:
        raise OwnerUnusable
    begin = now.replace(microsecond=0) - CLOCK_SKEW
    root_key, middle_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    root_name = _name(owner, country, "development root CA")
    middle_name = _name(owner, country, "development CA")
    root = _authority_certificate(root_name, root_key, root_name, root_key, begin, path_length=1)
    middle = _authority_certificate(middle_name, middle_key, root_name, root_key, begin, path_length=0)
    leaf = _leaf_certificate(_name(owner, country, ""), leaf_key, middle_name, middle_key, begin)
    certificates = [
        certificate.public_bytes(serialization.Encoding.PEM) for certificate in (root, middle, leaf)
    ]
    return Authority(*certificates, private_pem(middle_key), private_pem(leaf_key))


def private_pem(key: PrivateKeyTypes) -> bytes:
    """The key as unencrypted PKCS #8, which is what C2PA's library reads."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(owner: str, country: str, role: str) -> x509.Name:
    common = f"{owner[: LONGEST_NAME - len(role) - 1]} {role}".strip()
    parts = {NameOID.COUNTRY_NAME: country, NameOID.ORGANIZATION_NAME: owner, NameOID.COMMON_NAME: common}
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts.items()])


def _authority_certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    *,
    path_length: int,
) -> x509.Certificate:
    builder = _builder(subject, key, issuer, issuer_key, begin, begin + CA_VALIDITY)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(_usage(is_authority=True), critical=True)
    return builder.sign(issuer_key, hashes.SHA256())


def _leaf_certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
) -> x509.Certificate:
    builder = _builder(subject, key, issuer, issuer_key, begin, begin + LEAF_VALIDITY)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_usage(is_authority=False), critical=True)
    purposes = x509.ExtendedKeyUsage([C2PA_CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    return builder.add_extension(purposes, critical=False).sign(issuer_key, hashes.SHA256())


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    begin: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    issued_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issued_by, critical=False)
    )


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
