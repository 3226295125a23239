"""One process of a tiny run, for the tests of several: what `torchrun` would start.

    RANK=0 WORLD_SIZE=2 ... python world_run.py RUN CASE IMAGES [--resume] [--die-at IMAGES] [--as RANK]

With --die-at the process of that rank kills itself in the first turn that begins there or later.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from rectoverso.errors import RectoversoError
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.systems import Recipe, recipe, with_settings
from rectoverso.recto.train.feed import Feed
from rectoverso.recto.train.loop import train
from rectoverso.recto.train.players import Turn

# The rates are low so that rounding does not grow: at the presets' own, one process whose first weights are moved by
# 1e-7 ends 1e-2 away after 2,000 images.
GENTLE = tuple(
    f"{player}_adam.{number}"
    for player in ("generator", "critic")
    for number in ("rate=1e-4", "rate_end=1e-5", "beta1=0.5", "epsilon=1e-4")
)
SETTINGS = (*GENTLE, "batch=16", "precision=float32", "milestones=4", "checkpoint_s=3600")
LIGHT = ("penalty.gamma=0.01", "penalty.gamma_end=0.01")  # so that this too does not let rounding grow
PAIR = ("nets.latent=8", "nets.generator_width=4", "nets.critic_width=4")
STYLES = (*PAIR, "nets.style=8", "nets.noise_rate=1", *LIGHT)
# Distances have a kink at 0 and the hinge has one at its margin, where rounding decides the slope: gentler still.
GENTLER = tuple(
    f"{player}_adam.{number}"
    for player in ("generator", "critic")
    for number in ("rate=1e-5", "rate_end=1e-6")
)
GIVEN = (*GENTLER, "nets.generator_width=8", "nets.critic_width=8", "nets.critic_downs=1")
CHANGED = ("augment.images=1000", "augment.target=0")  # so that the probability leaves 0
SMALL = (
    *("nets.grid=4", "nets.codes=16", "nets.code_width=8", "nets.words=256", "nets.places=8"),
    *(
        "warm_up=1",
        "stage=0.2",
        "judge=0.2",
        "nets.prior_width=16",
        "nets.prior_blocks=1",
        "nets.scorer_width=16",
        "nets.scorer_blocks=1",
    ),
    *(
        f"{name}_adam.{number}"
        for name in ("code", "prior", "scorer")
        for number in ("rate=1e-5", "rate_end=1e-6")
    ),
)
CASES = {
    "default": ("default", "default", (*PAIR, "augment.most=0.8", *CHANGED, *LIGHT)),
    "dcgan": ("dcgan", "default", PAIR),
    "dcgan in two phases": ("dcgan", "default", (*PAIR, "one_pass=false", "penalty.kind=gradient", *LIGHT)),
    "the article's": ("dcgan", "article", ("nets.latent=8", "nets.width=4")),
    "gan": ("gan", "default", (*PAIR, "penalty.kind=finite_difference", *LIGHT)),
    "progressive": ("progressive", "default", (*PAIR, "batch=32", *LIGHT)),
    "stylegan": ("stylegan", "default", (*GENTLER, *STYLES)),
    "stylegan2": ("stylegan2", "default", (*STYLES, "mixing=0.5", "path.weight=0.1", *CHANGED)),
    "biggan": ("biggan", "default", (*GENTLER, "nets.latent=16", *PAIR[1:])),
    "cyclegan": ("cyclegan", "default", (*GIVEN, "nets.blocks=1", "pool=20")),
    "pix2pixhd": ("pix2pixhd", "default", (*GIVEN, "nets.blocks=1", "generator_adam.rate=1e-6")),
    "spade": ("spade", "default", (*GIVEN, "nets.latent=8", "nets.seen_width=8")),
    "edgeconnect": (
        "edgeconnect",
        "default",
        (*GIVEN, "nets.edge_width=8", "nets.blocks=1", "nets.piece_px=16", "generator_adam.rate=1e-6"),
    ),
    "dalle": ("dalle", "default", (*SMALL, "nets.look_width=8")),
    "textgan": (
        "textgan",
        "default",
        (*GENTLER, *PAIR, "nets.text=8", "nets.words=256", "nets.places=8", "nets.reader_width=16", *LIGHT),
    ),
    "single": ("single", "default", (*GENTLER, "nets.width=4", "nets.coarsest_px=13", *LIGHT)),
}


def tiny(case: str) -> Recipe:
    system, preset, settings = CASES[case]
    common = SETTINGS if system != "dalle" else SETTINGS[len(GENTLE) :]  # which has players of its own
    return with_settings(recipe(system, preset), (*common, *settings))


def pictures(case: str = "") -> Dataset:
    """Noise with two classes, blurred so that there is something to learn; with what the case needs."""
    pixels = (
        np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
    )
    if case in ("pix2pixhd", "spade", "edgeconnect"):
        masks = (pixels[..., 0] > 128).astype(np.uint8)
        return Dataset("noise", pixels, masks=masks, regions=("dark", "light"))
    if case in ("dalle", "textgan"):
        return Dataset(
            "noise", pixels, captions=tuple(f"{n % 7}" + n % 2 * f" of {n % 5}+1" for n in range(40))
        )
    if case == "cyclegan":
        return Dataset("noise", pixels, other=Dataset("other", pixels[:24, ..., ::-1].copy()))
    if case == "single":
        return Dataset("noise", pixels[:1])
    return Dataset("noise", pixels, np.arange(40) % 2, ("a", "b"))


def die_at(images: int) -> None:
    real = Feed.turn

    def turn(feed: Feed, first: int, progress: float) -> Turn:
        if first >= images:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(feed, first, progress)

    Feed.turn = turn  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("images", type=int)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--die-at", type=int)
    parser.add_argument("--as", dest="rank", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.die_at is not None and int(os.environ.get("RANK", "0")) == options.rank:
        die_at(options.die_at)
    try:
        train(
            tiny(options.case),
            pictures(options.case),
            options.run,
            images=options.images,
            resume=options.resume,
        )
    except RectoversoError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    left = {
        name for task in Path("/proc/self/task").iterdir() if "gloo" in (name := (task / "comm").read_text())
    }
    if left:  # they may abort the process when the interpreter ends
        sys.exit(f"the group is closed, but has threads: {left}")


if __name__ == "__main__":
    main()
