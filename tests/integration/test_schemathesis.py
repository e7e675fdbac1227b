"""The served OpenAPI document against the server, with every check schemathesis has, as everybody who may call."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import URL, update

from tests.conftest import make_app
from tests.integration.live import LiveServer, serving
from tests.integration.test_races import login_code
from wxcloudrun.core.actor import Role
from wxcloudrun.core.db import db
from wxcloudrun.core.pagination import cursor
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import AppConfig, SimulatorState, running

ENDS_SESSIONS = [
    "delete_api_user",
    "delete_api_users_user_id_sessions",
    "post_api_logout",
    "delete_api_user_sessions",
    "delete_api_user_sessions_session_id",
]
CONFIG = Path(__file__).with_name("schemathesis.toml")
COMMAND = ["--checks", "all", "--max-examples", "20", "--seed", "20", "--workers", "2", "--continue-on-failure"]
COMMAND += ["--no-color", "--generation-database", "none", "--request-timeout", "20"]


def _described(server: LiveServer, tmp: Path) -> Path:
    """The served document, without what has a meaning only after other requests (other tests prove that).

    A used Idempotency-Key is rightly refused with another body, and a cursor is what a list gave, nothing else.
    """
    document = server.call("GET", "/openapi.json").json
    for operations in document["paths"].values():
        for operation in operations.values():
            kept = [item for item in operation["parameters"] if item["name"] != "Idempotency-Key"]
            operation["parameters"] = kept
            for parameter in kept:
                if parameter["name"] == "cursor":
                    parameter["schema"] = {"enum": [cursor(10**6)]}
    file = tmp / "openapi.json"
    file.write_text(json.dumps(document))
    return file


def _run(server: LiveServer, tmp: Path, *arguments: str) -> None:
    """Schemathesis in a process of its own; fails with its report."""
    program = Path(sys.executable).with_name("st")
    done = subprocess.run(
        [
            program,
            "--config-file",
            CONFIG,
            "run",
            _described(server, tmp),
            "--url",
            f"http://127.0.0.1:{server.port}",
            *COMMAND,
            *arguments,
        ],
        cwd=tmp,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert "Unmatched filters" not in done.stdout, "an operation that this test names is gone"
    assert "unexpected error" not in server.log.read_text()


@pytest.mark.parametrize("role", ["anonymous", "user", "administrator", "who ends sessions"])
def test_the_document_and_the_server_agree_for(role: str, tmp_path: Path):
    url = URL.create("sqlite", database=str(tmp_path / "fuzzed.sqlite3"))
    app = make_app(url, tmp_path)
    state = SimulatorState([AppConfig(published_pages=("*",))])
    with running(state) as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        if role == "anonymous":
            _run(server, tmp_path)
            return
        person = server.call("POST", "/api/login", {"code": login_code(simulator, "fuzzer")}).json["data"]
        if role == "administrator":
            with app.app_context():
                statement = update(User).where(User.id == person["user"]["id"])
                db.session.execute(statement.values(role=Role.ADMINISTRATOR))
                db.session.commit()
        choice = "--include-operation-id" if role == "who ends sessions" else "--exclude-operation-id"
        filters = [word for name in ENDS_SESSIONS for word in (choice, name)]
        _run(server, tmp_path, "-H", f"Authorization: Bearer {person['token']}", *filters)
        if role != "who ends sessions":
            alive = server.call("GET", "/api/user/profile", token=person["token"])
            assert alive.status == 200, "the session ended on the way, so most of this proved nothing"
