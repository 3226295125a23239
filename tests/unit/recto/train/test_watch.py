"""The watch sees a process that falls silent, and a noticeboard that is gone."""

import threading

from torch.distributed import HashStore

from rectoverso.errors import ProcessLost
from rectoverso.recto.train import watch
from rectoverso.recto.train.watch import Watch


def test_a_process_whose_number_stands_still_is_named(monkeypatch) -> None:
    monkeypatch.setattr(watch, "GRACE_S", 0.0)
    told: list[ProcessLost] = []
    heard = threading.Event()

    def end(error: ProcessLost) -> None:
        told.append(error)
        heard.set()

    with Watch(HashStore(), 0, 2, every_s=0.01, silence_s=0.1, end=end):
        assert heard.wait(5)
    assert "process 1" in str(told[0])


def test_processes_whose_numbers_grow_are_left_in_peace() -> None:
    store = HashStore()
    mine, other = (Watch(store, rank, 2, silence_s=0.0) for rank in (0, 1))
    for beat in range(3):
        assert other.look(beat) is None
        assert mine.look(beat) is None


def test_one_that_stops_is_noticed_after_it_was_seen() -> None:
    store = HashStore()
    mine, other = (Watch(store, rank, 2, silence_s=-1.0) for rank in (0, 1))
    other.look(1)
    assert mine.look(1) is None
    assert "process 1" in (mine.look(2) or "")
