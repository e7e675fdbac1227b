"""Environments and variables, with everything around the services made up."""

import json
from types import SimpleNamespace

import pytest

from tests.unit.features.environments.stand_ins import FakeEnvironmentDao, FakeVariableDao
from tests.unit.features.projects.stand_ins import FakeAudit, FakeMemberDao
from tests.unit.features.users.stand_ins import KEYS, START, FakeClock, FakeSession
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.credentials import put_back
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.errors import InvalidInput
from wxcloudrun.features.environments.errors import SecretsUnreadable
from wxcloudrun.features.environments.planning import EnvironmentPlanning
from wxcloudrun.features.environments.schemas import EnvironmentChange, EnvironmentMade, VariablesPut
from wxcloudrun.features.environments.service import EnvironmentService
from wxcloudrun.features.environments.settings import set_apart
from wxcloudrun.features.environments.variables import VariableService
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.models import MemberRole, ProjectState

EDITOR = Actor(1)
OTHER_KEYS = KeyRing.parse(["k9:" + "A" * 42 + "E="], "x")


def house(keys: KeyRing = KEYS, earlier: SimpleNamespace | None = None) -> SimpleNamespace:
    members = FakeMemberDao({1: "editor"})
    stamp = {"version": 1, "created_at": START, "updated_at": START}
    project = members.projects.add({"name": "p", "description": "", "state": ProjectState.ACTIVE, **stamp})
    members.add(project, 1, MemberRole.EDITOR, START)
    audit = FakeAudit()
    rows = earlier.rows if earlier else FakeEnvironmentDao()
    variables = earlier.variable_rows if earlier else FakeVariableDao()
    made = (FakeSession(), FakeClock(), keys, audit, ProjectAccess(None, members.projects))
    return SimpleNamespace(
        project=project,
        audit=audit,
        rows=rows,
        variable_rows=variables,
        environments=EnvironmentService(*made, rows),
        variables=VariableService(*made, variables),
        planning=EnvironmentPlanning(None, keys, rows, variables),
    )


def secret(value: str | None = "s3cret") -> list[dict[str, object]]:
    return [{"name": "pin", "type": "secret", "value": value}]


def test_what_is_recorded_is_what_differs_without_secrets():
    here = house()
    made = EnvironmentMade.model_validate({"name": "e", "variables": secret(), "headers": {"X-Token": "s3cret"}})
    number = here.environments.add(EDITOR, here.project, made).id
    change = {"base_url": "http://h.example", "headers": {"X-Token": "s3cret-2"}, "variables": secret("s3cret-3")}
    here.environments.change(EDITOR, here.project, number, EnvironmentChange.model_validate(change))
    _, _, before, after, project = here.audit.entries[-1]
    assert (before, project) == ({"base_url": ""}, here.project)
    assert after == {"base_url": "http://h.example", "rewritten": ["pin", "headers.X-Token"]}
    assert "s3cret" not in str(here.audit.entries)
    assert "s3cret" not in str(here.rows.rows)


def test_long_values_are_recorded_cut():
    here = house()
    put = VariablesPut.model_validate({"variables": [{"name": "a", "value": "x" * 60_000}]})
    here.variables.put(EDITOR, here.project, put)
    assert len(str(here.audit.entries)) < 2000


def test_secrets_of_a_withdrawn_key_must_be_entered_again():
    here = house()
    made = EnvironmentMade.model_validate({"name": "e", "variables": secret(), "headers": {"X-Token": "s3cret"}})
    number = here.environments.add(EDITOR, here.project, made).id
    there = house(OTHER_KEYS, here)
    assert there.environments.view(EDITOR, there.project, number).headers == {"X-Token": {"is_set": True}}
    with pytest.raises(SecretsUnreadable):
        there.planning.plan_environment(there.project, number)
    with pytest.raises(InvalidInput) as caught:
        there.environments.change(EDITOR, there.project, number, EnvironmentChange(base_url="http://h.example"))
    assert [fault.field for fault in caught.value.fields] == ["headers.X-Token", "variables.0.value"]
    again = {"headers": {"X-Token": "new"}, "variables": secret("new")}
    there.environments.change(EDITOR, there.project, number, EnvironmentChange.model_validate(again))
    assert there.planning.plan_environment(there.project, number)[1]["headers"] == {"X-Token": "new"}


def test_a_plan_has_no_marks():
    here = house()
    here.variables.put(EDITOR, here.project, VariablesPut.model_validate({"variables": secret("{{x}}")}))
    made = EnvironmentMade.model_validate({"name": "e", "cookies": {"sid": "1"}, "variables": secret()})
    here.environments.add(EDITOR, here.project, made)
    parts = here.planning.plan_environment(here.project)
    assert "is_set" not in json.dumps(parts)
    assert parts[0]["variables"] == [{"name": "pin", "value": "\\{{x}}", "secret": True}]
    assert parts[1]["variables"] == [{"name": "pin", "value": "s3cret", "secret": True}]


@pytest.mark.parametrize(
    ("settings", "places"),
    [
        ({"headers": {"X-Secret": "a", "Accept": "b"}}, {("headers", "X-Secret"): "a"}),
        ({"headers": {"X-Secret": "{{a}}", "Cookie": "sid={{a}}"}}, {("headers", "Cookie"): "sid={{a}}"}),
        ({"cookies": {"theme": "dark"}}, {("cookies", "theme"): "dark"}),
        ({"auth": {"kind": "api_key", "name": "k", "value": "v"}}, {("auth", "value"): "v"}),
        ({"auth": {"kind": "hmac", "key": "v", "key_id": "i"}}, {("auth", "key"): "v"}),
        ({"auth": {"kind": "aws_v4", "access_key": "a", "secret_key": "s"}}, {("auth", "secret_key"): "s"}),
        ({"auth": {"kind": "o", "extra": {"a": "b", "c": "{{d}}"}}}, {("auth", "extra", "a"): "b"}),
        ({"proxy": "http://h:1"}, {}),
        ({"proxy": "http://u:p@h:1"}, {("proxy",): "http://u:p@h:1"}),
        ({"tls": {"client_key_pem": "", "client_cert_pem": "c"}}, {}),
    ],
    ids=str,
)
def test_credentials_are_set_apart_and_put_back(settings, places):
    shown, held = set_apart(settings, {})
    assert held == places
    whole = put_back(shown, held)
    assert {name: whole[name] for name in settings} == settings
    assert set_apart(shown, held) == (shown, held), "what was shown may be sent back"
