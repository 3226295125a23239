"""What was typed at *Make*, as its form has it, and as an order has it: each can be made from the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from pydantic import ValidationError
from starlette.datastructures import FormData

from rectoverso.errors import RequestUnusable
from rectoverso.workflow.jobs.asked import GenerateAsked
from rectoverso.workflow.jobs.runs import RunControls

EDIT = "edit:"
"""Before the name of a direction: the name of its field."""
FILES = ("image", "mask", "style")
NO_TRUNCATION = {"styles": 1.0, "latents": 3.0}
"""Where the control stands that changes nothing: the whole way from the mean style; and a size that one latent in 400
exceeds.
"""
_TEXTS = (
    "run",
    "use",
    "count",
    "seed",
    "label",
    "prompt",
    "truncation",
    "between",
    "steps",
    "producer",
    "format",
    "territory",
)
_SWITCHES = ("tell_prompt", "back", "visible")


@dataclass(frozen=True, slots=True)
class Mixed:
    """A row of the form: a seed, and the first and last layer that take its styles."""

    seed: str = ""
    first: str = ""
    last: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        seed, _, layers = text.partition("@")
        first, _, last = layers.partition("-")
        return cls(seed, first, last or first)

    def __str__(self) -> str:
        return f"{self.seed}@{self.first or 0}-{self.last or self.first or 0}"


@dataclass(frozen=True, slots=True)
class Wish:
    """The fields of the form as they are typed; "" for what is left open. ``image``, ``mask`` and ``style`` are digests
    of what was sent before. ``job`` is the order from which it was recalled.
    """

    run: str = "demo"
    use: str = "general"
    count: str = "4"
    seed: str = ""
    label: str = ""
    prompt: str = ""
    truncation: str = ""
    between: str = ""
    steps: str = "8"
    producer: str = ""
    format: str = ""
    territory: str = ""
    tell_prompt: bool = False
    back: bool = False
    visible: bool = False
    law: tuple[str, ...] = ()
    mix: tuple[Mixed, ...] = ()
    layers: str = ""
    edits: dict[str, str] = field(default_factory=dict)
    image: str = ""
    mask: str = ""
    style: str = ""
    job: str = ""

    @classmethod
    def of_form(cls, form: FormData) -> Self:
        """From what a browser sent; files apart."""
        texts: dict[str, Any] = {name: str(form[name]).strip() for name in _TEXTS if name in form}
        kept: dict[str, Any] = {name: str(form.get(f"{name}_kept", "")) for name in FILES}
        rows = zip(*(form.getlist(f"mix_{part}") for part in ("seed", "first", "last")), strict=False)
        if "fresh" in form:
            texts["seed"] = ""
        return cls(
            **texts,
            **kept,
            tell_prompt="tell_prompt" in form,
            back="back" in form,
            visible="visible" in form,
            law=tuple(map(str, form.getlist("law"))),
            mix=tuple(Mixed(*map(str, row)) for row in rows if row[0]),
            layers=str(form.get("layers", "")),
            edits={name.removeprefix(EDIT): str(form[name]) for name in form if name.startswith(EDIT)},
            job=str(form.get("job", "")),
        )

    @classmethod
    def of_asked(cls, asked: GenerateAsked, seed: int, job: str) -> Self:
        """From an order, so that it can be given again."""
        told = asked.model_dump()
        texts: dict[str, Any] = {
            name: "" if told[name] is None else str(told[name]) for name in _TEXTS if name != "between"
        }
        files = {name: told[name] or "" for name in (*FILES, "layers")}
        switches = {name: told[name] for name in _SWITCHES}
        edits = dict(text.rpartition("=")[::2] for text in asked.edit)
        return cls(
            **texts | {"seed": "" if asked.between else str(seed)} | files | switches,
            law=asked.law,
            mix=tuple(map(Mixed.of, asked.mix)),
            edits=edits,
            between=", ".join(map(str, asked.between)),
            job=job,
        )

    def with_files(self, digests: dict[str, Any]) -> Self:
        """The same with what was sent now instead."""
        return replace(self, **digests)

    def asked(self, controls: RunControls) -> GenerateAsked:
        """The order. Raises RequestUnusable, with what cannot be read."""
        fields: dict[str, Any] = {
            **{
                name: getattr(self, name) or None
                for name in (*FILES, "label", "prompt", "seed", "format", "layers")
            },
            **{
                name: getattr(self, name)
                for name in ("run", "use", "law", "producer", "territory", *_SWITCHES)
            },
            "count": self.count or "1",
            "truncation": self._truncation(controls),
            "mix": [str(row) for row in self.mix],
            "edit": [f"{name}={amount}" for name, amount in self.edits.items() if _number(amount)],
        }
        if self.between:
            fields |= {"between": self.between.replace(",", " ").split(), "steps": self.steps or "8"}
            if len(fields["between"]) < 2:
                raise RequestUnusable(problems="between: 2 <= n.")
        try:
            return GenerateAsked(**fields)
        except ValidationError as error:
            raise RequestUnusable(problems=_problems(error.errors())) from error

    def _truncation(self, controls: RunControls) -> str | None:
        idle = NO_TRUNCATION["styles" if controls.styles else "latents"]
        return None if not self.truncation or _number(self.truncation) == idle else self.truncation


def _number(text: str) -> float:
    """0.0 for what is none: what is asked for then says so itself."""
    try:
        return float(text)
    except ValueError:
        return 0.0


def _problems(found: Iterable[Any]) -> str:
    return "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in list(found)[:5]) + "."
