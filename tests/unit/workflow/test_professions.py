"""What somebody was confirmed to be lies open nowhere, and goes with them."""

from __future__ import annotations

from pathlib import Path

import pytest

import stolen
from rectoverso.errors import OwnProfession, PersonNotFound
from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.workflow.erase import What, erase
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import check_ledger, open_ledger
from rectoverso.workflow.people import LOCAL
from rectoverso.workflow.professions import confirm, confirmed, professions_of

NOW = "2026-11-28T12:00:00Z"
WORDS = ("radiologist", "licence 4711")


@pytest.mark.parametrize("erased", ["Anna Muster", "Ada Min"])
def test_a_confirmation_goes_with_either_of_the_two(tmp_path: Path, erased: str) -> None:
    """Also with who confirmed it: what the entry commits to is erased as a whole, and another has to confirm anew."""
    home = Home.open(tmp_path / "home")
    keys = open_keys(home)
    ledger = open_ledger(home, keys)
    anna, ada = (
        home.people.add("Anna Muster", Role.REVIEWER, NOW),
        home.people.add("Ada Min", Role.ADMIN, NOW),
    )
    with pytest.raises(OwnProfession):
        confirm(home, keys, ada.id, "medical", *WORDS, ada)
    with pytest.raises(PersonNotFound):
        confirm(home, keys, "f" * 12, "medical", *WORDS, ada)
    made = confirm(home, keys, anna.id, "medical", *WORDS, ada)
    assert confirmed(home, ledger, anna.id, "medical") == made
    assert confirmed(home, ledger, anna.id, "art") is None
    erase(home.path, What.PERSON, erased)
    assert confirmed(home, ledger, anna.id, "medical") is None
    assert not any(one.name or one.evidence for one in professions_of(home, keys, anna.id))
    again = confirm(home, keys, anna.id, "medical", *WORDS, LOCAL) if erased == "Ada Min" else None
    assert confirmed(home, ledger, anna.id, "medical") == again
    assert check_ledger(home.path).holds
    home.close()
    for name, data in stolen.files_of(home.path):
        assert not any(word.encode() in data for word in (*WORDS, "Anna Muster", "Ada Min")), name
