"""What words on consent come to. Of several the strictest counts, and words that nobody knows are no yes."""

from __future__ import annotations

from enum import StrEnum


class Consent(StrEnum):
    """The strictest first. ``unknown``: nothing is said of it."""

    REFUSED = "refused"
    UNCLEAR = "unclear"
    GIVEN = "given"
    UNKNOWN = "unknown"


_WORDS = {
    Consent.REFUSED: "no n false 0 refused refuse denied declined revoked withdrawn 否 不 不同意 拒绝 撤回",
    Consent.GIVEN: "yes y true 1 given granted 是 同意",
    Consent.UNKNOWN: "unknown n/a na none null - ? 未知 不明",
}
_MEANING = {word: consent for consent, words in _WORDS.items() for word in words.split()} | {
    "": Consent.UNKNOWN
}


def consent_of(words: str) -> Consent:
    """What these words come to."""
    return _MEANING.get(words.strip().casefold().removesuffix("."), Consent.UNCLEAR)


def strictest_words(*all_words: str) -> str:
    """Of the words of several, those that count."""
    return min(all_words, key=lambda words: tuple(Consent).index(consent_of(words)))
