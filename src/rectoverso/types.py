"""The values that cross the house: plain, frozen, without behaviour worth naming.

Images outside the nets are ``Pixels``: uint8, height x width x channels, with 1, 3 or 4 channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NewType, TypeAlias

if TYPE_CHECKING:  # numpy takes longer to load than the rest of `import rectoverso` together
    import numpy as np
    from numpy.typing import NDArray

Pixels: TypeAlias = "NDArray[np.uint8]"
"""One image: uint8, HWC, channels 1 (grey), 3 (RGB) or 4 (RGBA)."""

Digest = NewType("Digest", str)
"""A SHA-256 as 64 lower-case hexadecimal digits."""

AssetId = NewType("AssetId", str)
"""The name of one decided image: 12 lower-case hexadecimal digits (48 bits), carried by the watermark."""


Oversight: TypeAlias = Literal["fully_autonomous", "prompt_guided", "human_validated"]
"""C2PA's words for people's part in a picture. The third needs their approval on record (``workflow.review``)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence in every language: ``key`` names it in the catalogues, ``facts`` fill its blanks."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a picture of a training set is called in its source, and what its source says of whom to name with it."""

    file: str
    title: str = ""
    owner: str = ""
    licence: str = ""


class Origin(StrEnum):
    """Where an image came from, in the words of IPTC's digital source types."""

    AI = "ai"
    EDITED = "edited"
    CAPTURED = "captured"


class Outcome(StrEnum):
    """What one check says, from good to bad."""

    PASS = "pass"  # noqa: S105 - not a password
    REVIEW = "review"
    BLOCK = "block"


class Decision(StrEnum):
    """What the policy makes of all findings, from good to bad."""

    RELEASE = "release"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Maker:
    """What made an image: a run, a pipeline, a remote service, or nobody known.

    ``digest`` is that of its weights, ``data_digest`` that of what it was trained on, ``manifests`` those of the
    curations that this came from. ``privacy``: what it promises of its training pictures, in one line; "" for nothing.
    """

    name: str
    version: str
    digest: Digest | None = None
    data_digest: Digest | None = None
    manifests: tuple[Digest, ...] = ()
    privacy: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """An image that has been made but has not passed the door.

    ``request`` is the digest of everything that was asked: asked twice, it is the same request. ``media_type`` is
    that of the file to be released. ``oversight`` is what whoever drew it knows of people's part in it; None claims
    nothing. ``block`` is China's AIGC block of the file that the image came from; ``says_ai``: that file says by itself
    that AI took part, ``camera``: where it says that a camera took it ("" for nowhere); ``unsafe_origin``: whoever
    asked knows better. ``prompt`` are the words it was made from, only where whoever asked wants all to read them.
    """

    pixels: Pixels
    request: Digest
    maker: Maker
    origin: Origin = Origin.AI
    seed: int | None = None
    source: str | None = None
    media_type: str = "image/png"
    oversight: Oversight | None = None
    block: str | None = None
    says_ai: bool = False
    camera: str = ""
    unsafe_origin: bool = False
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw: ``score`` against ``threshold``, and how often an honest picture would score so."""

    check: str
    outcome: Outcome
    message: Message
    score: float | None = None
    threshold: float | None = None
    false_positive_rate: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy made of the findings. The reasons name the lines of the policy that made it."""

    decision: Decision
    reasons: tuple[Message, ...]
    policy: str


class ReportOutcome(StrEnum):
    """The seven answers of verification. None of them says that a picture is real."""

    TRUSTED = "trusted"
    UNLISTED_SIGNER = "unlisted_signer"
    CHANGED = "changed"
    WATERMARK_ONLY = "watermark_only"
    REGISTERED_MATCH = "registered_match"
    NOTHING_FOUND = "nothing_found"
    COULD_NOT_CHECK = "could_not_check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one step of verification says. Each of the first three is None where it was not asked or cannot be told.

    ``found``: there is such a thing. ``valid``: it holds, for exactly this file. ``trusted``: whoever vouches for it is
    trusted here. ``p_value``: how often chance alone would show as much, all hypotheses paid for. ``code``: the word
    for what was seen, where it is C2PA's the one of the specification. ``evidence``: the reasons, for people.
    """

    found: bool | None = None
    valid: bool | None = None
    trusted: bool | None = None
    p_value: float | None = None
    code: str | None = None
    evidence: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WatermarkReading(Layer):
    """``code``: ``public`` or ``private`` by the key, else ``inconclusive`` (too often to call it found, not often
    enough to call it chance), ``too_small`` or nothing. ``digits``: of the id that a public mark reads, all 12, or of
    a small picture the first 8 or 4 where nothing here completes them.
    """

    asset: AssetId | None = None
    digits: str = ""


@dataclass(frozen=True, slots=True)
class IngrainedReading:
    """Whether the picture leans as those of an ingrained generator do. ``p_value``: how often one that has nothing to
    do with the key leans as far. ``votes``: how it votes as it lies, before any key, to be summed over a batch.
    """

    found: bool = False
    p_value: float | None = None
    inconclusive: bool = False
    votes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReading(Layer):
    """Where a ledger holds the image, if it does: this home's, or else that of the proof beside the file.

    ``proof``: of the one beside the file, ``holds``, ``other_file``, ``does_not_hold`` or ``unknown_ledger``; None when
    there is none. ``revoked``: the entry that took the release back, with its ``reason`` where it was not erased.
    ``erased``: the entry by which this home erased what it kept of the image; ``descends``: that by which a picture was
    erased that its generator learnt from.
    """

    index: int | None = None
    size: int | None = None
    event: str | None = None
    proof: str | None = None
    revoked: int | None = None
    reason: str | None = None
    erased: int | None = None
    descends: int | None = None
    at: str | None = None
    """When the ledger took the entry in (ISO 8601)."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A credential that a file lost, found again in the store of its maker: that of the released original, not of this
    file.

    ``by``: ``watermark`` or ``fingerprint``. ``p_value``: how often chance alone would lead there, all comparisons paid
    for; ``distance``: bits of 256 in which the fingerprints differ, None where they are not near or one is missing.
    ``state``: of the signature over the original. ``service``: the resolution service that gave it out; None for the
    home, which has the original itself.
    """

    asset: AssetId
    by: str
    p_value: float | None
    distance: int | None
    state: str
    signer: str | None
    ai_generated: bool | None
    manifest_id: str | None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """That a network was asked for the credential that a file lost: which service, by which soft bindings (C2PA's names
    of algorithms), and its ``answer``: ``found``, ``none``, ``other`` (of no use for this picture) or ``failed``.
    """

    service: str
    by: tuple[str, ...]
    answer: Literal["found", "none", "other", "failed"]


@dataclass(frozen=True, slots=True)
class Report:
    """What verification says of one file: its outcome, and what each step says, in their order.

    ``laws``: those that the file says it was labelled under. ``contradictions``: a sentence for every two steps that
    answer a question otherwise. ``prints``: the picture's perceptual hashes (hexadecimal, none of a plain picture), the
    first as it lies; in all eight symmetries where it carries no watermark or lost its credential, to tell which of a
    batch are alike and to ask elsewhere. ``inquiry``: what was asked of a service, where somebody named one.
    """

    path: str
    outcome: ReportOutcome
    signer: str | None = None
    ai_generated: bool | None = None
    opening: Layer = field(default_factory=Layer)
    credential: Layer = field(default_factory=Layer)
    watermark: WatermarkReading = field(default_factory=WatermarkReading)
    ingrained: IngrainedReading = field(default_factory=IngrainedReading)
    fingerprint: Layer = field(default_factory=Layer)
    ledger: LedgerReading = field(default_factory=LedgerReading)
    label: Layer = field(default_factory=Layer)
    laws: tuple[str, ...] = ()
    recovered: Recovered | None = None
    contradictions: tuple[Message, ...] = ()
    prints: str = ""
    inquiry: Inquiry | None = None

    @property
    def layers(self) -> dict[str, Layer]:
        """The steps by name, in their order."""
        return {name: getattr(self, name) for name in LAYERS}

    @property
    def evidence(self) -> tuple[Message, ...]:
        """The reasons of all steps, in their order, and then the contradictions."""
        return (*(row for layer in self.layers.values() for row in layer.evidence), *self.contradictions)


LAYERS = ("opening", "credential", "watermark", "fingerprint", "ledger", "label")
"""The steps of verification that say something, in their order."""


class Place(StrEnum):
    """Where the hashes of works are compared."""

    MEMORY = "memory"
    DATABASE = "database"
