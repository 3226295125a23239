"""One dial turns many numbers, each by its rule; what is set by hand has the last word."""

import pytest

from rectoverso.errors import BadSetting
from rectoverso.recto.systems import recipe, with_settings
from rectoverso.recto.systems.dcgan import DcganRecipe
from rectoverso.recto.systems.plain import PlainNets
from rectoverso.recto.systems.settings import from_table, table


def sized(*settings: str) -> DcganRecipe:
    found = with_settings(recipe("dcgan"), settings)
    assert isinstance(found, DcganRecipe)
    return found


def test_widths_batch_rates_gamma_and_averages_follow() -> None:
    small, large = sized(), sized("size=l")
    assert isinstance(small.nets, PlainNets)
    assert isinstance(large.nets, PlainNets)
    assert large.nets.generator_width == 4 * small.nets.generator_width
    assert large.nets.latent == small.nets.latent
    assert large.batch == 4 * small.batch
    assert large.generator_adam.rate == pytest.approx(small.generator_adam.rate / 2)
    assert large.critic_adam.rate_end == pytest.approx(small.critic_adam.rate_end / 2)
    assert large.penalty.gamma == pytest.approx(small.penalty.gamma / 4)
    assert large.averaging.half_life == 4 * small.averaging.half_life


def test_the_weight_of_a_constraint_is_no_penalty_to_be_scaled() -> None:
    assert sized("penalty.kind=between", "penalty.gamma=10").at_size("l").penalty.gamma == 10


def test_there_and_back_is_where_it_was() -> None:
    back, before = sized("size=m").at_size("s"), sized()
    assert (back.nets, back.batch, back.averaging) == (before.nets, before.batch, before.averaging)
    assert back.critic_adam.rate == pytest.approx(before.critic_adam.rate)
    assert back.penalty.gamma == pytest.approx(before.penalty.gamma)


def test_what_is_set_by_hand_has_the_last_word_wherever_it_stands() -> None:
    assert sized("batch=7", "size=m").batch == sized("size=m", "batch=7").batch == 7


def test_a_run_reads_back_the_sizes_it_was_made_with() -> None:
    made = sized("size=m", "critic_adam.rate=0.5")
    assert from_table(recipe("dcgan"), table(made)) == made


def test_a_size_that_is_none_is_answered() -> None:
    with pytest.raises(BadSetting, match="xs"):
        sized("size=xl")
