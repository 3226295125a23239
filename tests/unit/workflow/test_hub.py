"""A run travels whole, and nothing travels that is not named."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from rectoverso.errors import HubFailed, RunExists, RunNotFound, WeightsChanged
from rectoverso.recto.sample.generator import RunGenerator
from rectoverso.workflow.directions import run_directions
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.hub import pull_run, push_run, shared_files

REPOSITORY = "studio/first-run"


@dataclass
class InMemory:
    """A hub that is a dictionary."""

    files: dict[str, bytes] = field(default_factory=dict)
    private: bool | None = None
    fails_at: str = ""

    def create(self, repository: str, *, private: bool) -> None:
        assert repository == REPOSITORY
        self.private = private

    def send(self, repository: str, files: dict[str, Path | bytes], message: str) -> str:  # noqa: ARG002
        self.files = {
            name: file if isinstance(file, bytes) else file.read_bytes() for name, file in files.items()
        }
        return f"https://hub.example/{repository}"

    def list(self, repository: str, revision: str | None) -> tuple[str, dict[str, int]]:  # noqa: ARG002
        return "c0ffee", {name: len(data) for name, data in self.files.items()}

    def fetch(self, repository: str, name: str, commit: str) -> bytes:  # noqa: ARG002
        assert commit == "c0ffee"  # all files of one commit, whatever is pushed in between
        if name == self.fails_at:
            raise ConnectionError("the line is dead")
        return self.files[name]


def test_a_run_that_went_and_came_draws_the_same(run: Path, tmp_path: Path) -> None:
    run_directions(run, count=2, names=["0=light"])
    hub = InMemory()
    pushed = push_run(run, REPOSITORY, hub=hub)
    assert hub.private is True
    assert pushed.place.endswith(REPOSITORY)
    assert hub.files["README.md"] == hub.files["card.md"]
    pulled = pull_run(REPOSITORY, tmp_path / "there", hub=hub)
    assert not pulled.left
    here, there = RunGenerator(run), RunGenerator(tmp_path / "there")
    np.testing.assert_array_equal(next(here.sample([5])), next(there.sample([5])))
    assert there.maker == here.maker
    assert there.painter.directions == here.painter.directions


def test_what_is_private_stays_at_home(run: Path, tmp_path: Path) -> None:
    (run / "inversions").mkdir()
    (run / "inversions" / "face.json").write_text("{}")
    (run / "weights" / "extra.pt").write_bytes(b"pickle")
    secret = tmp_path / "secret.json"
    secret.write_text("secret")
    (run / "directions.json").symlink_to(secret)
    names = set(shared_files(run))
    assert names >= {"config.toml", "run.json", "card.md", "card.zh.md", "weights/generator.safetensors"}
    assert list((run / "samples").glob("*.png"))  # drafts, which nobody screened or marked
    kinds = (".safetensors", ".json", ".toml", ".md")
    assert all(name.endswith(kinds) for name in names)
    assert not names & {"directions.json", "fingerprints.npz", "status.jsonl"}
    assert not any(name.startswith(("state", "inversions")) for name in names)


def test_the_card_that_travels_shows_no_picture_that_stays(run: Path) -> None:
    card = run / "card.md"
    assert "](samples/" in card.read_text()
    card.write_text(card.read_text() + "\n![Ours](https://studio.example/logo.png)\n\n![Mine](own.png)\n")
    hub = InMemory()
    push_run(run, REPOSITORY, hub=hub)
    for name in ("card.md", "card.zh.md", "README.md"):
        sent = hub.files[name].decode()
        assert "samples/" not in sent, name
        assert sent.startswith("# ")
        assert "\n\n## " in sent
    assert "Each picture was drawn" not in hub.files["card.md"].decode()  # the words below the picture
    assert "logo.png" in hub.files["card.md"].decode()
    assert "own.png" not in hub.files["card.md"].decode()
    assert "](samples/" in card.read_text()  # at home it still does


def test_what_no_run_has_is_left_there(run: Path, tmp_path: Path) -> None:
    hub = InMemory()
    push_run(run, REPOSITORY, public=True, hub=hub)
    assert hub.private is False
    odd = [
        "model.pkl",
        "../outside.json",
        "weights/../../outside.safetensors",
        "/etc/evil.json",
        "state/a.pt",
        "weights/generator.bin",
        "samples/x.png",
        "evil.py",
    ]
    hub.files |= dict.fromkeys(odd, b"odd")
    pulled = pull_run(REPOSITORY, tmp_path / "deep" / "there", hub=hub)
    assert sorted(pulled.left) == sorted(odd)
    there = {
        path.relative_to(tmp_path).as_posix() for path in (tmp_path / "deep").rglob("*") if path.is_file()
    }
    assert there == {f"deep/there/{name}" for name in pulled.files}
    assert not list(tmp_path.glob("outside*"))


@pytest.mark.parametrize("last", ["config.toml", "weights/generator.safetensors", "run.json"])
def test_a_pull_that_was_cut_short_leaves_nothing_and_can_be_tried_again(
    run: Path, tmp_path: Path, last: str
) -> None:
    hub = InMemory()
    push_run(run, REPOSITORY, hub=hub)
    hub.fails_at = last
    there = tmp_path / "shelf" / "there"
    with pytest.raises(HubFailed, match="the line is dead"):
        pull_run(REPOSITORY, there, hub=hub)
    assert not list((tmp_path / "shelf").glob("*"))
    hub.fails_at = ""
    pull_run(REPOSITORY, there, hub=hub)
    assert [path.name for path in (tmp_path / "shelf").iterdir()] == ["there"]
    RunGenerator(there)


@pytest.mark.parametrize("name", ["generator", "critic"])
def test_weights_that_are_not_those_of_the_record_are_refused_by_name(
    run: Path, tmp_path: Path, name: str
) -> None:
    hub = InMemory()
    push_run(run, REPOSITORY, hub=hub)
    file = f"weights/{name}.safetensors"
    hub.files[file] = hub.files[file][:-1] + bytes([hub.files[file][-1] ^ 1])
    with pytest.raises(WeightsChanged, match=file):
        pull_run(REPOSITORY, tmp_path / "there", hub=hub)
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("record", [None, b"", b"[]", b'{"weights": null}', b'{"weights": {}}'])
def test_weights_that_no_record_states_are_refused(run: Path, tmp_path: Path, record: bytes | None) -> None:
    hub = InMemory()
    push_run(run, REPOSITORY, hub=hub)
    hub.files.pop("run.json")
    hub.files |= {} if record is None else {"run.json": record}
    with pytest.raises(WeightsChanged, match=r"weights/critic\.safetensors"):
        pull_run(REPOSITORY, tmp_path / "there", hub=hub)


def test_nothing_is_overwritten_and_no_run_is_no_run(run: Path, tmp_path: Path) -> None:
    hub = InMemory()
    push_run(run, REPOSITORY, hub=hub)
    before = (run / "config.toml").read_bytes()
    with pytest.raises(RunExists):
        pull_run(REPOSITORY, run, hub=hub)
    assert (run / "config.toml").read_bytes() == before
    del hub.files["config.toml"]
    with pytest.raises(RunNotFound):
        pull_run(REPOSITORY, tmp_path / "there", hub=hub)
    assert not (tmp_path / "there").exists()
    with pytest.raises(RunNotFound):
        push_run(tmp_path, REPOSITORY, hub=hub)


def test_without_fingerprints_pictures_of_a_pulled_run_are_held(
    run: Path, home: Path, tmp_path: Path
) -> None:
    hub = InMemory()
    push_run(run, REPOSITORY, hub=hub)
    pull_run(REPOSITORY, tmp_path / "there", hub=hub)
    batch = generate_images(tmp_path / "there", tmp_path / "out", home, count=2)
    assert len(batch.held) == 2
    assert not list((tmp_path / "out").glob("*.png"))


def test_the_hugging_face_client_is_asked_for_one_commit(tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub", reason="the extra hub is not installed")
    from rectoverso.workflow.hugging_face import HuggingFace

    @dataclass
    class Api:
        """Answers as the client does, without a network."""

        asked: list = field(default_factory=list)

        def create_repo(self, repo_id: str, **options: object) -> None:
            self.asked.append((repo_id, options))

        def create_commit(self, repo_id: str, operations: list, **_: object) -> object:
            self.asked.append(
                [(one.path_in_repo, Path(one.path_or_fileobj).read_bytes()) for one in operations]
            )
            return type("Done", (), {"commit_url": f"https://hub/{repo_id}"})()

        def model_info(self, repo_id: str, **options: object) -> object:  # noqa: ARG002
            file = type("File", (), {"rfilename": "config.toml", "size": 3})()
            return type("Info", (), {"sha": "abc", "siblings": [file]})()

        def hf_hub_download(self, repo_id: str, name: str, *, revision: str, local_dir: str) -> str:  # noqa: ARG002
            self.asked.append((name, revision))
            path = Path(local_dir) / name
            path.write_bytes(b"abc")
            return str(path)

    api = Api()
    hub = HuggingFace(api)
    file = tmp_path / "config.toml"
    file.write_bytes(b"abc")
    hub.create(REPOSITORY, private=True)
    assert hub.send(REPOSITORY, {"config.toml": file}, "words").endswith(REPOSITORY)
    assert hub.list(REPOSITORY, None) == ("abc", {"config.toml": 3})
    assert hub.fetch(REPOSITORY, "config.toml", "abc") == b"abc"
    assert api.asked == [
        (REPOSITORY, {"private": True, "exist_ok": True}),
        [("config.toml", b"abc")],
        ("config.toml", "abc"),
    ]
