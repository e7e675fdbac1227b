"""Links to a report: whoever has one sees the report and nothing else, until it ends."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.integration.projects_bench import error_of, faults_of
from tests.integration.reports_bench import CANARY, a_red_run
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.reports.models import ReportShare
from wxcloudrun.features.reports.shares import MOST


def made(stage: RunStage, run: int, **body) -> dict:
    response = stage.team.editor.call("POST", f"{stage.place(run)}/shares", body)
    assert response.status_code == 201, response.text
    share: dict = response.json["data"]
    return share


def opened(stage: RunStage, url: str, **options):
    return stage.team.app.test_client().get(url, **options)


def change(stage: RunStage, **values) -> None:
    with stage.team.app.app_context():
        db.session.execute(update(ReportShare).values(**values))
        db.session.commit()


def test_whoever_has_the_link_sees_the_report_and_nothing_else(each_runs: RunStage):
    _, run = a_red_run(each_runs)
    share = made(each_runs, run)
    response = opened(each_runs, share["url"], headers={"Accept-Language": "en"})
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")
    page = response.text
    assert "expected status to equal 418, got 200" in page
    assert '<html lang="en">' in page
    assert "/api/" not in page.replace("/api/pay", "")
    assert CANARY not in page
    token = share["url"].rpartition("/")[2]
    for headers in ({"Authorization": f"Bearer {token}"}, {}):
        assert opened(each_runs, f"{each_runs.place(run)}/report", headers=headers).status_code == 401


def test_a_shared_report_is_kept_by_no_one_and_found_by_no_search(a_runs: RunStage):
    _, run = a_red_run(a_runs)
    headers = opened(a_runs, made(a_runs, run)["url"]).headers
    assert headers["X-Robots-Tag"].startswith("noindex")
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Content-Disposition" not in headers


def test_a_link_that_ended_was_withdrawn_or_never_was_is_one_and_the_same_page(each_runs: RunStage):
    _, run = a_red_run(each_runs)
    share = made(each_runs, run, expires_in_days=1)
    change(each_runs, expires_at=SystemClock().now() - timedelta(seconds=1))
    ended = opened(each_runs, share["url"])
    change(each_runs, expires_at=SystemClock().now() + timedelta(days=1))
    assert opened(each_runs, share["url"]).status_code == 200
    assert each_runs.team.editor.ok("DELETE", f"{each_runs.place(run)}/shares/{share['id']}") == {"id": share["id"]}
    withdrawn, never = opened(each_runs, share["url"]), opened(each_runs, "/r/" + "x" * 43)
    assert ended.status_code == withdrawn.status_code == never.status_code == 404
    assert ended.data == withdrawn.data == never.data
    assert "链接已失效" in never.text


def test_of_a_token_only_a_hash_is_kept_and_its_use_is_noted(a_runs: RunStage):
    _, run = a_red_run(a_runs)
    share = made(a_runs, run)
    token = share["url"].rpartition("/")[2]
    assert opened(a_runs, share["url"]).status_code == 200
    [line] = a_runs.team.owner.ok("GET", f"{a_runs.place(run)}/shares")["items"]
    assert line["used_at"] is not None
    assert "url" not in line
    with a_runs.team.app.app_context():
        row = db.session.execute(select(ReportShare.__table__)).one()
        entries = db.session.execute(select(AuditEntry.__table__)).all()
    assert token not in str(row)
    assert token not in str(entries)
    assert "report.shared" in str(entries)


def test_links_go_with_their_run(each_runs: RunStage):
    _, run = a_red_run(each_runs)
    share = made(each_runs, run)
    each_runs.team.editor.ok("DELETE", each_runs.place(run))
    assert opened(each_runs, share["url"]).status_code == 404
    with each_runs.team.app.app_context():
        assert db.session.execute(select(ReportShare.id)).all() == []


def test_a_run_that_goes_on_is_not_shared_and_links_have_a_most(a_runs: RunStage):
    waiting = a_runs.started(case_id=a_runs.case())["id"]
    assert error_of(a_runs.team.editor.call("POST", f"{a_runs.place(waiting)}/shares", {})) == (409, "run_not_ended")
    a_runs.work()
    for _ in range(MOST):
        last = made(a_runs, waiting)
    refused = a_runs.team.editor.call("POST", f"{a_runs.place(waiting)}/shares", {})
    assert error_of(refused) == (409, "too_many_shares")
    a_runs.team.editor.ok("DELETE", f"{a_runs.place(waiting)}/shares/{last['id']}")
    made(a_runs, waiting)
    missing = a_runs.team.editor.call("DELETE", f"{a_runs.place(waiting)}/shares/999999")
    assert error_of(missing) == (404, "share_not_found")


@pytest.mark.parametrize("days", [0, 367, 1.5, "7"])
def test_a_link_ends_within_a_year(a_runs: RunStage, days: object):
    _, run = a_red_run(a_runs)
    response = a_runs.team.editor.call("POST", f"{a_runs.place(run)}/shares", {"expires_in_days": days})
    assert "expires_in_days" in faults_of(response)


def test_a_link_to_a_private_cases_run_is_made_by_those_who_see_it(a_runs: RunStage):
    case = a_runs.case("mine", "/m", who=a_runs.team.editor, visibility="private")
    run = a_runs.done(who=a_runs.team.editor, case_id=case)["id"]
    assert opened(a_runs, made(a_runs, run)["url"]).status_code == 200
    activity = a_runs.team.viewer.ok("GET", f"{a_runs.team.path}/activity")["items"]
    assert "report.shared" not in {one["action"] for one in activity}
