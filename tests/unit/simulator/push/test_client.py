"""The simulator as WeChat: how it wraps, signs, retries and judges, over real HTTP to a product of five lines."""

import json
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import fromstring

import pytest

from wxcloudrun.simulator import DEFAULT_APPID, DEFAULT_ENCODING_AES_KEY, DEFAULT_TOKEN, crypto
from wxcloudrun.simulator.constants import DEFAULT_ORIGINAL_ID


@pytest.fixture
def pushing(caller, product):
    """A caller whose app pushes to the product, in safe mode with JSON unless a test says otherwise."""
    caller.control("apps", push_url=product.url + "/push?from=wx")
    return caller


def query_of(received):
    return {name: values[0] for name, values in parse_qs(urlsplit(received.target).query).items()}


def opened(received):
    encrypted = json.loads(received.body)["Encrypt"]
    return json.loads(crypto.decrypt_push(DEFAULT_ENCODING_AES_KEY, DEFAULT_APPID, encrypted))


def envelope(message, token=DEFAULT_TOKEN, appid=DEFAULT_APPID):
    encrypted = crypto.encrypt_push(DEFAULT_ENCODING_AES_KEY, appid, message, b"0" * 16)
    signature = crypto.sorted_sha1(token, "1", "2", encrypted)
    return {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": 1, "Nonce": "2"}


def push(caller, **body):
    return caller.control("push", **body)["pushes"]


def outcome(caller, **body):
    (record,) = push(caller, **body)
    return record["outcome"]


def test_a_safe_push_is_sealed_and_signed_twice(pushing, product):
    assert outcome(pushing, event="debug_demo", fields={"debug_str": "hello"}, openid="o1") == "acknowledged"
    (received,) = product.received
    query = query_of(received)
    encrypted = json.loads(received.body)["Encrypt"]
    assert set(json.loads(received.body)) == {"ToUserName", "Encrypt"}
    assert (query["encrypt_type"], query["openid"], query["from"]) == ("aes", "o1", "wx")
    stamp = (DEFAULT_TOKEN, query["timestamp"], query["nonce"])
    assert query["signature"] == crypto.sorted_sha1(*stamp)
    assert query["msg_signature"] == crypto.sorted_sha1(*stamp, encrypted)
    assert opened(received)["debug_str"] == "hello"


def test_a_plain_push_is_the_bare_message(pushing, product):
    push(pushing, event="debug_demo", mode="plain")
    query = query_of(product.received[0])
    assert json.loads(product.received[0].body)["Event"] == "debug_demo"
    assert query["signature"] == crypto.sorted_sha1(DEFAULT_TOKEN, query["timestamp"], query["nonce"])
    assert "msg_signature" not in query


def test_a_compatible_push_has_both(pushing, product):
    push(pushing, event="debug_demo", mode="compat")
    assert json.loads(product.received[0].body)["Event"] == "debug_demo"
    assert opened(product.received[0])["Event"] == "debug_demo"


def test_a_push_in_xml_is_sealed_in_xml(pushing, product):
    push(pushing, text="你好😀", format="xml")
    root = fromstring(product.received[0].body)
    message = crypto.decrypt_push(DEFAULT_ENCODING_AES_KEY, DEFAULT_APPID, root.findtext("Encrypt"))
    assert root.findtext("ToUserName") == DEFAULT_ORIGINAL_ID
    assert fromstring(message).findtext("Content") == "你好😀"
    assert dict(product.received[0].headers)["Content-Type"] == "text/xml"


def test_a_cloud_run_push_is_unsigned_and_names_its_source(pushing, product):
    push(pushing, event="debug_demo", mode="cloudrun")
    received = product.received[0]
    assert query_of(received) == {"from": "wx"}
    assert dict(received.headers)["X-WX-SOURCE"]
    assert json.loads(received.body)["Event"] == "debug_demo"


@pytest.mark.parametrize(
    ("reply", "expected"), [(b"<echo>", "acknowledged"), (b'"<echo>"', "bad_reply"), (b"success", "bad_reply")]
)
def test_the_url_check_wants_its_echo_back_bare(pushing, product, reply, expected):
    product.replies = [(200, reply)]
    (record,) = pushing.control("push/check-url")["pushes"]
    assert record["outcome"] == expected
    query = query_of(product.received[0])
    assert product.received[0].method == "GET"
    assert query["signature"] == crypto.sorted_sha1(DEFAULT_TOKEN, query["timestamp"], query["nonce"])


def test_the_url_check_of_cloud_run_is_an_action(pushing, product):
    (record,) = pushing.control("push/check-url", mode="cloudrun")["pushes"]
    assert record["outcome"] == "acknowledged"
    assert json.loads(product.received[0].body) == {"action": "CheckContainerPath"}


def test_a_product_that_hangs_is_tried_three_times_with_the_same_message(pushing, product):
    product.replies = ["hang"]
    pushing.control("options", push_timeout=0.05)
    (record,) = push(pushing, text="hello")
    assert [attempt["outcome"] for attempt in record["attempts"]] == ["timeout"] * 3
    assert len({opened(received)["MsgId"] for received in product.received}) == 1


@pytest.mark.parametrize("replies", [[(500, b"oops"), (200, b"")], ["hang", (200, b"success")]])
def test_a_product_that_recovers_is_not_asked_again(pushing, product, replies):
    product.replies = replies
    pushing.control("options", push_timeout=0.1)
    (record,) = push(pushing, text="hello")
    assert record["outcome"] == "acknowledged"
    assert len(record["attempts"]) == len(product.received) == 2


def test_the_number_of_attempts_can_be_given(pushing, product):
    product.replies = [(503, b"")]
    (record,) = push(pushing, text="hello", attempts=5)
    assert [attempt["status"] for attempt in record["attempts"]] == [503] * 5
    assert record["outcome"] == "http_status"


def test_a_product_that_is_not_there_is_unreachable(caller):
    (record,) = push(caller, text="hello", url="http://127.0.0.1:1/push")
    assert record["outcome"] == "unreachable"
    assert len(record["attempts"]) == 3


def test_a_sealed_reply_is_opened(pushing, product):
    product.replies = [(200, json.dumps(envelope(b'{"demo_resp":"good luck"}')).encode())]
    (record,) = push(pushing, text="hello")
    assert record["outcome"] == "replied"
    assert record["attempts"][0]["message"] == '{"demo_resp":"good luck"}'


def test_a_sealed_reply_in_xml_is_opened(pushing, product):
    inside = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in envelope(b"<xml/>").items())
    product.replies = [(200, f"<xml>{inside}</xml>".encode())]
    assert outcome(pushing, text="hello", format="xml") == "replied"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b'{"demo_resp":"in the open"}', "missing"),
        (b"[1]", "missing"),
        (b"SUCCESS!", "missing"),
        (json.dumps(envelope(b"x", token="another")).encode(), "MsgSignature"),
        (json.dumps(envelope(b"x", appid="wx0000000000000000")).encode(), "appid"),
    ],
)
def test_a_reply_that_wechat_cannot_read_is_recorded_and_not_retried(pushing, product, reply, reason):
    product.replies = [(200, reply)]
    (record,) = push(pushing, text="hello")
    assert record["outcome"] == "bad_reply"
    assert reason in record["attempts"][0]["reason"]
    assert len(record["attempts"]) == 1


def test_an_entity_in_an_xml_reply_is_not_read(pushing, product):
    product.replies = [(200, b'<!DOCTYPE x [<!ENTITY e "1">]><xml><Encrypt>&e;</Encrypt></xml>')]
    assert outcome(pushing, text="hello", format="xml") == "bad_reply"


@pytest.mark.parametrize("reply", [b'{"ErrCode":0,"ErrMsg":"success"}', b"", b"success"])
def test_these_replies_acknowledge(pushing, product, reply):
    product.replies = [(200, reply)]
    assert outcome(pushing, event="xpay_goods_deliver_notify") == "acknowledged"


def test_a_bare_reply_is_a_message_in_plain_mode(pushing, product):
    product.replies = [(200, b'{"a":1}')]
    (record,) = push(pushing, text="hello", mode="plain")
    assert (record["outcome"], record["attempts"][0]["message"]) == ("replied", '{"a":1}')


def test_a_reply_beyond_a_mebibyte_is_not_taken(pushing, product):
    product.replies = [(200, b"x" * (1024 * 1024 + 1))]
    assert outcome(pushing, text="hello", attempts=1) == "oversized_reply"


def test_a_duplicate_is_the_same_message_with_another_signature(pushing, product):
    assert len(push(pushing, text="hello", disturb=["duplicate"])) == 2
    first, second = product.received
    assert opened(first) == opened(second)
    assert query_of(first)["nonce"] != query_of(second)["nonce"]


def test_a_replay_is_the_same_request_to_the_byte(pushing, product):
    push(pushing, text="hello", disturb=["replay"])
    first, second = product.received
    assert (first.target, first.body) == (second.target, second.body)


def test_events_can_arrive_in_the_wrong_order(pushing, product):
    push(pushing, events=[{"event": "first"}, {"event": "second"}], disturb=["reordered"])
    assert [opened(received)["Event"] for received in product.received] == ["second", "first"]


def test_a_bad_signature_is_zeros(pushing, product):
    push(pushing, text="hello", disturb=["bad_signature"])
    query = query_of(product.received[0])
    assert query["signature"] == query["msg_signature"] == "0" * 40


def test_a_swapped_signature_signs_everything_but_the_message(pushing, product):
    push(pushing, text="hello", disturb=["swapped_signature"])
    query = query_of(product.received[0])
    assert query["msg_signature"] == query["signature"]
    assert query["signature"] == crypto.sorted_sha1(DEFAULT_TOKEN, query["timestamp"], query["nonce"])


def test_a_wrong_appid_stands_in_a_well_signed_cipher(pushing, product):
    push(pushing, text="hello", disturb=["wrong_appid"])
    with pytest.raises(crypto.CipherError, match="appid"):
        opened(product.received[0])
    query, encrypted = query_of(product.received[0]), json.loads(product.received[0].body)["Encrypt"]
    assert query["msg_signature"] == crypto.sorted_sha1(DEFAULT_TOKEN, query["timestamp"], query["nonce"], encrypted)


def test_a_bad_cipher_is_well_signed_and_does_not_open(pushing, product):
    push(pushing, text="hello", disturb=["bad_cipher"])
    with pytest.raises(crypto.CipherError):
        opened(product.received[0])
    query, encrypted = query_of(product.received[0]), json.loads(product.received[0].body)["Encrypt"]
    assert query["msg_signature"] == crypto.sorted_sha1(DEFAULT_TOKEN, query["timestamp"], query["nonce"], encrypted)


def test_an_old_timestamp_is_an_hour_old_and_rightly_signed(pushing, product):
    push(pushing, text="hello", disturb=["old_timestamp"])
    query = query_of(product.received[0])
    assert int(query["timestamp"]) == int(pushing.state.now()) - 3600
    assert query["signature"] == crypto.sorted_sha1(DEFAULT_TOKEN, query["timestamp"], query["nonce"])


def test_an_oversized_push_has_the_size_that_was_asked_for(pushing, product):
    push(pushing, text="hello", disturb=["oversized"], size=300_000)
    assert len(product.received[0].body) > 300_000


def test_a_plaintext_can_be_sent_in_safe_mode(pushing, product):
    push(pushing, text="hello", disturb=["plaintext"])
    assert json.loads(product.received[0].body)["Content"] == "hello"
    assert "encrypt_type" not in query_of(product.received[0])


def test_an_entity_bomb_is_sent_as_xml(pushing, product):
    push(pushing, text="hello", format="xml", disturb=["entity_bomb"])
    assert product.received[0].body.startswith(b"<!DOCTYPE")
    assert b"&e7;" in product.received[0].body


def test_queued_events_are_delivered_once(pushing, product):
    openid = pushing.login()["openid"]
    template_id = next(iter(pushing.state.templates))[1]
    pushing.control("subscribe", openid=openid, template_id=template_id)
    pushing.control("push/deliver")
    assert opened(product.received[0])["Event"] == "subscribe_msg_popup_event"
    assert pushing.control("push/deliver")["count"] == 0


def test_an_event_can_arrive_before_the_answer_that_caused_it(pushing, product):
    openid = pushing.login()["openid"]
    pushing.control("options", push_before_answer=True)
    body = {"media_url": "https://example.com/a.png", "media_type": 2, "version": 2, "scene": 1, "openid": openid}
    trace_id = pushing.post("/wxa/media_check_async", body)["trace_id"]
    assert opened(product.received[0])["trace_id"] == trace_id


def test_events_of_an_app_without_a_push_url_are_lost_as_with_wechat(caller, product):
    openid = caller.login()["openid"]
    template_id = next(iter(caller.state.templates))[1]
    caller.control("subscribe", openid=openid, template_id=template_id)
    assert caller.control("push/deliver") == {"count": 0, "pushes": []}


def test_all_pushes_are_on_record(pushing):
    push(pushing, text="one")
    push(pushing, event={"MsgType": "event", "Event": "raw", "Extra": 1})
    shown = pushing.client.get("/_sim/push").get_json()
    assert [record["payload"].get("Event") for record in shown["pushes"]] == [None, "raw"]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "no push url"},
        {"text": "x", "url": "http://127.0.0.1:1", "disturb": ["tickle"]},
        {"text": "x", "url": "http://127.0.0.1:1", "disturb": "replay"},
        {"text": "x", "url": "http://127.0.0.1:1", "mode": "secret"},
        {"event": 5, "url": "http://127.0.0.1:1"},
        {"events": [5], "url": "http://127.0.0.1:1"},
        {"event": "x", "fields": [], "url": "http://127.0.0.1:1"},
    ],
)
def test_a_push_that_makes_no_sense_is_a_bad_request(caller, body):
    caller.control("push", expect=400, **body)
