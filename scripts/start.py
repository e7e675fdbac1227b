"""Starts everything: `python3 scripts/start.py [--port N] [--data DIR] [--smoke]`, by any Python from 3.6 on."""

import argparse
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from scripts.bootstrap import RUNTIME, run_under  # noqa: E402 - the line above makes it findable


def parser() -> argparse.ArgumentParser:
    """The command line, here and in `scripts.serve`."""
    text = "Install what is missing; start the service, its worker and a simulated WeChat."
    words = argparse.ArgumentParser(prog="start.py", description=text)
    port = os.environ.get("PORT") or "8080"
    words.add_argument("--port", type=_port, default=port, help="port of the service (default: $PORT, or 8080)")
    words.add_argument("--data", help="folder of the database, secrets and logs (default: data)")
    words.add_argument("--smoke", action="store_true", help="do the main job once in a new folder, then end")
    return words


def is_free(port: int) -> bool:
    """True when this port of 127.0.0.1 can be listened on."""
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
        except OSError:
            return False
    return True


def main() -> None:
    """Refuse a port that is taken before anything is made, then go on under the environment's Python."""
    given = parser().parse_args()
    if not given.smoke and not is_free(given.port):
        sys.exit("Port %d is taken. Stop what listens there, or choose another with --port" % given.port)
    data = [] if given.data is None else ["--data", os.path.abspath(given.data)]
    smoke = ["--smoke"] if given.smoke else []
    run_under(RUNTIME, "scripts.serve", ["--port", str(given.port)] + data + smoke)


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535, not %r" % text)
    return int(text)


if __name__ == "__main__":
    main()
