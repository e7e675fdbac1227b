"""Histories of cases whose nature is known: the verdict is right, or says that it cannot tell."""

from random import Random

import pytest

from wxcloudrun.analysis.flaky import WINDOW, Kind, Past, verdict, wilson


def history(text):
    """`P` passed, `F` failed, `R` passed after a retry, `I` failed with many others."""
    return [Past(one in "PR", after_retry=one == "R", incident=one == "I", run_id=at) for at, one in enumerate(text)]


def kind(text):
    return verdict(history(text)).kind


def test_steady_histories():
    assert kind("P" * 20) is Kind.STEADY_PASS
    assert kind("F" * 20) is Kind.STEADY_FAIL
    assert kind("P") is Kind.STEADY_PASS


def test_a_break_and_its_mending_are_no_flakiness():
    assert kind("P" * 15 + "F" * 5) is Kind.REGRESSION
    assert kind("F" * 15 + "P" * 5) is Kind.FIXED
    assert kind("PPPPPPFFFFPPPPP") is Kind.FIXED
    assert kind("F" * 6 + "P" * 6 + "F" * 6) is Kind.REGRESSION


def test_one_different_outcome_tells_nothing_yet():
    for text in ("P" * 19 + "F", "F" * 19 + "P", "PPPPPPPPPPFPPPPPPPP", "PFP", "PFPFPF"):
        assert kind(text) is Kind.BORDERLINE
        assert verdict(history(text)).en


def test_passing_after_a_retry_is_a_proof():
    found = verdict(history("PPPRPP"))
    assert (found.kind, found.proof) == (Kind.FLAKY, 3)
    assert "retry" in found.en
    assert "重试" in found.zh


def test_both_outcomes_on_the_same_target_are_a_proof_and_on_another_target_none():
    same = [Past(True, 4, "v1", run_id=1), Past(False, 4, "v1", run_id=2)]
    assert (verdict(same).kind, verdict(same).proof) == (Kind.FLAKY, 2)
    assert verdict([Past(True, 4, "v1"), Past(False, 4, "v2")]).kind is Kind.BORDERLINE
    assert verdict([Past(True, 4, "v1"), Past(False, 5, "v1")]).kind is Kind.BORDERLINE


def test_an_outage_says_nothing_of_a_case():
    assert kind("P" * 12 + "III" + "P" * 5) is Kind.STEADY_PASS
    assert kind("P" * 17 + "III") is Kind.STEADY_PASS


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_simulated_flakes_are_found_or_said_to_be_uncertain(share):
    random, found = Random(int(share * 100)), []  # noqa: S311 - a simulation
    for _ in range(1000):
        text = "".join("F" if random.random() < share else "P" for _ in range(WINDOW))
        if "F" in text:
            found.append(kind(text))
    wrong = sum(one not in {Kind.FLAKY, Kind.BORDERLINE} for one in found) / len(found)
    assert wrong < 0.02
    if share > 0.2:
        assert found.count(Kind.FLAKY) / len(found) > 0.9


def test_simulated_breaks_and_mendings_are_never_called_flaky():
    for before in range(2, 19):
        for after in range(2, WINDOW + 1 - before):
            assert kind("P" * before + "F" * after) is Kind.REGRESSION
            assert kind("F" * before + "P" * after) is Kind.FIXED


def test_only_the_last_twenty_count_and_the_interval_holds_the_rate():
    found = verdict(history("PF" * 20 + "P" * 20))
    assert (found.kind, found.runs, found.flips) == (Kind.STEADY_PASS, 20, 0)
    found = verdict(history("PF" * 10))
    assert found.low < found.rate <= found.high <= 1
    assert wilson(0, 0) == (0.0, 1.0)
    assert verdict([]).kind is Kind.BORDERLINE
