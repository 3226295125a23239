"""One module a page: `router`, what it answers; `PLACE`, if the navigation leads there; in the navigation's order.

`MOST_BYTES`: bodies of forms that may be larger than text, by their path.
"""

from __future__ import annotations

from types import ModuleType

from rectoverso.studio.pages import sign_in, start

PAGES: tuple[ModuleType, ...] = (start, sign_in)
MOST_BYTES: dict[str, int] = {}
