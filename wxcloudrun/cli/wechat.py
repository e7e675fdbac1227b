"""`flask wechat`: what an operator does about the connection to WeChat."""

import click
from flask import current_app
from flask.cli import with_appcontext

from wxcloudrun.core.clock import Clock, iso
from wxcloudrun.core.container import Container
from wxcloudrun.features.wechat.tokens import DatabaseTokenStore
from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.contract import WeChat
from wxcloudrun.integrations.wechat.errors import WeChatError


@click.group()
def wechat() -> None:
    """The connection to WeChat."""


@wechat.command()
@click.option("--force-refresh", is_flag=True, help="Have WeChat end the present access token, after a leak.")
@with_appcontext
def token(force_refresh: bool) -> None:
    """Say how long the shared access token lasts, never the token itself."""
    container: Container = current_app.extensions["wxcloudrun"]
    client = container.get(WeChat)
    if force_refresh and isinstance(client, WeChatClient):
        try:
            client.force_token_refresh()
        except WeChatError as error:
            raise click.ClickException(str(error)) from None
        click.echo("WeChat gave a new token; run this again after 30 seconds to end the old one for certain.")
    stored = container.get(DatabaseTokenStore).load(client.config.appid, client.config.token_mode.value)
    if stored is None:
        click.echo("No token has been fetched yet.")
        return
    now = container.get(Clock).now()
    state = "good until" if stored.expires_at > now else "dead since"
    click.echo(f"Token number {stored.version}: {state} {iso(stored.expires_at)}")
