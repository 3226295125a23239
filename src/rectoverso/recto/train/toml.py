"""Writing TOML, which Python only reads: tables of text, numbers, booleans and lists of these."""

from __future__ import annotations

import json
from collections.abc import Mapping


def dumps(table: Mapping[str, object], prefix: str = "") -> str:
    """The table as TOML; entries that are None are left out."""
    plain = {
        key: value for key, value in table.items() if value is not None and not isinstance(value, Mapping)
    }
    lines = [f"{key} = {_value(value)}\n" for key, value in plain.items()]
    head = [f"[{prefix}]\n"] if prefix and lines else []
    inner = [
        dumps(value, f"{prefix}.{key}" if prefix else key)
        for key, value in table.items()
        if isinstance(value, Mapping)
    ]
    return "\n".join(part for part in ("".join(head + lines), *inner) if part)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
