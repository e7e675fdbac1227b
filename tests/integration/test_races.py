"""Many at once against two server processes: nothing is lost, nothing happens twice."""

import http.client
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, func, select

from tests.conftest import database_urls, make_app
from tests.integration.live import Answer, LiveServer, ask, at_once, serving
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import RunningSimulator, running

CLIENTS, EACH = 50, 20


@pytest.fixture(params=["sqlite", "mariadb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A migrated database of each kind."""
    for url in database_urls(tmp_path, request.param):
        make_app(url, tmp_path)
        yield url


def _increment(server: LiveServer) -> list[int]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    statuses = [ask(connection, "POST", "/api/count", {"action": "inc"}).status for _ in range(EACH)]
    connection.close()
    return statuses


def login_code(simulator: RunningSimulator, name: str) -> str:
    """What wx.login would give that person."""
    host = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    answer = ask(host, "POST", "/_sim/login-code", {"name": name})
    host.close()
    return str(answer.json["code"])


def upstream_calls(simulator: RunningSimulator) -> int:
    """How often the simulator was asked about a code."""
    host = http.client.HTTPConnection("127.0.0.1", simulator.port, timeout=10)
    answer = ask(host, "GET", "/_sim/journal?path=/sns/jscode2session")
    host.close()
    return int(answer.json["count"])


def _log_in(server: LiveServer, code: str) -> Answer:
    return server.call("POST", "/api/login", {"code": code})


def test_a_thousand_increments_by_fifty_clients_over_two_processes_add_a_thousand(url: URL, tmp_path: Path):
    with serving(url, tmp_path, workers=2) as server:
        before = server.call("GET", "/api/count").json["data"]
        statuses = Counter(status for each in at_once(CLIENTS, lambda _: _increment(server)) for status in each)
        assert statuses == {200: CLIENTS * EACH}
        assert server.call("GET", "/api/count").json["data"] - before == CLIENTS * EACH


def test_one_code_pressed_twenty_times_over_two_processes_is_one_exchange_and_one_answer(url: URL, tmp_path: Path):
    with running() as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        code = login_code(simulator, "impatient")
        answers = at_once(20, lambda _: _log_in(server, code))
        assert {answer.status for answer in answers} == {200}, [a.body for a in answers if a.status != 200]
        assert len({answer.body for answer in answers}) == 1
        assert upstream_calls(simulator) == 1
        token = answers[0].json["data"]["token"]
        assert server.call("GET", "/api/user/profile", token=token).status == 200


def test_twenty_phones_of_one_new_person_over_two_processes_make_one_person(url: URL, tmp_path: Path):
    with running() as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        codes = [login_code(simulator, "newcomer") for _ in range(20)]
        answers = at_once(20, lambda number: _log_in(server, codes[number]))
        assert {answer.status for answer in answers} == {200}, [a.body for a in answers if a.status != 200]
        assert len({answer.json["data"]["user"]["id"] for answer in answers}) == 1
        assert sum(answer.json["data"]["is_new_user"] for answer in answers) == 1
    engine = create_engine(url)
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(User)) == 1
    engine.dispose()


def test_one_refresh_token_used_twenty_times_over_two_processes_has_one_successor(url: URL, tmp_path: Path):
    with running() as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        first = _log_in(server, login_code(simulator, "returning")).json["data"]["refresh_token"]
        answers = at_once(20, lambda _: server.call("POST", "/api/refresh_token", {"refresh_token": first}))
        assert {answer.status for answer in answers} == {200}, [a.body for a in answers if a.status != 200]
        assert len({answer.json["data"]["refresh_token"] for answer in answers}) == 1


def test_of_ten_edits_of_one_version_one_is_kept_and_the_others_are_told(url: URL, tmp_path: Path):
    with running() as simulator, serving(url, tmp_path, workers=2, simulator=simulator.url) as server:
        token = _log_in(server, login_code(simulator, "editor")).json["data"]["token"]
        answers = at_once(
            10,
            lambda number: server.call(
                "PUT", "/api/user/profile", {"nickname": f"name-{number}", "version": 1}, token=token
            ),
        )
        assert Counter(answer.status for answer in answers) == {200: 1, 409: 9}
        kept = next(answer.json["data"] for answer in answers if answer.status == 200)
        present = server.call("GET", "/api/user/profile", token=token).json["data"]
        assert (present["nickname"], present["version"]) == (kept["nickname"], 2)
