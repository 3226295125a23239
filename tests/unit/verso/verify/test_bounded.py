"""The bounded process: what it cannot do, and what becomes of a file that crashes it, hangs it or eats its memory.

A job reaches that process by pickle, so a test can have any code run in there, as a crafted file might.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from assets.pictures import png_bomb
from hostile import Runs, good_proof, released, studio
from ledgers import RING
from rectoverso.errors import ImageStopped, ImageUnreadable
from rectoverso.i18n import explain, say
from rectoverso.types import AssetId, Digest, Message, Pixels, Report, ReportOutcome
from rectoverso.verso.law import law, laws
from rectoverso.verso.law.lint import lint, look
from rectoverso.verso.mark import binding, credential, label, signature
from rectoverso.verso.mark.watermark import Match
from rectoverso.verso.picture import open_picture
from rectoverso.verso.verify.bounded import BoundedVerifier, verify_file
from rectoverso.verso.verify.bounds import Bounds, Job
from rectoverso.verso.verify.ledgers import proof_beside
from rectoverso.verso.verify.records import NoRecords
from rectoverso.verso.verify.verifier import verify_bytes
from unit.verso.conftest import ASSET, encoded, photo

PLAIN = encoded(photo(2, 32))
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of them")


@pytest.fixture(scope="module")
def verifier() -> Iterator[BoundedVerifier]:
    """The environment in which it is started has a secret."""
    verifier = BoundedVerifier()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SECRET", "word")
        yield verifier
    verifier.close()


def taken_over(verifier: BoundedVerifier, code: str) -> Report:
    return verifier.verify(PLAIN, Job(proof=Runs(code)))  # type: ignore[arg-type]


def reason(report: Report) -> str:
    assert report.outcome is ReportOutcome.COULD_NOT_CHECK
    assert not report.watermark.found
    (row,) = report.evidence
    assert say(row)
    assert say(row, "zh")
    return row.key.removeprefix("verify.reason.bounded_")


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_it_says_what_the_steps_say_in_this_process(media_type: str, verifier: BoundedVerifier) -> None:
    anchors = studio().anchors
    for data in (released(media_type), encoded(photo(3, 64), label.MEDIA_TYPES[media_type])):
        bounded = verifier.verify(data, Job(anchors, [RING], good_proof()), name="a file")
        assert bounded == verify_bytes(
            data, name="a file", anchors_pem=anchors, ledgers=[RING], proof=good_proof()
        )


# What it cannot do


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param("open('/etc/passwd')", id="read a file"),
        pytest.param("open({file!r}, 'a')", id="write a file"),
        pytest.param("os.open({file!r}, os.O_RDONLY)", id="open by the system call"),
        pytest.param("import socket; socket.socket()", id="open a socket"),
        pytest.param("import socket; socket.create_connection(('127.0.0.1', 9))", id="connect"),
        pytest.param("os.pipe()", id="make a pipe"),
        pytest.param("os.listdir('/')", id="list a folder"),
    ],
)
@posix
def test_it_can_open_nothing(attempt: str, verifier: BoundedVerifier, tmp_path: Path) -> None:
    _fails(attempt, verifier, tmp_path)


@pytest.mark.parametrize(
    "attempt",
    [
        pytest.param("os.unlink({file!r})", id="remove a file"),
        pytest.param("os.rename({file!r}, {file!r} + 'x')", id="rename a file"),
        pytest.param("os.truncate({file!r}, 0)", id="empty a file"),
        pytest.param("os.mkdir({file!r} + 'x')", id="make a folder"),
        pytest.param("os.execv('/bin/true', ['true'])", id="run a program"),
        pytest.param("os.kill(os.getppid(), 0)", id="signal its starter"),
        pytest.param("r.setrlimit(r.RLIMIT_NOFILE, (64, 64))", id="lift the limit of files"),
        pytest.param("r.setrlimit(r.RLIMIT_AS, (-1, -1))", id="lift the limit of memory"),
        pytest.param("bytearray(2**33)", id="take 8 GB"),
    ],
)
@linux
def test_it_can_change_nothing(attempt: str, verifier: BoundedVerifier, tmp_path: Path) -> None:
    _needs_landlock(verifier)
    _fails(attempt, verifier, tmp_path)


def _fails(attempt: str, verifier: BoundedVerifier, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("here")
    attempt = attempt.format(file=str(file))
    failing = "except (OSError, ValueError, MemoryError): pass"
    code = f"import os, resource as r\ntry:\n {attempt}\n{failing}\nelse: os._exit(1)"
    assert taken_over(verifier, code).outcome is ReportOutcome.NOTHING_FOUND
    assert file.read_text() == "here"


def _needs_landlock(verifier: BoundedVerifier) -> None:
    verifier.verify(PLAIN)
    assert verifier._with is not None
    if "landlock" not in verifier._with.held:
        pytest.skip("this kernel has no Landlock")


def test_the_environment_and_the_starters_secrets_are_not_in_there(verifier: BoundedVerifier) -> None:
    report = taken_over(verifier, "import os\nif 'A_SECRET' in os.environ: os._exit(1)")
    assert report.outcome is ReportOutcome.NOTHING_FOUND


# What becomes of it


@pytest.mark.parametrize(
    "code",
    ["import os; os._exit(0)", "raise ValueError", "import ctypes; ctypes.string_at(0)"],
)
def test_a_crash_is_an_answer_and_the_next_file_is_verified(code: str, verifier: BoundedVerifier) -> None:
    assert reason(taken_over(verifier, code)) == "crashed"
    assert verifier.verify(PLAIN).outcome is ReportOutcome.NOTHING_FOUND


def test_a_hang_is_ended_in_its_time() -> None:
    verifier = BoundedVerifier(Bounds(seconds=0.5))
    verifier.verify(b"")
    began = time.monotonic()
    assert reason(taken_over(verifier, "while True: pass")) == "time"
    assert time.monotonic() - began < 3
    verifier.close()


def test_who_says_the_size_again_and_again_gets_no_more_time() -> None:
    verifier = BoundedVerifier(Bounds(seconds=0.5, seconds_a_megapixel=0))
    verifier.verify(b"")
    code = (
        "import gc, os, time\n"
        "from rectoverso.verso.verify import frames\n"
        "pipes = [one for one in gc.get_objects() if type(one).__name__ == 'BufferedWriter']\n"
        "pipe = next(one for one in pipes if isinstance(one.name, int))\n"
        "for _ in range(40): frames.tell(pipe, {'pixels': 1}); time.sleep(0.1)"
    )
    began = time.monotonic()
    assert reason(taken_over(verifier, code)) == "time"
    assert time.monotonic() - began < 3
    verifier.close()


@linux
def test_its_own_alarm_is_its_time_too(verifier: BoundedVerifier) -> None:
    """That ends it where the starter was too busy to."""
    ends = "import os, signal; os.kill(os.getpid(), signal.SIGALRM)"
    assert reason(taken_over(verifier, ends)) == "time"


def test_where_it_stopped_is_told() -> None:
    """Of such a picture the watermark takes a second and more, and reading it some hundredths, on a free machine."""
    verifier = BoundedVerifier(Bounds(seconds=0.6, seconds_a_megapixel=0))
    verifier.verify(b"")
    report = verifier.verify(encoded(photo(2, 1536)))
    verifier.close()
    assert reason(report) == "time"
    layers = [Message(f"verify.layer.{layer}") for layer in ("picture", "watermark")]
    assert report.evidence[0].facts["layer"] in layers


@linux
def test_too_much_memory_is_an_answer() -> None:
    """The bound is what it has when it starts, and a little."""
    verifier = BoundedVerifier(Bounds(memory_bytes=700_000_000, memory_bytes_a_pixel=0))
    assert verifier.verify(PLAIN).outcome is ReportOutcome.NOTHING_FOUND
    report = verifier.verify(encoded(photo(2, 32).repeat(192, 0).repeat(192, 1)))
    assert reason(report) == "memory"
    assert verifier.verify(PLAIN).outcome is ReportOutcome.NOTHING_FOUND
    verifier.close()


def test_one_that_cannot_be_started_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert reason(BoundedVerifier().verify(PLAIN)) == "not_started"


@linux
def test_it_works_for_a_caller_that_is_held_tighter_itself_and_ends_with_it() -> None:
    code = (
        "import os, resource, signal; resource.setrlimit(resource.RLIMIT_AS, (900_000_000,) * 2)\n"
        "from rectoverso.verso.verify.bounded import BoundedVerifier\n"
        "verifier = BoundedVerifier()\n"
        "print(verifier.verify(b'').evidence[0].key, verifier._with._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    said, pid = done.stdout.split()[0], int(done.stdout.split()[1])
    assert said == "verify.reason.empty"
    for _ in range(50):
        if not _lives(pid):
            return
        time.sleep(0.1)
    pytest.fail("it lives on")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_threads_take_turns(verifier: BoundedVerifier) -> None:
    found: list[Report] = []
    threads = [Thread(target=lambda: found.append(verifier.verify(PLAIN))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {report.outcome for report in found} == {ReportOutcome.NOTHING_FOUND}
    assert len(found) == 4


def test_what_is_no_file_needs_no_process(tmp_path: Path) -> None:
    report = verify_file(tmp_path)
    assert [row.key for row in report.evidence] == ["verify.reason.not_a_file"]


def test_a_pipe_in_the_place_of_a_proof_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "one.png.tlog-proof")
    assert proof_beside(tmp_path / "one.png") is None


# A picture, or clauses, and nothing else of the file


@pytest.mark.parametrize("media_type", label.MEDIA_TYPES)
def test_the_pixels_are_those_of_this_process(media_type: str, verifier: BoundedVerifier) -> None:
    for channels in (1, 3, 4) if media_type == "image/png" else (3,):
        data = encoded(photo(3, 64, channels=channels), label.MEDIA_TYPES[media_type])
        opened = verifier.open(data, name="a")
        assert np.array_equal(opened.pixels, open_picture(data, "a"))
        assert opened.pixels.flags.writeable
        assert opened.block is None


def test_the_clauses_are_those_of_this_process(verifier: BoundedVerifier) -> None:
    for data in (released("image/png"), encoded(photo(3, 64)), encoded(photo(3, 64), "GIF")):
        told = verifier.clauses(data, laws(), name="a")
        assert told == tuple(lint(look(data), law(name)) for name in laws())


def test_what_a_manifest_says_is_what_it_says_in_this_process(verifier: BoundedVerifier) -> None:
    store = signature.store_of(released("image/png"))
    assert store is not None
    anchors = studio().anchors
    told = verifier.manifest(store, anchors)
    assert told == credential.read_alone(store, anchors.encode())
    assert (told.state, told.asset) == ("trusted", ASSET)
    assert dict(told.bindings)[binding.WATERMARK]
    assert verifier.manifest(store).state == "valid"
    for bad in (store[:700], b"", b"hello", PLAIN):
        assert verifier.manifest(bad, anchors).state in ("unreadable", "none", "invalid")


UNOPENED = [
    pytest.param(b"", "image_empty", id="empty"),
    pytest.param(b"hello", "image_unsupported", id="text"),
    pytest.param(encoded(photo(1))[:500], "image_damaged", id="cut short"),
    pytest.param(png_bomb(), "image_too_large", id="more pixels than are opened"),
]


@pytest.mark.parametrize(("data", "code"), UNOPENED)
def test_what_cannot_be_opened_is_an_error_of_its_own_kind(
    data: bytes, code: str, verifier: BoundedVerifier
) -> None:
    for ask in (
        lambda: verifier.open(data, name="a.png"),
        lambda: verifier.clauses(data, ["cn"], name="a.png"),
    ):
        with pytest.raises(ImageUnreadable) as caught:
            ask()
        assert (caught.value.code, caught.value.facts["path"]) == (code, "a.png")
        assert explain(caught.value, "zh")


def test_a_picture_that_crashes_or_hangs_what_reads_it_is_an_error_with_its_reason() -> None:
    verifier = BoundedVerifier(Bounds(seconds=0.5))
    for code, why in (("import os; os.abort()", "crashed"), ("while True: pass", "time")):
        with pytest.raises(ImageStopped) as caught:
            verifier._read(PLAIN, Job(asks="picture", proof=Runs(code)), "a.png")  # type: ignore[arg-type]
        assert caught.value.facts["reason"].messages[0].key == f"verify.reason.bounded_{why}"
        assert "a.png" in explain(caught.value, "zh")
    assert verifier.open(PLAIN, name="b.png").pixels.shape == (32, 32, 3)
    verifier.close()


@linux
def test_a_small_file_of_endless_pixels_is_an_error_with_its_reason() -> None:
    verifier = BoundedVerifier(Bounds(memory_bytes=600_000_000, memory_bytes_a_pixel=0))
    with pytest.raises(ImageStopped) as caught:
        verifier.open(encoded(np.zeros((6144, 6144, 3), np.uint8)), name="a.png")
    assert caught.value.facts["reason"].messages[0].key == "verify.reason.bounded_memory"
    assert verifier.open(PLAIN, name="b.png").pixels.shape == (32, 32, 3)
    verifier.close()


# What the home knows


class Knowing(NoRecords):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def watermark_ids(self) -> list[AssetId]:
        return [ASSET]

    def recognised(self, picture: Pixels) -> Match | None:
        self.seen.append(picture.copy())
        return Match(ASSET, 1e-30)

    def nearest(self, print_: bytes) -> None:
        self.seen.append(print_)

    def by_digest(self, file_digest: Digest) -> None:
        self.seen.append(file_digest)


def test_the_records_are_asked_as_in_this_process(verifier: BoundedVerifier) -> None:
    data = encoded(photo(2, 96))
    inside, outside = Knowing(), Knowing()
    report = verifier.verify(data, records=inside)
    assert report == verify_bytes(data, records=outside)
    assert (report.watermark.found, report.watermark.asset) == (True, ASSET)
    assert [str(one) for one in inside.seen] == [str(one) for one in outside.seen]


def test_what_the_records_raise_goes_through(verifier: BoundedVerifier) -> None:
    class Broken(NoRecords):
        def by_digest(self, file_digest: Digest) -> None:
            raise ConnectionError(file_digest)

    with pytest.raises(ConnectionError):
        verifier.verify(PLAIN, records=Broken())
    assert verifier.verify(PLAIN).outcome is ReportOutcome.NOTHING_FOUND
