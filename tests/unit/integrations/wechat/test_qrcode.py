"""Mini-program codes and links."""

import io
from datetime import timedelta

import pytest
from PIL import Image as Picture

from wxcloudrun.integrations.wechat.errors import (
    InvalidAnswer,
    InvalidArgument,
    PageUnpublished,
    RateLimited,
    TokenRejected,
    Unavailable,
)
from wxcloudrun.integrations.wechat.qrcode import CodeStyle, EnvVersion

CODE = "/wxa/getwxacodeunlimit"


def _picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (2, 2)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(("kind", "mime"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
@pytest.mark.parametrize("stated", ["image/jpeg", "text/plain", "application/json"])
def test_the_kind_of_a_code_is_read_from_its_bytes(wechat, client, kind, mime, stated):
    picture = _picture(kind)
    wechat.on(CODE, wechat.raw(picture, Content_Type=stated))
    image = client.qrcode("run=1", "pages/run/index")
    assert (image.content, image.mime) == (picture, mime)


def test_what_is_asked_for_is_sent(wechat, client):
    wechat.on(CODE, _picture("PNG"))
    style = CodeStyle(width=1280, transparent=True)
    client.codes.qrcode("a", "pages/x", EnvVersion.TRIAL, check_path=False, style=style)
    assert wechat.calls(CODE)[0].json == {
        "scene": "a",
        "page": "pages/x",
        "check_path": False,
        "env_version": "trial",
        "width": 1280,
        "is_hyaline": True,
    }


def test_the_home_page_is_not_named(wechat, client):
    wechat.on(CODE, _picture("PNG"))
    client.qrcode("a")
    assert "page" not in wechat.calls(CODE)[0].json


@pytest.mark.parametrize("stated", ["image/jpeg", "text/plain", "application/json"])
@pytest.mark.parametrize(
    ("errcode", "kind"),
    [(41030, PageUnpublished), (40169, InvalidArgument), (40097, InvalidArgument), (45009, RateLimited)],
)
def test_an_error_is_never_a_picture(wechat, client, stated, errcode, kind):
    body = b'{"errcode": %d, "errmsg": "x"}' % errcode
    wechat.on(CODE, wechat.raw(body, Content_Type=stated))
    with pytest.raises(kind):
        client.qrcode("a")


@pytest.mark.parametrize("body", [b"", b"GIF89a", b"<svg/>", b"\xff\xd8", b'{"errcode": 0}', b"{"])
def test_what_is_no_picture_is_not_served_as_one(wechat, client, body):
    wechat.on(CODE, wechat.raw(body, Content_Type="image/png"))
    with pytest.raises(InvalidAnswer):
        client.qrcode("a")


def test_a_picture_cut_short_is_no_picture(wechat, client):
    wechat.on(CODE, wechat.raw(_picture("PNG"), Content_Length="9999"))
    with pytest.raises(Unavailable):
        client.qrcode("a")


def test_a_refused_token_is_replaced_here_too(wechat, client):
    wechat.on(CODE, {"errcode": 40001}, _picture("PNG"))
    assert client.qrcode("a").mime == "image/png"
    wechat.on(CODE, {"errcode": 42001})
    with pytest.raises(TokenRejected):
        client.qrcode("a")


@pytest.mark.parametrize("scene", ["a", "a" * 32, "!#$&'()*+,/:;=?@-._~"])
def test_a_scene_of_the_allowed_characters_is_sent(wechat, client, scene):
    wechat.on(CODE, _picture("PNG"))
    client.qrcode(scene)
    assert wechat.calls(CODE)[0].json["scene"] == scene


@pytest.mark.parametrize("scene", ["", "a" * 33, "a%20b", "中", "a b", "a\n", '"', "a^b"])
def test_a_scene_wechat_would_refuse_is_found_before_sending(wechat, client, scene):
    with pytest.raises(InvalidArgument) as caught:
        client.qrcode(scene)
    assert caught.value.field == "scene"
    assert wechat.seen == []


@pytest.mark.parametrize("page", ["/pages/x", "pages/x?a=1", "pages/x#y", "pages x"])
def test_a_page_with_a_slash_or_a_query_is_found_before_sending(client, page):
    with pytest.raises(InvalidArgument) as caught:
        client.qrcode("a", page)
    assert caught.value.field == "page"


@pytest.mark.parametrize("width", [279, 1281, 0, -1])
def test_a_width_out_of_range_is_found_before_sending(client, width):
    with pytest.raises(InvalidArgument) as caught:
        client.codes.qrcode("a", style=CodeStyle(width))
    assert caught.value.field == "width"


def test_a_link_has_an_end(wechat, client, clock):
    wechat.on("/wxa/generate_urllink", {"errcode": 0, "url_link": "https://wxaurl.cn/x"})
    wechat.on("/wxa/generatescheme", {"errcode": 0, "openlink": "weixin://dl/business/?t=x"})
    end = clock.now() + timedelta(days=30)
    assert client.codes.urllink("pages/x", "a=1&b=%E4%B8%AD", end) == "https://wxaurl.cn/x"
    assert client.codes.scheme("pages/x", "a=1", end, EnvVersion.DEVELOP) == "weixin://dl/business/?t=x"
    link, scheme = wechat.calls("/wxa/generate_urllink")[0].json, wechat.calls("/wxa/generatescheme")[0].json
    assert (link["path"], link["expire_type"], link["expire_time"]) == ("pages/x", 0, int(end.timestamp()))
    assert scheme["jump_wxa"] == {"path": "pages/x", "query": "a=1", "env_version": "develop"}


@pytest.mark.parametrize("days", [0, -1, 30.01])
def test_a_link_for_more_than_30_days_or_for_the_past_is_refused(client, clock, days):
    end = clock.now() + timedelta(days=days)
    for make in (client.codes.urllink, client.codes.scheme):
        with pytest.raises(InvalidArgument) as caught:
            make("pages/x", "", end)
        assert caught.value.field == "expires_at"


@pytest.mark.parametrize("query", ["a b", "中", "a" * 1025])
def test_a_query_of_other_characters_is_refused(client, clock, query):
    with pytest.raises(InvalidArgument) as caught:
        client.codes.urllink("pages/x", query, clock.now() + timedelta(days=1))
    assert caught.value.field == "query"


@pytest.mark.parametrize(("errcode", "field"), [(40165, "path"), (40212, "query"), (85401, None), (40097, None)])
def test_a_link_wechat_refuses_names_what_is_wrong(wechat, client, clock, errcode, field):
    wechat.on("/wxa/generate_urllink", {"errcode": errcode})
    with pytest.raises(InvalidArgument) as caught:
        client.codes.urllink("pages/x", "", clock.now() + timedelta(days=1))
    assert caught.value.field == field
