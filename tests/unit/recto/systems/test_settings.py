"""`--set a.b=c`."""

import pytest

from rectoverso.errors import BadSetting, UnknownName
from rectoverso.i18n import explain
from rectoverso.recto.systems import SYSTEMS, Recipe, recipe, with_settings
from rectoverso.recto.systems.dcgan import DcganRecipe
from rectoverso.recto.systems.settings import from_table, table

PRESETS = [preset for one in SYSTEMS.values() for preset in one.presets.values()]


@pytest.fixture
def default() -> DcganRecipe:
    found = recipe("dcgan")
    assert isinstance(found, DcganRecipe)
    return found


def test_settings_replace_numbers_words_and_switches_at_any_depth(default: DcganRecipe) -> None:
    changed = with_settings(
        default,
        ["batch=16", "penalty.kind=gradient", "critic_adam.rate=1e-3", "labels=false", "nets.latent=8"],
    )
    assert isinstance(changed, DcganRecipe)
    assert (changed.batch, changed.penalty.kind, changed.critic_adam.rate) == (16, "gradient", 1e-3)
    assert (changed.labels, changed.latent) == (False, 8)
    assert default.batch != 16


@pytest.mark.parametrize(
    "setting",
    [
        "batch",
        "batch=many",
        "batch=1.5",
        "batch=-1",
        "batch=1",
        "penalty.every=0",
        "nets.latent=0",
        "critic_adam.rate=inf",
        "critic_adam.rate=nan",
        "labels=maybe",
        "penalty.kind=heavy",
        "penalty=1",
        "batch.size=3",
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_value_of_the_wrong_kind_is_refused_with_advice(
    setting: str, language: str, default: Recipe
) -> None:
    with pytest.raises(BadSetting) as caught:
        with_settings(default, [setting])
    assert len(explain(caught.value, language)) > 20


@pytest.mark.parametrize("setting", ["nets.dropout=1", "nets.dropout=1.5"])
@pytest.mark.parametrize(("system", "preset"), [("dcgan", "article"), ("gan", "default")])
def test_dropping_everything_is_refused(system: str, preset: str, setting: str) -> None:
    with pytest.raises(BadSetting, match="below 1"):
        with_settings(recipe(system, preset), [setting])
    with_settings(recipe(system, preset), ["nets.dropout=0", "nets.dropout=0.99"])


def test_nought_is_a_value_where_it_means_something(default: Recipe) -> None:
    off = with_settings(default, ["threads=0", "averaging.half_life=0", "penalty.gamma_end=0"])
    assert isinstance(off, DcganRecipe)
    assert off.averaging.half_life == 0


@pytest.mark.parametrize(
    ("setting", "meant"), [("critic_adam.rat=1", "rate"), ("bach=3", "batch"), ("penalty.gama=1", "gamma")]
)
def test_a_misspelt_name_is_answered_with_the_nearest(setting: str, meant: str, default: Recipe) -> None:
    with pytest.raises(UnknownName, match=f"one of these: {meant}"):
        with_settings(default, [setting])


@pytest.mark.parametrize("name", ["system=x", "preset=x", "measured=x"])
def test_what_names_a_preset_cannot_be_set(name: str, default: Recipe) -> None:
    with pytest.raises(UnknownName):
        with_settings(default, [name])


@pytest.mark.parametrize("preset", PRESETS, ids=lambda one: f"{one.system} {one.preset}")
def test_every_preset_comes_back_from_its_table(preset: Recipe) -> None:
    assert from_table(recipe(preset.system, preset.preset), table(preset)) == preset


@pytest.mark.parametrize("preset", ["default", "article"])
def test_a_recipe_comes_back_from_its_table(preset: str) -> None:
    changed = with_settings(recipe("dcgan", preset), ["batch=7", "generator_adam.rate=0.125", "flip=yes"])
    assert from_table(recipe("dcgan", preset), table(changed)) == changed


def test_a_setting_that_an_old_table_lacks_means_what_was_before_it() -> None:
    old = table(recipe("default"))
    del old["naming"], old["nets"]["modulated"]
    read = from_table(recipe("default"), old)
    assert read.naming == 0  # type: ignore[attr-defined]
    assert not read.nets.modulated  # type: ignore[attr-defined]
    assert read.batch == recipe("default").batch


def test_a_group_is_refused_with_its_settings() -> None:
    with pytest.raises(BadSetting, match=r"critic_adam\.rate, critic_adam\.rate_end"):
        with_settings(recipe("dcgan"), ["critic_adam=1"])
    with pytest.raises(BadSetting, match="nothing below it"):
        with_settings(recipe("dcgan"), ["batch.size=1"])
