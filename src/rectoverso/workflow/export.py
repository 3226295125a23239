"""A run's generator as an ONNX file. What is drawn with it elsewhere has not passed the door."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rectoverso.types import Digest
from rectoverso.workflow.drawing import open_generator
from rectoverso.workflow.extras import optional_part
from rectoverso.workflow.files import make_folder

NOTICE = "Pictures made with this file carry no mark and no proof. Before they leave, take them through: verso seal"


@dataclass(frozen=True, slots=True)
class ExportedRun:
    """The file, its digest, and how far its pictures are from torch's (values in [-1, 1])."""

    file: Path
    digest: Digest
    difference: float

    def plain(self) -> dict[str, Any]:
        """As `--json` prints it."""
        facts = {"file": str(self.file), "digest": self.digest, "difference": self.difference}
        return facts | {"notice": NOTICE}


def export_run(run: Path, file: Path) -> ExportedRun:
    """Write the generator of ``run`` to ``file`` as ONNX, with its maker and the notice in its metadata.

    Raises RunNotFound, MissingExtra, ExportDiffers, OutNotWritable.
    """
    generator = open_generator(run)
    _ = generator.painter  # which runs that make pictures from something do not have
    make_folder(file.parent)
    notes = {
        "maker": f"{generator.maker.name} {generator.maker.version}",
        "weights": str(generator.maker.digest),
        "classes": ", ".join(generator.classes),
        "notice": NOTICE,
    }
    with optional_part("Exporting", "onnx"):
        import onnxruntime  # noqa: F401 - asked for now, not after minutes of exporting

        from rectoverso.recto.sample.export import export_onnx

        exported = export_onnx(
            generator.module,
            file,
            latent=generator.noise,
            classes=generator.shape.classes,
            notes=notes,
        )
    return ExportedRun(file, exported.digest, exported.difference)
