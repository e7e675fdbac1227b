"""Every route against everybody who may come: role_table.py says what is right."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.conftest import FakeWeChat, Person, empty, log_in
from tests.integration.cases_bench import library
from tests.integration.datasets_bench import made
from tests.integration.projects_bench import Team, error_of, join, team
from tests.integration.role_table import PROJECT_TABLE, TABLE
from tests.integration.runs_api_bench import a_run
from tests.integration.scenarios_bench import Stage as Scenarios
from tests.integration.schedules_bench import a_schedule
from tests.unit.features.users import samples
from wxcloudrun.core.actor import Role
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.auth.models import UserSession
from wxcloudrun.features.insights.models import ClusterState, FailureCluster
from wxcloudrun.features.projects.models import AddressGrant

CALLERS = ("anonymous", "other", "owner", "verified", "administrator")
REFUSALS = {401: "401", 403: "403", 404: "404"}


@dataclass
class Stage:
    """The owner, and the owner's rows as paths name them."""

    owner: Person
    rows: dict[str, object]


def _stage(app: Flask, wechat: FakeWeChat, path: str) -> Stage:
    owner = log_in(app, wechat, "the-owner-of-the-rows")
    rows: dict[str, object] = {"user_id": owner.id, "name": "0" * 32 + ".webp", "key": "no-such-key", "token": "t" * 43}
    if "{session_id}" in path:
        with app.app_context():
            rows["session_id"] = db.session.scalars(select(UserSession.id).where(UserSession.user_id == owner.id)).one()
    if "{material_id}" in path or "{application_id}" in path:
        file = {"file": (BytesIO(samples.picture("JPEG", (40, 40))), "card.jpg")}
        rows["material_id"] = owner.ok("POST", "/api/user/verification/materials", data=file)["id"]
        papers = {"real_name": "王小明", "number": "11010119900307888X", "material_ids": [rows["material_id"]]}
        rows["application_id"] = owner.ok("POST", "/api/user/verification", papers)["id"]
    if "/library/cases/{case_id}" in path:
        sharer = log_in(app, wechat, "somebody-who-shares", verified=True)
        project = sharer.ok("POST", "/api/projects", {"name": "Shared"})["id"]
        case = {"name": "shared", "visibility": "public", "request": {"url": "/"}}
        rows["case_id"] = sharer.ok("POST", f"/api/projects/{project}/cases", case)["id"]
    return Stage(owner, rows)


def _caller(app: Flask, wechat: FakeWeChat, kind: str, owner: Person) -> Person | None:
    makers = {
        "anonymous": lambda: None,
        "owner": lambda: owner,
        "other": lambda: log_in(app, wechat, "somebody-else-entirely"),
        "verified": lambda: log_in(app, wechat, "somebody-verified", verified=True),
        "administrator": lambda: log_in(app, wechat, "the-administrator", Role.ADMINISTRATOR),
    }
    return makers[kind]()


def _routes(app: Flask) -> set[str]:
    found = set()
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        found |= {f"{method} {path}" for method in rule.methods or () if method not in {"HEAD", "OPTIONS"}}
    return found


def test_every_route_has_a_row_and_every_row_a_route(sqlite_app: Flask):
    routes, rows = _routes(sqlite_app), set(TABLE) | set(PROJECT_TABLE)
    assert sorted(routes - rows) == [], "routes without a row in role_table.py"
    assert sorted(rows - routes) == [], "rows in role_table.py without a route"
    assert {route for route in TABLE if "{project_id}" in route} == set(), "such a route stands in PROJECT_TABLE"


@pytest.mark.parametrize("route", TABLE)
def test_everybody_is_let_in_or_refused_as_the_table_says(app: Flask, wechat: FakeWeChat, route: str):
    method, path = route.split()
    told = []
    for kind in CALLERS:
        empty(app)  # each cell finds the world as it was
        wechat.user = SimpleNamespace(check_session=lambda openid, session_key: None)
        stage = _stage(app, wechat, path)
        caller = _caller(app, wechat, kind, stage.owner)
        place = path.format(**stage.rows)
        headers = {} if caller is None else {"Authorization": f"Bearer {caller.token}"}
        response = app.test_client().open(place, method=method, headers=headers)
        assert response.status_code < 500, response.text
        told.append(REFUSALS.get(response.status_code, "ok"))
        if response.status_code == 415:  # and a body does not open what was shut without one
            told[-1] = _with_a_body(app, method, place, headers)
    assert tuple(told) == TABLE[route]


def _with_a_body(app: Flask, method: str, place: str, headers: dict[str, str]) -> str:
    response = app.test_client().open(place, method=method, headers=headers, json={"no_such_field": 1})
    assert response.status_code < 500, response.text
    return REFUSALS.get(response.status_code, "ok")


BEHIND = {"member_not_found", "quarantine_not_found"}
PROJECT_CALLERS = ("anonymous", "stranger", "viewer", "runner", "editor", "owner", "administrator")
"""Bodies that are acceptable where nothing less shows whether somebody is let in: access is checked behind their shape."""
PROJECT_BODIES = {
    "transfer": {"user_id": 1},
    "members": {"role": "viewer"},
    "invitations": {},
    "tokens": {"name": "another"},
    "triggers": {"name": "another", "tag": "smoke"},
    "channels": {"name": "another", "kind": "wechat"},
    "rules": {"name": "another", "events": ["run_ended"]},
    "address_grants": {"range": "10.1.0.0/16", "reason": "x"},
    "qrcode": {"code": "x" * 22},
    "environments": {"name": "another"},
    "cases": {"name": "another", "request": {"url": "/"}},
    "check": {"request": {"url": "/"}},
    "copy": {"name": "another"},
    "datasets": {},
    "scenarios": {"name": "another"},
    "steps": {"kind": "group"},
    "variables": {"variables": []},
    "merge": {"into": 1},
    "split": {"cluster_id": 1},
    "quarantine": {"days": 3, "reason": "x"},
}


def a_grant(group: Team) -> int:
    """An address range that the project may reach."""
    values = {"project_id": group.project, "rule": "10.0.0.0/8", "reason": "x", "created_at": SystemClock().now()}
    with group.app.app_context():
        number = db.session.execute(insert(AddressGrant).values(**values)).inserted_primary_key[0]
        db.session.commit()
    return int(number)


def a_cluster(group: Team) -> int:
    """A cause of failures, which no kept run has any more."""
    now = SystemClock().now()
    values = {"project_id": group.project, "key": "k", "title": "t", "parts": "{}", "host": "h", "phase": "connect"}
    values |= {"status": "", "state": ClusterState.OPEN, "size": 1, "first_run_id": 1, "first_at": now}
    with group.app.app_context():
        made = insert(FailureCluster).values(**values, last_run_id=1, last_at=now, version=1)
        number = db.session.execute(made).inserted_primary_key[0]
        db.session.commit()
    return int(number)


def a_channel(group: Team) -> int:
    """A receiver of messages."""
    made_of = {"name": "hook", "kind": "webhook", "url": "https://hooks.example/x"}
    return int(group.editor.ok("POST", f"{group.path}/notifications/channels", made_of)["id"])


def a_rule(group: Team) -> int:
    """Who is told what."""
    made_of = {"name": "all", "events": ["run_ended"]}
    return int(group.editor.ok("POST", f"{group.path}/notifications/rules", made_of)["id"])


def a_delivery(group: Team) -> int:
    """A test message on its way."""
    place = f"{group.path}/notifications/channels/{a_channel(group)}/test"
    return int(group.editor.ok("POST", place)["id"])


_MAKERS: dict[str, Callable[[Team], int]] = {
    "schedule_id": a_schedule,
    "grant_id": a_grant,
    "cluster_id": a_cluster,
    "channel_id": a_channel,
    "rule_id": a_rule,
    "delivery_id": a_delivery,
    "trigger_id": lambda group: group.editor.ok("POST", f"{group.path}/triggers", {"name": "push", "tag": "smoke"})[
        "id"
    ],
}


def _place(group: Team, extra: int, path: str) -> str:
    rows: dict[str, object] = {"project_id": group.project, "user_id": extra, "version": 1}
    if "{environment_id}" in path:
        rows["environment_id"] = group.environment()
    if "{case_id}" in path:
        rows["case_id"] = library(group).case()
    if "{dataset_id}" in path:
        rows["dataset_id"] = made(group.editor, f"{group.path}/cases/{rows['case_id']}/datasets")["id"]
    if "{scenario_id}" in path:
        scenarios = Scenarios(library(group))
        rows["scenario_id"] = scenarios.scenario()
        rows["step_id"] = scenarios.step(int(rows["scenario_id"]))
    if "{file_id}" in path:
        rows["file_id"] = group.editor.ok("POST", f"{group.path}/files", data=_form())["id"]
    if path.endswith("/runs") or "{run_id}" in path:
        rows |= _run(group, path)
    rows |= {name: make(group) for name, make in _MAKERS.items() if f"{{{name}}}" in path}
    if "{token_id}" in path:
        rows["token_id"] = group.editor.ok("POST", f"{group.path}/tokens", {"name": "CI"})["id"]
    if "{invitation_id}" in path:
        rows["invitation_id"] = group.invitation()["id"]
    return path.format(**rows)


def _run(group: Team, path: str) -> dict[str, object]:
    rows = a_run(group, ended="cancel" not in path)
    rows["other"] = rows["run_id"]
    if "{share_id}" in path:
        rows["share_id"] = group.editor.ok("POST", f"{group.path}/runs/{rows['run_id']}/shares", {})["id"]
    return rows


def _form() -> dict[str, object]:
    return {"file": (BytesIO(b"x\n1\n"), "rows.csv")}


def _sent(group: Team, method: str, path: str) -> dict[str, object]:
    if method == "POST" and path.endswith(("/files", "/import")):
        return {"data": _form()}
    return {"json": _body(group, method, path)}


def _body(group: Team, method: str, path: str) -> object:
    if method == "POST" and path.endswith("/runs"):
        return {"tag": "smoke"}
    if path.endswith(("{channel_id}/test", "/replay")):
        return None
    if path.endswith(("/rerun", "/shares")):
        return {}
    if path.endswith("/schedules"):
        return {"name": "another", "tag": "smoke", "every_ms": 60_000}
    if path.endswith(("{dataset_id}/move", "{step_id}/move")):
        return {"to": "last"}
    if path.endswith("/move"):
        return {"project_id": group.project}  # where it is: refused to who was let in
    if method in {"GET", "DELETE"}:
        return None
    if method == "PUT" and path.endswith("{trigger_id}"):
        return {"name": "another"}
    if path.endswith(("{step_id}", "{channel_id}", "{rule_id}")):
        return {"name": "another"}
    words = [word for word in path.split("/") if word in PROJECT_BODIES]
    return PROJECT_BODIES[words[-1]] if words else {} if method == "PUT" else None


@pytest.mark.parametrize("route", PROJECT_TABLE)
def test_a_project_lets_in_whom_the_table_says(app: Flask, wechat: FakeWeChat, route: str):
    method, path = route.split()
    told = []
    for kind in PROJECT_CALLERS:
        empty(app)
        group = team(app, wechat)
        extra = log_in(app, wechat, "openid-of-one-more-member").id
        join(app, group.project, extra, "viewer")
        place = _place(group, extra, path)
        callers = {
            "anonymous": lambda: None,
            "stranger": lambda: log_in(app, wechat, "somebody-verified", verified=True),
            "administrator": lambda: log_in(app, wechat, "the-administrator", Role.ADMINISTRATOR),
        }
        caller = callers[kind]() if kind in callers else getattr(group, kind)
        headers = {} if caller is None else {"Authorization": f"Bearer {caller.token}"}
        response = app.test_client().open(place, method=method, headers=headers, **_sent(group, method, path))
        assert response.status_code < 500, response.text
        told.append(REFUSALS.get(response.status_code, "ok"))
        if response.status_code == 404 and caller is not None and kind != "stranger":
            told[-1] = "ok" if error_of(response)[1] in BEHIND else "404"  # let in, and then nobody there
    assert tuple(told) == PROJECT_TABLE[route]
