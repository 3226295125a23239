from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import c2pa
import pytest
from PIL import Image

from rectoverso.errors import KeysDamaged, KeysExist, OwnerUnusable
from rectoverso.i18n import LANGUAGES, say
from rectoverso.protocols import SystemClock
from rectoverso.store.keys import Keys

SECRET = ["intermediate.key", "ledger.key", "master.key", "signer.key", "watermark.key"]
CREATED = {
    "action": "c2pa.created",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}
MANIFEST = {
    "claim_generator_info": [{"name": "rectoverso", "version": "0"}],
    "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [CREATED]}}],
}
QUIET = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"remote_manifest_fetch": False}}


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.create(tmp_path / "keys", owner="Studio Moon", clock=SystemClock())


def test_keys_come_back_as_they_were_made(keys: Keys) -> None:
    loaded = Keys.load(keys.folder)
    assert loaded is not None
    assert loaded.describe() == keys.describe()
    assert loaded.watermark_key == keys.watermark_key
    assert [each.pem for each in loaded.ledger] == [each.pem for each in keys.ledger]


def test_where_there_are_no_keys_none_are_loaded(tmp_path: Path) -> None:
    assert Keys.load(tmp_path / "keys") is None
    (tmp_path / "keys").mkdir()
    assert Keys.load(tmp_path / "keys") is None


def test_keys_are_made_in_the_empty_folder_of_a_new_home(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    Keys.create(tmp_path / "keys", owner="Studio Moon", clock=FixedClock())
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_keys_are_never_overwritten(keys: Keys) -> None:
    with pytest.raises(KeysExist):
        Keys.create(keys.folder, owner="Somebody Else", clock=FixedClock())
    loaded = Keys.load(keys.folder)
    assert loaded is not None
    assert loaded.owner == "Studio Moon"


def test_a_refused_name_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OwnerUnusable):
        Keys.create(tmp_path / "keys", owner="", clock=FixedClock())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_attempt_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "keys.new-0123").mkdir()
    (tmp_path / "keys.new-0123" / "signer.key").write_bytes(b"half a key")
    Keys.create(tmp_path / "keys", owner="Studio Moon", clock=FixedClock())
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_keys_are_private(keys: Keys) -> None:
    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in keys.folder.iterdir()} == {0o600}


def test_no_secret_shows_when_keys_are_printed(keys: Keys) -> None:
    shown = f"{keys!r} {keys.describe()!r}"
    assert "PRIVATE" not in shown
    assert (keys.folder / "master.key").read_text().strip() not in shown
    assert keys.watermark_key.hex() not in shown


def test_every_home_has_its_own_keys(keys: Keys, tmp_path: Path) -> None:
    other = Keys.create(tmp_path / "other", owner="Studio Moon", clock=FixedClock())
    assert not {line.fingerprint for line in keys.describe()} & {
        line.fingerprint for line in other.describe()
    }
    assert keys.ledger_origin != other.ledger_origin
    assert keys.watermark_id != other.watermark_id


def test_the_description_names_every_key_with_its_purpose(keys: Keys) -> None:
    lines = keys.describe()
    assert sorted(line.name for line in lines if line.is_secret) == sorted([*SECRET, "ledger.key"])
    assert {line.name for line in lines} | {"README.txt"} == {path.name for path in keys.folder.iterdir()}
    assert all(line.path.is_file() and len(line.fingerprint) in (16, 64) for line in lines)
    assert all(say(line.purpose, language) for line in lines for language in LANGUAGES)
    assert (lines[0].path, lines[0].is_secret) == (keys.ca_path, False)


def test_dates_follow_the_clock_given(tmp_path: Path) -> None:
    made = Keys.create(tmp_path / "keys", owner="Studio Moon", clock=FixedClock())
    assert made.expires == "2027-11-24T11:55:00Z"
    assert [line.expires for line in made.describe()[:2]] == ["2036-11-22", "2027-11-24"]


def test_the_readme_says_in_both_languages_what_this_authority_is_not(keys: Keys) -> None:
    text = (keys.folder / "README.txt").read_text(encoding="utf-8")
    assert "not" in text
    assert "publicly trusted" in text
    assert "不受公众信任" in text
    assert "PRIVATE" not in text


@pytest.mark.parametrize("file", ["ca.pem", "signer.pem", *(key for key in SECRET if key != "master.key")])
@pytest.mark.parametrize("damage", [None, b"", b"not a key\n", b"\xff\xfe"])
def test_a_missing_or_damaged_file_is_named(keys: Keys, file: str, damage: bytes | None) -> None:
    (keys.folder / file).unlink()
    if damage is not None:
        (keys.folder / file).write_bytes(damage)
    with pytest.raises(KeysDamaged, match=file):
        Keys.load(keys.folder)


@pytest.mark.parametrize("file", ["signer.pem", "signer.key", "intermediate.key"])
def test_a_file_from_another_home_is_named(keys: Keys, tmp_path: Path, file: str) -> None:
    other = Keys.create(tmp_path / "other", owner="Studio Moon", clock=FixedClock())
    (keys.folder / file).write_bytes((other.folder / file).read_bytes())
    with pytest.raises(KeysDamaged, match=file):
        Keys.load(keys.folder)


def signed(keys: Keys) -> bytes:
    picture, out = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (32, 32), (200, 100, 50)).save(picture, "PNG")
    picture.seek(0)
    info = c2pa.C2paSignerInfo(
        alg=c2pa.C2paSigningAlg.ES256,
        sign_cert=keys.signers[-1].chain,
        private_key=keys.signers[-1].key,
        ta_url=None,
    )
    builder = c2pa.Builder(json.dumps(MANIFEST), c2pa.Context(c2pa.Settings.from_dict(QUIET)))
    builder.sign(c2pa.Signer.from_info(info), "image/png", picture, out)
    return out.getvalue()


def state(picture: bytes, anchors: bytes | None) -> str:
    trust = {"trust": {"trust_anchors": anchors.decode()}} if anchors else {}
    context = c2pa.Context(c2pa.Settings.from_dict(QUIET | trust))
    return str(c2pa.Reader("image/png", io.BytesIO(picture), context=context).get_validation_state())


def test_the_c2pa_reader_trusts_the_signer_given_our_root_and_nothing_else(
    keys: Keys, tmp_path: Path
) -> None:
    picture = signed(keys)
    other = Keys.create(tmp_path / "other", owner="Studio Moon", clock=SystemClock())
    assert state(picture, keys.ca_certificate) == "Trusted"
    assert state(picture, None) == "Valid"
    assert state(picture, other.ca_certificate) == "Valid"
