"""Who may what: the one table that the service, the studio, the commands, the documents and the tests read.

Whoever asks has one role; a route or a command asks for one permission. Nothing but this table joins the two, and a
role that does not stand beside a permission is refused. Who may decide on a held image is also a matter of its policy
(`workflow.review`), and whose a job or a picture is, of who asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from rectoverso.errors import NotAllowed
from rectoverso.store.people import Person, Role


class Permission(StrEnum):
    """What somebody may be allowed to do.

    ``look``: see systems, runs, training sets, policies, laws, released images with their proofs, and the ledger.
    ``follow``: see jobs, one's own. ``inspect``: see what everybody makes, what was held and refused, why, what people
    said of it, the register; and have the ledger recomputed. ``make``: train, draw, seal, send training sets.
    ``send``: send pictures. ``review``: see held drafts, and decide on them. ``register``: change the register of
    works. ``publish``: take released images out with their evidence, on record, and take releases back.
    ``oversee``: see accounts, their keys and professions, and the service's numbers. ``govern``: change those, and the
    keys of this home.
    """

    LOOK = "look"
    FOLLOW = "follow"
    INSPECT = "inspect"
    MAKE = "make"
    SEND = "send"
    REVIEW = "review"
    REGISTER = "register"
    PUBLISH = "publish"
    OVERSEE = "oversee"
    GOVERN = "govern"


READ_ONLY = frozenset({Permission.LOOK, Permission.FOLLOW, Permission.INSPECT, Permission.OVERSEE})
"""Whoever has no other changes nothing."""


def _and_admins(*roles: Role) -> frozenset[Role]:
    return frozenset({*roles, Role.ADMIN})


ROLES: Mapping[Permission, frozenset[Role]] = MappingProxyType(
    {
        Permission.LOOK: frozenset(Role),
        Permission.FOLLOW: _and_admins(Role.MAKER, Role.REVIEWER, Role.AUDITOR),
        Permission.INSPECT: _and_admins(Role.REVIEWER, Role.AUDITOR),
        Permission.MAKE: _and_admins(Role.MAKER),
        Permission.SEND: _and_admins(Role.MAKER, Role.REVIEWER),
        Permission.REVIEW: _and_admins(Role.REVIEWER),
        Permission.REGISTER: _and_admins(Role.REVIEWER),
        Permission.PUBLISH: _and_admins(Role.PUBLISHER),
        Permission.OVERSEE: _and_admins(Role.AUDITOR),
        Permission.GOVERN: _and_admins(),
    }
)


def is_allowed(person: Person | None, permission: Permission) -> bool:
    """Whether somebody may; None may nothing."""
    return person is not None and person.role in ROLES[permission]


def demand(person: Person, permission: Permission) -> None:
    """Raise NotAllowed for who may not, with the roles that may."""
    if not is_allowed(person, permission):
        needed = ", ".join(role.value for role in Role if role in ROLES[permission])
        raise NotAllowed(role=person.role.value, needed=needed)
