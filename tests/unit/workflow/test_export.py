"""The command that exports says what an exported file is not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from rectoverso.errors import MissingExtra
from rectoverso.workflow.export import NOTICE, export_run

HAS_ONNX = (
    importlib.util.find_spec("onnx") is not None and importlib.util.find_spec("onnxruntime") is not None
)


@pytest.mark.skipif(HAS_ONNX, reason="the extra onnx is installed")
def test_without_the_packages_one_is_told_what_to_install(small_run: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match=r"rectoverso\[onnx\]"):
        export_run(small_run, tmp_path / "generator.onnx")


@pytest.mark.skipif(not HAS_ONNX, reason="the extra onnx is not installed")
def test_the_file_says_that_its_pictures_carry_no_proof(
    small_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import onnx

    from rectoverso.cli.main import main

    file = tmp_path / "deep" / "generator.onnx"
    with pytest.raises(SystemExit) as left:
        main(["export", str(small_run), "--onnx", str(file), "--json"])
    assert not left.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["difference"] < 1e-4
    assert told["notice"] == NOTICE
    notes = {note.key: note.value for note in onnx.load(file).metadata_props}
    assert notes["notice"] == NOTICE
    assert notes["classes"] == "a, b"
