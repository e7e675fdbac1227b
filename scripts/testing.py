"""What `run_tests.py` and `unit_tests.py` do once the packages are there: settings, databases, pytest, floor."""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path

from dotenv import dotenv_values
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import SQLAlchemyError

from scripts.mysql_container import DockerMissingError, mysql_container

ROOT = Path(__file__).resolve().parent.parent
_ALL = ["tests/unit", "tests/integration"]
_FLOOR = "90"
_MOST_WORKERS = "8"  # each holds connections to every database server
_DISPLAY = {"-q", "-v", "-vv", "-x"}  # options that choose no tests


def main(arguments: list[str]) -> int:
    """Exit code of pytest; 1 when less than the floor is covered."""
    given, rest = _parser().parse_known_args(arguments)
    unit = given.unit or given.fast
    name = ".env.manual" if given.manual else ".env.unit" if unit else ".env.integration"
    if given.manual and not (ROOT / name).is_file():
        print("There is no .env.manual: copy .env.manual.example and fill it in.", file=sys.stderr)
        return 1
    load_environment(os.environ, ROOT / name)
    command = [sys.executable, "-m", "pytest", "-p", "scripts.test_report", *_selection(given, unit, rest)]
    with contextlib.ExitStack() as stack:
        if not unit and not given.manual:
            stack.enter_context(_mysql(os.environ))
        return _run(command)


def load_environment(environ: MutableMapping[str, str], path: Path) -> None:
    """Add the file's variables to those of the environment; what is set already stays."""
    for name, value in dotenv_values(path).items():
        environ.setdefault(name, value or "")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="Everything else is handed to pytest: paths, -k, -x, -q ...", allow_abbrev=False
    )
    parser.add_argument("--fast", action="store_true", help="unit tests only, without measuring coverage")
    parser.add_argument("--unit", action="store_true", help="unit tests only")
    parser.add_argument("--manual", action="store_true", help="tests against the real WeChat, with .env.manual")
    parser.add_argument("--coverage", action="store_true", help="write the coverage of a part to htmlcov/")
    parser.add_argument(
        "-n", dest="workers", help="processes that share the tests: 0 for none; one a core unless a part is named"
    )
    return parser


def _selection(given: argparse.Namespace, unit: bool, rest: list[str]) -> list[str]:
    """What pytest is told: a part of the tests is never held to the floor of the whole."""
    if given.manual:
        return ["-v", "-s", "-p", "no:randomly", *(rest or ["tests/manual"])]
    paths = [] if any(Path(word.partition("::")[0]).exists() for word in rest) else _ALL[:1] if unit else _ALL
    whole = not unit and set(rest) <= _DISPLAY
    words = [*paths, *_workers(given, rest)]
    if whole:
        return [*words, "--cov", "--cov-branch", "--cov-report=", f"--coverage-floor={_FLOOR}", *rest]
    if given.coverage:
        return [*words, "--cov", "--cov-branch", "--cov-report=html", "--cov-report=term:skip-covered", *rest]
    return [*words, *rest]


def _workers(given: argparse.Namespace, rest: list[str]) -> list[str]:
    """A part, and what shall end at the first failure, runs in one process, where `--pdb` and `-s` work."""
    number = given.workers or ("auto" if set(rest) <= _DISPLAY - {"-x"} else "0")
    return [] if number == "0" else ["-n", number, "--maxprocesses", _MOST_WORKERS, "--dist", "worksteal"]


@contextlib.contextmanager
def _mysql(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Say which MySQL the tests use: TEST_MYSQL_URL, a container of their own, or the one of MYSQL_ADDRESS."""
    with contextlib.ExitStack() as stack:
        if environ.get("RUN_DOCKER_INTEGRATION_TESTS", "").lower() == "true":
            try:
                environ["TEST_MYSQL_URL"] = stack.enter_context(mysql_container(environ))
            except DockerMissingError as error:
                print(f"No MySQL container: {error}. The tests use the servers that are there.", flush=True)
        elif "TEST_MYSQL_URL" not in environ:
            url = configured_mysql(environ)
            if answers(url):
                environ["TEST_MYSQL_URL"] = url.render_as_string(hide_password=False)
        yield


def configured_mysql(environ: MutableMapping[str, str]) -> URL:
    """The server that MYSQL_ADDRESS, MYSQL_USERNAME and MYSQL_PASSWORD name; no database of it."""
    host, _, port = environ.get("MYSQL_ADDRESS", "127.0.0.1:3306").partition(":")
    return URL.create(
        "mysql+pymysql",
        username=environ.get("MYSQL_USERNAME") or "root",
        password=environ.get("MYSQL_PASSWORD") or None,
        host=host,
        port=int(port or 3306),
        query={"charset": "utf8mb4"},
    )


def answers(url: URL) -> bool:
    """True when one can log in there."""
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()
    return True


def _run(command: list[str]) -> int:
    """Run pytest to its end: Ctrl-C reaches it too, and it shows its summary before it goes."""
    process = subprocess.Popen(command, cwd=ROOT)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
