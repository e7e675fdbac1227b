"""A feature is one folder with known files, and its inner parts are its own."""

import configparser

import pytest

from tests.unit.architecture.source import FEATURES, PACKAGE, ROOT, imports, modules

FLOW = {"__init__", "routes", "controller", "tasks", "service", "planning", "execution", "access", "dao"}
SPOKEN_OF = {"models", "schemas", "errors"}
NOUNS = {
    "auth": {"identification", "refresh"},
    "cases": {"copies", "definition", "exchange", "shared", "portable", "records", "versions"},
    "datasets": {"cells", "content", "copies", "imports", "order", "reading"},
    "environments": {"settings", "variables"},
    "insights": {
        "clusters",
        "comparing",
        "counting",
        "gathering",
        "knowledge",
        "merging",
        "occurrences",
        "outages",
        "quarantine",
        "questions",
        "records",
    },  # fmt: skip
    "projects": {"exchange", "invitations", "members", "ranges", "tokens"},
    "notifications": {"carriers", "deliveries", "rules", "sending", "telling", "texts", "timing"},
    "triggers": {"deliveries"},
    "scenarios": {
        "calls",
        "checking",
        "content",
        "copies",
        "notices",
        "outline",
        "steps",
        "tree",
        "uses",
        "views",
    },  # fmt: skip
    "reports": {"causes", "comparison", "differences", "exports", "insight", "reading", "shares", "views"},
    "runs": {
        "bodies",
        "choosing",
        "crew",
        "deflation",
        "depths",
        "dispatch",
        "endings",
        "gate",
        "keeping",
        "leases",
        "packing",
        "questions",
        "recording",
        "reruns",
        "results",
        "resuming",
        "retention",
        "streaming",
        "supply",
        "tables",
        "throttling",
        "totals",
        "waking",
    },  # fmt: skip
    "schedules": {"firing", "records", "timing"},
    "users": {"administration", "admission", "moderation", "phone", "pictures", "privacy", "verification"},
    "wechat": {"inbox", "subscriptions", "tokens"},
}
PRIVATE = {"dao", "questions", "controller", "routes"}
GATHERERS = {"routes": {"wxcloudrun.blueprints"}}


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_holds_the_known_files_only(feature):
    files = {path.stem for path in (PACKAGE / "features" / feature).glob("*.py")}
    assert files - FLOW - SPOKEN_OF == NOUNS.get(feature, set())


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_keeps_its_dao_controller_and_routes_to_itself(feature):
    home = f"wxcloudrun.features.{feature}"
    for part in PRIVATE:
        users = {name for name, path in modules().items() if f"{home}.{part}" in imports(path)}
        strangers = {name for name in users if not name.startswith(home)} - GATHERERS.get(part, set())
        assert not strangers, f"{home}.{part} is private to {home}"


def test_the_import_contracts_know_every_feature():
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    listed = contracts["importlinter:contract:inside-a-feature"]["containers"].split()
    assert listed == [f"wxcloudrun.features.{name}" for name in FEATURES]


@pytest.mark.parametrize("feature", FEATURES)
def test_the_import_contracts_know_every_file_of_a_feature(feature):
    text = (ROOT / ".importlinter").read_text(encoding="utf-8")
    files = {path.stem for path in (PACKAGE / "features" / feature).glob("*.py")} - {"__init__"}
    assert {name for name in files if f"({name})" not in text} == set()
