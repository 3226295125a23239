"""The proxy features: taught on the data, the same every time, for any kind of picture."""

from pathlib import Path

import numpy as np
import pytest
import torch

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.data.pixels import to_tensor
from rectoverso.recto.metrics.features import batches_of, extract, name_of
from rectoverso.recto.metrics.proxy import ProxyNet, resized, seen_at, visible
from rectoverso.recto.metrics.proxy_training import Lesson, proxy_features, turned

SHORT = Lesson(batch=16, images=64, precision="float32")


def _pictures(shape: tuple[int, ...]) -> Dataset:
    return Dataset("noise", np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def test_the_same_data_and_seed_give_the_same_network_and_others_do_not(stripes: Dataset) -> None:
    first = proxy_features(stripes, lesson=SHORT)
    torch.manual_seed(123)
    assert proxy_features(stripes, lesson=SHORT).digest == first.digest
    other = Lesson(batch=16, images=64, precision="float32", seed=1)
    assert proxy_features(stripes, lesson=other).digest != first.digest


def test_teaching_leaves_the_global_generator_and_the_threads_alone(stripes: Dataset) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    proxy_features(stripes, lesson=SHORT)
    assert torch.equal(torch.rand(1), expected)


def test_it_is_read_from_the_cache_and_a_damaged_file_is_made_anew(stripes: Dataset, tmp_path: Path) -> None:
    made = proxy_features(stripes, tmp_path, SHORT)
    (file,) = tmp_path.glob("proxy-*.safetensors")
    written = file.stat().st_mtime_ns
    kept = proxy_features(stripes, tmp_path, SHORT)
    assert file.stat().st_mtime_ns == written
    assert kept.digest == made.digest
    x = to_tensor(stripes.images[:4])
    assert torch.equal(kept.embed(x)[0], made.embed(x)[0])
    file.write_bytes(file.read_bytes()[:1000])
    assert proxy_features(stripes, tmp_path, SHORT).digest == made.digest
    assert file.stat().st_size > 1000


def test_other_data_have_another_file(stripes: Dataset, unlabelled: Dataset, tmp_path: Path) -> None:
    proxy_features(stripes, tmp_path, SHORT)
    proxy_features(unlabelled, tmp_path, SHORT)
    assert len(list(tmp_path.glob("proxy-*.safetensors"))) == 2


def test_it_learns_classes_where_there_are_some(stripes: Dataset) -> None:
    taught = proxy_features(stripes, lesson=Lesson(batch=16, images=640, precision="float32"))
    assert (taught.classes, taught.width) == (2, 384)
    seen = extract(taught, batches_of(stripes.images, 20))
    assert seen.feature_NF.shape == (48, 384)
    assert seen.probability_NK is not None
    assert (seen.probability_NK.argmax(1) == stripes.labels).mean() > 0.9


def test_without_classes_it_learns_how_pictures_were_turned_and_names_no_classes() -> None:
    ramps = np.broadcast_to(np.linspace(0, 255, 16).astype(np.uint8)[None, :, None, None], (60, 16, 16, 3))
    noise = np.random.default_rng(0).integers(0, 20, ramps.shape)
    dataset = Dataset("ramps", np.clip(ramps.astype(int) + noise, 0, 255).astype(np.uint8))
    taught = proxy_features(dataset, lesson=Lesson(batch=16, images=640, precision="float32"))
    assert taught.classes == 0
    assert taught.accuracy > 0.9
    assert taught.embed(to_tensor(dataset.images[:2]))[1] is None


@pytest.mark.parametrize("shape", [(9, 8, 8, 1), (9, 32, 32, 4), (9, 20, 28, 3), (9, 100, 70, 3)])
def test_grey_transparent_oblong_odd_and_large_pictures_have_features(shape: tuple[int, ...]) -> None:
    taught = proxy_features(_pictures(shape), lesson=Lesson(batch=4, images=8, precision="float32"))
    feature_NF, _ = taught.embed(to_tensor(_pictures(shape).images))
    assert feature_NF.shape == (9, 384)
    assert torch.isfinite(feature_NF).all()
    assert feature_NF.std(0).max() > 0


def test_features_of_a_picture_do_not_depend_on_its_batch(stripes: Dataset) -> None:
    taught = proxy_features(stripes, lesson=SHORT)
    together = extract(taught, batches_of(stripes.images, 48)).feature_NF
    apart = extract(taught, batches_of(stripes.images, 5)).feature_NF
    np.testing.assert_allclose(together, apart, rtol=1e-4, atol=1e-5)


def test_colour_that_cannot_be_seen_does_not_count() -> None:
    x = to_tensor(_pictures((3, 8, 8, 4)).images)
    x[:, 3] = -1
    other = x.clone()
    other[:, :3] = 0.7
    assert torch.equal(visible(x), visible(other))


@pytest.mark.parametrize(
    ("sides", "seen"),
    [
        ((32, 32), (32, 32)),
        ((28, 28), (32, 32)),
        ((256, 256), (64, 64)),
        ((512, 256), (64, 32)),
        ((9, 8), (8, 8)),
    ],
)
def test_pictures_are_seen_at_multiples_of_8_up_to_64(sides: tuple[int, int], seen: tuple[int, int]) -> None:
    assert seen_at(*sides) == seen
    assert ProxyNet(3, sides, 2).sides == seen
    assert resized(torch.zeros(1, 3, *sides), seen).shape == (1, 3, *seen)


def test_turning_by_quarters() -> None:
    images = _pictures((8, 4, 4, 3)).images
    out = turned(images, np.arange(8) % 4)
    for place in range(8):
        np.testing.assert_array_equal(out[place], np.rot90(images[place], place % 4))


def test_its_scores_never_have_the_names_of_the_literature(stripes: Dataset) -> None:
    taught = proxy_features(stripes, lesson=SHORT)
    assert [name_of(metric, taught) for metric in ("FID", "KID")] == ["proxy-FID", "proxy-KID"]
