"""Who is measured beside whom in `peer_throughput.py`: our recipe for each of the others' trainings, made as equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from rectoverso.recto.nets.style_layers import widths_down
from rectoverso.recto.systems import Recipe, recipe
from rectoverso.recto.systems.biggan import BigGanRecipe
from rectoverso.recto.systems.recipe import Adam, Averaging, Penalty, Shape
from rectoverso.recto.systems.stylegan2 import Augmentation, PathLength, Stylegan2Recipe
from throughput import mimicry_side, stylegan2_side
from throughput.example_side import Example
from throughput.mimicry_side import MimicryPeer
from throughput.paper_nets import PaperNets
from throughput.sizes import Sizes, sizes
from throughput.sngan_nets import SnganNets
from throughput.stylegan2_side import Stylegan2Peer


class Side(Protocol):
    """A training that can be let run for some seconds."""

    def train(self, seconds: float) -> dict[str, float]: ...

    def stop(self) -> None: ...


@dataclass(frozen=True)
class Comparison:
    """``recipe`` is ours, without a precision; ``start`` begins theirs in a folder; ``cycle``: see `Alarm`."""

    title: str
    peer: str
    size: int
    recipe: Recipe
    start: Callable[[Path], Side]
    cycle: int = 1

    @property
    def shape(self) -> Shape:
        return Shape(self.size, self.size, 3, 0)

    def own_sizes(self) -> Sizes:
        nets: Any = self.recipe.nets  # type: ignore[attr-defined]
        shape = self.shape
        return sizes(nets.generator(shape), nets.critic(shape), nets.latent, (3, self.size, self.size))


def beside_example(program: Path, threads: int) -> Comparison:
    """The example's training as a recipe: its networks and numbers, one phase for each player."""
    adam = Adam(2e-4, 2e-4, beta1=0.5, beta2=0.999)
    made: Any = recipe("dcgan", "article")
    ours = replace(
        made,
        batch=64,
        nets=PaperNets(),
        generator_adam=adam,
        critic_adam=adam,
        one_pass=False,
        threads=threads,
    )
    return Comparison(
        title="DCGAN, PyTorch's example",
        peer="the example, float32",
        size=64,
        recipe=ours,
        start=lambda folder: Example(program, folder, ours.batch, threads),
    )


def beside_stylegan2(project: Path, threads: int) -> Comparison:
    """Our default with what it leaves out (mixing, path lengths) and without augmentation; theirs as narrow."""
    made = recipe("stylegan2", "default")
    assert isinstance(made, Stylegan2Recipe)
    ours = replace(
        made,
        mixing=0.9,
        path=PathLength(weight=2.0, every=stylegan2_side.PATH_EVERY, share=0.5),
        penalty=Penalty("gradient", gamma=0.1, gamma_end=0.05, every=stylegan2_side.R1_EVERY),
        augment=Augmentation(most=0.0),
        labels=False,
        threads=threads,
    )
    size, nets = 32, ours.nets
    down = widths_down(Shape(size, size, 3, 0).levels, nets.generator_width, nets.widest)
    theirs = stylegan2_side.settings(
        size=size,
        batch=ours.batch,
        latent=nets.latent,
        depth=nets.depth,
        widths={size >> level: width for level, width in enumerate(down)},
        mixing=ours.mixing,
    )
    return Comparison(
        title="StyleGAN2, rosinality/stylegan2-pytorch",
        peer="stylegan2-pytorch, float32",
        size=size,
        recipe=ours,
        start=lambda folder: Stylegan2Peer(project, folder, theirs, threads),
        cycle=ours.batch * stylegan2_side.R1_EVERY,
    )


def beside_mimicry(project: Path, threads: int, width: int) -> Comparison:
    """Mimicry's SNGAN as a `biggan` recipe: its networks and numbers, no average of the weights."""
    adam = Adam(mimicry_side.RATE, 0.0, *mimicry_side.BETAS)
    nets = SnganNets(generator_width=width, critic_width=width // 2)
    ours = BigGanRecipe(
        system="biggan",
        preset="default",
        batch=64,
        nets=nets,
        objective="hinge",
        penalty=Penalty("none"),
        critic_turns=mimicry_side.CRITIC_STEPS,
        orthogonal=0.0,
        generator_adam=adam,
        critic_adam=adam,
        averaging=Averaging(half_life=0, ramp=0.1),
        labels=False,
        threads=threads,
    )
    widths = (nets.generator_width, nets.critic_width)
    return Comparison(
        title="SNGAN, Mimicry",
        peer="Mimicry, float32",
        size=mimicry_side.SIZE_PX,
        recipe=ours,
        start=lambda folder: MimicryPeer(project, folder, batch=ours.batch, widths=widths, threads=threads),
        cycle=ours.batch * mimicry_side.CRITIC_STEPS,
    )
