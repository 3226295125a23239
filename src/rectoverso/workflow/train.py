"""Train a system on data, and write down what its images will be screened against."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rectoverso.i18n import catalogue, preferred_language, say
from rectoverso.protocols import Clock, SystemClock
from rectoverso.store.database import Transaction
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import Message
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.workflow import digests
from rectoverso.workflow.attributions import write_attributions
from rectoverso.workflow.curated import curation_of
from rectoverso.workflow.evaluate import CACHE
from rectoverso.workflow.extras import optional_part, training_part
from rectoverso.workflow.files import make_folder, unmade_by_failure
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.lineage import manifest_names
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.replication import fingerprints_of, probe, weights_of
from rectoverso.workflow.standing import REPLICATION, against, inherit, note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rectoverso.recto.data.dataset import Dataset, Outline
    from rectoverso.recto.data.source import Source
    from rectoverso.recto.metrics.quick import QuickScore
    from rectoverso.recto.systems.recipe import Recipe
    from rectoverso.recto.train.forecast import Forecast
    from rectoverso.recto.train.status import Listener as StatusListener
    from rectoverso.recto.train.status import Status

PUBLISHED = {"digits": 1797, "shapes": 4096}
"""How many pictures the built-in data have, which everybody knows."""
DECODED = "data"
"""Where in the run pictures lie that are too many for memory, until the run is done; of a private one in its vault."""


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What `verso train` was asked for; the budgets are images or seconds, whichever ends first."""

    system: str
    data: str
    run: Path
    preset: str = "default"
    size: int | str | tuple[int, int] | None = None
    seed: int | None = None
    images: int | None = None
    max_seconds: float | None = None
    settings: tuple[str, ...] = ()
    resume: bool = False
    skip_bad: bool = False
    channels: int | str = "auto"
    take: int | None = None
    data_b: str | None = None
    mask_classes: int | None = None
    board: bool = False
    private: str | None = None
    """The budget of privacy: ``epsilon=E,delta=D``, and ``pictures=N`` where the data is not a published one."""
    keeps_decoded: bool = True
    """Whether pictures that are too many for memory lie in the run until it is done; else in a file without a name."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it."""

    run: Path
    images: int
    seconds: float
    images_per_s: float
    weights_digest: str
    data_digest: str
    data_images: int
    skipped: tuple[str, ...]
    forecast: Forecast | None = None
    notes: tuple[Message, ...] = ()
    asks: tuple[str, ...] = ()
    """The options of `verso generate` that bring what its pictures are made from."""
    privacy: Mapping[str, Any] | None = None
    """What a private run promises, as its ``run.json`` has it."""

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        rounded = {"seconds": round(self.seconds, 2), "images_per_s": round(self.images_per_s, 1)}
        notes = [say(note) for note in self.notes]
        return asdict(self) | rounded | {"run": str(self.run), "notes": notes}


def train_run(
    request: TrainRequest,
    home_path: Path,
    listener: Listener = silent,
    clock: Clock | None = None,
    on_status: StatusListener | None = None,
) -> Trained:
    """Check the data, train, fingerprint the training images, and write the run into the ledger.

    ``listener`` hears how far each part is, ``on_status`` each record of the training as it is written.
    Raises InputError for data or settings that cannot be used (and leaves nothing behind then), RunExists, RunMismatch,
    TrainingFailed, ProcessLost, MissingExtra. Of several processes that train together only the first writes anything.
    """
    with training_part("Training"):
        from rectoverso.recto.sample.material import OPTIONS
        from rectoverso.recto.systems import system, with_settings
        from rectoverso.recto.train.config import check, promised_images
        from rectoverso.recto.train.folder import RunFolder
        from rectoverso.recto.train.loop import train
        from rectoverso.recto.train.sync import is_first

    if not is_first():
        listener = silent
    hearers = [_told(listener), *_board(request), *([on_status] if on_status else [])]
    folder = RunFolder(request.run)
    recipe = with_settings(system(request.system).preset(request.preset), _settings(request))
    recipe = recipe.lasting(request.images or (promised_images(request.run) if request.resume else None))
    _check_promise(request, recipe)
    with (
        unmade_by_failure(folder.path, unless=folder.config),
        unmade_by_failure(folder.samples, unless=folder.config),
    ):
        make_folder(request.run)
        seed = _seed(request)
        dataset = recipe.prepared(_read(request, recipe, seed, listener))
        check(recipe, dataset)
        home, keys = _open_home(home_path, listener, clock) if is_first() else (None, None)
        before = against(request.run, weights_of(request.run), home) if home else {}
        result = train(
            recipe,
            dataset,
            request.run,
            seed=seed,
            images=request.images,
            max_seconds=request.max_seconds,
            resume=request.resume,
            listener=_each(hearers),
            scorer=_scorer(recipe, dataset, home) if home else None,
        )
    if home and keys:
        fingerprint(request.run, dataset, unseen_of(dataset, recipe, seed), listener)
        _log(request, dataset, home, keys, clock or SystemClock())
        _stand(request.run, dataset, home, keys, before, listener)
        shutil.rmtree(_decoded_in(request, recipe), ignore_errors=True)
    return Trained(
        run=request.run,
        images=result.images,
        seconds=result.seconds,
        images_per_s=result.images_per_s,
        weights_digest=_weights_digest(request.run),
        data_digest=dataset.digest,
        data_images=len(dataset),
        forecast=result.forecast,
        skipped=tuple(str(bad.path) for bad in dataset.skipped),
        notes=dataset.notes,
        asks=tuple(sorted({OPTIONS[ask] for ask in recipe.asks})),
        privacy=folder.read_report().get("privacy"),
    )


def _open_home(path: Path, listener: Listener, clock: Clock | None) -> tuple[Home, Keys]:
    home = Home.open(path)
    return home, open_keys(home, listener=listener, clock=clock)


def _seed(request: TrainRequest) -> int:
    """The seed asked for; else, when a run goes on, its own; else 0."""
    from rectoverso.recto.train.folder import RunFolder

    if request.seed is None and request.resume:
        return int(RunFolder(request.run).read_config()["run"]["seed"])
    return request.seed or 0


def _settings(request: TrainRequest) -> tuple[str, ...]:
    """Those asked for, the budget of privacy among them. Raises BadSetting for a budget that is none."""
    from rectoverso.recto.privacy.guarantee import refusal

    if request.private is None:
        asked: list[str] = []
    else:
        parts = [part.strip() for part in request.private.split(",")]
        if {part.partition("=")[0] for part in parts} | {"pictures"} != {"epsilon", "delta", "pictures"}:
            raise refusal("asked", "--private", value=request.private)
        asked = [f"private.{part}" for part in parts]
    public = PUBLISHED.get(request.data)
    return (*([f"private.pictures={public}"] if public else []), *asked, *request.settings)


def _check_promise(request: TrainRequest, recipe: Recipe) -> None:
    """Raise BadSetting where privacy is asked for and nothing would be promised, and where what a private run tells
    of its pictures would be found by looking at them.
    """
    from rectoverso.recto.privacy.guarantee import refusal

    if request.private is not None and not recipe.is_private:
        raise refusal("none", "private.epsilon")
    if recipe.is_private and request.data not in PUBLISHED:
        for option, is_found in (
            ("--size", request.size is None),
            ("--channels", request.channels == "auto"),
        ):
            if is_found:
                raise refusal("found", option, option=option)
        if request.take is not None:
            raise refusal("take", "--take")


def _decoded_in(request: TrainRequest, recipe: Recipe) -> Path:
    """Where pictures lie that are too many for memory."""
    from rectoverso.recto.privacy.vault import Vault

    return (Vault(request.run).path if recipe.is_private else request.run) / DECODED


def _read(request: TrainRequest, recipe: Recipe, seed: int, listener: Listener) -> Dataset:
    """The pictures, after what can be said without them: that they will not do, and how the run will begin."""
    from rectoverso.recto.train.config import check
    from rectoverso.recto.train.sync import is_first

    def told(done: int, total: int) -> None:
        listener(Progress(Message("progress.reading"), done, total))

    source = _find(request, recipe)
    check(recipe, source.outline)
    if is_first() and not recipe.asks:  # what makes pictures from pictures has none before they are read
        _show_first(request, recipe, source.outline, seed, listener)
    return source.read(told)


def _find(request: TrainRequest, recipe: Recipe) -> Source:
    """The pictures, and where there is a second set, that too, in the same frame and channels."""
    from rectoverso.recto.data.source import find_source, with_other
    from rectoverso.recto.privacy.vault import Vault

    # Each process has a cache of its own: they decode at once.
    cache = _decoded_in(request, recipe) / os.environ.get("RANK", "") if request.keeps_decoded else None
    if recipe.is_private:
        Vault(request.run).make()
    first = find_source(
        request.data,
        size=request.size,
        channels=request.channels,
        take=request.take,
        skip_bad=request.skip_bad,
        mask_classes=request.mask_classes,
        cache=cache,
        fewest=recipe.least_pictures,
        longest_px=recipe.natural_px,
        curation=curation_of(request.data),
    )
    if request.data_b is None:
        return first
    outline = first.outline
    second = find_source(
        request.data_b,
        size=(outline.width, outline.height),
        channels=outline.channels,
        take=request.take,
        skip_bad=request.skip_bad,
        cache=cache,
        curation=curation_of(request.data_b),
    )
    return with_other(first, second)


def _show_first(
    request: TrainRequest, recipe: Recipe, outline: Outline, seed: int, listener: Listener
) -> None:
    """The first picture, before all others are read; not where a run is, or other samples."""
    from rectoverso.recto.train.folder import RunFolder
    from rectoverso.recto.train.publish import show_untrained

    folder = RunFolder(request.run)
    if request.resume or folder.samples.exists():
        return
    sample = folder.path / show_untrained(folder, recipe, outline, seed)
    said = Message("progress.first_samples", {"path": sample})
    listener(Progress(Message("progress.reading"), 0, len(outline), said=said))


def _scorer(recipe: Recipe, dataset: Dataset, home: Home) -> QuickScore | None:
    """The score of each milestone, where `verso evaluate` has left features of this data in the home."""
    from rectoverso.recto.metrics.quick import quick_score

    if (
        recipe.asks or recipe.is_private
    ):  # that one draws from noise and classes; and it has seen the pictures
        return None
    return quick_score(dataset, recipe, home.path / CACHE)


def _board(request: TrainRequest) -> Iterator[StatusListener]:
    """The writer of events for TensorBoard, where one is asked for."""
    if request.board:
        with optional_part("A TensorBoard", "board"):
            from rectoverso.recto.train.board import Board
        from rectoverso.recto.train.folder import RunFolder

        yield Board(RunFolder(request.run))


def _each(hearers: Iterable[StatusListener]) -> StatusListener:
    """One listener that passes what it hears on to all."""

    def hear(status: Status) -> None:
        for hearer in hearers:
            hearer(status)

    return hear


def _told(listener: Listener) -> StatusListener:
    """The engine's status as progress: images are its clock."""

    def tell(status: Status) -> None:
        listener(
            Progress(
                Message(f"progress.{status.stage}"),
                status.images,
                status.images_total,
                status.images_per_s,
                status.seconds_left,
                tuple(say(note, preferred_language()) for note in _notes(status)),
                None if status.forecast is None else _sentence(status.forecast),
            )
        )

    return tell


def _notes(status: Status) -> Iterator[Message]:
    """What the live line says beyond the count, the most important first."""
    yield from (Message(f"health.short.{name}") for name in status.symptoms)
    for name, value in status.losses.items():
        yield Message("progress.note.value", {"name": _word("loss", name), "value": f"{value:.2f}"})
    if status.margin is not None:
        yield Message("progress.note.margin", {"margin": f"{status.margin:.2f}"})
    for name, value in status.measures.items():
        yield Message("progress.note.value", {"name": _word("measure", name), "value": f"{value:.2f}"})
    for name, value in status.readings.items():
        if "FID" in name:
            yield Message("progress.note.value", {"name": name, "value": f"{value:.1f}"})
    if status.augmentation is not None:
        yield Message("progress.note.augmentation", {"share": f"{status.augmentation:.0%}"})
    yield Message("progress.note.memory", {"memory": f"{status.device_memory_mb or status.memory_mb:,}"})
    if status.half_life:
        yield Message("progress.note.half_life", {"images": f"{status.half_life:,.0f}"})


def _word(kind: str, name: str) -> Message | str:
    """A loss or a measure by the name that people know it by, where there is one."""
    key = f"progress.{kind}.{name}"
    return Message(key) if key in catalogue("en") else name


def _sentence(forecast: Forecast) -> Message:
    """A forecast in words."""
    minutes, seconds = divmod(round(forecast.seconds), 60)
    facts: dict[str, object] = {
        "rate": f"{forecast.images_per_s:,.0f}",
        "images": f"{forecast.images:,}",
        "time": f"{minutes}:{seconds:02d}",
        "memory": f"{forecast.memory_mb + forecast.device_memory_mb:,}",
    }
    if forecast.score is None:
        return Message("progress.forecast", facts)
    return Message("progress.forecast_scored", {**facts, "score": f"{forecast.score:.1f}"})


def fingerprint(
    run: Path, dataset: Dataset, unseen: NDArray[np.int64] | None = None, listener: Listener = silent
) -> None:
    """The training images, as the memorisation check will need them; made once.

    ``unseen`` are the places of those that were held out: they are no training images, and calibrate the check.
    """
    if fingerprints_of(run).exists():
        return
    listener(Progress(Message("progress.fingerprinting"), 0, 1))
    write_attributions(fingerprints_of(run).parent, dataset, unseen)
    images, other = dataset.images, dataset.other
    if unseen is not None:
        seen = np.delete(images, unseen, axis=0)
        Fingerprints.of(seen, held_out=dataset.batch(unseen)).save(fingerprints_of(run))
        return
    shown = images if other is None else np.concatenate([images, other.images])
    Fingerprints.of(shown).save(fingerprints_of(run))


def unseen_of(dataset: Dataset, recipe: Recipe, seed: int) -> NDArray[np.int64] | None:
    """The places of the pictures that the recipe held out of the training, None where it held out none."""
    from rectoverso.recto.train.checkup import hold_out
    from rectoverso.recto.train.streams import Streams

    _, held_out = hold_out(dataset, recipe.held_out, Streams(seed))
    return None if held_out is None or dataset.other is not None else held_out.places


def _stand(
    run: Path, data: Dataset, home: Home, keys: Keys, before: Mapping[str, int], listener: Listener
) -> None:
    """Ask whether the run brings its training images back, say it on its card, and seal what is known against it."""
    found = probe(run, Fingerprints.load(fingerprints_of(run)), listener, data=data)
    weights = _weights_digest(run)
    if found is not None:
        note(home, keys, weights, REPLICATION, fails=found.replicates, pictures=found.compared)
    inherit(home, keys, before, weights)


def _log(request: TrainRequest, dataset: Dataset, home: Home, keys: Keys, clock: Clock) -> None:
    """Write the run into the ledger, once for each weights it ends with; of a private one what its record tells."""
    from rectoverso.recto.privacy.vault import Vault
    from rectoverso.recto.train.folder import RunFolder

    weights = _weights_digest(request.run)
    fingerprints = digests.of_bytes(fingerprints_of(request.run).read_bytes())
    facts: dict[str, Json] = {
        "run": weights,
        "system": request.system,
        "preset": request.preset,
        "data": dataset.digest,
        "data_images": len(dataset),
        "manifests": list(dataset.manifests),
        "fingerprints": fingerprints,
    }
    if privacy := RunFolder(request.run).read_report().get("privacy"):
        vault = Vault(request.run)
        facts |= {
            "data": vault.veiled(dataset.digest),
            "data_images": privacy["pictures"],
            "manifests": list(manifest_names(home, weights, dataset.manifests)),
            "fingerprints": vault.veiled(fingerprints),
            "privacy": {name: str(value) for name, value in privacy.items()},
        }
    with home.lock(), home.database.transaction() as tx:
        _inherit_mark(home, tx, weights, dataset)
        if not _is_logged(home, tx, weights):
            open_ledger(home, keys, clock).append(tx, "run_trained", facts)


def _inherit_mark(home: Home, tx: Transaction, weights: str, dataset: Dataset) -> None:
    """A run on a set that an erased picture was in learnt from that picture too."""
    for manifest in dataset.manifests:
        if (entry := home.lineage.marked(tx, manifest)) is not None:
            home.lineage.mark(tx, [weights], entry)


def _is_logged(home: Home, tx: Transaction, weights: str) -> bool:
    """Whether the ledger has this training already: a resumed run may have been finished before."""
    entries = home.log.entries(tx, 0, home.log.size(tx)).values()
    return any(b'"run_trained"' in entry and weights.encode() in entry for entry in entries)


def _weights_digest(run: Path) -> str:
    """That of a run which has weights."""
    return str(weights_of(run))
