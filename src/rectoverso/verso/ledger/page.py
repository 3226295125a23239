"""A page, one file, that verifies released files in a browser: offline, with nothing installed.

It checks what a stranger holds: the file, the proof beside it (`.tlog-proof`), the ledger's Ed25519 key; and looks for
the watermark of small pictures. Its code, style and sentences are all in it, and its policy allows no other: not one
address can be asked, and no script runs but the one whose hash stands in it.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from importlib import resources

from rectoverso.i18n import LANGUAGES, catalogue

_SAID = ("page.", "layers.", "verify.evidence.proof_", "verify.evidence.watermark_")


def page(keys: str = "") -> str:
    """The page, in every language; ``keys``: public keys of ledgers, a line each, that it begins with."""
    template = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    texts = {
        language: {key: text for key, text in catalogue(language).items() if key.startswith(_SAID)}
        for language in LANGUAGES
    }
    given = json.dumps({"keys": keys, "texts": texts}, ensure_ascii=False).replace("<", "\\u003c")
    for part in ("script", "style"):
        content = re.search(rf"<{part}>(.*?)</{part}>", template, re.DOTALL)
        assert content is not None  # noqa: S101 - it is in the package
        digest = b64encode(sha256(content[1].encode()).digest()).decode()
        template = template.replace(f"@{part.upper()}_HASH@", f"sha256-{digest}")
    return template.replace("@GIVEN@", given)
