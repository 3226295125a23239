"""The generator of a run as an ONNX file, checked against torch before it is there.

Its inputs are ``latent`` (N, Z) float32 and, where there are classes, ``label`` (N,) int64; its output ``picture``
(N, C, H, W) float32 in [-1, 1]. N is free. Needs the packages of the extra ``onnx``.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rectoverso.errors import ExportDiffers
from rectoverso.recto.train.folder import write
from rectoverso.recto.train.machine import one_thread
from rectoverso.recto.train.streams import Streams
from rectoverso.types import Digest

OPSET = 18
LIMIT = 1e-4
"""The largest difference, of values in [-1, 1], that is still the same picture: an eightieth of a level."""
CHECKED = (1, 5)
"""Batches in which pictures are compared; the first alone would not show a batch size that became fixed."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The file's digest, and the largest difference from torch seen in the pictures compared."""

    digest: Digest
    difference: float


def export_onnx(
    module: nn.Module, file: Path, *, latent: int, classes: int, notes: dict[str, str]
) -> Exported:
    """Write ``module`` (a generator in evaluation mode) to ``file``; ``notes`` go into its metadata.

    Raises ExportDiffers, and then there is no file; ModuleNotFoundError without the packages.
    """
    import onnx

    module = copy.deepcopy(module)
    for part in module.modules():
        if callable(settle := getattr(part, "settle", None)):
            settle()
    model = _exported(module, _inputs(2, latent, classes))
    for name, value in notes.items():
        model.metadata_props.add(key=name, value=value)
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    difference = max(_difference(module, data, _inputs(count, latent, classes)) for count in CHECKED)
    if not difference <= LIMIT:
        raise ExportDiffers(file=file, difference=f"{difference:.1e}", limit=f"{LIMIT:.0e}")
    return Exported(write(file, data), difference)


def _exported(module: nn.Module, inputs: dict[str, Tensor]) -> Any:
    """The network as ONNX's ModelProto."""
    count = torch.export.Dim("count")
    with _quiet(), one_thread():
        # Strict, because only then is len(batch) not taken for a constant.
        graph = torch.export.export(
            module,
            tuple(inputs.values()),
            dynamic_shapes=tuple({0: count} for _ in inputs),
            strict=True,
        )
        program = torch.onnx.export(
            graph,
            dynamo=True,
            input_names=list(inputs),
            output_names=["picture"],
            opset_version=OPSET,
        )
        assert program is not None  # noqa: S101 - dynamo always gives one
    return program.model_proto


def _inputs(count: int, latent: int, classes: int) -> dict[str, Tensor]:
    streams = Streams(0)
    inputs = {"latent": torch.from_numpy(streams.normals("export", 0, count, latent))}
    if classes:
        inputs["label"] = torch.from_numpy(streams.choices("export-label", 0, count, classes))
    return inputs


@torch.inference_mode()
def _difference(module: nn.Module, data: bytes, inputs: dict[str, Tensor]) -> float:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    feeds: dict[str, NDArray[Any]] = {name: value.numpy() for name, value in inputs.items()}
    try:
        (there_NCHW,) = session.run(["picture"], feeds)
    except Exception:  # noqa: BLE001 - of its own kinds; most often a batch size that became fixed
        return math.inf
    with one_thread():
        here_NCHW = module(*inputs.values()).numpy()
    return float(np.abs(there_NCHW - here_NCHW).max())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter reports each of its steps; a reader who asked for a file wants the file."""
    told = logging.getLogger("torch.onnx").level
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.getLogger("torch.onnx").setLevel(told)
