"""The coded bits: read back through noise, and a wrong id does not pass for one."""

from __future__ import annotations

import numpy as np

from rectoverso.verso.mark.watermark import code
from rectoverso.verso.mark.watermark.code import CODED_BITS, likeliest, signs_of

NUMBERS = [0, 1, 2**47, 2**48 - 1, 0x0123456789AB]


def test_each_id_has_its_own_coded_bits() -> None:
    sign_AC = signs_of(NUMBERS).astype(int)
    assert sign_AC.shape == (len(NUMBERS), CODED_BITS)
    assert set(sign_AC.ravel()) == {-1, 1}
    differing_AA = (CODED_BITS - sign_AC @ sign_AC.T) / 2
    assert (
        differing_AA[~np.eye(len(NUMBERS), dtype=bool)].min() >= 48
    )  # twice what two paths of this code differ in


def test_ids_are_read_back_though_a_fifth_of_the_bits_are_wrong() -> None:
    rng = np.random.default_rng(0)
    for number in [*NUMBERS, *map(int, rng.integers(2**48, size=20))]:
        (sign_C,) = signs_of([number])
        soft_C = sign_C + rng.normal(0, 1.15, CODED_BITS)
        assert np.mean(np.sign(soft_C) != sign_C) > 0.1
        read, signs = likeliest(soft_C)
        assert read == number
        assert (signs == sign_C).all()


def test_a_thousand_payloads_read_what_is_too_faint_for_one() -> None:
    rng = np.random.default_rng(2)
    alone, among = 0, 0
    for number in map(int, rng.integers(2**48, size=40)):
        soft_C = signs_of([number])[0] * 11 / np.sqrt(CODED_BITS) + rng.normal(size=CODED_BITS)
        read, signs = likeliest(soft_C, 1024)
        alone, among = alone + (likeliest(soft_C)[0] == number), among + (read == number)
        assert read is None or (signs == signs_of([read])[0]).all()
    assert alone < 30
    assert among >= 36


def test_none_of_the_best_payloads_is_missed() -> None:
    """Those of a longer list that belong into a shorter one are there, in the same order."""
    soft_TG = np.random.default_rng(3).normal(size=(CODED_BITS // 4, 4))
    gain_TR = soft_TG @ code._answers().T
    best_TS = code._best_up_to(gain_TR)
    longer = code._payloads(gain_TR, best_TS, 3000).tolist()
    assert len({*longer}) == 3000
    fits = [float(soft_TG.ravel() @ code._signs(one)) for one in longer]
    assert np.all(np.diff(fits) < 1e-9)
    assert code._payloads(gain_TR, best_TS, 20).tolist() == longer[:20]
    assert code._payload(gain_TR, best_TS) == longer[0]


def test_noise_passes_for_no_id() -> None:
    rng = np.random.default_rng(1)
    assert [likeliest(rng.normal(size=CODED_BITS))[0] for _ in range(100)] == [None] * 100
