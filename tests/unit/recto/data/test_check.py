"""Every kind of bad picture is named with its fix, cheaply, and nothing else ever escapes."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.pictures import BAD, encoded, picture, png_bomb
from rectoverso.i18n import catalogue, say
from rectoverso.recto.data.check import LISTED, BadImage, bad, listing, open_checked, readable
from rectoverso.recto.data.entry import Entry
from rectoverso.recto.data.picture import decode


def looked_at(data: bytes, name: str = "x.png") -> BadImage | None:
    return decode(Entry(name, lambda: data), np.zeros((16, 16, 3), np.uint8))


def refused(error: OSError) -> BadImage | None:
    def read() -> bytes:
        raise error

    return decode(Entry("x.png", read), np.zeros((16, 16, 3), np.uint8))


def kind(found: BadImage | None) -> str:
    assert found is not None, "the picture was taken for a good one"
    assert found.fix.key == found.reason.key.removesuffix("reason") + "fix"
    return found.reason.key.split(".")[2]


@pytest.mark.parametrize("name", BAD)
def test_each_bad_picture_is_named_with_its_kind_and_fix(name):
    expected, make = BAD[name]
    found = looked_at(make(), name)
    assert kind(found) == expected
    assert found.path == name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_and_fix_can_be_said(language):
    for name, (_, make) in BAD.items():
        found = looked_at(make(), name)
        assert "{" not in say(found.reason, language) + say(found.fix, language)


def test_both_languages_say_the_same_things_with_the_same_blanks():
    def blanks(language: str) -> dict[str, list[str]]:
        texts = {key: text for key, text in catalogue(language).items() if key.startswith("data.")}
        return {
            key: sorted(part.split("}")[0] for part in text.split("{")[1:]) for key, text in texts.items()
        }

    english, chinese = blanks("en"), blanks("zh")
    assert english.keys() == chinese.keys()
    for key, names in chinese.items():
        assert set(names) == set(english[key]), key


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "permission"),
        (OSError(errno.EFBIG, "too large"), "file_too_large"),
        (OSError(errno.EIO, "Input/output error"), "unreadable"),
        (FileNotFoundError(errno.ENOENT, "gone"), "unreadable"),
    ],
)
def test_a_file_that_the_system_does_not_give_out_is_named(error, expected):
    assert kind(refused(error)) == expected


@pytest.mark.parametrize("side", [8, 9])
def test_eight_pixels_are_enough(side):
    assert looked_at(encoded(picture(1, side=side))) is None


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_colours_that_convert_without_a_choice_are_good(mode):
    assert looked_at(encoded(picture(1, mode=mode))) is None


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "PPM", "WEBP", "AVIF"])
def test_content_counts_and_not_the_name(name):
    assert looked_at(encoded(picture(1), name), "whatever.txt") is None


def test_a_still_with_a_second_view_inside_is_not_an_animation():
    phone = encoded(picture(1), "MPO", save_all=True, append_images=[picture(2)])
    assert looked_at(phone) is None


def test_a_bomb_costs_neither_memory_nor_time(tmp_path):
    """A valid PNG of 40,000 x 40,000: under 50 MB and 0.2 s, in a process of its own."""
    (tmp_path / "bomb.png").write_bytes(png_bomb())
    program = """
        import json, resource, sys, time
        import numpy as np
        from rectoverso.recto.data.entry import Entry
        from rectoverso.recto.data.picture import decode
        from pathlib import Path
        used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        before, start = used(), time.process_time()
        found = decode(Entry("bomb.png", Path(sys.argv[1]).read_bytes), np.zeros((32, 32, 3), np.uint8))
        print(json.dumps([found.reason.key, time.process_time() - start, used() - before]))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "bomb.png")]
    key, seconds, megabytes = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert key == "data.bad.bomb.reason"
    assert seconds < 0.2
    assert megabytes < 50


def test_a_header_is_judged_before_anything_is_decoded():
    opened = open_checked("x.png", encoded(picture(1, side=300)))
    assert opened.size == (300, 300)
    assert opened.tile, "tiles are what is left to decode"


def test_an_error_spells_out_some_and_counts_the_rest():
    lines = listing([bad(f"{number}.png", "empty") for number in range(LISTED + 3)])
    assert len(lines) == LISTED + 1
    assert say(lines[0]).strip().startswith("0.png: The file is empty")
    assert "3" in say(lines[-1])
    assert len(listing([bad("x.png", "empty")] * (LISTED + 1))) == LISTED + 1


def test_a_rare_fault_is_not_hidden_by_a_common_one():
    lines = listing(
        [
            *(bad(f"{number}.png", "empty") for number in range(300)),
            bad("rare.png", "too_small", width=3, height=3, least=8),
        ]
    )
    assert len(lines) == LISTED + 2
    assert "rare.png" in say(lines[-1])


def test_a_file_name_cannot_write_on_the_terminal():
    shown = readable("a\x1b[31m\n\udce9é图.png")
    assert shown.encode()
    assert "\x1b" not in shown
    assert "\n" not in shown
    assert "é图.png" in shown


FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF")
SEEDS = [encoded(picture(number, side=24), name) for number, name in enumerate(FORMATS)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_raise(data):
    assert isinstance(looked_at(data), BadImage)


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    st.integers(0, 10_000),
)
def test_a_mutated_picture_is_good_or_named_and_never_raises(data, changes, length):
    mutated = bytearray(data)
    for place, value in changes:
        mutated[place % len(mutated)] = value
    found = looked_at(bytes(mutated[: length or None]))
    assert found is None or say(found.reason)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(tmp_path):
    file = tmp_path / "x.png"
    file.write_bytes(encoded(picture(1)))
    file.chmod(0)
    assert kind(decode(Entry("x.png", file.read_bytes), np.zeros((16, 16, 3), np.uint8))) == "permission"


def test_postscript_is_refused_unread():
    """Decoding it would start another program."""
    assert kind(looked_at(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n" + bytes(99))) == "wrong_type"
