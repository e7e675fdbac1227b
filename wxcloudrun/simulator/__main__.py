"""Starts the simulator from a shell: `python -m wxcloudrun.simulator --port 9200`."""

import argparse
import sys
from dataclasses import replace

from wxcloudrun.simulator.records import AppConfig, Options, PushFormat, PushMode
from wxcloudrun.simulator.server import serve
from wxcloudrun.simulator.state import SimulatorState


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and serve until interrupted."""
    given = _parser().parse_args(arguments)
    app = replace(
        AppConfig(),
        push_url=given.push_url,
        push_mode=PushMode(given.push_mode),
        push_format=PushFormat(given.push_format),
        published_pages=tuple(given.page) or AppConfig().published_pages,
    )
    state = SimulatorState([app], Options(sidecar=given.sidecar, dev_codes=not given.no_dev_codes))
    serve(given.host, given.port, state, _announce, given.exposed)


def _announce(port: int) -> None:
    sys.stdout.write(f"WeChat simulator on port {port}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m wxcloudrun.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9200)
    parser.add_argument("--exposed", action="store_true", help="allow a host that is not loopback")
    parser.add_argument("--push-url", default="", help="where the product takes pushed messages")
    parser.add_argument("--push-mode", choices=[mode.value for mode in PushMode], default="safe")
    parser.add_argument("--push-format", choices=[language.value for language in PushFormat], default="json")
    parser.add_argument("--page", action="append", default=[], help="a released page; `*` stands for all")
    parser.add_argument("--sidecar", action="store_true", help="ask for no access token")
    parser.add_argument("--no-dev-codes", action="store_true", help="refuse codes of the form dev-<name>")
    return parser


if __name__ == "__main__":
    main()
