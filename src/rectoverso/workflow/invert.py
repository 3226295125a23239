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
from rectoverso.recto.sample.controls import Controls
from rectoverso.types import Digest, Draft, Pixels
from rectoverso.verso.picture import read_picture
from rectoverso.verso.policy import policy
from rectoverso.workflow import digests
from rectoverso.workflow.batch import Batch
from rectoverso.workflow.drawing import open_door, open_generator, request_of, take_through
from rectoverso.workflow.extras import training_part
from rectoverso.workflow.progress import Listener, silent

if TYPE_CHECKING:
    from rectoverso.recto.sample.generator import RunGenerator
    from rectoverso.recto.sample.invert import Inverted
    from rectoverso.recto.sample.painter import Code

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
FOLDER = "inversions"
"""In the run. Codes of other people's pictures are private: `verso push` leaves them out."""


@dataclass(frozen=True, slots=True)
class Projected:
    """What came of it: how alike, where the code lies, and how the picture fared at the door."""

    psnr_db: float
    ssim: float
    code: Path
    batch: Batch

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        likeness = {"psnr_db": round(self.psnr_db, 2), "ssim": round(self.ssim, 4), "code": str(self.code)}
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
    controls: Controls = Controls(),  # noqa: B008 - frozen
    use: str = "general",
    listener: Listener = silent,
    clock: Clock | None = None,
) -> Projected:
    """Find the code in ``run`` whose picture is nearest to the one in ``file``; draw it, after the edits of
    ``controls``, and release that to ``out`` if it may leave. The picture in ``file`` itself goes nowhere.

    The code is kept in the run. Raises RunNotFound, ImageUnreadable, UnknownName, BadSetting, HomeBusy.
    """
    policy(use)
    generator = open_generator(run)
    class_index = generator.class_index(label)
    generator.painter.check(controls)
    data, pixels = read_picture(file)
    with training_part("Inverting"):
        from rectoverso.recto.sample.invert import invert
    door = open_door(run, home_path, use, listener, clock)
    found = invert(
        generator.painter,
        fitted(pixels, generator.size, generator.shape.channels),
        critic=generator.critic(),
        label=class_index,
        seed=seed,
        starts=starts,
        steps=steps,
    )
    kept = _keep(run, file, digests.of_bytes(data), generator, found)
    (passage,) = take_through(_draft(generator, found.code, controls, file), 1, door, out, listener)
    return Projected(found.psnr_db, found.ssim, kept, Batch((passage,)))


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


def _draft(generator: RunGenerator, code: Code, controls: Controls, file: Path) -> Iterator[Draft]:
    edited = generator.painter.edit(code, controls)
    asked = request_of(generator, controls, code=digests.of_facts(**_plain(code)))
    yield Draft(
        pixels=generator.painter.paint(edited),
        request=asked,
        maker=generator.maker,
        source=f"inverted-{file.stem}",
    )


def _keep(run: Path, file: Path, picture: Digest, generator: RunGenerator, found: Inverted) -> Path:
    from rectoverso.recto.train.folder import write

    facts = {
        "weights": generator.maker.digest,
        "picture": picture,
        "psnr_db": found.psnr_db if found.psnr_db < 1000 else None,
        "ssim": found.ssim,
        **_plain(found.code),
    }
    path = run / FOLDER / f"{file.stem[:60]}-{picture[:8]}.json"
    write(path, (json.dumps(facts) + "\n").encode())
    return path


def _plain(code: Code) -> dict[str, Any]:
    """A code as JSON keeps it; float32 survives the way exactly."""
    tensors = {"latent": code.latent_1Z, "styles": code.styles_1LW, "label": code.label_1}
    return {name: tensor[0].tolist() for name, tensor in tensors.items() if tensor is not None}
