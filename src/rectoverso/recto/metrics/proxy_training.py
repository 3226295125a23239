"""How the proxy network is taught, and where it is kept.

Everything follows from the data and a seed, on one thread; processors that multiply bfloat16 natively use it, so two
kinds of machine may arrive at two networks, which their digests tell apart.

Shapes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.metrics.features import BATCH, Images
from rectoverso.recto.metrics.proxy import ProxyFeatures, ProxyNet
from rectoverso.recto.systems.recipe import Precision
from rectoverso.recto.train.folder import write
from rectoverso.recto.train.machine import autocast, one_thread, resolve
from rectoverso.recto.train.optimisers import AdamW
from rectoverso.recto.train.players import cosine
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Digest

VERSION = 1
IMAGES = 200_000
"""Pictures shown to a network, at 32 pixels about 75 seconds of one core."""
PASSES = 40
"""At most so many times the same picture: small data is learnt sooner."""
SHARE_HELD_OUT = 0.1
SHIFT_PX = 2
RATE, RATE_END, BETAS, DECAY = 3e-3, 3e-5, (0.9, 0.99), 0.05
WARM_UP = 0.05
SMOOTHING = 0.1

Listener = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a proxy is taught: pictures a step, pictures in all, the seed, the precision."""

    batch: int = 128
    images: int = IMAGES
    seed: int = 0
    precision: Precision = "auto"


def proxy_features(
    dataset: Dataset,
    cache: Path | None = None,
    lesson: Lesson | None = None,
    listener: Listener | None = None,
) -> ProxyFeatures:
    """The proxy features of ``dataset``: read from the folder ``cache``, or trained and kept there.

    A file in the cache that cannot be read is made anew.
    """
    lesson = lesson or Lesson()
    path = path_in(cache, dataset, lesson) if cache else None
    if path and (kept := load(path)):
        return kept
    data = safetensors.torch.save(*train_proxy(dataset, lesson, listener))
    if path:
        write(path, data)
    return _loaded(data)


def path_in(cache: Path, dataset: Dataset, lesson: Lesson | None = None) -> Path:
    """Where in the folder ``cache`` the features of ``dataset`` are kept, if they are."""
    return cache / f"proxy-{_name(dataset, lesson or Lesson())}.safetensors"


def load(path: Path) -> ProxyFeatures | None:
    """The network in a file, None where there is none or not a whole one."""
    try:
        return _loaded(path.read_bytes())
    except (OSError, KeyError, ValueError, RuntimeError, safetensors.SafetensorError):
        return None


def train_proxy(
    dataset: Dataset, lesson: Lesson, listener: Listener | None = None
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights of a network taught on ``dataset``, and the facts that its file carries."""
    with one_thread(), torch.random.fork_rng(devices=[]):
        teacher = Teacher(dataset, lesson)
        teacher.teach(listener)
        facts = {
            "version": str(VERSION),
            "channels": str(dataset.images.shape[3]),
            "height": str(dataset.images.shape[1]),
            "width": str(dataset.images.shape[2]),
            "classes": str(teacher.classes),
            "outputs": str(teacher.outputs),
            "data": str(dataset.digest),
            "accuracy": f"{teacher.accuracy():.4f}",
        }
    weights = {name: value.contiguous() for name, value in teacher.net.state_dict().items()}
    return weights, facts


class Teacher:
    """One network being taught: its pictures, its questions, its optimiser."""

    def __init__(self, dataset: Dataset, lesson: Lesson) -> None:
        self.lesson, self.streams = lesson, Streams(lesson.seed)
        self.images, self.labels = dataset.images, dataset.labels
        named = len(dataset.classes) if dataset.labels is not None else 0
        self.classes = named if named > 1 else 0
        self.square = dataset.images.shape[1] == dataset.images.shape[2]
        self.outputs = self.classes or (4 if self.square else 2)
        order = self.streams.order(0, len(self.images))
        held = max(1, round(SHARE_HELD_OUT * len(order)))
        self.held_out, self.shown = order[:held], order[held:]
        self.precision = resolve(lesson.precision)
        torch.manual_seed(self.streams.torch_seed("proxy", 0))
        sides = (int(dataset.images.shape[1]), int(dataset.images.shape[2]))
        self.net = ProxyNet(int(dataset.images.shape[3]), sides, self.outputs)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimiser = AdamW(self.net.parameters(), RATE, BETAS, weight_decay=DECAY, fused=True)

    def teach(self, listener: Listener | None = None) -> None:
        total = min(self.lesson.images, PASSES * len(self.shown))
        self.net.train()
        for first in range(0, total, self.lesson.batch):
            self._step(first, first / total)
            if listener:
                listener(min(first + self.lesson.batch, total), total)
        self.net.eval()

    def accuracy(self) -> float:
        """The share of right answers on the pictures that were held out."""
        right = 0
        with torch.inference_mode():
            for first in range(0, len(self.held_out), BATCH):
                x_NCHW, answer_N = self._asked(self.held_out[first : first + BATCH], first, moved=False)
                right += int((self.net(x_NCHW)[1].argmax(1) == answer_N).sum())
        return right / len(self.held_out)

    def _step(self, first: int, progress: float) -> None:
        place_N = self.shown[self.streams.places(first, self.lesson.batch, len(self.shown))]
        x_NCHW, answer_N = self._asked(place_N, first, moved=True)
        for group in self.optimiser.param_groups:
            group["lr"] = cosine(RATE, RATE_END, progress) * min(1.0, (progress + 1e-3) / WARM_UP)
        self.optimiser.zero_grad()
        with autocast(self.precision):
            _, logit_NK = self.net(x_NCHW)
        loss = F.cross_entropy(logit_NK.float(), answer_N, label_smoothing=SMOOTHING)
        torch.autograd.backward(loss)
        self.optimiser.step()

    def _asked(self, place_N: NDArray[np.int64], first: int, *, moved: bool) -> tuple[Tensor, Tensor]:
        """Pictures and the right answers: their classes, or how they were turned."""
        images_NHWC = self.images[place_N]
        if moved:
            images_NHWC = self._shifted(images_NHWC, first)
        if self.classes and self.labels is not None:
            return to_tensor(images_NHWC), torch.from_numpy(self.labels[place_N])
        turn_N = self.streams.choices("proxy-turn", first, len(place_N), self.outputs)
        return to_tensor(turned(images_NHWC, turn_N * (1 if self.square else 2))), torch.from_numpy(turn_N)

    def _shifted(self, images_NHWC: Images, first: int) -> Images:
        """Each picture moved by up to 2 pixels either way; what comes in is the edge again."""
        count, height, width, _ = images_NHWC.shape
        room = ((0, 0), (SHIFT_PX, SHIFT_PX), (SHIFT_PX, SHIFT_PX), (0, 0))
        around = np.pad(images_NHWC, room, mode="edge")
        place_N = self.streams.choices("proxy-shift", first, count, (2 * SHIFT_PX + 1) ** 2)
        down_N, along_N = np.divmod(place_N, 2 * SHIFT_PX + 1)
        rows = zip(around, down_N, along_N, strict=True)
        return np.stack([image[y : y + height, x : x + width] for image, y, x in rows])


def turned(images_NHWC: Images, quarters_N: NDArray[np.int64]) -> Images:
    """Each picture turned by so many quarters."""
    out_NHWC = images_NHWC.copy()
    for quarters in range(1, 4):
        these_N = quarters_N == quarters
        if these_N.any():
            out_NHWC[these_N] = np.rot90(images_NHWC[these_N], quarters, axes=(1, 2))
    return out_NHWC


def _loaded(data: bytes) -> ProxyFeatures:
    facts = _facts(data)
    sides = (int(facts["height"]), int(facts["width"]))
    with torch.device("meta"):  # no random weights, which would move the global generator
        net = ProxyNet(int(facts["channels"]), sides, int(facts["outputs"]))
    weights = safetensors.torch.load(data)
    net.load_state_dict(weights, assign=True)
    net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ProxyFeatures(net, digest_of(weights), int(facts["classes"]), float(facts["accuracy"]))


def digest_of(weights: Mapping[str, Tensor]) -> Digest:
    """SHA-256 over names and values: the order of a file's header is left to chance, and does not count."""
    state = hashlib.sha256()
    for name in sorted(weights):
        state.update(name.encode() + b"\0" + weights[name].contiguous().numpy().tobytes())
    return Digest(state.hexdigest())


def _facts(data: bytes) -> dict[str, str]:
    """The facts in the header of a safetensors file, whose first eight bytes are the header's length."""
    length = int.from_bytes(data[:8], "little")
    facts: dict[str, str] = json.loads(data[8 : 8 + length])["__metadata__"]
    return facts


def _name(dataset: Dataset, lesson: Lesson) -> str:
    """Data and lesson, shortened: the same name means the same network on the same kind of machine."""
    asked = f"{VERSION} {dataset.digest} {lesson} {resolve(lesson.precision)}"
    return f"{dataset.digest[:16]}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}"
