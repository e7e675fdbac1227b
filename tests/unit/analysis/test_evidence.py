"""What the body of an answer says of an error."""

import pytest

from wxcloudrun.analysis.evidence import Evidence, evidence_of


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ('{"code": 0, "data": {"error": "invalid_input"}, "msg": "see `fields`"}', 422, "invalid_input", "see ~"),
        ('{"code": 0, "data": {"error": "invalid_input"}, "msg": "see `fields`"}', 200, "", ""),
        ('{"errcode": 40029, "errmsg": "invalid code"}', 200, "40029", "invalid code"),
        ('{"error": {"type": "quota", "message": "no more"}}', 429, "quota", "no more"),
        ('{"data": {"error": null, "price": 3}, "message": "no price"}', 500, "", "no price"),
        ('{"data": {"error": {"deep": 1}}}', 500, "", ""),
        ("", 500, "", ""),
        ("bad gateway\nmore", 502, "", "bad gateway"),
        ("all is well", 200, "", ""),
    ],
)
def test_a_body_tells_a_code_and_a_message(body, status, code, message):
    assert evidence_of(body, status) == Evidence(code, message)
