"""A plan file at the terminal."""

import json
import os
import signal
import threading

import pytest

from tests.unit.engine.plans import demo, plan_of, step
from wxcloudrun.engine.console import run_plan_file


@pytest.fixture
def target():
    with demo() as server:
        yield server


def written(tmp_path, target, *steps, **parts):
    path = tmp_path / "plan.json"
    plan = plan_of(target, list(steps), **parts)
    data = json.loads(plan.model_dump_json(by_alias=True))
    data["network"] = {}
    path.write_text(json.dumps(data))
    return path


def shown(path, target, **parts):
    lines = []
    code = run_plan_file(path, allow=[f"127.0.0.1/32:{target.port}"], out=lines.append, **parts)
    return code, "\n".join(lines)


def test_a_run_that_passes_says_so_and_exits_with_0(tmp_path, target):
    code, text = shown(written(tmp_path, target, step("/", name="home")), target)
    assert code == 0
    assert "ok      home 200 (" in text
    assert "passed: 1 passed, 0 failed, 0 errors, 0 skipped in" in text


def test_a_failure_is_explained_and_exits_with_1(tmp_path, target):
    path = written(tmp_path, target, step("/", name="home", expect={"$.nam": "x"}), step("/", name="next"))
    code, text = shown(path, target)
    assert code == 1
    for words in ("FAILED  home 200", 'expected: eq "x"', "closest: name", "repeat: curl", "skipped next", "1 failed"):
        assert words in text


def test_an_error_exits_with_3(tmp_path, target):
    code, text = shown(written(tmp_path, target, step("/{{nothing}}")), target)
    assert code == 3
    assert "variable: " in text
    assert "warning: " in text


def test_a_cancelled_run_exits_with_4(tmp_path, target):
    cancel = threading.Event()
    cancel.set()
    code, text = shown(written(tmp_path, target, step("/")), target, cancel=cancel)
    assert code == 4
    assert "canceled: the run was canceled" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "EOF"),
        ('{"scenario": {"steps": [{"wait_ms": -1}]}}', "scenario.steps.0.wait_ms"),
        ('{"scenario": {"steps": [{"case": {"request": {"url": "/{{x"}}}]}}', "(at character 1)"),
        ('{"scenario": {}, "network": {"allowed": ["nonsense"]}}', "nonsense"),
    ],
)
def test_a_plan_that_cannot_work_exits_with_2_and_names_the_field(tmp_path, target, text, words):
    path = tmp_path / "plan.json"
    path.write_text(text)
    code, said = shown(path, target)
    assert code == 2
    assert "this plan cannot work" in said
    assert words in said
    assert target.seen == []


def test_a_byte_order_mark_is_no_part_of_the_plan(tmp_path, target):
    path = written(tmp_path, target, step("/"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert shown(path, target)[0] == 0


def test_a_file_in_no_unicode_is_refused(tmp_path, target):
    path = tmp_path / "plan.json"
    path.write_bytes(b'{"scenario": "\xb2\xe2"}')
    code, said = shown(path, target)
    assert code == 2
    assert "the file is not utf-8: byte 14" in said


def test_a_file_that_is_not_there_exits_with_2(tmp_path, target):
    code, said = shown(tmp_path / "none.json", target)
    assert code == 2
    assert "cannot be read" in said


def test_the_first_ctrl_c_cancels_and_the_handlers_are_put_back(tmp_path, target):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    path = written(tmp_path, target, step("/", name="home"), step("/", name="next"))
    code, text = shown(
        path, target, on_result=lambda result: os.kill(os.getpid(), signal.SIGINT) if result.name == "home" else None
    )
    assert code == 4
    assert "skipped next" in text
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
