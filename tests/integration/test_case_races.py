"""Several people at once on one case, over two server processes on every database."""

from sqlalchemy import func, select

from tests.integration.live import at_once
from tests.integration.test_project_races import Office, office, told  # noqa: F401 - `office` is a fixture
from wxcloudrun.features.cases.models import CaseTerm, CaseVersion

REQUEST = {"url": "/x", "auth": {"kind": "bearer", "token": "secret"}}


def test_of_several_saves_of_one_version_one_is_kept(office: Office):  # noqa: F811 - the fixture
    path = office.project("editor")
    number = office.ok(0, "POST", f"{path}/cases", {"name": "raced", "request": REQUEST})["id"]
    place = f"{path}/cases/{number}"
    answers = at_once(6, lambda who: office.call(who % 2, "PUT", place, {"description": f"by {who}", "version": 1}))
    assert told(answers) == {"ok": 1, "edit_conflict": 5}
    kept = office.ok(0, "GET", place)
    late = next(one for one in answers if one.json["code"] == 0)
    assert (kept["version"], late.json["data"]["present"]["description"]) == (2, kept["description"])
    assert office.count(select(func.count()).where(CaseVersion.case_id == number)) == 2


def test_saves_without_a_version_are_all_kept_one_after_the_other(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    number = office.ok(0, "POST", f"{path}/cases", {"name": "raced", "request": REQUEST})["id"]
    place = f"{path}/cases/{number}"
    bodies = [{"description": "new"}, {"status": "done"}, {"tags": ["a"]}, {"position": 5}, {"folder": "f"}]
    answers = at_once(5, lambda who: office.call(who % 2, "PUT", place, bodies[who]))
    assert told(answers) == {"ok": 5}
    kept = office.ok(0, "GET", place)
    assert kept["version"] == 6, "nobody's change was lost"
    for body in bodies:
        assert {name: kept[name] for name in body} == body
    assert kept["request"]["auth"]["token"] == {"is_set": True}
    assert office.count(select(func.count()).where(CaseVersion.case_id == number)) == 6


def test_a_name_is_given_once(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    answers = at_once(
        6, lambda who: office.call(who % 2, "POST", f"{path}/cases", {"name": "same", "request": REQUEST})
    )
    assert told(answers) == {"ok": 1, "case_name_taken": 5}
    assert len(office.ok(0, "GET", f"{path}/cases")["items"]) == 1


def test_a_case_that_is_trashed_while_it_is_saved_is_found_in_one_place(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    number = office.ok(0, "POST", f"{path}/cases", {"name": "raced", "request": REQUEST})["id"]
    place = f"{path}/cases/{number}"
    answers = at_once(
        4,
        lambda who: (
            office.call(who % 2, "DELETE", place)
            if who % 2
            else office.call(who % 2, "PUT", place, {"name": f"renamed {who}"})
        ),
    )
    assert all(one.status in {200, 404} for one in answers), [one.body for one in answers]
    assert office.ok(0, "GET", f"{path}/cases")["items"] == []
    trashed = office.ok(0, "GET", f"{path}/cases?trashed=true")["items"]
    assert [one["id"] for one in trashed] == [number]
    assert office.count(select(func.count(CaseTerm.scope.distinct())).where(CaseTerm.item_id == number)) == 1


def test_of_several_who_restore_onto_one_name_one_succeeds(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    numbers = []
    for _ in range(4):
        numbers.append(office.ok(0, "POST", f"{path}/cases", {"name": "same", "request": REQUEST})["id"])
        office.ok(0, "DELETE", f"{path}/cases/{numbers[-1]}")
    answers = at_once(4, lambda who: office.call(who % 2, "POST", f"{path}/cases/{numbers[who]}/restore"))
    assert told(answers) == {"ok": 1, "case_name_taken": 3}
