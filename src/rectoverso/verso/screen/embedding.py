"""Weights that the user has: a network (ONNX) from pictures to vectors, which proposes works and blocks none.

Networks such as SSCD, DINOv2 or CLIP find pictures made anew in the likeness of a work, where no part was copied, and
call two photographs of one place alike as well. So their word is a reason for people to look, and never more; where
points of the work lie in the picture too, geometry says so (cascade.py), and that may block.

Nothing is fetched. A description (TOML) beside the file says how pictures are brought to the network:

    name = "SSCD"                       how findings call it
    size = [288, 288]                   height and width in pixels
    fit = "squash"                      or "crop": the middle, after the shorter side was brought to size
    mean = [0.485, 0.456, 0.406]        of red, green and blue from 0 to 1
    std = [0.229, 0.224, 0.225]
    output = "embedding"                the output's name; the first where it is not given
    review = 0.75                       from which cosine on people look
    false_positive_rate = 0.001         how often an unrelated picture gets there, where somebody measured it

It is loaded from the very bytes whose digest was taken. A file that refers to others for its weights would not be
covered by its digest, and is refused.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rectoverso.errors import EmbedderUnusable, MissingExtra
from rectoverso.i18n import Phrase
from rectoverso.store.works import Work
from rectoverso.types import Message, Outcome, Pixels
from rectoverso.verso.screen.fingerprint import on_white

if TYPE_CHECKING:
    from rectoverso.verso.screen.votes import Candidate

# Shapes: N works, D numbers of a vector.

CANDIDATES = 20
LEAST_LENGTH = 1e-6
EXTERNAL = b"\n\x08location\x12"
"""How an ONNX file begins to say that weights lie in another file (TensorProto.external_data)."""

Side = Annotated[int, Field(ge=16, le=2048)]
Three = tuple[float, float, float]
Spread = tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]


class Description(BaseModel):
    """How pictures are brought to the network, and what its answers mean."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
    size: tuple[Side, Side]
    fit: Literal["squash", "crop"] = "squash"
    mean: Three = (0.0, 0.0, 0.0)
    std: Spread = (1.0, 1.0, 1.0)
    output: str | None = None
    review: Annotated[float, Field(gt=0, lt=1)]
    false_positive_rate: Annotated[float, Field(gt=0, le=1)] | None = None

    @classmethod
    def beside(cls, file: Path) -> Self:
        """That of the file of weights: it has the same name and ends in ``.toml``. Raises EmbedderUnusable."""
        path = file.with_suffix(".toml")
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise unusable(file, "no_description", path=path) from error
        except OSError as error:
            raise unusable(file, "description", path=path, problem=error.strerror or error) from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            raise unusable(file, "description", path=path, problem=problem) from error
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise unusable(file, "description", path=path, problem=error) from error


class Embedder:
    """A network that was named, ready to describe pictures. ``digest``: the SHA-256 of its file; ``space``: what tells
    its vectors from those of others, or of the same file when it is shown pictures otherwise.

    Raises EmbedderUnusable for a file that cannot be read or run, or whose digest is not ``expected``; MissingExtra.
    """

    def __init__(self, file: Path, description: Description, expected: str | None = None) -> None:
        self.description = description
        try:
            data = file.read_bytes()
        except OSError as error:
            raise unusable(file, "unreadable", problem=error.strerror or error) from error
        self.digest = hashlib.sha256(data).hexdigest()
        if expected not in (None, self.digest):
            raise unusable(file, "changed", expected=expected, found=self.digest)
        self.space = _space(self.digest, description)
        self._session = _session(file, data)
        self._input, self._output = _ends(file, self._session, description)
        try:
            self(_canary(description))
        except Exception as error:
            raise unusable(file, "does_not_run", problem=_first_line(error)) from error

    def __call__(self, pixels: Pixels) -> NDArray[np.float32]:
        """The vector (D,) of a picture (uint8 HWC), of length 1. Raises ValueError where it is none."""
        answer = self._session.run([self._output], {self._input: self._brought(pixels)})[0]
        vector = np.asarray(answer, np.float32).ravel()
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length < LEAST_LENGTH:
            raise ValueError("the network's answer is no direction")
        return np.asarray(vector / length, np.float32)

    def _brought(self, pixels: Pixels) -> NDArray[np.float32]:
        """The picture as the network takes it, 1 C H W."""
        said, image = self.description, on_white(pixels)
        size = (said.size[1], said.size[0])
        if said.fit == "crop":
            image = ImageOps.fit(image, size, Image.Resampling.BICUBIC)
        else:
            image = image.resize(size, Image.Resampling.BICUBIC)
        values = np.asarray(image, np.float32) / np.float32(255)
        scaled = np.asarray((values - np.array(said.mean)) / np.array(said.std), np.float32)
        return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def to_bytes(vector: NDArray[np.float32]) -> bytes:
    """What is kept of a work: half precision, 2 bytes a number."""
    return vector.astype("<f2").tobytes()


@dataclass(frozen=True, slots=True)
class NearMatch:
    """A work that the network finds near, and nothing else does."""

    work: Work
    cosine: float
    description: Description
    digest: str

    @property
    def outcome(self) -> Outcome:
        return Outcome.REVIEW if self.cosine >= self.description.review else Outcome.PASS

    @property
    def likeness(self) -> float:
        return self.cosine

    @property
    def score(self) -> float:
        return round(self.cosine, 4)

    @property
    def measure(self) -> dict[str, float]:
        """What was measured, by its name."""
        return {"cosine": self.score}

    @property
    def threshold(self) -> float:
        return self.description.review

    @property
    def false_positive_rate(self) -> float | None:
        """As the description says; None where nobody measured it."""
        return self.description.false_positive_rate

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "id": self.work.id,
            "title": self.work.title,
            "owner": self.work.owner,
            "outcome": self.outcome.value,
            "method": "weights",
            "weights": {"name": self.description.name, "sha256": self.digest},
            "cosine": self.score,
            "rights": self.work.rights.plain(),
            "claim": self.work.state.value,
        }


class EmbeddedWorks:
    """Works to compare with by a network; ``vectors`` has by their ids what ``to_bytes`` wrote, where anything is kept.

    Raises ValueError where the vectors are not all of one length.
    """

    def __init__(self, works: Sequence[Work], vectors: Mapping[str, bytes], embedder: Embedder) -> None:
        self.works = [work for work in works if work.id in vectors]
        self._vectors = vectors
        self._embedder = embedder

    @cached_property
    def _known_ND(self) -> NDArray[np.float32]:
        rows = [np.frombuffer(self._vectors[work.id], "<f2").astype(np.float32) for work in self.works]
        return np.stack(rows)

    def nearest(self, pixels: Pixels) -> list[NearMatch]:
        """The works that the network finds nearest to a picture (uint8 HWC), at most 20, near enough or not."""
        if not self.works:
            return []
        cosines_N = self._known_ND @ self._embedder(pixels)
        most = np.argsort(-cosines_N, kind="stable")[:CANDIDATES]
        said, digest = self._embedder.description, self._embedder.digest
        return [NearMatch(self.works[at], float(cosines_N[at]), said, digest) for at in most]


def to_verify(
    near: Sequence[NearMatch], works: Sequence[Work], known: Sequence[Candidate]
) -> list[Candidate]:
    """Near works as candidates for geometry, in every way of looking; ``works`` are those that have points, and
    ``known`` what their points voted for.
    """
    from rectoverso.verso.screen.votes import WAYS, Candidate

    places = {work.id: place for place, work in enumerate(works)}
    asked = {(one.work, one.mirrored, one.inverted) for one in known}
    found = [places[match.work.id] for match in near if match.work.id in places]
    return [
        Candidate(place, mirrored, inverted, 0.0)
        for place in found
        for mirrored, inverted in WAYS
        if (place, mirrored, inverted) not in asked
    ]


def unusable(file: Path, problem: str, /, **facts: object) -> EmbedderUnusable:
    """The error for weights that cannot be used, worded in the catalogues under ``weights``."""
    reason, advice = (Phrase(Message(f"weights.{problem}.{part}", facts)) for part in ("reason", "advice"))
    return EmbedderUnusable(file=file, reason=reason, advice=advice)


def _space(digest: str, said: Description) -> str:
    shown = [digest, said.size, said.fit, said.mean, said.std, said.output]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _session(file: Path, data: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra(task="Comparing by weights", package="onnxruntime", extra="weights") from error
    if EXTERNAL in data:
        raise unusable(file, "external")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the package raises anything at all
        raise unusable(file, "does_not_run", problem=_first_line(error)) from error


def _ends(file: Path, session: Any, description: Description) -> tuple[str, str]:
    """The names of its input and its output."""
    inputs = [one.name for one in session.get_inputs()]
    outputs = [one.name for one in session.get_outputs()]
    wanted = description.output or outputs[0]
    if len(inputs) != 1 or wanted not in outputs:
        facts = {"inputs": ", ".join(inputs), "outputs": ", ".join(outputs), "wanted": wanted}
        raise unusable(file, "ends", **facts)
    return inputs[0], wanted


def _canary(description: Description) -> Pixels:
    """A picture that any network must have an answer for: noise, always the same."""
    height, width = description.size
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
