"""A curl command without secrets."""

from wxcloudrun.engine.result.redaction import Redactor
from wxcloudrun.engine.run.reproduce import curl_of
from wxcloudrun.engine.send.exchange import SentRequest
from wxcloudrun.engine.send.request import parse_request


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


def test_a_body_that_is_no_text_is_written_by_printf():
    assert "printf '\\377\\000\\376' | curl" in curl_of(Redactor(), sent(b"\xff\x00\xfe"))


def test_credentials_without_a_name_are_variables_named_after_their_place():
    redactor = Redactor()
    redactor.add("marked-secret", "k")
    redactor.add("api-key-value")
    command = curl_of(
        redactor,
        sent(
            b'{"password": "hunt\\"er", "token": 12345, "k": "marked-secret", "note": "lang"}',
            url="http://h.example/x?password=a%20b&lang=zh&k=marked-secret",
            headers=(
                ("Authorization", "Bearer literal-marked-secret"),
                ("Cookie", "sid=literal-1; lang=zh; k=marked-secret"),
                ("X-Mine", "api-key-value"),
            ),
        ),
    )
    for variable in ("PASSWORD_URLENCODED", "AUTHORIZATION", "COOKIE_SID", "X_MINE", "PASSWORD_JSON", "TOKEN", "K"):
        assert f'"${{{variable}}}"' in command
    for hidden in ("literal", "hunt", "12345", "marked-secret", "a%20b", "api-key-value", "***", "SECRET_"):
        assert hidden not in command
    assert "lang=zh&k=" in command


def test_two_values_of_one_name_are_two_variables():
    command = curl_of(Redactor(), sent(b"password=first-one&password=second-one&again_password=first-one"))
    assert '"${PASSWORD}"\'&password=\'"${PASSWORD_2}"' in command


def test_basic_auth_is_written_with_the_name_of_the_user():
    headers = (("Authorization", "Basic dTpsaXRlcmFs"),)
    assert '-u u:"${PASSWORD}"' in curl_of(Redactor(), sent(headers=headers))


def test_proxy_digest_and_version_are_told_without_their_passwords():
    spec = parse_request(
        {
            "url": "https://h.example/",
            "proxy": "http://u:proxy-pass@p.example:8080",
            "auth": {"kind": "digest", "username": "bob", "password": "digest-pass"},
            "http_version": "2",
            "tls": {"verify": False, "ca_pem": "PEM"},
            "headers": [{"name": "Accept", "value": None}],
        }
    )
    command = curl_of(Redactor(), sent(url="https://h.example/"), spec, redirected=True)
    for part in (
        "-x http://p.example:8080",
        '-U u:"${PROXY_PASSWORD}"',
        "--digest",
        '-u bob:"${PASSWORD}"',
        "--http2",
        "-k",
        "--cacert ca.pem",
        "-L",
        "-H Accept:",
    ):
        assert part in command
    assert "-pass" not in command
