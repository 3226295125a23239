"""What a private run promises: numbers that everybody may know, what they cost so far, and what they do not cover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.systems.recipe import Recipe
from rectoverso.types import Message

NEIGHBOURS = "add or remove one picture and its label"
ACCOUNTANTS = "privacy loss distribution, and its moments, within 2%"
NOISE = "ChaCha20, whole normal numbers on a lattice"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """``epsilon`` is what the ``steps`` so far cost at ``delta``, ``budget`` what all of the run may.

    ``noise`` is the deviation over ``clip``, the most that one picture adds; ``rate`` the probability with which a step
    takes each; ``pictures`` how many there are said to be; ``batch`` how many a step is divided by.
    """

    epsilon: float
    delta: float
    budget: float
    noise: float
    clip: float
    rate: float
    steps: int
    batch: int
    pictures: int

    def plain(self) -> dict[str, Any]:
        """As ``run.json`` has it."""
        return {
            **asdict(self),
            "neighbours": NEIGHBOURS,
            "accountants": ACCOUNTANTS,
            "randomness": NOISE,
            "labels_protected": True,
        }


def told(facts: Mapping[str, Any]) -> str:
    """A report's ``privacy`` in one line, for a credential."""
    return (
        f"differential privacy: epsilon {facts['epsilon']:.4g}, delta {facts['delta']:.2g}, neighbours: "
        f"{facts['neighbours']}; {facts['steps']} steps, sampling rate {facts['rate']:.4g}, noise multiplier "
        f"{facts['noise']:.4g}; not covered: choice of settings, other runs on the same pictures, which pictures a "
        "comparison with the training pictures holds back, several pictures of one person, time"
    )


def noise_of(recipe: Recipe) -> float:
    """The noise with which the whole of a run keeps its budget."""
    from rectoverso.recto.privacy.accounting import noise_for

    rate, steps = recipe.looks(recipe.images)
    return noise_for(epsilon=recipe.private.epsilon, rate=rate, steps=steps, delta=recipe.private.delta)


def guarantee_of(recipe: Recipe, images: int) -> Guarantee | None:
    """What a run of ``recipe`` promises after so many images; None where it promises nothing."""
    if not recipe.is_private:
        return None
    from rectoverso.recto.privacy.accounting import epsilon

    budget, noise = recipe.private, noise_of(recipe)
    rate, steps = recipe.looks(images)
    return Guarantee(
        epsilon=epsilon(rate=rate, noise=noise, steps=steps, delta=budget.delta),
        delta=budget.delta,
        budget=budget.epsilon,
        noise=noise,
        clip=recipe.clip_of_one(),
        rate=rate,
        steps=steps,
        batch=recipe.batch,
        pictures=budget.pictures,
    )


def check_private(recipe: Recipe, *, processes: int = 1) -> None:
    """Raise BadSetting for a budget that this recipe cannot keep, with the reason."""
    if not recipe.is_private:
        return
    budget = recipe.private
    if not recipe.takes_private:
        raise refusal("system", "private.epsilon", system=recipe.system)
    if not budget.pictures:
        raise refusal("pictures", "private.pictures")
    if not 0 < budget.delta * budget.pictures < 1 or budget.delta < LEAST_DELTA:
        raise refusal(
            "delta", "private.delta", delta=budget.delta, most=f"{1 / budget.pictures:.1g}", least=LEAST_DELTA
        )
    if not LEAST_CLIP <= recipe.clip_of_one() <= MOST_CLIP:
        raise refusal("clip", "private.clip", clip=recipe.clip_of_one(), least=LEAST_CLIP, most=MOST_CLIP)
    if recipe.held_out:
        raise refusal("held_out", "held_out")
    if processes > 1:
        raise refusal("processes", "private.epsilon")
    if recipe.precision == "bfloat16":
        raise refusal("precision", "precision")
    _check_affordable(recipe)


def _check_affordable(recipe: Recipe) -> None:
    """That the accountants know a noise for this many looks, and agree on what it costs."""
    from rectoverso.recto.privacy.accounting import AccountantsDisagree

    try:
        guarantee_of(recipe, recipe.images)
    except (AccountantsDisagree, OverflowError):
        raise refusal("noise", "private.epsilon", epsilon=recipe.private.epsilon) from None


LEAST_DELTA = 1e-9
"""Below it rounding would count (`accounting`)."""
LEAST_CLIP, MOST_CLIP = 1e-6, 1e6
"""Between which single precision holds what a picture says."""


def refusal(why: str, setting: str, **facts: object) -> BadSetting:
    """The error for a setting that cannot be private, with its reason."""
    reason, advice = (Phrase(Message(f"train.private.{why}.{part}", facts)) for part in ("reason", "advice"))
    return BadSetting(setting=setting, reason=reason, advice=advice)
