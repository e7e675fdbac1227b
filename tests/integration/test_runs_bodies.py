"""Long bodies of runs: kept whole, masked, once for all runs of a project, read by range, and freed with the last run."""

import json
import secrets
import zlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.integration.projects_bench import error_of
from tests.integration.runs_api_bench import RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.models import RunBody
from wxcloudrun.features.users.models import LooseFile
from wxcloudrun.features.users.pictures import PictureFiles
from wxcloudrun.integrations.object_store import DiskStore, ObjectStore, StorageUnavailable

SECRET = "CANARY-of-the-environment"
LONG = json.dumps([{"n": number, "token_is": SECRET} for number in range(9000)]).encode()


def served(stage: RunStage, content: bytes) -> None:
    stage.target.answer = lambda method, path: (200, content)


def ran(stage: RunStage) -> tuple[int, dict[str, Any]]:
    """A run of a new case that uses the secret; its number and the body of its answer."""
    case = stage.case(f"case {secrets.token_hex(4)}", request={"headers": {"X-Key": "{{key}}"}})
    run = stage.done(case_id=case)["id"]
    body = stage.team.viewer.ok("GET", f"{stage.place(run)}/results/0")["detail"]["response"]["body"]
    return run, body


def fetched(stage: RunStage, run: int, ref: str, **headers: str) -> Any:
    return stage.team.viewer.call("GET", f"{stage.place(run)}/bodies/{ref}", headers=headers)


def count(stage: RunStage, table: Any) -> int:
    with stage.team.app.app_context():
        return int(db.session.scalar(select(func.count()).select_from(table)) or 0)


def files(stage: RunStage) -> list[Path]:
    with stage.team.app.app_context():
        store: Any = stage.team.app.extensions[EXTENSION].get(ObjectStore)
        return list((store._folder / "bodies").glob("*")) if isinstance(store, DiskStore) else []


@pytest.fixture(autouse=True)
def no_files_of_others(request: pytest.FixtureRequest) -> None:
    """Earlier tests of the application left none behind."""
    for name in ("each_runs", "a_runs"):
        if name in request.fixturenames:
            for path in files(request.getfixturevalue(name)):
                path.unlink()


def test_a_long_body_is_kept_whole_and_masked_and_read_by_range(each_runs: RunStage):
    served(each_runs, LONG)
    run, body = ran(each_runs)
    masked = LONG.replace(SECRET.encode(), b"***")
    assert (body["truncated"], body["size"]) == (True, len(LONG))
    whole = fetched(each_runs, run, body["whole"])
    assert whole.data == masked
    assert whole.headers["Content-Length"] == str(len(masked))
    part = fetched(each_runs, run, body["whole"], Range="bytes=200000-200999")
    assert (part.status_code, part.data) == (206, masked[200_000:201_000])
    assert part.headers["Content-Range"] == f"bytes 200000-200999/{len(masked)}"
    last = fetched(each_runs, run, body["whole"], Range="bytes=-10")
    assert last.data == masked[-10:]
    beyond = fetched(each_runs, run, body["whole"], Range=f"bytes={len(masked)}-")
    assert error_of(beyond) == (416, "range_not_satisfiable")


def test_the_same_body_is_kept_once_and_freed_with_the_last_run_that_has_it(each_runs: RunStage):
    served(each_runs, LONG)
    first, body = ran(each_runs)
    second, again = ran(each_runs)
    assert again["whole"] == body["whole"]
    assert len(files(each_runs)) == 1
    each_runs.team.editor.ok("DELETE", each_runs.place(first))
    assert len(files(each_runs)) == 1
    assert fetched(each_runs, second, body["whole"]).status_code == 200
    each_runs.team.editor.ok("DELETE", each_runs.place(second))
    assert files(each_runs) == []
    assert count(each_runs, RunBody) == 0


def test_nothing_of_a_secret_is_in_the_store(a_runs: RunStage):
    served(a_runs, LONG)
    ran(a_runs)
    (file,) = files(a_runs)
    assert SECRET.encode() not in zlib.decompress(file.read_bytes())


def test_a_store_that_is_away_costs_the_rest_of_a_body_and_no_run(a_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    def away(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(DiskStore, "put_file", away)
    served(a_runs, LONG)
    run, body = ran(a_runs)
    assert a_runs.view(run)["state"] == "passed"
    assert "whole" not in body
    assert body["truncated"] is True


def test_an_object_whose_row_never_came_is_removed_later(a_runs: RunStage, monkeypatch: pytest.MonkeyPatch):
    def killed(*_: object) -> None:
        raise StorageUnavailable

    monkeypatch.setattr(PictureFiles, "adopt", killed)
    served(a_runs, LONG)
    ran(a_runs)
    assert (len(files(a_runs)), count(a_runs, LooseFile)) == (1, 1)
    monkeypatch.setattr("wxcloudrun.features.users.pictures._UPLOAD_LASTS", SystemClock().now() - SystemClock().now())
    with a_runs.team.app.app_context():
        a_runs.team.app.extensions[EXTENSION].get(PictureFiles).clear()
    assert files(a_runs) == []


def test_a_file_that_is_gone_is_told(a_runs: RunStage):
    served(a_runs, LONG)
    run, body = ran(a_runs)
    files(a_runs)[0].unlink()
    assert error_of(fetched(a_runs, run, body["whole"])) == (404, "body_not_found")
