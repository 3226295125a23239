"""`verso people`: who may use the service, and as what."""

from __future__ import annotations

from typing import Annotated

import typer

from rectoverso.cli.options import DEFAULT_HOME, HomeOption, JsonOption
from rectoverso.cli.output import print_json, tell

app = typer.Typer(help="Accounts of the service: who may use it, and as what.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call the person or program.")],
    role: Annotated[
        str, typer.Option("--role", help="What it may do: viewer, maker, reviewer or admin.")
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
        print(f"{person.id}  {person.role.value:<8}  {person.created_at}  {person.name} {ended}".rstrip())


@app.command()
def end(
    person: Annotated[str, typer.Argument(help="The account's id, as the list shows it.")],
    home: HomeOption = DEFAULT_HOME,
    as_json: JsonOption = False,
) -> None:
    """Close an account; its keys count no more from now on."""
    from rectoverso.workflow.ledgers import existing_home
    from rectoverso.workflow.people import end_person

    end_person(existing_home(home), person)
    if as_json:
        print_json({"ended": person})
    else:
        tell("cli.person_ended", id=person)
