"""Laws through the door and back: sealed under them, verified, held against them, by the command line too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from authority import authority
from command import code_of
from hostile import Crashing
from rectoverso.errors import BadSetting, UnknownName
from rectoverso.store.home import Home
from rectoverso.types import AssetId, Decision, Maker, Origin, ReportOutcome
from rectoverso.verso.law import aigc
from rectoverso.verso.mark import png
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.verso.screen.fingerprint import NUM_BYTES
from rectoverso.workflow.comply import comply, exit_code
from rectoverso.workflow.keys import init_keys, time_stamp_authority
from rectoverso.workflow.ledgers import open_ledger
from rectoverso.workflow.seal import seal_files
from rectoverso.workflow.terms import Terms
from rectoverso.workflow.verify import reports
from unit.verso.conftest import photo

Picture = Callable[..., Path]
MAKER = Maker("A system", "3.1")


@pytest.fixture(scope="session")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with authority(tmp_path_factory.mktemp("tsa")) as found:
        yield found.url


@pytest.fixture
def stamping(home: Path, tsa: str) -> Path:
    """A home whose signatures are time-stamped."""
    time_stamp_authority(home, tsa)
    return home


def _sealed(
    file: Path, home: Path, *laws: str, file_format: str | None = None, origin: Origin = Origin.AI
) -> Path:
    terms = Terms.of(laws=laws, file_format=file_format)
    batch = seal_files([file], file.parent / "out", home, terms=terms, maker=MAKER, origin=origin)
    path = batch.passages[0].path
    assert path is not None, batch.passages[0].asset.reasons
    return path


def test_a_file_that_kills_what_reads_it_is_told_and_the_next_one_held(
    tmp_path: Path, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(to_png(photo(4, 64)))
    reader = Crashing(at=bad.read_bytes())
    monkeypatch.setattr("rectoverso.workflow.comply.shared", lambda: reader)
    stopped, held = comply([bad, picture("good.png")], ["cn"])
    reader.close()
    assert stopped.error is not None
    assert stopped.error.code == "image_stopped"
    assert len(held.held) == 1
    assert exit_code([stopped, held]) == 3


def test_sealed_under_laws_it_meets_them_and_verifies(home: Path, picture: Picture) -> None:
    path = _sealed(picture("one.png"), home, "cn,us-ca")
    found = list(comply([path], ["cn", "us-ca"]))
    assert exit_code(found) == 0
    (report,) = reports([path], home, [])
    assert (report.outcome, report.laws) == (ReportOutcome.TRUSTED, ("cn", "us-ca"))


def test_without_a_law_it_does_not(home: Path, picture: Picture) -> None:
    path = _sealed(picture("one.png"), home)
    assert exit_code(list(comply([path], ["cn"]))) == 1


def test_the_ledger_names_the_laws(home: Path, picture: Picture) -> None:
    _sealed(picture("one.png"), home, "cn")
    opened = Home.open(home)
    (asset,) = opened.assets.all()
    assert opened.keys is not None
    assert open_ledger(opened, opened.keys).entry(asset.ledger_index)["laws"] == ["cn"]


def test_other_laws_are_another_request(stamping: Path, picture: Picture) -> None:
    home, file = stamping, picture("one.png")
    paths = {
        _sealed(file, home),
        _sealed(file, home, "cn"),
        _sealed(file, home, "cn,eu"),
        _sealed(file, home, "cn"),
    }
    assert len(paths) == 3


def test_a_small_picture_is_known_with_its_strip_and_without(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    path = _sealed(picture("one.png"), home, "cn")
    pixels = open_picture(path.read_bytes(), "the file")
    assert pixels.shape[0] > 96
    (asset,) = Home.open(home).assets.all()
    assert len(asset.fingerprint) == 2 * NUM_BYTES
    for name, shown in {"whole": pixels, "cut": pixels[:96]}.items():
        copy = tmp_path / f"{name}.png"
        copy.write_bytes(to_png(shown))
        (report,) = reports([copy], home, [])
        assert any(row.key == "verify.evidence.near_asset" for row in report.evidence), name
        assert report.outcome in (ReportOutcome.WATERMARK_ONLY, ReportOutcome.REGISTERED_MATCH)


@pytest.mark.parametrize("law", ["cn", "eu"])
def test_a_labelled_picture_cannot_be_passed_off_as_captured(
    stamping: Path, picture: Picture, law: str
) -> None:
    path = _sealed(picture("one.png"), stamping, law)
    again = seal_files([path], path.parent / "again", stamping, origin=Origin.CAPTURED)
    assert again.passages[0].asset.decision is Decision.HOLD


def test_a_photograph_is_not_labelled_as_made_by_ai(home: Path, picture: Picture) -> None:
    with pytest.raises(BadSetting, match="photograph"):
        _sealed(picture("one.png"), home, "cn", origin=Origin.CAPTURED)
    with pytest.raises(UnknownName):
        Terms.of(laws=["cn,xx"])


def test_an_owner_who_is_no_code_has_to_give_one(tmp_path: Path, home: Path, picture: Picture) -> None:
    init_keys(home, "某公司")
    file = picture("one.png")
    with pytest.raises(BadSetting, match="--producer"):
        seal_files([file], tmp_path / "out", home, terms=Terms.of(laws=["cn"]))
    batch = seal_files([file], tmp_path / "out", home, terms=Terms.of(laws=["cn"], producer="00119111"))
    assert batch.passages[0].asset.decision is Decision.RELEASE


@pytest.mark.parametrize("laws", [(), ("cn",), ("eu",)])
def test_the_block_that_a_picture_came_with_is_never_dropped(
    tmp_path: Path, picture: Picture, tsa: str, laws: tuple[str, ...]
) -> None:
    """Sealed by one home under China's law, then by another: who made it stays named."""
    theirs = _sealed(picture("one.png"), tmp_path / "theirs", "cn", origin=Origin.AI)
    made = aigc.find(theirs.read_bytes())[0].values
    assert made is not None
    ours = tmp_path / "ours"
    init_keys(ours, "Spreader")
    time_stamp_authority(ours, tsa)
    path = _sealed(theirs, ours, *laws)
    blocks = aigc.find(path.read_bytes())
    assert [block.place for block in blocks] == ["XMP", "PNG"]
    assert blocks[0].values == blocks[1].values
    spread = {"ContentPropagator": "Spreader", "PropagateID": path.stem[-12:]} if "cn" in laws else {}
    assert blocks[0].values == made | spread


@pytest.mark.parametrize(
    "change",
    [
        *({"Label": 1}, {"ContentProducer": ""}, {"ProduceID": "中"}, {"Label": "1" * 2000}),
        *({"Label": "7"}, {"ContentProducer": " "}, {"ProduceID": ""}),
    ],
)
def test_a_block_that_is_not_sound_does_not_travel(change: dict[str, object]) -> None:
    sound = json.loads(aigc.block("THEM", AssetId("0123456789ab")))

    def file(values: dict[str, object]) -> bytes:
        body = b"AIGC\0" + json.dumps(values).encode()
        return png.join([(b"IHDR", bytes(13)), (b"tEXt", body), (b"IEND", b"")])

    assert json.loads(str(aigc.carried(file(sound)))) == sound
    assert aigc.carried(file(sound | change)) is None


def test_the_command(
    tmp_path: Path, stamping: Path, picture: Picture, capsys: pytest.CaptureFixture[str]
) -> None:
    home, out = stamping, tmp_path / "out"
    sealed = (
        "seal",
        picture("one.png"),
        "--out",
        out,
        "--home",
        home,
        "--law",
        "cn",
        "--law",
        "eu",
        "--visible",
    )
    assert code_of(*sealed, "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["released"]
    assert code_of("comply", row["path"], "--law", "cn") == 0
    told = capsys.readouterr().out
    assert "cn, China: 7 met, 0 missing, 3 that no tool can tell" in told
    assert code_of("comply", row["path"], "--law", "cn,eu,us-ca", "--json") == 1
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert [law["complies"] for law in file["laws"]] == [True, True, False]
    missing = [one["id"] for law in file["laws"] for one in law["clauses"] if one["state"] == "missing"]
    assert missing == ["latent: system", "latent: version"]
    assert code_of("comply", row["path"], tmp_path / "one.png", "--law", "cn") == 1
    assert "cn: in 1 of 2 files nothing is missing" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("law", "maker", "advice"),
    [
        ("eu", MAKER, "verso keys tsa"),
        ("us-ca", Maker("", ""), "--maker"),
        ("us-ca", Maker("A system", ""), "--maker-version"),
    ],
)
def test_a_law_that_no_file_could_meet_is_refused_before_any_work(
    tmp_path: Path, home: Path, picture: Picture, law: str, maker: Maker, advice: str
) -> None:
    with pytest.raises(BadSetting, match=advice):
        seal_files([picture("one.png")], tmp_path / "out", home, terms=Terms.of(laws=[law]), maker=maker)
    assert not (tmp_path / "out").exists()


def test_what_the_command_cannot_use(
    tmp_path: Path, picture: Picture, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    assert code_of("comply", tmp_path / "none.png") == 2
    assert code_of("comply", tmp_path / "text.png") == 3
    assert code_of("comply", picture("one.png"), "--law", "xx") == 2
    assert code_of("comply") == 2
    assert "FILE cannot be used here. There is no picture in it." in capsys.readouterr().err
    capsys.readouterr()
    assert code_of("comply", "--list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["laws"]
    assert [row["law"] for row in rows] == ["cn", "eu", "us-ca"]
    assert [stage["day"] for stage in rows[2]["later"]] == ["2027-01-01", "2028-01-01"]
    assert code_of("comply", "--list") == 0
    assert "From 2028-01-01 on: Makers of cameras" in capsys.readouterr().out


def test_the_command_speaks_chinese(
    picture: Picture, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECTOVERSO_LANG", "zh")
    assert code_of("comply", picture("one.png")) == 1
    assert "文件中没有 AIGC 隐式标识" in capsys.readouterr().out
    assert code_of("comply", "--list") == 0
    assert "自 2025-09-01 起施行" in capsys.readouterr().out


def test_stamped_by_an_authority_it_meets_the_laws_of_europe(
    tmp_path: Path, home: Path, picture: Picture
) -> None:
    with authority(tmp_path) as stamps:
        time_stamp_authority(home, stamps.url)
        path = _sealed(picture("one.png"), home, "cn,eu", file_format="avif")
    assert exit_code(list(comply([path], ["cn", "eu"]))) == 0
