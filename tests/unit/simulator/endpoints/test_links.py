"""URL schemes and URL links."""

import pytest

SCHEME, LINK = "/wxa/generatescheme", "/wxa/generate_urllink"
DAY = 86400


def ask(caller, path, target, expiry=None):
    expiry = {"expire_type": 1, "expire_interval": 30} if expiry is None else expiry
    return caller.post(path, ({"jump_wxa": target} if path == SCHEME else target) | expiry)


def test_a_scheme_and_a_link_come_back(caller):
    target = {"path": "pages/index/index", "query": "run=1"}
    assert ask(caller, SCHEME, target)["openlink"].startswith("weixin://dl/business/?t=")
    assert ask(caller, LINK, target)["url_link"].startswith("https://wxaurl.cn/")


@pytest.mark.parametrize("path", [SCHEME, LINK])
@pytest.mark.parametrize(
    ("target", "errcode"),
    [
        ({"path": "pages/none/none"}, 40165),
        ({"path": "pages/index/index?x=1"}, 40165),
        ({"path": 1}, 40165),
        ({"path": "pages/none/none", "env_version": "develop"}, 0),
        ({"env_version": "beta"}, 40097),
        ({"query": "空"}, 40212),
        ({"query": "a" * 1025}, 40212),
        ({"query": "a" * 1024}, 0),
        ({"query": "a=%E4%BD%A0"}, 0),
        ({}, 0),
    ],
)
def test_a_target_is_checked(caller, path, target, errcode):
    assert ask(caller, path, target)["errcode"] == errcode


@pytest.mark.parametrize("path", [SCHEME, LINK])
def test_a_link_ends_within_thirty_days(caller, path):
    now = int(caller.state.now())
    codes = {
        "a month": {"expire_time": now + 30 * DAY},
        "longer": {"expire_time": now + 30 * DAY + 1},
        "past": {"expire_type": 0, "expire_time": now},
        "never": {},
        "31 days": {"expire_type": 1, "expire_interval": 31},
        "no kind": {"expire_type": 2, "expire_interval": 1},
        "text": {"expire_time": "soon"},
    }
    answers = {name: ask(caller, path, {}, expiry)["errcode"] for name, expiry in codes.items()}
    assert answers == dict.fromkeys(codes, 85401) | {"a month": 0}


@pytest.mark.parametrize("path", [SCHEME, LINK])
def test_an_unpublished_app_has_no_links(caller, path):
    caller.control("apps", published=False)
    assert ask(caller, path, {})["errcode"] == 85079


def test_schemes_and_links_share_their_day(caller):
    caller.control("limits", path="links", seconds=DAY, most=2)
    assert [ask(caller, path, {})["errcode"] for path in (SCHEME, LINK, SCHEME)] == [0, 0, 45009]


def test_links_are_limited_by_the_second(caller):
    caller.control("limits", path="links", seconds=1, most=1, errcode=44990)
    assert [ask(caller, LINK, {})["errcode"] for _ in range(2)] == [0, 44990]
