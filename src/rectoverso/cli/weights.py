"""`verso registry weights`: a network of the user's own that works are compared by beside all else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell

if TYPE_CHECKING:
    from rectoverso.workflow.weights import Weights


def weights(
    file: Annotated[
        Path | None, typer.Argument(help="An ONNX file, with its description (TOML) beside it.")
    ] = None,
    forget: Annotated[bool, typer.Option("--forget", help="Compare by no weights any more.")] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Name weights of your own that works are compared by too. Without FILE show them. Their word never blocks."""
    from rectoverso.workflow.weights import forget_weights, name_weights, weights_at

    named: Weights | None
    if file is not None:
        named, key = name_weights(file, home), "weights.named"
    elif forget:
        named, key = forget_weights(home), "weights.forgotten"
    else:
        named, key = weights_at(home), "weights.shown"
    if as_json:
        print_json({"weights": named.plain() if named and key != "weights.forgotten" else None})
    elif named is None:
        tell("weights.none")
    else:
        tell(key, name=named.description.name, file=named.file, sha256=named.sha256)
