"""Preferences as AIPREF writes them: a dictionary of categories, each with y or n.

    train-ai=n, search=y

Sources: IETF drafts draft-ietf-aipref-vocab-06 (April 2026), which knows ``train-ai`` and ``search``, and
draft-ietf-aipref-attach; both are drafts without consensus. Categories of earlier drafts that contain training are
still written and read likewise. Cloudflare's ``Content-Signal`` says the same with ``ai-train`` and yes or no.
"""

from __future__ import annotations

from collections.abc import Iterator

from rectoverso.verso.curate.signal import Says, strictest

TRAINING = frozenset({"train-ai", "train-genai", "genai", "ai", "tdm", "bots", "ai-train"})
_ANSWERS = {"n": Says.RESERVED, "no": Says.RESERVED, "y": Says.ALLOWED, "yes": Says.ALLOWED}


def says(dictionary: str) -> Says | None:
    """What it says of training: the strictest of the categories that contain it, None where it names none of them."""
    return strictest(_answers(dictionary))


def _answers(dictionary: str) -> Iterator[Says]:
    for member in dictionary.split(","):
        key, _, value = member.partition("=")
        if key.strip().lower() in TRAINING:
            answer = value.partition(";")[0].strip().lower()
            yield _ANSWERS.get(answer, Says.UNCLEAR)
