"""Files of a project through the API, on every database."""

import hashlib
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import insert, select

from tests.conftest import Person
from tests.integration.projects_bench import Team, error_of, faults_of
from tests.integration.test_queries import asked  # noqa: F401 - a fixture
from tests.integration.users_bench import uploads
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.files.errors import FileContentLost, FileNotFound
from wxcloudrun.features.files.models import ProjectFile
from wxcloudrun.features.files.planning import FilePlanning
from wxcloudrun.features.files.service import FileService
from wxcloudrun.features.users.pictures import PictureFiles

HOSTILE = '..\\..\\evil"; filename="x.html\r\nSet-Cookie: a=b; 报告\u202e.html'


def send(person: Person, path: str, content: bytes = b"abc", name: str = "a.bin", kind: str = "text/html") -> Any:
    return person.call("POST", path, data={"file": (BytesIO(content), name, kind)})


def made(team: Team, content: bytes = b"abc", name: str = "a.bin") -> dict[str, Any]:
    reply = send(team.editor, f"{team.path}/files", content, name)
    assert reply.status_code == 201, reply.text
    return dict(reply.json["data"])


def rows(team: Team, count: int, size: int) -> None:
    """Files that were uploaded before."""
    same = {"project_id": team.project, "name": "x", "content_type": "", "size": size, "sha256": "0" * 64}
    same |= {"uploader_id": team.owner.id, "created_at": SystemClock().now()}
    with team.app.app_context():
        db.session.execute(insert(ProjectFile), [{**same, "store_key": f"files/{size}-{at}"} for at in range(count)])
        db.session.commit()


def test_what_goes_in_comes_out_as_a_download(each_team: Team):
    content = bytes(range(256)) * 40
    told = made(each_team, content, "图 片.png")
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    assert (told["name"], told["size"], told["content_type"]) == ("图 片.png", len(content), "text/html")
    assert told["uploader_id"] == each_team.editor.id
    place = f"{each_team.path}/files/{told['id']}"
    assert each_team.viewer.ok("GET", place) == told
    reply = each_team.viewer.call("GET", f"{place}/content")
    assert reply.data == content
    assert reply.headers["Content-Type"] == "application/octet-stream", "whatever the client called it"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    disposition = "attachment; filename=\"_ _.png\"; filename*=UTF-8''%E5%9B%BE%20%E7%89%87.png"
    assert reply.headers["Content-Disposition"] == disposition


def test_a_hostile_name_injects_no_header_and_leads_nowhere(each_team: Team):
    told = made(each_team, b"x", HOSTILE)
    assert not {"/", "\\", "\r", "\n", "\u202e"} & set(told["name"])
    reply = each_team.viewer.call("GET", f"{each_team.path}/files/{told['id']}/content")
    assert "Set-Cookie" not in reply.headers
    disposition = reply.headers["Content-Disposition"]
    assert disposition.count('"') == 2
    assert disposition.isascii()
    for name in ("..", "/", "a/", "\\..\\.."):
        assert made(each_team, b"x", name)["name"] == "file", name


def test_files_are_listed_newest_first_by_stretches(each_team: Team):
    numbers = [made(each_team, name=f"{at} a%b.txt")["id"] for at in range(5)]
    first = each_team.viewer.ok("GET", f"{each_team.path}/files?size=3")
    assert [one["id"] for one in first["items"]] == numbers[:1:-1]
    second = each_team.viewer.ok("GET", f"{each_team.path}/files?size=3&cursor={first['next']}")
    assert [one["id"] for one in second["items"]] == numbers[1::-1]
    assert second["next"] is None
    assert len(each_team.viewer.ok("GET", f"{each_team.path}/files?q=A%25B")["items"]) == 5
    assert each_team.viewer.ok("GET", f"{each_team.path}/files?q=c%25b")["items"] == []
    assert faults_of(each_team.viewer.call("GET", f"{each_team.path}/files?cursor=nonsense"))


def test_a_removed_file_is_gone_from_the_store_too(each_team: Team):
    before = uploads(each_team.app)
    number = made(each_team)["id"]
    assert len(uploads(each_team.app)) == len(before) + 1
    place = f"{each_team.path}/files/{number}"
    assert each_team.editor.ok("DELETE", place) == {"id": number}
    assert uploads(each_team.app) == before
    for method, path in (("GET", place), ("GET", f"{place}/content"), ("DELETE", place)):
        assert error_of(each_team.editor.call(method, path)) == (404, "file_not_found")
    actions = [one["action"] for one in each_team.viewer.ok("GET", f"{each_team.path}/activity")["items"]]
    assert actions[:2] == ["file.removed", "file.uploaded"]


@pytest.mark.parametrize("visibility", ["private", "project", "public"])
def test_a_file_that_a_case_uses_stays(each_team: Team, visibility: str):
    number, other = made(each_team)["id"], made(each_team)["id"]
    request = {"method": "POST", "url": "/", "body": {"kind": "binary", "blob": str(number)}}
    case = {"name": "upload", "visibility": visibility, "request": request}
    place = f"{each_team.path}/cases/{each_team.editor.ok('POST', f'{each_team.path}/cases', case)['id']}"
    path = f"{each_team.path}/files/{number}"
    assert error_of(each_team.owner.call("DELETE", path)) == (409, "file_in_use")
    each_team.editor.ok("DELETE", place)
    assert error_of(each_team.owner.call("DELETE", path)) == (409, "file_in_use"), "it may come out of the trash"
    each_team.editor.ok("POST", f"{place}/restore")
    assert each_team.viewer.call("GET", f"{path}/content").data == b"abc"
    parts = [{"name": "a", "file": {"name": "x", "blob": str(other)}}]
    changed = {**request, "body": {"kind": "multipart", "parts": parts}}
    each_team.editor.ok("PUT", place, {"request": changed})
    each_team.owner.ok("DELETE", path)
    assert error_of(each_team.owner.call("DELETE", f"{each_team.path}/files/{other}")) == (409, "file_in_use")


def test_a_case_names_files_of_its_project_only(each_team: Team):
    number = made(each_team)["id"]
    there = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    for project, blob in ((there, str(number)), (each_team.project, "999999"), (each_team.project, "9" * 40)):
        body = {"name": "upload", "request": {"url": "/", "body": {"kind": "binary", "blob": blob}}}
        refused = each_team.owner.call("POST", f"/api/projects/{project}/cases", body)
        assert faults_of(refused) == {"request.body": "no_such_file"}
    body = {"name": "upload", "request": {"url": "/", "body": {"kind": "binary", "blob": "{{file}}"}}}
    each_team.owner.ok("POST", f"{each_team.path}/cases", body)


def test_a_file_of_another_project_is_not_there(each_team: Team):
    number = made(each_team)["id"]
    other = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    for method, more in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        refused = each_team.owner.call(method, f"/api/projects/{other}/files/{number}{more}")
        assert error_of(refused) == (404, "file_not_found")
        assert error_of(each_team.stranger.call(method, f"{each_team.path}/files/{number}{more}"))[0] == 404


def test_who_may_not_store_stores_nothing(each_team: Team):
    before = uploads(each_team.app)
    assert error_of(send(each_team.stranger, f"{each_team.path}/files")) == (404, "project_not_found")
    assert error_of(send(each_team.runner, f"{each_team.path}/files")) == (403, "right_required")
    each_team.owner.ok("POST", f"{each_team.path}/archive")
    assert error_of(send(each_team.editor, f"{each_team.path}/files")) == (409, "project_archived")
    assert uploads(each_team.app) == before


def test_a_project_keeps_so_many_files_and_bytes(each_team: Team):
    rows(each_team, 2, 250 * 1024 * 1024 - 2)
    assert error_of(send(each_team.editor, f"{each_team.path}/files", b"12345")) == (409, "file_space_used_up")
    made(each_team, b"1234")
    rows(each_team, 997, 0)
    refused = send(each_team.editor, f"{each_team.path}/files")
    assert error_of(refused) == (409, "too_many_files")
    assert "1000" in refused.json["msg"]


def test_more_than_ten_mebibytes_are_refused(a_team: Team):
    refused = send(a_team.editor, f"{a_team.path}/files", b"\0" * (10 * 1024 * 1024))
    assert error_of(refused) == (413, "body_too_large")
    assert made(a_team, b"\0" * (10 * 1024 * 1024 - 1024))["size"] == 10 * 1024 * 1024 - 1024


def test_no_connection_is_held_while_a_file_is_stored(a_team: Team, monkeypatch: pytest.MonkeyPatch):
    held = []
    store = a_team.app.extensions[EXTENSION].get(PictureFiles)._store
    put = store.put

    def slow(*arguments: Any) -> None:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # a pool has it
        put(*arguments)

    monkeypatch.setattr(store, "put", slow)
    made(a_team)
    assert held == [0]


def test_a_file_whose_row_was_not_kept_is_cleared_away(each_team: Team, monkeypatch: pytest.MonkeyPatch):
    before = uploads(each_team.app)
    container = each_team.app.extensions[EXTENSION]
    service, stored = container.get(FileService), container.get(PictureFiles)
    with monkeypatch.context() as patch:
        patch.setattr(service, "_audit", None)  # whatever fails between the row and the commit
        assert send(each_team.editor, f"{each_team.path}/files").status_code == 500
    assert each_team.viewer.ok("GET", f"{each_team.path}/files")["items"] == []
    monkeypatch.setattr("wxcloudrun.features.users.pictures._UPLOAD_LASTS", timedelta(days=-1))
    with each_team.app.app_context():
        assert stored.clear() == 1
    assert uploads(each_team.app) == before


def test_runs_and_cases_find_files_by_number(each_team: Team):
    number = made(each_team, b"of a run")["id"]
    other = each_team.owner.ok("POST", "/api/projects", {"name": "other"})["id"]
    with each_team.app.app_context():
        planning = each_team.app.extensions[EXTENSION].get(FilePlanning)
        assert planning.content(each_team.project, number) == b"of a run"
        assert planning.known(each_team.project, {number, number + 1, 0, -1, 10**12, 10**40}) == {number}
        assert planning.known(other, {number}) == set()
        assert planning.known(other, []) == set()
        with pytest.raises(FileNotFound):
            planning.content(other, number)
        key = db.session.execute(select(ProjectFile.store_key)).scalar_one()
        planning._store.delete(key)
        with pytest.raises(FileContentLost):
            planning.content(each_team.project, number)
    lost = each_team.viewer.call("GET", f"{each_team.path}/files/{number}/content")
    assert error_of(lost) == (404, "file_content_lost")


def test_a_list_of_files_costs_three_questions_however_long(a_team: Team, asked: list[str]):  # noqa: F811 - a fixture
    rows(a_team, 60, 1)
    for place in ("files?size=50", "files?q=x"):
        asked.clear()
        a_team.viewer.ok("GET", f"{a_team.path}/{place}")
        assert len(asked) == 3, asked


def test_an_upload_has_one_file_in_the_part_of_that_name(a_team: Team):
    path = f"{a_team.path}/files"
    assert faults_of(a_team.editor.call("POST", path, data={"image": (BytesIO(b"x"), "x")})) == {"file": "missing"}
    assert error_of(a_team.editor.call("POST", path, {"file": "x"})) == (415, "unsupported_media_type")


def test_what_comes_beside_a_file_and_nobody_reads_does_not_matter(a_team: Team):
    data = {"file": (BytesIO(b"abc"), "a.bin"), "more": "x\x00"}
    assert a_team.editor.call("POST", f"{a_team.path}/files", data=data).status_code == 201
