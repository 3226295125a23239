"""Every way of saying no is heard, in its own words; what is no yes is put to people, and what they answer counts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from rectoverso.errors import FilesUnusable
from rectoverso.verso.curate.signal import SignalKind
from rectoverso.verso.picture import to_png
from rectoverso.workflow.digests import of_bytes
from unit.verso.conftest import photo
from unit.verso.curate.crawl import OPT_OUTS, beside
from unit.workflow.curating.sets import SIDE, lines, picture, run, set_of, write


def test_every_kind_of_opt_out_drops_its_picture_with_its_own_words(tmp_path: Path) -> None:
    source = tmp_path / "crawl"
    write(source, **{kind.value: to_png(photo(100 + at, SIDE)) for at, kind in enumerate(OPT_OUTS)})
    write(source, free=to_png(photo(1, SIDE)))
    for kind, plant in OPT_OUTS.items():
        plant(source / f"{kind}.png")
    curated = run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert len(OPT_OUTS) >= 9
    for kind in OPT_OUTS:
        said = [row for row in found[kind]["signals"] if row["says"] == "reserved"]
        assert [row["kind"] for row in said] == [kind], kind
        assert all(said[0][name] for name in ("raw", "sha256", "where"))
        assert found[kind]["action"] == "drop"
        assert found[kind]["reasons"][0]["rule"] == "signals.reserved"
    assert found["free"]["action"] == "keep"
    assert curated.summary.plain()["actions"] == {"drop": len(OPT_OUTS), "keep": 1}


def test_constrained_and_unclear_are_no_yes_and_people_decide(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(source, **{name: to_png(photo(at, SIDE)) for at, name in enumerate(("yes", "when", "what"))})
    beside(source / "yes.png", headers={"content-usage": "train-ai=y"})
    beside(source / "when.png", headers={"tdm-reservation": "perhaps"})
    beside(source / "what.png", headers={"content-usage": "train-ai=unless-paid"})
    run(source, out)
    assert {name: row["action"] for name, row in lines(out).items()} == {
        "yes": "keep",
        "when": "ask",
        "what": "ask",
    }

    with (out / "to-ask.csv").open(encoding="utf-8") as file:
        asked = list(csv.DictReader(file))
    assert [row["source"] for row in asked] == ["what.png", "when.png"]
    for row, answer in zip(asked, ("keep", "drop"), strict=True):
        row |= {"answer": answer, "by": "Anna Muster", "why": "licence on file"}
    with (tmp_path / "answers.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, asked[0])
        table.writeheader()
        table.writerows(asked)
    run(source, out, answers=tmp_path / "answers.csv")
    found = lines(out)
    assert {name: row["action"] for name, row in found.items()} == {
        "yes": "keep",
        "when": "drop",
        "what": "keep",
    }
    assert found["what"]["answer"] == {"answer": "keep", "by": "Anna Muster", "why": "licence on file"}
    assert "licence on file" in (out / "to-ask.csv").read_text("utf-8")  # for the next time
    assert len(set_of(out)) == 2


def test_a_sidecar_that_cannot_be_read_is_asked_about(tmp_path: Path) -> None:
    source = tmp_path / "crawl"
    write(source, broken=to_png(photo(1, SIDE)), whole=to_png(photo(2, SIDE)))
    (source / "broken.png.json").write_text('{"headers": {"tdm-reservation"')
    run(source, tmp_path / "set")
    found = lines(tmp_path / "set")
    assert found["broken"]["reasons"] == [
        {"rule": "rights.sidecar_unreadable", "action": "ask", "about": "broken.png.json"}
    ]
    assert found["whole"]["action"] == "keep"


def test_broken_records_of_a_registry_stop_before_anything_is_made(tmp_path: Path) -> None:
    write(tmp_path / "crawl", a=to_png(photo(1, SIDE)))
    (tmp_path / "crawl" / "declarations.jsonl").write_text("{")
    with pytest.raises(FilesUnusable):
        run(tmp_path / "crawl", tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_an_answer_takes_no_reservation_back(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(source, no=to_png(photo(1, SIDE)), free=to_png(photo(2, SIDE)))
    beside(source / "no.png", headers={"tdm-reservation": "1"})
    digest = of_bytes((source / "no.png").read_bytes())
    (tmp_path / "answers.csv").write_text(f"digest,answer,by\n{digest},keep,Anna\n")
    run(source, out, answers=tmp_path / "answers.csv")
    assert lines(out)["no"]["action"] == "drop"


def test_the_rules_can_be_changed_and_what_is_milder_is_told(tmp_path: Path) -> None:
    source, out = tmp_path / "crawl", tmp_path / "set"
    write(
        source,
        agents=to_png(photo(1, SIDE)),
        noncommercial=to_png(photo(2, SIDE)),
        free=to_png(photo(3, SIDE)),
    )
    OPT_OUTS[SignalKind.ROBOTS_AGENTS](source / "agents.png")
    beside(source / "noncommercial.png", licence="cc-by-nc-4.0")
    rules = tmp_path / "rules.toml"
    rules.write_text('kinds.robots_agents = { reserved = "keep" }\nlicences."CC-BY-NC*" = "drop"\n')
    curated = run(source, out, rules=rules)
    actions = {name: row["action"] for name, row in lines(out).items()}
    assert actions == {"agents": "keep", "noncommercial": "drop", "free": "keep"}
    assert curated.milder == ("kinds.robots_agents.reserved",)
    assert "kinds.robots_agents.reserved" in (out / "datasheet.md").read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["[signals", 'signals.reserved = "perhaps"', "other = 1", 'kinds.fax = { reserved = "keep" }']
)
def test_rules_that_are_none_are_told_before_anything_is_made(tmp_path: Path, text: str) -> None:
    write(tmp_path / "pictures", a=to_png(photo(1, SIDE)))
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(FilesUnusable):
        run(tmp_path / "pictures", tmp_path / "set", rules=tmp_path / "rules.toml")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    "rows",
    [
        "digest,answer,by\n{d},keep,Anna\n{d},drop,Ben\n",
        "digest,answer,by\n{d},perhaps,Anna\n",
        "digest,answer,by\n{d},keep\n",
        "digest,answer\n{d},keep\n",
    ],
)
def test_answers_that_are_none_are_told_before_anything_is_made(tmp_path: Path, rows: str) -> None:
    write(tmp_path / "crawl", a=picture(1))
    (tmp_path / "answers.csv").write_text(rows.format(d="0" * 64))
    with pytest.raises(FilesUnusable):
        run(tmp_path / "crawl", tmp_path / "set", answers=tmp_path / "answers.csv")
    assert not (tmp_path / "set").exists()
