"""The page that says where everything is names what is there."""

import re

import pytest

from tests.unit.architecture.source import ROOT
from wxcloudrun.blueprints import TABLES

PAGE = (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")
PAGES = {"GET /", "GET /docs"}
NAMED = sorted(set(re.findall(r"`((?:GET|POST|PUT|DELETE) [^`\s]+)`", PAGE)))
ROUTES = {
    f"{route.method} {re.sub(r'<(?:[a-z]+:)?([a-z_0-9]+)>', r'{\1}', route.path)}"
    for routes in TABLES.values()
    for route in routes
} | PAGES


def test_every_route_that_is_named_exists():
    named = {name.replace("{p}", "/api/projects/{project_id}") for name in NAMED}
    assert sorted(named - ROUTES) == []
    assert len(named) > 60


@pytest.mark.parametrize("name", sorted(set(re.findall(r"\]\(([^)#]+)\)", PAGE))))
def test_every_page_that_is_named_exists(name: str):
    assert (ROOT / "docs" / name).is_file()


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`flask ([a-z]+)", PAGE))))
def test_every_command_that_is_named_exists(command: str):
    assert (ROOT / "wxcloudrun" / "cli" / f"{command}.py").is_file()


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"`(?:python3? )?([\w./-]+\.(?:py|yml|example)|\.env\.\w+)", PAGE)))
)
def test_every_file_that_is_named_exists(name: str):
    assert (ROOT / name).exists() or name == "dao.py"
