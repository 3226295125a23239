"""What a resolution service answers when it has no credential to give."""

from __future__ import annotations

from rectoverso.errors.base import CouldNotRun, InputError


class AlgorithmUnknown(InputError):
    """Facts: algorithm, known."""

    code = "algorithm_unknown"
    what = "The soft binding algorithm {algorithm} is not known here."
    why = "This service looks up: {known}."
    fix = "Ask for one of these, or ask the service that the algorithm's owner names."


class QueryUnusable(InputError):
    """Facts: reason (what a query has to be)."""

    code = "query_unusable"
    what = "This query cannot be used."
    why = "{reason}"
    fix = "See C2PA's Soft Binding Resolution API, version 2.4."


class QueryTooLong(InputError):
    """Facts: limit (characters or bytes)."""

    code = "query_too_long"
    what = "This query is too long."
    why = "Up to {limit} are taken here."
    fix = "Send a value in the body of a POST to the same address, or a smaller picture."


class ManifestUnknown(InputError):
    """Facts: manifest."""

    code = "manifest_unknown"
    what = "There is no manifest {manifest} here."
    why = "No image with it was released from this home."
    fix = "Take an id from the answer to a query."


class ManifestRevoked(InputError):
    """Facts: manifest, entry."""

    code = "manifest_revoked"
    what = "The manifest {manifest} is no longer given out."
    why = "The release of its image was revoked, by entry {entry} of the ledger."
    fix = "Ask whoever released it."


class ResolverUnusable(InputError):
    """Facts: url, reason (what an address has to be)."""

    code = "resolver_unusable"
    what = "{url} is no address of a resolution service."
    why = "{reason}"
    fix = "Give the address that the service's owner tells, like https://example.org/v1"


class NotOffered(InputError):
    """Facts: method, path."""

    code = "not_offered"
    what = "{method} {path} is not offered."
    why = "The resolution API only reads, and fetches nothing from addresses that others name."
    fix = "GET /v1/services/capabilities lists what it does."


class TooManyRequests(CouldNotRun):
    """Facts: seconds."""

    code = "too_many_requests"
    what = "Too many requests came from your address."
    why = "Each is given so many a minute, so that there is something left for the others."
    fix = "Try again in {seconds} s."


class NotNow(CouldNotRun):
    code = "not_now"
    what = "The service cannot answer at the moment."
    why = "It does not get at its own records; what is wrong is told to its keeper, and to nobody else."
    fix = "Ask again later."


class PortUnusable(CouldNotRun):
    """Facts: host, port, system."""

    code = "port_unusable"
    what = "Nothing can listen at {host}, port {port}."
    why = "The system says: {system}."
    fix = "Choose another --port; 0 takes a free one."
