"""The walk-through of docs/scenarios.md, word for word."""

import json
import re

from tests.conftest import ROOT
from tests.integration.projects_bench import Team

_CALL = re.compile(r"^send (\w+) \$P(\S+) '(.*?)'", re.MULTILINE | re.DOTALL)


def test_the_walk_through_works_and_ends_without_warnings(a_team: Team):
    page = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
    calls = _CALL.findall(page)
    assert len(calls) == 11
    answers = [
        a_team.editor.ok(method, f"{a_team.path}{path}", json.loads(body) if body else None)
        for method, path, body in calls
    ]
    assert answers[-1] == {"warnings": [], "faults": [], "complete": True}
    told = [[one["kind"] for one in answer["warnings"]] for answer in answers[7:10]]
    assert told == [["empty"], [], []]  # a setup alone is nothing to run


def test_without_the_login_its_token_is_missed(a_team: Team):
    calls = _CALL.findall((ROOT / "docs" / "scenarios.md").read_text("utf-8"))
    for method, path, body in calls[:-1]:
        if '"setup"' not in body:
            a_team.editor.ok(method, f"{a_team.path}{path}", json.loads(body))
    found = a_team.editor.ok("GET", f"{a_team.path}{calls[-1][1]}")
    assert [(one["kind"], one["name"]) for one in found["warnings"]] == [("variable", "token")]
