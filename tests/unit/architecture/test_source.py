"""Names, sizes and habits that every file of the product keeps."""

import ast

import pytest

from tests.unit.architecture.source import ROOT, modules, tree

FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def nodes(*kinds):
    return [
        (name, node) for name, path in modules().items() for node in ast.walk(tree(path)) if isinstance(node, kinds)
    ]


def test_no_file_has_a_name_that_says_nothing():
    assert [name for name in modules() if name.rpartition(".")[2] in FORBIDDEN] == []


def test_no_class_looks_like_a_test_to_pytest():
    assert [f"{name}.{node.name}" for name, node in nodes(ast.ClassDef) if node.name.startswith("Test")] == []


def test_every_file_says_what_it_is_for():
    assert [name for name, path in modules().items() if not ast.get_docstring(tree(path))] == []


def test_no_file_is_long():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def test_no_function_is_long():
    functions = nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    lengths = {f"{name}.{node.name}": node.end_lineno - node.lineno + 1 for name, node in functions}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_only_config_reads_the_environment():
    def reads_it(node):
        return (
            isinstance(node.value, ast.Name)
            and node.value.id == "os"
            and node.attr in {"environ", "getenv", "environb"}
        )

    found = {name for name, node in nodes(ast.Attribute) if reads_it(node)}
    assert found == {"wxcloudrun.ci.__main__"}, "the client for pipelines is a program of its own, without a config.py"


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME"])
def test_nothing_is_left_for_later(word):
    assert [name for name, path in modules().items() if word in path.read_text(encoding="utf-8")] == []


def test_every_folder_of_the_product_is_a_package():
    folders = {path.parent for path in modules().values()}
    assert [str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").is_file()] == []
