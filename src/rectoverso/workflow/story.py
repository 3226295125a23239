"""The demo as one page: self-contained, in two languages, readable without a network or an account."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from rectoverso.i18n import LANGUAGES, say
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.version import __version__

if TYPE_CHECKING:
    from rectoverso.store.assets import Asset
    from rectoverso.workflow.demo import Told

SHOWN = 48


def write_story(told: Told, home: Home) -> None:
    """Write ``told.page``: every picture inside it, every sentence in both languages."""
    environment = Environment(
        loader=PackageLoader("rectoverso.workflow"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    page = environment.get_template("story.html").render(
        told=told,
        version=__version__,
        t=both,
        reasons=reasons,
        picture=data_uri,
        draft=lambda asset: data_uri_of(home.blobs.get(asset.id)),
        shown=told.batch.released[:SHOWN],
    )
    told.page.write_text(page, encoding="utf-8")


def both(key: str, **facts: Any) -> Markup:
    """One sentence in both languages; the page shows the reader's."""
    spans = (
        Markup('<span lang="{}">{}</span>').format("zh-Hans" if language == "zh" else language, text)
        for language in LANGUAGES
        for text in (say(Message(key, facts), language),)
    )
    return Markup("").join(spans)


def reasons(asset: Asset) -> Markup:
    """Why an image did not leave."""
    return Markup(" ").join(both(reason["key"], **reason["facts"]) for reason in asset.reasons)


def data_uri(path: Path) -> str:
    return data_uri_of(path.read_bytes(), "image/jpeg" if path.suffix == ".jpg" else "image/png")


def data_uri_of(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{escape(media_type)};base64,{base64.b64encode(data).decode()}"
