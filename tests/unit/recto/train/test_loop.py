"""The loop: exact resume, the clock, what a run leaves behind, and how it fails."""

import dataclasses
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch

from rectoverso.errors import RunExists, RunMismatch, RunNotFound, TrainingFailed
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.status import Status

SYNCS = (27, 29, 43)
"""Two or three syncs to disk make a file safe, so counting them names every stage of writing a checkpoint."""


def tiny_run(folder: Path, *, resume: bool = False) -> None:
    settings = ("batch=8", "nets.latent=8", "nets.generator_width=4", "nets.critic_width=4", "milestones=4")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    dataset = Dataset("noise", pixels, np.arange(40) % 2, ("a", "b"))
    torch.set_num_threads(1)  # those of the process that was forked are not in this one
    train(with_settings(recipe("dcgan"), settings), dataset, folder, seed=1, images=96, resume=resume)


def killed_at(sync: int, folder: Path) -> None:
    """Begin a run in a process that is killed at its Nth sync to disk, as by a power cut."""
    child = os.fork()
    if child == 0:
        real, calls = os.fsync, iter(range(1, sync + 1))

        def fsync(handle: int) -> None:
            if next(calls) == sync:
                os.kill(os.getpid(), signal.SIGKILL)
            real(handle)

        os.fsync = fsync  # type: ignore[assignment]
        try:
            tiny_run(folder)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def tensors(run: Path) -> dict[str, bytes]:
    """Every saved tensor and every published weight of a run, by name."""
    files = [*run.glob("state/*/tensors.safetensors"), *run.glob("weights/*.safetensors")]
    assert len(files) == 3
    loaded = {file.name: safetensors.numpy.load_file(file) for file in files}
    return {
        f"{file}:{name}": value.tobytes() for file, part in loaded.items() for name, value in part.items()
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("runs") / "uninterrupted"
    tiny_run(folder)
    return tensors(folder)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run killed at each of the syncs, by its number."""
    folder = tmp_path_factory.mktemp("killed")
    for sync in SYNCS:
        killed_at(sync, folder / str(sync))
    return folder


@pytest.mark.parametrize("sync", SYNCS)
def test_killed_while_writing_and_resumed_it_equals_an_uninterrupted_run(
    sync: int, killed: Path, uninterrupted: dict[str, bytes]
) -> None:
    run = killed / str(sync)
    assert not list((run / "state").glob("000000000096*"))
    tiny_run(run, resume=True)
    assert tensors(run) == uninterrupted


def test_a_run_stopped_by_its_listener_goes_on_from_its_last_checkpoint(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    def stop_late(status: Status) -> None:
        if status.stage == "finishing":
            raise KeyboardInterrupt

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    train(tiny, stripes, whole, seed=3, images=64)
    with pytest.raises(KeyboardInterrupt):
        train(tiny, stripes, parts, seed=3, images=64, listener=stop_late)
    result = train(tiny, stripes, parts, seed=3, resume=True)
    assert result.images == 64
    assert tensors(parts) == tensors(whole)
    said = [json.loads(line)["images"] for line in (parts / "status.jsonl").read_text().splitlines()]
    assert said == sorted(said)
    assert sorted(p.name for p in (parts / "samples").iterdir()) == [
        f"{images:09d}.png" for images in (0, 32, 64)
    ]


def test_samples_and_statuses_beyond_the_checkpoint_are_forgotten(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    train(tiny, stripes, tmp_path, seed=3, images=16)
    (tmp_path / "samples" / "000000999.png").write_bytes(b"from a future that was lost")
    with (tmp_path / "status.jsonl").open("a") as file:
        file.write(json.dumps({"stage": "training", "images": 999}) + "\n")
    train(tiny, stripes, tmp_path, seed=3, resume=True)
    assert not (tmp_path / "samples" / "000000999.png").exists()
    said = [json.loads(line)["images"] for line in (tmp_path / "status.jsonl").read_text().splitlines()]
    assert max(said) == 16


def test_the_article_trains_and_resumes_the_same_way(
    tiny_article: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    def stop(status: Status) -> None:
        if status.stage == "finishing":
            raise KeyboardInterrupt

    train(tiny_article, stripes, tmp_path / "whole", images=32)
    with pytest.raises(KeyboardInterrupt):
        train(tiny_article, stripes, tmp_path / "parts", images=32, listener=stop)
    train(tiny_article, stripes, tmp_path / "parts", images=32, resume=True)
    assert tensors(tmp_path / "parts") == tensors(tmp_path / "whole")


def test_a_run_leaves_all_its_parts_and_they_agree(tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    heard: list[Status] = []
    result = train(tiny, stripes, tmp_path, seed=5, images=32, listener=heard.append)
    report = json.loads((tmp_path / "run.json").read_text())
    assert (result.images, report["images"], report["finished"]) == (32, 32, True)
    assert report["data"]["digest"] == stripes.digest
    assert (tmp_path / report["sample"]).is_file()
    assert [heard[0].stage, heard[-1].stage] == ["starting", "done"]
    assert heard[-1].sample == report["sample"]
    assert heard[-1].seconds_left == 0
    for card in ("card.md", "card.zh.md"):
        text = (tmp_path / card).read_text()
        assert stripes.digest in text
        assert report["sample"] in text
        assert report["weights"]["generator.safetensors"] in text


@pytest.mark.parametrize("data", ["unlabelled", "grey", "large"])
def test_any_shape_of_data_trains(data: str, tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    images = stripes.images
    dataset = {
        "unlabelled": Dataset("x", images),
        "grey": Dataset("x", images[..., :1].copy(), stripes.labels, stripes.classes),
        "large": Dataset("x", images.repeat(4, 1).repeat(4, 2), stripes.labels, stripes.classes),
    }[data]
    assert train(tiny, dataset, tmp_path, images=16).images == 16


def test_a_time_limit_alone_fixes_a_length_which_a_resumed_run_keeps(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    ticks = iter(range(10**9))
    heard: list[Status] = []
    train(tiny, stripes, tmp_path, max_seconds=200, listener=heard.append, clock=lambda: next(ticks) / 2)
    totals = {status.images_total for status in heard}
    assert heard[-1].stage == "done"
    assert heard[-1].seconds < 210  # every look at this clock takes half a second, and ending takes several
    assert len(totals) == 2  # unknown, then known
    (total,) = totals - {None}
    assert total is not None
    if heard[-1].images < total:
        assert train(tiny, stripes, tmp_path, resume=True).images == total


def test_a_run_is_never_overwritten(tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    train(tiny, stripes, tmp_path, images=8)
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(RunExists):
        train(tiny, stripes, tmp_path, images=8)
    assert (tmp_path / "run.json").read_bytes() == before


def test_what_was_never_begun_cannot_be_resumed(tiny: Recipe, stripes: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunNotFound):
        train(tiny, stripes, tmp_path / "nothing", images=8, resume=True)


@pytest.mark.parametrize("change", ["seed", "data", "critic_adam.rate", "number of images", "preset"])
def test_a_resumed_run_must_be_asked_for_the_same(
    change: str, tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    train(tiny, stripes, tmp_path, images=8, seed=1)
    asked = {"seed": 1, "images": 8}
    recipe, dataset = tiny, stripes
    if change in ("seed", "number of images"):
        asked["seed" if change == "seed" else "images"] = 16
    elif change == "data":
        dataset = Dataset("stripes", 255 - np.asarray(stripes.images), stripes.labels, stripes.classes)
    elif change == "preset":
        recipe = dataclasses.replace(tiny, preset="other")
    else:
        recipe = with_settings(tiny, ["critic_adam.rate=0.5"])
    with pytest.raises(RunMismatch) as caught:
        train(recipe, dataset, tmp_path, **asked, resume=True)  # type: ignore[arg-type]
    assert caught.value.facts["thing"] == change


def test_numbers_that_run_away_stop_the_run_in_plain_words(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    wild = with_settings(tiny, ["generator_adam.rate=1e30", "critic_adam.rate=1e30"])
    with pytest.raises(TrainingFailed, match="learning rate"):
        train(wild, stripes, tmp_path, images=800)


def test_training_does_not_depend_on_torchs_random_state(
    tiny: Recipe, stripes: Dataset, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        torch.manual_seed(ord(name[0]))
        train(tiny, stripes, tmp_path / name, images=24)
    assert tensors(tmp_path / "one") == tensors(tmp_path / "two")
