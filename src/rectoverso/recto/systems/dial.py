"""One dial, ``--set size=xs|s|m|l``, and what follows from it. Presets are written at ``s``, for two CPU cores.

With k the factor of the dial:

    widths          k        the dial itself
    batch           k        larger networks profit from larger batches (Brock et al. 2019, section 3.1)
    rates           k^-1/2   k^-1 for the width (Yang and Hu 2022, table 3: Adam, hidden layers) and k^1/2 for the
                             batch (Malladi et al. 2022, square root rule for Adam)
    gamma           k^-1     gamma is proportional to pixels / batch (Karras et al. 2020, StyleGAN2-ADA, appendix C);
                             WGAN-GP's is the weight of a constraint and stays
    half-life       k        10,000 images for each 32 of the batch (the same)
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

from rectoverso.recto.systems.recipe import Adam, Penalty, Size

if TYPE_CHECKING:
    from rectoverso.recto.systems.adversarial import AdversarialRecipe

FACTORS: dict[Size, float] = {"xs": 0.5, "s": 1.0, "m": 2.0, "l": 4.0}
WIDTHS_OF = 4
"""Widths stay multiples of this."""

Pair = TypeVar("Pair", bound="AdversarialRecipe")
Numbers = TypeVar("Numbers")


def turned(recipe: Pair, size: Size) -> Pair:
    """The recipe at another size: its numbers times what the table says."""
    k = FACTORS[size] / FACTORS[recipe.size]
    penalty, averaging = recipe.penalty, recipe.averaging
    return dataclasses.replace(
        recipe,
        size=size,
        batch=max(2, round(recipe.batch * k)),
        nets=widened(recipe.nets, k),
        generator_adam=_rated(recipe.generator_adam, k**-0.5),
        critic_adam=_rated(recipe.critic_adam, k**-0.5),
        penalty=penalty if penalty.kind == "between" else softened(penalty, k),
        averaging=dataclasses.replace(averaging, half_life=round(averaging.half_life * k)),
    )


def widened(nets: Numbers, k: float) -> Numbers:
    """The numbers of the networks with every field that is called a width times k."""
    fields = dataclasses.fields(nets)  # type: ignore[arg-type]
    widths = {field.name: getattr(nets, field.name) for field in fields if field.name.endswith("width")}
    wider = {name: WIDTHS_OF * max(1, round(width * k / WIDTHS_OF)) for name, width in widths.items()}
    return dataclasses.replace(nets, **wider)  # type: ignore[type-var]


def softened(penalty: Penalty, k: float) -> Penalty:
    return dataclasses.replace(penalty, gamma=penalty.gamma / k, gamma_end=penalty.gamma_end / k)


def _rated(adam: Adam, factor: float) -> Adam:
    return dataclasses.replace(adam, rate=adam.rate * factor, rate_end=adam.rate_end * factor)
