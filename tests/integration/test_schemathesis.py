"""The served OpenAPI document against the server, with every check schemathesis has, as everybody who may call."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.integration.fuzz_bench import Fuzzed, Things, a_project, fitted
from wxcloudrun.core.actor import Role

ENDS_SESSIONS = (
    "delete_api_user",
    "delete_api_users_user_id_sessions",
    "post_api_logout",
    "delete_api_user_sessions",
    "delete_api_user_sessions_session_id",
)
LIBRARY = ("environments", "files", "cases", "datasets", "scenarios")
CONFIG = Path(__file__).with_name("schemathesis.toml")
COMMAND = ["--checks", "all", "--seed", "20", "--workers", "2", "--continue-on-failure", "--no-color"]
COMMAND += ["--generation-database", "none", "--request-timeout", "20"]


def test_the_document_and_the_server_agree_without_a_session(fuzzed: Fuzzed, tmp_path: Path):
    _run(fuzzed, tmp_path, examples=5)


@pytest.mark.parametrize("role", [Role.USER, Role.ADMINISTRATOR])
def test_they_agree_for_people_without_projects(fuzzed: Fuzzed, tmp_path: Path, role: Role):
    fuzzed.become(role=role)
    _run_as(fuzzed, tmp_path, *_each("--exclude-tag", LIBRARY), *_each("--exclude-operation-id", ENDS_SESSIONS))


@pytest.mark.parametrize(
    "tags", [("projects", "environments", "files"), ("cases",), ("datasets", "scenarios")], ids="-".join
)
def test_they_agree_in_a_project_about(fuzzed: Fuzzed, tmp_path: Path, tags: tuple[str, ...]):
    _run_as(fuzzed, tmp_path, *_each("--include-tag", tags), things=a_project(fuzzed))


def test_they_agree_about_the_end_of_sessions(fuzzed: Fuzzed, tmp_path: Path):
    session = ("-H", f"Authorization: Bearer {fuzzed.token}")
    _run(fuzzed, tmp_path, *session, *_each("--include-operation-id", ENDS_SESSIONS))


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _run_as(fuzzed: Fuzzed, tmp: Path, *arguments: str, things: Things | None = None) -> None:
    """As the person, whose session has to last."""
    _run(fuzzed, tmp, "-H", f"Authorization: Bearer {fuzzed.token}", *arguments, things=things)
    alive = fuzzed.server.call("GET", "/api/user/profile", token=fuzzed.token)
    assert alive.status == 200, "the session ended on the way, so most of this proved nothing"


def _run(fuzzed: Fuzzed, tmp: Path, *arguments: str, examples: int = 10, things: Things | None = None) -> None:
    """Schemathesis in a process of its own, with at most so many random requests an operation; fails with its report."""
    document = fitted(fuzzed.server.call("GET", "/openapi.json").json, things or Things())
    (tmp / "openapi.json").write_text(json.dumps(document))
    program = Path(sys.executable).with_name("st")
    url = f"http://127.0.0.1:{fuzzed.server.port}"
    command = [str(program), "--config-file", str(CONFIG), "run", "openapi.json", "--url", url, *COMMAND]
    done = subprocess.run(
        [*command, "--max-examples", str(examples), *arguments],
        cwd=tmp,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp)},
        capture_output=True,
        text=True,
        timeout=270,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert "Unmatched filters" not in done.stdout, "an operation that this test names is gone"
    assert "unexpected error" not in fuzzed.server.log.read_text()
