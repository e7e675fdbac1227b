"""The walk-through of docs/scenarios.md, word for word, in a shell."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, _dispose, database_urls, make_app
from tests.integration.live import serving
from tests.integration.test_project_races import Office
from wxcloudrun.simulator import running

PAGE = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
_BLOCK = re.compile(r"```bash\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the page calls curl")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A served application, and an editor."""
    tmp: Path = tmp_path_factory.mktemp("docs")
    for url in database_urls(tmp, "sqlite"):
        app = make_app(url, tmp)
        with running() as simulator, serving(url, tmp, workers=1, simulator=simulator.url) as server:
            office = Office(server, simulator, url)
            office.come("editor", "colleague")
            yield office
        _dispose(app)


def walked(office: Office, block: str, path: str | None = None) -> list[Any]:
    """What the shell is answered, line by line; in a new project unless said."""
    project = f"http://127.0.0.1:{office.server.port}{path or office.project()}"
    environment = {"P": project, "TOKEN": office.people[0], "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-eu", "-c", block], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {one["code"] for one in answers} == {1}, done.stdout
    return [one["data"] for one in answers]


def test_the_walk_through_works_and_ends_without_warnings(office: Office):
    (block,) = _BLOCK.findall(PAGE)
    answers = walked(office, block)
    assert answers[-1] == {"warnings": [], "faults": [], "complete": True}
    told = [[one["kind"] for one in answer["warnings"]] for answer in answers[3:6]]
    assert told == [["empty"], [], []]  # a setup alone is nothing to run
    came = office.ok(1, "POST", "/api/invitations/accept", {"code": answers[-2]["code"]})
    assert came["role"]["name"] == "runner"


def test_without_the_login_its_token_is_missed(office: Office):
    (block,) = _BLOCK.findall(PAGE)
    found = walked(office, "\n".join(line for line in block.splitlines() if '"setup"' not in line))[-1]
    assert [(one["kind"], one["name"]) for one in found["warnings"]] == [("variable", "token")]
