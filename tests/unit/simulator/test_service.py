"""What every request meets: the fixed order of checks, the wording of refusals, the journal and the sidecar."""

import json
import re

import pytest

from wxcloudrun.simulator import AppConfig, Options, SimulatorState, create_simulator
from wxcloudrun.simulator.endpoints.catalogue import ENDPOINTS
from wxcloudrun.simulator.gate import Access

WITH_TOKEN = sorted(path for path, endpoint in ENDPOINTS.items() if endpoint.access is Access.TOKEN)
POSTED = sorted(path for path, endpoint in ENDPOINTS.items() if endpoint.method == "POST")
POSTED_WITH_TOKEN = sorted(set(WITH_TOKEN) & set(POSTED))
PATH = "/wxa/msg_sec_check"


@pytest.mark.parametrize("path", POSTED)
def test_a_get_to_a_post_path_is_refused_before_anything_else(caller, path):
    assert caller.get(path)["errcode"] == 43002


@pytest.mark.parametrize("path", WITH_TOKEN)
def test_a_missing_token_is_refused_before_the_body(caller, path):
    send = caller.client.post if path in POSTED else caller.client.get
    assert json.loads(send(path).data)["errcode"] == 41001


@pytest.mark.parametrize(
    ("token", "errcode"), [("short", 40014), ("bad token with spaces in it", 40014), ("x" * 128, 40001)]
)
def test_a_token_is_judged_by_shape_and_then_by_being_known(caller, token, errcode):
    assert caller.post(PATH, b"", access_token=token)["errcode"] == errcode


def test_an_expired_token_is_refused_before_an_empty_body(caller):
    token = caller.token()
    caller.control("clock", advance=7200)
    assert caller.post(PATH, b"", access_token=token)["errcode"] == 42001


@pytest.mark.parametrize("path", POSTED_WITH_TOKEN)
def test_the_body_is_checked_for_presence_and_then_for_json(caller, path):
    assert caller.post(path, b"")["errcode"] == 44002
    assert caller.post(path, b"{")["errcode"] == 47001
    assert caller.post(path, b'"text"')["errcode"] == 47001


def test_a_form_is_no_json(caller):
    answer = caller.client.post(PATH, query_string={"access_token": caller.token()}, data={"content": "x"})
    assert answer.get_json()["errcode"] == 47001


def test_parameters_are_checked_before_the_quota(caller):
    caller.control("limits", path=PATH, seconds=60, most=0, errcode=44991)
    assert caller.post(PATH, {"content": "x", "version": 2, "scene": 9})["errcode"] == 40129


def test_every_refusal_is_http_200_with_a_rid_at_the_end(caller):
    answer = caller.client.get("/wxa/checksession")
    assert answer.status_code == 200
    assert re.search(r" rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", answer.get_json()["errmsg"])


def test_a_path_that_wechat_has_not_got_is_refused(caller):
    assert caller.get("/wxa/nothing")["errcode"] == 40066
    assert caller.get("/")["errcode"] == 40066


def test_chinese_in_an_answer_is_not_escaped(caller):
    caller.control("users", name="demo", unionid="联合")
    code = caller.control("login-code")["code"]
    app = AppConfig()
    query = {"appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code"}
    assert "联合".encode() in caller.client.get("/sns/jscode2session", query_string=query).data


def test_the_journal_keeps_every_request_whole(caller):
    caller.control("reset")
    caller.client.post(PATH + "?access_token=abc&access_token=def", data="你好".encode(), headers={"X-Trace": "t1"})
    journal = caller.client.get("/_sim/journal").get_json()
    (entry,) = journal["entries"]
    assert (entry["method"], entry["path"], entry["query"], entry["body"], entry["errcode"]) == (
        "POST",
        PATH,
        {"access_token": "def"},
        "你好",
        40014,
    )
    assert entry["headers"]["X-Trace"] == "t1"
    assert journal["counts"] == {PATH: 1}


def test_the_journal_counts_one_path_and_leaves_control_requests_out(caller):
    caller.control("reset")
    caller.get("/wxa/nothing")
    caller.get("/sns/jscode2session")
    journal = caller.client.get("/_sim/journal?path=/sns/jscode2session").get_json()
    assert journal["count"] == 1
    assert set(journal["counts"]) == {"/wxa/nothing", "/sns/jscode2session"}


def test_behind_the_sidecar_no_token_is_needed_and_a_sequence_id_comes_back(caller):
    caller.control("options", sidecar=True)
    answer = caller.client.post(PATH, json={"content": "x"})
    assert answer.get_json()["errcode"] == 0
    assert answer.headers["x-openapi-seqid"]
    assert caller.client.post(PATH, json={}).headers["x-openapi-seqid"]


def test_a_cloudbase_token_works_for_half_an_hour_under_its_own_name_only(caller):
    value = caller.control("cloudbase-token")["cloudbase_access_token"]

    def ask(**query):
        return caller.client.post(PATH, query_string=query, json={"content": "x"}).get_json()["errcode"]

    assert ask(cloudbase_access_token=value) == 0
    assert ask(access_token=value) == 40001
    assert ask(cloudbase_access_token=caller.token()) == 40001
    assert ask(cloudbase_access_token="default-tcb-wx-access-token") == 40001
    caller.control("clock", advance=1800)
    assert ask(cloudbase_access_token=value) == 42001


def test_with_clock_and_randomness_given_two_simulators_answer_alike():
    def answers():
        state = SimulatorState(clock=lambda: 1.0, random_bytes=lambda count: b"\x07" * count)
        client = create_simulator(state).test_client()
        code = client.post("/_sim/login-code", json={}).get_json()["code"]
        query = {"appid": AppConfig().appid, "secret": AppConfig().secret, "grant_type": "authorization_code"}
        return [client.get("/sns/jscode2session", query_string=query | {"js_code": code}).data for _ in range(2)]

    assert answers() == answers()


def test_a_reset_goes_back_to_the_first_apps_and_options():
    state = SimulatorState([AppConfig(secret="other")], Options(sidecar=True))
    client = create_simulator(state).test_client()
    client.post("/_sim/apps", json={"secret": "changed"})
    client.post("/_sim/options", json={"sidecar": False})
    client.post("/_sim/login-code", json={})
    client.post("/_sim/reset")
    assert state.default_app().secret == "other"
    assert state.options.sidecar
    assert state.users == state.login_codes == {}
