"""Credentials are set apart wherever a request may hold them, and nothing else is."""

import pytest

from wxcloudrun.core.credentials import MARK, gives_a_literal, packed, put_back, referenced, set_apart, unpacked, unset

WHOLE = {
    "request": {
        "url": "/orders",
        "headers": [
            {"name": "Authorization", "value": "Bearer abc"},
            {"name": "X-Trace", "value": "1"},
            {"name": "X-Api-Key", "value": "first"},
            {"name": "X-Api-Key", "value": "second"},
        ],
        "query": {"access_token": "q-secret", "keyword": "shoes"},
        "cookies": {"theme": "dark"},
        "auth": {"kind": "oauth2_client_credentials", "client_id": "me", "client_secret": "cs", "extra": {"aud": "x"}},
        "tls": {"verify": True, "client_key_pem": "-----BEGIN"},
        "proxy": "http://u:p@proxy:8080",
        "body": {"kind": "json", "value": {"password": "test data", "is": MARK}},
    },
    "before": [
        {"do": "sign", "name": "signature", "key": "hmac", "message": "m"},
        {"do": "set", "name": "pin", "value": 4711, "secret": True},
        {"do": "set", "name": "open", "value": 4711},
    ],
}


def test_a_list_of_credentials_under_one_name_is_set_apart_one_by_one():
    content = {"headers": {"X-Token": ["first", "{{open}}", "third"], "X-Tag": ["a", "b"]}, "cookies": {"a": ["b"]}}
    shown, held = set_apart(content, {})
    assert shown == {
        "headers": {"X-Token": [MARK, "{{open}}", MARK], "X-Tag": ["a", "b"]},
        "cookies": {"a": [MARK]},
    }
    assert put_back(shown, unpacked(packed(held))) == content
    assert list(unset(shown, held)) == []
    assert list(unset(shown, {})) == [("headers", "X-Token"), ("headers", "X-Token", "2"), ("cookies", "a")]


def test_what_was_set_apart_comes_back_as_it_was():
    shown, held = set_apart(WHOLE, {})
    assert put_back(shown, unpacked(packed(held))) == {
        **WHOLE,
        "before": [WHOLE["before"][0], {**WHOLE["before"][1], "value": "4711"}, WHOLE["before"][2]],
    }


def test_no_credential_is_left_in_what_is_shown():
    shown, held = set_apart(WHOLE, {})
    for secret in ("Bearer abc", "first", "second", "q-secret", "dark", "'cs'", "BEGIN", "u:p@", "hmac"):
        assert secret not in str(shown)
    assert shown["request"]["query"]["keyword"] == "shoes"
    assert shown["request"]["body"] == WHOLE["request"]["body"]
    assert shown["before"][2] == WHOLE["before"][2]
    assert len(held) == 11


def test_marks_that_come_back_keep_what_they_stand_for_also_when_entries_change_places():
    shown, held = set_apart(WHOLE, {})
    headers = shown["request"]["headers"]
    moved = {**shown, "request": {**shown["request"], "headers": [headers[1], headers[2], headers[0], headers[3]]}}
    assert set_apart(moved, held)[1] == held


def test_a_mark_without_anything_behind_it_is_found():
    assert list(unset({"auth": {"kind": "bearer", "token": MARK}}, {})) == [("auth", "token")]
    assert list(unset({"url": MARK, "body": {"value": MARK}}, {})) == [("url",)]
    shown, held = set_apart(WHOLE, {})
    assert list(unset(shown, held)) == []


def test_references_are_no_credentials():
    content = {"auth": {"kind": "bearer", "token": "{{token}}"}, "headers": {"Authorization": "Bearer {{a}}"}}
    assert set_apart(content, {}) == (content, {})


def test_a_copy_for_strangers_names_what_it_lacks():
    copied, names = referenced(set_apart(WHOLE, {})[0])
    assert copied["request"]["auth"]["client_secret"] == "{{request_auth_client_secret}}"
    assert "request_headers_X_Api_Key_1" in names
    assert "is_set" not in str({**copied, "request": {**copied["request"], "body": None}})


def test_places_that_look_alike_get_references_of_their_own():
    copied, names = referenced(set_apart({"headers": {"X-Token": "a", "X_Token": "b", "X.Token": "c"}}, {})[0])
    assert names == ["headers_X_Token", "headers_X_Token_2", "headers_X_Token_3"]
    assert len(set(copied["headers"].values())) == 3


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("X-Auth", True),
        ("authToken", True),
        ("apiKey", True),
        ("key", True),
        ("PHPSESSID", False),
        ("sessionid", True),
        ("author", False),
        ("keyword", False),
        ("monkey", False),
        ("userKey", True),
        ("X-API-KEY", True),
    ],
)
def test_names_that_tell_of_a_credential(name: str, telling: bool):
    assert bool(set_apart({"query": {name: "value"}}, {})[1]) is telling


@pytest.mark.parametrize("content", [{"headers": 5}, {"auth": "x"}, {"before": [1, {"do": []}]}, {"request": []}, {}])
def test_content_of_another_shape_is_left_for_others_to_refuse(content: dict[str, object]):
    assert set_apart(content, {}) == (content, {})


def test_a_telling_name_in_the_path_is_set_apart_as_one_in_the_query_is():
    content = {"request": {"path_params": {"shop": 7, "access_token": "p-secret", "api_key": "{{key}}"}}}
    shown, held = set_apart(content, {})
    assert shown["request"]["path_params"] == {"shop": 7, "access_token": MARK, "api_key": "{{key}}"}
    assert put_back(shown, held) == content


def test_a_secret_expression_is_set_apart_where_it_gives_the_secret_itself():
    expressions = ["'s3cret' + json.id", "hmac(body, key)"]
    actions = [{"do": "compute", "name": "x", "expression": one, "secret": True} for one in expressions]
    content = {"before": [*actions, {**actions[0], "secret": False}]}
    shown, held = set_apart(content, {})
    assert [one["expression"] for one in shown["before"]] == [MARK, expressions[1], expressions[0]]
    assert put_back(shown, held) == content
    assert list(unset(shown, held)) == []
    elsewhere, names = referenced(shown)
    assert elsewhere["before"][0]["expression"] == names[0], "an expression names a variable without braces"


@pytest.mark.parametrize(
    ("expression", "gives"),
    [
        ("'s3cret'", True),
        ('upper("it\\"s")', True),
        ("'ends nowhere", True),
        ("pin + 4711", True),
        ("['s3cret'][0]", True),
        ("user + ':' + password", False),
        ("'Bearer ' + token", False),
        ("json['token']", False),
        ('parts()["a"][12]', False),
        ("token[0:8]", False),
        ("order_2024 + 1", False),
    ],
)
def test_a_text_or_a_long_number_in_an_expression_could_be_a_credential(expression: str, gives: bool):
    assert gives_a_literal(expression) is gives
