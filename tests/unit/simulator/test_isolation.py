"""The simulator stands alone: it imports nothing of the product and little of the world."""

import ast
import sys
from pathlib import Path

import wxcloudrun.simulator

ALLOWED = {"flask", "werkzeug", "cryptography", "defusedxml"}


def imported(source):
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_the_simulator_imports_itself_the_standard_library_and_four_packages():
    folder = Path(wxcloudrun.simulator.__file__).parent
    names = {(file.name, name) for file in folder.rglob("*.py") for name in imported(file)}
    strangers = {
        (file, name)
        for file, name in names
        if not name.startswith("wxcloudrun.simulator")
        and name.partition(".")[0] not in ALLOWED | set(sys.stdlib_module_names)
    }
    assert names
    assert strangers == set()
