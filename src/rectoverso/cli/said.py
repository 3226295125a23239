"""What may be said of works on the command line: options of the names of a catalogue's columns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rectoverso.store.rights import Asked, Kind

CatalogueOption = Annotated[
    Path | None, typer.Option("--catalogue", metavar="CSV", help="A table of works: a picture a line.")
]
TitleOption = Annotated[str | None, typer.Option("--title", help="The work's title; else its file name.")]
OwnerOption = Annotated[str | None, typer.Option("--owner", help="Who holds the rights.")]
LicenceOption = Annotated[str | None, typer.Option("--licence", help="Under what the work may be used.")]
ContactOption = Annotated[str | None, typer.Option("--contact", help="Where the owner is reached.")]
TerritoryOption = Annotated[
    str | None, typer.Option("--territory", help="Where the rights hold: codes such as DE or EU.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="The first day the rights hold.")
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="DAY", help="The last day they hold.")]
AskedOption = Annotated[
    Asked | None, typer.Option("--asked", help="What the owner asks for; else block.", show_default=False)
]
KindOption = Annotated[
    Kind | None, typer.Option("--kind", help="What is protected; else exact.", show_default=False)
]
