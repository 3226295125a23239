"""A run against its data."""

import json
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import NotComparable
from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.metrics.proxy import ProxyFeatures
from rectoverso.recto.metrics.proxy_training import Lesson, proxy_features
from rectoverso.recto.metrics.score import Reference, drawn_batches, latents, score_images, score_run
from rectoverso.recto.sample.generator import RunGenerator
from unit.recto.conftest import striped

ALL = {f"proxy-{name}" for name in ("FID", "KID", "IS", "precision", "recall", "density", "coverage")}


@pytest.fixture(scope="module")
def features() -> ProxyFeatures:
    return proxy_features(striped(), lesson=Lesson(batch=16, images=160, precision="float32"))


def test_a_run_has_every_score_and_the_same_every_time(
    run: Path, stripes: Dataset, features: ProxyFeatures
) -> None:
    scores = score_run(run, stripes, features, samples=40)
    assert set(scores.scores) == ALL | {"proxy-PPL-z"}
    for name, estimate in scores.scores.items():
        assert np.isfinite([estimate.value, estimate.low, estimate.high]).all(), name
        assert estimate.low <= estimate.value <= estimate.high, name
    again = score_run(run, stripes, features, samples=40, reference=Reference(stripes, features))
    assert again == scores


def test_the_protocol_names_all_that_must_be_equal(
    run: Path, stripes: Dataset, features: ProxyFeatures
) -> None:
    plain = json.loads(json.dumps(score_run(run, stripes, features, samples=12).plain()))
    assert plain["data"] == {"name": "stripes", "digest": stripes.digest, "images": 48}
    assert plain["features"] == {"name": "proxy", "digest": features.digest}
    for part in ("rectoverso-evaluation-1", "12 samples", "48 pictures", "16x16x3", features.digest[:12]):
        assert part in plain["protocol"]
    assert "bootstrap" in plain["scores"]["proxy-FID"]["interval"]


def test_the_data_themselves_score_best_and_noise_worst(stripes: Dataset, features: ProxyFeatures) -> None:
    reference = Reference(stripes, features)
    blurred = stripes.images.reshape(48, 8, 2, 8, 2, 3).mean((2, 4)).repeat(2, 1).repeat(2, 2)
    noise = np.random.default_rng(0).integers(0, 256, stripes.images.shape, dtype=np.uint8)
    same, worse, worst = (
        score_images(pictures, reference) for pictures in (stripes.images, blurred.astype(np.uint8), noise)
    )
    assert same.value("proxy-FID") == pytest.approx(0, abs=1e-3)
    assert same.value("proxy-precision") == same.value("proxy-coverage") == 1
    assert same.value("proxy-FID") < worse.value("proxy-FID") < worst.value("proxy-FID")
    assert worst.value("proxy-precision") == 0


def test_every_run_draws_from_the_same_latents_in_any_batches(run: Path, stripes: Dataset) -> None:
    generator = RunGenerator(run)
    noise, labels = latents(generator, stripes, 0, 30)
    later, later_labels = latents(generator, stripes, 20, 10)
    assert labels is not None
    assert later_labels is not None
    assert (noise[20:] == later).all()
    assert (labels[20:] == later_labels).all()
    assert noise.std() == pytest.approx(1, abs=0.2)


def test_labels_have_the_shares_that_they_have_in_the_data(run: Path, stripes: Dataset) -> None:
    rare = (np.arange(48) % 12 == 0).astype(np.int64)
    uneven = Dataset("stripes", stripes.images.copy(), rare, ("across", "down"))
    generator = RunGenerator(run)
    shares = []
    for dataset in (uneven, Dataset("stripes", stripes.images.copy())):
        _, labels = latents(generator, dataset, 0, 3000)
        assert labels is not None
        shares.append(float(labels.double().mean()))
    assert shares == pytest.approx([1 / 12, 1 / 2], abs=0.03)


def test_a_batch_holds_the_pictures_of_its_latents(run: Path, stripes: Dataset) -> None:
    generator = RunGenerator(run)
    (images,) = drawn_batches(generator, stripes, 6)
    noise, labels = latents(generator, stripes, 0, 6)
    assert labels is not None
    for place in range(6):
        alone = generator.batch(noise[place : place + 1], labels[place : place + 1])[0]
        assert np.abs(alone.astype(int) - images[place]).max() <= 1


def test_pictures_of_other_sides_cannot_be_compared(run: Path, features: ProxyFeatures) -> None:
    large = Dataset("large", np.zeros((8, 32, 32, 3), np.uint8))
    with pytest.raises(NotComparable, match=r"16x16x3.*32x32x3"):
        score_run(run, large, features)
