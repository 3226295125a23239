"""schemathesis asks everything that the OpenAPI document describes, and much that it does not: no 5xx, and no status,
content type or shape that is not documented. What streams, and what waits for pictures, is tested elsewhere.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from rectoverso.store.home import Home
from rectoverso.store.people import Role
from rectoverso.workflow.people import add_person
from served import Served

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("schemathesis") is None, reason="pip install -c constraints.txt 'rectoverso[clients]'"
)
def test_nothing_is_answered_that_is_not_documented(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    key = add_person(Home.open(folder), "a tester", Role.ADMIN)[2]
    with Served(folder, workers=0) as served:
        served.until_it_answers(600)
        document = tmp_path / "openapi.json"
        document.write_text(json.dumps(served.ask("GET", "/openapi.json", key)))
        command = [Path(sys.executable).with_name("schemathesis"), "run", document]
        command += ["--url", f"http://127.0.0.1:{served.port}", "--checks", CHECKS]
        command += ["--header", f"Authorization: Bearer {key}", "--max-examples", "25", "--seed", "1"]
        command += ["--exclude-path-regex", "(/events|/v1/images/.*)$", "--request-timeout", "60"]
        asked = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stdout[-8000:] + asked.stderr[-2000:]
