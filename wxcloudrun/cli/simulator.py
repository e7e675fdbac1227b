"""`flask simulator`: WeChat's part, played on this machine."""

import click


@click.group()
def simulator() -> None:
    """A WeChat server to develop and test against (docs/simulator.md)."""


@simulator.command()
@click.option("--port", default=9200, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--push-url", default="", help="Where this service takes pushed messages, as .../wechat/push.")
def run(port: int, push_url: str) -> None:
    """Serve the simulator on 127.0.0.1 until Ctrl-C."""
    from wxcloudrun.simulator import AppConfig, SimulatorState, serve  # noqa: PLC0415 - only this command needs it

    app = AppConfig(push_url=push_url)
    serve("127.0.0.1", port, SimulatorState([app]), lambda chosen: _announce(chosen, app.appid, app.secret))


def _announce(port: int, appid: str, secret: str) -> None:
    address = f"http://127.0.0.1:{port}"
    click.echo(f"WeChat simulator: {address}")
    click.echo("Settings of the service that is to use it:")
    click.echo(f"  WECHAT_API_BASE={address} WX_APPID={appid} WX_SECRET={secret}")
    click.echo("A login code is `dev-<any name>`, or a fresh one from:")
    click.echo(f'  curl -s -d \'{{"name":"alice"}}\' {address}/_sim/login-code')
