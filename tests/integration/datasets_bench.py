"""What tests of datasets share: cases to give datasets to, and files to send."""

import json
from io import BytesIO
from typing import Any

from sqlalchemy import insert, update

from tests.conftest import Person
from tests.integration.projects_bench import Team
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.cases.models import Case, CaseStatus, Visibility
from wxcloudrun.features.datasets.planning import DatasetPlanning

LOGIN = {
    "method": "POST",
    "url": "{{base_url}}/login",
    "headers": [{"name": "X-Api-Key", "value": {"is_set": True}}],
    "body": {"kind": "json", "value": {"user": "eve", "password": "?"}},
}


def case_row(project: int, creator: int, name: str = "login", **more: Any) -> dict[str, Any]:
    """The columns of a case."""
    now = SystemClock().now()
    content = {"request": more.pop("request", LOGIN), "expected": {"status": 401}}
    private = more.get("visibility") is Visibility.PRIVATE
    return {
        "project_id": project,
        "name": name,
        "folder": "",
        "lane": creator if private else 0,
        "method": "POST",
        "url": "{{base_url}}/login",
        "description": "",
        "tags": "[]",
        "status": CaseStatus.DRAFT,
        "visibility": Visibility.PROJECT,
        "creator_only": False,
        "creator_id": creator,
        "owner_id": creator,
        "position": 0,
        "run_count": 0,
        "content": json.dumps(content),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        **more,
    }


def a_case(team: Team, name: str = "login", **more: Any) -> str:
    """A new case of the editor; the path of its datasets."""
    with team.app.app_context():
        values = case_row(team.project, team.editor.id, name, **more)
        number = db.session.execute(insert(Case).values(**values)).inserted_primary_key[0]
        db.session.commit()
    return f"{team.path}/cases/{number}/datasets"


def number_of(path: str) -> int:
    """The case's number."""
    return int(path.split("/")[-2])


def trashed(team: Team, path: str) -> None:
    """Put the case into the trash."""
    with team.app.app_context():
        db.session.execute(update(Case).where(Case.id == number_of(path)).values(deleted_at=SystemClock().now()))
        db.session.commit()


def made(person: Person, path: str, name: str = "", **content: Any) -> dict[str, Any]:
    """A new dataset."""
    return dict(person.ok("POST", path, {"name": name, **content}))


def listed(person: Person, path: str) -> list[dict[str, Any]]:
    """All datasets of a case."""
    return list(person.ok("GET", f"{path}?size=100")["items"])


def keys(person: Person, path: str) -> list[str]:
    """Their keys in order."""
    rows = listed(person, path)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["key"] for row in rows]


def send(person: Person, path: str, content: str | bytes, name: str = "rows.csv", **fields: str) -> Any:
    """The answer to an import."""
    data = content.encode() if isinstance(content, str) else content
    headers = fields.pop("headers", {})
    return person.call("POST", f"{path}/import", data={"file": (BytesIO(data), name), **fields}, headers=headers)


def imported(person: Person, path: str, content: str | bytes, name: str = "rows.csv", **fields: Any) -> dict[str, Any]:
    """What an import that went well tells."""
    reply = send(person, path, content, name, **fields)
    assert reply.status_code == 200, reply.text
    return dict(reply.json["data"])


def planned(team: Team, *paths: str) -> list[list[dict[str, Any]]]:
    """The datasets of cases as runs have them."""
    with team.app.app_context():
        rows = team.app.extensions[EXTENSION].get(DatasetPlanning).rows([number_of(path) for path in paths])
    return list(rows.values())
