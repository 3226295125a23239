"""The unmodified `openai` client draws and edits, and is told what became of what was not released."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.verso.picture import open_picture, to_png
from rectoverso.workflow.people import add_person
from rectoverso.workflow.verify import HomeVerifier
from served import Served
from unit.verso.conftest import photo

openai = pytest.importorskip("openai", reason="pip install -c constraints.txt 'rectoverso[clients]'")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    folder = tmp_path_factory.mktemp("openai") / "home"
    key = add_person(Home.open(folder), "a program", Role.MAKER)[2]
    with Served(folder) as server:
        server.until_it_answers(600)
        yield server, key


@pytest.fixture
def client(served: tuple[Served, str]) -> Any:
    server, key = served
    return openai.OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key=key, timeout=600)


def _outcome(home: Path, data: bytes) -> str:
    from rectoverso.workflow.resolve import PICTURE_LIMITS

    return HomeVerifier(Home.open(home)).report(data, "file", PICTURE_LIMITS).outcome.value


def test_it_draws_pictures_that_are_released(served: tuple[Served, str], client: Any) -> None:
    answer = client.images.generate(model="demo", prompt="7", n=2, output_format="webp")
    assert len(answer.data) == 2
    for one in answer.data:
        data = base64.b64decode(one.b64_json)
        assert data[8:12] == b"WEBP"
        assert _outcome(served[0].home, data) == "trusted"
    told = answer.model_extra["rectoverso"]
    assert len({row["asset"] for row in told["assets"]}) == 2
    again = client.images.generate(
        model="demo", prompt="7", response_format="url", extra_body={"rectoverso": {"seed": 1}}
    )
    assert again.data[0].url.endswith("/file")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"prompt": "a cat"}, "prompt_unknown"),
        ({"prompt": "7", "size": "1024x1024"}, "size_fixed"),
        ({"prompt": "7", "model": "dall-e-3"}, "run_not_found"),
        ({"prompt": "7", "extra_body": {"rectoverso": {"use": "medical"}}}, "held_for_review"),
    ],
)
def test_it_is_told_why_there_is_none(client: Any, asked: dict[str, Any], code: str) -> None:
    with pytest.raises(openai.APIStatusError) as error:
        client.images.generate(**({"model": "demo"} | asked))
    assert error.value.code == code
    if code == "held_for_review":
        assert "/api/v1/jobs/" in error.value.body["job"]


def test_it_is_not_let_in_without_a_key(served: tuple[Served, str]) -> None:
    stranger = openai.OpenAI(base_url=f"http://127.0.0.1:{served[0].port}/v1", api_key="sk-none")
    with pytest.raises(openai.AuthenticationError):
        stranger.images.generate(model="demo", prompt="7")


def test_it_fills_a_hole_in_a_picture(served: tuple[Served, str], client: Any) -> None:
    server, key = served
    run = server.ask(
        "POST", "/runs", key, {"system": "edgeconnect", "data": "shapes", "size": 32, "images": 256}
    )
    while server.ask("GET", f"/jobs/{run['id']}", key)["state"] in ("waiting", "running"):
        time.sleep(1)
    assert server.ask("GET", f"/runs/{run['id']}", key)["is_ready"]
    picture = photo(3, 32)
    hole = np.full((32, 32, 4), 255, np.uint8)
    hole[8:24, 8:24] = 0
    answer = client.images.edit(
        model=run["id"],
        image=("p.png", BytesIO(to_png(picture)), "image/png"),
        mask=("m.png", BytesIO(to_png(hole)), "image/png"),
        prompt="",
    )
    made = open_picture(base64.b64decode(answer.data[0].b64_json), "answer")
    assert made.shape[:2] == (32, 32)
    difference = np.abs(made[..., :3].astype(int) - picture)
    assert difference[8:24, 8:24].mean() > 3 * difference[:6].mean()
