"""Who sees, runs and changes a case, and how it is written, with everything around made up."""

import itertools
import json
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from tests.unit.features.cases.stand_ins import FakeCaseDao
from tests.unit.features.environments.stand_ins import FakeEnvironmentDao, FakeVariableDao
from tests.unit.features.projects.stand_ins import FakeAudit, FakeMemberDao
from tests.unit.features.users.stand_ins import KEYS, START, FakeClock, FakeSession
from wxcloudrun.core.actor import Actor, Role
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.errors import EditConflict, InvalidInput
from wxcloudrun.features.cases.access import CaseAccess
from wxcloudrun.features.cases.errors import CaseCreatorRequired, CaseInUse, CaseNameTaken, CaseNotFound
from wxcloudrun.features.cases.planning import CasePlanning
from wxcloudrun.features.cases.records import CaseRecords
from wxcloudrun.features.cases.schemas import CaseChange, CaseMade
from wxcloudrun.features.cases.service import Above, CaseService
from wxcloudrun.features.environments.errors import SecretsUnreadable
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.projects.access import ProjectAccess, Right
from wxcloudrun.features.projects.models import MemberRole, ProjectState

VIEWER, RUNNER, EDITOR, OWNER, CREATOR, ADMINISTRATOR = 1, 2, 3, 4, 5, 9
ROLES = {VIEWER: "VIEWER", RUNNER: "RUNNER", EDITOR: "EDITOR", OWNER: "OWNER", CREATOR: "EDITOR"}
TOKEN = {"url": "/", "auth": {"kind": "bearer", "token": "s3cret"}}
OTHER_KEYS = KeyRing.parse(["k9:" + "A" * 42 + "E="], "x")


def house(used_by: Sequence[str] = (), given: Sequence[str] = ()) -> SimpleNamespace:
    members = FakeMemberDao({number: str(number) for number in ROLES})
    stamp = {"version": 1, "created_at": START, "updated_at": START}
    project = members.projects.add({"name": "p", "description": "", "state": ProjectState.ACTIVE, **stamp})
    for number, role in ROLES.items():
        members.add(project, number, MemberRole[role], START)
    rows, audit, session = FakeCaseDao(), FakeAudit(), FakeSession()
    access = ProjectAccess(None, members.projects)
    records = CaseRecords(session, FakeClock(), KEYS, audit, lambda _, files: set(files), rows)
    planning = EnvironmentPlanning(None, KEYS, FakeEnvironmentDao(), FakeVariableDao())
    above = Above(in_use=lambda case_id: used_by, given=lambda case_id: given)
    return SimpleNamespace(
        project=project,
        projects=members.projects,
        rows=rows,
        audit=audit,
        session=session,
        access=CaseAccess(None, access, rows),
        cases=CaseService(session, FakeClock(), access, records, planning, above, rows),
        records=records,
    )


def made(here: SimpleNamespace, name: str = "case", who: int = CREATOR, **fields) -> int:
    body = {"name": name, "request": {"url": "/"}, **fields}
    return here.cases.add(Actor(who), here.project, CaseMade.model_validate(body)).id


def change(here: SimpleNamespace, number: int, who: int = CREATOR, **fields):
    return here.cases.change(Actor(who), here.project, number, CaseChange.model_validate(fields))


@pytest.mark.parametrize(
    ("who", "visibility", "creator_only"),
    list(itertools.product(ROLES, ("private", "project", "public"), (False, True))),
)
def test_who_sees_runs_and_changes_a_case(who, visibility, creator_only):
    here = house()
    number = made(here, visibility=visibility, creator_only=creator_only)
    seen = visibility != "private" or who in {CREATOR, OWNER}
    if not seen:
        with pytest.raises(CaseNotFound):
            here.access.require(Actor(who), here.project, number, Right.VIEW)
        return
    grip = here.access.require(Actor(who), here.project, number, Right.VIEW)
    edits = who in {EDITOR, OWNER, CREATOR}
    runs = who != VIEWER and (not creator_only or who == CREATOR)
    assert here.access.may_edit(Actor(who), grip.row, grip.membership) is edits
    assert here.access.may_run(Actor(who), grip.row, grip.membership) is runs


def test_an_administrator_sees_what_an_owner_sees_and_runs_nobody_elses_own_case():
    here = house()
    administrator = Actor(ADMINISTRATOR, Role.ADMINISTRATOR)
    grip = here.access.require(
        administrator, here.project, made(here, visibility="private", creator_only=True), Right.OWN
    )
    assert here.access.may_edit(administrator, grip.row, grip.membership)
    assert not here.access.may_run(administrator, grip.row, grip.membership)


@pytest.mark.parametrize(
    ("fields", "trashed", "scopes", "lane"),
    [
        ({}, False, ["p1"], 0),
        ({"visibility": "public"}, False, ["p1", "public"], 0),
        ({"visibility": "private"}, False, ["p1u5", "p1private"], CREATOR),
        ({}, True, ["p1-"], None),
        ({"visibility": "public"}, True, ["p1-"], None),
        ({"visibility": "private"}, True, ["p1u5-", "p1private-"], None),
    ],
    ids=str,
)
def test_a_case_is_found_by_those_who_see_it(fields, trashed, scopes, lane):
    here = house()
    number = made(here, **fields)
    if trashed:
        here.cases.trash(Actor(CREATOR), here.project, number)
    assert (here.rows.entries[number].scopes, here.rows.rows[number]["lane"]) == (scopes, lane)


def test_a_case_is_found_by_what_it_has():
    here = house()
    request = {"url": "/" + "u" * 500, "method": "post"}
    number = made(here, "Pay", folder="a/b", tags=["x", "慢"], status="done", position=7, request=request)
    entry = here.rows.entries[number]
    assert sorted(entry.terms) == sorted(
        ["status:done", "visibility:project", "method:POST", "owner:5", "tag:x", "tag:慢", "folder:a", "folder:a/b"]
    )
    assert (entry.text, entry.name, entry.position) == ("Pay\n/" + "u" * 127, "Pay", 7)


def test_a_case_that_scenarios_use_is_not_trashed():
    here = house(used_by=[f"scenario {number}" for number in range(1, 8)])
    number = made(here)
    with pytest.raises(CaseInUse) as caught:
        here.cases.trash(Actor(EDITOR), here.project, number)
    for language in ("zh", "en"):
        assert "scenario 5" in caught.value.message(language)
        assert "scenario 6" not in caught.value.message(language)
    assert here.rows.rows[number]["deleted_at"] is None


def test_a_save_that_finds_the_case_changed_meanwhile_is_made_anew():
    """What it had made of the case as it was would undo the other's change."""
    here = house()
    number = made(here, request=TOKEN)
    here.rows.before_lock = lambda: change(here, number, EDITOR, description="the other's", request=TOKEN)
    saved = change(here, number, status="done")
    assert (saved.description, saved.status, saved.version) == ("the other's", "done", 3)
    here.rows.before_lock = lambda: change(here, number, EDITOR, description="again")
    with pytest.raises(EditConflict) as caught:
        change(here, number, status="draft", version=3)
    assert caught.value.present.description == "again"
    assert caught.value.present.version == 4


def test_rights_are_asked_again_where_the_case_changed_meanwhile():
    here = house()
    number = made(here)
    here.rows.before_lock = lambda: change(here, number, visibility="private")
    with pytest.raises(CaseNotFound):
        change(here, number, EDITOR, status="done")
    other = made(here, "other")
    here.rows.before_lock = lambda: here.cases.trash(Actor(CREATOR), here.project, other)
    with pytest.raises(CaseNotFound):
        change(here, other, EDITOR, status="done")


@pytest.mark.parametrize("who", [EDITOR, OWNER, CREATOR])
@pytest.mark.parametrize(
    "fields", [{"visibility": "public"}, {"visibility": "private"}, {"creator_only": True}], ids=str
)
def test_only_creator_and_owners_say_who_sees_and_runs_it(who, fields):
    here = house()
    number = made(here)
    if who == EDITOR:
        with pytest.raises(CaseCreatorRequired):
            change(here, number, who, **fields)
        return
    saved = change(here, number, who, **fields)
    assert {name: getattr(saved, name) for name in fields} == fields


def test_a_refused_write_leaves_nothing():
    here = house()
    number = made(here, "a")
    made(here, "b")
    before = (dict(here.rows.rows[number]), len(here.rows.versions), len(here.audit.entries), here.session.commits)
    with pytest.raises(CaseNameTaken):
        change(here, number, name="b")
    with pytest.raises(InvalidInput):
        change(here, number, condition="(")
    after = (here.rows.rows[number], len(here.rows.versions), len(here.audit.entries), here.session.commits)
    assert after == before


def test_versions_seal_credentials_for_themselves():
    here = house()
    number = made(here, request=TOKEN)
    row, kept = here.rows.get(here.project, number), here.rows.versions[0]
    assert here.records.held(row) == {("request", "auth", "token"): "s3cret"}
    then = SimpleNamespace(secrets=kept["secrets"])
    assert here.records.held_then(then) == here.records.held(row)
    assert here.records.held(SimpleNamespace(secrets=kept["secrets"])) == {}, "it opens in its own table only"
    assert "s3cret" not in kept["content"] + row.content
    assert json.loads(kept["content"])["visibility"] == "project"


def test_where_the_key_was_withdrawn_a_run_is_refused_and_the_credential_asked_for():
    here = house()
    number = made(here, request=TOKEN)
    with pytest.raises(SecretsUnreadable):
        CasePlanning(None, OTHER_KEYS, here.rows).cases([number])
    here.rows.rows[number]["secrets"] = OTHER_KEYS.encrypt("[]", "cases.secrets")
    with pytest.raises(InvalidInput) as caught:
        change(here, number, description="x")
    assert [(one.field, one.reason) for one in caught.value.fields] == [("request.auth.token", "not_set")]
    assert change(here, number, request=TOKEN).version == 2


def test_a_plan_is_made_of_the_cases_that_are_there():
    here = house()
    numbers = [made(here, name, request=TOKEN) for name in ("a", "b")]
    here.cases.trash(Actor(CREATOR), here.project, numbers[1])
    planned = CasePlanning(None, KEYS, here.rows).cases([*numbers, 99])
    assert [planned[number].deleted for number in numbers] == [False, True]
    assert planned.keys() == set(numbers)
    assert planned[numbers[0]].case["request"] == TOKEN


def test_names_that_datasets_give_need_no_warning():
    assert "nothing above" in change(house_ := house(), made(house_), request={"url": "/{{user}}"}).warnings[0]
    here = house(given=["user"])
    assert change(here, made(here), request={"url": "/{{user}}"}).warnings == []


def test_what_is_private_is_in_nobodys_activity():
    here = house()
    number = made(here, visibility="private")
    change(here, number, description="x")
    change(here, number, visibility="project")
    change(here, number, description="y")
    assert [entry[4] for entry in here.audit.entries] == [None, None, None, here.project]
