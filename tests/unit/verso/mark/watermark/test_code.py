"""The coded bits: read back through noise, and a wrong id does not pass for one."""

from __future__ import annotations

import numpy as np

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


def test_noise_passes_for_no_id() -> None:
    rng = np.random.default_rng(1)
    assert [likeliest(rng.normal(size=CODED_BITS))[0] for _ in range(100)] == [None] * 100
