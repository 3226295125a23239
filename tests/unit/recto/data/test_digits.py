"""The built-in digits."""

from __future__ import annotations

import numpy as np
import pytest

from rectoverso.recto.data import digits as module
from rectoverso.recto.data.digits import INK, PAPER, _scans
from rectoverso.recto.data.digits import digits as draw
from rectoverso.recto.data.source import open_source


@pytest.fixture(scope="module")
def digits():
    return open_source("digits", size=32)


def test_there_are_1797_in_ten_classes(digits):
    assert len(digits) == 1797
    assert digits.classes == tuple("0123456789")
    assert np.bincount(digits.labels).min() > 170


def test_a_watermark_has_room_at_both_ends(digits):
    assert digits.images.min() >= min(INK) >= 20
    assert digits.images.max() <= max(PAPER) <= 245


def test_they_stand_on_paper_in_ink_with_crisp_strokes(digits):
    edges = np.concatenate([digits.images[:, 0], digits.images[:, -1]])
    assert (np.abs(edges.astype(int) - PAPER).max(axis=-1) < 12).mean() > 0.97
    ink = (np.array(PAPER) - digits.images) / (np.array(PAPER) - INK)
    assert ((ink < 0.1) | (ink > 0.9)).mean() > 0.7, "more ink or paper than smear"
    assert (ink.max(axis=(1, 2, 3)) > 0.9).mean() > 0.99


def test_a_simple_reader_tells_them_apart(digits):
    """The nearest neighbour among the first half names nearly all of the second: they are still digits."""
    step = digits.size // 16
    small = digits.images[:, ::step, ::step, 0].reshape(len(digits), -1).astype(np.float32)
    known, asked = small[:900], small[900:]
    distances = (known**2).sum(1)[None] - 2 * asked @ known.T
    named = digits.labels[:900][distances.argmin(axis=1)]
    assert (named == digits.labels[900:]).mean() > 0.9


def test_they_are_the_same_each_time(monkeypatch):
    scans, labels = _scans()
    monkeypatch.setattr(module, "_scans", lambda: (scans[:100], labels[:100]))
    one, other = draw(8), draw(8)
    assert np.array_equal(one.images, other.images)
    assert np.array_equal(one.labels, other.labels)


def test_they_are_scikit_learns():
    from sklearn.datasets import load_digits

    theirs, (scans, labels) = load_digits(), _scans()
    assert np.array_equal(scans, theirs.images)
    assert np.array_equal(labels, theirs.target)


def test_the_size_is_32_unless_given():
    assert open_source("digits").size == 32
