"""Rectoverso: train image generators, and let no image out without its proof.

The public face. Nothing heavy is imported until a function is called::

    import rectoverso

    rectoverso.train("dcgan", data="digits", out="runs/first", max_seconds=60)
    batch = rectoverso.generate("runs/first", out="images", count=4)
    report = rectoverso.verify(batch.released[0].path)
"""

from rectoverso.api import (
    anonymise,
    audit,
    credit,
    curate,
    dream,
    generate,
    ingrain,
    invert,
    seal,
    train,
    verify,
)
from rectoverso.errors import RectoversoError
from rectoverso.types import (
    AssetId,
    Decision,
    Digest,
    Draft,
    Finding,
    Maker,
    Message,
    Origin,
    Outcome,
    Report,
    ReportOutcome,
    Verdict,
)
from rectoverso.version import __version__

__all__ = [
    "AssetId",
    "Decision",
    "Digest",
    "Draft",
    "Finding",
    "Maker",
    "Message",
    "Origin",
    "Outcome",
    "RectoversoError",
    "Report",
    "ReportOutcome",
    "Verdict",
    "__version__",
    "anonymise",
    "audit",
    "credit",
    "curate",
    "dream",
    "generate",
    "ingrain",
    "invert",
    "seal",
    "train",
    "verify",
]
