"""What the engine says of a case's content, told by the API's fields."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wxcloudrun.core.credentials import put_back, set_apart
from wxcloudrun.core.errors import MOST_FAULTS
from wxcloudrun.engine.plan.case import Case
from wxcloudrun.features.cases.definition import (
    PARTS,
    engine_case,
    engine_step,
    examined,
    faults_of_case,
    warnings_of_case,
)

EMPTY = {
    "request": {"url": "/"},
    "expected": {},
    "extractions": [],
    "assertions": [],
    "before": [],
    "after": [],
    "idempotent": False,
    "idempotency_header": None,
    "condition": None,
    "retry": None,
    "poll": None,
    "dataset": {"mode": "default"},
}


def faults(**parts) -> dict[str, str]:
    content, held = set_apart(EMPTY | parts, {})
    return {one.field: one.reason for one in faults_of_case(content, held)}


def test_an_empty_case_is_one():
    assert set(EMPTY) == set(PARTS)
    assert faults() == {}
    assert warnings_of_case(EMPTY) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pin@host/",
        "https://user@host/",
        "HTTPS://user:pin@host",
        "//user:pin@host/",
        "https:\\\\user:pin@host/",
        "https:/user:pin@host/",
        "{{scheme}}://user:pin@host/",
        "https://{{user}}:pin@{{host}}/",
        "user:pin@host/",
        "/x?access_token=pin",
        "/x?a=1&password=pin",
    ],
)
def test_an_address_holds_no_credential(url):
    assert faults(request={"url": url})["request.url"] == "holds_a_credential"
    assert "pin" not in str(list(faults_of_case(EMPTY | {"request": {"url": url}}, {})))


@pytest.mark.parametrize(
    "url",
    [
        "/users/@me",
        "/mail/a@b.example",
        "https://host/a:b@c",
        "https://host/?mail=a@b.example",
        "https://host#a@b",
        "/x?token={{token}}",
        "{{base_url}}/x?access_token={{token}}&page=2",
        "{{scheme}}://{{host}}:{{port}}/",
        "users/:id",
        "https://[2001:db8::1]:8443/x",
    ],
)
def test_what_only_looks_like_one_is_let_through(url):
    assert faults(request={"url": url}) == {}


def test_an_address_for_tokens_holds_no_credential_either():
    auth = {"kind": "oauth2_client_credentials", "client_id": "c", "client_secret": "s"}
    told = faults(request={"url": "/", "auth": auth | {"token_url": "https://u:p@h/t"}})
    assert told == {"request.auth.token_url": "holds_a_credential"}


def test_what_is_wrong_with_a_credential_does_not_repeat_it():
    request = {"url": "/", "headers": {"X-Token": "CANARY\n"}, "auth": {"kind": "bearer", "token": "CANARY {{"}}
    content, held = set_apart(EMPTY | {"request": request}, {})
    told = list(faults_of_case(content, held))
    assert [(one.field, one.reason) for one in told] == [("request.auth.token", "not_usable")]
    assert all(one.detail is None and one.position is None for one in told)
    assert "CANARY" not in str(told)


def test_there_is_an_end_to_telling_faults():
    wrong = [{"source": "regex", "argument": "(", "comparator": "exists"}] * 200
    assert len(faults(assertions=wrong)) == MOST_FAULTS


@pytest.mark.parametrize(
    ("expected", "circular"),
    [
        ({"a": "{{expected.a}}"}, ["a"]),
        ({"a": "{{expected.b}}", "b": ["x", {"c": "{{expected.a}}"}]}, ["a", "b"]),
        ({"a": {"b": "{{expected.a.b}}"}}, ["a"]),
        ({"a": "{{expected.ab}}", "ab": "x", "c": "{{expected.a}}{{expected.ab}}"}, []),
        ({"a": "{{a}}"}, []),
    ],
    ids=str,
)
def test_expected_values_that_need_themselves_are_refused(expected, circular):
    assert faults(expected=expected) == {f"expected.{name}": "circular" for name in circular}


def test_names_are_known_in_the_order_in_which_they_are_made():
    step = {
        "before": [{"do": "set", "name": "made", "value": "1"}],
        "request": {"url": "/{{made}}/{{taken}}"},
        "extractions": [{"name": "taken", "source": "status"}],
        "after": [{"do": "log", "message": "{{taken}}"}],
    }
    told = warnings_of_case(EMPTY | step)
    assert (
        told == ["request.url: nothing above this step gives `taken` a value; did you mean `made`?"] or len(told) == 1
    )
    assert warnings_of_case(EMPTY | step, ["taken"]) == []


def test_where_there_are_faults_names_are_not_spoken_of():
    told = examined(EMPTY | {"request": {"url": "/{{nobody}}"}, "condition": "("}, {})
    assert ([one.field for one in told.faults], told.warnings) == (["condition"], ())


def test_the_engine_reads_the_case_that_was_kept():
    parts = {"request": {"url": "/", "auth": {"kind": "basic", "username": "u", "password": "p"}}, "condition": "a"}
    content, held = set_apart(EMPTY | parts, {})
    made = engine_case(put_back(content, held), id=7, name="n", version=2, datasets=[{"key": "k"}])
    case = Case.model_validate_json(json.dumps(made))
    assert (case.id, case.name, case.version, case.datasets[0].key) == (7, "n", 2, "k")
    assert case.request == parts["request"]
    assert engine_step(content) == {"condition": "a", "dataset": {"mode": "default"}}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "{{", "{{a}}", "{{$uuid}}", "(", "$[", "\n", "none", "json", "basic", "set", "status"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["kind", "name", "value", "source", "argument", "do", "filters", "is_set", "parts", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
OBJECT = st.dictionaries(st.sampled_from(["kind", "name", "value", "source", "do", "mode", "until", "on"]), JSON)


@settings(deadline=None, max_examples=200)
@given(
    st.fixed_dictionaries(
        {},
        optional={name: JSON for name in ("query", "headers", "cookies", "proxy", "http_version", "max_body_bytes")}
        | {name: OBJECT for name in ("path_params", "body", "auth", "timeouts", "redirects", "tls")},
    ),
    st.fixed_dictionaries(
        {},
        optional={name: st.lists(OBJECT, max_size=3) for name in ("extractions", "assertions", "before", "after")}
        | {name: OBJECT for name in ("expected", "retry", "poll", "dataset")}
        | {"condition": st.text(max_size=20)},
    ),
)
def test_whatever_is_written_is_answered(request_, parts):
    content, held = set_apart(EMPTY | parts | {"request": {"url": "/"} | request_}, {})
    told = examined(content, held)
    assert all(one.field.partition(".")[0] in PARTS for one in told.faults)
