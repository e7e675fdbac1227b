"""Signatures of web hooks: ours, GitHub's and GitLab's."""

from datetime import UTC, datetime, timedelta

import pytest

from wxcloudrun.integrations.signatures import HEADER, is_signed, stamped

NOW = datetime(2026, 12, 1, tzinfo=UTC)
SECRET = "It's a Secret to Everybody"
GITHUB = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
"""Of `Hello, World!` with that secret, from GitHub's page on validating deliveries."""


def test_githubs_own_example_is_right():
    assert is_signed({"X-Hub-Signature-256": GITHUB}, b"Hello, World!", SECRET, NOW)
    assert not is_signed({"X-Hub-Signature-256": GITHUB}, b"Hello, World?", SECRET, NOW)
    assert not is_signed({"X-Hub-Signature-256": GITHUB.removeprefix("sha256=")}, b"Hello, World!", SECRET, NOW)


@pytest.mark.parametrize(("seconds", "good"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)])
def test_a_stamped_signature_is_good_for_five_minutes_both_ways(seconds: int, good: bool):
    given = stamped(b"{}", SECRET, NOW)
    assert is_signed({HEADER: given}, b"{}", SECRET, NOW + timedelta(seconds=seconds)) is good


def test_one_of_several_signatures_is_enough_while_a_secret_changes():
    old, new = stamped(b"{}", "old", NOW), stamped(b"{}", "new", NOW)
    both = f"{old},{new.partition(',')[2]}"
    assert is_signed({HEADER: both}, b"{}", "new", NOW)
    assert not is_signed({HEADER: both}, b"{}", "other", NOW)


@pytest.mark.parametrize("given", ["", "t=1", "t=x,v1=0", "v1=" + "0" * 64, "t=1,v1=" + "é" * 64])
def test_what_is_no_signature_is_none(given: str):
    assert not is_signed({HEADER: given}, b"{}", SECRET, NOW)


def test_gitlabs_token_is_the_secret_itself():
    assert is_signed({"X-Gitlab-Token": SECRET}, b"{}", SECRET, NOW)
    assert not is_signed({"X-Gitlab-Token": SECRET + "x"}, b"{}", SECRET, NOW)


def test_without_any_nothing_is_signed_and_ours_goes_first():
    assert not is_signed({}, b"{}", SECRET, NOW)
    assert not is_signed({HEADER: "t=1,v1=" + "0" * 64, "X-Gitlab-Token": SECRET}, b"{}", SECRET, NOW)
