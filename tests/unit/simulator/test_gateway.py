"""The container gateway: identity, limits and the stranger outside."""

import pytest

from wxcloudrun.simulator import DEFAULT_APPID
from wxcloudrun.simulator.constants import DEFAULT_CLOUD_ENV
from wxcloudrun.simulator.gateway import ContainerCall, ContainerGateway, GatewayError, GatewayFailure

OTHER = "wxsimulator0000002"


def call(caller, product, **body):
    return caller.control("call-container", target=product.url, **body)


def headers_of(product):
    return {name.lower(): value for name, value in product.received[-1].headers}


def test_a_call_arrives_with_the_users_identity(caller, product):
    openid = caller.control("users", name="alice", unionid="union-1")["openid"]
    product.replies = [(201, '{"名":1}'.encode())]
    result = call(caller, product, path="/api/v1/me?x=1", method="PUT", name="alice", data={"a": "你"})
    assert (result["statusCode"], result["data"]) == (201, '{"名":1}')
    assert result["callID"]
    headers = headers_of(product)
    expected = {
        "x-wx-openid": openid,
        "x-wx-unionid": "union-1",
        "x-wx-appid": DEFAULT_APPID,
        "x-wx-env": DEFAULT_CLOUD_ENV,
        "x-wx-source": "wx_client",
        "content-type": "application/json",
    }
    assert {name: headers.get(name) for name in expected} == expected
    assert headers["x-original-forwarded-for"]
    assert (product.received[0].method, product.received[0].target) == ("PUT", "/api/v1/me?x=1")
    assert product.received[0].body == '{"a": "你"}'.encode()


def test_the_injected_cloudbase_token_works_at_wechats(caller, product):
    call(caller, product, name="alice")
    token = headers_of(product)["x-wx-cloudbase-access-token"]
    answer = caller.post("/wxa/msg_sec_check", {"content": "x"}, access_token=None, cloudbase_access_token=token)
    assert answer["errcode"] == 0


def test_a_call_counts_as_a_visit(caller, product):
    caller.control("users", name="alice", last_seen=None)
    call(caller, product, name="alice")
    assert caller.state.user_named(DEFAULT_APPID, "alice").last_seen == caller.state.now()


def test_a_call_without_a_user_has_no_identity(caller, product):
    call(caller, product)
    headers = headers_of(product)
    assert "x-wx-openid" not in headers
    assert headers["x-wx-source"]


def test_a_client_cannot_make_its_identity_up(caller, product):
    header = {"X-WX-OPENID": "forged", "x-wx-source": "forged", "X-WX-SERVICE": "api", "Authorization": "Bearer t"}
    call(caller, product, header=header)
    headers = headers_of(product)
    assert "x-wx-openid" not in headers
    assert headers["x-wx-source"] == "wx_client"
    assert (headers["x-wx-service"], headers["authorization"]) == ("api", "Bearer t")


def test_a_client_can_leave_its_identity_out(caller, product):
    caller.control("users", name="alice", unionid="union-1")
    header = {"X-WX-EXCLUDE-CREDENTIALS": "openid, unionid, cloudbase-access-token"}
    call(caller, product, name="alice", header=header)
    headers = headers_of(product)
    assert not {"x-wx-openid", "x-wx-unionid", "x-wx-cloudbase-access-token"} & set(headers)
    assert headers["x-wx-source"] == "wx_client"


def test_a_call_from_an_app_that_shares_the_environment_says_from_whom(caller, product):
    caller.control("apps", appid=OTHER)
    openid = caller.control("users", name="alice", appid=OTHER)["openid"]
    call(caller, product, name="alice", from_appid=OTHER)
    headers = headers_of(product)
    assert "x-wx-openid" not in headers
    assert (headers["x-wx-from-openid"], headers["x-wx-from-appid"]) == (openid, OTHER)
    assert headers["x-wx-appid"] == DEFAULT_APPID


def test_there_is_no_patch(caller, product):
    assert call(caller, product, method="PATCH")["failure"] == "method_not_allowed"
    assert product.received == []


@pytest.mark.parametrize(("size", "failure"), [(100 * 1024, None), (100 * 1024 + 1, "request_too_large")])
def test_a_request_has_a_hundred_kibibytes(caller, product, size, failure):
    assert call(caller, product, method="POST", data="x" * size).get("failure") == failure


@pytest.mark.parametrize(("size", "failure"), [(1000 * 1024, None), (1000 * 1024 + 1, "response_too_large")])
def test_a_response_has_a_thousand_kibibytes(caller, product, size, failure):
    product.replies = [(200, b"x" * size)]
    assert call(caller, product).get("failure") == failure


def test_a_call_that_takes_too_long_fails(caller, product):
    product.replies = ["hang"]
    assert caller.state.options.gateway_timeout == 15
    caller.control("options", gateway_timeout=0.1)
    assert call(caller, product)["failure"] == "timeout"


def test_a_container_that_is_down_is_unreachable(caller):
    assert caller.control("call-container", target="http://127.0.0.1:1")["failure"] == "unreachable"
    assert caller.control("call-public", target="ftp://127.0.0.1")["failure"] == "unreachable"


def test_a_stranger_sends_any_header_and_repeats_it(caller, product):
    header = {"X-WX-OPENID": ["o-first", "o-second"], "X-WX-SOURCE": "wx_client"}
    result = caller.control("call-public", target=product.url, path="/api", method="POST", header=header, data="{}")
    assert result["statusCode"] == 200
    values = [value for name, value in product.received[0].headers if name == "X-WX-OPENID"]
    assert values == ["o-first", "o-second"]
    assert "X-WX-ENV" not in dict(product.received[0].headers)


def test_the_gateway_serves_python_too(state, product):
    product.replies = [(200, b"hi")]
    openid = state.user_named(DEFAULT_APPID, "alice").openid
    result = ContainerGateway(state, product.url).call(ContainerCall("/x", openid=openid))
    assert (result.status, result.body) == (200, b"hi")
    with pytest.raises(GatewayError) as error:
        ContainerGateway(state, product.url).call(ContainerCall("/x", "PATCH"))
    assert error.value.failure is GatewayFailure.METHOD


@pytest.mark.parametrize("path", ["call-container", "call-public"])
def test_a_call_that_makes_no_sense_is_a_bad_request(caller, path):
    caller.control(path, expect=400)
    caller.control(path, expect=400, target="http://127.0.0.1:1", header=[])
