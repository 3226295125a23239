"""Show what a network trained here looks for, or bring it out of a photograph; every picture goes through the door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rectoverso.errors import BadSetting, RunNotFound
from rectoverso.i18n import Phrase
from rectoverso.protocols import Clock
from rectoverso.types import Draft, Maker, Message, Origin
from rectoverso.version import __version__
from rectoverso.verso.picture import read_picture
from rectoverso.workflow import digests
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import open_door, open_generator, take_through
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.invert import fitted
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.recto.sample.dream import Wish
    from rectoverso.recto.sample.watched import Layer, Watched

SIDE_PX = 256
"""Of a picture from noise, when nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class DreamRequest:
    """What `verso dream` was asked for; ``network`` is a run, whose critic is meant, or a file of features, and
    ``strength`` how long the steps are beside those that suit a photograph, or noise.
    """

    network: Path
    image: Path | None = None
    layer: str | None = None
    channel: int | None = None
    octaves: int = 4
    steps: int = 20
    seed: int = 0
    size: str | None = None
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Dreamed:
    """What came of it: the layer, how much the picture excited it before and after, and how it fared at the door."""

    layer: str
    channel: int | None
    before: float
    after: float
    batch: Batch

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        told = {"layer": self.layer, "channel": self.channel, "before": self.before, "after": self.after}
        return told | self.batch.plain()


def layers_of(network: Path) -> tuple[Layer, ...]:
    """The layers that can be asked for. Raises as `open_network`."""
    return open_network(network)[0].layers


def dream_picture(
    request: DreamRequest,
    out: Path,
    home_path: Path,
    *,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Dreamed:
    """Make the picture and release it to ``out`` if it may leave. One that began as a photograph is an edited one.

    What a file of features was trained on is not known to the door, so all its pictures are held for people. Raises
    UnknownName (use, layer), RunNotFound, BadSetting, ImageUnreadable, HomeBusy.
    """
    terms.rules(home_path)  # a wrong use is told before anything is loaded
    network, maker = open_network(request.network)
    from rectoverso.recto.sample.dream import ON_PHOTOGRAPHS, RATE, Wish

    layer = network.layer(request.layer, request.channel)
    rate = request.strength * (RATE if request.image is None else ON_PHOTOGRAPHS)
    wish = Wish(layer, request.channel, request.octaves, request.steps, rate)
    door = open_door(request.network, maker, home_path, terms, listener, clock)
    made: list[tuple[float, float]] = []
    (passage,) = take_through(_drafts(request, network, maker, wish, made), 1, door, out, listener)
    return Dreamed(layer.name, request.channel, *made[0], Batch((passage,)))


def open_network(path: Path) -> tuple[Watched, Maker]:
    """The critic of a run, or features from a home's ``features/``, with what drafts call it. Raises RunNotFound, and
    BadSetting where a run has kept no critic.
    """
    return _features(path) if path.is_file() else _critic(path)


def _critic(run: Path) -> tuple[Watched, Maker]:
    generator = open_generator(run)
    import torch

    from rectoverso.recto.sample.generator import CRITIC
    from rectoverso.recto.sample.watched import Watched

    critic = generator.critic()
    if critic is None:
        facts: dict[str, object] = {"system": generator.recipe.system}
        reason, advice = (
            Phrase(Message(f"controls.no_critic.{part}", facts)) for part in ("reason", "advice")
        )
        raise BadSetting(setting=str(run), reason=reason, advice=advice)
    shape = generator.shape
    sides = (shape.height_px, shape.width_px)

    def look(x_NCHW: torch.Tensor) -> object:
        return critic(x_NCHW, torch.zeros(len(x_NCHW), dtype=torch.int64) if shape.classes else None)

    digest = digests.of_bytes((run / "weights" / CRITIC).read_bytes())
    maker = Maker(f"{generator.maker.name} critic", generator.maker.version, digest)
    return Watched(critic, look, shape.channels, sides), maker


def _features(file: Path) -> tuple[Watched, Maker]:
    with training_part("Dreaming"):
        from rectoverso.recto.metrics.proxy_training import load
        from rectoverso.recto.sample.watched import Watched

    features = load(file)
    if features is None:
        raise RunNotFound(path=file, reason=Phrase(Message("controls.no_features")))
    channels = features.net.channels
    return Watched(features.net, features.net, channels, features.net.sides), Maker(
        "proxy features", __version__, features.digest
    )


def _drafts(
    request: DreamRequest, network: Watched, maker: Maker, wish: Wish, made: list[tuple[float, float]]
) -> Iterator[Draft]:
    """The one draft; how exciting it is goes into ``made``."""
    from rectoverso.recto.data.frame import Frame
    from rectoverso.recto.data.pixels import to_tensor
    from rectoverso.recto.sample.dream import dream, noise

    frame = None if request.size is None else Frame.of(request.size)
    photograph = None
    if request.image is None:
        size = (frame.height, frame.width) if frame else (SIDE_PX, SIDE_PX)
        start_1CHW = noise(network.channels, size, request.seed)
    else:
        data, pixels = read_picture(request.image)
        photograph = digests.of_bytes(data)
        wanted = (frame.width, frame.height) if frame else (pixels.shape[1], pixels.shape[0])
        start_1CHW = to_tensor(fitted(pixels, wanted, network.channels)[None])
    dreamt = dream(network, start_1CHW, wish, seed=request.seed)
    made.append((dreamt.before, dreamt.after))
    yield Draft(
        pixels=dreamt.picture,
        request=_asked(request, maker, wish, photograph, dreamt.picture.shape),
        maker=maker,
        origin=Origin.AI if photograph is None else Origin.EDITED,
        seed=request.seed,
        source=None if request.image is None else f"dreamt-{request.image.stem}-{request.seed}",
    )


def _asked(
    request: DreamRequest, maker: Maker, wish: Wish, photograph: str | None, sides: tuple[int, ...]
) -> Any:
    """The digest of everything that the picture follows from."""
    return digests.of_facts(
        maker=maker.digest,
        dream=wish.layer.name,
        channel=wish.channel,
        octaves=wish.octaves,
        steps=wish.steps,
        rate=f"{wish.rate:.6g}",
        seed=str(request.seed),
        image=photograph,
        size=list(sides[:2]),
    )
