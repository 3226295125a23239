"""What a person gives a run is read, checked against what the run asks for, and part of the request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rectoverso.cli.main import main
from rectoverso.errors import BadSetting, FilesUnusable, NotComparable
from rectoverso.recto.data.shapes import scene
from rectoverso.verso.mark import label
from rectoverso.verso.picture import open_picture
from rectoverso.workflow.drawing import open_generator
from rectoverso.workflow.evaluate import EvaluateRequest, evaluate_run
from rectoverso.workflow.generate import generate_images
from rectoverso.workflow.materials import Given, read_materials
from rectoverso.workflow.train import TrainRequest, train_run

pytestmark = pytest.mark.usefixtures("quick_trainings", "short_lessons", "few_scenes")

TINY = ("batch=4", "nets.generator_width=8", "nets.critic_width=8", "nets.critic_downs=1", "threads=1")


def folder_of_scenes(folder: Path, first: int, count: int) -> Path:
    folder.mkdir(parents=True)
    for index in range(first, first + count):
        Image.fromarray(scene(index, 32).image).save(folder / f"{index}.png")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of each system that asks for something, after a few images."""
    place = tmp_path_factory.mktemp("given")
    a, b = folder_of_scenes(place / "a", 0, 70), folder_of_scenes(place / "b", 100, 70)
    for system, data, more in (
        ("cyclegan", a, {"data_b": str(b)}),
        ("spade", "shapes", {}),
        ("edgeconnect", a, {}),
    ):
        settings = (*TINY, *(("nets.edge_width=8", "nets.piece_px=16") if system == "edgeconnect" else ()))
        train_run(
            TrainRequest(system, str(data), place / system, size=32, images=8, settings=settings, **more),
            place / "home",
        )
    return place


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that draws from words, after a few images."""
    place = tmp_path_factory.mktemp("reader")
    settings = ("batch=8", "precision=float32", "threads=1", "milestones=2", "nets.latent=8", "nets.text=8")
    settings += ("nets.generator_width=4", "nets.critic_width=8", "nets.words=300", "nets.places=8")
    settings += ("nets.reader_width=16",)
    request = TrainRequest("textgan", "shapes", place / "run", size=32, images=8, settings=settings)
    train_run(request, place / "home")
    return place


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A picture larger than the runs', not square, with a corner cut out by its mask (``mask.png``)."""
    rng = np.random.default_rng(0)
    file = tmp_path / "photograph.png"
    Image.fromarray(rng.integers(0, 255, (50, 70, 3), dtype=np.uint8)).save(file)
    mask = np.zeros((50, 70), np.uint8)
    mask[30:44, 40:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return file


def test_every_picture_of_a_folder_is_made_into_pictures(trained: Path, tmp_path: Path) -> None:
    pictures = folder_of_scenes(tmp_path / "new", 300, 3)
    batch = generate_images(
        trained / "cyclegan", tmp_path / "out", trained / "home", count=2, given=Given((pictures,))
    )
    assert len(batch.passages) == 6
    names = [one.asset.file_name for one in batch.passages]
    assert [name.rsplit("-", 1)[0] for name in names] == [
        "300-0",
        "300-1",
        "301-0",
        "301-1",
        "302-0",
        "302-1",
    ]
    again = generate_images(
        trained / "cyclegan", tmp_path / "out", trained / "home", count=2, given=Given((pictures,))
    )
    assert [one.asset.id for one in again.passages] == [one.asset.id for one in batch.passages]
    back = generate_images(
        trained / "cyclegan", tmp_path / "out", trained / "home", count=1, given=Given((pictures,), back=True)
    )
    assert not {one.asset.id for one in back.passages} & {one.asset.id for one in batch.passages}


def test_what_is_filled_is_an_edited_picture_and_the_rest_of_it_is_untouched(
    trained: Path, tmp_path: Path, photograph: Path
) -> None:
    making = open_generator(trained / "edgeconnect").making
    given = Given((photograph,), (tmp_path / "mask.png",))
    (material,) = read_materials(open_generator(trained / "edgeconnect"), given)
    filled, before = making.picture(0, material), open_picture(photograph.read_bytes(), "photograph")
    outside = np.asarray(Image.open(tmp_path / "mask.png")) == 0
    assert (filled[outside] == before[outside]).all()
    batch = generate_images(trained / "edgeconnect", tmp_path / "out", trained / "home", count=1, given=given)
    assert batch.passages[0].asset.origin == "edited"


def test_maps_are_read_by_their_levels_and_an_unknown_class_is_named(trained: Path, tmp_path: Path) -> None:
    levels = scene(5, 32).mask
    Image.fromarray(levels).save(tmp_path / "map.png")
    (one,) = read_materials(open_generator(trained / "spade"), Given((tmp_path / "map.png",)))
    assert one.image is not None
    assert (one.image[..., 0] == levels).all()
    Image.fromarray(levels + 5).save(tmp_path / "odd.png")
    with pytest.raises(FilesUnusable, match="unknown class"):
        generate_images(
            trained / "spade",
            tmp_path / "out",
            trained / "home",
            count=1,
            given=Given((tmp_path / "odd.png",)),
        )


@pytest.mark.parametrize(
    ("system", "options", "says"),
    [
        ("cyclegan", [], "--image"),
        ("cyclegan", ["--prompt", "a cat"], "--image"),
        ("cyclegan", ["--image", "P", "--truncation", "0.5"], "truncation"),
        ("cyclegan", ["--image", "P", "--style", "P"], "style"),
        ("edgeconnect", ["--image", "P"], "--mask"),
        ("cyclegan", ["--image", "P", "--tell-prompt"], "--tell-prompt"),
        (
            "edgeconnect",
            ["--image", "P", "--mask", "M", "--mask", "P"],
            "2 masks",
        ),
        ("edgeconnect", ["--image", "P", "--mask", "N"], "nothing to fill"),
        ("edgeconnect", ["--image", "P", "--mask", "M", "--back"], "one direction"),
        ("spade", ["--image", "P"], "picture in RGB"),
    ],
)
def test_what_does_not_fit_is_told_with_what_to_type(
    system: str,
    options: list[str],
    says: str,
    trained: Path,
    photograph: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Image.new("L", (70, 50)).save(tmp_path / "nothing.png")
    files = {"P": photograph, "M": tmp_path / "mask.png", "N": tmp_path / "nothing.png"}
    typed = [str(files.get(word, word)) for word in options]
    command = ["generate", str(trained / system), *typed, "--out", str(tmp_path / "out"), "--json"]
    with pytest.raises(SystemExit) as left:
        main([*command, "--home", str(trained / "home")])
    assert left.value.code == 2
    assert says in json.loads(capsys.readouterr().out)["error"]["message"]
    assert not (tmp_path / "out").exists()


def test_a_prompt_is_private_unless_whoever_typed_it_wants_it_told(reader: Path, tmp_path: Path) -> None:
    def made(*, tell_prompt: bool) -> tuple[str, bytes]:
        given = Given(prompts=("a red circle for Anna",))
        batch = generate_images(
            reader / "run", tmp_path / "out", reader / "home", count=1, given=given, tell_prompt=tell_prompt
        )
        (passage,) = batch.passages
        assert passage.path is not None, passage.asset.reasons
        return passage.asset.id, passage.path.read_bytes()

    (private, silent), (public, told) = made(tell_prompt=False), made(tell_prompt=True)
    assert private != public  # another file, so another request
    assert made(tell_prompt=True)[0] == public
    assert b"Anna" not in silent
    found = label.read(told)
    assert found is not None
    assert found.prompt == "a red circle for Anna"
    quiet = label.read(silent)
    assert quiet is not None
    assert quiet == replace(found, prompt=None, asset=private, created=quiet.created)


def test_other_commands_say_that_such_a_run_draws_from_no_seed(trained: Path) -> None:
    with pytest.raises(BadSetting, match="--image"):
        _ = open_generator(trained / "cyclegan").painter


def test_a_run_that_paints_maps_is_measured_on_the_maps_of_data(trained: Path) -> None:
    scores = evaluate_run(EvaluateRequest(trained / "spade", "shapes", samples=32, take=64), trained / "home")
    assert scores.scores.value("proxy-FID") > 0
    assert not any("PPL" in name for name in scores.scores.scores)
    with pytest.raises(NotComparable, match="with masks"):
        evaluate_run(EvaluateRequest(trained / "cyclegan", "shapes", samples=32, take=64), trained / "home")
    with pytest.raises(NotComparable, match="with masks"):
        evaluate_run(EvaluateRequest(trained / "spade", "digits", samples=32, take=64), trained / "home")


def test_features_in_the_home_do_not_stop_such_a_training(trained: Path, tmp_path: Path) -> None:
    """A milestone's score draws from seeds, which these runs do not."""
    evaluate_run(EvaluateRequest(trained / "spade", "shapes", samples=32, take=64), trained / "home")
    request = TrainRequest("spade", "shapes", tmp_path / "again", size=32, take=64, images=8, settings=TINY)
    assert train_run(request, trained / "home").images == 8
