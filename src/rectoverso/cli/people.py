"""`verso people`: who may use the service, as what, and what each is confirmed to be."""

from __future__ import annotations

from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell

app = typer.Typer(help="Accounts of the service: who may use it, and as what.", no_args_is_help=True)

PersonArgument = Annotated[str, typer.Argument(help="The account's id, as the list shows it.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call the person or program.")],
    role: Annotated[
        str,
        typer.Option("--role", help="What it may do: viewer, maker, reviewer, publisher, auditor or admin."),
    ] = "maker",
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Make an account, and its first key, which is shown this once."""
    from rectoverso.errors import UnknownName
    from rectoverso.store.home import Home
    from rectoverso.store.people import Role
    from rectoverso.workflow.people import add_person, plain

    if role not in tuple(Role):
        raise UnknownName(kind="role", name=role, known=", ".join(Role), hint="")
    person, _, token = add_person(Home.open(home), name, Role(role))
    if as_json:
        print_json(plain(person) | {"key": token})
        return
    tell("cli.person_added", name=person.name, id=person.id, role=person.role.value)
    tell("cli.person_key", token=token)


@app.command("list")
def list_(home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """List the accounts, those that ended too."""
    from rectoverso.store.home import Home
    from rectoverso.workflow.people import plain

    existing = Home.existing(home)
    people = existing.people.all() if existing else []
    if as_json:
        print_json({"people": [plain(person) for person in people]})
        return
    for person in people:
        ended = f"-> {person.ended_at}" if person.ended_at else ""
        print(f"{person.id}  {person.role.value:<9}  {person.created_at}  {person.name} {ended}".rstrip())


@app.command()
def show(person: PersonArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Show an account, and what it may and is."""
    from rectoverso.errors import PersonNotFound
    from rectoverso.workflow.ledgers import existing_home, keys_of
    from rectoverso.workflow.people import plain
    from rectoverso.workflow.permissions import Permission, is_allowed
    from rectoverso.workflow.professions import professions_of

    found = existing_home(home)
    account = found.people.find(person)
    if account is None:
        raise PersonNotFound(person=person)
    permissions = [one.value for one in Permission if is_allowed(account, one)]
    professions = professions_of(found, keys_of(found), person)
    if as_json:
        more = {"permissions": permissions, "professions": [one.plain() for one in professions]}
        print_json(plain(account) | more)
        return
    tell("cli.person", id=account.id, name=account.name, role=account.role.value)
    tell("cli.person_may", permissions=", ".join(permissions))
    for one in professions:
        told = one.plain()
        tell("cli.profession" if told["withdrawn"] is None else "cli.profession_withdrawn", **told)


@app.command()
def confirm(
    person: PersonArgument,
    use: Annotated[str, typer.Option("--use", help="For which images it counts: medical, or another use.")],
    profession: Annotated[str, typer.Option("--profession", help="What they are, for example: radiologist.")],
    evidence: Annotated[
        str, typer.Option("--evidence", help="What was seen of that, and where it is kept.", metavar="WHAT")
    ],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Confirm that somebody is a professional, for a use.

    Without that nobody approves an image whose policy asks for one.
    """
    from rectoverso.workflow.ledgers import existing_home, keys_of
    from rectoverso.workflow.people import LOCAL
    from rectoverso.workflow.professions import confirm as confirmed

    found = existing_home(home)
    done = confirmed(found, keys_of(found), person, use, profession, evidence, LOCAL).plain()
    if as_json:
        print_json(done)
    else:
        tell("cli.profession", **done)


@app.command()
def withdraw(
    person: PersonArgument,
    entry: Annotated[int, typer.Argument(help="The ledger's entry of the confirmation, as shown.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Take a confirmation back.

    Approvals that rest on it count no more; what was let go stays let go.
    """
    from rectoverso.workflow.ledgers import existing_home, keys_of
    from rectoverso.workflow.people import LOCAL
    from rectoverso.workflow.professions import withdraw as withdrawn

    found = existing_home(home)
    done = withdrawn(found, keys_of(found), person, entry, LOCAL).plain()
    if as_json:
        print_json(done)
    else:
        tell("cli.profession_withdrawn", **done)


@app.command()
def end(person: PersonArgument, home: HomeOption = DEFAULT_HOME, as_json: JsonOption = False) -> None:
    """Close an account; its keys count no more from now on."""
    from rectoverso.workflow.ledgers import existing_home
    from rectoverso.workflow.people import end_person

    end_person(existing_home(home), person)
    if as_json:
        print_json({"ended": person})
    else:
        tell("cli.person_ended", id=person)
