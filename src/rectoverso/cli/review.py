"""`verso review`: the held queue on the command line, by the rules of the service: the same votes, the same people."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell
from rectoverso.i18n import preferred_language, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.store.home import Home
    from rectoverso.store.people import Person
    from rectoverso.workflow.docket import Docket

app = typer.Typer(help="What waits for people: look at it, and decide on it.", no_args_is_help=True)

KEY = "RECTOVERSO_KEY"
"""The setting that holds the key of one's account; without it the key is asked for."""
AssetArgument = Annotated[str, typer.Argument(help="The held image's id, as the list shows it.")]
CommentOption = Annotated[
    str, typer.Option("--comment", help="Why; the ledger commits to it.", show_default=False)
]


@app.command("list")
def list_(
    use: Annotated[
        str | None, typer.Option("--use", help="Only what is for this use.", show_default=False)
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="So many at most, the oldest first.")] = 50,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """List what waits for people."""
    from rectoverso.workflow.permissions import Permission

    found, person = _at(home, Permission.INSPECT)
    dockets = [_docket(found, asset.id, person) for asset in found.assets.waiting(most, use=use)]
    count = sum(use in (None, one.use) for one in found.assets.queue())
    if as_json:
        print_json({"waiting": count, "reviews": [_plain(found, docket) for docket in dockets]})
        return
    for docket in dockets:
        held = docket.standing.held
        state = _words(f"state.{docket.standing.state}")
        tell("review.row", id=held.id, use=held.use, at=held.decided_at, state=state)
    tell("review.count", count=count)


@app.command()
def show(
    asset: AssetArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the draft and the evidence into this folder.", show_default=False),
    ] = None,
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Show why it was held, and what was said of it.

    With --out the draft itself, and beside what it is similar to.
    """
    from rectoverso.workflow.permissions import Permission
    from rectoverso.workflow.sheets import evidence_of, write_sheets

    found, person = _at(home, Permission.INSPECT if out is None else Permission.REVIEW)
    docket = _docket(found, asset, person)
    held = docket.standing.held
    told = evidence_of(found, held, preferred_language())
    pictures = [] if out is None else write_sheets(found, held, out)
    if as_json:
        files = [str(path) for path in pictures]
        print_json(_plain(found, docket) | {"evidence": told, "pictures": files})
        return
    _tell(found, docket)
    for line in told["lines"]:
        tell("review.line", line=line)
    for reason in told["reasons"]:
        tell("review.reason", text=reason)
    for one in told["findings"]:
        tell("review.finding", check=one["check"], outcome=one["outcome"], text=one["text"])
    for path in pictures:
        tell("review.written", path=path)


@app.command()
def approve(
    asset: AssetArgument,
    comment: CommentOption = "",
    meaning: Annotated[
        str,
        typer.Option(
            "--meaning",
            help="What your signature means; your key is asked for once more.",
            show_default=False,
        ),
    ] = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Say that it may go. It does once as many have as the policy says.

    Never what one has asked for oneself; signed, and by a professional, where the policy says so.
    """
    _vote(home, asset, "approve", comment, meaning, as_json=as_json)


@app.command()
def refuse(
    asset: AssetArgument,
    comment: CommentOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Keep it for good. One refusal is enough."""
    _vote(home, asset, "refuse", comment, "", as_json=as_json)


@app.command()
def escalate(
    asset: AssetArgument,
    comment: CommentOption = "",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Ask for an admin: without one it is not let go."""
    _vote(home, asset, "escalate", comment, "", as_json=as_json)


@app.command()
def undo(asset: AssetArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Take your last vote on it back, within an hour. What it settled is open again; a release is revoked."""
    from rectoverso.workflow.ledgers import keys_of
    from rectoverso.workflow.permissions import Permission
    from rectoverso.workflow.review import undo as taken_back

    found, person = _at(home, Permission.REVIEW)
    taken_back(found, keys_of(found), asset, person)
    _answer(found, asset, person, as_json=as_json)


def _vote(home: Path, asset: str, choice: str, comment: str, meaning: str, *, as_json: bool) -> None:
    from rectoverso.store.reviews import Choice
    from rectoverso.workflow.ledgers import keys_of
    from rectoverso.workflow.permissions import Permission
    from rectoverso.workflow.review import Said, decide

    found, person = _at(home, Permission.REVIEW)
    said = Said(Choice(choice), comment.strip(), bool(meaning) and _signs(found, person), meaning.strip())
    decide(found, keys_of(found), asset, said, person)
    _answer(found, asset, person, as_json=as_json)


def _answer(home: Home, asset: str, person: Person, *, as_json: bool) -> None:
    docket = _docket(home, asset, person)
    if as_json:
        print_json(_plain(home, docket))
    else:
        _tell(home, docket)


def _at(home: Path, permission: str) -> tuple[Home, Person]:
    """The home, and who is at the keyboard: by the key of an account, once there are accounts."""
    from rectoverso.workflow.ledgers import existing_home
    from rectoverso.workflow.people import known
    from rectoverso.workflow.permissions import Permission

    found = existing_home(home)
    key = (os.environ.get(KEY) or _asked("review.key")) if found.people.are_there() else ""
    return found, known(found, key, Permission(permission))


def _signs(home: Home, person: Person) -> bool:
    """Whether they show once more that it is they."""
    if not home.people.are_there():
        return False
    again = home.people.known_by(_asked("review.key_again"))
    return again is not None and again.id == person.id


def _asked(key: str) -> str:
    """What is typed unseen, or comes as a line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    text: str = typer.prompt(say(Message(key), preferred_language()), hide_input=True, err=True)
    return text.strip()


def _docket(home: Home, asset: str, person: Person) -> Docket:
    from rectoverso.errors import NotWaiting
    from rectoverso.types import AssetId, Decision
    from rectoverso.workflow.docket import docket_of
    from rectoverso.workflow.ledgers import keys_of, open_ledger
    from rectoverso.workflow.review import standing_of

    held = home.assets.by_id(AssetId(asset))
    if held is None or held.decision is not Decision.HOLD:
        raise NotWaiting(asset=asset)
    return docket_of(home, open_ledger(home, keys_of(home)), standing_of(home, held), person)


def _plain(home: Home, docket: Docket) -> dict[str, object]:
    from rectoverso.workflow.ledgers import keys_of, open_ledger

    return docket.plain(home, open_ledger(home, keys_of(home)))


def _tell(home: Home, docket: Docket) -> None:
    from rectoverso.workflow.ledgers import keys_of, open_ledger
    from rectoverso.workflow.review import comment_of

    standing, ledger = docket.standing, open_ledger(home, keys_of(home))
    tell("review.stands", id=standing.held.id, use=standing.held.use, state=_words(f"state.{standing.state}"))
    if standing.became:
        tell("review.became", id=standing.became.id)
    for vote in standing.votes:
        comment = comment_of(home, ledger, vote)
        tell(
            "review.vote",
            choice=_words(f"said.{vote.choice.value}"),
            at=vote.at,
            entry=vote.entry,
            comment=comment,
        )
    if docket.people and standing.held.is_waiting:
        count = sum(vote.choice.value == "approve" for vote in standing.votes)
        tell("studio_review.four_eyes", least=docket.people.least, count=count)
    if docket.blocked and standing.held.is_waiting:
        tell(f"studio_review.blocked.{docket.blocked}")


def _words(key: str) -> str:
    return say(Message(f"studio_review.{key}"), preferred_language())
