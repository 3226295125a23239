"""`verso verify`: what is this file, and what proves it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption, LedgerKeyOption
from rectoverso.cli.output import print_json, tell
from rectoverso.types import Message, Report


def verify(
    files: Annotated[list[Path], typer.Argument(help="Image files, or folders of them.", metavar="FILE...")],
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A certificate (PEM) to trust beside this home's own."),
    ] = None,
    ledger_key: LedgerKeyOption = None,
    manifest: Annotated[
        Path | None,
        typer.Option("--manifest", metavar="DIR", help="Write the credentials found again into this folder."),
    ] = None,
    resolver: Annotated[
        str | None,
        typer.Option(
            "--resolver",
            metavar="URL",
            help="Ask this service, over the network, for credentials that files lost. Pictures are not sent.",
        ),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say which of seven things is true of each file. Works offline, without an account, without torch.

    A network is asked only with --resolver, and then only that service.
    """
    from rectoverso.i18n import preferred_language
    from rectoverso.verso.verify.together import leaning_together, together
    from rectoverso.workflow.verify import exit_code, export_recovered, plain, reports, service_at

    found, written = [], []
    elsewhere = service_at(resolver)
    for report in reports(files, home, trust or [], ledger_key or [], elsewhere):
        found.append(report)
        if not as_json:
            from rectoverso.verso.verify.render import render

            print(render(report, preferred_language()), end="\n\n")
        if manifest and (path := export_recovered(report, home, manifest, elsewhere)):
            written.append(path)
    batch, leaning = together(found), leaning_together(found)
    if as_json:
        rows = [plain(report, preferred_language()) for report in found]
        shown = {"reports": rows, "together": asdict(batch) if batch else None}
        shown |= {"ingrained_together": asdict(leaning) if leaning else None}
        print_json(shown | ({"manifests": [str(path) for path in written]} if manifest else {}))
        raise typer.Exit(exit_code(found))
    for path in written:
        tell("cli.manifest_written", path=path)
    if len(found) > 1:
        _tell_outcomes(found)
    if batch:
        answer = "found" if batch.found else "none"
        tell(f"verify.together.{answer}", count=batch.count, p_value=f"{batch.p_value:.1g}")
    if leaning and leaning.found:
        tell("verify.together.ingrained", count=leaning.count, p_value=f"{leaning.p_value:.1g}")
    raise typer.Exit(exit_code(found))


def _tell_outcomes(found: Sequence[Report]) -> None:
    """How many files came out how, since nobody reads the reports of a whole folder."""
    from rectoverso.i18n import preferred_language, say

    tell("cli.verified", count=len(found))
    for outcome, count in Counter(report.outcome for report in found).most_common():
        title = say(Message(f"verify.{outcome}.title"), preferred_language())
        tell("cli.verified_so", count=f"{count:5,}", title=title)
