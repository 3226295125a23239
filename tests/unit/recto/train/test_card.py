"""The card of a run."""

import numpy as np
import pytest

from rectoverso.recto.data.dataset import Dataset
from rectoverso.recto.train.card import NAMES, card
from rectoverso.types import Message

FACTS = {
    "system": "dcgan",
    "preset": "default",
    "seed": 4,
    "sample": "samples/000000064.png",
    "machine": "a machine",
    "precision": "float32",
    "images": 12_345,
    "seconds": 61.2,
    "images_per_s": 201.7,
    "versions": {"rectoverso": "9.9"},
    "weights": {"generator.safetensors": "f" * 64},
}


@pytest.mark.parametrize(("language", "licence"), [("en", "licence"), ("zh", "许可")])
def test_it_names_data_seed_length_machine_and_warns_of_the_licence(
    language: str, licence: str, stripes: Dataset
) -> None:
    text = card(stripes, FACTS, language)
    for fact in (
        "stripes",
        stripes.digest,
        "across, down",
        "12,345",
        "61",
        "202",
        "a machine",
        "f" * 64,
        licence,
    ):
        assert fact in text
    assert "{" not in text


def test_what_the_data_says_of_itself_is_on_it_in_both_languages(stripes: Dataset) -> None:
    note = Message("data.note.unlabelled", {"count": 3, "total": 9})
    noted = Dataset("stripes", stripes.images, notes=(note,))
    texts = [card(noted, FACTS, language) for language in NAMES]
    assert all("3" in text.splitlines()[-1] and "9" in text.splitlines()[-1] for text in texts)
    assert texts[0].splitlines()[-1] != texts[1].splitlines()[-1]


@pytest.mark.parametrize(
    ("channels", "en", "zh"), [(1, "grey", "灰度"), (3, "RGB", "RGB"), (4, "RGBA", "RGBA")]
)
def test_sides_and_channels_and_the_part_taken_are_on_it(channels: int, en: str, zh: str) -> None:
    taken = Message("data.note.taken", {"count": 5, "total": 71})
    images = np.zeros((5, 16, 24, channels), np.uint8)
    one = Dataset("some", images, notes=(taken,), taken_from=71)
    for language, word in (("en", en), ("zh", zh)):
        text = card(one, FACTS, language)
        assert "24 x 16" in text
        assert word in text
        assert "71" in text
