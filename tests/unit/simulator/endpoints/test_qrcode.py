"""Mini-program codes: pictures and refusals."""

import io

import pytest
from PIL import Image

PATH = "/wxa/getwxacodeunlimit"


@pytest.mark.parametrize(
    ("more", "content_type", "kind"),
    [({}, "image/jpeg", "JPEG"), ({"is_hyaline": True}, "image/png", "PNG")],
)
def test_a_code_is_a_real_picture_that_differs_by_scene(caller, more, content_type, kind):
    one = caller.raw_post(PATH, {"scene": "r=1", "page": "pages/index/index"} | more)
    two = caller.raw_post(PATH, {"scene": "r=2", "page": "pages/index/index"} | more)
    assert one.content_type == content_type
    picture = Image.open(io.BytesIO(one.data))
    picture.load()
    assert picture.format == kind
    assert one.data != two.data
    assert b"pages/index/index?scene=r=1" in one.data


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, 40169),
        ({"scene": ""}, 40169),
        ({"scene": "a" * 33}, 40169),
        ({"scene": "中文"}, 40169),
        ({"scene": "50%25"}, 40169),
        ({"scene": 5}, 40169),
        ({"scene": "x", "page": "pages/none/none"}, 41030),
        ({"scene": "x", "page": "/pages/index/index"}, 41030),
        ({"scene": "x", "page": "pages/index/index?a=1"}, 41030),
        ({"scene": "x", "page": None}, 41030),
        ({"scene": "x", "env_version": ""}, 40097),
        ({"scene": "x", "env_version": "beta"}, 40097),
        ({"scene": "x", "width": 279}, 40097),
        ({"scene": "x", "width": 1281}, 40097),
        ({"scene": "x", "width": "430"}, 40097),
    ],
)
def test_a_wrong_request_is_answered_in_json(caller, body, errcode):
    answer = caller.raw_post(PATH, body)
    assert answer.content_type.startswith("application/json")
    assert answer.get_json()["errcode"] == errcode


def test_every_allowed_sign_may_stand_in_a_scene(caller):
    assert caller.raw_post(PATH, {"scene": "aZ09!#$&'()*+,/:;=?@-._~"}).content_type == "image/jpeg"


def test_a_page_that_is_not_released_passes_if_the_check_is_off(caller):
    body = {"scene": "x", "page": "pages/new/new", "check_path": False}
    assert caller.raw_post(PATH, body).content_type == "image/jpeg"


def test_an_app_that_is_not_published_has_no_pages(caller):
    caller.control("apps", published=False)
    assert caller.post(PATH, {"scene": "x"})["errcode"] == 41030


def test_a_star_stands_for_every_page(caller):
    caller.control("apps", published_pages=["*"])
    assert caller.raw_post(PATH, {"scene": "x", "page": "pages/new/new"}).content_type == "image/jpeg"


def test_codes_are_limited_by_the_minute(caller):
    caller.control("limits", path=PATH, seconds=60, most=0)
    assert caller.post(PATH, {"scene": "x"})["errcode"] == 45009
