"""A private run, as `verso train` makes it: what is kept where, and what the ledger says."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from quick import trainings
from rectoverso.errors import BadSetting
from rectoverso.protocols import SystemClock
from rectoverso.recto.data.digits import digits
from rectoverso.recto.data.shapes import SCENES
from rectoverso.recto.data.source import open_source
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.store.home import Home
from rectoverso.types import Digest
from rectoverso.verso.picture import to_png
from rectoverso.workflow.audit import audit_run
from rectoverso.workflow.digests import of_bytes as digest_of
from rectoverso.workflow.lineage import descent, manifest_names
from rectoverso.workflow.members import AuditRequest
from rectoverso.workflow.progress import silent
from rectoverso.workflow.replication import fingerprints_of, record_of
from rectoverso.workflow.standing import against
from rectoverso.workflow.train import PUBLISHED, Trained, TrainRequest, _find, _log, _open_home, train_run

SMALL = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "threads=1",
    "milestones=1",
)
BUDGET = "epsilon=10,delta=1e-5"
MANIFEST, PICTURE = Digest("1" * 64), Digest("2" * 64)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, Path]:
    place = tmp_path_factory.mktemp("private")
    request = TrainRequest(
        "dcgan",
        "digits",
        place / "run",
        "private",
        size=16,
        take=64,
        images=48,
        settings=SMALL,
        private=f"{BUDGET},pictures=60",
    )
    with trainings():
        return train_run(request, place / "home"), place


def test_fingerprints_lie_where_nothing_is_given_out_and_are_compared_with(
    trained: tuple[Trained, Path],
) -> None:
    result, _ = trained
    assert result.privacy is not None
    assert 9.9 < result.privacy["epsilon"] <= 10
    assert fingerprints_of(result.run) == result.run / "private" / "fingerprints.npz"
    assert fingerprints_of(result.run).is_file()
    assert (result.run / "private").stat().st_mode & 0o077 == 0
    assert record_of(result.run) == result.run / "private" / "replication.json"
    assert not (result.run / "replication.json").exists()


def test_the_ledger_names_the_data_by_a_keyed_digest(trained: tuple[Trained, Path]) -> None:
    result, place = trained
    entry = _entry(place / "home", b'"run_trained"')
    assert str(result.data_digest).encode() not in entry
    config = (result.run / "config.toml").read_text()
    assert str(result.data_digest) not in config
    assert b'"epsilon"' in entry
    assert b'"data_images":60' in entry.replace(b" ", b"")


def test_an_audit_of_it_tells_nothing_outside(
    trained: tuple[Trained, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither its files that travel nor the ledger, but for whether it passed."""
    monkeypatch.setattr("rectoverso.verso.audit.exchange.LOTS", 199)
    for module in ("audit", "kinds"):  # the next digits are another writer's, which is seen
        monkeypatch.setattr(f"rectoverso.verso.audit.{module}.LEVEL", 0.0)
    monkeypatch.setattr("rectoverso.workflow.members.FEWEST", 20)
    monkeypatch.setattr("rectoverso.verso.screen.memorisation.MIN_IMAGES", 32)
    monkeypatch.setattr("rectoverso.recto.metrics.membership.STEPS", 2)
    result, place = trained
    pictures = open_source("digits", size=16).images[800:900]
    for number, pixels in enumerate(pictures):
        (tmp_path / f"{number}.png").write_bytes(to_png(pixels))
    cards = (result.run / "card.md").read_bytes()
    request = AuditRequest(result.run, "digits", str(tmp_path), pictures=50, samples=100, take=64)
    audit = audit_run(request, place / "home")
    assert audit.record.is_relative_to(result.run / "private")
    assert all(page.is_relative_to(result.run / "private") for page in audit.pages.values())
    assert "outside that budget" in audit.pages["en"].read_text(encoding="utf-8")
    assert not (result.run / "audit").exists()
    assert (result.run / "card.md").read_bytes() == cards
    entry = _entry(place / "home", b'"run_audited"')
    for told in (result.data_digest, audit.facts["held_out"]["digest"], digest_of(audit.record.read_bytes())):
        assert str(told).encode() not in entry
    assert b"p_value" not in entry
    assert ("audit" in against(result.run, result.weights_digest, Home.open(place / "home"))) != audit.passed


def _entry(home_path: Path, kind: bytes) -> bytes:
    home = Home.open(home_path)
    with home.database.read() as tx:
        entries = home.log.entries(tx, 0, home.log.size(tx)).values()
    (entry,) = (entry for entry in entries if kind in entry)
    return bytes(entry)


@pytest.mark.parametrize(
    "asked",
    ["epsilon=1", "delta=1e-5", "epsilon=1,delta=1e-5,images=3", "1", "epsilon=1,delta=1e-5,epsilon=x"],
)
def test_a_budget_that_is_none_is_refused(asked: str, tmp_path: Path) -> None:
    request = TrainRequest("dcgan", "digits", tmp_path / "run", "private", private=asked)
    with pytest.raises(BadSetting):
        train_run(request, tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_asked_for_privacy_no_run_promises_nothing(tmp_path: Path) -> None:
    """An epsilon of 0 stands for no budget at all, which is not what somebody means who says it here."""
    for said, settings in (("epsilon=0,delta=1e-5", ()), (BUDGET, ("private.epsilon=0",))):
        request = TrainRequest(
            "dcgan", "digits", tmp_path / "run", "private", private=said, settings=settings, images=48
        )
        with pytest.raises(BadSetting, match="nothing is promised"):
            train_run(request, tmp_path / "home")


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("--size", {"channels": 3}),
        ("--channels", {"size": 16}),
        ("--take", {"size": 16, "channels": 3, "take": 9}),
    ],
)
def test_sides_and_channels_of_own_pictures_are_said_and_all_are_taken(
    option: str, given: dict[str, int], tmp_path: Path
) -> None:
    request = TrainRequest(
        "dcgan", str(tmp_path), tmp_path / "run", "private", private=f"{BUDGET},pictures=60", **given
    )
    with pytest.raises(BadSetting, match=option):
        train_run(request, tmp_path / "home")


def test_pictures_too_many_for_memory_lie_in_the_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed run leaves them there, and the rest of its folder may be given out."""
    caches: list[Path] = []
    monkeypatch.setattr(
        "rectoverso.recto.data.source.find_source", lambda *_, cache, **__: caches.append(cache)
    )
    request = TrainRequest("dcgan", "digits", tmp_path / "run", "private")
    private = with_settings(recipe("dcgan", "private"), ["private.pictures=60"])
    _find(request, private)
    _find(request, recipe("dcgan", "default"))
    assert (tmp_path / "run" / "private") in caches[0].parents
    assert (tmp_path / "run" / "private").stat().st_mode & 0o077 == 0
    assert (tmp_path / "run" / "private") not in caches[1].parents


def test_an_erased_picture_is_followed_into_private_runs(trained: tuple[Trained, Path]) -> None:
    """The ledger names their sets so that this home alone can tell which they are, anew for each run."""
    result, place = trained
    data = dataclasses.replace(digits(8), manifest=MANIFEST)
    home, keys = _open_home(place / "another", silent, None)
    request = TrainRequest("dcgan", "digits", result.run, "private")
    _log(request, data, home, keys, SystemClock())
    with home.database.transaction() as tx:
        home.lineage.keep(tx, MANIFEST, [PICTURE])
        assert descent(home, tx, [PICTURE]).runs == (result.weights_digest,)
        assert descent(home, tx, [Digest("3" * 64)]).runs == ()
        entries = home.log.entries(tx, 0, home.log.size(tx)).values()
    assert not any(MANIFEST.encode() in entry for entry in entries)
    names = [manifest_names(home, run, [MANIFEST]) for run in ("4" * 64, "5" * 64)]
    assert names[0] != names[1]


def test_how_many_pictures_built_in_data_have_is_published() -> None:
    assert {"digits": len(digits(8)), "shapes": SCENES} == PUBLISHED


def test_the_record_is_json_that_says_what_is_not_told(trained: tuple[Trained, Path]) -> None:
    report = json.loads((trained[0].run / "run.json").read_text())
    assert report["data"]["veiled"] is True
    assert report["privacy"]["labels_protected"] is True
