"""Words to numbers: the same for the same captions, and no text that cannot be written."""

from __future__ import annotations

import numpy as np

from rectoverso.recto.data.shapes import scene
from rectoverso.recto.data.tokenizer import BYTES, PADDING, Tokenizer, learn_merges

CAPTIONS = tuple(scene(index, 8).caption for index in range(200))


def test_merges_are_the_same_whatever_the_order_of_captions() -> None:
    merges = learn_merges(CAPTIONS, 256)
    assert merges == learn_merges(CAPTIONS[::-1], 256)
    assert len(set(merges)) == len(merges) <= 256


def test_the_most_frequent_neighbours_come_first() -> None:
    assert learn_merges(["aab aab ab"], 2) == ("ab", "ab ")


def test_what_occurs_once_is_not_merged() -> None:
    assert learn_merges(["xyz"], 10) == ()


def test_words_that_were_learned_are_one_token_each_in_any_case() -> None:
    tokenizer = Tokenizer(learn_merges(CAPTIONS, 256))
    tokens = tokenizer.encode("A red Circle  left of a blue SQUARE")
    assert len(tokens) == 8
    assert min(tokens) >= BYTES or tokens[0] == tokenizer.encode("a")[0]
    assert tokens == tokenizer.encode("a red circle left of a blue square")


def test_unknown_words_are_written_in_bytes() -> None:
    tokenizer = Tokenizer(learn_merges(CAPTIONS, 256))
    assert tokenizer.encode("q") == [ord("q"), ord(" ")]
    assert tokenizer.encode("圆") == [*"圆".encode(), ord(" ")]
    assert tokenizer.encode("") == []
    assert max(tokenizer.encode("a purple rhinoceros")) < tokenizer.vocabulary


def test_words_end_where_they_end() -> None:
    tokenizer = Tokenizer(learn_merges(["ab ab a b a b"], 10))
    assert tokenizer.encode("ab") != tokenizer.encode("a b")


def test_texts_are_cut_and_padded_to_one_length() -> None:
    token_NT = Tokenizer(()).batch(["ab", "abcdef"], 4)
    assert np.array_equal(
        token_NT, [[ord("a"), ord("b"), ord(" "), PADDING], [ord("a"), ord("b"), ord("c"), ord("d")]]
    )
