"""`flask users`: find people, and say who administers and who is verified."""

from collections.abc import Callable

import click
from flask import current_app
from flask.cli import with_appcontext

from wxcloudrun.core.actor import SYSTEM
from wxcloudrun.core.errors import ApiError
from wxcloudrun.features.users.administration import AdministrationService
from wxcloudrun.features.users.schemas import PeopleQuery, PersonChange, PersonView

_NUMBER = click.IntRange(1, 2**53 - 1)
_ROW = "{id:>8}  {role:<13}  {status:<8}  {verification:<8}  {phone:<18}  {nickname}"


@click.group()
def users() -> None:
    """People and their roles."""


@users.command("list")
@click.option("--query", help="Part of the nickname.")
@click.option("--phone", help="The whole phone number.")
@click.option("--page", default=1, show_default=True, type=click.IntRange(1, 10_000))
@with_appcontext
def list_people(query: str | None, phone: str | None, page: int) -> None:
    """List people, the newest first."""
    try:
        wanted = PeopleQuery.model_validate({"q": query, "phone": phone, "page": page, "size": 100})
    except ValueError:
        raise click.BadParameter("--query: at most 32 letters; --phone: a whole number") from None
    found = _service().page(wanted)
    for person in found.items:
        click.echo(_line(person))
    click.echo(f"{len(found.items)} of {found.total}")


@users.command()
@click.argument("user_id", type=_NUMBER)
@with_appcontext
def show(user_id: int) -> None:
    """Show the person of a number."""
    person = _answered(lambda: _service().view(user_id))
    for name, value in person.model_dump().items():
        click.echo(f"{name}: {value['name'] if isinstance(value, dict) else value}")


@users.command()
@click.argument("user_id", type=_NUMBER)
@with_appcontext
def promote(user_id: int) -> None:
    """Make somebody an administrator."""
    click.echo(_line(_answered(lambda: _service().change(SYSTEM, user_id, PersonChange(role="administrator")))))


@users.command()
@click.argument("user_id", type=_NUMBER)
@with_appcontext
def verify(user_id: int) -> None:
    """Verify somebody you know, without an application."""
    click.echo(_line(_answered(lambda: _service().change(SYSTEM, user_id, PersonChange(verification="verified")))))


@users.command()
@click.argument("user_id", type=_NUMBER)
@with_appcontext
def demote(user_id: int) -> None:
    """Make an administrator an ordinary user; the last one stays."""
    click.echo(_line(_answered(lambda: _service().change(SYSTEM, user_id, PersonChange(role="user")))))


def _service() -> AdministrationService:
    service: AdministrationService = current_app.extensions["wxcloudrun"].get(AdministrationService)
    return service


def _answered(work: Callable[[], PersonView]) -> PersonView:
    try:
        return work()
    except ApiError as error:
        raise click.ClickException(error.message("en")) from None


def _line(person: PersonView) -> str:
    return _ROW.format(
        id=person.id,
        role=person.role.name,
        status=person.status.name,
        verification=person.verification.name,
        phone=person.phone or "-",
        nickname=person.nickname,
    ).rstrip()
