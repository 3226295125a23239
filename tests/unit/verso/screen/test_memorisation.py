"""A training picture that comes back is found; a new picture is not taken for one more often than stated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectoverso.i18n import LANGUAGES, say
from rectoverso.types import Finding, Message, Outcome
from rectoverso.verso.screen.memorisation import MIN_IMAGES, Calibration, Fingerprints, MemorisationCheck
from rectoverso.verso.screen.replication import Replication, p_values

Images = np.ndarray


@pytest.fixture(scope="module")
def training(small_photos: Callable[[int, int], Images]) -> Images:
    return small_photos(600, 10_000)


@pytest.fixture(scope="module")
def prints(training: Images) -> Fingerprints:
    return Fingerprints.of(training)


def shifted(pixels: Images) -> Images:
    return np.pad(pixels, ((1, 0), (0, 1), (0, 0)), mode="edge")[:-1, 1:]


def noisy(pixels: Images) -> Images:
    noise = np.random.default_rng(0).normal(0, 6, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("change", ["jpeg", "shifted", "noisy", "brighter", "mirrored"])
def test_a_training_picture_that_comes_back_changed_a_little_is_found_by_its_number(
    change: str, training: Images, prints: Fingerprints, pictures: Any
) -> None:
    changes: dict[str, Callable[[Images], Images]] = {
        "jpeg": lambda pixels: pictures.jpeg(pixels, 80),
        "shifted": shifted,
        "noisy": noisy,
        "brighter": lambda pixels: np.clip(pixels * 1.2, 0, 255).astype(np.uint8),
        "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
    }
    check = MemorisationCheck(prints)
    for index in range(0, 600, 30):
        finding = check.examine(pictures.draft(changes[change](training[index])))
        assert finding.outcome is not Outcome.PASS
        assert finding.evidence["training_image"] == index


def test_the_very_same_picture_is_blocked(training: Images, prints: Fingerprints, pictures: Any) -> None:
    finding = MemorisationCheck(prints).examine(pictures.draft(training[17]))
    assert finding.outcome is Outcome.BLOCK
    assert finding.score is not None
    assert finding.threshold is not None
    assert finding.score <= finding.threshold


def test_new_pictures_are_not_flagged_much_more_often_than_stated(
    prints: Fingerprints, small_photos: Callable[[int, int], Images], pictures: Any
) -> None:
    check = MemorisationCheck(prints)
    findings = [check.examine(pictures.draft(pixels)) for pixels in small_photos(400, 50_000)]
    flagged = sum(finding.outcome is not Outcome.PASS for finding in findings)
    assert findings[0].false_positive_rate is not None
    assert findings[0].false_positive_rate <= 0.005
    assert flagged <= 8  # two are expected; more than eight by chance once in a thousand


def test_of_few_training_pictures_new_ones_are_no_nearer_than_stated(
    small_photos: Callable[[int, int], Images],
) -> None:
    """Whitened in as many directions as there are pictures, almost half of these would be called near."""
    prints = Fingerprints.of(small_photos(100, 700_000))
    ratios = prints.neighbourhood.nearest(small_photos(200, 500_000)).ratio.astype(np.float64)
    p_200 = p_values(ratios, prints.strangers)
    for level in (0.05, 0.1, 0.5):
        assert (p_200 <= level).mean() <= level + 0.1
    assert not Replication.of(p_200.tolist(), len(prints.strangers)).replicates


def test_near_duplicates_among_the_training_pictures_do_not_make_copies_look_ordinary(
    training: Images, pictures: Any
) -> None:
    doubled = np.concatenate([training, np.stack([noisy(pixels) for pixels in training[:120]])])
    prints = Fingerprints.of(doubled)
    assert prints.calibration is not None
    assert 0.2 < prints.calibration.duplicates < 0.45
    check = MemorisationCheck(prints)
    copies = [check.examine(pictures.draft(pictures.jpeg(pixels, 80))) for pixels in training[120:160]]
    assert all(finding.outcome is not Outcome.PASS for finding in copies)


@pytest.mark.parametrize("versions", ["the same", "of one"])
def test_a_picture_that_is_there_over_and_over_hides_no_copy(
    versions: str, training: Images, small_photos: Callable[[int, int], Images], pictures: Any
) -> None:
    """It is learnt by heart first; and its copies lie no nearer to one of them than they lie to each other."""
    draw, again = np.random.default_rng(1), np.repeat(training[17:18], 100, axis=0)
    if versions == "of one":
        again = np.clip(again + draw.normal(0, 4, again.shape), 0, 255).astype(np.uint8)
    prints = Fingerprints.of(np.concatenate([training, again]), held_out=small_photos(600, 30_000))
    finding = MemorisationCheck(prints).examine(pictures.draft(noisy(training[17])))
    assert finding.outcome is not Outcome.PASS
    assert finding.score is not None
    assert finding.score < 0.4
    if versions == "the same":
        assert finding.evidence["training_image"] == 17


def test_what_was_saved_answers_the_same(
    training: Images, prints: Fingerprints, tmp_path: Path, pictures: Any
) -> None:
    path = tmp_path / "fingerprints.npz"
    prints.save(path)
    draft = pictures.draft(noisy(training[5]))
    assert MemorisationCheck(path).examine(draft) == MemorisationCheck(prints).examine(draft)


def test_a_cut_file_raises_rather_than_passes(
    prints: Fingerprints, training: Images, tmp_path: Path, pictures: Any
) -> None:
    path = tmp_path / "fingerprints.npz"
    prints.save(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(Exception, match=r".+"):
        MemorisationCheck(path).examine(pictures.draft(training[0]))


def test_where_nothing_was_kept_of_the_training_pictures_a_person_looks(
    training: Images, tmp_path: Path, pictures: Any
) -> None:
    beside_a_file = tmp_path / "features.safetensors" / "fingerprints.npz"
    beside_a_file.parent.write_bytes(b"features")
    for source in (tmp_path / "none.npz", beside_a_file):
        finding = MemorisationCheck(source).examine(pictures.draft(training[0]))
        assert finding.outcome is Outcome.REVIEW
        assert finding.message.key == "screen.memorisation.unknown"


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "fingerprints.npz"
    np.savez(path, format=np.array([{"evil": 1}], dtype=object))
    with pytest.raises(ValueError, match="pickle"):
        Fingerprints.load(path)


@pytest.mark.parametrize("count", [2, MIN_IMAGES - 1])
def test_with_too_few_training_pictures_a_person_looks(count: int, training: Images, pictures: Any) -> None:
    finding = MemorisationCheck(Fingerprints.of(training[:count])).examine(pictures.draft(training[0]))
    assert finding.outcome is Outcome.REVIEW
    assert finding.message.key == "screen.memorisation.too_few"


def test_a_training_set_of_one_picture_over_and_over_cannot_be_calibrated(
    training: Images, pictures: Any
) -> None:
    prints = Fingerprints.of(np.repeat(training[:1], 200, axis=0))
    assert MemorisationCheck(prints).examine(pictures.draft(training[3])).outcome is Outcome.REVIEW


def test_pictures_of_other_sizes_and_channels_can_be_compared(
    training: Images, prints: Fingerprints, pictures: Any
) -> None:
    check = MemorisationCheck(prints)
    larger = pictures.scaled(training[40], 64, 64)
    clear = np.concatenate([training[40], np.full((32, 32, 1), 255, np.uint8)], axis=2)
    for pixels in (larger, clear):
        assert check.examine(pictures.draft(pixels)).evidence["training_image"] == 40


def test_eight_pixel_pictures_in_one_channel_work(pictures: Any) -> None:
    digits = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1)).astype(np.uint8)
    finding = MemorisationCheck(Fingerprints.of(digits)).examine(pictures.draft(digits[9]))
    assert finding.outcome is Outcome.BLOCK
    assert finding.evidence["training_image"] == 9


def test_the_rate_is_one_that_the_number_of_pictures_supports() -> None:
    ratios = np.random.default_rng(0).uniform(0.7, 1.0, 100).astype(np.float32)
    calibration = Calibration.of(ratios)
    assert calibration is not None
    assert calibration.review_rate == pytest.approx(1 / (calibration.num_compared + 1))
    assert calibration.identical_rate == pytest.approx(3 / calibration.num_compared)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_training_picture_is_named_in_every_language(
    language: str, training: Images, prints: Fingerprints, pictures: Any
) -> None:
    finding = MemorisationCheck(prints).examine(pictures.draft(training[321]))
    assert "321" in say(finding.message, language)


def _passing(p_value: float, strangers: int = 999) -> Finding:
    """As the check passes a picture that is just not near enough to be looked at by itself."""
    evidence = {"p_value": p_value, "strangers": strangers}
    return Finding("memorisation", Outcome.PASS, Message("screen.memorisation.pass"), evidence=evidence)


def test_what_is_suspect_only_beside_others_goes_to_people_too(prints: Fingerprints) -> None:
    check = MemorisationCheck(prints)
    others = [_passing(0.5)] * 36
    four = [_passing(0.009)] * 4
    judged = check.together([*others, *four])
    assert judged[:36] == others
    assert {one.outcome for one in judged[36:]} == {Outcome.REVIEW}
    assert say(judged[-1].message).startswith("By itself")
    assert check.together([*others, four[0]]) == [*others, four[0]]


def test_a_single_picture_is_called_no_sooner_than_by_its_own_check(prints: Fingerprints) -> None:
    check = MemorisationCheck(prints)
    assert check.together([_passing(0.006)]) == [_passing(0.006)]
    assert check.together([]) == []


def test_a_batch_does_not_change_what_was_found_already(prints: Fingerprints) -> None:
    """Nor is what was not compared with strangers, or with others, counted."""
    check = MemorisationCheck(prints)
    uncompared = Finding("memorisation", Outcome.REVIEW, Message("screen.memorisation.unknown"))
    findings = [uncompared, _passing(0.001, strangers=99), *[_passing(0.5)] * 30]
    assert check.together(findings) == findings
