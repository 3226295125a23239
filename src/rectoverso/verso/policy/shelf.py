"""Where packs are found: the six that ship, an organisation's own in a folder, and any file.

1. A name means the file of that name in the folder, else the pack that ships under it. So a file ``advertising.toml``
   that extends ``advertising`` is what `advertising` means in that home, without anybody having to remember it.
2. An organisation's pack extends another, down to one that ships, and thereby is for a use that everybody knows.
3. No line of it may be less strict than what it extends says there. Such a pack is refused with that line, although
   the line would change nothing: whoever wrote it believes that it does (decision 0015).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from rectoverso.errors import PolicyLoosens, UnknownName
from rectoverso.verso.policy.pack import SEVERITY, Line, Pack
from rectoverso.verso.policy.policy import Policy, strictest
from rectoverso.verso.policy.rules import People
from rectoverso.verso.policy.wrong import unusable

CASES = ".cases.toml"
_SUFFIX = ".toml"
_FOLDER = "packs"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The packs that ship and, where ``folder`` exists, those in it."""

    folder: Path | None = None

    def names(self) -> tuple[str, ...]:
        """All names, `general` first."""
        return tuple(sorted({*uses(), *self.own()}, key=lambda name: (name != "general", name)))

    def own(self) -> tuple[str, ...]:
        """The names of the files in the folder."""
        if self.folder is None or not self.folder.is_dir():
            return ()
        files = (path.name for path in self.folder.glob(f"*{_SUFFIX}") if path.is_file())
        return tuple(sorted(name.removesuffix(_SUFFIX) for name in files if not name.endswith(CASES)))

    def policy(self, name: str) -> Policy:
        """The policy of a name. Raises UnknownName with the nearest that exists, PolicyUnusable, PolicyLoosens."""
        if name in self.own() and self.folder is not None:
            return self.at(self.folder / f"{name}{_SUFFIX}")
        if name not in uses():
            known = self.names()
            near = difflib.get_close_matches(name, known, n=1)
            hint = f": {near[0]}" if near else ""
            raise UnknownName(kind="use", name=name, known=", ".join(known), hint=hint)
        return _shipped(name)

    def at(self, file: Path) -> Policy:
        """The policy of a file. Raises PolicyUnusable and PolicyLoosens."""
        return self._extended(file, ())

    def _extended(self, file: Path, above: tuple[str, ...]) -> Policy:
        """``above``: the names of the packs that lead here by extending."""
        try:
            data = file.read_bytes()
        except OSError as error:
            raise unusable(str(file), "file", system=error.strerror or error) from error
        pack = Pack.read(file.name.removesuffix(_SUFFIX), data, str(file))
        base = self._base(pack, (*above, pack.name))
        if pack.name in uses() and base.use != pack.name:
            raise unusable(str(file), "name_taken", name=pack.name)
        if found := _loosening(pack, base):
            raise _loosens(pack, *found)
        return Policy((*base.packs, pack))

    def _base(self, pack: Pack, above: tuple[str, ...]) -> Policy:
        """What it extends: by its own name the pack that ships, else as every name is found."""
        wanted, where = pack.rules.extends or "", str(pack.file)
        if wanted in self.own() and wanted != pack.name and self.folder is not None:
            if wanted in above:
                raise unusable(where, "circle", names=", ".join((*above, wanted)))
            return self._extended(self.folder / f"{wanted}{_SUFFIX}", above)
        if wanted not in uses():
            raise unusable(where, "extends_unknown", name=wanted, known=", ".join(self.names()))
        return _shipped(wanted)


def uses() -> tuple[str, ...]:
    """The names of the packs that ship, which are the uses: `general` first."""
    files = (file.name for file in resources.files(__package__).joinpath(_FOLDER).iterdir())
    packs = {
        name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX) and not name.endswith(CASES)
    }
    return tuple(sorted(packs, key=lambda name: (name != "general", name)))


def shipped_cases(name: str) -> bytes:
    """The cases of a pack that ships."""
    return resources.files(__package__).joinpath(_FOLDER, f"{name}{CASES}").read_bytes()


@cache
def _shipped(name: str) -> Policy:
    data = resources.files(__package__).joinpath(_FOLDER, f"{name}{_SUFFIX}").read_bytes()
    return Policy((Pack.read(name, data),))


def _loosening(pack: Pack, base: Policy) -> tuple[Line, Line] | None:
    """The first line of a pack that says less than its base does there, and the line of the base."""
    for path, decision in pack.rules.decisions():
        line, said = pack.line(path, decision), strictest(base.there(".".join(path)))
        if SEVERITY[line.decision] < SEVERITY[said.decision]:
            return line, said
    for said in (one.always for one in base.packs if one.always):
        if pack.always and SEVERITY[pack.always.decision] < SEVERITY[said.decision]:
            return pack.always, said
    return next(_fewer_people(pack, base), None)


def _fewer_people(pack: Pack, base: Policy) -> Iterator[tuple[Line, Line]]:
    for line in pack.people():
        name = line.rule.removeprefix("people.")
        for other in base.packs:
            if getattr(pack.rules.people, name) < getattr(other.rules.people or People(), name):
                yield line, next(said for said in other.people() if said.rule == line.rule)


def _loosens(pack: Pack, line: Line, said: Line) -> PolicyLoosens:
    return PolicyLoosens(
        file=pack.file,
        number=line.number,
        rule=line.rule,
        says=line.facts()["decision"],
        base=f"{said.pack}@{said.version}",
        base_number=said.number,
        base_rule=said.rule,
        base_says=said.facts()["decision"],
    )
