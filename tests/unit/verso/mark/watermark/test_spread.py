"""The spread mark: found however the picture was moved, unseen, and not found where it is not."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter

from rectoverso.types import Pixels
from rectoverso.verso.mark.watermark import best_match, detect, embed, pose, recognised, spread
from rectoverso.verso.mark.watermark.evened import evened, folded, kept
from rectoverso.verso.mark.watermark.keyed import PUBLIC_KEY
from rectoverso.verso.mark.watermark.light import brightness
from rectoverso.verso.mark.watermark.pattern import BAND, SIDE, in_tile, pattern_of
from unit.verso.conftest import ASSET, photo


@pytest.fixture(scope="module")
def original() -> Pixels:
    return photo(5, 420, 512)


@pytest.fixture(scope="module")
def marked(original: Pixels) -> Pixels:
    return embed(original, ASSET)


def softened(pixels: Pixels, radius: float = 1.5) -> Pixels:
    """With as little fine detail as photographs have; the made-up picture has more of it everywhere."""
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def image_of(change: Callable[[Image.Image], Image.Image]) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.asarray(change(Image.fromarray(pixels)))


def saved(kind: str, quality: int) -> Callable[[Pixels], Pixels]:
    def change(pixels: Pixels) -> Pixels:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, kind, quality=quality)
        return np.asarray(Image.open(file).convert("RGB"))

    return change


def psnr_dB(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def test_it_is_not_seen(original: Pixels, marked: Pixels) -> None:
    """Nowhere plain; among detail of 32 grey levels, as all over the first picture, the mark may have 4."""
    smooth = softened(original)
    assert psnr_dB(smooth, embed(smooth, ASSET)) > 42.9
    assert psnr_dB(original, marked) > 36


STRAIGHT: dict[str, Callable[[Pixels], Pixels]] = {
    "JPEG 50": saved("JPEG", 50),
    "JPEG 30": saved("JPEG", 30),
    "WebP 50": saved("WEBP", 50),
    "cut": lambda x: x[13:300, 31:400],
    "mirrored": lambda x: x[:, ::-1],
    "quarter": np.rot90,
    "both": lambda x: np.rot90(x[::-1]),
    "blurred": image_of(lambda i: i.filter(ImageFilter.GaussianBlur(2))),
    "median": image_of(lambda i: i.filter(ImageFilter.MedianFilter(3))),
    "noise": lambda x: np.clip(x + np.random.default_rng(0).normal(0, 12, x.shape), 0, 255).astype(np.uint8),
    "darker": lambda x: (x * 0.6).astype(np.uint8),
    "brighter": lambda x: np.clip(x * 1.5, 0, 255).astype(np.uint8),
    "grey": lambda x: np.asarray(Image.fromarray(x).convert("L"))[..., None],
}
MOVED: dict[str, Callable[[Pixels], Pixels]] = {
    "half": image_of(lambda i: i.resize((256, 210), Image.Resampling.BICUBIC)),
    "larger": image_of(lambda i: i.resize((700, 574), Image.Resampling.BICUBIC)),
    "turned a little": image_of(lambda i: i.rotate(3, Image.Resampling.BICUBIC)),
    "turned": image_of(lambda i: i.rotate(-40, Image.Resampling.BICUBIC)),
    "all": lambda x: saved("JPEG", 70)(MOVED["turned a little"](MOVED["larger"](x[:, ::-1]))[40:600, 50:650]),
}


@pytest.mark.parametrize("change", STRAIGHT)
def test_it_outlives_what_leaves_pixels_where_they_are_or_turns_them_by_quarters(
    change: str, marked: Pixels
) -> None:
    found = detect(np.ascontiguousarray(STRAIGHT[change](marked)))
    assert found.found
    assert found.prefix == ASSET


@pytest.mark.parametrize("change", MOVED)
def test_it_is_found_again_at_any_size_and_angle(change: str, marked: Pixels) -> None:
    moved = np.ascontiguousarray(MOVED[change](marked))
    found = detect(moved, anyhow=True)
    assert found.found
    assert found.prefix == ASSET
    assert not detect(moved).found


def test_how_a_picture_lies_is_measured(marked: Pixels) -> None:
    turned = Image.fromarray(marked[:, ::-1]).resize((640, 525), Image.Resampling.BICUBIC).rotate(20)
    luma = brightness(np.asarray(turned), None)
    found = [one for one, _ in pose.poses(evened(luma), pattern_of(PUBLIC_KEY).pilot_K2, 2)]
    best = max(found, key=lambda one: one.score)
    assert best.mirrored
    assert abs(best.move) == pytest.approx(512 / 640, rel=0.003)
    assert np.degrees(np.angle(best.move)) % 180 == pytest.approx(160, abs=0.2)


@pytest.mark.parametrize(("sides", "pictures"), [((256, 256), 3), ((300, 900), 2), ((1100, 1300), 1)])
def test_every_size_carries_the_whole_id(sides: tuple[int, int], pictures: int) -> None:
    for seed in range(pictures):
        marked = embed(photo(seed, *sides), ASSET)
        assert detect(marked).prefix == ASSET


def test_a_large_picture_is_found_when_shown_small() -> None:
    marked = Image.fromarray(embed(photo(1, 1500, 1300), ASSET))
    for side in (600, 350):
        found = detect(
            np.asarray(marked.resize((side, side * 15 // 13), Image.Resampling.LANCZOS)), anyhow=True
        )
        assert found.found
        assert found.prefix == ASSET


def test_a_long_strip_is_found_by_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "_LONGEST_PX", 1024)
    strip = embed(np.tile(softened(photo(7, 260, 520)), (1, 3, 1)), ASSET)
    turned = (
        Image.fromarray(strip).rotate(180).resize((strip.shape[1] * 5 // 4, 325), Image.Resampling.BICUBIC)
    )
    assert detect(np.asarray(turned), anyhow=True).prefix == ASSET


def test_where_the_pilot_agrees_is_the_inverse_transform_of_its_waves() -> None:
    pilot_K2, rng = pattern_of(PUBLIC_KEY).pilot_K2, np.random.default_rng(0)
    wave_2K = rng.normal(size=(2, len(pilot_K2))) + 1j * rng.normal(size=(2, len(pilot_K2)))
    for wave_K, agreed_SS in zip(wave_2K, spread._agreement_everywhere(wave_2K, pilot_K2), strict=True):
        wave_SS = np.zeros((SIDE, SIDE), complex)
        wave_SS[in_tile(pilot_K2)] = wave_K
        assert np.allclose(agreed_SS, SIDE**2 * np.fft.ifft2(wave_SS).real, atol=1e-4)


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_pictures_can_be_marked(value: int) -> None:
    assert detect(embed(np.full((256, 320, 3), value, np.uint8), ASSET)).prefix == ASSET


def test_where_there_is_no_room_to_spread_the_lattice_takes_over() -> None:
    picture = np.dstack([photo(2, 320), np.zeros((320, 320), np.uint8)])
    picture[100:220, 100:220, 3] = 255
    marked = embed(picture, ASSET)
    assert detect(marked).prefix == ASSET


def test_of_a_transparent_picture_only_what_is_seen_is_changed() -> None:
    y, x = np.mgrid[0:320, 0:320]
    alpha = np.clip(255 * (1.2 - np.hypot(y - 160, x - 160) / 120), 0, 255).astype(np.uint8)
    picture = np.dstack([softened(photo(2, 320)), alpha])
    marked = embed(picture, ASSET)
    assert (marked[..., 3] == alpha).all()
    assert (marked[alpha == 0] == picture[alpha == 0]).all()
    white = Image.new("RGBA", (320, 320), "white")
    flat = np.asarray(Image.alpha_composite(white, Image.fromarray(marked)).convert("RGB"))
    assert detect(marked).prefix == detect(flat).prefix == ASSET


def test_those_who_issued_an_id_know_it_where_it_cannot_be_read() -> None:
    """A small piece: too little to read 64 bits from, enough to tell which of a thousand ids it is."""
    marked = embed(softened(photo(8, 512)), ASSET)
    ids = [ASSET, *(f"{n:012x}" for n in range(999))]
    pieces = [marked[40 * n : 40 * n + 230, 30:230] for n in range(7)]
    matches = [best_match(detect(piece), ids) for piece in pieces]
    right = [match is not None and match.asset == ASSET and match.p_value < 1e-3 for match in matches]
    assert np.mean(right) > 0.6
    wrong = [match for match in matches if match and match.asset != ASSET and match.p_value < 1e-3]
    assert not wrong


# The private mark

FORENSIC = b"only this home's"
IDS = [ASSET, *(f"{n:012x}" for n in range(999))]


@pytest.fixture(scope="module")
def twice() -> tuple[Pixels, Pixels]:
    """A picture with both marks, and the same with all of the public one erased by somebody who knows its key."""
    picture = softened(photo(8, 512))
    both = embed(picture, ASSET, forensic_key=FORENSIC)
    number = int(ASSET, 16)
    public = spread.embedded(picture, number, [(pattern_of(PUBLIC_KEY), spread.LEAVING_ROOM)])
    erased = np.clip(both.astype(int) - public.astype(int) + picture, 0, 255).astype(np.uint8)
    assert psnr_dB(picture, both) > 42.9
    return both, erased


def test_both_marks_are_read(twice: tuple[Pixels, Pixels]) -> None:
    both, _ = twice
    assert detect(both).prefix == ASSET
    for change in (lambda x: x, saved("JPEG", 75), lambda x: x[20:400, 30:420], MOVED["turned a little"]):
        match = recognised(np.ascontiguousarray(change(both)), IDS, FORENSIC)
        assert match is not None
        assert match.asset == ASSET
        assert match.p_value < 1e-6


def test_who_erases_the_public_mark_leaves_the_private_one(twice: tuple[Pixels, Pixels]) -> None:
    _, erased = twice
    assert not detect(erased, anyhow=True).found
    match = recognised(saved("JPEG", 75)(erased), IDS, FORENSIC)
    assert match is not None
    assert (match.asset, match.p_value < 1e-6) == (ASSET, True)


def test_who_has_another_private_key_reads_nothing(twice: tuple[Pixels, Pixels]) -> None:
    for picture in twice:
        match = recognised(picture, IDS, b"somebody else's")
        assert match is None or match.p_value > 1e-4


# Where there is no mark


def test_the_promise_holds_over_keys_for_one_picture() -> None:
    for picture in (photo(7, 200), np.zeros((256, 256, 3), np.uint8)):
        values = np.array([detect(picture, f"key {n}".encode()).p_value for n in range(20)])
        assert np.mean(values <= 0.05) <= 0.1
        assert values.min() > 1e-5


def test_unmarked_pictures_match_no_id() -> None:
    """The sharper question, whether one of these ids is there, keeps its promise too."""
    ids = [f"{n:012x}" for n in range(50)]
    matches = [best_match(detect(photo(seed, 256), anyhow=seed < 2), ids) for seed in range(30)]
    values = np.array([match.p_value if match else 1.0 for match in matches])
    assert np.mean(values <= 0.05) <= 0.1
    assert values.min() > 1e-5


def test_another_keys_mark_is_not_found(marked: Pixels) -> None:
    assert detect(marked, b"another key", anyhow=True).p_value > 1e-5


# Its parts


def test_the_waves_of_a_key_are_its_own_and_in_the_band() -> None:
    one, other = pattern_of(b"one"), pattern_of(b"other")
    for pattern in (one, other):
        size = np.hypot(*pattern.wave_D2.T) / SIDE
        assert BAND[0] <= size.min() < size.max() <= BAND[1]
        assert not {tuple(wave) for wave in pattern.pilot_K2} & {tuple(wave) for wave in pattern.wave_D2}
        share = np.bincount(pattern.bit_2D)
        assert share.max() - share.min() <= 1
    assert not np.allclose(one.turn_K, other.turn_K)
    assert (one.pilot_K2 != other.pilot_K2).any()


def test_detail_keeps_of_a_wave_what_it_says() -> None:
    y, x = np.mgrid[0:256, 0:256].astype(np.float32)
    for down, across in ((9, 4), (20, -7), (0, 30)):
        wave = np.cos(2 * np.pi * (down * y + across * x) / SIDE)
        fine = spread.detail(wave)
        before, after = (np.fft.fft2(folded(one, SIDE))[down % SIDE, across % SIDE] for one in (wave, fine))
        (share,) = kept(np.array([[down, across]]) / SIDE)
        assert abs(after / before) == pytest.approx(share, abs=0.03)
