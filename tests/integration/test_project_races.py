"""Several people at once in one project, over two server processes on every database."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, func, select, update

from tests.conftest import database_urls, make_app
from tests.integration.live import Answer, LiveServer, at_once, serving
from tests.integration.test_races import login_code
from wxcloudrun.core.actor import Verification
from wxcloudrun.features.environments.models import DefaultEnvironment
from wxcloudrun.features.projects.models import MemberRole, ProjectMember
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import RunningSimulator, running


@dataclass
class Office:
    """A server, and people who are logged in there."""

    server: LiveServer
    simulator: RunningSimulator
    url: URL
    people: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def come(self, *names: str) -> None:
        """Verified people log in."""
        for name in names:
            code = login_code(self.simulator, name)
            data = self.server.call("POST", "/api/login", {"code": code}).json["data"]
            self.people.append(data["token"])
            self.numbers.append(data["user"]["id"])
        engine = create_engine(self.url)
        with engine.begin() as connection:
            connection.execute(update(User).values(verification=Verification.VERIFIED))
        engine.dispose()

    def call(self, who: int, method: str, path: str, body: object = None) -> Answer:
        """What that person is answered."""
        return self.server.call(method, path, body, token=self.people[who])

    def ok(self, who: int, method: str, path: str, body: object = None) -> dict:
        """What that person is given."""
        answer = self.call(who, method, path, body)
        assert answer.json["code"] == 1, answer.body
        return answer.json["data"]

    def project(self, *more: str) -> str:
        """Person 0 makes a project, in which the next ones have these roles; its path."""
        path = f"/api/projects/{self.ok(0, 'POST', '/api/projects', {'name': 'raced'})['id']}"
        for number, role in enumerate(more, start=1):
            self.ok(number, "POST", "/api/invitations/accept", {"code": self.invited(path)["code"]})
            self.ok(0, "PUT", f"{path}/members/{self.numbers[number]}", {"role": role})
        return path

    def invited(self, path: str, uses: int = 1) -> dict:
        """A new invitation."""
        return self.ok(0, "POST", f"{path}/invitations", {"uses": uses})

    def count(self, statement) -> int:
        """What a question about the tables gives."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            number = connection.scalar(statement)
        engine.dispose()
        return int(number)


@pytest.fixture(scope="module", params=["sqlite", "mariadb", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    tmp: Path = tmp_path_factory.mktemp("races")
    for url in database_urls(tmp, request.param):
        make_app(url, tmp)
        with running() as simulator, serving(url, tmp, workers=2, simulator=simulator.url) as server:
            office = Office(server, simulator, url)
            office.come(*(f"person-{number}" for number in range(8)))
            yield office


def told(answers: list[Answer]) -> Counter[str]:
    return Counter("ok" if one.json["code"] == 1 else one.json["data"]["error"] for one in answers)


def test_of_seven_who_accept_an_invitation_for_one_person_one_gets_in(office: Office):
    path = office.project()
    code = office.invited(path)["code"]
    answers = at_once(7, lambda who: office.call(who + 1, "POST", "/api/invitations/accept", {"code": code}))
    assert told(answers) == {"ok": 1, "invitation_used_up": 6}
    assert office.ok(0, "GET", f"{path}/members")["total"] == 2


def test_one_person_who_accepts_seven_times_at_once_uses_it_once(office: Office):
    path = office.project()
    code = office.invited(path, uses=3)["code"]
    answers = at_once(7, lambda _: office.call(1, "POST", "/api/invitations/accept", {"code": code}))
    assert told(answers) == {"ok": 7}
    assert office.ok(0, "GET", f"{path}/members")["total"] == 2
    assert office.ok(0, "GET", f"{path}/invitations")["items"][0]["uses_left"] == 2


def test_of_owners_who_leave_at_once_one_stays(office: Office):
    path = office.project("owner", "owner")
    answers = at_once(3, lambda who: office.call(who, "DELETE", f"{path}/members/{office.numbers[who]}"))
    assert told(answers) == {"ok": 2, "last_owner_protected": 1}


def test_of_two_who_demote_each_other_one_stays_an_owner(office: Office):
    path = office.project("owner")
    answers = at_once(
        2,
        lambda who: office.call(who, "PUT", f"{path}/members/{office.numbers[1 - who]}", {"role": "viewer"}),
    )
    assert told(answers) == {"ok": 1, "right_required": 1}


def test_a_project_that_is_handed_to_several_at_once_goes_to_one(office: Office):
    path = office.project("viewer", "runner", "editor")
    answers = at_once(3, lambda who: office.call(0, "POST", f"{path}/transfer", {"user_id": office.numbers[who + 1]}))
    assert told(answers) == {"ok": 1, "right_required": 2}
    project = int(path.rpartition("/")[2])
    owners = (ProjectMember.project_id == project, ProjectMember.role == MemberRole.OWNER)
    assert office.count(select(func.count()).where(*owners)) == 1


def test_several_default_environments_set_at_once_are_one(office: Office):
    path = office.project("editor")
    made = at_once(6, lambda who: office.ok(who % 2, "POST", f"{path}/environments", {"name": f"e{who}"})["id"])
    answers = at_once(6, lambda who: office.call(who % 2, "POST", f"{path}/environments/{made[who]}/default"))
    assert told(answers) == {"ok": 6}
    listed = office.ok(0, "GET", f"{path}/environments")["items"]
    assert sum(one["is_default"] for one in listed) == 1
    project = int(path.rpartition("/")[2])
    assert office.count(select(func.count()).where(DefaultEnvironment.project_id == project)) == 1


def test_of_several_edits_of_one_version_one_is_kept(office: Office):
    path = office.project("editor")
    number = office.ok(0, "POST", f"{path}/environments", {"name": "e"})["id"]
    for place, body in [
        (path, lambda who: {"name": f"n{who}", "version": 1}),
        (f"{path}/environments/{number}", lambda who: {"base_url": f"http://h{who}.example", "version": 1}),
        (f"{path}/variables", lambda who: {"variables": [{"name": "who", "value": str(who)}], "version": 1}),
    ]:
        answers = at_once(5, lambda who, place=place, body=body: office.call(0, "PUT", place, body(who)))
        assert told(answers) == {"ok": 1, "edit_conflict": 4}, place
        assert office.ok(0, "GET", place)["version"] == 2


def test_an_environments_name_is_given_once(office: Office):
    path = office.project("editor")
    answers = at_once(6, lambda who: office.call(who % 2, "POST", f"{path}/environments", {"name": "same"}))
    assert told(answers) == {"ok": 1, "environment_name_taken": 5}


def test_a_person_who_goes_while_the_project_changes_leaves_it_consistent(office: Office):
    path = office.project()
    office.come("who goes")
    gone, stays = len(office.people) - 1, 0
    office.ok(gone, "POST", "/api/invitations/accept", {"code": office.invited(path)["code"]})
    office.ok(stays, "PUT", f"{path}/members/{office.numbers[gone]}", {"role": "owner"})
    answers = at_once(
        3,
        lambda what: (
            office.call(gone, "DELETE", "/api/user")
            if what == 0
            else office.call(stays, "PUT", f"{path}/members/{office.numbers[gone]}", {"role": "editor"})
            if what == 1
            else office.call(stays, "PUT", path, {"name": "meanwhile"})
        ),
    )
    assert all(answer.status < 500 for answer in answers), [answer.body for answer in answers]
    assert answers[0].status == 200
    members = office.ok(stays, "GET", f"{path}/members")["items"]
    assert office.numbers[gone] not in [one["user_id"] for one in members]
