"""How strong the ingrained mark is, what it costs, what it outlives, and how soon who has the weights is rid of it.

    python benchmarks/ingrained.py --run RUN [--data cifar10/train.parquet] [--images 3200] [--pictures 200]
        [--home DIR]

The run is ingrained as `verso ingrain` does it. Of its pictures, drawn by plain torch and never marked otherwise, each
is changed in one way and read by itself, with the second look of `verso verify` where the first finds nothing; and ten
at a time together, as they lie. The weights are then attacked in three ways that are open to whoever has them:

- the biases of the tile are set to zero (plain generators only),
- the run's own adversarial training goes on, which knows nothing of marks (needs ``--data``),
- the lesson is turned around: leaning is unlearnt against the public reader.

After each number of images a hundred pictures are read. Attacks like these live here and nowhere in the package.

Writes ``results/ingrained-DATE.json`` and the table in ``README.md``; ``--dry`` writes nothing.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageEnhance
from report import fill, row
from torch import nn

from rectoverso.api import INGRAIN_IMAGES
from rectoverso.recto.data.pixels import HALF, to_pixels
from rectoverso.recto.data.source import open_source
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.lean import STAY_END, Lean, Wanted
from rectoverso.recto.train.machine import describe, device_of
from rectoverso.recto.train.step import Stepper
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Pixels
from rectoverso.version import __version__
from rectoverso.verso.mark.watermark import DOUBTED_AT, FOUND_AT
from rectoverso.verso.mark.watermark.ingrained import carriers_of, leaning, together_p_value
from rectoverso.workflow.ingrain import ingrain_run

HERE = Path(__file__).parent
BATCH, READ = 32, 100
AFTER = (0, 32, 64, 128, 256, 512, 1024, 2048, 4096)
OTHER_KEY = b"a key that nobody ingrained"


def main() -> None:
    asked = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        home = asked.home or Path(scratch) / "home"
        done = ingrain_run(asked.run, out, home, images=asked.images, data=asked.data, samples=asked.samples)
        generator = RunGenerator(out)
        result = {
            "date": datetime.now(UTC).date().isoformat(),
            "machine": describe(),
            "torch": torch.__version__,
            "rectoverso": __version__,
            "run": {
                "maker": generator.maker.name,
                "data": json.loads((out / "run.json").read_bytes())["data"],
            },
            "ingrained": {name: value for name, value in done.plain().items() if name != "run"},
            "size": list(generator.size),
            "pictures": asked.pictures,
            "changes": changes(drawn(generator.module, generator, asked.pictures)),
            "weights": dict(attacks(generator, asked.data)),
        }
    print(table(result))
    if not asked.dry:
        file = HERE / "results" / f"ingrained-{result['date']}-{generator.size[0]}px.json"
        file.write_text(json.dumps(result, indent=1) + "\n")
        fill(HERE / "README.md", f"ingrained {generator.size[0]}px", table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--data", help="for the proxy-FID, and for the training that goes on")
    parser.add_argument("--images", type=int, default=INGRAIN_IMAGES)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--samples", type=int, default=10_000, help="of each run, for the proxy-FID")
    parser.add_argument("--home", type=Path, help="where trained features are kept")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    return parser.parse_args()


@torch.inference_mode()
def drawn(module: nn.Module, generator: RunGenerator, count: int) -> list[Pixels]:
    """Pictures as plain torch draws them; transparent ones on white, as they are shown."""
    streams = Streams(7)
    z_NZ = torch.from_numpy(streams.normals("benchmark", 0, count, generator.noise))
    classes = generator.shape.classes
    label_N = torch.from_numpy(streams.choices("benchmark-label", 0, count, classes)) if classes else None
    return [np.asarray(shown(one)) for one in to_pixels(module(z_NZ, label_N))]


def shown(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(pixels.squeeze())
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def changes(pictures: list[Pixels]) -> dict[str, dict[str, float]]:
    """What is still read after each change; ``other key`` is the unchanged pictures under one that was not used."""
    told = {
        name: read([np.asarray(change(Image.fromarray(one))) for one in pictures])
        for name, change in CHANGES.items()
    }
    return told | {"none, other key": read(pictures, OTHER_KEY)}


def read(pictures: list[Pixels], key: bytes | None = None) -> dict[str, float]:
    """The shares found and at least doubted, and the middle p-value of ten together."""
    keys = () if key is None else (key,)
    votes, p_values = [], []
    for one in pictures:
        first = leaning(one, *keys)
        if first is None:
            return {"found": 0.0, "doubted": 0.0, "p_of_ten": 1.0}
        again = first if first.p_value <= FOUND_AT else leaning(one, *keys, anyhow=True)
        votes.append(first.vote_K)
        p_values.append((again or first).p_value)
    tens = [together_p_value(votes[n : n + 10], *keys) for n in range(0, len(votes), 10)]
    p_N = np.array(p_values)
    found, doubted = float((p_N <= FOUND_AT).mean()), float((p_N <= DOUBTED_AT).mean())
    return {"found": found, "doubted": doubted, "p_of_ten": median(tens)}


def saved(quality: int) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return change


def resized(share: float) -> Callable[[Image.Image], Image.Image]:
    def change(image: Image.Image) -> Image.Image:
        size = (round(image.width * share), round(image.height * share))
        return image.resize(size, Image.Resampling.BICUBIC)

    return change


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "none (PNG)": lambda image: image,
    "JPEG 90": saved(90),
    "JPEG 75": saved(75),
    "JPEG 50": saved(50),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "enlarged 2x": resized(2),
    "enlarged 1.5x": resized(1.5),
    "reduced 0.75x": resized(0.75),
    "reduced 0.75x, and back": lambda image: resized(4 / 3)(resized(0.75)(image)),
    "brightness 1.3": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "brightness 0.7": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
}


def attacks(generator: RunGenerator, data: str | None) -> Iterator[tuple[str, list[dict[str, float]]]]:
    """What a hundred pictures say after each number of images, by attack."""
    if getattr(generator.module, "tile_FSS", None) is not None:
        module = copy.deepcopy(generator.module)
        module.tile_FSS.requires_grad_(requires_grad=False).zero_()  # type: ignore[union-attr, operator]
        yield "the tile set to zero", [said(module, generator, 0)]
    yield "unlearnt against the reader", list(unlearnt(generator))
    if data and generator.critic() is not None:
        yield "training goes on", list(trained_on(generator, data))


def said(module: nn.Module, generator: RunGenerator, images: int) -> dict[str, float]:
    pictures = drawn(module, generator, READ)
    votes = [one.vote_K for one in map(leaning, pictures) if one]
    return {"images": images, "p_of_all": together_p_value(votes)} | read(pictures)


def unlearnt(generator: RunGenerator) -> Iterator[dict[str, float]]:
    """All weights go down how far pictures lean, either way, and how far they move."""
    carriers = carriers_of()
    wanted = Wanted(
        carriers.wave_KSS, carriers.sign_K, carriers.step_K, carriers.colours_3, carriers.softness
    )
    lean, before, streams = Lean(wanted), generator.module, Streams(8)
    module = copy.deepcopy(before).eval().requires_grad_(requires_grad=True)
    optimiser = torch.optim.Adam(module.parameters(), 1e-3)
    classes = generator.shape.classes
    for first in range(0, AFTER[-1] + 1, BATCH):
        if first in AFTER:
            yield said(module, generator, first)
        z_NZ = torch.from_numpy(streams.normals("unlearn", first, BATCH, generator.noise))
        label_N = torch.from_numpy(streams.choices("unlearn", first, BATCH, classes)) if classes else None
        x_NCHW, was_NCHW = module(z_NZ, label_N), before(z_NZ, label_N).detach()
        moved = ((x_NCHW - was_NCHW) * HALF).square().mean()
        loss = lean(x_NCHW).abs().mean() + STAY_END * moved
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()


def trained_on(generator: RunGenerator, data: str) -> Iterator[dict[str, float]]:
    """The run's own training goes on from the ingrained weights, at the rates of its end."""
    recipe, streams = generator.recipe, Streams(9)
    dataset = recipe.prepared(open_source(data, size=generator.size, channels=generator.shape.channels))
    feed = Feed(dataset, recipe, streams, device_of(recipe))
    cast = recipe.cast(feed.shape, streams)
    players = {player.name: player for player in cast.players}
    players["generator"].module.load_state_dict(generator.module.state_dict())
    critic = generator.critic()
    assert critic is not None
    players["critic"].module.load_state_dict(critic.state_dict(), strict=False)
    stepper, images = Stepper(recipe, cast, device_of(recipe)), 0
    while True:
        if images in AFTER:
            module = copy.deepcopy(players["generator"].module).float().eval()
            yield said(module, generator, images)
        if images >= AFTER[-1]:
            return
        turn = feed.turn(images, 1.0)
        for phase in cast.phases:
            if phase.is_due(turn.number, turn.progress):
                total, _ = stepper.losses(phase, turn)
                stepper.move(phase, total, turn.progress)
        images += turn.batch


def table(result: dict[str, Any]) -> str:
    done, side = result["ingrained"], result["size"]
    fid = done["proxy_fid"]
    lines = [
        row("change", "found", "at least doubted", "ten together, p"),
        row("---", "--:", "--:", "--:"),
    ]
    lines += [
        row(name, f"{one['found']:.1%}", f"{one['doubted']:.1%}", f"{one['p_of_ten']:.0e}")
        for name, one in result["changes"].items()
    ]
    lines += ["", row("whoever has the weights", "images", "found", "a hundred together, p")]
    lines += [row("---", "--:", "--:", "--:")]
    lines += [
        row(name, one["images"], f"{one['found']:.1%}", f"{one['p_of_all']:.0e}")
        for name, rows in result["weights"].items()
        for one in rows
    ]
    cost = f"proxy-FID {fid[0]:.3g} before, {fid[1]:.3g} after; " if fid else ""
    return "\n".join(lines) + (
        f"\n\n{result['date']}; {result['machine']}; {result['run']['maker']}, {side[0]}x{side[1]}, "
        f"{result['pictures']} pictures; ingrained on {done['images']:,} images in {done['seconds']:.0f} s; "
        f"{cost}PSNR {done['psnr_db']:.1f} dB; before: {done['before']['found']:.0%} found, "
        f"a hundred together p = {done['before']['p_of_all']:.1g}."
    )


if __name__ == "__main__":
    main()
