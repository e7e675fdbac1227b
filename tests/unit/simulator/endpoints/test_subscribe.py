"""Subscribe messages: rights, refusals and races."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from wxcloudrun.simulator.constants import DEFAULT_LONG_TEMPLATE_ID, DEFAULT_TEMPLATE_ID

PATH = "/cgi-bin/message/subscribe/send"
DATA = {
    "thing1": {"value": "每日回归"},
    "phrase2": {"value": "已通过"},
    "time3": {"value": "2026-11-20 08:30"},
    "character_string4": {"value": "run-1"},
}


@pytest.fixture
def openid(caller):
    return caller.control("users", name="demo")["openid"]


def accept(caller, openid, times=1, template_id=DEFAULT_TEMPLATE_ID):
    for _ in range(times):
        caller.control("subscribe", openid=openid, template_id=template_id)


def send(caller, openid, **more):
    return caller.post(PATH, {"touser": openid, "template_id": DEFAULT_TEMPLATE_ID, "data": DATA} | more)


def test_an_acceptance_is_the_right_to_send_once(caller, openid):
    accept(caller, openid)
    taken = send(caller, openid)
    assert taken["errcode"] == 0
    assert taken["msgid"] > 2**53
    assert send(caller, openid)["errcode"] == 43101
    assert [message.msgid for message in caller.state.sent_messages] == [taken["msgid"]]


def test_acceptances_add_up(caller, openid):
    accept(caller, openid, times=2)
    assert [send(caller, openid)["errcode"] for _ in range(3)] == [0, 0, 43101]


def test_a_long_term_acceptance_lasts(caller, openid):
    accept(caller, openid, template_id=DEFAULT_LONG_TEMPLATE_ID)
    codes = [send(caller, openid, template_id=DEFAULT_LONG_TEMPLATE_ID)["errcode"] for _ in range(3)]
    assert codes == [0, 0, 0]


def test_a_user_who_rejects_gives_no_right(caller, openid):
    caller.control("subscribe", openid=openid, template_id=DEFAULT_TEMPLATE_ID, result="reject")
    assert send(caller, openid)["errcode"] == 43101


def test_a_user_who_changes_the_settings_takes_all_rights_back(caller, openid):
    accept(caller, openid, times=3)
    caller.control("subscribe", openid=openid, template_id=DEFAULT_TEMPLATE_ID, result="change")
    assert send(caller, openid)["errcode"] == 43101


def test_a_message_queues_its_sent_event(caller, openid):
    accept(caller, openid)
    caller.state.take_due_events()
    msgid = send(caller, openid)["msgid"]
    (event,) = caller.state.take_due_events()
    assert event.payload["Event"] == "subscribe_msg_sent_event"
    assert event.payload["List"][0]["MsgID"] == str(msgid)


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "nobody"}, 40003),
        ({"touser": ""}, 40003),
        ({"template_id": "unknown"}, 40037),
        ({"page": "pages/none/none"}, 41030),
        ({"page": 7}, 41030),
        ({"page": "pages/none/none", "miniprogram_state": "developer"}, 0),
        ({"page": "pages/index/index?run=1"}, 0),
        ({"miniprogram_state": "beta"}, 47003),
        ({"lang": "fr_FR"}, 47003),
        ({"data": None}, 47003),
        ({"data": {**DATA, "thing1": {"value": "has a sensitive-word"}}}, 45168),
    ],
)
def test_a_wrong_message_is_refused_and_costs_no_right(caller, openid, change, errcode):
    accept(caller, openid)
    assert send(caller, openid, **change)["errcode"] == errcode
    assert caller.state.quota[openid, DEFAULT_TEMPLATE_ID] == (1 if errcode else 0)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({name: value for name, value in DATA.items() if name != "time3"}, "time3"),
        (DATA | {"thing9": {"value": "x"}}, "thing9"),
        (DATA | {"thing1": {"value": ""}}, "thing1"),
        (DATA | {"thing1": {"value": "字" * 21}}, "thing1"),
        (DATA | {"phrase2": {"value": 5}}, "phrase2"),
        (DATA | {"phrase2": "bare"}, "phrase2"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(caller, openid, data, name):
    accept(caller, openid)
    refused = send(caller, openid, data=data)
    assert refused["errcode"] == 47003
    assert f"data.{name}." in refused["errmsg"]


def test_an_openid_of_another_app_is_unknown_here(caller):
    caller.control("apps", appid="wxsimulator0000002")
    foreign = caller.control("users", name="demo", appid="wxsimulator0000002")["openid"]
    assert send(caller, foreign)["errcode"] == 40003


def test_an_enum_takes_its_listed_values_only(caller, openid):
    caller.control("templates", template_id="T", keys=["enum1"], enums={"enum1": ["高", "低"]})
    accept(caller, openid, times=2, template_id="T")
    answers = [send(caller, openid, template_id="T", data={"enum1": {"value": v}})["errcode"] for v in ("高", "中")]
    assert answers == [0, 47003]


def test_a_banned_template_sends_nothing(caller, openid):
    accept(caller, openid)
    caller.control("templates", template_id=DEFAULT_TEMPLATE_ID, banned=True)
    assert send(caller, openid)["errcode"] == 43107


def test_messages_have_a_cap_for_the_day_that_costs_no_right(caller, openid):
    accept(caller, openid)
    caller.control("limits", path=PATH, seconds=86400, most=0)
    assert send(caller, openid)["errcode"] == 45009
    assert caller.state.quota[openid, DEFAULT_TEMPLATE_ID] == 1


def test_two_sends_to_one_user_at_once_collide_and_to_two_users_do_not(caller, openid):
    other = caller.control("users", name="other")["openid"]
    caller.control("options", send_duration_ms=300)
    for one in (openid, other):
        accept(caller, one, times=2)
    caller.token()
    with ThreadPoolExecutor(3) as pool:
        codes = sorted(answer["errcode"] for answer in pool.map(lambda one: send(caller, one), [openid, openid, other]))
    assert codes == [0, 0, 43108]


def test_ten_workers_and_three_rights_make_three_messages(caller, openid):
    accept(caller, openid, times=3)
    caller.token()

    def insist(_):
        while (code := send(caller, openid)["errcode"]) == 43108:
            time.sleep(0.005)  # as a client that backs off would
        return code

    with ThreadPoolExecutor(10) as pool:
        codes = sorted(pool.map(insist, range(10)))
    assert codes == [0] * 3 + [43101] * 7
