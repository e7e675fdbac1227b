"""URLs are joined, filled and encoded by clear rules, and no spelling of a host survives."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.send.request_values import Param
from wxcloudrun.engine.send.url import follow, parse_url, resolve_url


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("https://h/api", "/users", "https://h/api/users"),
        ("https://h/api/", "users", "https://h/api/users"),
        ("https://h", "", "https://h/"),
        ("https://h/api", "", "https://h/api"),
        ("https://h/api?k=1", "/a?b=2", "https://h/api/a?k=1&b=2"),
        ("https://h/api", "?b=2", "https://h/api?b=2"),
        ("https://h/api", "http://other/x", "http://other/x"),
        ("https://h/api", "//other/x", "https://other/x"),
        (None, "HTTP://EXAMPLE.com:80/A", "http://example.com/A"),
        (None, "https://example.com:443", "https://example.com/"),
        (None, "https://example.com:80", "https://example.com:80/"),
        (None, " http://h/a b ", "http://h/a%20b"),
        (None, "http://h/a%20b%2F%zz%", "http://h/a%20b%2F%25zz%25"),
        (None, "http://h/中?q=中", "http://h/%E4%B8%AD?q=%E4%B8%AD"),
        (None, "http://h/a#part?x", "http://h/a"),
        (None, "http://h?x=1", "http://h/?x=1"),
        (None, "http://h/?", "http://h/?"),
        (None, "http://h/../a/./b", "http://h/../a/./b"),
        (None, "http://例え.jp/", "http://xn--r8jz45g.jp/"),
        (None, "http://☕.example/", "http://xn--53h.example/"),
        (None, "http://faß.de./", "http://xn--fa-hia.de/"),
        (None, "http://0x7f.1:8080/", "http://127.0.0.1:8080/"),
        (None, "http://[2001:DB8::0:1]:8080/", "http://[2001:db8::1]:8080/"),
        (None, "http://user:pa%40ss@h/", "http://h/"),
        (None, "http://allowed.example@127.0.0.1/", "http://127.0.0.1/"),
        (None, "http://a@b@c/", "http://c/"),
        (None, "http://h/a\\b", "http://h/a%5Cb"),
        (None, "http://h:/", "http://h/"),
    ],
)
def test_urls_are_joined_and_written_in_one_spelling(base, url, expected):
    assert resolve_url(base, url).text == expected


@pytest.mark.parametrize(
    "url",
    [
        "/relative", "users", "ftp://h/", "file:///etc/passwd", "gopher://h/", "localhost:8080/x", "http:/h", "http:h",
        "http://", "http:///x", "http://:80/", "http://h:0/", "http://h:65536/", "http://h:8a/", "http://h:+80/",
        "http://h:８０/", "http://[::1", "http://[::1]x/", "http://[fe80::1%25eth0]/", "http://[127.0.0.1]/",
        "http://[localhost]/", "http://a b/", "http://a\\@b/", "http://h\r\nX: y/", "http://h/\nb", "http://h/\0",
        "http://1.2.3.4.5/", "http://256.1.1.1/", "http://0x/", "http://a..b/", "http://-a.example/", "http://%00/",
        "http://a%2fb/", "http://%25/", "http://" + "a" * 64 + ".example/", "http://" + "a." * 130 + "b/", "http://\ud800/",
        "http://h/\ud800", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_cannot_be_a_url_is_a_definition_error(url):
    with pytest.raises(DefinitionError) as caught:
        resolve_url(None, url)
    assert caught.value.field == "url"


def test_path_parameters_are_filled_and_wholly_encoded():
    url = resolve_url("http://h:8080", "/a/{id}/:name/x:batch/:other?t={id}", {"id": "1/2 ?", "name": 7})
    assert url.text == "http://h:8080/a/1%2F2%20%3F/7/x:batch/:other?t=%7Bid%7D"


def test_a_path_parameter_without_a_value_is_an_error():
    for params in ({}, {"id": None}):
        with pytest.raises(DefinitionError, match=r"path_params\.id"):
            resolve_url("http://h", "/a/{id}", params)


def test_query_lists_keep_order_repetition_and_types():
    query = [
        Param(name="a", value="x&y=z +%"),
        Param(name="a", value=2),
        Param(name="b", value=True),
        Param(name="gone", value=1, enabled=False),
        Param(name="flag"),
        Param(name="empty", value=""),
        Param(name="中[]", value=1.5),
    ]
    url = resolve_url(None, "http://h/?z=%20", {}, query)
    assert url.query == "z=%20&a=x%26y%3Dz%20%2B%25&a=2&b=true&flag&empty=&%E4%B8%AD%5B%5D=1.5"


def test_credentials_leave_the_text_and_are_decoded():
    url = parse_url("http://us%40er:p%3Aw:x@h/a?b")
    assert (url.username, url.password) == ("us@er", "p:w:x")
    assert url.text == "http://h/a?b"
    assert url.shown == "h/a"


_HOSTS = ["http://h", " https://u:p%40@H.example:8443", "http://[::1]:1", "http://127.1", "http://a\\b"]
_ANY_TEXT = st.text("aZ09/.~_-:{}%?&#= \t\n\\@中\ud800", max_size=12)
_BASES = st.one_of(
    st.sampled_from(
        [None, "", " ", "?q", "http:", "http:/", "http://", "HTTP://H:80//", "https://h/a/{id}", "ftp://h"]
    ),
    st.tuples(
        st.sampled_from(_HOSTS), st.from_regex(r"(/[a-c:%1 中]{0,4}){0,3}/{0,2}(\?[a=%]{0,3})?(#x)?", fullmatch=True)
    ),
    st.tuples(st.sampled_from(_HOSTS), _ANY_TEXT),
).map(lambda base: base if base is None else "".join(base))
_PATHS = st.one_of(
    st.from_regex(r"/{0,3}[a-z0-9_.~-]{0,6}(/[A-Z0-9_.~-]{0,6}){0,3}/?", fullmatch=True),
    _ANY_TEXT,
    st.sampled_from(["http://other/x", "//other/x", "mailto:x", "/orders/1?b=2", "/a/:id", "/a/{id}", "/100%", "/1\n"]),
)


def _resolved(*arguments):
    try:
        return resolve_url(*arguments)
    except DefinitionError as fault:
        return fault.field, fault.reason


@given(_BASES, _PATHS)
@example("http://h", "/100%")
def test_a_path_at_the_end_of_a_known_base_gives_what_reading_the_whole_url_gives(base, url):
    whole = _resolved(base, url, {"no-such-place": 1})  # with a path parameter the URL is joined and read as a whole
    assert _resolved(base, url) == whole
    assert _resolved(base, url) == whole  # from what is kept


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b", "http://h/b"),
        ("b?c", "http://h/x/b?c"),
        ("//o:1/", "http://o:1/"),
        ("https://o", "https://o/"),
        ("?q", "http://h/x/a?q"),
        ("../y", "http://h/y"),
        ("/中 文", "http://h/%E4%B8%AD%20%E6%96%87"),
    ],
)
def test_locations_are_resolved_against_the_current_url(location, expected):
    assert follow(parse_url("http://h/x/a?k=1"), location).text == expected


@given(st.text(max_size=60))
def test_any_path_ends_encoded_once(path):
    try:
        text = resolve_url("http://h", "/" + path.replace("{", "").replace(":", ""), {}).text
    except DefinitionError:
        return
    assert text.isascii()
    assert " " not in text
    assert parse_url(text).text == text


@given(st.text(max_size=40))
def test_any_host_is_canonical_or_refused(host):
    try:
        found = parse_url(f"http://{host}/").host
    except DefinitionError:
        return
    assert found.isascii()
    assert not set(found) & set("/\\@?# %[]")
    assert parse_url(f"http://[{found}]/" if ":" in found else f"http://{found}/").host == found
