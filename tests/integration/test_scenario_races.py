"""Several people at once in one scenario, over two server processes on every database."""

from random import Random

from sqlalchemy import create_engine, select

from tests.integration.live import Answer, at_once
from tests.integration.test_project_races import Office, office, told  # noqa: F401 - `office` is a fixture
from wxcloudrun.features.scenarios.models import ScenarioStep
from wxcloudrun.features.scenarios.tree import Node, Tree

_T = ScenarioStep.__table__


def tree(office: Office, scenario: int) -> tuple[Tree, list[int]]:  # noqa: F811 - the fixture's value
    """The steps as they are stored, and their positions."""
    engine = create_engine(office.url)
    with engine.connect() as connection:
        columns = (_T.c.id, _T.c.parent_id, _T.c.phase, _T.c.depth, _T.c.kind, _T.c.position)
        where = _T.c.scenario_id == scenario
        rows = connection.execute(select(*columns).where(where).order_by(_T.c.position, _T.c.id)).all()
    engine.dispose()
    return Tree([Node(*row[:5]) for row in rows]), [row.position for row in rows]


def test_whoever_moves_puts_in_and_removes_at_once_the_order_stays_whole(office: Office):  # noqa: F811 - as above
    path = office.project(*["editor"] * 7)
    scenario = office.ok(0, "POST", f"{path}/scenarios", {"name": "raced"})["id"]
    place = f"{path}/scenarios/{scenario}/steps"
    groups = [office.ok(0, "POST", place, {"kind": "group"})["id"] for _ in range(4)]
    steps = [office.ok(0, "POST", place, {"kind": "wait", "wait_ms": 1})["id"] for _ in range(8)]

    def work(who: int) -> list[Answer]:
        random = Random(who)
        answers = []
        for _ in range(12):
            anywhere = [
                {"parent_id": random.choice(groups), "to": random.choice(["first", "last"])},
                {"before": random.choice(steps + groups)},
                {"after": random.choice(steps + groups)},
                {"phase": random.choice(["setup", "steps", "teardown"]), "to": "first"},
            ]
            moved = f"{place}/{random.choice(steps + groups)}/move"
            answers.append(office.call(who, "POST", moved, random.choice(anywhere)))
        made = office.call(who, "POST", place, {"kind": "wait", "wait_ms": 1, "parent_id": random.choice(groups)})
        gone = office.ok(who, "POST", place, {"kind": "group", "to": "first"})["id"]
        return [*answers, made, office.call(who, "DELETE", f"{place}/{gone}")]

    answers = [one for some in at_once(8, work) for one in some]
    counted = told(answers)
    assert set(counted) <= {"ok", "step_in_itself", "nesting_too_deep"}
    assert counted["ok"] > 60
    found, positions = tree(office, scenario)
    assert positions == list(range(4 + 8 + 8))
    assert list(found.faults()) == []
    assert office.ok(0, "GET", f"{path}/scenarios/{scenario}")["version"] == 1 + 12 + counted["ok"] + 8


def test_of_two_who_would_close_a_circle_at_once_one_is_refused(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    for number in range(4):
        pair = [office.ok(0, "POST", f"{path}/scenarios", {"name": f"{name}{number}"})["id"] for name in "AB"]
        answers = at_once(
            2,
            lambda who, pair=pair: office.call(
                who, "POST", f"{path}/scenarios/{pair[who]}/steps", {"kind": "scenario", "scenario_id": pair[1 - who]}
            ),
        )
        assert told(answers) == {"ok": 1, "scenario_circle": 1}


def test_a_case_is_either_used_or_in_the_trash(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    scenario = office.ok(0, "POST", f"{path}/scenarios", {"name": "user"})["id"]
    for number in range(4):
        case = office.ok(0, "POST", f"{path}/cases", {"name": f"case {number}", "request": {"url": "/"}})["id"]
        calls = [
            ("POST", f"{path}/scenarios/{scenario}/steps", {"kind": "case", "case_id": case}),
            ("DELETE", f"{path}/cases/{case}", None),
        ]
        answers = at_once(2, lambda who, calls=calls: office.call(who, *calls[who]))
        assert told(answers) in ({"ok": 1, "case_not_found": 1}, {"ok": 1, "case_in_use": 1})


def test_of_several_edits_of_one_version_one_is_kept(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    scenario = office.ok(0, "POST", f"{path}/scenarios", {"name": "edited"})["id"]
    place = f"{path}/scenarios/{scenario}"
    step = office.ok(0, "POST", f"{place}/steps", {"kind": "group"})["id"]
    edits = at_once(5, lambda who: office.call(who % 2, "PUT", place, {"description": str(who), "version": 2}))
    assert told(edits) == {"ok": 1, "edit_conflict": 4}
    edits = at_once(
        5, lambda who: office.call(who % 2, "PUT", f"{place}/steps/{step}", {"name": str(who), "version": 1})
    )
    assert told(edits) == {"ok": 1, "edit_conflict": 4}
    names = at_once(5, lambda who: office.call(who % 2, "POST", f"{path}/scenarios", {"name": "same"}))
    assert told(names) == {"ok": 1, "scenario_name_taken": 4}


def test_what_is_given_while_an_input_becomes_secret_is_not_kept_in_clear(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    for turn in range(6):
        login = office.ok(0, "POST", f"{path}/scenarios", {"name": f"log in {turn}", "inputs": [{"name": "pin"}]})["id"]
        buy = office.ok(0, "POST", f"{path}/scenarios", {"name": f"buy {turn}"})["id"]
        place = f"{path}/scenarios/{buy}/steps"
        call = {"kind": "scenario", "scenario_id": login, "inputs": {"pin": "before-4711"}}
        step = office.ok(0, "POST", place, call)["id"]
        secret = {"inputs": [{"name": "pin", "secret": True}]}

        def work(who: int, login: int = login, where: str = f"{place}/{step}", secret: object = secret) -> Answer:
            if who == 0:
                return office.call(0, "PUT", f"{path}/scenarios/{login}", secret)
            return office.call(1, "PUT", where, {"inputs": {"pin": "after-4711"}})

        assert {answer.status for answer in at_once(2, work)} == {200}
    engine = create_engine(office.url)
    with engine.connect() as connection:
        kept = [row.content for row in connection.execute(select(_T.c.content))]
    engine.dispose()
    assert len(kept) >= 6
    assert "4711" not in str(kept)
