"""Triggers: who begins a run by a signed request, how often, and with whose rights."""

import hashlib
import hmac
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import func, select

from tests.integration.projects_bench import Team, error_of, faults_of
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.runs.models import Run
from wxcloudrun.features.triggers.deliveries import TriggerDeliveries
from wxcloudrun.features.triggers.models import RunTrigger
from wxcloudrun.integrations.signatures import HEADER, stamped

PUSH = {"ref": "refs/heads/main", "after": "a" * 40, "repository": {"name": "shop"}}


def made(stage: RunStage, **wanted: Any) -> dict[str, Any]:
    """A new trigger of the editor's for the tag `smoke`, with its secret."""
    body = {"name": "push", "tag": "smoke", "environment_id": stage.environment, **wanted}
    data: dict[str, Any] = stage.team.editor.ok("POST", f"{stage.team.path}/triggers", body)
    return data


def scenario(stage: RunStage, **fields: Any) -> int:
    return stage.scenario("smoke", stage.case(), tags=["smoke"], **fields)


def sent(group: Team, trigger: dict[str, Any], body: object = PUSH, secret: str | None = None, **headers: str) -> Any:
    """The response to a request that is signed as GitHub does."""
    content = json.dumps(body).encode()
    mac = hmac.new((secret or trigger["secret"]).encode(), content, hashlib.sha256).hexdigest()
    signed = {"X-Hub-Signature-256": f"sha256={mac}", "X-GitHub-Event": "push", **headers}
    return group.app.test_client().post(trigger["path"], data=content, headers=signed, content_type="application/json")


def runs(group: Team) -> int:
    with group.app.app_context():
        return int(db.session.scalar(select(func.count()).select_from(Run)) or 0)


def test_a_push_begins_a_run_that_knows_branch_and_commit(each_runs: RunStage):
    scenario(each_runs)
    trigger = made(each_runs)
    response = sent(each_runs.team, trigger, **{"X-GitHub-Delivery": "1"})
    assert response.status_code == 202, response.text
    run = each_runs.view(response.json["data"]["run_id"])
    assert run["labels"] == {"branch": "main", "version": None, "commit": "a" * 40}
    assert (run["trigger"], run["priority"], run["tag"]) == ("api", "ci", "smoke")
    shown = each_runs.team.editor.ok("GET", f"{each_runs.team.path}/triggers/{trigger['id']}")
    assert (shown["run_id"], shown["refusal"]) == (run["id"], None)
    assert shown["used_at"] is not None


def test_a_delivery_that_is_sent_again_begins_nothing_more(each_runs: RunStage):
    scenario(each_runs)
    trigger = made(each_runs)

    def send(_: int) -> int:
        return int(sent(each_runs.team, trigger, **{"X-GitHub-Delivery": "1"}).json["data"]["run_id"])

    with ThreadPoolExecutor(4) as pool:
        begun = set(pool.map(send, range(8)))
    assert len(begun) == 1
    assert runs(each_runs.team) == 1
    other = sent(each_runs.team, trigger, **{"X-GitHub-Delivery": "2"}).json["data"]["run_id"]
    assert other not in begun


def test_a_signature_is_asked_for_and_tells_of_nothing(a_runs: RunStage):
    scenario(a_runs)
    trigger = made(a_runs)
    wrong: list[Callable[[], Any]] = [
        lambda: sent(a_runs.team, trigger, secret="x"),
        lambda: sent(a_runs.team, trigger, **{"X-Hub-Signature-256": "sha256=0"}),
        lambda: a_runs.team.app.test_client().post(trigger["path"], json=PUSH),
        lambda: a_runs.team.app.test_client().post(trigger["path"], json=PUSH, headers={"X-Gitlab-Token": "x"}),
    ]
    assert {error_of(send()) for send in wrong} == {(401, "trigger_signature_wrong")}
    assert runs(a_runs.team) == 0


def test_our_own_signature_and_gitlabs_token_are_taken_too(a_runs: RunStage):
    scenario(a_runs)
    trigger, client = made(a_runs), a_runs.team.app.test_client()
    signed = {HEADER: stamped(b"{}", trigger["secret"], SystemClock().now())}
    assert client.post(trigger["path"], data=b"{}", headers=signed).status_code == 202
    told = {"X-Gitlab-Token": trigger["secret"], "X-Gitlab-Event-UUID": "1"}
    push = {"ref": "refs/heads/main", "checkout_sha": "b" * 40}
    run = client.post(trigger["path"], json=push, headers=told).json["data"]["run_id"]
    assert a_runs.view(run)["labels"]["commit"] == "b" * 40


def test_other_branches_and_pings_begin_nothing(a_runs: RunStage):
    scenario(a_runs)
    trigger = made(a_runs, branches=["main", "release/*"])
    other = sent(a_runs.team, trigger, PUSH | {"ref": "refs/heads/feature"})
    assert (other.status_code, other.json["data"]["reason"]) == (200, "branch_not_wanted")
    ping = sent(a_runs.team, trigger, {"zen": "x"}, **{"X-GitHub-Event": "ping"})
    assert (ping.status_code, ping.json["data"]["reason"]) == (200, "ping")
    assert runs(a_runs.team) == 0
    assert sent(a_runs.team, trigger, PUSH | {"ref": "refs/heads/release/1"}).status_code == 202


def test_what_hinders_a_run_is_told_to_both_sides_and_may_be_tried_again(a_runs: RunStage):
    trigger = made(a_runs)
    assert error_of(sent(a_runs.team, trigger)) == (409, "nothing_to_run")
    place = f"{a_runs.team.path}/triggers/{trigger['id']}"
    assert a_runs.team.editor.ok("GET", place)["refusal"] == "nothing_to_run"
    scenario(a_runs)
    assert sent(a_runs.team, trigger).status_code == 202
    assert a_runs.team.editor.ok("GET", place)["refusal"] is None


def test_a_run_has_no_more_rights_than_its_trigger_s_maker_has_today(a_runs: RunStage):
    scenario(a_runs)
    trigger, group = made(a_runs), a_runs.team
    group.owner.ok("PUT", f"{group.path}/members/{group.editor.id}", {"role": "viewer"})
    assert error_of(sent(group, trigger)) == (403, "right_required")
    group.owner.ok("DELETE", f"{group.path}/members/{group.editor.id}")
    assert error_of(sent(group, trigger)) == (404, "project_not_found")
    group.owner.ok("PUT", f"{group.path}/triggers/{trigger['id']}", {"name": "of the owner now"})
    assert sent(group, trigger).status_code == 202


def test_inputs_are_a_runners(a_runs: RunStage):
    scenario(a_runs, inputs=[{"name": "shop", "required": True}])
    trigger = made(a_runs, inputs={"shop": "{{token}}"})
    assert faults_of(sent(a_runs.team, trigger)) == {"inputs.shop": "placeholder"}
    a_runs.team.editor.ok("PUT", f"{a_runs.team.path}/triggers/{trigger['id']}", {"inputs": {"shop": "north"}})
    assert sent(a_runs.team, trigger).status_code == 202


def test_a_trigger_is_switched_off_changed_and_removed(each_runs: RunStage):
    first, group = scenario(each_runs), each_runs.team
    trigger = made(each_runs)
    place = f"{group.path}/triggers/{trigger['id']}"
    off = group.editor.ok("PUT", place, {"enabled": False, "version": 1})
    assert (off["enabled"], off["version"], off["secret"]) == (False, 2, None)
    assert error_of(sent(group, trigger)) == (409, "trigger_disabled")
    late = group.editor.call("PUT", place, {"enabled": True, "version": 1})
    assert error_of(late) == (409, "edit_conflict")
    assert late.json["data"]["present"]["enabled"] is False
    on = group.editor.ok("PUT", place, {"enabled": True, "scenario_id": first, "new_secret": True})
    assert (on["tag"], on["scenario_id"]) == (None, first)
    assert error_of(sent(group, trigger)) == (401, "trigger_signature_wrong"), "the old secret has ended"
    assert sent(group, on).status_code == 202
    assert [one["id"] for one in group.editor.ok("GET", f"{group.path}/triggers")["items"]] == [trigger["id"]]
    assert group.editor.ok("DELETE", place) == {"id": trigger["id"]}
    assert error_of(sent(group, on)) == (404, "trigger_not_found")


def test_a_secret_is_nowhere_in_clear(a_runs: RunStage):
    trigger = made(a_runs)
    listed = a_runs.team.editor.ok("GET", f"{a_runs.team.path}/triggers")
    with a_runs.team.app.app_context():
        rows = [db.session.execute(select(one.__table__)).all() for one in (RunTrigger, AuditEntry)]
    assert trigger["secret"] not in str(listed) + str(rows)


def test_old_deliveries_are_forgotten_in_the_background(a_runs: RunStage, monkeypatch):
    scenario(a_runs)
    sent(a_runs.team, made(a_runs))
    with a_runs.team.app.app_context():
        deliveries = a_runs.team.app.extensions[EXTENSION].get(TriggerDeliveries)
        assert deliveries.clear() == 0
        monkeypatch.setattr("wxcloudrun.features.triggers.deliveries._KEPT", SystemClock().now() - SystemClock().now())
        assert deliveries.clear() == 1


def test_one_thing_is_run(a_runs: RunStage):
    editor, place = a_runs.team.editor, f"{a_runs.team.path}/triggers"
    assert editor.call("POST", place, {"name": "x"}).status_code == 422
    assert editor.call("POST", place, {"name": "x", "tag": "a", "case_id": 1}).status_code == 422
