"""The options that several commands share, worded once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rectoverso.api import DEFAULT_HOME as DEFAULT_HOME_NAME

DEFAULT_HOME = Path(DEFAULT_HOME_NAME)


class FileFormat(StrEnum):
    """What a released file can be."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    TIFF = "tiff"
    AVIF = "avif"


MAX_SEED = 2**53 - 1
"""The largest whole number that JSON keeps exactly everywhere."""


def found_run(run: Path) -> Path:
    """The run, or the shipped one where ``demo`` is asked for."""
    from rectoverso.workflow.shipped import run_at

    return run_at(run)


HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="RECTOVERSO_HOME", help="The working place: database, store, keys, ledger."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
OutOption = Annotated[Path, typer.Option("--out", help="The folder for the results.")]
LedgerKeyOption = Annotated[
    list[str] | None,
    typer.Option("--ledger-key", metavar="KEY", help="A ledger's public key: a line, or a file of them."),
]
SeedOption = Annotated[
    int, typer.Option("--seed", min=0, max=MAX_SEED, help="Where randomness starts; same seed, same result.")
]
UseOption = Annotated[
    str,
    typer.Option(
        "--use",
        help="What it is for: general, art, advertising, game, medical, education, or a policy of this home.",
    ),
]
PolicyOption = Annotated[
    Path | None,
    typer.Option("--policy", help="Decide by the policy in this TOML file, which extends one of these."),
]
LawOption = Annotated[
    list[str] | None,
    typer.Option("--law", metavar="L", help="A law on labels: cn, eu or us-ca; repeatable, or with commas."),
]
AllVisibleOption = Annotated[
    bool, typer.Option("--visible", help="Place also the visible labels that a law leaves open.")
]
ProducerOption = Annotated[
    str,
    typer.Option(
        "--producer",
        envvar="RECTOVERSO_PRODUCER",
        help="The provider's code in China's label; else the owner of this home's keys.",
        show_default=False,
    ),
]
TerritoryOption = Annotated[
    str,
    typer.Option(
        "--territory",
        metavar="CODES",
        help="Where they are to be used: codes such as DE or EU; else everywhere.",
        show_default=False,
    ),
]
FormatOption = Annotated[
    FileFormat | None,
    typer.Option("--format", help="The kind of file to release.", show_default=False),
]
RunArgument = Annotated[Path, typer.Argument(help="The run to draw from.")]
AnyRunArgument = Annotated[
    Path,
    typer.Argument(
        help="The run to draw from, or demo: one that comes with the package.", callback=found_run
    ),
]
ImageOption = Annotated[
    list[Path] | None,
    typer.Option("--image", help="A picture or map to make images from, or a folder of them; repeatable."),
]
MaskOption = Annotated[
    list[Path] | None,
    typer.Option("--mask", help="Where to fill: white (or opaque) in a picture; one for all, or one each."),
]
PromptOption = Annotated[
    list[str] | None, typer.Option("--prompt", help="What to show, in words; repeatable.")
]
StyleOption = Annotated[
    Path | None, typer.Option("--style", help="A picture whose style is meant, for runs that take one.")
]
BackOption = Annotated[bool, typer.Option("--back", help="From the second set of pictures to the first.")]
LabelOption = Annotated[
    str | None, typer.Option("--label", help="A class, by name; else one from each seed.")
]
TruncationOption = Annotated[
    float | None,
    typer.Option("--truncation", help="Trade variety for likeliness; smaller is nearer to the mean."),
]
MixOption = Annotated[
    list[str] | None,
    typer.Option("--mix", metavar="SEED@A-B", help="In layers A to B, another seed's styles; repeatable."),
]
LayersOption = Annotated[
    str | None,
    typer.Option("--layers", metavar="A-B", help="Layers of the controls that do not name their own."),
]
EditOption = Annotated[
    list[str] | None,
    typer.Option("--edit", metavar="NAME=AMOUNT", help="A step along a direction of the run; repeatable."),
]
