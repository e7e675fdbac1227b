"""Cases that go while scenarios come to use them, and copies made at once, over two server processes on every database."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, func, select, update

from tests.integration.live import at_once
from tests.integration.test_project_races import Office, office, told  # noqa: F401 - `office` is a fixture
from tests.integration.waiting import waits
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.features.cases.models import Case
from wxcloudrun.features.scenarios.models import ScenarioStep

REQUEST = {"url": "/", "headers": {"X-Token": "secret"}}


def a_case(office: Office, path: str, name: str) -> int:  # noqa: F811 - the fixture's value
    return int(office.ok(0, "POST", f"{path}/cases", {"name": name, "request": REQUEST})["id"])


def a_scenario(office: Office, path: str, name: str = "user") -> str:  # noqa: F811 - as above
    """The path of a new scenario's steps."""
    return f"{path}/scenarios/{office.ok(0, 'POST', f'{path}/scenarios', {'name': name})['id']}/steps"


def test_a_case_is_either_used_or_moved_away(office: Office):  # noqa: F811 - as above
    path, elsewhere = office.project("editor"), office.project("editor")
    steps = a_scenario(office, path)
    for number in range(4):
        case = a_case(office, path, f"case {number}")
        calls = [
            ("POST", steps, {"kind": "case", "case_id": case}),
            ("POST", f"{path}/cases/{case}/move", {"project_id": int(elsewhere.rpartition("/")[2])}),
        ]
        answers = at_once(2, lambda who, calls=calls: office.call(who, *calls[who]))
        assert told(answers) in ({"ok": 1, "case_not_found": 1}, {"ok": 1, "case_in_use": 1})


def test_a_case_is_either_chosen_for_another_step_or_in_the_trash(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    steps = a_scenario(office, path)
    step = office.ok(0, "POST", steps, {"kind": "case", "case_id": a_case(office, path, "first")})["id"]
    for number in range(4):
        case = a_case(office, path, f"case {number}")
        calls = [("PUT", f"{steps}/{step}", {"case_id": case}), ("DELETE", f"{path}/cases/{case}", None)]
        answers = at_once(2, lambda who, calls=calls: office.call(who, *calls[who]))
        assert told(answers) in ({"ok": 1, "case_not_found": 1}, {"ok": 1, "case_in_use": 1})


@pytest.mark.parametrize("way", ["trashed", "moved"])
def test_who_puts_a_case_into_a_scenario_waits_for_who_takes_it_away(office: Office, way: str):  # noqa: F811 - as above
    """A foreign key alone would let both through on PostgreSQL: its lock bears the one that a change of the row takes."""
    if office.url.get_backend_name() != "postgresql":
        pytest.skip("who waits is asked of PostgreSQL; the tests above are on every database")
    path, elsewhere = office.project("editor"), office.project("editor")
    steps, case = a_scenario(office, path), a_case(office, path, "wanted")
    gone = (
        {"deleted_at": SystemClock().now()} if way == "trashed" else {"project_id": int(elsewhere.rpartition("/")[2])}
    )
    engine = create_engine(office.url)
    with ThreadPoolExecutor(1) as pool, engine.connect() as taking, engine.connect() as watching:
        watching.execution_options(isolation_level="AUTOCOMMIT")
        taking.execute(select(Case.id).where(Case.id == case).with_for_update(key_share=True))
        adding = pool.submit(office.call, 1, "POST", steps, {"kind": "case", "case_id": case})
        assert waits(watching, adding)
        taking.execute(update(Case).where(Case.id == case).values(**gone))
        taking.commit()
        assert told([adding.result(30)]) == {"case_not_found": 1}
    engine.dispose()
    assert office.count(select(func.count()).where(ScenarioStep.case_id == case)) == 0


def test_who_takes_a_case_away_waits_for_who_puts_it_into_a_scenario(office: Office):  # noqa: F811 - as above
    if office.url.get_backend_name() != "postgresql":
        pytest.skip("as above")
    path = office.project("editor")
    steps, case, other = a_scenario(office, path), a_case(office, path, "wanted"), a_case(office, path, "other")
    step = office.ok(0, "POST", steps, {"kind": "case", "case_id": other})["id"]
    engine = create_engine(office.url)
    with ThreadPoolExecutor(1) as pool, engine.connect() as putting, engine.connect() as watching:
        watching.execution_options(isolation_level="AUTOCOMMIT")
        putting.execute(select(Case.id).where(Case.id == case).with_for_update(key_share=True))
        putting.execute(update(ScenarioStep).where(ScenarioStep.id == step).values(case_id=case))
        trashing = pool.submit(office.call, 1, "DELETE", f"{path}/cases/{case}")
        assert waits(watching, trashing)
        putting.commit()
        assert told([trashing.result(30)]) == {"case_in_use": 1}
    engine.dispose()


def test_copies_that_are_made_at_once_have_names_of_their_own(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    case = a_case(office, path, "copied")
    answers = at_once(8, lambda who: office.call(who % 2, "POST", f"{path}/cases/{case}/copy", {}))
    assert told(answers) == {"ok": 8}, [one.body for one in answers]
    assert len({one.json["data"]["name"] for one in answers}) == 8


def test_scenarios_that_are_copied_at_once_have_names_of_their_own(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    scenario = a_scenario(office, path, "copied").removesuffix("/steps")
    answers = at_once(6, lambda who: office.call(who % 2, "POST", f"{scenario}/copy", {}))
    assert told(answers) == {"ok": 6}, [one.body for one in answers]
    assert len({one.json["data"]["name"] for one in answers}) == 6


def test_a_scenario_that_comes_back_while_its_case_goes_leaves_nothing_half_done(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    for number in range(3):
        case = a_case(office, path, f"case {number}")
        steps = a_scenario(office, path, f"scenario {number}")
        office.ok(0, "POST", steps, {"kind": "case", "case_id": case})
        scenario = steps.removesuffix("/steps")
        office.ok(0, "DELETE", scenario)
        calls = [("POST", f"{scenario}/restore", None), ("DELETE", f"{path}/cases/{case}", None)]
        answers = at_once(2, lambda who, calls=calls: office.call(who, *calls[who]))
        assert answers[0].status == 200, answers[0].body
        trashed = answers[1].status == 200
        assert trashed or answers[1].json["data"]["error"] == "case_in_use"
        faults = office.ok(0, "GET", f"{scenario}/check")["faults"]
        assert [one["kind"] for one in faults] == (["case_trashed"] if trashed else [])
