"""Signatures against published vectors and an independent signer."""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from minio.credentials import Credentials
from minio.signer import sign_v4_s3

from tests.unit.engine.hostile import echo, serve
from tests.unit.engine.sending import send
from wxcloudrun.engine.errors import ErrorClass, StepError
from wxcloudrun.engine.send.auth import authorize
from wxcloudrun.engine.send.prepare import build_request
from wxcloudrun.engine.send.request import parse_request

NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()


def signed(now=NOW, nonce="n0nce", **spec):
    prepared = build_request(parse_request(spec))
    return authorize(prepared.draft, prepared.auth, now, nonce)


AWS = {
    "kind": "aws_v4",
    "access_key": "AKIDEXAMPLE",
    "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "region": "us-east-1",
    "service": "service",
}
FORM = {"kind": "urlencoded", "fields": [{"name": "Param1", "value": "value1"}]}


@pytest.mark.parametrize(
    ("spec", "signature"),
    [
        ({}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ({"url": "/example1/example2/../.."}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ({"url": "/?Param2=value2&Param1=value1"}, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ({"method": "POST"}, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ({"method": "POST", "body": FORM}, "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ],
)
def test_aws_signatures_agree_with_the_published_vectors(spec, signature):
    url = "https://example.amazonaws.com" + spec.pop("url", "/")
    header = signed(url=url, auth=AWS, **spec).header("authorization")
    assert header.endswith(f"Signature={signature}")
    assert "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request" in header


def test_aws_signature_of_the_documentations_example():
    draft = signed(
        url="https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        headers=[{"name": "Content-Type", "value": "application/x-www-form-urlencoded; charset=utf-8"}],
        auth={**AWS, "service": "iam"},
    )
    assert draft.header("authorization").endswith("5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")


@pytest.mark.parametrize("path", ["/bucket/a%20b/c", "/bucket/x?list-type=2&prefix=a%2Fb&flag", "/"])
def test_s3_signatures_agree_with_an_independent_signer(path):
    url = f"http://127.0.0.1:9000{path}"
    draft = signed(
        method="PUT", url=url, body={"kind": "raw", "text": "hi"}, auth={**AWS, "service": "s3", "session_token": "ST"}
    )
    body_hash = hashlib.sha256(b"hi").hexdigest()
    theirs = sign_v4_s3(
        method="PUT", url=urlsplit(url.replace("&flag", "&flag=")), region="us-east-1",
        headers={"Host": "127.0.0.1:9000", "Content-Type": "text/plain; charset=utf-8", "x-amz-date": "20150830T123600Z", "x-amz-content-sha256": body_hash, "x-amz-security-token": "ST"},
        credentials=Credentials("AKIDEXAMPLE", AWS["secret_key"], "ST"), content_sha256=body_hash, date=datetime.fromtimestamp(NOW, UTC),
    )  # fmt: skip
    ours = draft.header("authorization")
    assert ours.split("Signature=")[1] == theirs["Authorization"].split("Signature=")[1]
    assert draft.header("x-amz-content-sha256") == body_hash


def test_an_hmac_signature_can_be_checked_by_the_server(sender):
    auth = {
        "kind": "hmac", "algorithm": "sha512", "key": base64.b64encode(b"\0key").decode(), "key_encoding": "base64",
        "key_id": "me", "key_id_header": "X-Key", "nonce_header": "X-Nonce", "signature_encoding": "base64",
        "signature_prefix": "v1=", "message": ["text:v1", "method", "path", "query", "header:X-Own", "timestamp", "nonce", "body", "body_sha256", "key_id", "host", "url"],
        "separator": "|",
    }  # fmt: skip
    with serve(echo) as server:
        send(
            sender,
            server.url("/p?q=1"),
            method="POST",
            headers=[{"name": "x-own", "value": "h"}],
            body={"kind": "raw", "text": "b"},
            auth=auth,
        )
        request = server.requests[0]
    stamp, nonce = request.header("x-timestamp"), request.header("x-nonce")
    host = f"127.0.0.1:{server.port}"
    message = "|".join(
        [
            "v1",
            "POST",
            "/p",
            "q=1",
            "h",
            stamp,
            nonce,
            "b",
            hashlib.sha256(b"b").hexdigest(),
            "me",
            host,
            server.url("/p?q=1"),
        ]
    )
    expected = base64.b64encode(hmac.digest(b"\0key", message.encode(), "sha512")).decode()
    assert request.header("x-signature") == "v1=" + expected
    assert request.header("x-key") == "me"
    assert abs(int(stamp) - time.time()) < 5


@pytest.mark.parametrize(
    ("form", "expected"),
    [("seconds", "1440938160"), ("milliseconds", "1440938160000"), ("iso", "2015-08-30T12:36:00Z")],
)
def test_timestamps_come_in_three_forms(form, expected):
    assert (
        signed(url="http://h/", auth={"kind": "hmac", "key": "k", "timestamp_format": form}).header("x-timestamp")
        == expected
    )


def test_a_timestamp_the_user_wrote_is_the_one_signed():
    draft = signed(
        url="http://h/",
        headers=[{"name": "X-Timestamp", "value": 5}],
        auth={"kind": "hmac", "key": "k", "message": ["timestamp"]},
    )
    assert draft.header("x-signature") == hmac.digest(b"k", b"5", "sha256").hex()


def test_a_key_that_cannot_be_read_is_a_definition_error(sender):
    with pytest.raises(StepError) as caught:
        send(sender, "http://127.0.0.1:9/", auth={"kind": "hmac", "key": "zz", "key_encoding": "hex"})
    assert caught.value.error_class is ErrorClass.DEFINITION
