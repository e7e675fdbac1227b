"""kill -9 of the whole server in the middle of a login: no half person, and logging in again works."""

import threading
import time
from http.client import HTTPException
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select

from tests.conftest import database_urls, make_app
from tests.integration.live import LiveServer, serving
from tests.integration.test_races import login_code, upstream_calls
from tests.pace import promptly
from wxcloudrun.features.auth.models import UserSession
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import RunningSimulator, running

KINDS = ["sqlite", "mariadb", "postgresql"]


def _order_fault(simulator: RunningSimulator, kind: str, value: int) -> None:
    LiveServer(simulator.port, None, Path()).call(  # type: ignore[arg-type]  # no process of ours
        "POST", "/_sim/faults", {"path": "/sns/jscode2session", "kind": kind, "value": value}
    )


def _rows(url, model) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(model)) or 0
    engine.dispose()
    return count


def _log_in_and_never_hear_back(server: LiveServer, code: str, died: list[bool]) -> None:
    try:
        server.call("POST", "/api/login", {"code": code}, timeout=20)
    except (OSError, HTTPException):
        died.append(True)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("fault", "value"), [("consume_then_timeout", 15), ("slow", 5000)])
def test_a_server_killed_in_a_login_leaves_nobody_half_made(kind: str, fault: str, value: int, tmp_path: Path):
    for url in database_urls(tmp_path, kind):
        make_app(url, tmp_path)
        with running() as simulator:
            code, died = login_code(simulator, "unlucky"), []
            with serving(url, tmp_path, simulator=simulator.url) as server:
                _order_fault(simulator, fault, value)
                phone = threading.Thread(target=_log_in_and_never_hear_back, args=(server, code, died))
                phone.start()
                deadline = time.monotonic() + 10
                while upstream_calls(simulator) == 0 and time.monotonic() < deadline:
                    time.sleep(0.02)
                server.kill()
                phone.join()
            assert died, "the phone lost its answer"
            assert (_rows(url, User), _rows(url, UserSession)) == (0, 0)
            with serving(url, tmp_path, simulator=simulator.url) as server:
                with promptly(5):
                    fresh = server.call("POST", "/api/login", {"code": login_code(simulator, "unlucky")})
                    assert fresh.status == 200, fresh.body
                    assert fresh.json["data"]["is_new_user"] is True
            assert (_rows(url, User), _rows(url, UserSession)) == (1, 1)
