"""An exported generator draws what torch draws."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

pytest.importorskip("onnx", reason="the extra onnx is not installed")
pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")

import onnx
import onnxruntime

from rectoverso.errors import ExportDiffers
from rectoverso.recto.nets.dcgan import ArticleGenerator
from rectoverso.recto.sample.export import export_onnx
from rectoverso.recto.sample.painter import Painter
from rectoverso.recto.systems import SYSTEMS, recipe, with_settings
from rectoverso.recto.systems.recipe import Shape


def drawn(file: Path, **inputs: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (picture_NCHW,) = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    return picture_NCHW


def test_a_plain_generator_with_classes_draws_the_same_in_any_batch(plain: Painter, tmp_path: Path) -> None:
    with torch.no_grad():  # untrained, every class is alike
        for norm in plain.module.norms:
            norm.of_class.weight.normal_(std=0.5)
    file = tmp_path / "generator.onnx"
    told = export_onnx(plain.module, file, latent=8, classes=2, notes={"maker": "a test"})
    assert told.difference < 1e-4
    for count in (1, 7):
        z_NZ, label_N = torch.randn(count, 8), torch.arange(count) % 2
        with torch.no_grad():
            wanted = plain.module(z_NZ, label_N).numpy()
        np.testing.assert_allclose(drawn(file, latent=z_NZ, label=label_N), wanted, atol=1e-4)
    assert {note.key: note.value for note in onnx.load(file).metadata_props}["maker"] == "a test"


@pytest.mark.parametrize("kind", ["article", "style"])
def test_the_other_families_can_be_exported_too(kind: str, styled: Painter, tmp_path: Path) -> None:
    module = styled.module if kind == "style" else ArticleGenerator(32, 3, latent=8, width=4).eval()
    file = tmp_path / "generator.onnx"
    export_onnx(module, file, latent=8, classes=0, notes={})
    z_NZ = torch.randn(4, 8)
    with torch.no_grad():
        np.testing.assert_allclose(drawn(file, latent=z_NZ), module(z_NZ).numpy(), atol=1e-4)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_can_be_exported(system: str, tmp_path: Path) -> None:
    made = with_settings(recipe(system), ["size=xs"])
    torch.manual_seed(0)
    module = made.generator(Shape(16, 16, 3, 2)).eval()
    told = export_onnx(module, tmp_path / "made.onnx", latent=made.latent, classes=2, notes={})
    assert told.difference < 1e-4


class Fickle(nn.Module):
    """Draws otherwise in every call, so that no file can draw the same."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, z_NZ: Tensor) -> Tensor:
        self.calls += 1
        return z_NZ[:, :, None, None] * self.calls


def test_a_file_that_would_draw_otherwise_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ExportDiffers):
        export_onnx(Fickle(), tmp_path / "generator.onnx", latent=8, classes=0, notes={})
    assert not list(tmp_path.iterdir())
