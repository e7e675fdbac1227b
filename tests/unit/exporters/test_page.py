"""The report as a browser reads it: its markup, its policy, its size, and what strangers' texts become in it."""

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser

import pytest

from tests.unit.exporters.samples import (
    HOSTILE,
    STEERING,
    a_body,
    a_detail,
    a_request,
    a_response,
    a_run,
    a_step,
    an_assertion,
    an_attempt,
    counted,
)
from wxcloudrun.analysis.shapes import Change, PathChange
from wxcloudrun.analysis.variables import VariableChange
from wxcloudrun.exporters.page import page, policy
from wxcloudrun.exporters.report import Cause, ChangedShape, ChangedVariable, Changes, OtherRun, StepFacts

BEFORE = OtherRun(41, "passed", "2026-01-01T00:00:00.000Z")
FAR = re.compile(r"""(?:src|href|action|poster)\s*=|url\(|@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon""")


class Document(HTMLParser):
    """Elements with their attributes, and the text of each kind."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(content)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "input", "rect"}:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if self._open and tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data):
        self.texts.setdefault(self._open[-1] if self._open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def drawn(steps: list[StepFacts], causes=(), changes: Changes | None = None, language="zh", bodies=None, **run) -> str:
    told = {"totals": counted(steps), **run}
    return "".join(page(a_run(**told), changes or Changes(), causes, steps, language=language, bodies=bodies))


def a_cause(*steps: StepFacts, **more) -> Cause:
    return Cause(**({"key": "k", "title": "status eq 200, got 500", "count": len(steps), "steps": steps} | more))


def rows(content: str) -> list[dict]:
    """The steps that the page's script unpacks."""
    found = []
    for text in re.findall(r'class="pack">([^<]*)</script>', content):
        pack = json.loads(zlib.decompress(base64.b64decode(text), -zlib.MAX_WBITS))
        start = seq = 0
        for at, name in enumerate(pack["name"]):
            start, seq = start + pack["start"][at], seq + pack["seq"][at]
            words = {one: pack["texts"][pack[one][at]] for one in ("where", "why")}
            plain = {one: pack[one][at] for one in ("took", "status", "outcome", "again")}
            found.append({"name": pack["texts"][name], "start": start, "seq": seq, **words, **plain})
    return found


def test_it_asks_the_network_for_nothing_and_its_policy_forbids_it():
    content = drawn([a_step(0), a_step(1, "failed")], [a_cause(a_step(1, "failed"))])
    document = Document(content)
    assert document.all("link") == document.all("img") == document.all("iframe") == []
    assert {one.get("src") for one in document.all("script")} == {None}
    assert [one["href"] for one in document.all("a")] == ["#cause-1"]
    assert FAR.findall("".join(document.texts["style"])) == []
    policies = [one["content"] for one in document.all("meta") if one.get("http-equiv")]
    assert policies == [policy()]
    assert policy().startswith("default-src 'none'")
    assert "unsafe" not in policy()


def test_the_policy_admits_its_own_style_and_script_as_they_stand_in_the_file():
    content = drawn([a_step(0)])
    for tag, source in (("style", "style-src"), ("script", "script-src")):
        text = re.findall(rf"<{tag}>(.*?)</{tag}>", content, re.DOTALL)[-1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}'" in policy()
    assert all("style" not in attributes for _, attributes in Document(content).elements), "inline ones are refused"


def test_ten_thousand_steps_are_less_than_300_kb_and_all_are_there():
    steps = [a_step(n, name=f"check order {n % 50}", dataset=f"row-{n:05}", duration_ms=(n * 7919 % 1000) / 3)
             for n in range(10_000)]  # fmt: skip
    content = drawn(steps)
    assert len(content.encode()) < 300_000
    found = rows(content)
    assert len(found) == 10_000
    assert (found[9_999]["name"], found[9_999]["seq"]) == ("check order 49 [row-09999]", 9_999)
    assert found[5]["took"] == pytest.approx(steps[5].duration_ms * 10, abs=1)


def test_what_broke_and_changes_come_before_evidence_and_that_before_steps():
    bad = a_step(1, "failed")
    changes = Changes(BEFORE, OtherRun(38, "passed", None), new_failures=3, fixed=1)
    content = drawn([a_step(0), bad], [a_cause(bad)], changes)
    places = [content.index(mark) for mark in ("status eq 200, got 500", "3 个新失败", 'id="cause-1"', 'id="list"')]
    assert places == sorted(places)
    assert "1 fixed" in content
    assert "Last passed" in content


def test_the_head_names_the_first_causes_and_since_when_each_is_there():
    old, new, unknown = a_step(1, "failed"), a_step(2, "failed"), a_step(3, "failed")
    causes = [
        a_cause(
            old, title="gateway", count=3, fresh=0, since=OtherRun(38, "", "2026-01-01T00:00:00.000Z"), state="open"
        ),
        a_cause(new, title="price", fresh=1),
        *(a_cause(unknown, title=f"other {n}") for n in range(4)),
    ]
    head = drawn([old, new, unknown], causes).partition("<main>")[2].partition('<section aria-labelledby="causes"')[0]
    assert re.findall(r'href="#(cause-\d)">([^<]*)<', head) == [
        ("cause-1", "gateway"), ("cause-2", "price"), ("cause-3", "other 0"),
    ]  # fmt: skip
    for told in (
        "step 1 +2 · ",
        "step 2 · ",
        "since run #38 (<time",
        "自运行 #38",
        "new in this run",
        "本次新出现",
        "and 3 more",
    ):
        assert told in head, told
    assert "未处理" not in drawn([old], causes), "nobody said anything of it"


def test_a_cause_that_was_gone_in_between_is_one_that_came_back():
    cause = a_cause(a_step(1, "failed"), fresh=1, since=OtherRun(30, "", None))
    content = drawn([], [cause], Changes(BEFORE, OtherRun(38, "passed", None)))
    assert "first seen in run #30" in content
    assert "back again" in content
    assert "since run #30" not in content


def test_a_value_shows_its_kind_and_a_missing_one_that_it_is_missing():
    assertions = [
        an_assertion(False, expected=42.5, actual="42.50"),
        an_assertion(False, expected="paid", actual=None, message="$.state matches nothing"),
    ]
    bad = a_step(1, "failed", detail=a_detail("failed", assertions=assertions))
    told = Document(drawn([], [a_cause(bad)])).texts["pre"]
    assert {"eq 42.5", '"42.50"', 'eq "paid"', "$.state matches nothing"} <= set(told)
    assert "null" not in told


def test_a_failure_says_that_its_answer_is_built_differently():
    bad = a_step(1, "failed")
    path = PathChange("$.total", Change.TYPE, "number", "string")
    content = drawn([], [a_cause(bad)], Changes(BEFORE, shapes=(ChangedShape(1, "read", None, (path,)),)))
    evidence = content.partition('<div class="evidence">')[2]
    assert "The answer is built differently from the last run" in evidence
    assert "<code>$.total</code> <code>number</code> → <code>string</code>" in evidence
    other = drawn([], [a_cause(bad)], Changes(BEFORE, shapes=(ChangedShape(2, "read", None, (path,)),)))
    assert "The answer is built differently from the last run" not in other


def test_answers_and_variables_that_are_different_are_told_in_both_languages():
    paths = tuple(PathChange(f"$.p{n}", Change.TYPE, "number", "string") for n in range(11))
    paths = (PathChange(HOSTILE, Change.MISSING, "number", None), PathChange("$.b", Change.ADDED, None, "null"), *paths)
    made = (
        VariableChange("base", "environment", "http://a", HOSTILE),
        VariableChange("key", "project", "***", "***", True),
    )
    changes = Changes(
        BEFORE,
        shapes=(ChangedShape(3, "pay", "row <1>", paths),),
        variables=tuple(ChangedVariable(one, "log in", 7) for one in made),
        not_looked_at=4000,
    )
    content = drawn([a_step(0)], changes=changes)
    text = " ".join("".join(Document(content).texts[tag]) for tag in ("code", "span", "li", "p", "summary"))
    for told in ("$.b", "is missing now", "不再出现", "number", "and 3 more", "[row <1>]", "http://a", "7 steps",
                 "a secret with another value", "敏感值已改变", "4,000 more steps were not looked at"):  # fmt: skip
        assert told in text, told
    assert "<script>alert(1)" not in content
    assert (
        "different" not in drawn([a_step(0)], changes=Changes(BEFORE)).partition("<main>")[2].partition("<script>")[0]
    )


def test_a_first_run_says_that_there_is_nothing_to_compare_with():
    assert "There is no earlier run to compare with" in drawn([a_step(0)])


def test_a_failure_shows_expected_actual_where_and_how_to_repeat_it():
    detail = a_detail(
        "failed",
        assertions=[an_assertion(False, where="$.a\n  ^ here", nearest="$.b", places=["$.c"]), an_assertion(True)],
        attempts=[an_attempt(1, "failed"), an_attempt(2, "failed")],
        request=a_request(curl='curl -H "Authorization: Bearer ${TOKEN}" http://x'),
        log=["a line"],
    )
    content = drawn([], [a_cause(a_step(7, "failed", detail=detail))])
    document = Document(content)
    text = "".join(document.texts["pre"])
    for told in ("eq 200", "500", "$.a\n  ^ here", "$.b", "$.c", "${TOKEN}", "a line"):
        assert told in text
    [copy] = [one for one in document.all("button") if one.get("class") == "copy"]
    assert copy["data-of"] == "curl-7"
    opened = [one.get("id") for one in document.all("details") if "open" in one]
    assert opened == ["step-7", None], "and in it the answer"


def test_long_bodies_stay_outside_and_are_linked_where_the_reader_can_fetch_them():
    body = a_body("x" * 50_000, ref="ab12")
    bad = a_step(1, "failed", detail=a_detail("failed", response=a_response(body=body)))
    linked = drawn([], [a_cause(bad)], bodies="https://t.example/bodies")
    assert 'href="https://t.example/bodies/ab12"' in linked
    assert len(linked) < 60_000
    assert "ab12" not in drawn([], [a_cause(bad)])
    kept = a_step(1, "failed", detail=a_detail("failed", response=a_response(body={**body, "whole": "cd34"})))
    assert 'href="https://t.example/bodies/cd34"' in drawn([], [a_cause(kept)], bodies="https://t.example/bodies")


@pytest.mark.parametrize(("fresh", "told"), [(2, ">new<"), (1, ">1 new<"), (0, None), (None, None)])
def test_a_cause_that_was_not_there_the_last_time_says_so(fresh: int | None, told: str | None):
    content = drawn([], [a_cause(a_step(1, "failed"), count=2, fresh=fresh)])
    assert ('class="new"' in content) == (told is not None)
    assert told is None or told in content


def test_a_cause_links_to_its_ticket_and_to_nothing_that_runs():
    bad = a_step(1, "failed")
    assert 'href="https://t.example/1?a=&quot;b"' in drawn([], [a_cause(bad, link='https://t.example/1?a="b')])
    assert "javascript:" not in drawn([], [a_cause(bad, link="javascript:alert(1)")])


def test_more_of_a_cause_than_are_shown_are_counted():
    content = drawn([], [a_cause(a_step(1, "failed"), count=900)])
    assert "899 more of this cause" in content


def test_what_passed_only_when_it_was_tried_again_is_marked():
    again = a_step(0, detail=a_detail(attempts=[an_attempt(1, "failed"), an_attempt(2)]))
    assert [one["again"] for one in rows(drawn([again, a_step(1)]))] == [1, 0]


def hostile_detail() -> dict:
    assertion = an_assertion(False, name=HOSTILE, expected=HOSTILE, actual={HOSTILE: [HOSTILE]}, where=HOSTILE)
    assertion |= {"nearest": HOSTILE, "places": [HOSTILE]}
    request = a_request(url=f"http://{HOSTILE}", headers=[[HOSTILE, HOSTILE]], body=a_body(HOSTILE), method=HOSTILE)
    response = a_response(reason=HOSTILE, headers=[[HOSTILE, HOSTILE]], body=a_body(HOSTILE, ref='"><script>'))
    variable = {"name": HOSTILE, "scope": HOSTILE, "value": HOSTILE, "secret": False, "hash": None}
    more = {"error_class": HOSTILE, "message": HOSTILE, "detail": HOSTILE}
    tries = [an_attempt(1, "failed", message=HOSTILE, status=None), an_attempt(2, "failed", message=HOSTILE)]
    missing = {"name": HOSTILE, "found": False, "message": HOSTILE}
    return a_detail("failed", assertions=[assertion], request=request, response=response, variables=[variable],
                    error=more, attempts=tries, log=[HOSTILE], extractions=[missing])  # fmt: skip


def test_hostile_texts_become_no_markup_in_any_place():
    bad = a_step(1, "failed", name=HOSTILE, message=HOSTILE, dataset=HOSTILE, trail=(HOSTILE,), detail=hostile_detail())
    cause = a_cause(bad, title=HOSTILE, note=HOSTILE, since=BEFORE, state=HOSTILE)
    told = {"project": HOSTILE, "title": HOSTILE, "name": HOSTILE, "reason": HOSTILE, "environment": HOSTILE}
    content = drawn([bad], [cause], bodies="http://t/'\"<b>", labels={HOSTILE: HOSTILE}, trigger=HOSTILE, **told)
    tame = drawn([a_step(1, "failed")], [a_cause(a_step(1, "failed", detail=a_detail("failed")))])
    assert [one for one in Document(content).all("script")] == Document(tame).all("script")
    assert content.count("<script") == tame.count("<script")
    assert "alert(1)</script>" not in content
    assert not [sign for sign in STEERING if sign in content]
    [row] = rows(content)
    assert not [sign for sign in STEERING if sign in json.dumps(row, ensure_ascii=False)]


@pytest.mark.parametrize(("language", "title"), [("zh", "失败 · log in, pay"), ("en", "Failed · log in, pay")])
def test_it_opens_in_the_language_of_who_asked_and_holds_both(language: str, title: str):
    document = Document(drawn([a_step(0)], language=language))
    assert document.texts["title"] == [title]
    assert document.all("html")[0]["lang"].startswith(language)
    spans = [one.get("class") for one in document.all("span")]
    assert spans.count("zh") == spans.count("en") > 10


def test_headings_go_down_by_one_and_every_control_has_a_name():
    bad = a_step(1, "failed")
    content = drawn([bad], [a_cause(bad)])
    document = Document(content)
    levels = [int(tag[1]) for tag, _ in document.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    named = {one["for"] for one in document.all("label") if "for" in one}
    inputs = [one for one in document.all("input") if one["type"] != "radio"]
    assert all(one["id"] in named for one in inputs)
    assert all("aria-label" in one for one in document.all("select"))
