"""How many questions a request asks the database: a number that only rises on purpose."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import URL, event

from tests.conftest import FakeWeChat, Person, log_in, make_app
from tests.integration.cases_bench import WHOLE, Library
from tests.integration.projects_bench import Team
from tests.integration.runs_api_bench import RunStage
from tests.integration.scenarios_bench import Stage
from wxcloudrun.core.db import db


@pytest.fixture
def asked(app: Flask) -> Iterator[list[str]]:
    """Every statement that is carried out, without BEGIN and COMMIT."""
    statements: list[str] = []

    def note(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_reading_the_counter_asks_once(app: Flask, asked: list[str]):
    assert app.test_client().get("/api/count").status_code == 200
    assert len(asked) == 1


def test_adding_to_the_counter_is_an_update_and_a_look(app: Flask, asked: list[str]):
    assert app.test_client().post("/api/count", json={"action": "inc"}).status_code == 200
    assert [statement.split()[0] for statement in asked] == ["UPDATE", "SELECT"]


def test_a_profile_costs_who_asks_and_the_profile(person: Person, asked: list[str]):
    person.ok("GET", "/api/user/profile")
    assert len(asked) <= 2


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_logging_in_asks_at_most_six_times(app: Flask, wechat: FakeWeChat, asked: list[str], known: bool):
    if known:
        log_in(app, wechat, "somebody-who-comes-in")
        asked.clear()
    log_in(app, wechat, "somebody-who-comes-in")
    assert 0 < len(asked) <= 6, asked


def test_refreshing_asks_at_most_three_times(person: Person, asked: list[str]):
    assert person.client.post("/api/refresh_token", json={"refresh_token": person.refresh_token}).status_code == 200
    assert len(asked) <= 3, asked


def test_a_list_costs_the_same_however_long_it_is(app: Flask, wechat: FakeWeChat, admin: Person, asked: list[str]):
    costs = []
    for number in range(2):
        for extra in range(1 + 10 * number):
            log_in(app, wechat, f"somebody-of-many-{number}-{extra}")
        for path in ("/api/users?size=100", "/api/audit?size=100", "/api/user/sessions", "/api/verifications"):
            asked.clear()
            admin.ok("GET", path)
            costs.append((path, len(asked)))
    assert costs[:4] == costs[4:]
    assert max(count for _, count in costs) <= 4


def test_a_list_of_a_project_costs_three_questions_however_long_it_is(a_team: Team, asked: list[str]):
    """Who asks, what they may, and the list with its total."""
    a_team.environment()
    costs = []
    for number in range(2):
        for extra in range(20 * number):
            a_team.environment(f"environment {extra}")
            a_team.invitation()
            a_team.owner.ok("PUT", a_team.path, {"name": f"name {extra}"})
            a_team.owner.ok("POST", "/api/projects", {"name": "one more"})
        for place in ("/members", "/environments?q=e&sort=-name", "/invitations", "/activity", "", "/variables"):
            asked.clear()
            a_team.owner.ok("GET", f"{a_team.path}{place}")
            costs.append(len(asked))
        asked.clear()
        a_team.owner.ok("GET", "/api/projects?q=a&state=active&page=7")
        costs.append(len(asked))
    assert costs[:7] == costs[7:] == [3, 3, 3, 3, 2, 3, 2]


def test_a_list_of_cases_costs_three_questions_however_long_it_is(a_library: Library, asked: list[str]):
    """Who asks, what they may and, for a text or several filters, what is rare; and the list."""
    costs = []
    for number in range(2):
        for extra in range(1 + 25 * number):
            a_library.case(f"case {number} {extra}", folder=f"a/{extra % 3}", tags=["x"], visibility="private")
        for query in ("", "?size=5&sort=name", "?tag=x", "?trashed=true", "?folder=a&tag=x&status=draft", "?q=case"):
            asked.clear()
            a_library.team.owner.ok("GET", f"{a_library.cases}{query}")
            costs.append(len(asked))
    assert costs[:6] == costs[6:]
    assert max(costs) <= 3


def test_one_case_costs_what_it_should(a_library: Library, asked: list[str]):
    """Besides who asks: what they may and the case; the names that are known; the case, a version, where it is found."""
    asked.clear()
    a_library.case("which needs no names")
    assert len(asked) <= 9, asked
    asked.clear()
    number = a_library.case("case", **WHOLE)
    assert len(asked) <= 11, asked
    place = a_library.place(number)
    for method, body, most in [
        ("GET", None, 3),
        ("PUT", {"description": "changed"}, 16),
        ("PUT", {"description": "changed"}, 10),
        ("DELETE", None, 14),
        ("POST", {"request": {"url": "/"}}, 4),
    ]:
        asked.clear()
        a_library.team.editor.ok(method, f"{a_library.cases}/check" if method == "POST" else place, body)
        assert len(asked) <= most, (method, len(asked), asked)


def test_scenarios_cost_the_same_however_many_steps_there_are(a_stage: Stage, asked: list[str]):
    """Who asks, what they may, the scenario and the step; for a write the check of the whole scenario too."""
    scenario, costs = a_stage.scenario("s", tags=["x"]), []
    case = a_stage.shelf.case()
    a_stage.step(scenario, "case", case_id=case)  # so that one is left when another one is removed
    for round_number in range(2):
        for _ in range(1 + 20 * round_number):
            step = a_stage.step(scenario, "case", case_id=case)
        place = a_stage.place(scenario)
        for method, path, body in [
            ("GET", a_stage.all, None),
            ("GET", f"{a_stage.all}?folder=&tag=x&sort=-updated_at", None),
            ("GET", place, None),
            ("GET", f"{place}/steps", None),
            ("GET", f"{place}/steps/{step}", None),
            ("GET", f"{place}/check", None),
            ("POST", f"{place}/steps", {"kind": "group", "to": "first"}),
            ("POST", f"{place}/steps/{step}/move", {"to": "first"}),
            ("PUT", f"{place}/steps/{step}", {"name": "renamed"}),
            ("DELETE", f"{place}/steps/{step}", None),
        ]:
            asked.clear()
            a_stage.editor.ok(method, path, body)
            costs.append(len(asked))
    reads, writes = costs[:6], costs[6:10]
    assert costs[:10] == costs[10:]
    assert reads == [3, 3, 3, 4, 4, 9]
    assert max(writes) <= 21


def test_who_is_refused_costs_nothing(app: Flask, asked: list[str]):
    client = app.test_client()
    client.get("/api/user/profile")
    client.get("/api/user/profile", headers={"Authorization": "Bearer x.y.z"})
    client.post("/api/count", data=b"{", content_type="application/json")
    client.get("/api/nowhere")
    client.get("/healthz")
    assert asked == []


def test_cloud_runs_word_costs_one_question_where_the_person_was_here_a_moment_ago(tmp_path: Path):
    trusted = {"trust_wxcloud_headers": True, "cbr_env_id": "env-1"}
    app = make_app(URL.create("sqlite", database=str(tmp_path / "cloud.sqlite3")), tmp_path, **trusted)
    headers = {
        "X-WX-OPENID": "openid-of-somebody-1",
        "X-WX-APPID": "wx-test-appid",
        "X-WX-ENV": "env-1",
        "X-WX-SOURCE": "wx_client",
    }
    statements: list[str] = []
    with app.app_context():
        engine = db.engine
    assert app.test_client().get("/api/user/profile", headers=headers).json["code"] == 1
    event.listen(engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))
    assert app.test_client().get("/api/user/profile", headers=headers).json["code"] == 1
    assert [statement.split()[0] for statement in statements] == ["SELECT", "SELECT"]
    engine.dispose()


def test_runs_cost_the_same_however_many_there_are(a_runs: RunStage, asked: list[str]):
    """Who asks, what they may together with the run or its results; a start freezes what is run and may be reached, in
    four rows."""
    scenario = a_runs.scenario("s", *[a_runs.case(f"case {number}") for number in range(12)], tags=["smoke"])
    a_runs.scenario("t", a_runs.case("one more"), tags=["smoke"])
    costs = []
    for number in range(2):
        for _ in range(1 + 10 * number):
            ended = a_runs.done(scenario_id=scenario)["id"]
        place = a_runs.place(ended)
        for path in (a_runs.all, f"{a_runs.all}?state=passed", place, f"{place}/results", f"{place}/results/3"):
            asked.clear()
            a_runs.team.viewer.ok("GET", path)
            costs.append(len(asked))
        for body in ({"scenario_id": scenario}, {"tag": "smoke"}):
            asked.clear()
            started = a_runs.started(**body)["id"]
            costs.append(len(asked))
        for what in ("plan", "today"):
            asked.clear()
            a_runs.team.runner.ok("POST", f"{place}/rerun", {"what": what})
            costs.append(len(asked))
        asked.clear()
        a_runs.team.runner.ok("POST", f"{a_runs.place(started)}/cancel")
        costs.append(len(asked))
        a_runs.work()
    assert costs[:10] == costs[10:]
    assert costs[:5] == [3, 3, 2, 2, 3]
    assert costs[5:10] == [14, 16, 11, 17, 8]


def test_a_look_at_a_run_that_did_not_change_asks_once_besides_who_asks(a_runs: RunStage, asked: list[str]):
    place = a_runs.place(a_runs.started(case_id=a_runs.case())["id"])
    for path in (place, f"{place}/results"):
        tag = a_runs.team.viewer.call("GET", path).headers["ETag"]
        asked.clear()
        assert a_runs.team.viewer.call("GET", path, headers={"If-None-Match": tag}).status_code == 304
        assert len(asked) == 2, asked
