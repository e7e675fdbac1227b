"""A run as files: each is read by an independent reader, is a download, and holds no secret."""

import csv
import io
import json
import tracemalloc
import zipfile
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml

from tests.integration.projects_bench import error_of
from tests.integration.reports_bench import CANARY, a_big_run, a_red_run
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.core.db import db
from wxcloudrun.core.http.pieces import streamed
from wxcloudrun.features.runs.models import RunResult

FILES = {
    "report.html": "text/html; charset=utf-8",
    "junit.xml": "application/xml; charset=utf-8",
    "allure.zip": "application/zip",
    "har": "application/json",
    "results.csv": "text/csv; charset=utf-8",
}


def fetched(stage: RunStage, run: int, file: str, **options) -> bytes:
    response = stage.team.viewer.call("GET", f"{stage.place(run)}/{file}", **options)
    assert response.status_code == 200, response.text
    return response.data


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_a_download_with_a_name_and_without_secrets(a_runs: RunStage, file: str):
    _, run = a_red_run(a_runs)
    response = a_runs.team.viewer.call("GET", f"{a_runs.place(run)}/{file}")
    assert response.headers["Content-Type"] == FILES[file]
    assert response.headers["Content-Disposition"].startswith(f'attachment; filename="checkout-{run}.')
    assert response.headers["Cache-Control"] == "private, no-store"
    data = response.data
    if file == "allure.zip":
        archive = zipfile.ZipFile(io.BytesIO(data))
        data = b"".join(map(archive.read, archive.namelist()))
    assert CANARY.encode() not in data
    assert len(data) > 200


def test_each_database_gives_the_same_files(each_runs: RunStage):
    _, run = a_red_run(each_runs)
    suite = next(iter(JUnitXml.fromstring(fetched(each_runs, run, "junit.xml"))))
    assert [(one.classname, one.name) for one in suite] == [
        ("Payments.checkout", "log in"),
        ("Payments.checkout", "pay"),
    ]
    entries = json.loads(fetched(each_runs, run, "har"))["log"]["entries"]
    assert [one["response"]["status"] for one in entries] == [200, 200]
    rows = list(csv.DictReader(io.StringIO(fetched(each_runs, run, "results.csv?excel=true").decode("utf-8-sig"))))
    assert [one["outcome"] for one in rows] == ["passed", "failed"]
    names = zipfile.ZipFile(io.BytesIO(fetched(each_runs, run, "allure.zip"))).namelist()
    assert len([one for one in names if one.endswith("-result.json")]) == 2
    page = fetched(each_runs, run, "report.html?lang=en").decode()
    assert "${KEY}" in page, "a credential in the curl is a variable"
    assert '<html lang="en">' in page


def test_a_body_that_is_kept_apart_is_put_back_where_it_is_wanted(a_runs: RunStage):
    a_runs.target.answer = lambda *_: (200, b'{"item": "' + b"x" * 900 + b'"}')
    _, run = a_red_run(a_runs)
    texts = [one["response"]["content"]["text"] for one in json.loads(fetched(a_runs, run, "har"))["log"]["entries"]]
    assert [len(text) for text in texts] == [912, 912]
    assert "x" * 900 in fetched(a_runs, run, "report.html").decode()


def test_names_stay_the_same_when_a_run_has_a_title_of_its_own(a_runs: RunStage):
    scenario, run = a_red_run(a_runs)
    again = a_runs.done(scenario_id=scenario, title="build 4711")["id"]
    part = a_runs.team.runner.ok("POST", f"{a_runs.place(again)}/rerun", {"what": "plan"})["id"]
    a_runs.work()

    def names(number: int) -> list[tuple[str | None, str | None]]:
        cases = ElementTree.fromstring(fetched(a_runs, number, "junit.xml")).iter("testcase")  # noqa: S314 - ours
        return [(one.get("classname"), one.get("name")) for one in cases]

    assert names(run) == names(again) == names(part)


def test_results_are_written_in_the_plans_order_whatever_came_first(a_runs: RunStage):
    number = a_big_run(a_runs.team, 30, wrong=0)
    with a_runs.team.app.app_context():
        table = RunResult.__table__
        for seq in range(30):
            here = (table.c.run_id == number, table.c.seq == seq)
            db.session.execute(table.update().where(*here).values(ordinal=f"{99 - seq:06}"))
        db.session.commit()
    rows = list(csv.DictReader(io.StringIO(fetched(a_runs, number, "results.csv").decode())))
    assert [int(one["seq"]) for one in rows] == list(range(29, -1, -1))


def test_ten_thousand_steps_make_a_page_below_300_kb_and_a_complete_file(a_runs: RunStage):
    number = a_big_run(a_runs.team, 10_000, wrong=20)
    page = fetched(a_runs, number, "report.html")
    assert len(page) < 300_000
    suite = next(iter(JUnitXml.fromstring(fetched(a_runs, number, "junit.xml"))))
    assert (suite.tests, suite.failures, len(list(suite))) == (10_000, 20, 10_000)


def test_a_file_costs_no_memory_however_long_it_is(a_runs: RunStage):
    number = a_big_run(a_runs.team, 4_000, wrong=0)
    size, most = 0, 0
    tracemalloc.start()
    response = a_runs.team.viewer.client.get(
        f"{a_runs.place(number)}/har", headers={"Authorization": f"Bearer {a_runs.team.viewer.token}"}, buffered=False
    )
    try:
        for piece in response.response:
            size += len(piece)
            most = max(most, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
        response.close()
    assert size > 4_000_000
    assert most < size * 0.75, "less than the file, with all that reading it takes"


def test_no_connection_is_held_while_a_client_is_slow(a_runs: RunStage):
    number = a_big_run(a_runs.team, 1_000, wrong=0)
    with a_runs.team.app.app_context():
        pool = db.engine.pool
    response = a_runs.team.viewer.client.get(
        f"{a_runs.place(number)}/har", headers={"Authorization": f"Bearer {a_runs.team.viewer.token}"}, buffered=False
    )
    pieces = iter(response.response)
    next(pieces)
    assert pool.checkedout() == 0
    response.close()


def test_what_fails_before_the_first_piece_is_a_refusal(a_runs: RunStage):
    assert error_of(a_runs.team.viewer.call("GET", f"{a_runs.place(987654)}/har")) == (404, "run_not_found")


def test_small_pieces_are_sent_together():
    pieces = list(streamed(iter(["a" * 1000] * 100)))
    assert b"".join(pieces) == b"a" * 100_000
    assert len(pieces) == 4
    assert list(streamed(iter(()))) == [b""]


def test_what_the_first_piece_raises_comes_before_the_answer():
    def broken():
        raise LookupError
        yield ""

    with pytest.raises(LookupError):
        streamed(broken())
