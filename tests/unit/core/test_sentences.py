"""Details of refusals, and warnings, are told in Chinese to those who read it."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.features.cases.test_case_definition import EMPTY
from wxcloudrun.core.faults import _SENTENCES, USUAL
from wxcloudrun.core.sentences import _ZH, in_chinese, warning_in_chinese
from wxcloudrun.features.cases.definition import warnings_of_case
from wxcloudrun.features.cases.portable import variables_to_set

ROOT = Path(__file__).parents[3] / "wxcloudrun"
FEATURES = ("projects", "environments", "cases", "datasets", "files", "scenarios")


def test_what_varies_is_kept_and_the_rest_is_chinese():
    assert in_chinese("at most 64 characters") == "最多 64 个字符"
    assert in_chinese("a step of kind `wait` has no `retry`; leave it out") == "`wait` 类型的步骤没有 `retry`，请去掉"
    assert in_chinese("line 3: the header has 2 columns, this row 5") == "第 3 行：表头有 2 列，本行有 5 列"


def test_a_name_that_may_have_been_meant_is_named_in_chinese_too():
    told = in_chinese("there is no field of this name here; closest: methods")
    assert told == "这里没有该名称的字段；最接近的是：methods"


def test_a_description_behind_a_colon_stays_as_it_is_written():
    assert in_chinese("the text has to fit ^a$: Unique in its folder.") == "文本须符合 ^a$: Unique in its folder."


def test_braces_in_what_somebody_wrote_are_only_text():
    assert in_chinese("there is no filter {0}{x}") == "没有过滤器 {0}{x}"


def test_what_nobody_has_translated_stays_english():
    assert in_chinese("something that the parser said") == "something that the parser said"
    assert in_chinese("x" * 10_000) == "x" * 10_000


def test_a_warning_keeps_its_place_and_the_names_in_it():
    told = {
        "request.url: nothing above this step gives `tokn` a value; did you mean `token`?": "request.url: 此步骤之前没有任何地方给 `tokn` 赋值；是否想写 `token`？",  # noqa: E501 - stands together
        "request.url: `a` needs `b`: nothing above this step gives `b` a value": "request.url: `a` 需要 `b`：此步骤之前没有任何地方给 `b` 赋值",  # noqa: E501 - stands together
        "nothing above this step gives `a: b` a value": "此步骤之前没有任何地方给 `a: b` 赋值",
        "scenario `x`: nothing makes its output `o`": "场景 `x`：没有步骤产生其输出 `o`",
        "request.body.parts.1.file: the file stayed behind; choose another one": "request.body.parts.1.file: 文件未随之复制，请另选一个",  # noqa: E501 - stands together
        "request.url: something that the engine says": "request.url: something that the engine says",
    }
    assert [warning_in_chinese(english) for english in told] == list(told.values())


def test_a_long_row_of_places_is_read_in_no_time():
    assert warning_in_chinese("a: " * 170 + "b") == "a: " * 170 + "b"


@pytest.mark.parametrize("english", _ZH)
def test_every_sentence_has_the_same_places_in_both_languages(english: str):
    assert english.count("{}") == _ZH[english].count("{}")
    filled = english.replace("{}", "7")
    assert in_chinese(filled) == _ZH[english].replace("{}", "7")


@pytest.mark.parametrize("english", [*USUAL.values(), *_SENTENCES.values()])
def test_what_the_shape_of_input_is_refused_with_is_translated(english: str):
    names = [name for _, name, _, _ in string.Formatter().parse(english) if name]
    filled = english.format(**dict.fromkeys(names, "7"))
    assert in_chinese(filled) != filled


def details() -> Iterator[tuple[str, str]]:
    """Sentences that stand as `detail` in the features, `7` for what varies."""
    for path in sorted(path for feature in FEATURES for path in (ROOT / "features" / feature).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            value = None
            if isinstance(node, ast.keyword) and node.arg == "detail":
                value = node.value
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "detail":
                value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield path.name, value.value
            if isinstance(value, ast.JoinedStr):
                parts = (one.value if isinstance(one, ast.Constant) else "7" for one in value.values)
                yield path.name, "".join(str(part) for part in parts)


@pytest.mark.parametrize(("file", "english"), [one for one in details() if one[1] not in {"line 7: 7", "line 7"}])
def test_every_detail_of_the_library_is_translated(file: str, english: str):
    assert in_chinese(english) != english, f"{file}: add it to core/sentences.py"


def advice() -> Iterator[str]:
    """Sentences of warnings in scenarios/notices.py, `7` for what varies."""
    for node in ast.walk(ast.parse((ROOT / "features/scenarios/notices.py").read_text("utf-8"))):
        value = node.value if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "message" else None
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_warned":
            value = node.args[-1]
        if isinstance(value, ast.Constant):
            yield str(value.value)
        if isinstance(value, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in value.values)


@pytest.mark.parametrize("english", [*advice(), *variables_to_set(["x"])])
def test_every_warning_of_a_scenario_is_translated(english: str):
    assert warning_in_chinese(english) != english, "add it to core/sentences.py"


def test_what_the_engine_warns_of_in_a_case_is_translated():
    request = {"url": "/{{tokn}}", "headers": [{"name": "X", "value": "{{nobody}}"}]}
    told = warnings_of_case(EMPTY | {"request": request}, ["token"])
    assert len(told) == 2
    assert [warning_in_chinese(one) != one for one in told] == [True, True]
