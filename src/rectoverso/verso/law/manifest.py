"""What a C2PA manifest states that a law asks about, whoever signed it; nothing of one that does not hold."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rectoverso.verso.mark import credential
from rectoverso.verso.mark.credential import CredentialState

_WATERMARKED = "c2pa.watermarked"


@dataclass(frozen=True, slots=True)
class Stated:
    """``held``: the file is as somebody signed it. ``fields`` are those of a label that the manifest states too.

    ``stamped``: the time of a time-stamp that holds, by whichever authority (ISO 8601). ``watermarks``: schemes that
    it says the picture carries.
    """

    state: CredentialState = CredentialState.NONE
    signer: str | None = None
    ai_generated: bool | None = None
    ours: bool = False
    stamped: str | None = None
    fields: Mapping[str, str] | None = None
    watermarks: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        return self.state in (CredentialState.TRUSTED, CredentialState.VALID)


def read(data: bytes, media_type: str) -> Stated:
    """What the file's own manifest states; never raises, never asks a network."""
    reading = credential.read(data, media_type)
    if reading.state not in (CredentialState.TRUSTED, CredentialState.VALID):
        return Stated(reading.state, signer=reading.signer)
    name, active = _active(data, media_type)
    actions = list(_actions(active))
    made = next((action for action in actions if action.get("action") in ("c2pa.created", "c2pa.opened")), {})
    agent = made.get("softwareAgent") or {}
    agent = agent if isinstance(agent, Mapping) else {"name": agent}
    fields = {
        "provider": reading.signer,
        "system": agent.get("name"),
        "version": agent.get("version"),
        "created": made.get("when"),
        "unique_id": name,
    }
    return Stated(
        state=reading.state,
        signer=reading.signer,
        ai_generated=reading.ai_generated,
        ours=reading.asset is not None,
        stamped=reading.stamp.time if reading.stamp else None,
        fields={field: str(value) for field, value in fields.items() if value},
        watermarks=tuple(_watermarks(active, actions)),
    )


def _active(data: bytes, media_type: str) -> tuple[str, Mapping[str, Any]]:
    from c2pa import C2paError, Context, Reader

    try:
        with (
            Context.from_dict(credential.offline()) as context,
            Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            store = json.loads(reader.json())
            return str(store["active_manifest"]), store["manifests"][store["active_manifest"]]
    except (C2paError, ValueError, KeyError, TypeError):
        return "", {}


def _assertions(active: Mapping[str, Any], label: str) -> Iterator[Mapping[str, Any]]:
    for assertion in active.get("assertions") or ():
        data = assertion.get("data")
        if str(assertion.get("label", "")).startswith(label) and isinstance(data, Mapping):
            yield data


def _actions(active: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for assertion in _assertions(active, "c2pa.actions"):
        yield from (action for action in assertion.get("actions") or () if isinstance(action, Mapping))


def _watermarks(active: Mapping[str, Any], actions: list[Mapping[str, Any]]) -> Iterator[str]:
    if any(str(action.get("action", "")).startswith(_WATERMARKED) for action in actions):
        schemes = [str(data["alg"]) for data in _assertions(active, "c2pa.soft-binding") if data.get("alg")]
        yield from schemes or ("?",)
