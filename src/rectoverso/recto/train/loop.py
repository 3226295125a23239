"""The loop. Players take turns; images are the clock; nothing here knows what is being trained.

    show the first samples, and say what the run will take
    for every batch of images:
        for every phase whose turn it is:
            zero the gradients of its players, compute its losses, go backward, sync, step
        let the averages follow
        now and then: say how it goes, show samples, save

Everything random is a function of (seed, image index, purpose), so a run that was killed and resumed equals one that
was not, bit for bit on a CPU.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from rectoverso.errors import TrainingFailed
from rectoverso.i18n import Phrase
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.part import Part
from rectoverso.recto.privacy.feed import PrivateFeed
from rectoverso.recto.privacy.vault import Vault
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.train import checkpoint
from rectoverso.recto.train.checkup import Checkup, Scorer, hold_out
from rectoverso.recto.train.config import Asked, begin, check, go_on, promised_images
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.folder import RunFolder
from rectoverso.recto.train.forecast import Forecast, expected_score, measure
from rectoverso.recto.train.machine import (
    cuda_memory_mb,
    device_of,
    keep_freed_memory,
    memory_mb,
    repeat_exactly,
)
from rectoverso.recto.train.pace import Pace
from rectoverso.recto.train.players import Phase, Turn
from rectoverso.recto.train.publish import publish, show
from rectoverso.recto.train.status import Listener, Readings, Stage, Status, StatusLog
from rectoverso.recto.train.step import Stepper
from rectoverso.recto.train.streams import Streams
from rectoverso.recto.train.sync import average_values, is_first, local_processes, shared, together, wait
from rectoverso.types import Message

TOLD_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class TrainResult:
    """What came of a training; ``seconds`` are of this and earlier calls together."""

    run: Path
    images: int
    seconds: float
    images_per_s: float
    forecast: Forecast | None = None


def train(
    recipe: Recipe,
    dataset: Dataset,
    run: Path,
    *,
    seed: int = 0,
    images: int | None = None,
    max_seconds: float | None = None,
    resume: bool = False,
    listener: Listener | None = None,
    scorer: Scorer | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainResult:
    """Train ``recipe`` on ``dataset`` and leave the run in the folder ``run``.

    The run ends after ``images`` images, or when ``max_seconds`` of this call are over, whichever comes first; with
    neither, after the recipe's own number. With only ``max_seconds`` the number of images is worked out from the
    speed of the first turns. ``resume`` goes on with what is in the folder. ``scorer`` adds to what is measured at each
    milestone. Processes that ``torchrun`` started train one run together; ``run`` must be the same folder for all, and
    only the first writes and calls ``listener``.
    Raises RunExists, RunNotFound, RunMismatch, BadSetting, TrainingFailed and ProcessLost.
    """
    recipe = recipe.lasting(images or (promised_images(run) if resume else None))
    vault = Vault(run) if recipe.is_private else None
    asked = Asked(recipe, recipe.prepared(dataset), seed, images, max_seconds, vault)
    with together(on_cuda=device_of(recipe).type == "cuda"):
        training = Training(
            asked, RunFolder(run), resume=resume, listener=listener, clock=shared(clock), scorer=scorer
        )
        training.announce()
        while not training.is_over():
            turn = training.feed.turn(training.images, training.pace.progress(training.images))
            for phase in training.cast.phases:
                if phase.is_due(turn.number, turn.progress):
                    training.take(phase, turn)
            training.images += turn.batch
            training.stepper.follow(training.images, turn)
            training.end(turn)
        return training.finish()


def feed_of(asked: Asked, shown: Dataset | Part, streams: Streams, device: torch.device) -> Feed:
    """What hands out the pictures of a run."""
    if asked.vault is None:
        return Feed(shown, asked.recipe, streams, device)
    repeat_exactly(device)
    return PrivateFeed(shown, asked.recipe, streams, device, vault=asked.vault)


class Training:
    """One run in progress."""

    def __init__(
        self,
        asked: Asked,
        folder: RunFolder,
        *,
        resume: bool,
        listener: Listener | None,
        clock: Callable[[], float],
        scorer: Scorer | None = None,
    ) -> None:
        self.asked, self.folder, self.clock = asked, folder, clock
        check(asked.recipe, asked.dataset)
        self.streams = Streams(asked.seed)
        self.device = device_of(asked.recipe)
        shown, held_out = hold_out(asked.dataset, asked.recipe.held_out, self.streams)
        self.feed = feed_of(asked, shown, self.streams, self.device)
        self.examples = self.feed.examples(held_out) if asked.recipe.asks else None
        self.recipe = go_on(folder, asked) if resume else begin(folder, asked)
        promised = folder.read_config()["run"]
        torch.set_num_threads(max(1, promised["threads"] // local_processes()))
        keep_freed_memory()
        torch.manual_seed(self.streams.torch_seed("weights", 0))
        self.cast = self.recipe.cast(self.feed.shape, self.streams)
        self.stepper = Stepper(self.recipe, self.cast, self.device)
        for player in self.cast.players:
            player.move_to(self.device)
        place = checkpoint.load(folder.state, self.cast.players) or self._start(promised)
        self.images, self.seconds_before = place.images, place.seconds
        limit = asked.max_seconds or (None if place.total else promised.get("max_seconds"))
        self.pace = Pace(self.recipe.batch, place.total, limit, clock)
        self.losses, self.measures = Readings(), Readings()
        self.log = StatusLog(folder.status, listener)
        self.sample: str | None = None
        self.forecast: Forecast | None = None
        self.saved_at = self.told_at = clock()
        wait()  # until all have read the checkpoint, for the first process will replace it
        if is_first():
            self._forget_after(place.images)
        records = self.log.read() if is_first() else []
        self.checkup = (
            Checkup(None, None, records)
            if asked.vault
            else Checkup(shown, held_out, records, self.feed.shape.classes, scorer)
        )

    def announce(self) -> None:
        """Show the first samples, and say what is to be expected."""
        if not self.images:
            self.show()
        if not self.is_over():
            self.forecast = self.measured()
        self.say("starting")

    def measured(self) -> Forecast:
        """What is still to come, by the speed of a few turns that are thrown away."""
        cost = measure(self.recipe, self.feed.rehearsal(), self.streams, self.device, self.clock)
        self.pace.profile = cost.profile
        rate = 1 / cost.profile.ahead(self.pace.progress(self.images))
        pauses = round(self.recipe.milestones * (1 - self.pace.progress(self.images)))
        pauses += self.pace.total is None  # one more, when the length is fixed
        images, seconds = self.pace.ahead(self.images, rate, pauses)
        return Forecast(
            images_per_s=rate,
            images=images,
            seconds=seconds,
            memory_mb=cost.memory_mb,
            device_memory_mb=cost.device_memory_mb,
            score=expected_score(self.recipe.expected, images, self.feed.shape),
        )

    def is_over(self) -> bool:
        return self.pace.is_over(self.images)

    def take(self, phase: Phase, turn: Turn) -> None:
        """Let the players of a phase move once. Raises TrainingFailed when its losses are not finite."""
        total, values = self.stepper.losses(phase, turn)
        self._check_finite(values)
        self.stepper.move(phase, total, turn.progress)
        self.losses.add(values)

    def end(self, turn: Turn) -> None:
        """After each turn: fix the length of the run once it is known, show and save when it is time, say how it
        goes.
        """
        self.measures.add(average_values(turn.readings))
        self.pace.count(self.images)
        if self.pace.total is None and self.pace.is_measured():
            self.keep()  # now, so that what showing and saving costs is known as well
            self.pace.fix_total(self.images, pauses_ahead=self.recipe.milestones)
            self.save()
        elif self._is_milestone(turn):
            self.keep()
            ahead = round(self.recipe.milestones * (1 - self.pace.progress(self.images)))
            if self.pace.correct_total(self.images, pauses_ahead=ahead):
                self.save()
        elif self.clock() - self.saved_at >= self.recipe.checkpoint_s:
            self.save()
        if self.clock() - self.told_at >= TOLD_EVERY_S:
            self.say("training")

    def show(self) -> None:
        """Draw samples and nothing else, before there is anything to keep."""
        began = self.clock()
        if is_first():
            picture_NCHW = self.cast.preview(self.cast.published(), self.examples)
            self.sample = show(self.folder, self.cast.sheet(picture_NCHW, self.examples), self.images)
        self.pace.pause(self.clock() - began)

    def keep(self) -> None:
        """Give the world the weights, samples and card as they are now, and save the state."""
        began = self.clock()
        place = self.place()
        if is_first():
            self.sample = publish(
                self.folder, self.asked, self.recipe, self.cast, place, self.checkup, self.examples
            )
        self.save()
        self.pace.pause(self.clock() - began)

    def save(self) -> None:
        """Write the checkpoint."""
        place = self.place()
        if is_first():
            checkpoint.save(self.folder.state, self.cast.players, place)
        self.saved_at = self.clock()

    def say(self, stage: Stage) -> None:
        """Write and send one status."""
        measures = self.measures.take()
        self.told_at = self.clock()
        status = Status(
            stage=stage,
            images=self.images,
            images_total=self.pace.total,
            images_per_s=self.pace.images_per_s(),
            seconds=self.place().seconds,
            seconds_left=0.0 if stage == "done" else self.pace.seconds_left(self.images),
            losses=self.losses.take(),
            margin=measures.pop("margin", None),
            augmentation=measures.pop("augmentation", None),
            measures=measures,
            memory_mb=memory_mb(),
            sample=self.sample,
            device_memory_mb=cuda_memory_mb(),
            half_life=self._half_life(),
            readings=self.checkup.readings,
            symptoms=tuple(message.key.rpartition(".")[2] for message in self.checkup.symptoms()),
            forecast=self.forecast if stage == "starting" else None,
        )
        self.checkup.records.append(status)
        if is_first():
            self.log.tell(status)

    def finish(self) -> TrainResult:
        """Keep what the run has come to, and say that it is done."""
        self.say("finishing")
        self.keep()
        self.say("done")
        place = self.place()
        if self.asked.vault and place.images >= (place.total or math.inf):
            self.asked.vault.finish()
        rate = place.images / max(place.seconds, 1e-9)
        return TrainResult(self.folder.path, place.images, place.seconds, rate, self.forecast)

    def place(self) -> checkpoint.Place:
        return checkpoint.Place(self.images, self.pace.total, self.seconds_before + self.pace.elapsed())

    def _half_life(self) -> float | None:
        averages = [player.average for player in self.cast.players if player.average]
        return averages[0].half_life(self.images) if averages else None

    def _start(self, promised: dict[str, Any]) -> checkpoint.Place:
        """The start of a run that has no checkpoint yet; its length as its config has it, None if it must be
        measured.
        """
        images, max_seconds = promised.get("images"), self.asked.max_seconds or promised.get("max_seconds")
        measured = max_seconds and not self.recipe.is_private  # whose noise follows from its length
        return checkpoint.Place(0, images or (None if measured else self.recipe.images), 0.0)

    def _forget_after(self, images: int) -> None:
        """Remove what a killed run said and showed beyond its last checkpoint."""
        self.log.forget_after(images)
        for sample in self.folder.samples.glob("[0-9]*.png"):
            if int(sample.stem) > images:
                sample.unlink()

    def _is_milestone(self, turn: Turn) -> bool:
        """Whether this turn crossed one of the equal parts of the run; the last part is shown by `finish`."""
        if self.pace.total is None or self.is_over():
            return False
        part = self.pace.total / self.recipe.milestones
        return self.images // part > turn.begins // part

    def _check_finite(self, losses: dict[str, float]) -> None:
        for name, value in losses.items():
            if not math.isfinite(value):
                raise TrainingFailed(
                    images=self.images,
                    what_failed=Phrase(Message("train.failed.what", {"loss": name, "value": value})),
                    reason=Phrase(Message("train.failed.reason")),
                    advice=Phrase(Message("train.failed.advice", {"run": self.folder.path})),
                )
