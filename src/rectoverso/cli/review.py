"""`verso review`: the held queue on the command line, by the rules of the service: the same votes, the same people."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell
from rectoverso.i18n import preferred_language, say
from rectoverso.types import Message

if TYPE_CHECKING:
    from rectoverso.store.home import Home
    from rectoverso.store.keys import Keys
    from rectoverso.store.people import Person
    from rectoverso.verso.ledger.ledger import Ledger
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
    desk = _desk(home, "inspect")
    assets = desk.home.assets
    dockets = [desk.docket(asset.id) for asset in assets.waiting(most, use=use)]
    count = sum(use in (None, one.use) for one in assets.queue())
    if as_json:
        reviews = [docket.plain(desk.home, desk.ledger) for docket in dockets]
        print_json({"waiting": count, "reviews": reviews})
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
    from rectoverso.workflow.sheets import evidence_of, write_sheets

    desk = _desk(home, "inspect" if out is None else "review")
    docket = desk.docket(asset)
    held = docket.standing.held
    told = evidence_of(desk.home, held, preferred_language())
    pictures = [] if out is None else write_sheets(desk.home, held, out)
    if as_json:
        files = [str(path) for path in pictures]
        print_json(docket.plain(desk.home, desk.ledger) | {"evidence": told, "pictures": files})
        return
    _tell(desk, docket)
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
    from rectoverso.workflow.review import undo as taken_back

    desk = _desk(home, "review")
    taken_back(desk.home, desk.keys, asset, desk.person)
    _answer(desk, asset, as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Desk:
    """A home, and who is at the keyboard."""

    home: Home
    keys: Keys
    ledger: Ledger
    person: Person

    def docket(self, asset: str) -> Docket:
        """Where an image stands that is or was held. Raises NotWaiting for any other."""
        from rectoverso.errors import NotWaiting
        from rectoverso.types import AssetId, Decision
        from rectoverso.workflow.docket import docket_of
        from rectoverso.workflow.review import standing_of

        held = self.home.assets.by_id(AssetId(asset))
        if held is None or held.decision is not Decision.HOLD:
            raise NotWaiting(asset=asset)
        return docket_of(self.home, self.ledger, standing_of(self.home, held), self.person)

    def signs(self) -> bool:
        """Whether they show once more that it is they."""
        again = (
            self.home.people.known_by(_asked("review.key_again")) if self.home.people.are_there() else None
        )
        return again is not None and again.id == self.person.id


def _desk(path: Path, permission: str) -> _Desk:
    """By the key of an account, once there are accounts. Raises SignInFailed, NotAllowed."""
    from rectoverso.workflow.ledgers import existing_home, keys_of, open_ledger
    from rectoverso.workflow.people import known
    from rectoverso.workflow.permissions import Permission

    home = existing_home(path)
    key = (os.environ.get(KEY) or _asked("review.key")) if home.people.are_there() else ""
    person = known(home, key, Permission(permission))
    keys = keys_of(home)
    return _Desk(home, keys, open_ledger(home, keys), person)


def _asked(key: str) -> str:
    """What is typed unseen, or comes as a line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    text: str = typer.prompt(say(Message(key), preferred_language()), hide_input=True, err=True)
    return text.strip()


def _vote(home: Path, asset: str, choice: str, comment: str, meaning: str, *, as_json: bool) -> None:
    from rectoverso.store.reviews import Choice
    from rectoverso.workflow.review import Said, decide

    desk = _desk(home, "review")
    said = Said(Choice(choice), comment.strip(), bool(meaning) and desk.signs(), meaning.strip())
    decide(desk.home, desk.keys, asset, said, desk.person)
    _answer(desk, asset, as_json=as_json)


def _answer(desk: _Desk, asset: str, *, as_json: bool) -> None:
    docket = desk.docket(asset)
    if as_json:
        print_json(docket.plain(desk.home, desk.ledger))
    else:
        _tell(desk, docket)


def _tell(desk: _Desk, docket: Docket) -> None:
    from rectoverso.store.reviews import Choice
    from rectoverso.workflow.review import comment_of

    standing = docket.standing
    tell("review.stands", id=standing.held.id, use=standing.held.use, state=_words(f"state.{standing.state}"))
    if standing.became:
        tell("review.became", id=standing.became.id)
    for vote in standing.votes:
        tell("review.vote", choice=_words(f"said.{vote.choice.value}"), at=vote.at, entry=vote.entry)
        if comment := comment_of(desk.home, desk.ledger, vote):
            tell("review.comment", comment=comment)
    if not standing.held.is_waiting:
        return
    if docket.people and docket.people.least > 1:
        count = sum(vote.choice is Choice.APPROVE for vote in standing.votes)
        tell("studio_review.four_eyes", least=docket.people.least, count=count)
    if docket.blocked:
        tell(f"studio_review.blocked.{docket.blocked}")


def _words(key: str) -> str:
    return say(Message(f"studio_review.{key}"), preferred_language())
