"""What a process gives up, for good, before it reads a file that nobody trusts.

| given up | by | on |
| --- | --- | --- |
| memory beyond a limit | ``RLIMIT_AS`` | Linux |
| opening anything: files, sockets, devices | ``RLIMIT_NOFILE`` of 0 | Linux, macOS |
| writing into files, dumping core | ``RLIMIT_FSIZE``, ``RLIMIT_CORE`` of 0 | Linux, macOS |
| removing, renaming and running files, signals to others | Landlock | Linux 6.12; files alone from 5.13 |
| getting any of it back | ``no_new_privs``, no capabilities | Linux |

macOS takes a limit of memory and does not keep to it; Windows has none of these. What a system cannot do is left out,
and what was done is told.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from typing import Literal

Held = Literal["memory", "opening", "writing", "landlock", "privileges"]
"""The rows of the table."""

_NO_NEW_PRIVS = 38
_CREATE_RULESET, _RESTRICT_SELF = 444, 446
_VERSION_ASKED = 1
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights of the file system each version of Landlock knows (linux/landlock.h)."""
_NET_RIGHTS, _SCOPES = 0b11, 0b11
_CAPABILITIES_VERSION_3 = 0x20080522


def hold_memory(soft: int, hard: int) -> tuple[Held, ...]:
    """Let this process have ``soft`` bytes of address space, and never more than ``hard`` or what it was given."""
    if sys.platform != "linux":
        return ()
    import resource

    given = resource.getrlimit(resource.RLIMIT_AS)[1]
    hard = hard if given == resource.RLIM_INFINITY else min(hard, given)
    resource.setrlimit(resource.RLIMIT_AS, (min(soft, hard), hard))
    return ("memory",)


def give_up() -> tuple[Held, ...]:
    """Everything of the table but memory. Nothing can be opened after it, so whatever is needed is loaded before."""
    held = _without_capabilities() + _within_landlock() if sys.platform == "linux" else ()
    return held + _nothing_opened()


def _nothing_opened() -> tuple[Held, ...]:
    try:
        import resource
    except ImportError:  # Windows
        return ()
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE):
        resource.setrlimit(limit, (0, 0))
    return ("opening", "writing")


def _without_capabilities() -> tuple[Held, ...]:
    """Root is nobody special after it, and could not lift a limit."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    done = libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and libc.capset(header, nothing) == 0
    return ("privileges",) if done else ()


def _within_landlock() -> tuple[Held, ...]:
    """No rule allows anything, so every right that the kernel knows is gone."""
    import os

    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_ASKED)
    if version < 1:
        return ()
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    attributes = (ctypes.c_uint64 * 3)(
        rights, _NET_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0
    )
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    if rules < 0:
        return ()
    held = libc.syscall(_RESTRICT_SELF, rules, 0) == 0
    with suppress(OSError):
        os.close(rules)
    return ("landlock",) if held else ()
