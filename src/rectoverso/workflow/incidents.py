"""What owners may see: which drafts were found alike to their works, and what became of each.

Made from the recorded decisions alone. No picture is shown, nor where a draft came from, nor other owners' works.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rectoverso.errors import OwnerNotFound, WorkNotFound
from rectoverso.store.assets import Asset
from rectoverso.store.vault import Vault
from rectoverso.store.works import called
from rectoverso.verso.registry.refusals import similar_works
from rectoverso.workflow.ledgers import existing_home, keys_of


@dataclass(frozen=True, slots=True)
class Incident:
    """One draft that was alike to one work.

    ``request`` and ``ledger_index`` are how the ledger names the decision. ``ruling`` is what the likeness led to, for
    which ``doubt`` says why it was less than likeness alone would; ``decision`` what became of the draft by all checks.
    Of a work found whole ``likeness`` is told, of one found in part the number of its ``points``, of one that only
    weights found its ``cosine``, of a style how typical of it the draft is.
    """

    decided_at: str
    asset: str
    request: str
    ledger_index: int
    use: str
    decision: str
    ruling: str
    doubt: str | None
    likeness: float | None
    points: int | None
    cosine: float | None
    typicality: float | None
    claim: str
    work: str
    title: str
    owner: str

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self)


def incidents(home_path: Path, *, owner: str | None = None, work: str | None = None) -> list[Incident]:
    """What became of drafts because of works, the first decided first: of one owner, of one work, or of all.

    Raises OwnerNotFound and WorkNotFound for who has no work here and never had an incident, TitleShared.
    """
    home = existing_home(home_path)
    works = home.works.all()
    named = called(works, work) if work is not None else None
    wanted = named.id if named else work
    keys_of(home)  # raises where they are lost
    found = [
        row
        for asset in home.assets.all()
        for row in _incidents_of(asset, home.vault)
        if owner in (None, row.owner) and (wanted is None or wanted in (row.work, row.title))
    ]
    if not found and work is not None and named is None:
        raise WorkNotFound(work=work)
    if not found and owner is not None and owner not in {each.owner for each in works}:
        raise OwnerNotFound(owner=owner)
    return found


def _incidents_of(asset: Asset, vault: Vault) -> Iterator[Incident]:
    for work in similar_works(asset):
        yield Incident(
            decided_at=asset.decided_at,
            asset=asset.id,
            request=vault.public_name(asset.request),
            ledger_index=asset.ledger_index,
            use=asset.use,
            decision=asset.decision.value,
            ruling=work.get("ruling", work["outcome"]),
            doubt=work.get("doubt"),
            likeness=work.get("likeness"),
            points=work.get("points"),
            cosine=work.get("cosine"),
            typicality=work.get("typicality"),
            claim=work.get("claim", "asserted"),
            work=work["id"],
            title=work["title"],
            owner=work["owner"],
        )
