from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rectoverso.errors import OwnerUnusable
from rectoverso.store.certificates import C2PA_CLAIM_SIGNING, Authority, make_authority

Kind = TypeVar("Kind", bound=x509.ExtensionType)
NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority("工作室 Moon", "DE", NOW)


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def extension(of: bytes, kind: type[Kind]) -> x509.Extension[Kind]:
    return certificate(of).extensions.get_extension_for_class(kind)


def test_each_certificate_is_issued_by_the_one_above(authority: Authority) -> None:
    root, middle, leaf = (
        certificate(pem) for pem in (authority.root, authority.intermediate, authority.leaf)
    )
    leaf.verify_directly_issued_by(middle)
    middle.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)


def test_the_leaf_has_the_profile_that_c2pa_asks_for(authority: Authority) -> None:
    constraints = extension(authority.leaf, x509.BasicConstraints)
    usage = extension(authority.leaf, x509.KeyUsage)
    purposes = extension(authority.leaf, x509.ExtendedKeyUsage)
    assert (constraints.critical, constraints.value.ca) == (True, False)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    assert list(purposes.value) == [C2PA_CLAIM_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
    above = extension(authority.intermediate, x509.SubjectKeyIdentifier).value
    assert extension(authority.leaf, x509.AuthorityKeyIdentifier).value.key_identifier == above.key_identifier


def test_authorities_may_sign_only_so_far_down(authority: Authority) -> None:
    lengths = [
        extension(pem, x509.BasicConstraints).value.path_length
        for pem in (authority.root, authority.intermediate)
    ]
    assert lengths == [1, 0]


def test_the_subject_names_the_owner(authority: Authority) -> None:
    subject = certificate(authority.leaf).subject
    kinds = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
    values = [subject.get_attributes_for_oid(kind)[0].value for kind in kinds]
    assert values == ["DE", "工作室 Moon", "工作室 Moon"]


def test_validity_counts_from_the_clock_given(authority: Authority) -> None:
    leaf, root = certificate(authority.leaf), certificate(authority.root)
    assert leaf.not_valid_before_utc <= NOW < leaf.not_valid_after_utc
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=366)
    assert root.not_valid_after_utc.year == NOW.year + 10


def test_private_keys_do_not_show(authority: Authority) -> None:
    assert "PRIVATE" not in repr(authority)


@pytest.mark.parametrize("owner", ["", "   ", "two\nlines", "x" * 65])
def test_a_name_that_no_certificate_can_carry_is_refused(owner: str) -> None:
    with pytest.raises(OwnerUnusable):
        make_authority(owner, "XX", NOW)


def test_the_longest_name_fits_whole() -> None:
    subject = certificate(make_authority("字" * 64, "XX", NOW).leaf).subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "字" * 64
    assert subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "字" * 21
