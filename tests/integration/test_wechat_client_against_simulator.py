"""The WeChat client against the simulated WeChat, over HTTP."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from wxcloudrun.integrations.wechat import config as settings
from wxcloudrun.integrations.wechat.client import WeChatClient
from wxcloudrun.integrations.wechat.config import WeChatConfig
from wxcloudrun.integrations.wechat.content import MediaType, Scene, Suggestion, media_verdict
from wxcloudrun.integrations.wechat.crypto import decrypt_user_data, raw_data_matches
from wxcloudrun.integrations.wechat.errors import (
    CodeInvalid,
    DecryptFailed,
    InvalidAnswer,
    InvalidArgument,
    LoginBlocked,
    Misconfigured,
    PageUnpublished,
    PushFault,
    PushRejected,
    RateLimited,
    SessionExpired,
    TokenRejected,
    Unavailable,
    UserInactive,
    UserRefused,
    WatermarkRejected,
    WeChatError,
)
from wxcloudrun.integrations.wechat.push import ACKNOWLEDGED, PushReceiver, is_container_check
from wxcloudrun.integrations.wechat.push_message import PushMessage
from wxcloudrun.integrations.wechat.qrcode import CodeStyle, EnvVersion
from wxcloudrun.integrations.wechat.subscribe import AppState, SubscribeMessage
from wxcloudrun.integrations.wechat.token_store import MemoryTokenStore
from wxcloudrun.simulator import constants
from wxcloudrun.simulator.exchange import Outgoing, Reply
from wxcloudrun.simulator.push.client import PushClient, PushPlan
from wxcloudrun.simulator.push.disturbance import Disturbance
from wxcloudrun.simulator.push.record import Outcome
from wxcloudrun.simulator.records import PushFormat, PushMode
from wxcloudrun.simulator.server import running

Make = Callable[..., WeChatClient]
LOGIN = "/sns/jscode2session"
STABLE = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/subscribe/send"
CHECK_TEXT = "/wxa/msg_sec_check"


class Bench:
    """The simulator's control API, and its clock as a clock of ours."""

    def __init__(self, url: str, now: Callable[[], float]) -> None:
        self.url = url
        self._now = now

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now(), UTC)

    def do(self, what: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/_sim/{what}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def code(self, **who: Any) -> str:
        return str(self.do("login-code", **who)["code"])

    def count(self, path: str) -> int:
        counts = requests.get(f"{self.url}/_sim/journal", timeout=10).json()["counts"]
        return int(counts.get(path, 0))


@pytest.fixture
def simulator() -> Iterator[Any]:
    with running() as place:
        yield place


@pytest.fixture
def bench(simulator: Any) -> Bench:
    return Bench(simulator.url, simulator.state.now)


@pytest.fixture
def make(bench: Bench) -> Make:
    base = WeChatConfig(
        constants.DEFAULT_APPID,
        secret=constants.DEFAULT_SECRET,
        api_base=bench.url,
        read_seconds=0.5,
    )

    def client(store: Any = None, **changes: Any) -> WeChatClient:
        pause = lambda seconds: time.sleep(seconds / 5)  # noqa: E731 - one line of waiting
        return WeChatClient(replace(base, **changes), store or MemoryTokenStore(), bench, sleep=pause)

    return client


@pytest.fixture
def client(make: Make) -> WeChatClient:
    return make()


@pytest.fixture
def openid(bench: Bench, client: WeChatClient) -> str:
    """A user who has just logged in."""
    return client.code_to_session(bench.code()).openid


def test_a_login_gives_the_user_once(bench, client, make):
    bench.do("users", name="demo", unionid="oUnion")
    code = bench.code()
    session = client.code_to_session(code)
    assert (len(session.openid), len(session.session_key), session.unionid) == (28, 24, "oUnion")
    assert client.code_to_session(code) == session
    with pytest.raises(CodeInvalid) as caught:
        make().code_to_session(code)
    assert caught.value.used
    assert bench.count(LOGIN) == 2


def test_a_code_that_is_five_minutes_old_is_too_old(bench, client):
    code = bench.code()
    bench.do("clock", advance=301)
    with pytest.raises(CodeInvalid) as caught:
        client.code_to_session(code)
    assert not caught.value.used


def test_a_blocked_user_is_told_apart(bench, client):
    bench.do("users", name="demo", risk_blocked=True)
    with pytest.raises(LoginBlocked):
        client.code_to_session(bench.code())


def test_a_busy_wechat_is_asked_again(bench, client):
    assert client.code_to_session(bench.code(prefix="busy-")).openid
    assert bench.count(LOGIN) == 2


@pytest.mark.parametrize("kind", ["consume_then_timeout", "consume_then_reset"])
def test_a_code_that_was_used_before_the_answer_was_lost_is_not_sent_again(bench, client, kind):
    bench.do("faults", path=LOGIN, kind=kind)
    code = bench.code()
    with pytest.raises(Unavailable) as caught:
        client.code_to_session(code)
    assert caught.value.maybe_sent
    assert bench.count(LOGIN) == 1
    with pytest.raises(CodeInvalid) as used:
        client.code_to_session(code)
    assert used.value.used


def test_login_works_while_the_token_interface_is_down(bench, client):
    bench.do("faults", path=STABLE, kind="http500", times=0)
    assert client.code_to_session(bench.code()).openid


def _log_in_and_check(client: WeChatClient, code: str) -> None:
    openid = client.code_to_session(code).openid
    client.content.text(openid, "text", Scene.COMMENT)


@pytest.mark.parametrize("kind", ["http500", "http502", "timeout", "reset", "garbage", "empty"])
@pytest.mark.parametrize("path", [LOGIN, STABLE, CHECK_TEXT])
def test_no_fault_tells_a_secret(bench, client, caplog, kind, path):
    caplog.set_level(logging.DEBUG)
    bench.do("faults", path=path, kind=kind, times=0)
    code = bench.code()
    with pytest.raises(WeChatError) as caught:
        _log_in_and_check(client, code)
    told = f"{caught.value!r} {caught.value.__context__!r} {caplog.text}"
    assert constants.DEFAULT_SECRET not in told
    assert code not in told
    assert "access_token=" not in told
    assert isinstance(caught.value, Unavailable | InvalidAnswer)


def test_a_wrong_secret_is_a_setting_that_is_wrong(bench, make):
    with pytest.raises(Misconfigured):
        make(secret="wrong").code_to_session(bench.code())
    with pytest.raises(Misconfigured):
        make(secret="wrong").content.text("o", "text", Scene.COMMENT)


def test_an_address_that_is_not_listed_is_named(bench, client, openid):
    bench.do("apps", ip_whitelist=["203.0.113.1"])
    with pytest.raises(Misconfigured) as caught:
        client.content.text(openid, "text", Scene.COMMENT)
    assert caught.value.address == "127.0.0.1"


def test_a_frozen_secret_is_a_setting_that_is_wrong(bench, client, openid):
    bench.do("apps", secret_frozen=True)
    with pytest.raises(Misconfigured) as caught:
        client.content.text(openid, "text", Scene.COMMENT)
    assert caught.value.errcode == 40243


@pytest.mark.parametrize("how", ["kill", "expire"])
@pytest.mark.parametrize("mode", [settings.TokenMode.STABLE, settings.TokenMode.LEGACY])
def test_a_token_that_ends_under_way_is_renewed_once_for_all(bench, make, openid, how, mode):
    store = MemoryTokenStore()
    clients = [make(store, token_mode=mode) for _ in range(4)]
    path = STABLE if mode is settings.TokenMode.STABLE else "/cgi-bin/token"
    for one in clients:
        one.content.text(openid, "text", Scene.COMMENT)
    bench.do("tokens", how=how)
    threads = [threading.Thread(target=one.content.text, args=(openid, "t", Scene.COMMENT)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bench.count(path) == 2
    assert 4 + 4 + 1 <= bench.count(CHECK_TEXT) <= 4 + 8


def test_tokens_refused_for_ever_end_after_two_calls(bench, client, openid):
    bench.do("faults", path=CHECK_TEXT, kind="errcode", value=40001, times=0)
    with pytest.raises(TokenRejected):
        client.content.text(openid, "text", Scene.COMMENT)
    assert bench.count(CHECK_TEXT) == 2


def test_a_token_is_renewed_before_it_ends(bench, client, openid):
    client.content.text(openid, "text", Scene.COMMENT)
    bench.do("clock", advance=6901)
    client.content.text(openid, "text", Scene.COMMENT)
    assert (bench.count(STABLE), bench.count(CHECK_TEXT)) == (2, 2)


def test_an_operator_ends_a_leaked_token(bench, client, openid):
    client.content.text(openid, "text", Scene.COMMENT)
    client.force_token_refresh()
    client.content.text(openid, "text", Scene.COMMENT)
    assert (bench.count(STABLE), bench.count(CHECK_TEXT)) == (2, 2)


def test_behind_the_open_interface_no_token_is_needed(bench, make, openid):
    client = make(token_mode=settings.TokenMode.NONE, secret="")
    with pytest.raises(Misconfigured):
        client.content.text(openid, "text", Scene.COMMENT)
    bench.do("options", sidecar=True)
    assert client.content.text(openid, "text", Scene.COMMENT).suggestion is Suggestion.PASS
    assert bench.count(STABLE) == 0


def test_the_token_file_of_cloud_run_serves(bench, make, openid, tmp_path):
    path = tmp_path / "token"
    path.write_text(constants.PLACEHOLDER_CLOUDBASE_TOKEN)
    client = make(token_mode=settings.TokenMode.CLOUDBASE_FILE, token_file=path)
    with pytest.raises(Unavailable):
        client.content.text(openid, "text", Scene.COMMENT)
    path.write_text(bench.do("cloudbase-token")["cloudbase_access_token"])
    assert client.content.text(openid, "text", Scene.COMMENT).suggestion is Suggestion.PASS


def test_a_session_is_checked_and_reset(bench, client):
    session = client.code_to_session(bench.code())
    client.user.check_session(session.openid, session.session_key)
    fresh = client.user.reset_session_key(session.openid, session.session_key)
    assert fresh != session.session_key
    client.user.check_session(session.openid, fresh)
    with pytest.raises(SessionExpired):
        client.user.check_session(session.openid, session.session_key)


def test_a_phone_number_comes_twice_in_either_notation(bench, client):
    numbers = [client.phone_number(bench.do("phone-code")["code"]) for _ in range(2)]
    assert [one.e164 for one in numbers] == ["+8613800138000"] * 2


@pytest.mark.parametrize("lie", [{"watermark_appid": "wx0000000000000000"}, {"watermark_age": 700}])
def test_a_phone_number_of_another_app_or_time_is_refused(bench, client, lie):
    with pytest.raises(WatermarkRejected):
        client.phone_number(bench.do("phone-code", **lie)["code"])


def test_a_login_code_gives_no_phone_number(bench, client):
    with pytest.raises(CodeInvalid):
        client.phone_number(bench.code())


def test_encrypted_data_opens_with_the_session_key_of_its_time(bench, client):
    session = client.code_to_session(bench.code())
    given = bench.do("encrypted-data", payload={"purePhoneNumber": "13800138000", "countryCode": "86"})
    number = client.user.phone_number_from_encrypted(session.session_key, given["iv"], given["encryptedData"])
    assert number.e164 == "+8613800138000"
    assert raw_data_matches(session.session_key, given["rawData"], given["signature"])
    newer = client.code_to_session(bench.code())
    with pytest.raises((DecryptFailed, WatermarkRejected)):
        client.user.phone_number_from_encrypted(newer.session_key, given["iv"], given["encryptedData"])
    with pytest.raises(WatermarkRejected):
        decrypt_user_data(session.session_key, given["iv"], given["encryptedData"], appid="wx-other", now=bench.now())


def _message(openid: str, **changes: Any) -> SubscribeMessage:
    values = {
        "thing1": "夜间回归😀",
        "phrase2": "通过",
        "time3": "2026年11月20日 15:01",
        "character_string4": "run-1",
    }
    return SubscribeMessage(openid, constants.DEFAULT_TEMPLATE_ID, **{"values": values, **changes})


def _send_all(clients: list[WeChatClient], openid: str) -> list[object]:
    results: list[object] = []

    def send(client: WeChatClient) -> None:
        try:
            results.append(client.send_subscribe_message(_message(openid)))
        except UserRefused as refused:
            results.append(type(refused))

    threads = [threading.Thread(target=send, args=(one,)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_ten_workers_send_as_often_as_the_user_agreed(bench, client, openid):
    for _ in range(3):
        bench.do("subscribe", openid=openid, template_id=constants.DEFAULT_TEMPLATE_ID)
    results = _send_all([client] * 10, openid)
    assert results.count(UserRefused) == 7
    assert len({one for one in results if isinstance(one, int) and one > 2**53}) == 3
    assert bench.count(SEND) == 10


def test_two_processes_that_write_to_one_user_both_come_through(bench, make, openid):
    for _ in range(2):
        bench.do("subscribe", openid=openid, template_id=constants.DEFAULT_TEMPLATE_ID)
    store = MemoryTokenStore()
    results = _send_all([make(store), make(store)], openid)
    assert all(isinstance(one, int) for one in results)
    assert len(set(results)) == 2


def test_values_that_pass_here_pass_there(bench, client, openid):
    bench.do("subscribe", openid=openid, template_id=constants.DEFAULT_TEMPLATE_ID)
    values = {"thing1": "长" * 40, "phrase2": "一二三四五", "time3": "15:01~16:01", "character_string4": "x" * 40}
    assert client.send_subscribe_message(_message(openid, values=values, truncate=True))


def test_a_missing_value_is_named(bench, client, openid):
    bench.do("subscribe", openid=openid, template_id=constants.DEFAULT_TEMPLATE_ID)
    with pytest.raises(InvalidArgument) as caught:
        client.send_subscribe_message(_message(openid, values={"thing1": "a"}))
    assert caught.value.field in ("phrase2", "time3", "character_string4")


def test_a_page_that_is_not_released_opens_in_the_trial_version_only(bench, client, openid):
    bench.do("subscribe", openid=openid, template_id=constants.DEFAULT_TEMPLATE_ID)
    with pytest.raises(PageUnpublished):
        client.send_subscribe_message(_message(openid, page="pages/none"))
    assert client.send_subscribe_message(_message(openid, page="pages/none", state=AppState.TRIAL))


def test_codes_are_pictures_and_errors_are_errors(bench, client):
    jpeg = client.qrcode("run=1", "pages/index/index")
    png = client.codes.qrcode("run=1", style=CodeStyle(transparent=True))
    assert (jpeg.mime, png.mime) == ("image/jpeg", "image/png")
    with pytest.raises(PageUnpublished):
        client.qrcode("run=1", "pages/none")
    assert client.codes.qrcode("run=1", "pages/none", check_path=False).content
    bench.do("limits", path="/wxa/getwxacodeunlimit", most=0)
    with pytest.raises(RateLimited):
        client.qrcode("run=1")


def test_links_open_a_page(bench, client):
    end = bench.now() + timedelta(days=29)
    assert client.codes.scheme("pages/index/index", "a=1", end).startswith("weixin://")
    assert client.codes.urllink("pages/index/index", "a=1", end).startswith("https://")
    with pytest.raises(InvalidArgument) as caught:
        client.codes.urllink("pages/none", "", end)
    assert caught.value.field == "path"
    assert client.codes.urllink("pages/none", "", end, EnvVersion.TRIAL)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("你好😀", Suggestion.PASS),
        (constants.REVIEW_WORD, Suggestion.REVIEW),
        (constants.RISKY_WORD, Suggestion.RISKY),
    ],
)
def test_text_is_judged(client, openid, text, suggestion):
    assert client.content.text(openid, text, Scene.COMMENT).suggestion is suggestion


def test_text_of_a_user_who_is_long_gone_is_not_judged(bench, client, openid):
    bench.do("clock", advance=7201)
    with pytest.raises(UserInactive):
        client.content.text(openid, "text", Scene.COMMENT)


class Inbox:
    """The product's push URL, in this process: verifies, keeps what is new, answers."""

    def __init__(self, receiver: PushReceiver) -> None:
        self._receiver = receiver
        self.messages: dict[str, PushMessage] = {}
        self.faults: list[PushFault] = []
        self.answer: str | None = None

    def send(self, outgoing: Outgoing, seconds: float, most_bytes: int) -> Reply:
        query = dict(parse_qsl(urlsplit(outgoing.url).query))
        try:
            return Reply(200, {}, self._answered(outgoing, query).encode())
        except PushRejected as refused:
            self.faults.append(refused.reason)
        return Reply(403, {}, b"")

    def _answered(self, outgoing: Outgoing, query: dict[str, str]) -> str:
        if outgoing.method == "GET":
            return self._receiver.check_url(query)
        if is_container_check(outgoing.body):
            return ACKNOWLEDGED
        message = self._receiver.receive(query, outgoing.body, dict(outgoing.headers))
        self.messages.setdefault(message.dedupe_key, message)
        return ACKNOWLEDGED if self.answer is None else self._receiver.reply(self.answer).text


MODES = {
    PushMode.PLAIN: settings.PushMode.PLAIN,
    PushMode.SAFE: settings.PushMode.SAFE,
    PushMode.COMPAT: settings.PushMode.COMPATIBLE,
    PushMode.CLOUDRUN: settings.PushMode.CLOUD,
}
CASES = [(mode, notation) for mode in MODES for notation in PushFormat]


def _inbox(bench: Bench, mode: PushMode, notation: PushFormat) -> Inbox:
    bench.do("apps", push_url="http://127.0.0.1:1/push", push_mode=mode, push_format=notation)
    config = WeChatConfig(
        constants.DEFAULT_APPID,
        api_base=bench.url,
        token_mode=settings.TokenMode.NONE,
        push_mode=MODES[mode],
        push_token=constants.DEFAULT_TOKEN,
        push_aes_key=constants.DEFAULT_ENCODING_AES_KEY,
        push_format=settings.PushFormat(notation.value),
    )
    return Inbox(PushReceiver(config, bench))


def _push(simulator: Any, inbox: Inbox, *wanted: Disturbance, **fields: Any) -> list[Any]:
    app = simulator.state.default_app()
    moment = int(simulator.state.now())
    head = {"ToUserName": "gh", "FromUserName": "oUSER", "CreateTime": moment, "MsgType": "event"}
    pusher = PushClient(simulator.state, inbox.send)
    return pusher.deliver(app, {**head, "Event": "debug_demo", **fields}, PushPlan(wanted, 1, 400_000))


@pytest.mark.parametrize(("mode", "notation"), CASES)
def test_the_address_is_checked_and_a_message_arrives_once(simulator, bench, mode, notation):
    inbox = _inbox(bench, mode, notation)
    pusher = PushClient(simulator.state, inbox.send)
    assert pusher.check_url(simulator.state.default_app()).outcome is Outcome.ACKNOWLEDGED
    records = _push(simulator, inbox, Disturbance.DUPLICATE, debug_str="你好😀")
    assert [record.outcome for record in records] == [Outcome.ACKNOWLEDGED] * 2
    message = next(iter(inbox.messages.values()))
    assert (message.event, message.openid, message.fields["debug_str"]) == ("debug_demo", "oUSER", "你好😀")
    assert len(inbox.messages) == 1


@pytest.mark.parametrize(("mode", "notation"), CASES)
def test_an_answer_with_content_is_understood(simulator, bench, mode, notation):
    inbox = _inbox(bench, mode, notation)
    inbox.answer = '{"demo_resp": "好😀"}'
    record = _push(simulator, inbox)[0]
    assert (record.outcome, record.attempts[0].message) == (Outcome.REPLIED, inbox.answer)


@pytest.mark.parametrize("notation", list(PushFormat))
@pytest.mark.parametrize(
    ("disturbance", "fault"),
    [
        (Disturbance.BAD_SIGNATURE, PushFault.SIGNATURE),
        (Disturbance.SWAPPED_SIGNATURE, PushFault.SIGNATURE),
        (Disturbance.WRONG_APPID, PushFault.APPID),
        (Disturbance.OLD_TIMESTAMP, PushFault.TIMESTAMP),
        (Disturbance.OVERSIZED, PushFault.TOO_LARGE),
        (Disturbance.PLAINTEXT, PushFault.PLAINTEXT),
        (Disturbance.BAD_CIPHER, PushFault.UNDECRYPTABLE),
    ],
)
def test_a_message_that_is_not_right_is_refused_in_safe_mode(simulator, bench, notation, disturbance, fault):
    inbox = _inbox(bench, PushMode.SAFE, notation)
    record = _push(simulator, inbox, disturbance)[0]
    assert record.outcome is Outcome.HTTP_STATUS
    assert (inbox.faults, inbox.messages) == ([fault], {})


@pytest.mark.parametrize("mode", list(MODES))
def test_an_entity_bomb_does_not_go_off(simulator, bench, mode):
    inbox = _inbox(bench, mode, PushFormat.XML)
    _push(simulator, inbox, Disturbance.ENTITY_BOMB)
    assert inbox.messages == {}
    assert len(inbox.faults) == 1


@pytest.mark.parametrize(("mode", "notation"), CASES)
@pytest.mark.parametrize("count", [1, 2])
def test_what_a_user_accepted_arrives(simulator, bench, mode, notation, count):
    inbox = _inbox(bench, mode, notation)
    entries = [
        {"template_id": template, "result": "accept"}
        for template in (constants.DEFAULT_TEMPLATE_ID, constants.DEFAULT_LONG_TEMPLATE_ID)[:count]
    ]
    app = simulator.state.default_app()
    with simulator.state.lock:
        events: list[Any] = []
        original, simulator.state.queue_event = simulator.state.queue_event, lambda *given: events.append(given)
    bench.do("subscribe", entries=entries)
    simulator.state.queue_event = original
    PushClient(simulator.state, inbox.send).deliver(app, events[0][1])
    message = next(iter(inbox.messages.values()))
    assert [one["TemplateId"] for one in message.entries] == [one["template_id"] for one in entries]


@pytest.mark.parametrize("notation", list(PushFormat))
@pytest.mark.parametrize(
    ("url", "suggestion"),
    [("https://example.com/a.png", Suggestion.PASS), ("https://example.com/404.png", None)],
)
def test_a_media_check_ends_with_an_event(simulator, bench, client, openid, notation, url, suggestion):
    bench.do("options", media_delay=0)
    inbox = _inbox(bench, PushMode.SAFE, notation)
    with simulator.state.lock:
        events: list[Any] = []
        original, simulator.state.queue_event = simulator.state.queue_event, lambda *given: events.append(given)
    trace_id = client.content.media(openid, url, MediaType.IMAGE, Scene.PROFILE)
    simulator.state.queue_event = original
    PushClient(simulator.state, inbox.send).deliver(simulator.state.default_app(), events[0][1])
    verdict = media_verdict(dict(next(iter(inbox.messages.values())).fields))
    assert verdict.trace_id == trace_id
    assert (verdict.verdict.suggestion if verdict.verdict else None) is suggestion
    assert verdict.download_failed is (suggestion is None)
