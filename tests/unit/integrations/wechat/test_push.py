"""Pushed messages, with WeChat's published vectors."""

import base64
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import pytest
from defusedxml.ElementTree import fromstring

from wxcloudrun.integrations.wechat.config import PushFormat, PushMode, WeChatConfig
from wxcloudrun.integrations.wechat.errors import PushFault, PushRejected
from wxcloudrun.integrations.wechat.push import PushReceiver, is_container_check
from wxcloudrun.integrations.wechat.push_crypto import Envelope, push_signature

KEY = "A" * 43
APPID = "wxba5fad812f8e6fb9"
A6_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzD"
    "pVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2I"
    "uQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F"
    "9mFUPAJGj04="
)
A6_MESSAGE = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":17141'
    '12445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
A9_MESSAGE = (
    "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><FromUserName><![CDATA[o9AgO5Kd5ggOC-bX"
    "rbNODIiE3bGY]]></FromUserName><CreateTime>1714112445</CreateTime><MsgType><![CDATA[text]]></MsgT"
    "ype><Content><![CDATA[你好😀]]></Content><MsgId>23456789012345678</MsgId></xml>"
)
A9_ENCRYPT = (
    "uMMzGtqcnpOzXOYBwDQNrbPcas75m0n3v5GgsDN+yHFS/93MITIs5nPup1Dw6X2eeV6KGAqB3TK7dq1tSHqOwh/lrBW2rTp3"
    "Zelb35GMeoACtgaDf5i7iLtM1CRgMKVSEU0Yu70lHDvy2mdV5/cLYKYGsVQ1P1AY7Mu6pqCMavWLEryWW0z4tss332vsnHAf"
    "wgLFTOPAtO/ei7nllb59KdDSXLhr8wTL4To/f1efMlx4uaPFJpLRK+1YHkVkZlxvVuXdTzh5rEpldy+v6MkqsCIdQtcpM1mS"
    "FSBmmzmzSU6HmsnDdjZGCCZwZw5RmMziFByzbsvNoprcRAUeHOFNLxD3IV5srih6KGYojSpVGkbYx2gzGy+lnLTXi3jUbpMs"
    "Ro+h99dw4zNrZxk0/DeW1O08lUyObF7itPAGaonpZaQ="
)
SAFE = {"timestamp": "1714112445", "nonce": "415670741", "encrypt_type": "aes"}
A6_SIGNATURE = "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
USER = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"


class At:
    """A clock that stands at a Unix time."""

    def __init__(self, seconds: int) -> None:
        self._moment = datetime.fromtimestamp(seconds, UTC)

    def now(self) -> datetime:
        return self._moment


def _receiver(mode: PushMode, at: int = 1714112445, **changes: object) -> PushReceiver:
    config = WeChatConfig(APPID, push_mode=mode, push_token="AAAAA", push_aes_key=KEY, token_mode="none")
    return PushReceiver(replace(config, **changes), At(at))


def _signed(body: str, at: int = 1714112445) -> tuple[dict[str, str], bytes]:
    """A body in safe mode, as WeChat would send it."""
    encrypted = Envelope(KEY, APPID).close(body, b"0123456789abcdef")
    query = {"timestamp": str(at), "nonce": "n"}
    query["msg_signature"] = push_signature("AAAAA", query["timestamp"], "n", encrypted)
    return query, json.dumps({"ToUserName": "gh", "Encrypt": encrypted}).encode()


def _refused(receiver: PushReceiver, query: dict[str, str], body: bytes | str) -> PushFault:
    with pytest.raises(PushRejected) as caught:
        receiver.receive(query, body if isinstance(body, bytes) else body.encode())
    assert caught.value.__cause__ is None
    return caught.value.reason


def _event(**fields: object) -> str:
    return json.dumps({"ToUserName": "gh", "FromUserName": USER, "CreateTime": 1, "MsgType": "event", **fields})


def _plain(body: str, receiver: PushReceiver | None = None):
    query = {"timestamp": "1714112445", "nonce": "n", "signature": push_signature("AAAAA", "1714112445", "n")}
    return (receiver or _receiver(PushMode.PLAIN)).receive(query, body.encode())


def test_a6_the_check_of_the_address():
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
    }
    receiver = _receiver(PushMode.SAFE, at=1714036504)
    assert receiver.check_url(query) == "4375120948345356249"
    with pytest.raises(PushRejected):
        receiver.check_url({**query, "nonce": "1"})
    with pytest.raises(PushRejected):
        receiver.check_url({})


def test_a6_plain_mode():
    query = {
        "signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78",
        "timestamp": "1714037059",
        "nonce": "486452656",
    }
    receiver = _receiver(PushMode.PLAIN, at=1714037059)
    assert receiver.receive(query, A6_MESSAGE.encode()).event == "debug_demo"
    assert _refused(receiver, {**query, "signature": "0" * 40}, A6_MESSAGE) is PushFault.SIGNATURE


def test_a6_safe_mode():
    query = {**SAFE, "signature": "6c5c811b55cc85e0e1b54100749188c20beb3f5d", "msg_signature": A6_SIGNATURE}
    body = json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": A6_ENCRYPT}).encode()
    message = _receiver(PushMode.SAFE).receive(query, body)
    assert (message.msg_type, message.event, message.openid) == ("event", "debug_demo", USER)
    assert message.created_at == datetime(2024, 4, 26, 6, 20, 45, tzinfo=UTC)
    assert dict(message.fields) == json.loads(A6_MESSAGE)
    assert message.msg_id is None


def test_a6_the_message_inside_is_exact():
    assert Envelope(KEY, APPID).open(A6_ENCRYPT) == A6_MESSAGE
    assert Envelope(KEY, APPID).close(A6_MESSAGE, b"a8eedb185eb2fecf") == A6_ENCRYPT


def test_a6_an_encrypted_reply():
    made = iter([b"707722b803182950", (415670741).to_bytes(4, "big")])
    config = WeChatConfig(APPID, push_mode=PushMode.SAFE, push_token="AAAAA", push_aes_key=KEY, token_mode="none")
    reply = PushReceiver(config, At(1713424427), lambda size: next(made)).reply('{"demo_resp":"good luck"}')
    assert reply.mime == "application/json"
    assert json.loads(reply.text) == {
        "Encrypt": "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==",
        "MsgSignature": "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1",
        "TimeStamp": 1713424427,
        "Nonce": "415670741",
    }


@pytest.mark.parametrize("mode", [PushMode.SAFE, PushMode.COMPATIBLE])
def test_an_encrypted_reply_in_xml_can_be_opened_again(mode):
    receiver = _receiver(mode, push_format=PushFormat.XML)
    reply = receiver.reply(A9_MESSAGE)
    assert reply.mime == "application/xml"
    root = fromstring(reply.text)
    parts = {child.tag: child.text for child in root}
    signature = push_signature("AAAAA", parts["TimeStamp"], parts["Nonce"], parts["Encrypt"])
    assert signature == parts["MsgSignature"]
    assert Envelope(KEY, APPID).open(parts["Encrypt"]) == A9_MESSAGE


def test_a_plain_mode_reply_is_sent_as_it_is():
    assert _receiver(PushMode.PLAIN).reply("{}").text == "{}"


def test_a7_chinese_text():
    envelope = Envelope("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wxb11529c136998cb6")
    encrypted = "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg=="
    assert envelope.close("我是中文abcd123", b"aaaabbbbccccdddd") == encrypted
    assert envelope.open(encrypted) == "我是中文abcd123"
    signature = push_signature("pamtest", "1409304348", "xxxxxx", encrypted)
    assert signature == "82c962d39941aa48552f90ef55aa323dc620cc10"


def test_a8_an_encrypted_echo():
    envelope = Envelope("kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR", "wx49f0ab532d5d035a")
    echo = "4ByGGj+sVCYcvGeQYhaKIk1o0pQRNbRjxybjTGblXrBaXlTXeOo1+bXFXDQQb1o6co6Yh9Bv41n7hOchLF6p+Q=="
    assert push_signature("123456", "1411443780", "437374425", echo) == "dd6b9c95b495b3f7e2901bfbc76c664930ffdb96"
    assert envelope.open(echo) == "5927782489442352469"


def test_a9_safe_mode_in_xml_with_an_emoji():
    assert hashlib.sha256(A9_MESSAGE.encode()).hexdigest().startswith("2ad9035a559fe128")
    body = f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{A9_ENCRYPT}]]></Encrypt></xml>".encode()
    query = {**SAFE, "msg_signature": "af12c5f3d7ea20541dabd2574281fc5c2771793b"}
    message = _receiver(PushMode.SAFE).receive(query, body)
    assert message.fields["Content"] == "你好😀"
    assert message.msg_id == "23456789012345678"
    assert Envelope(KEY, APPID).close(A9_MESSAGE, b"0123456789abcdef") == A9_ENCRYPT


@pytest.mark.parametrize("mode", [PushMode.SAFE, PushMode.COMPATIBLE])
@pytest.mark.parametrize("extra", [{}, {"Encrypt": ""}, {"Encrypt": None}, {"Encrypt": [A6_ENCRYPT]}])
def test_a_readable_body_is_refused_where_encrypted_ones_are_expected(mode, extra):
    query = {**SAFE, "signature": push_signature("AAAAA", SAFE["timestamp"], SAFE["nonce"])}
    body = json.dumps({**json.loads(A6_MESSAGE), **extra})
    assert _refused(_receiver(mode), query, body) is PushFault.PLAINTEXT


def test_the_plain_signature_does_not_vouch_for_an_encrypted_body():
    signature = push_signature("AAAAA", SAFE["timestamp"], SAFE["nonce"])
    body = json.dumps({"Encrypt": A6_ENCRYPT})
    assert _refused(_receiver(PushMode.SAFE), {**SAFE, "signature": signature}, body) is PushFault.SIGNATURE
    for mode in (PushMode.SAFE, PushMode.COMPATIBLE):
        query = {**SAFE, "signature": signature, "msg_signature": signature}
        assert _refused(_receiver(mode), query, body) is PushFault.SIGNATURE


def test_a_signature_does_not_serve_another_message():
    query, _ = _signed(_event(Event="one"))
    _, other = _signed(_event(Event="two"))
    assert _refused(_receiver(PushMode.SAFE), query, other) is PushFault.SIGNATURE


def test_compatible_mode_believes_the_encrypted_half():
    query, body = _signed(_event(Event="true"))
    both = {**json.loads(_event(Event="forged")), **json.loads(body)}
    assert _receiver(PushMode.COMPATIBLE).receive(query, json.dumps(both).encode()).event == "true"


@pytest.mark.parametrize(("late", "accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_message_counts_for_five_minutes_either_way(late, accepted):
    query, body = _signed(_event(Event="e"))
    receiver = _receiver(PushMode.SAFE, at=1714112445 + late)
    if accepted:
        assert receiver.receive(query, body).event == "e"
    else:
        assert _refused(receiver, query, body) is PushFault.TIMESTAMP


@pytest.mark.parametrize("stamp", [None, "", "soon", "1e9", "９"])
def test_a_message_without_a_time_is_refused(stamp):
    query, body = _signed(_event(Event="e"))
    query = {name: value for name, value in {**query, "timestamp": stamp}.items() if value is not None}
    assert _refused(_receiver(PushMode.SAFE), query, body) is PushFault.TIMESTAMP


def test_a_message_for_another_app_is_refused():
    query, body = _signed(_event(Event="e"))
    assert _refused(_receiver(PushMode.SAFE, appid="wx0000000000000000"), query, body) is PushFault.APPID


@pytest.mark.parametrize("encrypted", ["AAAA", "!", "A" * 64, "é", "\ud800", A6_ENCRYPT[:-24]])
def test_what_cannot_be_decrypted_is_refused_alike(encrypted):
    query = {"timestamp": "1714112445", "nonce": "n"}
    query["msg_signature"] = push_signature("AAAAA", "1714112445", "n", encrypted)
    fault = _refused(_receiver(PushMode.SAFE), query, json.dumps({"Encrypt": encrypted}))
    assert fault is PushFault.UNDECRYPTABLE


def test_a_length_beyond_the_message_is_refused():
    envelope = Envelope(KEY, APPID)
    cipher = envelope._cipher().encryptor()
    content = b"r" * 16 + (5000).to_bytes(4, "big") + b"{}" + b"\x0a" * 10
    broken = base64.b64encode(cipher.update(content) + cipher.finalize()).decode()
    with pytest.raises(PushRejected) as caught:
        envelope.open(broken)
    assert caught.value.reason is PushFault.UNDECRYPTABLE


def test_broken_utf8_is_refused():
    query = {"timestamp": "1714112445", "nonce": "n", "signature": push_signature("AAAAA", "1714112445", "n")}
    assert _refused(_receiver(PushMode.PLAIN), query, b'{"MsgType": "\xff"}') is PushFault.MALFORMED


def test_a_large_body_is_refused_before_it_is_read():
    assert _refused(_receiver(PushMode.PLAIN, push_max_bytes=10), {}, b"x" * 11) is PushFault.TOO_LARGE


def test_nothing_is_received_while_push_is_off():
    assert _refused(_receiver(PushMode.OFF), {}, A6_MESSAGE) is PushFault.NOT_CONFIGURED


@pytest.mark.parametrize("changes", [{"push_token": ""}, {"push_aes_key": "short"}])
def test_without_token_or_key_nothing_is_believed(changes):
    encrypted = Envelope(KEY, APPID).close(A6_MESSAGE, b"0" * 16)
    query = {"timestamp": "1714112445", "nonce": "n"}
    token = changes.get("push_token", "AAAAA")
    query["msg_signature"] = push_signature(token, "1714112445", "n", encrypted)
    body = json.dumps({"Encrypt": encrypted})
    assert _refused(_receiver(PushMode.SAFE, **changes), query, body) is PushFault.NOT_CONFIGURED


def test_cloud_mode_needs_the_platforms_header_and_no_signature():
    receiver = _receiver(PushMode.CLOUD)
    assert receiver.receive({}, A6_MESSAGE.encode(), {"X-WX-Source": "wx"}).event == "debug_demo"
    assert _refused(receiver, {}, A6_MESSAGE) is PushFault.SOURCE
    with pytest.raises(PushRejected):
        receiver.receive({}, A6_MESSAGE.encode(), {"x-wx-source": " "})


@pytest.mark.parametrize(
    ("body", "check"),
    [
        (b'{"action": "CheckContainerPath"}', True),
        (b"<xml><action><![CDATA[CheckContainerPath]]></action></xml>", True),
        (b"CheckContainerPath", True),
        (b'{"action": "other"}', False),
        (b"", False),
        (b"\xff", False),
        (b'{"action": "CheckContainerPath"}' + b" " * 2000, False),
    ],
)
def test_cloud_runs_test_of_the_address_is_recognised(body, check):
    assert is_container_check(body) is check


def test_a_query_as_a_web_server_gives_it_works():
    query, body = _signed(_event(Event="e"))
    assert _receiver(PushMode.SAFE).receive(dict(parse_qsl(urlencode(query))), body).event == "e"
