"""``inception``: the network of the papers (Szegedy et al. 2016, arXiv:1512.00567), through torch-fidelity.

Needs the optional part ``metrics`` and the file of weights that torch-fidelity uses. It is never downloaded from here:
name it in ``RECTOVERSO_INCEPTION``, or have it where torch keeps such files. It is opened only when its digest is the
one that its name promises, and when it holds nothing but tensors.

Pictures are rounded to bytes, grey becomes RGB, what is transparent is laid on white; the network itself resizes them
to 299 x 299, as TensorFlow 1 did.

Shapes: N images, F features (2048), K classes (1008), C channels, H height, W width.
"""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import torch
from torch import Tensor, nn

from rectoverso.errors import MissingExtra, WeightsMissing
from rectoverso.recto.data.pixels import to_pixels
from rectoverso.types import Digest

VARIABLE = "RECTOVERSO_INCEPTION"
FILE = "weights-inception-2015-12-05-6726825d.pth"
SOURCE = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{FILE}"
PROMISED = "6726825d"
"""How the digest of the weights begins, by torch's convention for names of files."""


class InceptionFeatures:
    """Inception as `Features`. Precision and its kin are not published by these features: that paper took VGG-16."""

    name = "inception"
    published = frozenset({"FID", "KID", "IS"})
    width = 2048
    classes = 1008
    continuous = False

    def __init__(self, net: nn.Module, digest: Digest) -> None:
        self.net, self.digest = net.eval(), digest

    def embed(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor | None]:
        pixels_NHWC = torch.from_numpy(to_pixels(on_white(x_NCHW)))
        feature_NF, logit_NK = self.net(pixels_NHWC.permute(0, 3, 1, 2).contiguous())
        return feature_NF, logit_NK.softmax(1)


def inception_features() -> InceptionFeatures:
    """The network with its published weights. Raises WeightsMissing, and MissingExtra without torch-fidelity."""
    path = weights_path()
    digest = _checked(path)
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ModuleNotFoundError as error:
        raise MissingExtra(task="--features inception", package=error.name, extra="metrics") from error
    layers = ["2048", "logits_unbiased"]
    net = FeatureExtractorInceptionV3("inception", layers, feature_extractor_weights_path=str(path))
    return InceptionFeatures(net, digest)


def weights_path() -> Path:
    """Where the weights should be."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(torch.hub.get_dir()) / "checkpoints" / FILE


def on_white(x_NCHW: Tensor) -> Tensor:
    """Three channels, whatever there were."""
    if x_NCHW.shape[1] == 1:
        return x_NCHW.expand(-1, 3, -1, -1)
    if x_NCHW.shape[1] == 4:
        return 1 + (x_NCHW[:, :3] - 1) * (x_NCHW[:, 3:] + 1) / 2
    return x_NCHW


def _checked(path: Path) -> Digest:
    """The digest of the file, once it is known to be the published one.

    torch-fidelity unpickles it without restraint, so it must first pass torch's restrained reading.
    """
    facts = {"network": "Inception", "path": path, "variable": VARIABLE, "source": SOURCE}
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(PROMISED):
            raise WeightsMissing(**facts)
        torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        raise WeightsMissing(**facts) from error
    return Digest(digest)
