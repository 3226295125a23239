"""What people look at before they decide on a held image, outside of a browser: why it was held, and pictures.

A held draft that is written into a folder says on it, and in the file, that it is one; what is written there is its
reader's alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rectoverso.errors import OutNotWritable, WorkNotFound
from rectoverso.i18n import say
from rectoverso.store.assets import Asset
from rectoverso.store.atomic import make_private_folder, write_atomically
from rectoverso.store.home import Home
from rectoverso.types import Message
from rectoverso.verso.picture import open_picture
from rectoverso.workflow.held import SHEETS, held_asset, picture_of, sheet_of, shown_works
from rectoverso.workflow.precedents import Precedents
from rectoverso.workflow.preview import as_draft

WORDS = ("HELD DRAFT, NOT RELEASED", "HELD DRAFT", "DRAFT")


def evidence_of(home: Home, asset: Asset, language: str) -> dict[str, Any]:
    """Why it was held: the policy's lines, the reasons, what each check found, and the works that it is similar to,
    with what was decided before on the same pair.
    """
    precedents = Precedents(home)
    found = [
        {name: one[name] for name in ("check", "outcome", "score", "threshold", "false_positive_rate")}
        | {"text": say(Message(**one["message"]), language)}
        for one in asset.findings
    ]
    return {
        "policy": asset.policy,
        "lines": asset.lines,
        "reasons": [say(Message(**reason), language) for reason in asset.reasons],
        "findings": found,
        "works": [
            work | {"earlier": [one.plain() for one in precedents.of(asset, work["id"])]}
            for work in shown_works(home, asset, language)
        ],
    }


def write_sheets(home: Home, asset: Asset, out: Path) -> list[Path]:
    """Write the draft, and it beside each work whose picture is kept here, into a folder. Raises NotWaiting for what is
    settled, BlobMissing, BlobDamaged and OutNotWritable.
    """
    held = held_asset(home, asset.id)
    drawn = {f"draft-{held.id}.png": picture_of(home, held)}
    for work in shown_works(home, held):
        for sheet in SHEETS if work["is_kept"] else ():
            try:
                drawn[f"draft-{held.id}-{work['id']}-{sheet}.png"] = sheet_of(home, held, work["id"], sheet)
            except WorkNotFound:  # too few points agree to lay the one over the other
                continue
    try:
        make_private_folder(out)
        for name, data in drawn.items():
            write_atomically(out / name, as_draft(open_picture(data, name), WORDS, held.origin))
    except OSError as error:
        raise OutNotWritable(out=out, system=error.strerror or error) from error
    return [out / name for name in drawn]
