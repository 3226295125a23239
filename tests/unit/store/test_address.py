from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rectoverso.errors import BadSetting, HomeElsewhere, MissingExtra
from rectoverso.i18n import explain
from rectoverso.store.address import FILE, VARIABLE, database_of, kept_in, remember
from rectoverso.store.home import Home

HERE = "postgresql://anna:hunter2@db.example:5433/verso?sslmode=verify-full"


@pytest.fixture
def needs_driver() -> None:
    pytest.importorskip("psycopg")


@pytest.mark.usefixtures("needs_driver")
def test_a_new_home_takes_the_address_and_remembers_it_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, HERE)
    database = database_of(tmp_path)
    assert database.engine.url.password == "hunter2"
    remember(tmp_path, database)
    assert kept_in(tmp_path) == "postgresql://anna@db.example:5433/verso?sslmode=verify-full"
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("needs_driver")
def test_the_variable_may_bring_the_password_of_the_address_that_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text("postgresql://anna@db.example:5433/verso?sslmode=verify-full\n")
    assert database_of(tmp_path).engine.url.password is None
    monkeypatch.setenv(VARIABLE, HERE)
    assert database_of(tmp_path).engine.url.password == "hunter2"


def test_a_home_with_records_never_gets_a_second_set(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided in one would be decided again in the other."""
    monkeypatch.setenv(VARIABLE, HERE)
    with pytest.raises(HomeElsewhere, match=r"are in verso\.sqlite3, and RECTOVERSO_DATABASE names") as told:
        Home.existing(home.path)
    assert "hunter2" not in str(told.value)
    assert "verso.sqlite3" in explain(told.value, "zh")
    monkeypatch.delenv(VARIABLE)
    (home.path / FILE).write_text("postgresql://db.example/verso")
    with pytest.raises(HomeElsewhere, match=r"database\.txt names"):
        Home.open(home.path)


@pytest.mark.parametrize(
    "other", ["postgresql://anna@db.example:5433/else", "postgresql://anna@else:5433/verso"]
)
def test_another_database_than_the_one_that_is_kept_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    (tmp_path / FILE).write_text("postgresql://anna@db.example:5433/verso")
    monkeypatch.setenv(VARIABLE, other)
    with pytest.raises(HomeElsewhere):
        database_of(tmp_path)


@pytest.mark.parametrize(
    "text", ["verso", "mysql://db/verso", "postgresql://db.example", "postgresql://db:port/x", "://"]
)
def test_what_is_no_address_is_a_wrong_setting_and_makes_no_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(BadSetting, match=VARIABLE) as told:
        Home.open(tmp_path / "home")
    assert "PostgreSQL 数据库" in explain(told.value, "zh")
    assert not (tmp_path / "home" / "verso.sqlite3").exists()


def test_without_the_driver_it_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text("postgresql://db.example/verso")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"rectoverso\[postgres\]") as told:
        Home.existing(tmp_path)
    assert "rectoverso[postgres]" in explain(told.value, "zh")
