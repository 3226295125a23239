"""Which laws files are made under, from what was asked and what the home knows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import Maker, Message, Origin
from rectoverso.verso.law import Labelling, Law, laws_named


@dataclass(frozen=True, slots=True)
class Asked:
    """The laws asked for, the code of the provider (China's block), and whether all their visible labels are wanted."""

    laws: tuple[Law, ...] = ()
    producer: str = ""
    all_visible: bool = False

    @classmethod
    def of(cls, names: Iterable[str], producer: str = "", *, all_visible: bool = False) -> Asked:
        """From names that may be separated by commas. Raises UnknownName."""
        return cls(laws_named(names), producer, all_visible)

    def check(self, origin: Origin) -> None:
        """Raise BadSetting for laws and photographs: what these laws want said would not be true of one."""
        if self.laws and origin is Origin.CAPTURED:
            raise _bad("captured")


def labelling_of(asked: Asked, home: Home, keys: Keys, maker: Maker) -> Labelling:
    """The labelling of a home with these keys, whose owner answers for the files, of what ``maker`` makes.

    Raises BadSetting where a law wants what is not known here, so that no file could meet it: a code where the owner's
    name cannot be one, what made the images, an authority that stamps the time.
    """
    labelling = Labelling(asked.laws, keys.owner, asked.producer, asked.all_visible)
    if labelling.needs_producer:
        raise _bad("producer")
    wanted = {clause.field or clause.asks for law in asked.laws for clause in law.clauses}
    known = {
        "time_stamp": bool(asked.laws) and bool(home.time_stamp_authority),
        "system": bool(maker.name),
        "version": bool(maker.version),
    }
    for fact, is_known in known.items():
        if fact in wanted and not is_known:
            raise _bad(fact)
    return labelling


def _bad(problem: str) -> BadSetting:
    reason, advice = (Phrase(Message(f"law.bad.{problem}.{part}")) for part in ("reason", "advice"))
    setting = "producer" if problem == "producer" else "law"
    return BadSetting(setting=setting, reason=reason, advice=advice)
