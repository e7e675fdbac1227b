"""What callers are told when WeChat refuses: every class of its errors has an answer, and none says too much."""

import pytest

from wxcloudrun.features.wechat.errors import translated
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat import refusals

CASES = [
    (wechat.RateLimited("call", errcode=45011, retry_after=60), 429, "wechat_busy", 60),
    (wechat.Busy("call", errcode=-1), 429, "wechat_busy", 1),
    (wechat.SendInFlight("call", errcode=43108), 429, "wechat_busy", 1),
    (wechat.Misconfigured("call", errcode=40125), 503, "wechat_misconfigured", None),
    (wechat.TokenRejected("call", errcode=40001), 503, "wechat_misconfigured", None),
    (wechat.Unavailable("call", maybe_sent=True, reason="timeout"), 504, "wechat_timeout", None),
    (wechat.Unavailable("call", maybe_sent=False, reason="refused"), 502, "wechat_unavailable", None),
    (wechat.InvalidAnswer("call", http_status=500, reason="empty"), 502, "wechat_unavailable", None),
    (wechat.Refused("call", errcode=12345), 502, "wechat_unavailable", None),
    (wechat.UnknownUser("call", errcode=40003), 409, "wechat_user_unknown", None),
    (wechat.UserInactive("call", errcode=61010), 409, "wechat_user_inactive", None),
    (wechat.PageUnpublished("call", errcode=41030), 409, "page_unpublished", None),
    (wechat.UserRefused("call", errcode=43101), 409, "not_subscribed", None),
    (wechat.TemplateUnusable("call", errcode=40037), 422, "template_unusable", None),
    (wechat.ContentRejected("call", errcode=45168), 422, "content_refused", None),
]


@pytest.mark.parametrize(("error", "status", "name", "wait"), CASES)
def test_each_error_has_its_answer(error, status, name, wait):
    refusal = translated(error)
    assert (refusal.status, refusal.name(), refusal.retry_after) == (status, name, wait)


def test_a_value_that_wechat_refuses_is_named_with_its_rule():
    refusal = translated(wechat.InvalidArgument("call", field="scene", rule="1 to 32 digits"))
    assert [(fault.field, fault.reason) for fault in refusal.fields] == [("scene", "1 to 32 digits")]


def test_a_refused_value_without_a_name_is_still_a_refused_value():
    refusal = translated(wechat.InvalidArgument("call", field=None, errcode=47003))
    assert (refusal.status, refusal.fields[0].field, refusal.fields[0].reason) == (422, "body", "refused_by_wechat")


def test_an_error_that_is_added_one_day_is_the_upstreams_fault():
    class Tomorrow(wechat.WeChatError):
        pass

    assert refusals.translated(Tomorrow("call")).status == 502
