"""What differential privacy costs: how much a classifier learns from generated pictures alone, and how they look.

    python benchmarks/privacy.py --estimate                    # minutes of each row on this machine, and stop
    python benchmarks/privacy.py --work DIR [--only dpmerf]    # rows that DIR has are not done again, runs go on
    python benchmarks/privacy.py --work DIR --keep             # the rest, then the figures and the table

Handwritten digits, or any data with classes (``--data``); a fifth is held out and seen by nobody but the two that
judge. Each row is trained on the rest, then draws 3,000 pictures, the classes in turn. A small convolutional network
that sees nothing else learns the classes from those; ``accuracy`` is on held-out real pictures. proxy-FID is against
the training pictures. The judges look at real pictures: these figures are for choosing methods, and are not private.

``dpmerf``, ``dcgan``: the presets. ``not private``: the numbers of ``dcgan private`` without a budget. ``real``: the
classifier taught on the real training pictures. ``opacus``: naive use on the article's networks, which know no classes,
so there is no accuracy (`private/opacus_peer`). ``audit``: canaries in the engine at a claimed epsilon below 2.
``--share`` shortens every run. ``--data`` is anything with classes, such as mnist.parquet.

Opacus pins other packages, so it lives in an environment of its own, which sees this one's. Its row is done by that
one's Python, with the same ``--work``; whoever lacks it gets the table without that row:

    python -m venv --system-site-packages OTHER && OTHER/bin/pip install --no-deps opacus==1.6.0 opt-einsum
    OTHER/bin/python benchmarks/privacy.py --work DIR --only opacus
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import report
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import nn

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.data.source import open_source
from rectoverso.recto.metrics.proxy_training import proxy_features
from rectoverso.recto.metrics.score import Reference, score_images
from rectoverso.recto.privacy.canaries import Canaries
from rectoverso.recto.privacy.engine import Mechanism
from rectoverso.recto.privacy.feed import PrivateFeed
from rectoverso.recto.privacy.vault import Vault
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.forecast import measure
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.machine import describe
from rectoverso.recto.train.status import Status
from rectoverso.recto.train.streams import Streams

DRAWN, AT_ONCE = 3_000, 250
DELTA = 1e-5
LESSONS, LESSON = 500, 128
PUBLISHED = (
    ("DP-GAN, by DPImageBench (arXiv:2503.14681)", "MNIST, epsilon 10", 30.3, 92.7),
    ("DP-GAN, tuned (Bie et al., arXiv:2302.02936)", "MNIST, epsilon 10", 13.3, 94.4),
    ("DPDM, by DPImageBench", "MNIST, epsilon 10", 4.4, 97.7),
    ("DP-MERF, by DPImageBench", "MNIST, epsilon 10", 106.0, 81.3),
)
Pixels = NDArray[np.uint8]


@dataclass
class Row:
    """What one way came to; ``cpu_s`` of this process, all threads together."""

    name: str
    epsilon: float | None
    accuracy: float | None
    fid: float | None
    cpu_s: float
    images: int


class Bench:
    """The data, split once, and its judges."""

    def __init__(self, asked: argparse.Namespace, keep: Path) -> None:
        self.asked, self.keep = asked, keep
        whole = open_source(asked.data, size=asked.size)
        if whole.labels is None:
            raise SystemExit("the data has no classes")
        order = np.random.default_rng(0).permutation(len(whole))
        cut = len(whole) // 5
        held, shown = order[:cut], order[cut:]
        self.held = to_tensor(whole.images[held]), torch.from_numpy(whole.labels[held])
        self.shown = Dataset(whole.name, whole.images[shown], whole.labels[shown], whole.classes)

    @property
    def reference(self) -> Reference:
        return Reference(self.shown, proxy_features(self.shown, self.keep))

    def row(
        self, name: str, epsilon: float | None, made: Pixels, cpu_s: float, images: int, *, named: bool
    ) -> Row:
        label = torch.arange(len(made)) % len(self.shown.classes)
        accuracy = self.taught(to_tensor(made), label) if named else None
        fid = score_images(made, self.reference).value("proxy-FID") if self.asked.fid else None
        return Row(name, epsilon, accuracy, fid, cpu_s, images)

    def taught(self, x_NCHW: torch.Tensor, label_N: torch.Tensor) -> float:
        """The share of held-out real pictures that a network is right on which learnt from these."""
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(x_NCHW.shape[1], 16, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, 2, 1),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Flatten(),
            nn.LazyLinear(64),
            nn.ReLU(),
            nn.Dropout(0.3),
            nn.Linear(64, len(self.shown.classes)),
        )
        net(x_NCHW[:2])
        adam = torch.optim.Adam(net.parameters(), 2e-3)
        for _ in range(LESSONS):
            place_N = torch.randint(len(x_NCHW), (LESSON,))
            noisy_NCHW = x_NCHW[place_N] + 0.1 * torch.randn_like(x_NCHW[place_N])
            adam.zero_grad()
            F.cross_entropy(net(noisy_NCHW), label_N[place_N]).backward()
            adam.step()
        net.eval()
        with torch.no_grad():
            right_N = net(self.held[0]).argmax(1) == self.held[1]
        return float(right_N.float().mean())

    def run(self, name: str, system: str, preset: str, *settings: str) -> Row:
        """Train a preset, and judge what it draws."""
        base = recipe(system, preset)
        images = max(base.batch, round(base.images * self.asked.share))
        sizes = (
            f"private.pictures={len(self.shown)}",
            f"images={images}",
            "milestones=1",
            "precision=float32",
        )
        whole = with_settings(base, (*sizes, *settings))
        folder = self.place(name).with_suffix("")
        cpu_s = self.trained(whole, folder)
        generator = RunGenerator(folder)
        told = json.loads((folder / "run.json").read_text())
        made = [
            generator.batch(
                torch.randn(AT_ONCE, whole.latent, generator=torch.Generator().manual_seed(first)),
                torch.arange(first, first + AT_ONCE) % len(self.shown.classes),
            )
            for first in range(0, DRAWN, AT_ONCE)
        ]
        epsilon = told.get("privacy", {}).get("epsilon")
        return self.row(name, epsilon, np.concatenate(made), cpu_s, told["images"], named=True)

    def trained(self, whole: Recipe, folder: Path) -> float:
        """Train, or go on where an earlier call was killed; the CPU seconds of all tries together."""
        clock = folder.with_suffix(".cpu")
        before_s = float(clock.read_text()) if clock.exists() else 0.0
        began = time.process_time()

        def told(_: Status) -> None:
            clock.write_text(str(before_s + time.process_time() - began))

        train(whole, self.shown, folder, resume=(folder / "config.toml").exists(), listener=told)
        return float(clock.read_text())

    def minutes(self, system: str, preset: str, *settings: str) -> float:
        """How long the training of a preset takes, by a few turns: the judges not counted."""
        base = recipe(system, preset)
        images = max(base.batch, round(base.images * self.asked.share))
        whole = with_settings(
            base, (f"private.pictures={len(self.shown)}", f"images={images}", "precision=float32", *settings)
        )
        feed: Feed = Feed(self.shown, whole, Streams(0))
        if whole.is_private:
            feed = PrivateFeed(self.shown, whole, Streams(0), vault=Vault(self.keep)).rehearsal()
        cost = measure(whole, feed, Streams(0), torch.device("cpu"), time.monotonic)
        return images * cost.profile.ahead(0.0) / 60

    def real(self) -> Row:
        accuracy = self.taught(to_tensor(self.shown.images), torch.from_numpy(np.array(self.shown.labels)))
        return Row("real pictures", None, accuracy, None, 0.0, 0)

    def opacus(self) -> Row | None:
        if importlib.util.find_spec("opacus") is None:
            print("no Opacus here: its row is left out (how to have it stands above)", file=sys.stderr)
            return None
        from private.opacus_peer import trained

        images = round(recipe("dcgan", "private").images * self.asked.share)
        began = time.process_time()
        made, epsilon = trained(self.shown, epsilon=self.asked.epsilon, delta=DELTA, images=images)
        return self.row(
            "naive Opacus", epsilon, made.numpy(), time.process_time() - began, images, named=False
        )

    @property
    def presets(self) -> dict[str, tuple[str, str, str, tuple[str, ...]]]:
        """By row: how the table calls it, system, preset, settings."""
        budget = (f"private.epsilon={self.asked.epsilon}", f"private.delta={DELTA}")
        return {
            "dpmerf": ("dpmerf", "dpmerf", "default", budget),
            "dcgan": ("dcgan private", "dcgan", "private", budget),
            "not private": ("not private", "dcgan", "private", ("private.epsilon=0",)),
        }

    def ways(self) -> dict[str, Callable[[], Row | None]]:
        def of(name: str, system: str, preset: str, settings: tuple[str, ...]) -> Callable[[], Row]:
            return lambda: self.run(name, system, preset, *settings)

        made = {name: of(*one) for name, one in self.presets.items()}
        return {"real": self.real, **made, "opacus": self.opacus}

    def is_asked(self, name: str) -> bool:
        return not self.asked.only or name in self.asked.only

    def rows(self) -> list[Row]:
        """Those asked for, and with --keep all that were ever done with these numbers."""
        found = []
        for name, way in self.ways().items():
            file = self.place(name)
            if file.exists():
                row = Row(**json.loads(file.read_text()))
            elif not self.is_asked(name) or (done := way()) is None:
                continue
            else:
                row = done
                file.write_text(json.dumps(asdict(row)))
            print(row, flush=True)
            found.append(row)
        return found

    def audits(self) -> dict[str, Any]:
        file = self.place("audit")
        if not file.exists() and self.is_asked("audit"):
            file.write_text(json.dumps(audited()))
        return json.loads(file.read_text()) if file.exists() else {}  # type: ignore[no-any-return]

    def place(self, name: str) -> Path:
        """The file of a row, and without its suffix the folder of its run: whatever it depends on is in its name."""
        asked = self.asked
        data = hashlib.sha256(str(asked.data).encode()).hexdigest()[:8]
        told = (
            f"{name}-{data}-{asked.size}-{asked.epsilon:g}-{asked.share:g}-{'fid' if asked.fid else 'nofid'}"
        )
        return self.keep / f"{told.replace(' ', '-').replace('.', '_')}.json"

    def estimate(self) -> None:
        """Print the minutes of each row; the judges take about two more each, with a proxy-FID."""
        for name, (_, system, preset, settings) in self.presets.items():
            if not self.asked.only or name in self.asked.only:
                print(f"{name}: {self.minutes(system, preset, *settings):.0f} minutes", flush=True)
        print("opacus, in its own environment: not foreseen, up to an hour; real, audit: under a minute")


def audited() -> dict[str, Any]:
    """The engine with 2,000 canaries, at a claim below 2; and with a quarter of its noise."""
    found = {}
    for name, noise in (("engine", 2.0), ("a quarter of its noise", 0.5)):
        canaries = Canaries(lambda _, noise=noise: Mechanism(1.0, noise, 50), 0.05, 150, canaries=2_000)
        claimed = Canaries(lambda _: Mechanism(1.0, 2.0, 50), 0.05, 150).claimed(DELTA)
        verdict = canaries.verdict(delta=DELTA, claimed=claimed, guesses=200)
        found[name] = {"claimed": claimed, **asdict(verdict.guessed), "faults": list(verdict.faults)}
    return found


def table(rows: list[Row], audits: dict[str, Any], asked: argparse.Namespace) -> str:
    def told(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    lines = [
        f"Data `{asked.data}`, delta {DELTA:g}, {asked.share:g} of each preset's length.",
        "",
        report.row("", "epsilon", "accuracy", "proxy-FID", "CPU seconds"),
        report.row("---", "--:", "--:", "--:", "--:"),
        *(
            report.row(
                one.name,
                told(one.epsilon, ".2f"),
                told(one.accuracy, ".1%"),
                told(one.fid, ".1f"),
                f"{one.cpu_s:.0f}",
            )
            for one in rows
        ),
        "",
        "Published by others, on other data and by other judges, and not measured here (FID, accuracy):",
        "",
        *(f"- {name}, {where}: {fid} / {right}%" for name, where, fid, right in PUBLISHED),
    ]
    for name, one in audits.items():
        lines.append("")
        lines.append(
            f"Audit, {name}: claimed {one['claimed']:.2f}, proved at least {one['epsilon']:.2f}, {one['right']} of "
            f"{one['guesses']} guesses right; {', '.join(one['faults']) or 'nothing found'}."
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="digits")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--epsilon", type=float, default=10.0)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", nargs="+")
    parser.add_argument(
        "--no-fid", dest="fid", action="store_false", help="no proxy-FID, which takes minutes"
    )
    parser.add_argument("--keep", action="store_true", help="write the figures and the table")
    parser.add_argument("--estimate", action="store_true", help="print how long each row takes, and stop")
    parser.add_argument("--work", type=Path, help="where runs and rows lie, so that nothing is done twice")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(asked, asked.work or Path(folder))
        bench.keep.mkdir(parents=True, exist_ok=True)
        if asked.estimate:
            bench.estimate()
            return
        rows, audits = bench.rows(), bench.audits()
    body = table(rows, audits, asked)
    print(body)
    if asked.keep:
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": describe(),
            "asked": {name: value for name, value in vars(asked).items() if name not in ("keep", "work")},
            "rows": [asdict(one) for one in rows],
            "audits": audits,
        }
        report.keep("privacy", result, body)


if __name__ == "__main__":
    main()
