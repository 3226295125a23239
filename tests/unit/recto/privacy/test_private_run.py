"""A private run: exact to resume, silent about its pictures, and refused where it could not keep its promise."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rectoverso.errors import BadSetting, RunMismatch, RunNotFound
from rectoverso.i18n import explain
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.privacy.engine import Mechanism
from rectoverso.recto.privacy.feed import PrivateFeed
from rectoverso.recto.privacy.guarantee import check_private, guarantee_of, told
from rectoverso.recto.privacy.vault import Vault
from rectoverso.recto.privacy.veil import Veiled
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.systems.private_pair import PrivatePair, check_critic
from rectoverso.recto.systems.recipe import Shape
from rectoverso.recto.train.card import card
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Digest
from unit.recto.conftest import striped

SHAPE = Shape(16, 16, 3, 2)
IMAGES = 48
SMALL = (
    "batch=8",
    "nets.latent=8",
    "nets.generator_width=4",
    "nets.critic_width=4",
    "milestones=2",
    "private.pictures=50",
    f"images={IMAGES}",
)


class Stop(Exception):
    """Ends a training as a kill would."""


@pytest.fixture(scope="session")
def private() -> Recipe:
    return with_settings(recipe("dcgan", "private"), SMALL)


def weights(run: Path) -> bytes:
    return (run / "weights" / "critic.safetensors").read_bytes()


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    private: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    """The same pictures are taken and the same noise drawn: nothing is released a second time."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    Vault(whole).begin()
    Vault(killed).begin()
    for name in ("noise.key", "veil.key"):  # two runs never share a key; these are one run, told twice
        (killed / "private" / name).write_bytes((whole / "private" / name).read_bytes())
    train(private, stripes, whole)

    def kill(status) -> None:
        if status.images >= IMAGES // 2 and status.stage == "training":
            raise Stop

    ticks = iter(range(10_000))
    with pytest.raises(Stop):
        train(private, stripes, killed, listener=kill, clock=lambda: float(next(ticks)))
    train(private, stripes, killed, resume=True)
    assert weights(whole) == weights(killed)


def test_without_its_key_a_run_does_not_go_on(private: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    run = tmp_path / "run"

    def kill(_) -> None:
        raise Stop

    with pytest.raises(Stop):
        train(private, stripes, run, listener=kill)
    (run / "private" / "noise.key").unlink()
    with pytest.raises(RunNotFound, match="a second time"):
        train(private, stripes, run, resume=True)


@pytest.fixture(scope="module")
def run(private: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private") / "run"
    train(private, striped(), folder)
    return folder


def test_what_is_given_out_names_the_data_under_a_key(run: Path) -> None:
    """Neither the plain digest nor the true count: with them a guess at the last picture could be checked."""
    data = striped()
    public = [
        path for path in run.rglob("*") if path.is_file() and "private" not in path.relative_to(run).parts
    ]
    assert {path.name for path in public} >= {"config.toml", "run.json", "card.md", "status.jsonl"}
    for path in public:
        content = path.read_bytes()
        assert data.digest.encode() not in content, path
        assert (data.labels_digest or "").encode() not in content, path
    report = json.loads((run / "run.json").read_text())
    assert report["data"]["images"] == 50
    assert report["data"]["digest"] == Vault(run).veiled(data.digest)
    assert "classes" not in report["data"]
    assert "variety" not in report["readings"]


def test_a_finished_run_has_destroyed_the_key_of_its_noise_and_may_be_asked_to_go_on(
    run: Path, private: Recipe
) -> None:
    assert not (run / "private" / "noise.key").exists()
    before = weights(run)
    assert train(private, striped(), run, resume=True).images == IMAGES
    assert weights(run) == before


def test_the_promise_is_in_the_record_on_the_cards_and_with_the_maker(run: Path) -> None:
    facts = json.loads((run / "run.json").read_text())["privacy"]
    assert 0.99 * 10 < facts["epsilon"] <= 10
    assert (facts["steps"], facts["rate"], facts["pictures"]) == (6, 8 / 50, 50)
    assert "add or remove one picture" in facts["neighbours"]
    assert "differentially private" in (run / "card.md").read_text()
    assert "差分隐私" in (run / "card.zh.md").read_text()
    assert RunGenerator(run).maker.privacy == told(facts)
    assert "epsilon" in told(facts)


def test_the_card_says_where_the_key_is_and_nothing_that_is_not_so(run: Path) -> None:
    """That a set was curated is no secret; how many pictures were left out of it is."""
    facts = json.loads((run / "run.json").read_text())
    data = dataclasses.replace(striped(), manifest=Digest("ab" * 32))
    for language, kept, gone in (("en", "lies in `private/`", "has destroyed it"), ("zh", "留在", "已销毁")):
        told = [
            card(Veiled(data, Vault(run), 50), facts | {"finished": is_finished}, language)
            for is_finished in (False, True)
        ]
        assert kept in told[0] and gone not in told[0]  # noqa: PT018
        assert gone in told[1] and kept not in told[1]  # noqa: PT018
        assert "0 left out" not in told[0]
        assert Vault(run).veiled("ab" * 32) in told[0]
        assert "ab" * 32 not in told[0]


def test_a_run_goes_on_with_the_same_pictures_and_settings_alone(run: Path, private: Recipe) -> None:
    other = Dataset("stripes", striped().images[:-1], striped().labels[:-1], ("across", "down"))  # type: ignore[index]
    with pytest.raises(RunMismatch, match="data"):
        train(private, other, run, resume=True)
    with pytest.raises(RunMismatch, match=r"private\.clip"):
        train(with_settings(private, ["private.clip=2"]), striped(), run, resume=True)


def test_a_run_goes_on_with_the_same_version_alone(
    run: Path, private: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that rounds otherwise would release steps a second time, with other noise."""
    monkeypatch.setattr("rectoverso.recto.train.config.__version__", "another")
    with pytest.raises(RunMismatch, match="machine"):
        train(private, striped(), run, resume=True)


def test_neither_clock_nor_divisor_follows_how_many_pictures_there_are(
    private: Recipe, tmp_path: Path
) -> None:
    vault = Vault(tmp_path)
    vault.begin()
    for count in (10, 48):
        feed = PrivateFeed(striped(count), private, Streams(0), vault=vault)
        turns = [feed.turn(8 * step, 0.0) for step in range(8)]
        assert {turn.batch for turn in turns} == {8}
        assert [turn.number for turn in turns] == list(range(8))
        assert len({len(turn.image_NCHW) for turn in turns[:6]}) > 1
        assert [len(turn.image_NCHW) for turn in turns[6:]] == [0, 0]  # not paid for


def test_what_the_generator_sees_of_the_data_is_the_critic(private: Recipe, tmp_path: Path) -> None:
    """Its step is the same on other pictures, other classes and none."""
    vault, moved = Vault(tmp_path), []
    vault.begin()
    for data in (
        striped(),
        Dataset("flat", np.zeros((3, 16, 16, 3), np.uint8), np.zeros(3, np.int64), ("a", "b")),
    ):
        torch.manual_seed(0)
        cast = private.cast(SHAPE, Streams(0))
        turn = PrivateFeed(data, private, Streams(0), vault=vault).turn(8, 0.5)
        torch.autograd.backward(cast.phases[1].losses(turn)["generator"])
        moved.append([p.grad.clone() for p in cast.players[0].module.parameters() if p.grad is not None])
    assert all(torch.equal(a, b) for a, b in zip(*moved, strict=True))


def test_the_critic_gets_more_steps_when_it_no_longer_tells_generated_pictures(private: Recipe) -> None:
    cast = private.cast(SHAPE, Streams(0))
    assert isinstance(cast, PrivatePair)
    assert [cast.is_due(number) for number in range(4)] == [False, True, False, True]
    for _ in range(200):
        cast.rhythm.hear(torch.ones(8))
        cast.rhythm.count()
    assert int(cast.rhythm.steps) > 2
    steady = private.cast(SHAPE, Streams(0))
    assert isinstance(steady, PrivatePair)
    for _ in range(200):
        steady.rhythm.hear(-torch.ones(8))
        steady.rhythm.count()
    assert int(steady.rhythm.steps) == 2


REFUSED = [
    ("default", "default", "private.epsilon=1", "not one whose looks"),
    ("biggan", "default", "private.epsilon=1", "not one whose looks"),
    ("dcgan", "private", "penalty.kind=between", "WGAN-GP"),
    ("dcgan", "private", "penalty.kind=gradient", "penalty gradient"),
    ("dcgan", "private", "objective=relativistic", "told of real pictures"),
    ("dcgan", "private", "private.pictures=0", "cannot follow"),
    ("dcgan", "private", "private.delta=0.1", "published some of them"),
    ("dcgan", "private", "private.clip=0", "say nothing"),
    ("dcgan", "private", "private.clip=1e-30", "say nothing"),
    ("dcgan", "private", "held_out=4", "Held-out"),
    ("dcgan", "private", "precision=bfloat16", "float32"),
    ("dcgan", "private", "private.epsilon=1e-7", "no noise"),
    ("gan", "default", "private.epsilon=10", "Dropout"),
    ("dpmerf", "default", "private.epsilon=0", "there is none"),
]


def checked(asked: Recipe) -> None:
    check_private(asked)
    asked.check(SHAPE)


@pytest.mark.parametrize(("system", "preset", "setting", "reason"), REFUSED)
def test_what_could_not_keep_the_promise_is_refused_with_the_reason(
    system: str, preset: str, setting: str, reason: str
) -> None:
    asked = with_settings(recipe(system, preset), ["private.pictures=50", "images=1000", setting])
    with pytest.raises(BadSetting, match=reason) as caught:
        checked(asked)
    assert explain(caught.value, "zh") != explain(caught.value, "en")


class Normed(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.first, self.last = layer, nn.Linear(3 * 16 * 16, 1)

    def forward(self, x: torch.Tensor, _: torch.Tensor | None = None) -> torch.Tensor:
        return self.last(self.first(x).flatten(1))[:, 0]


class Together(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x - x.mean(0)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (nn.BatchNorm2d(3), "batch norm"),
        (torch.nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 3, 1)), "spectral norm"),
        (Together(), "when others are beside it"),
    ],
    ids=["batch norm", "spectral norm", "together"],
)
def test_critics_that_look_at_pictures_together_are_refused(layer: nn.Module, reason: str) -> None:
    with pytest.raises(BadSetting, match=reason):
        check_critic(Normed(layer), SHAPE)
    check_critic(Normed(nn.Conv2d(3, 3, 1)), SHAPE)


class Unmapped(torch.autograd.Function):
    @staticmethod
    def forward(_ctx, x):
        return x.clone()

    @staticmethod
    def backward(_ctx, slope):
        return slope


class Own(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return Unmapped.apply(x)


def test_a_critic_whose_gradients_cannot_be_told_apart_is_refused_before_anything_is_begun() -> None:
    with pytest.raises(BadSetting, match="each picture by itself"):
        check_critic(Normed(Own()), SHAPE)


def test_the_articles_critic_can_be_private_without_its_dropout() -> None:
    settings = ["private.epsilon=10", "private.pictures=50", "images=48", "nets.dropout=0", "nets.width=4"]
    checked(with_settings(recipe("dcgan", "article"), settings))


def test_a_picture_more_changes_no_other_pictures_share(private: Recipe) -> None:
    """Not by a bit: a critic's products round by their shape, which must not follow from how many pictures came."""
    cast = private.cast(SHAPE, Streams(0))
    assert isinstance(cast, PrivatePair)
    mechanism, label_N = Mechanism(1.0, 1.0, 8), torch.arange(6) % 2
    real_NCHW, fake_NCHW = torch.rand(2, 6, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    rows = (real_NCHW, fake_NCHW, label_N, label_N)

    def summed(*places: int) -> torch.Tensor:
        return mechanism.summed(cast.critic, cast.said_of_one, tuple(row[list(places)] for row in rows))

    assert torch.equal(summed(0, 1, 2, 3, 4, 5) - summed(0, 2, 3, 4, 5), summed(1))


def test_a_run_that_promises_nothing_says_nothing(tiny: Recipe) -> None:
    assert guarantee_of(tiny, 100) is None
    assert dataclasses.replace(tiny).lasting(7) == tiny


def test_dpmerf_looks_once(tmp_path: Path) -> None:
    settings = ["batch=8", "images=40", "private.pictures=50", "frequencies=20", "width=8", "milestones=1"]
    run, data = tmp_path / "run", striped()
    train(with_settings(recipe("dpmerf"), settings), data, run)
    facts = json.loads((run / "run.json").read_text())["privacy"]
    assert (facts["steps"], facts["rate"]) == (1, 1.0)
    assert 0.99 * 10 < facts["epsilon"] <= 10
    assert RunGenerator(run).batch(torch.randn(2, 32), torch.tensor([0, 1])).shape == (2, 16, 16, 3)
