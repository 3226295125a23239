"""What can be trained: every system is a published method in its own file. Importing this loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from rectoverso.errors import UnknownName
from rectoverso.recto.systems import biggan, dcgan, default, gan, progressive, stylegan, stylegan2
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.recto.systems.settings import suggestion, with_settings

Thing = TypeVar("Thing")

__all__ = ["SYSTEMS", "Recipe", "System", "recipe", "system", "with_settings"]


@dataclass(frozen=True, slots=True)
class System:
    """One published generative method: its name, source, data need and presets."""

    name: str
    title: str
    year: int
    source: str
    needs: str
    presets: Mapping[str, Recipe]

    def preset(self, name: str) -> Recipe:
        """The recipe of that name. Raises UnknownName."""
        return _named("preset", name, self.presets)


SYSTEMS: dict[str, System] = {
    "default": System(
        name="default",
        title="The pair we are making better",
        year=2026,
        source="this project; relativistic pairing with R1 + R2: Huang et al. 2024, arXiv:2501.05441",
        needs="images, better with labels",
        presets=default.PRESETS,
    ),
    "dcgan": System(
        name="dcgan",
        title="Deep convolutional GAN",
        year=2016,
        source="Radford, Metz, Chintala: Unsupervised Representation Learning with DCGANs, arXiv:1511.06434",
        needs="images",
        presets=dcgan.PRESETS,
    ),
    "gan": System(
        name="gan",
        title="The first GAN: fully connected networks",
        year=2014,
        source="Goodfellow et al.: Generative Adversarial Nets, arXiv:1406.2661",
        needs="images",
        presets=gan.PRESETS,
    ),
    "progressive": System(
        name="progressive",
        title="Progressive growing of GANs",
        year=2018,
        source="Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs, arXiv:1710.10196",
        needs="images",
        presets=progressive.PRESETS,
    ),
    "biggan": System(
        name="biggan",
        title="BigGAN",
        year=2019,
        source="Brock, Donahue, Simonyan: Large Scale GAN Training for High Fidelity, arXiv:1809.11096",
        needs="images, better with labels",
        presets=biggan.PRESETS,
    ),
    "stylegan": System(
        name="stylegan",
        title="Style-based GAN",
        year=2019,
        source="Karras, Laine, Aila: A Style-Based Generator Architecture for GANs, arXiv:1812.04948",
        needs="images",
        presets=stylegan.PRESETS,
    ),
    "stylegan2": System(
        name="stylegan2",
        title="StyleGAN2 with adaptive augmentation",
        year=2020,
        source="Karras et al.: Analyzing and Improving the Image Quality of StyleGAN, arXiv:1912.04958; Training"
        " GANs with Limited Data, arXiv:2006.06676",
        needs="images",
        presets=stylegan2.PRESETS,
    ),
}


def system(name: str) -> System:
    """The system of that name. Raises UnknownName, with the nearest name."""
    return _named("system", name, SYSTEMS)


def recipe(system_name: str, preset: str = "default") -> Recipe:
    """The recipe of a system's preset. Raises UnknownName."""
    return system(system_name).preset(preset)


def _named(kind: str, name: str, known: Mapping[str, Thing]) -> Thing:
    if name not in known:
        raise UnknownName(kind=kind, name=name, known=", ".join(known), hint=suggestion(name, known))
    return known[name]
