"""What is measured whenever a run shows samples, for `health` to judge.

Shapes: N images, D numbers a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.errors import BadSetting
from rectoverso.i18n import Phrase
from rectoverso.recto.data.dataset import Dataset, Outline
from rectoverso.recto.data.part import Part
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.train.health import symptoms
from rectoverso.recto.train.status import Status
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Message

LOOKED_AT = 64
HELD_OUT_ORDER = 2**40
"""The number of a pass over the data that no run reaches: its order says which pictures are held out."""


NOTHING: Mapping[str, float] = {}
Scorer = Callable[[nn.Module], Mapping[str, float]]
"""Scores of a published generator, by their names."""


class Checkup:
    """Measures samples, remembers statuses, and says what is wrong. With nothing ``shown`` it measures samples alone:
    of a private run, whose pictures nothing but its steps may look at.
    """

    def __init__(
        self,
        shown: Dataset | Part | None,
        held_out: Part | None,
        records: list[Status],
        classes: int = 0,
        scorer: Scorer | None = None,
    ) -> None:
        self.scorer = scorer
        self.shown, self.held_out, self.records, self.classes = shown, held_out, records, classes
        self.readings: Mapping[str, float] = next((r.readings for r in reversed(records) if r.readings), {})
        self.real_variety = 0.0 if shown is None else variety(to_tensor(_first(shown)))

    def examine(
        self,
        modules: Mapping[str, nn.Module],
        picture_NCHW: Tensor,
        sample: str,
        told: Mapping[str, float] = NOTHING,
    ) -> None:
        """Measure published modules and the previews they make, and remember what else the cast has ``told``."""
        if not bool(torch.isfinite(picture_NCHW).all()):
            self._note({"not_finite": 1.0}, sample)
            return
        readings = dict(told)
        if self.real_variety:  # one picture alone has none to compare with
            readings["variety"] = variety(picture_NCHW.float().cpu()) / self.real_variety
        if self.held_out is not None and "critic" in modules:
            readings["overfitting"] = self._overfitting(modules["critic"], picture_NCHW)
        if self.scorer is not None and "generator" in modules:
            readings |= self.scorer(modules["generator"])
        self._note(readings, sample)

    def _note(self, readings: Mapping[str, float], sample: str) -> None:
        self.readings = readings
        self.records.append(Status("training", 0, readings=readings, sample=sample))

    def symptoms(self) -> tuple[Message, ...]:
        return symptoms(self.records)

    @torch.no_grad()
    def _overfitting(self, critic: nn.Module, fake_NCHW: Tensor) -> float:
        """(D(train) - D(held out)) / (D(train) - D(generated)), means of logits: 0 when the critic cannot tell seen
        pictures from unseen ones, 1 when unseen ones are as generated ones to it (Karras et al. 2020, ADA, eq. 1).
        """
        device = fake_NCHW.device

        def logit(images: Dataset | Part) -> float:
            label_N = (
                None
                if images.labels is None or not self.classes
                else torch.from_numpy(images.labels[:LOOKED_AT])
            )
            x_NCHW = to_tensor(_first(images)).to(device)
            return _mean(critic, x_NCHW, None if label_N is None else label_N.to(device))

        if self.held_out is None or self.shown is None:
            return 0.0
        fake_label_N = torch.arange(len(fake_NCHW), device=device) % self.classes if self.classes else None
        seen, unseen, fake = logit(self.shown), logit(self.held_out), _mean(critic, fake_NCHW, fake_label_N)
        return (seen - unseen) / max(seen - fake, 1e-3)


def _first(images: Dataset | Part) -> NDArray[np.uint8]:
    return images.batch(np.arange(min(LOOKED_AT, len(images))))


def _mean(critic: nn.Module, x_NCHW: Tensor, label_N: Tensor | None) -> float:
    return float(cast("Callable[..., Tensor]", critic)(x_NCHW, label_N).float().mean())


def variety(x_NCHW: Tensor) -> float:
    """The mean distance between two pictures, as root mean square over their pixels."""
    x_ND = x_NCHW.flatten(1)
    distances = torch.pdist(x_ND) / x_ND.shape[1] ** 0.5
    return float(distances.mean()) if len(x_ND) > 1 else 0.0


def hold_out(dataset: Dataset, count: int, streams: Streams) -> tuple[Dataset | Part, Part | None]:
    """The pictures to train on, and ``count`` others that are only judged; neither are copies. Raises BadSetting if too
    few are left.
    """
    check_held_out(dataset, count)
    if not count:
        return dataset, None
    order_N = streams.order(HELD_OUT_ORDER, len(dataset))
    return Part(dataset, np.sort(order_N[count:])), Part(dataset, np.sort(order_N[:count]))


def check_held_out(data: Outline, count: int) -> None:
    """Raise BadSetting when so many pictures held out leave too few to train on."""
    if count <= len(data) // 2:
        return
    facts: dict[str, object] = {"count": count, "total": len(data), "most": len(data) // 2}
    reason, advice = (Phrase(Message(f"train.held_out.{part}", facts)) for part in ("reason", "advice"))
    raise BadSetting(setting="held_out", reason=reason, advice=advice)
