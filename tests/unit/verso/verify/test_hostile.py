"""A short version of ``benchmarks/fuzz_verify.py``: spoilt files of every kind have an answer, and never a good one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostile import TARGETS, Target


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
def test_the_seeds_have_an_answer(target: Target) -> None:
    for seed in target.seeds():
        target.ask(seed)


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_spoilt_bytes_have_an_answer(target: Target, data: st.DataObject) -> None:
    spoilt = bytearray(data.draw(st.sampled_from(target.seeds())))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(spoilt) - 1)))
        spoilt[at : at + data.draw(st.integers(0, 12))] = data.draw(st.binary(max_size=12))
    target.ask(bytes(spoilt))
