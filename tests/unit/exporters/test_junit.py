"""JUnit files as independent readers see them."""

from io import BytesIO
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from junitparser.xunit2 import FlakyFailure, RerunFailure
from junitparser.xunit2 import JUnitXml as Reruns

from tests.unit.exporters.samples import HOSTILE, STEERING, a_detail, a_run, a_step, an_attempt, counted
from wxcloudrun.exporters.junit import junit
from wxcloudrun.exporters.report import StepFacts
from wxcloudrun.exporters.wording import LONGEST


def written(steps: list[StepFacts], **run) -> bytes:
    return "".join(junit(a_run(**({"totals": counted(steps)} | run)), steps)).encode()


def cases(content: bytes) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(content).iter("testcase"))  # noqa: S314 - our own file


def names(content: bytes) -> list[tuple[str | None, str | None]]:
    return [(one.get("classname"), one.get("name")) for one in cases(content)]


def test_five_thousand_cases_are_counted_alike_by_an_independent_reader():
    outcomes = ["passed"] * 3 + ["failed", "error", "skipped", "passed"]
    steps = [a_step(n, outcomes[n % 7], dataset=f"row {n}", name="pay") for n in range(5000)]
    suite = next(iter(JUnitXml.fromroot(JUnitXml.fromfile(BytesIO(written(steps)))._elem)))
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5000, 714, 714, 714)
    found = {kind: 0 for kind in (Failure, Error, Skipped)}
    for case in suite:
        for result in case.result:
            found[type(result)] += 1
    suite.update_statistics()
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (5000, *found.values())


def test_names_are_the_same_in_the_next_run_and_hold_no_numbers_of_it():
    steps = [a_step(0, trail=("log in",)), a_step(1, dataset="card"), a_step(2, iteration=3)]
    later = [a_step(70 + n, "failed", name=one.name, trail=one.trail, dataset=one.dataset, iteration=one.iteration,
                    started_at="2027-01-01T00:00:00.000Z") for n, one in enumerate(steps)]  # fmt: skip
    first, second = written(steps), written(later, id=99, title="build 7", started_at="2027-01-01T00:00:00.000Z")
    assert names(first) == names(second)
    assert names(first) == [
        ("Payments v1_2.log in, pay.log in", "step 0"),
        ("Payments v1_2.log in, pay", "step 1 [card]"),
        ("Payments v1_2.log in, pay", "step 2 (pass 3)"),
    ]


def test_a_scenario_is_called_alike_whether_it_is_run_alone_or_by_its_tag():
    alone = written([a_step(name="pay", trail=("cart",))], name="checkout")
    tagged = written([a_step(name="pay", trail=("#nightly", "checkout", "cart"))], name="#nightly")
    assert names(alone) == names(tagged)


def test_equal_names_are_numbered_in_the_plans_order_since_readers_drop_the_second():
    steps = [a_step(n, name=name) for n, name in enumerate(["pay", "pay", "pay (2)", "pay"])]
    found = [name for _, name in names(written(steps))]
    assert found == ["pay", "pay (2)", "pay (2) (2)", "pay (3)"]
    assert len(set(found)) == 4


def test_an_error_is_no_failure_and_each_says_why():
    steps = [a_step(0, "failed"), a_step(1, "error"), a_step(2, "skipped", message="disabled")]
    failed, error, skipped = cases(written(steps))
    assert failed.find("failure").attrib == {"message": "expected status to equal 200, got 500", "type": "assertion"}
    assert "repeat: curl" in failed.findtext("failure")
    assert error.find("error").get("type") == "connect"
    assert skipped.find("skipped").get("message") == "disabled"


def test_retries_are_flaky_where_the_step_passed_and_reruns_where_it_did_not():
    attempts = [an_attempt(1, "error", error_class="timeout", message="no answer in 5 s"), an_attempt(2)]
    ok = a_step(0, detail=a_detail(attempts=attempts))
    bad = a_step(1, "failed", detail=a_detail("failed", attempts=[an_attempt(1, "failed"), an_attempt(2, "failed")]))
    suite = next(iter(Reruns.fromstring(written([ok, bad]))))
    flaky, rerun = list(suite)
    assert [one.message for one in flaky.iterchildren(FlakyFailure)] == ["status 200: no answer in 5 s"]
    assert len(list(rerun.iterchildren(RerunFailure))) == 1
    assert (suite.failures, suite.errors) == (1, 0)


def test_hostile_texts_stay_texts_in_every_place():
    step = a_step(0, "failed", name=HOSTILE, message=HOSTILE, explanation=HOSTILE, dataset=HOSTILE, trail=(HOSTILE,))
    content = written([step], project=HOSTILE, name=HOSTILE, environment=HOSTILE, labels={HOSTILE: HOSTILE})
    [case] = cases(content)
    assert "<script>" in case.findtext("failure"), "it is told as it came, as text"
    assert b"<script>" not in content
    text = "".join(ElementTree.fromstring(content).itertext()) + str(case.attrib)  # noqa: S314 - as above
    assert not [sign for sign in STEERING if sign in text]


def test_long_texts_are_cut_and_say_so():
    [case] = cases(written([a_step(0, "failed", explanation="订" * 100_000)]))
    text = case.findtext("failure")
    assert len(text.encode()) <= LONGEST
    assert text.endswith("(300000 bytes)")


@pytest.mark.parametrize(("state", "reason"), [("error", "worker lost"), ("canceled", None)])
def test_a_run_that_ended_by_itself_is_not_green(state: str, reason: str | None):
    suite = next(iter(JUnitXml.fromstring(written([a_step(0)], state=state, reason=reason))))
    assert (suite.tests, suite.errors) == (2, 1)
    [error] = [one for case in suite for one in case.result]
    assert (error.type, error.message) == (state, reason or state)


def test_a_run_whose_steps_tell_why_it_is_red_has_no_test_more():
    assert len(cases(written([a_step(0, "error")], state="error"))) == 1


def test_a_run_without_steps_is_a_file_all_the_same():
    suite = next(iter(JUnitXml.fromstring(written([], started_at=None))))
    assert suite.tests == 0
