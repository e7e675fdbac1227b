"""A curl command without secrets."""

from wxcloudrun.engine.result.redaction import Redactor
from wxcloudrun.engine.run.reproduce import curl_of
from wxcloudrun.engine.send.exchange import SentRequest


def sent(body=b"", **parts):
    fields = {"method": "POST", "url": "http://h.example/x", "headers": ()}
    return SentRequest(**{**fields, **parts}, body_head=body, body_size=len(body))


def test_known_secrets_become_shell_variables_and_other_credentials_are_masked():
    redactor = Redactor()
    redactor.add("canary-0815", "api token")
    command = curl_of(
        redactor,
        sent(
            b'{"password": "open-sesame", "note": "canary-0815"}',
            url="http://h.example/x?access_token=unknown-one&t=canary-0815",
            headers=(("Authorization", "Bearer canary-0815"), ("Cookie", "sid=abc"), ("X-Plain", "yes")),
        ),
    )
    assert "${API_TOKEN}" in command
    assert "X-Plain: yes" in command
    for hidden in ("canary-0815", "open-sesame", "unknown-one", "sid=abc"):
        assert hidden not in command


def test_a_body_that_is_no_text_is_read_from_a_file():
    assert "@body.bin" in curl_of(Redactor(), sent(b"\xff\x00\xfe"))
