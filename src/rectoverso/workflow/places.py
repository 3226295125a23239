"""Sentences for people elsewhere: without where on this machine the home and what is worked on lie."""

from __future__ import annotations

import re
import tempfile

from rectoverso.store.home import Home

WORKING = "verso-"
"""How the folders begin in which pictures lie while something is made of them."""


def without_places(text: str, home: Home) -> str:
    """The text, with what is left of its paths when this machine's folders are taken away."""
    temporary = re.escape(tempfile.gettempdir())
    text = re.sub(rf"{temporary}/{WORKING}[a-zA-Z0-9_]+/", "", text)
    for place in (home.path.resolve(), home.path.absolute(), home.path):
        if place.name:
            text = text.replace(f"{place}/", "")
    return text.replace(str(home.path.resolve()), "-") if home.path.resolve().name else text
