"""What tests of the library share: a team with an environment, and cases to look at."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import insert

from tests.conftest import Person
from tests.integration.projects_bench import Team
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.files.models import ProjectFile

SET = {"is_set": True}
REQUEST: dict[str, Any] = {
    "method": "POST",
    "url": "/orders/{shop}",
    "path_params": {"shop": 7},
    "query": [{"name": "dry", "value": "{{dry}}"}, {"name": "api_key", "value": "CANARY-in-the-query"}],
    "headers": [
        {"name": "Accept", "value": "application/json"},
        {"name": "X-Token", "value": "CANARY-in-a-header"},
        {"name": "Authorization", "value": "Bearer {{token}}"},
    ],
    "cookies": {"sid": "CANARY-in-a-cookie"},
    "body": {"kind": "json", "value": {"sku": "a", "count": 2, "note": "{{expected.note}}"}},
    "auth": {"kind": "basic", "username": "tester", "password": "CANARY-password"},
    "timeouts": {"read_ms": 5000},
    "redirects": {"follow": False},
    "tls": {"verify": False},
}
WHOLE: dict[str, Any] = {
    "folder": "orders/new",
    "description": "Makes an order.\nIt needs a shop.",
    "tags": ["smoke", "订单"],
    "status": "debugging",
    "position": 3,
    "request": REQUEST,
    "expected": {"note": "订单"},
    "extractions": [{"name": "order", "source": "jsonpath", "argument": "$.id"}],
    "assertions": [
        {"source": "status", "comparator": "eq", "expected": 201},
        {"source": "jsonpath", "argument": "$.items[*].sku", "comparator": "contains", "expected": "a"},
        {"expression": "len(json.items) > 1"},
        {"source": "body", "comparator": "schema", "expected": {"type": "object", "required": ["id"]}},
    ],
    "before": [
        {"do": "set", "name": "pin", "value": "CANARY-pin", "secret": True},
        {"do": "sign", "name": "signature", "key": "CANARY-key", "message": "{{pin}}"},
    ],
    "after": [{"do": "log", "message": "order {{order}}"}],
    "idempotent": True,
    "idempotency_header": "Idempotency-Key",
    "condition": "dry != 'no'",
    "retry": {"attempts": 2, "statuses": ["5xx"]},
    "dataset": {"mode": "all"},
}
"""Every part of a case, with credentials wherever one may stand."""


@dataclass
class Library:
    """A team with an environment that gives `token` and `dry`, and with cases."""

    team: Team
    environment: int

    @property
    def path(self) -> str:
        """Of the project."""
        return self.team.path

    @property
    def cases(self) -> str:
        """Where cases are listed and made."""
        return f"{self.team.path}/cases"

    def made(self, name: str = "case", who: Person | None = None, **fields: Any) -> dict[str, Any]:
        """A new case of the editor's, or of somebody else's, as it is answered."""
        body = {"name": name, "request": {"url": "/orders"}, **deepcopy(fields)}
        made: dict[str, Any] = (who or self.team.editor).ok("POST", self.cases, body)
        return made

    def case(self, name: str = "case", who: Person | None = None, **fields: Any) -> int:
        """A new case; its number."""
        return int(self.made(name, who, **fields)["id"])

    def file(self, number: int) -> None:
        """The project's file of that number, without its bytes."""
        values = {"id": number, "project_id": self.team.project, "name": "a.png", "content_type": "", "size": 0}
        values |= {"sha256": "0" * 64, "store_key": f"files/{number}", "uploader_id": self.team.editor.id}
        with self.team.app.app_context():
            db.session.execute(insert(ProjectFile).values(**values, created_at=SystemClock().now()))
            db.session.commit()

    def place(self, case_id: int) -> str:
        """The path of a case."""
        return f"{self.cases}/{case_id}"

    def names(self, query: str = "", who: Person | None = None) -> list[str]:
        """Names of the cases that somebody (the editor) lists, in order."""
        return [one["name"] for one in (who or self.team.editor).ok("GET", f"{self.cases}{query}")["items"]]


def library(group: Team) -> Library:
    """The team's library."""
    variables = [{"name": "token", "type": "secret", "value": "CANARY-token"}, {"name": "dry", "value": "yes"}]
    return Library(group, group.environment(base_url="https://staging.example", variables=variables))


@pytest.fixture
def each_library(each_team: Team) -> Library:
    """A library in the application on every database."""
    return library(each_team)


@pytest.fixture
def a_library(a_team: Team) -> Library:
    """A library in the application on SQLite."""
    return library(a_team)
