"""What can be asked for: the five kinds of jobs, as they come over HTTP and as they are kept.

Nothing here names a file or an address of the asker's choice: pictures are named by the digests under which the home
keeps what was sent to it, runs and training sets by their ids in the home.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rectoverso.types import Origin

SLICE = 16
"""Pictures of one seed each that are drawn and judged together, and tried again together."""
MOST_IMAGES = 1024
"""Of one job; whoever wants more asks again."""
MAX_SEED = 2**53 - 1

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""Of a system, a preset, a run, a training set: what can be no path."""
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Setting = Annotated[str, StringConstraints(max_length=200, pattern=r"^[a-z0-9_.]+=[A-Za-z0-9_.,:+-]*$")]
"""``a.b=c``, as `--set` has it; where another run is meant it is named by its id, for no value can be a path."""
Cell = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]


class Asked(BaseModel):
    """What every kind has in common: values that do not change, and no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @property
    def sent(self) -> tuple[str, ...]:
        """The digests of what had to be sent before."""
        return ()


class TermsAsked(Asked):
    """On which terms pictures leave."""

    use: Name = "general"
    law: tuple[Literal["cn", "eu", "us-ca"], ...] = Field(default=(), max_length=3)
    producer: Line = ""
    visible: bool = False
    format: Literal["png", "jpeg", "webp", "tiff", "avif"] | None = None
    territory: Line = ""


class TrainAsked(Asked):
    """A run: a system, and the data that it learns from."""

    kind: Literal["train"] = "train"
    system: Name
    data: Name
    data_b: Name | None = None
    preset: Name = "default"
    size: Annotated[int, Field(ge=8, le=1024)] | None = None
    seed: Seed = 0
    images: Annotated[int, Field(ge=1, le=10**9)] | None = None
    max_seconds: Annotated[float, Field(gt=0, le=30 * 86400)] | None = None
    settings: tuple[Setting, ...] = Field(default=(), max_length=64)

    @property
    def items(self) -> int:
        return 1


class GenerateAsked(TermsAsked):
    """Pictures of a run. Without a seed one is made from the job's id, so that each job draws other pictures.
    ``between``: instead of ``count`` pictures of their own seeds, ``steps`` from each of these seeds to the next.
    """

    kind: Literal["generate"] = "generate"
    run: Name
    count: Annotated[int, Field(ge=1, le=MOST_IMAGES)] = 1
    seed: Seed | None = None
    label: Line | None = None
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=4000)] | None = None
    tell_prompt: bool = False
    image: Digest | None = None
    mask: Digest | None = None
    style: Digest | None = None
    back: bool = False
    truncation: Annotated[float, Field(gt=0, le=100)] | None = None
    mix: tuple[Line, ...] = Field(default=(), max_length=16)
    layers: Line | None = None
    edit: tuple[Line, ...] = Field(default=(), max_length=16)
    between: tuple[Seed, ...] = Field(default=(), max_length=8)
    steps: Annotated[int, Field(ge=2, le=32)] = 8

    @property
    def items(self) -> int:
        return 1 if self.between else math.ceil(self.count / SLICE)

    @property
    def sent(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.image, self.mask, self.style)))


class Sent(Asked):
    """A file that was sent: where it is kept, and what it was called."""

    digest: Digest
    name: Line


class SealAsked(TermsAsked):
    """Pictures made elsewhere, to be taken through the door."""

    kind: Literal["seal"] = "seal"
    files: tuple[Sent, ...] = Field(min_length=1, max_length=100)
    origin: Origin = Origin.AI
    maker: Line = ""
    maker_version: Line = ""

    @property
    def items(self) -> int:
        return len(self.files)

    @property
    def sent(self) -> tuple[str, ...]:
        return tuple(file.digest for file in self.files)


class CurateAsked(Asked):
    """A training set that was sent, to be looked through before anything learns from it."""

    kind: Literal["curate"] = "curate"
    name: Line
    dataset: Name
    suffix: Literal[".zip", ".parquet"]

    @property
    def items(self) -> int:
        return 1


class WorkAsked(Asked):
    """A picture that was sent, and what is said of it as a protected work, in the words of a catalogue's columns."""

    digest: Digest
    title: Cell = ""
    owner: Cell = ""
    licence: Cell = ""
    contact: Cell = ""
    territory: Cell = ""
    since: Cell = Field(default="", alias="from")
    until: Cell = ""
    asked: Cell = ""
    kind: Cell = ""

    @classmethod
    def columns(cls) -> frozenset[str]:
        """What can be said of a work, as a catalogue names it."""
        return frozenset(field.alias or name for name, field in cls.model_fields.items()) - {"digest"}

    @property
    def cells(self) -> dict[str, str]:
        """What is said, by the columns."""
        said = self.model_dump(by_alias=True, exclude={"digest"})
        return {column: cell for column, cell in said.items() if cell}


class RegisterAsked(Asked):
    """Pictures that were sent, to be registered as protected works: all of them or none. They stay, to be shown beside
    what is similar, unless ``fingerprints_only``: then they are destroyed once they are entered.
    """

    kind: Literal["register"] = "register"
    works: tuple[WorkAsked, ...] = Field(min_length=1, max_length=1000)
    fingerprints_only: bool = False

    @property
    def items(self) -> int:
        return 1

    @property
    def sent(self) -> tuple[str, ...]:
        return tuple(work.digest for work in self.works)


Wanted = TrainAsked | GenerateAsked | SealAsked | CurateAsked | RegisterAsked
_KINDS = {
    "train": TrainAsked,
    "generate": GenerateAsked,
    "seal": SealAsked,
    "curate": CurateAsked,
    "register": RegisterAsked,
}


def asked_of(kept: dict[str, Any]) -> Wanted:
    """What a job was asked for, from how it is kept."""
    kind: Any = _KINDS[kept["kind"]]
    asked: Wanted = kind.model_validate(kept)
    return asked
