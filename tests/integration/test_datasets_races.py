"""Several people at once with the datasets of one case and the files of one project, over two server processes."""

from typing import Any

from sqlalchemy import create_engine, func, insert, select

from tests.integration.datasets_bench import case_row
from tests.integration.live import Answer, at_once
from tests.integration.test_project_races import Office, office, told  # noqa: F401 - a fixture
from wxcloudrun.features.cases.models import Case
from wxcloudrun.features.datasets.models import Dataset, DefaultDataset
from wxcloudrun.features.files.models import ProjectFile


def a_case(office: Office, path: str) -> str:  # noqa: F811 - the fixture's name
    """The path of the datasets of a new case."""
    values = case_row(int(path.rpartition("/")[2]), office.numbers[0])
    engine = create_engine(office.url)
    with engine.begin() as connection:
        number = connection.execute(insert(Case.__table__).values(**values)).inserted_primary_key[0]
    engine.dispose()
    return f"{path}/cases/{number}/datasets"


def rows(office: Office, path: str) -> list[dict[str, Any]]:  # noqa: F811 - as above
    """A case's datasets, whose places must count up from one."""
    items = office.ok(0, "GET", f"{path}?size=100")["items"]
    assert [one["position"] for one in items] == list(range(1, len(items) + 1))
    return list(items)


def form(content: str, name: str = "rows.csv", **fields: str) -> tuple[bytes, dict[str, str]]:
    """A form with a file, and its header."""
    parts = [f'name="file"; filename="{name}"\r\n\r\n{content}']
    parts += [f'name="{field}"\r\n\r\n{value}' for field, value in fields.items()]
    body = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--x--\r\n"
    return body.encode(), {"Content-Type": "multipart/form-data; boundary=x"}


def send(office: Office, who: int, path: str, content: str, **fields: str) -> Answer:  # noqa: F811 - as above
    body, headers = form(content, **fields)
    return office.server.call("POST", path, body, token=office.people[who], headers=headers)


def test_several_defaults_set_at_once_are_one(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    made = [office.ok(0, "POST", path, {"name": f"d{at}"})["id"] for at in range(6)]
    answers = at_once(6, lambda who: office.call(who % 2, "POST", f"{path}/{made[who]}/default"))
    assert told(answers) == {"ok": 6}
    assert sum(one["is_default"] for one in rows(office, path)) == 1
    number = int(path.split("/")[-2])
    assert office.count(select(func.count()).where(DefaultDataset.case_id == number)) == 1


def test_a_default_and_its_end_at_once_leave_one_or_none(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    made = [office.ok(0, "POST", path, {"name": f"d{at}"})["id"] for at in range(4)]
    office.ok(0, "POST", f"{path}/{made[0]}/default")
    calls = [
        lambda: office.call(0, "DELETE", f"{path}/default"),
        lambda: office.call(1, "DELETE", f"{path}/{made[0]}"),
        lambda: office.call(0, "POST", f"{path}/{made[1]}/default"),
        lambda: office.call(1, "PUT", f"{path}/{made[1]}", {"enabled": False}),
        lambda: office.call(0, "POST", f"{path}/{made[2]}/default"),
    ]
    answers = at_once(len(calls), lambda which: calls[which]())
    assert set(told(answers)) <= {"ok", "default_dataset_disabled"}, [answer.body for answer in answers]
    left = [one for one in rows(office, path) if one["is_default"]]
    assert len(left) <= 1
    assert all(one["enabled"] for one in left)


def test_several_who_move_at_once_lose_nobody(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    made = [office.ok(0, "POST", path, {"name": f"d{at}"})["id"] for at in range(8)]
    places = [{"to": "first"}, {"to": "last"}, {"before": made[3]}, {"after": made[6]}]
    answers = at_once(8, lambda who: office.call(who % 2, "POST", f"{path}/{made[who]}/move", places[who % 4]))
    assert told(answers) == {"ok": 8}
    assert sorted(one["id"] for one in rows(office, path)) == made


def test_moves_removals_and_new_ones_at_once_leave_an_order(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    made = [office.ok(0, "POST", path, {"name": f"d{at}"})["id"] for at in range(6)]
    calls = [
        lambda: office.call(0, "POST", f"{path}/{made[0]}/move", {"to": "last"}),
        lambda: office.call(1, "DELETE", f"{path}/{made[1]}"),
        lambda: office.call(0, "POST", path, {"name": "new"}),
        lambda: office.call(1, "POST", path, {"name": "new"}),
        lambda: office.call(0, "POST", f"{path}/{made[2]}/copy", {}),
        lambda: office.call(1, "POST", f"{path}/{made[5]}/move", {"to": "first"}),
    ]
    answers = at_once(len(calls), lambda which: calls[which]())
    assert told(answers) == {"ok": 6}, [answer.body for answer in answers]
    keys = [one["key"] for one in rows(office, path)]
    assert sorted(keys) == sorted(["d0", "d2", "d2_2", "d3", "d4", "d5", "new", "new_2"])


def test_of_several_edits_of_one_version_one_is_kept(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    place = f"{path}/{office.ok(0, 'POST', path, {'name': 'd'})['id']}"
    answers = at_once(5, lambda who: office.call(who % 2, "PUT", place, {"name": f"n{who}", "version": 1}))
    assert told(answers) == {"ok": 1, "edit_conflict": 4}
    assert office.ok(0, "GET", place)["version"] == 2


def test_a_key_is_given_once(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    answers = at_once(6, lambda who: office.call(who % 2, "POST", path, {"key": "same"}))
    assert told(answers) == {"ok": 1, "dataset_key_taken": 5}


def test_several_imports_at_once_are_one_after_the_other(office: Office):  # noqa: F811 - as above
    path = a_case(office, office.project("editor"))
    content = "key,default,x:number\n" + "".join(f"k{at},{at == 3},{at}\n" for at in range(40))
    merged = at_once(4, lambda who: send(office, who % 2, f"{path}/import", content, mode="merge"))
    assert told(merged) == {"ok": 4}, [answer.body for answer in merged]
    assert sorted(one.json["data"]["added"] for one in merged) == [0, 0, 0, 40]
    replaced = at_once(4, lambda who: send(office, who % 2, f"{path}/import", f"key,x\nr{who},1\n", mode="replace"))
    assert told(replaced) == {"ok": 4}, [answer.body for answer in replaced]
    assert len(rows(office, path)) == 1
    appended = at_once(4, lambda who: send(office, who % 2, f"{path}/import", "name,x\na,1\nb,2\n"))
    assert told(appended) == {"ok": 4}, [answer.body for answer in appended]
    assert len({one["key"] for one in rows(office, path)}) == 9
    number = int(path.split("/")[-2])
    assert office.count(select(func.count()).where(Dataset.case_id == number)) == 9


def test_of_files_that_come_at_once_into_the_last_place_one_is_kept(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    project = int(path.rpartition("/")[2])
    old = {"project_id": project, "name": "x", "content_type": "", "size": 1, "sha256": "0" * 64}
    old |= {"uploader_id": office.numbers[0], "created_at": case_row(1, 1)["created_at"]}
    engine = create_engine(office.url)
    with engine.begin() as connection:
        values = [{**old, "store_key": f"files/{project}-{at}"} for at in range(999)]
        connection.execute(insert(ProjectFile.__table__), values)
    engine.dispose()
    answers = at_once(5, lambda who: send(office, who % 2, f"{path}/files", f"content {who}"))
    assert told(answers) == {"ok": 1, "too_many_files": 4}, [answer.body for answer in answers]
    assert office.count(select(func.count()).where(ProjectFile.project_id == project)) == 1000


def test_a_file_that_is_removed_by_several_at_once_goes_once(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    number = send(office, 0, f"{path}/files", "content").json["data"]["id"]
    answers = at_once(5, lambda who: office.call(who % 2, "DELETE", f"{path}/files/{number}"))
    assert told(answers) == {"ok": 1, "file_not_found": 4}


def test_a_file_is_removed_or_used_but_never_both(office: Office):  # noqa: F811 - as above
    path = office.project("editor")
    for attempt in range(4):
        number = send(office, 0, f"{path}/files", "content").json["data"]["id"]
        request = {"url": "/", "body": {"kind": "binary", "blob": str(number)}}
        calls = [
            lambda path=path, number=number: office.call(1, "DELETE", f"{path}/files/{number}"),
            lambda path=path, body={"name": f"c{attempt}", "request": request}: office.call(
                0, "POST", f"{path}/cases", body
            ),
        ]
        answers = at_once(2, lambda which, calls=calls: calls[which]())
        assert sorted(answer.json["code"] for answer in answers) == [0, 1], [answer.body for answer in answers]
        assert answers[0].json["data"].get("error", "file_in_use") == "file_in_use"
