"""The card of a run."""

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
