"""What a run says of itself."""

import json
from pathlib import Path

from rectoverso.recto.train.status import Readings, Status, StatusLog


def test_each_status_reaches_the_file_and_the_listener(tmp_path: Path) -> None:
    heard: list[Status] = []
    log = StatusLog(tmp_path / "status.jsonl", heard.append)
    log.tell(Status("training", 64, losses={"critic": 0.5}))
    log.tell(Status("done", 128))
    lines = [json.loads(line) for line in (tmp_path / "status.jsonl").read_text().splitlines()]
    assert [(line["stage"], line["images"]) for line in lines] == [("training", 64), ("done", 128)]
    assert [status.images for status in heard] == [64, 128]


def test_a_resumed_run_forgets_what_it_said_beyond_its_checkpoint_and_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "status.jsonl"
    log = StatusLog(path, None)
    for images in (0, 64, 128):
        log.tell(Status("training", images))
    path.write_text(path.read_text() + '{"stage": "trai')
    log.forget_after(64)
    log.tell(Status("training", 128))
    assert [json.loads(line)["images"] for line in path.read_text().splitlines()] == [0, 64, 128]


def test_readings_are_means_since_they_were_last_taken() -> None:
    readings = Readings()
    readings.add({"critic": 1.0})
    readings.add({"critic": 3.0, "penalty": 5.0})
    assert readings.take() == {"critic": 2.0, "penalty": 5.0}
    assert readings.take() == {}
