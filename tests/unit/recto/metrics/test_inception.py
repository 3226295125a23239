"""Inception: never downloaded, never opened unless it is what it should be."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rectoverso.errors import WeightsMissing
from rectoverso.i18n import explain
from rectoverso.recto.metrics.features import name_of
from rectoverso.recto.metrics.inception import VARIABLE, InceptionFeatures, inception_features, on_white
from rectoverso.types import Digest


class Told(nn.Module):
    """In the network's place: keeps what it is shown."""

    def forward(self, pixels_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        self.shown = pixels_NCHW
        return torch.zeros(len(pixels_NCHW), 2048), torch.zeros(len(pixels_NCHW), 1008)


def test_without_weights_it_says_where_to_get_them_in_both_languages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.pth"))
    with pytest.raises(WeightsMissing) as caught:
        inception_features()
    for language in ("en", "zh"):
        words = explain(caught.value, language)
        assert "none.pth" in words
        assert VARIABLE in words
        assert "--features proxy" in words


def test_a_file_that_is_not_the_published_one_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights.pth"
    torch.save({"weight": torch.zeros(1)}, file)
    monkeypatch.setenv(VARIABLE, str(file))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(WeightsMissing):
        inception_features()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_network_is_shown_bytes_of_three_channels(channels: int) -> None:
    net = Told()
    feature, probability = InceptionFeatures(net, Digest("0" * 64)).embed(torch.zeros(2, channels, 8, 8))
    assert (net.shown.shape, net.shown.dtype) == ((2, 3, 8, 8), torch.uint8)
    assert feature.shape == (2, 2048)
    assert probability is not None
    assert probability.sum(1).tolist() == pytest.approx([1, 1])


def test_what_is_transparent_is_white_and_what_is_not_keeps_its_colour() -> None:
    x = torch.full((1, 4, 1, 2), -0.5)
    x[0, 3] = torch.tensor([-1.0, 1.0])
    assert on_white(x)[0, 0, 0].tolist() == [1.0, -0.5]


def test_only_what_the_papers_measured_with_it_has_their_names() -> None:
    features = InceptionFeatures(Told(), Digest("0" * 64))
    names = [name_of(metric, features) for metric in ("FID", "KID", "IS", "precision")]
    assert names == ["FID", "KID", "IS", "inception-precision"]
