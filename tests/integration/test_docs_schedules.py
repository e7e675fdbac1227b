"""The examples of docs/schedules.md, word for word, in a shell."""

import re
import shutil

import pytest

from tests.conftest import ROOT
from tests.integration.test_docs_scenarios import office, walked  # noqa: F401 - a fixture
from tests.integration.test_project_races import Office

_EXAMPLE = re.compile(r"```bash\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the page calls curl")


def test_each_example_is_answered(office: Office):  # noqa: F811 - the fixture
    blocks = _EXAMPLE.findall((ROOT / "docs" / "schedules.md").read_text("utf-8"))
    path = office.project()
    office.ok(0, "POST", f"{path}/environments", {"name": "target", "base_url": "http://127.0.0.1:1"})
    scenario = office.ok(0, "POST", f"{path}/scenarios", {"name": "buy", "tags": ["smoke"]})["id"]
    case = office.ok(0, "POST", f"{path}/cases", {"name": "look", "request": {"url": "/"}})["id"]
    office.ok(0, "POST", f"{path}/scenarios/{scenario}/steps", {"kind": "case", "case_id": case})
    nightly, heartbeat, ticks = (walked(office, f"{block}\necho\n", path)[0] for block in blocks)
    assert [one["local"][10:] for one in nightly["upcoming"]] == ["T02:30:00+08:00"] * 5
    assert (heartbeat["every_ms"], heartbeat["overlap"]) == (600_000, "queue")
    assert ticks == {"items": [], "next": None}
