"""What of a case goes where its credentials and files do not, and what copies are called."""

from copy import deepcopy
from itertools import islice

import pytest

from wxcloudrun.core.credentials import MARK
from wxcloudrun.features.cases.copies import LONGEST_NAME, copy_names
from wxcloudrun.features.cases.portable import carried, files_of

FILES = [
    {"name": "plain", "value": "1"},
    {"name": "kept", "file": {"name": "a", "blob": "1"}},
    {"name": "gone", "file": {"name": "b", "blob": "2"}, "enabled": True},
    {"name": "later", "file": {"name": "c", "blob": "{{file}}"}},
    {"name": "inside", "file": {"name": "d", "content": "AAAA"}},
]
FORM = {"kind": "multipart", "parts": FILES}
FIELDS = {
    "name": "case",
    "request": {
        "url": "/",
        "headers": [{"name": "X-Token", "value": MARK}, {"name": "X-Key", "value": MARK}],
        "body": FORM,
    },
    "before": [{"do": "sign", "name": "s", "key": MARK, "message": "m"}],
}
HELD = {("request", "headers", "X-Token"): "first", ("before", "s", "key"): "second"}


def test_a_credential_that_stays_is_a_mark_and_one_that_does_not_a_reference():
    left = carried(FIELDS, HELD, {1, 2})
    assert left.held == HELD
    assert left.fields["request"]["headers"] == [
        {"name": "X-Token", "value": MARK},
        {"name": "X-Key", "value": "{{request_headers_X_Key}}"},
    ]
    assert left.fields["before"] == FIELDS["before"]
    assert len(left.warnings) == 1
    assert "`request_headers_X_Key`" in left.warnings[0]
    assert "first" not in repr(left)


def test_without_credentials_no_mark_is_left():
    left = carried(FIELDS, {}, {1, 2})
    assert left.held == {}
    assert "is_set" not in str(left.fields)
    assert len(left.warnings) == 3


def test_what_was_given_stays_as_it_was():
    before = deepcopy(FIELDS)
    carried(FIELDS, {}, ())
    assert before == FIELDS


def test_files_of_others_are_left_out_of_a_form():
    left = carried(FIELDS, HELD, {1})
    parts = left.fields["request"]["body"]["parts"]
    assert parts == [*FILES[:2], {"name": "gone", "enabled": False}, *FILES[3:]]
    assert [one for one in left.warnings if one.startswith("request.body.parts.2.file:")] != []


def test_a_body_that_is_a_file_becomes_empty():
    fields = {**FIELDS, "request": {"url": "/", "body": {"kind": "binary", "blob": "2", "content_type": "x/y"}}}
    left = carried(fields, {}, {1})
    assert left.fields["request"]["body"] == {"kind": "binary", "content_type": "x/y", "content": ""}
    assert any(one.startswith("request.body:") for one in left.warnings)
    assert carried(fields, {}, {2}).fields["request"] == fields["request"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"kind": "none"},
        {"kind": "json", "value": {"blob": "2", "parts": [{"file": {"blob": "2"}}]}},
        {"kind": "multipart"},
        {"kind": "multipart", "parts": ["x", {"name": "a"}, {"name": "b", "file": None}]},
        {"kind": "binary", "content": "AAAA"},
        {"kind": "binary", "blob": "{{file}}"},
        {"kind": "binary", "blob": "\u0662"},
    ],
    ids=str,
)
def test_what_names_no_file_is_left_alone(body):
    fields = {"request": {"url": "/", "body": body}}
    assert carried(fields, {}, ()).fields == fields
    assert files_of(fields) == set()


def test_the_files_of_a_case_are_found():
    assert files_of(FIELDS) == {1, 2}
    assert files_of({"request": {"body": {"kind": "binary", "blob": "7"}}}) == {7}


@pytest.mark.parametrize(
    ("name", "language", "names"),
    [
        ("a", "zh", ["a 副本", "a 副本 2", "a 副本 3"]),
        ("a", "en", ["a (copy)", "a (copy 2)", "a (copy 3)"]),
        ("a", "fr", ["a 副本", "a 副本 2", "a 副本 3"]),
        ("a 副本", "zh", ["a 副本", "a 副本 2", "a 副本 3"]),
        ("a (copy 7)", "zh", ["a 副本", "a 副本 2", "a 副本 3"]),
        ("副本", "zh", ["副本 副本", "副本 副本 2", "副本 副本 3"]),
        ("a副本", "en", ["a副本 (copy)", "a副本 (copy 2)", "a副本 (copy 3)"]),
    ],
)
def test_copies_are_numbered(name, language, names):
    assert list(islice(copy_names(name, language), 3)) == names


@pytest.mark.parametrize("name", ["x" * 128, "x" * 121 + " yyyyyy", "\U0001f600" * 128])
def test_names_of_copies_are_short_enough_and_all_different(name):
    names = list(islice(copy_names(name, "en"), 2000))
    assert max(map(len, names)) <= LONGEST_NAME
    assert len(set(names)) == 2000
    assert not any("  " in one for one in names)
