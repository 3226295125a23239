"""Pictures made up for the tests of screening, and what is done to them."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from rectoverso.store.works import Work
from rectoverso.types import Digest, Draft, Maker, Pixels
from rectoverso.verso.screen.fingerprint import fingerprints
from rectoverso.verso.screen.sketch import Sketch


class Pictures:
    """Made-up photographs, the usual things done to a copy, and the values made of them."""

    @staticmethod
    def photo(seed: int, height: int = 160, width: int = 200) -> Pixels:
        """A picture with the spectrum of photographs (amplitude 1/f) in correlated colours."""
        rng = np.random.default_rng(seed)
        frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) + 1 / max(height, width)
        shared = rng.normal(size=(height, width))
        layers = []
        for _ in range(3):
            noise = np.fft.fft2(0.8 * shared + 0.3 * rng.normal(size=(height, width)))
            field = np.fft.ifft2(noise / frequency).real
            layers.append(127 + 50 * (field - field.mean()) / field.std())
        return np.clip(np.stack(layers, axis=2), 0, 255).astype(np.uint8)

    @staticmethod
    def scaled(pixels: Pixels, height: int, width: int) -> Pixels:
        return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))

    @staticmethod
    def jpeg(pixels: Pixels, quality: int) -> Pixels:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
        return np.asarray(Image.open(buffer))

    @classmethod
    def poor_copy(cls, pixels: Pixels) -> Pixels:
        """Scaled to 70 % and saved as JPEG 60."""
        height, width = pixels.shape[:2]
        return cls.jpeg(cls.scaled(pixels, round(height * 0.7), round(width * 0.7)), 60)

    @staticmethod
    def work(pixels: Pixels, title: str = "A work", owner: str = "An owner") -> Work:
        digest = Digest(f"{abs(hash(pixels.tobytes())):064x}"[-64:])
        sketch = Sketch.of(pixels).to_bytes()
        return Work(
            digest[-8:], title, owner, digest, fingerprints(pixels), sketch, "2026-11-23T12:00:00+00:00"
        )

    @staticmethod
    def draft(pixels: Pixels) -> Draft:
        return Draft(pixels, Digest("a" * 64), Maker("a maker", "1"))


@pytest.fixture(scope="session")
def pictures() -> type[Pictures]:
    return Pictures


@pytest.fixture(scope="session")
def photos() -> list[Pixels]:
    """Twelve unrelated pictures."""
    return [Pictures.photo(seed) for seed in range(12)]


@pytest.fixture(scope="session")
def works(photos: list[Pixels]) -> list[Work]:
    return [Pictures.work(pixels, title=f"Work {number}") for number, pixels in enumerate(photos)]


@pytest.fixture(scope="session")
def small_photos() -> Callable[[int, int], np.ndarray]:
    """(count, first seed) -> N unrelated pictures of 32 x 32."""
    return lambda count, first: np.stack([Pictures.photo(first + n, 32, 32) for n in range(count)])
