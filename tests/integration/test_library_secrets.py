"""Secrets in the library: none is shown, logged, stored in clear, or used by somebody who may not, on each database."""

from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from tests.conftest import _dispose, database_urls, make_app
from tests.integration.canaries import (
    CASE,
    MARK,
    Planted,
    broken,
    canaries,
    places,
    plant,
    renewed,
    views,
)
from tests.integration.live import Answer, serving
from tests.integration.test_project_races import Office
from tests.integration.test_secrets import _dump
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.actor import Role
from wxcloudrun.features.cases.planning import CasePlanning
from wxcloudrun.features.datasets.planning import DatasetPlanning
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.scenarios.planning import ScenarioPlanning
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import running

OWNER, EDITOR, RUNNER, VIEWER, STRANGER, ADMINISTRATOR = range(6)
SEALED = {
    ("cases", "secrets"),
    ("case_versions", "secrets"),
    ("datasets", "secrets"),
    ("scenarios", "secrets"),
    ("scenario_steps", "secrets"),
    ("environments", "secrets"),
    ("project_variables", "secrets"),
    ("idempotency_records", "answer"),
}


class Listener:
    """Somebody calls the API, and every reply is kept."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.replies: list[Answer] = []
        self._keys = count()

    def ok(self, who: int, method: str, path: str, body: object = None) -> Any:
        """What that person is given; a POST is sent twice with one key, and the answer must not tell more then."""
        server, token = self.office.server, self.office.people[who]
        again = method == "POST" and not path.endswith("/move")
        headers = {"Idempotency-Key": f"planted-{next(self._keys)}"} if again else {}
        times = 2 if headers else 1
        answers = [server.call(method, path, body, token=token, headers=headers) for _ in range(times)]
        self.replies += answers
        assert {one.status for one in answers} <= {200, 201}, (path, answers[0].body)
        return answers[0].json["data"]

    def call(self, who: int, method: str, path: str, body: object = None) -> Answer:
        """What that person is answered, whatever it is."""
        self.replies.append(self.office.call(who, method, path, body))
        return self.replies[-1]


def staffed(office: Office) -> Listener:
    """People for each role, and one who administers; the path of a project of the owner's."""
    office.come("owner", "editor", "runner", "viewer", "stranger", "administrator")
    engine = create_engine(office.url)
    with engine.begin() as connection:
        who = User.id == office.numbers[ADMINISTRATOR]
        connection.execute(update(User).where(who).values(role=Role.ADMINISTRATOR))
    engine.dispose()
    return Listener(office)


def work_with(listener: Listener, planted: Planted) -> list[int]:
    """Do everything that copies, changes, refuses or takes back secrets; the numbers of copies in other projects."""
    path = planted.path
    elsewhere = listener.ok(EDITOR, "POST", "/api/projects", {"name": "elsewhere"})["id"]
    theirs = listener.ok(STRANGER, "POST", "/api/projects", {"name": "theirs"})["id"]
    for place, body, method in places(planted):
        listener.ok(EDITOR, "GET", place)
        refused = listener.call(EDITOR, method, place, broken(body))  # of a secret variable braces are only text
        assert refused.status == (200 if place.endswith("/variables") else 422), (place, refused.body)
        listener.ok(EDITOR, method, place, renewed(body))
        late = listener.call(EDITOR, method, place, {**body, "version": 1})
        assert late.json["data"]["error"] == "edit_conflict", place
        assert "present" in late.json["data"], place
    first, other = planted.cases[0], planted.cases[2]
    copies = []
    for case in planted.cases:
        listener.ok(EDITOR, "POST", f"{path}/cases/{case}/copy", {})
        away = {"project_id": elsewhere, "folder": "copied"}
        copies.append(listener.ok(EDITOR, "POST", f"{path}/cases/{case}/copy", away)["id"])
        listener.ok(OWNER, "PUT", f"{path}/cases/{case}", {"visibility": "public"})
        listener.ok(STRANGER, "GET", f"/api/library/cases/{case}")
        copies.append(listener.ok(STRANGER, "POST", f"/api/library/cases/{case}/copy", {"project_id": theirs})["id"])
    listener.ok(STRANGER, "GET", "/api/library/cases?size=100")
    listener.ok(EDITOR, "POST", f"{path}/cases/{first}/versions/1/restore")
    listener.ok(EDITOR, "POST", f"{path}/cases/check", {"case_id": first})
    listener.call(EDITOR, "POST", f"{path}/cases/check", {"case_id": first, **broken(CASE)})
    listener.ok(EDITOR, "POST", f"{path}/cases/{first}/datasets/{planted.dataset}/copy", {})
    listener.ok(EDITOR, "POST", f"{path}/environments/{planted.environment}/copy", {"name": "copied"})
    listener.ok(EDITOR, "POST", f"{path}/scenarios/{planted.scenario}/copy", {})
    listener.ok(EDITOR, "POST", f"{path}/scenarios/{planted.scenario}/steps/{planted.step}/copy")
    listener.ok(EDITOR, "PUT", f"{path}/cases/{other}", renewed(CASE))
    listener.ok(EDITOR, "POST", f"{path}/cases/{other}/move", {"project_id": elsewhere})
    listener.ok(EDITOR, "POST", f"/api/projects/{elsewhere}/cases/{other}/versions/1/restore")
    for view in ("versions", "versions/1", "versions/1/difference", "datasets"):
        listener.ok(EDITOR, "GET", f"/api/projects/{elsewhere}/cases/{other}/{view}")
    planted.cases.remove(other)
    return [*copies, other]


@pytest.mark.parametrize("kind", ["sqlite", "mariadb", "postgresql"])
def test_no_secret_of_the_library_is_in_a_reply_a_log_or_a_table(kind: str, tmp_path: Path):
    for url in database_urls(tmp_path, kind):
        app = make_app(url, tmp_path)
        with running() as simulator:
            with serving(url, tmp_path, workers=1, simulator=simulator.url, LOG_LEVEL="DEBUG") as server:
                listener = staffed(Office(server, simulator, url))
                office = listener.office
                path = office.project("editor", "runner", "viewer")
                number = int(path.rpartition("/")[2])
                planted = plant(partial(listener.ok, EDITOR), number)
                sent = planned(app, planted)
                assert len(sent) > 40, "the secrets are there, and a run has them"
                copies = work_with(listener, planted)
                for who in (OWNER, EDITOR, RUNNER, VIEWER, ADMINISTRATOR):
                    for view in views(planted):
                        assert listener.call(who, "GET", view).status == 200, view
                assert {listener.call(STRANGER, "GET", view).status for view in views(planted)} == {404}
                listener.ok(ADMINISTRATOR, "GET", "/api/audit?size=100")
                log = server.log.read_text()
            dump = _dump(url)
            assert planned(app, planted) > {one.replace(MARK, f"{MARK}-NEW") for one in sent if "step" in one}
            assert canaries(copied(app, copies)) == set(), "none went to another project"
        _dispose(app)
    assert len(listener.replies) > 300
    assert [one.body for one in listener.replies if MARK.encode() in one.body] == []
    assert MARK not in log
    assert [place for place, text in dump.items() if MARK in text] == []
    for place in SEALED:
        kept = [line for line in dump[place].split("\n") if line not in {"", "None"}]
        assert kept, place
        assert all(line.startswith("k1.") for line in kept), place


def planned(app: Any, planted: Planted) -> set[str]:
    """Secrets that a run of the scenario would be given."""
    with app.app_context():
        get = app.extensions[EXTENSION].get
        scenario = get(ScenarioPlanning).scenario(planted.project, planted.scenario)
        around = get(EnvironmentPlanning).plan_environment(planted.project, planted.environment, "planted")
        cases = [one.case for one in get(CasePlanning).cases(planted.cases).values()]
        return canaries([scenario, *around, *cases])


def copied(app: Any, case_ids: list[int]) -> list[Any]:
    """What a run of these cases would be given."""
    with app.app_context():
        get = app.extensions[EXTENSION].get
        cases = get(CasePlanning).cases(case_ids)
        assert len(cases) == len(case_ids)
        return [*(one.case for one in cases.values()), *get(DatasetPlanning).rows(case_ids).values()]
