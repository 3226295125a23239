"""Stand-ins for packages that another project imports and that its training does not need.

Every name in one is a class that takes anything and does nothing, so that it can be called or inherited from.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def stand_in_for(*packages: str) -> None:
    """From now on, imports of these packages and of anything below them find a stand-in."""
    sys.meta_path.insert(0, Finder(packages))


class Finder(MetaPathFinder, Loader):
    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        del path, target
        is_one = any(name == package or name.startswith(f"{package}.") for package in self.packages)
        return ModuleSpec(name, self, is_package=True) if is_one else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


class StandIn(ModuleType):
    def __getattr__(self, name: str) -> type:
        return nothing(name)


class Empty(type):
    """The kind of such a class: each name in one is another."""

    def __getattr__(cls, name: str) -> type:
        return nothing(name)


def nothing(name: str) -> type:
    if name.startswith("__"):
        raise AttributeError(name)
    return Empty(name, (), {"__init__": ignore})


def ignore(thing: object, *arguments: object, **options: object) -> None:
    """Take anything and do nothing."""
