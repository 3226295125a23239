"""Teach a run's generator to mark what it draws, so that code that knows nothing of marks draws marked pictures.

The verso says which waves should fall to which side; the recto teaches it, and knows nothing of why. What was taught is
read back as anybody reads it. A generator so taught can be taught otherwise again: its mark tells pictures of those who
leave it alone, and stops nobody who has the weights and means to be rid of it (docs/en/verification.md).
"""

from __future__ import annotations

import io
import json
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rectoverso.errors import NotFromSeeds, NotIngrained, OutNotWritable, RunExists, WatermarkTooSmall
from rectoverso.i18n import say
from rectoverso.store.home import Home
from rectoverso.store.keys import Keys
from rectoverso.types import Message, Pixels
from rectoverso.verso.ledger.entry import Json
from rectoverso.verso.mark.watermark import DOUBTED_AT, FOUND_AT
from rectoverso.verso.mark.watermark.ingrained import TILE_PX, carriers_of, leaning, together_p_value
from rectoverso.verso.screen.memorisation import Fingerprints
from rectoverso.verso.screen.replication import Replication
from rectoverso.workflow.attributions import ATTRIBUTIONS
from rectoverso.workflow.drawing import open_generator
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.files import make_folder
from rectoverso.workflow.keys import open_keys
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.progress import Listener, Progress, silent
from rectoverso.workflow.replication import FINGERPRINTS, PRIVATE, fingerprints_of, probe
from rectoverso.workflow.standing import REPLICATION, against, inherit, note

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator

LOOKED_AT, BATCH = 100, 10
KEY = "public"
CARDS = {"en": "card.md", "zh": "card.zh.md"}
_COMPARED_WITH = (FINGERPRINTS, ATTRIBUTIONS)
_KEPT = (
    "config.toml",
    "run.json",
    "weights/critic.safetensors",
    *CARDS.values(),
    *_COMPARED_WITH,
    *(f"{PRIVATE}/{name}" for name in (*_COMPARED_WITH, "veil.key")),
)


@dataclass(frozen=True, slots=True)
class Strength:
    """Of `LOOKED_AT` pictures, each saved in one way: the shares found and at least doubted by themselves, the p-value
    of a batch of ten (the middle one of ten such), and of all together.
    """

    found: float
    doubted: float
    p_of_ten: float
    p_of_all: float

    @classmethod
    def of(cls, pictures: Sequence[Pixels]) -> Strength:
        """What anybody reads from pictures."""
        read = [one for one in map(leaning, pictures) if one]
        vote_NK = [one.vote_K for one in read]
        tens = [together_p_value(vote_NK[n : n + BATCH]) for n in range(0, len(read), BATCH)]
        p_N = np.array([one.p_value for one in read])
        return cls(
            float(np.mean(p_N <= FOUND_AT)),
            float(np.mean(p_N <= DOUBTED_AT)),
            median(tens),
            together_p_value(vote_NK),
        )


@dataclass(frozen=True, slots=True)
class Ingrained:
    """What came of it. ``psnr_db``: between what a seed drew before and draws now. ``before``: the old generator's
    pictures, which should show nothing. ``proxy_fid``: before and after, where data was given.
    """

    run: Path
    images: int
    seconds: float
    psnr_db: float
    before: Strength
    png: Strength
    jpeg_75: Strength
    proxy_fid: tuple[float, float] | None
    weights_digest: str

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self) | {"run": str(self.run), "key": KEY}


def ingrain_run(
    run: Path,
    out: Path,
    home_path: Path,
    *,
    images: int,
    seed: int = 0,
    data: str | None = None,
    samples: int = 10_000,
    listener: Listener = silent,
) -> Ingrained:
    """Write to the new folder ``out`` the run ``run`` with a generator that marks what it draws, under the public key.

    ``images`` are drawn and learnt from; no data is needed. With ``data`` both runs are evaluated against it.
    Raises RunNotFound, RunExists, WatermarkTooSmall, NotFromSeeds for runs that make pictures from something,
    NotIngrained where the generator did not learn to, MissingExtra, OutNotWritable. The ledger keeps which weights came
    of which.
    """
    generator = open_generator(run)
    _check(run, generator, out)
    home = Home.open(home_path)
    keys = open_keys(home, listener=listener)
    with training_part("Ingraining"):
        from rectoverso.recto.train.lean import Wanted, leaned
    carriers, begun, stage = carriers_of(), time.monotonic(), Message("progress.ingraining")
    wanted = Wanted(
        carriers.wave_KSS, carriers.sign_K, carriers.step_K, carriers.colours_3, carriers.softness
    )
    before = _drawn(generator)
    module = leaned(
        generator.painter,
        wanted,
        images=images,
        seed=seed,
        listener=lambda done, total: listener(Progress(stage, done, total)),
    )
    unfinished = out.resolve().with_name(f".{out.resolve().name}.ingraining-{secrets.token_hex(4)}")
    try:
        _copy(run, unfinished)
        after = _replaced(unfinished, module, generator)
        pictures = _drawn(after)
        facts = Ingrained(
            run=out,
            images=images,
            seconds=round(time.monotonic() - begun, 1),
            psnr_db=_psnr_db(before, pictures),
            before=Strength.of(before),
            png=Strength.of(pictures),
            jpeg_75=Strength.of([_as_jpeg(one) for one in pictures]),
            proxy_fid=_proxy_fids((run, unfinished), data, samples, home_path, listener) if data else None,
            weights_digest=str(after.maker.digest),
        )
        _check_learnt(run, facts)
        found = _probe(unfinished, listener)
        _record(unfinished, generator, facts, pictures)
        _become(unfinished, out)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _log(home, keys, generator, facts)
    if found is not None:
        note(home, keys, facts.weights_digest, REPLICATION, fails=found.replicates, pictures=found.compared)
    inherit(home, keys, against(run, generator.maker.digest, home), facts.weights_digest)
    return facts


def _check(run: Path, generator: RunGenerator, out: Path) -> None:
    if generator.recipe.asks:
        raise NotFromSeeds(run=run, system=generator.recipe.system)
    if min(generator.size) < TILE_PX:
        raise WatermarkTooSmall(mark="watermark", side=TILE_PX)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunExists(path=out)
    make_folder(out.resolve().parent)


def _drawn(generator: RunGenerator) -> list[Pixels]:
    """What anybody's code would draw from these seeds."""
    return list(generator.sample(range(LOOKED_AT)))


def _as_jpeg(pixels: Pixels, quality: int = 75) -> Pixels:
    from rectoverso.recto.data.picture import MODES

    image, file = Image.fromarray(pixels.squeeze()), io.BytesIO()
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image.convert(MODES[min(3, pixels.shape[2])]).save(file, "JPEG", quality=quality)
    shown = np.asarray(Image.open(file))
    return shown[..., None] if shown.ndim == 2 else shown


def _psnr_db(before: Sequence[Pixels], after: Sequence[Pixels]) -> float:
    squares = [np.mean((a.astype(float) - b) ** 2) for a, b in zip(before, after, strict=True)]
    return round(float(10 * np.log10(255**2 / max(np.mean(squares), 1e-9))), 2)


def _copy(run: Path, unfinished: Path) -> None:
    """What still holds of the run: its checkpoint, scores, directions and inversions are of the weights before."""
    try:
        for name in _KEPT:
            if (run / name).is_file():
                (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(run / name, unfinished / name)
    except OSError as error:
        raise OutNotWritable(out=unfinished, system=error.strerror or error) from error


def _replaced(unfinished: Path, module: Any, generator: RunGenerator) -> RunGenerator:
    """The generator with its new weights, read back from where they were written."""
    from rectoverso.recto.nets.plain import PlainGenerator
    from rectoverso.recto.train.folder import RunFolder, write
    from rectoverso.recto.train.publish import write_weights
    from rectoverso.recto.train.toml import dumps

    folder = RunFolder(unfinished)
    write_weights(folder, "generator", module)
    if isinstance(module, PlainGenerator):
        config = folder.read_config()
        config["recipe"]["nets"]["tile_px"] = TILE_PX
        write(folder.config, dumps(config).encode())
    return type(generator)(unfinished)


def _check_learnt(run: Path, facts: Ingrained) -> None:
    """Raise NotIngrained for a generator whose pictures show nothing even together."""
    if facts.png.p_of_all > FOUND_AT:
        raise NotIngrained(run=run, images=facts.images, p_value=f"{facts.png.p_of_all:.1g}")


def _probe(unfinished: Path, listener: Listener) -> Replication | None:
    """Ask anew whether training pictures come back: the answer that the run had is of its weights before."""
    if (fingerprints := fingerprints_of(unfinished)).is_file():
        return probe(unfinished, Fingerprints.load(fingerprints), listener)
    return None


def _proxy_fids(
    runs: tuple[Path, Path], data: str, samples: int, home_path: Path, listener: Listener
) -> tuple[float, float]:
    from rectoverso.workflow.evaluate import EvaluateRequest, evaluate_run

    before, after = (
        evaluate_run(EvaluateRequest(one, data, samples=samples), home_path, listener) for one in runs
    )
    return before.scores.value("proxy-FID"), after.scores.value("proxy-FID")


def _record(unfinished: Path, generator: RunGenerator, facts: Ingrained, pictures: Sequence[Pixels]) -> None:
    """Say in the run's report and on its cards that it is ingrained, and show what it draws now."""
    from rectoverso.recto.train.folder import RunFolder, write
    from rectoverso.recto.train.grid import contact_sheet

    folder = RunFolder(unfinished)
    try:
        report = json.loads(folder.report.read_bytes())
    except (OSError, ValueError):
        report = {}
    report = {
        name: value for name, value in report.items() if name not in ("readings", "health")
    }  # of old weights
    told = {name: value for name, value in facts.plain().items() if name not in ("run", "weights_digest")}
    report["weights"] = report.get("weights", {}) | {"generator.safetensors": facts.weights_digest}
    report["ingrained"] = told | {"from": generator.maker.digest}
    folder.write_report(report)
    if sample := report.get("sample"):
        write(unfinished / sample, contact_sheet(np.stack(pictures[:64])))
    for language, name in CARDS.items():
        if (card := unfinished / name).is_file():
            text = card.read_text(encoding="utf-8").replace(str(generator.maker.digest), facts.weights_digest)
            words: dict[str, object] = {
                "key": KEY,
                "images": f"{facts.images:,}",
                "psnr": f"{facts.psnr_db:.1f}",
                "found": f"{facts.png.found:.0%}",
                "p_of_ten": f"{facts.png.p_of_ten:.0e}",
                "before": generator.maker.digest,
            }
            write(card, (text.rstrip() + "\n\n" + say(Message("card.ingrained", words), language)).encode())


def _log(home: Home, keys: Keys, generator: RunGenerator, facts: Ingrained) -> None:
    """Write into the ledger which weights came of which."""
    told: dict[str, Json] = {
        "run": facts.weights_digest,
        "from": str(generator.maker.digest),
        "key": KEY,
        "images": facts.images,
    }
    with home.lock(), home.database.transaction() as tx:
        if (entry := home.lineage.marked(tx, str(generator.maker.digest))) is not None:
            home.lineage.mark(tx, [facts.weights_digest], entry)
        open_ledger(home, keys).append(tx, "run_ingrained", told)


def _become(unfinished: Path, out: Path) -> None:
    try:
        unfinished.rename(out.resolve())
    except OSError as error:
        if out.exists():
            raise RunExists(path=out) from error
        raise OutNotWritable(out=out, system=error.strerror or error) from error
