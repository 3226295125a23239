"""`verso audit`: does a run give away what it was trained on?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import live_progress, print_json, tell
from rectoverso.i18n import preferred_language, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.verso.audit.attack import Attack
    from rectoverso.workflow.audit import Audited


def audit(
    run: Annotated[Path, typer.Argument(help="The run to audit.")],
    data: Annotated[str, typer.Option("--data", help="What it was trained on.")],
    held_out: Annotated[
        str | None,
        typer.Option(
            "--held-out",
            metavar="DATA",
            help="Pictures of the same kind that it was not trained on; else those that its training held out.",
        ),
    ] = None,
    pictures: Annotated[
        int, typer.Option("--pictures", min=100, help="How many of each to ask attacks about, at most.")
    ] = 1_000,
    samples: Annotated[int, typer.Option("--samples", min=100, help="How many pictures to draw.")] = 10_000,
    most: Annotated[
        float | None,
        typer.Option(
            "--most",
            metavar="SHARE",
            min=0.0,
            max=1.0,
            help="Also short unless at most this share of members is shown to be recognised at 1 % false positives.",
        ),
    ] = None,
    take: Annotated[
        int | None,
        typer.Option("--take", metavar="N", help="Only so many pictures of --data, as in train."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out pictures that cannot be used.")
    ] = False,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Attack a run: what it gives away of its training pictures. No distance to the
    closest record is sold as privacy. A run that is short of the bar is held at the door from then on.
    """
    from rectoverso.workflow.audit import audit_run
    from rectoverso.workflow.members import AuditRequest

    request = AuditRequest(run, data, held_out, pictures, samples, most, take, skip_bad)
    with live_progress() as listener:
        audited = audit_run(request, home, listener)
    if as_json:
        print_json(audited.plain())
    else:
        _tell(audited)
    if not audited.passed:
        raise typer.Exit(1)


def _tell(audited: Audited) -> None:
    from rectoverso.workflow.audit_page import percent

    facts, membership, language = audited.facts, audited.audit.membership, preferred_language()
    for attack in membership.attacks:
        _tell_attack(attack, membership.exchange.p_values[attack.name])
    tell(
        "audit.cli.together",
        p_value=f"{membership.exchange.p_value:.2g}",
        attacks=len(membership.attacks),
        noticed=percent(membership.exchange.would_notice or 1.0),
    )
    tell("audit.cli.kinds", area=f"{facts['kinds']['area']:.2f}", p_value=f"{facts['kinds']['p_value']:.2g}")
    replication = facts["replication"]
    tell(
        "audit.cli.replication",
        compared=f"{replication['compared']:,}",
        suspects=replication["suspects"],
        images=facts["extraction"]["training_images"],
        at_most=percent(replication["at_most"]),
    )
    tell(
        "audit.cli.versions",
        **{name: f"{facts['versions'][name]:,}" for name in ("looked_at", "across", "within")},
    )
    tell("audit.cli.distance")
    if audited.passed:
        tell("audit.cli.weak" if audited.audit.is_weak else "audit.cli.passed")
    else:
        reasons = [say(Message(f"audit.brief.{reason}"), language) for reason in facts["short"]]
        tell("audit.cli.short", reasons="; ".join(reasons))
        tell("audit.cli.held")
    if audited.earlier:
        short = sum(not one.passed for one in audited.earlier)
        tell("audit.cli.earlier", count=len(audited.earlier), short=short)
    if facts["private"]:
        tell("audit.cli.private")
    tell("audit.cli.page", path=audited.pages.get(language, audited.pages["en"]))


def _tell_attack(attack: Attack, p_value: float) -> None:
    from rectoverso.verso.audit.attack import RATES
    from rectoverso.workflow.audit_page import percent

    told = {
        "name": say(Message(f"audit.attack.{attack.name}.name"), preferred_language()),
        "area": f"{attack.area:.3f}",
        "p_value": f"{p_value:.2g}",
    }
    found = attack.at(RATES[0])
    if found is None:
        tell("audit.cli.attack_few", **told)
        return
    shares = {"at_1": found.members.value, "low": found.low, "high": found.high}
    tell("audit.cli.attack", **told, **{name: percent(share) for name, share in shares.items()})
