"""Find the code of a real picture, and take what the run draws from it through the door."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from rectoverso.protocols import Clock
from rectoverso.recto.data.picture import MODES
from rectoverso.recto.sample.controls import Controls
from rectoverso.types import Digest, Draft, Pixels
from rectoverso.verso.picture import read_picture
from rectoverso.workflow import digests
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import open_door, open_generator, request_of, take_through
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.progress import Listener, silent
from rectoverso.workflow.terms import Terms

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.recto.sample.invert import Inverted
    from rectoverso.recto.sample.painter import Code
    from rectoverso.recto.sample.tuned import Tuned

FOLDER = "inversions"
"""In the run. Codes of other people's pictures are private: `verso push` leaves them out."""


@dataclass(frozen=True, slots=True)
class Projected:
    """What came of it: how alike, where the code lies, and how the picture fared at the door; where the generator was
    tuned, also how alike the code alone was, and where the tuned weights lie.
    """

    psnr_db: float
    ssim: float
    code: Path
    batch: Batch
    psnr_db_before: float | None = None
    weights: Path | None = None

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        likeness = {"psnr_db": round(self.psnr_db, 2), "ssim": round(self.ssim, 4), "code": str(self.code)}
        if self.psnr_db_before is not None:
            likeness |= {"psnr_db_before": round(self.psnr_db_before, 2), "weights": str(self.weights)}
        return likeness | self.batch.plain()


def invert_picture(
    run: Path,
    file: Path,
    out: Path,
    home_path: Path,
    *,
    label: str | None = None,
    seed: int = 0,
    steps: int = 200,
    starts: int = 4,
    tune: int = 0,
    controls: Controls = Controls(),  # noqa: B008 - frozen
    terms: Terms = Terms(),  # noqa: B008 - frozen
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Projected:
    """Find the code in ``run`` whose picture is nearest to the one in ``file``; draw it, after the edits of
    ``controls``, and release that to ``out`` if it may leave. The picture in ``file`` itself goes nowhere.

    With ``tune`` the weights of a copy of the generator go that many steps further towards the picture (`tuned`). They
    draw this picture and its edits and nothing else; the run's weights stay. The code, and these weights beside it, are
    kept in the run's inversions. Raises RunNotFound, ImageUnreadable, UnknownName, BadSetting, HomeBusy.
    """
    terms.rules(home_path)  # a wrong use is told before anything is loaded
    generator = open_generator(run)
    class_index = generator.class_index(label)
    generator.painter.check(controls)
    data, pixels = read_picture(file)
    with training_part("Inverting"):
        from rectoverso.recto.sample.invert import invert
        from rectoverso.recto.sample.tuned import tuned
    door = open_door(run, generator.maker, home_path, terms, listener, clock)
    target, critic = fitted(pixels, generator.size, generator.shape.channels), generator.critic()
    found = invert(
        generator.painter, target, critic=critic, label=class_index, seed=seed, starts=starts, steps=steps
    )
    nearer = (
        tuned(generator.painter, found.code, target, critic=critic, seed=seed, steps=tune) if tune else None
    )
    kept, weights = _keep(run, file, digests.of_bytes(data), generator, found, nearer)
    drafts = _draft(generator, found, nearer, controls, file)
    (passage,) = take_through(drafts, 1, door, out, listener)
    best = nearer or found
    return Projected(
        best.psnr_db, best.ssim, kept, Batch((passage,)), found.psnr_db if nearer else None, weights
    )


def fitted(pixels: Pixels, size: tuple[int, int], channels: int) -> Pixels:
    """A picture as the generator makes them: cut in the centre, ``size`` (width, height), its channels; on white unless
    it makes transparent ones.
    """
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if image.mode == "RGBA" and channels != 4:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    scale = min(image.width / size[0], image.height / size[1])
    wide, high = max(1, round(scale * size[0])), max(1, round(scale * size[1]))
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    image = image.crop((left, top, left + wide, top + high)).convert(MODES[channels])
    image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(size[1], size[0], channels)


def _draft(
    generator: RunGenerator, found: Inverted, nearer: Tuned | None, controls: Controls, file: Path
) -> Iterator[Draft]:
    painter = nearer.painter if nearer else generator.painter
    asked = {"code": digests.of_facts(**_plain(found.code))}
    asked |= {"tuned": digests.of_bytes(nearer.weights())} if nearer else {}
    yield Draft(
        pixels=painter.paint(painter.edit(found.code, controls)),
        request=request_of(generator, controls, **asked),
        maker=generator.maker,
        source=f"inverted-{file.stem}",
    )


def _keep(
    run: Path, file: Path, picture: Digest, generator: RunGenerator, found: Inverted, nearer: Tuned | None
) -> tuple[Path, Path | None]:
    """Write the code, and beside it the weights that were tuned, if any; where both are."""
    from rectoverso.recto.train.folder import write

    best = nearer or found
    path = run / FOLDER / f"{file.stem[:60]}-{picture[:8]}.json"
    weights = path.with_suffix(".safetensors") if nearer else None
    facts = {
        "weights": generator.maker.digest,
        "picture": picture,
        "psnr_db": best.psnr_db if best.psnr_db < 1000 else None,
        "ssim": best.ssim,
        **_plain(found.code),
    }
    if nearer and weights:
        facts["tuned"] = write(weights, nearer.weights())
    write(path, (json.dumps(facts) + "\n").encode())
    return path, weights


def _plain(code: Code) -> dict[str, Any]:
    """A code as JSON keeps it; float32 survives the way exactly."""
    tensors = {"latent": code.latent_1Z, "styles": code.styles_1LW, "label": code.label_1}
    return {name: tensor[0].tolist() for name, tensor in tensors.items() if tensor is not None}
