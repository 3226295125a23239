"""On which terms files leave: what they are for, which laws their labels obey, what kind of file they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rectoverso.errors import BadSetting, PolicyUnusable
from rectoverso.i18n import Phrase
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import Maker, Message, Origin
from rectoverso.verso.law import Labelling, Law, laws_named
from rectoverso.verso.policy import Policy, Shelf
from rectoverso.workflow.registry import territory_of

GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Terms:
    """``use`` names a policy, or ``policy`` is the file of one. Then the laws asked for, the code of the provider
    (China's block), and whether all their visible labels are wanted. ``media_type`` (IANA) is that of the files, where
    it is not the drafts' own. ``territory``: the countries that they are for, none is all; rights that hold
    elsewhere only do not concern them. ``person``: the account that asks, where that is known.
    """

    use: str = GENERAL
    laws: tuple[Law, ...] = ()
    producer: str = ""
    all_visible: bool = False
    media_type: str | None = None
    policy: Path | None = None
    territory: tuple[str, ...] = ()
    person: str = ""

    @classmethod
    def of(
        cls,
        use: str = GENERAL,
        laws: Iterable[str] | None = None,
        producer: str = "",
        *,
        visible: bool = False,
        file_format: str | None = None,
        policy: Path | None = None,
        territory: str = "",
    ) -> Terms:
        """From words: names of laws, which commas may separate, of a format such as ``"webp"``, and codes of countries.
        Raises UnknownName of a law, and BadSetting for a country.
        """
        kind = f"image/{file_format}" if file_format else None
        return cls(use, laws_named(laws or ()), producer, visible, kind, policy, territory_of(territory))

    def rules(self, home_path: Path) -> Policy:
        """The policy by which a home, if there is one yet, decides on these terms.

        Raises UnknownName for a use that there is none of, PolicyUnusable and PolicyLoosens for a file.
        """
        shelf = Shelf(Home(home_path).policies_path)
        if self.policy is None:
            return shelf.policy(self.use)
        found = shelf.at(self.policy)
        if self.use not in (GENERAL, *(pack.name for pack in found.packs)):
            raise _other_use(found, self.use, self.policy)
        return found

    def check(self, origin: Origin) -> None:
        """Raise BadSetting for laws and photographs: what these laws want said would not be true of one."""
        if self.laws and origin is Origin.CAPTURED:
            raise _bad("captured")


def labelling_of(terms: Terms, home: Home, keys: Keys, maker: Maker) -> Labelling:
    """The labelling of a home with these keys, whose owner answers for the files, of what ``maker`` makes.

    Raises BadSetting where a law wants what is not known here, so that no file could meet it: a code where the owner's
    name cannot be one, what made the images, an authority that stamps the time.
    """
    labelling = Labelling(terms.laws, keys.owner, terms.producer, terms.all_visible)
    if labelling.needs_producer:
        raise _bad("producer")
    wanted = {clause.field or clause.asks for law in terms.laws for clause in law.clauses}
    known = {
        "time_stamp": bool(terms.laws) and bool(home.time_stamp_authority),
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


def _other_use(found: Policy, asked: str, file: Path) -> PolicyUnusable:
    facts = {"policy": found.name, "use": found.use, "asked": asked}
    reason, advice = (Phrase(Message(f"policy.bad.other_use.{part}", facts)) for part in ("reason", "advice"))
    return PolicyUnusable(file=file, reason=reason, advice=advice)
