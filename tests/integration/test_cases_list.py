"""Lists of cases: filters, orders, pages, and who finds what."""

import pytest

from tests.integration.cases_bench import Library
from tests.integration.projects_bench import error_of, faults_of

ORDERS = ("created_at", "name", "position", "updated_at")


@pytest.fixture
def filled(each_library: Library) -> Library:
    """Cases that differ in everything."""
    library, owner = each_library, each_library.team.owner
    library.case("Pay", folder="money", tags=["smoke", "a b"], position=3, request={"method": "POST", "url": "/pay"})
    library.case("refund", folder="money/back", tags=["smoke"], position=1, status="done")
    library.case("退款 100%", folder="moneyless", tags=["慢"], position=2, owner_id=owner.id)
    library.case("ping", who=owner, visibility="public", request={"url": "https://host.example/PING_it"})
    return library


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ping", "退款 100%", "refund", "Pay"]),
        ("?folder=money", ["refund", "Pay"]),
        ("?folder=money/back", ["refund"]),
        ("?folder=mone", []),
        ("?tag=smoke", ["refund", "Pay"]),
        ("?tag=smoke&tag=a%20b", ["Pay"]),
        ("?tag=smoke&tag=%E6%85%A2", []),
        ("?tag=%E6%85%A2", ["退款 100%"]),
        ("?status=done", ["refund"]),
        ("?method=post", ["Pay"]),
        ("?visibility=public", ["ping"]),
        ("?visibility=private", []),
        ("?q=PA", ["Pay"]),
        ("?q=退款", ["退款 100%"]),
        ("?q=款", ["退款 100%"]),
        ("?q=0%25", ["退款 100%"]),
        ("?q=ping_it", ["ping"]),
        ("?q=pingxit", []),
        ("?q=ping&folder=money", []),
        ("?q=orders&tag=smoke&status=done", ["refund"]),
        ("?trashed=true", []),
        ("?sort=name", ["Pay", "ping", "refund", "退款 100%"]),
        ("?sort=-name", ["退款 100%", "refund", "ping", "Pay"]),
        ("?sort=position", ["ping", "refund", "退款 100%", "Pay"]),
        ("?sort=created_at", ["Pay", "refund", "退款 100%", "ping"]),
        ("?sort=-updated_at&folder=money", ["refund", "Pay"]),
    ],
)
def test_cases_are_found_by_what_they_have(filled: Library, query, names):
    assert filled.names(query) == names


def test_cases_are_found_by_their_owner(filled: Library):
    assert filled.names(f"?owner_id={filled.team.owner.id}") == ["ping", "退款 100%"]


def test_what_changes_is_found_as_it_is_now(filled: Library):
    number = filled.case("old", folder="x", tags=["t"], request={"url": "/old"})
    change = {"name": "new", "folder": "y", "tags": ["u"], "request": {"method": "DELETE", "url": "/fresh"}}
    filled.team.editor.ok("PUT", filled.place(number), change)
    for query in ("?q=old", "?folder=x", "?tag=t"):
        assert filled.names(query) == []
    for query in ("?q=fresh", "?q=new", "?folder=y", "?tag=u", "?method=DELETE"):
        assert filled.names(query) == ["new"]
    filled.team.editor.ok("DELETE", filled.place(number))
    assert filled.names("?q=fresh") == []
    assert filled.names("?q=fresh&trashed=true") == filled.names("?folder=y&trashed=true") == ["new"]


def test_a_line_says_what_is_needed_to_choose(filled: Library):
    team = filled.team
    team.owner.ok("PUT", "/api/user/profile", {"nickname": "Olga"})
    line = team.viewer.ok("GET", f"{filled.cases}?q=ping")["items"][0]
    seen = team.viewer.ok("GET", filled.place(line["id"]))
    assert line == {name: seen[name] for name in line}
    assert (line["owner"], line["origin"], line["run_count"]) == ("Olga", None, 0)
    assert {"request", "assertions", "description"}.isdisjoint(line)


def test_private_cases_are_listed_for_their_creator_and_owners(each_library: Library):
    library, team = each_library, each_library.team
    library.case("shared")
    library.case("the editor's", visibility="private")
    library.case("the owner's", who=team.owner, visibility="private")
    assert library.names("?sort=name") == ["shared", "the editor's"]
    assert library.names("?sort=name", team.owner) == ["shared", "the editor's", "the owner's"]
    assert library.names("", team.viewer) == ["shared"]
    assert library.names("?q=the", team.viewer) == []
    assert library.names("?visibility=private", team.owner) == ["the owner's", "the editor's"]
    number = library.team.editor.ok("GET", f"{library.cases}?q=the")["items"][0]["id"]
    team.editor.ok("DELETE", library.place(number))
    assert library.names("?trashed=true", team.viewer) == []
    assert library.names("?trashed=true") == library.names("?trashed=true", team.owner) == ["the editor's"]


@pytest.mark.parametrize("sort", [sign + order for order in ORDERS for sign in ("", "-")])
def test_pages_go_through_all_once(a_library: Library, sort):
    made = {a_library.case(f"case {number % 7}", folder=f"f{number}", position=number % 5) for number in range(23)}
    whole = a_library.team.editor.ok("GET", f"{a_library.cases}?size=100&sort={sort}")
    assert whole["next"] is None
    seen, place = [], f"{a_library.cases}?size=4&sort={sort}"
    data = a_library.team.editor.ok("GET", place)
    seen += data["items"]
    while data["next"] is not None:
        data = a_library.team.editor.ok("GET", f"{place}&cursor={data['next']}")
        seen += data["items"]
    assert [one["id"] for one in seen] == [one["id"] for one in whole["items"]]
    assert {one["id"] for one in seen} == made


def test_what_cannot_be_listed_is_refused(a_library: Library):
    editor = a_library.team.editor
    for query, field in [
        ("size=101", "size"),
        ("size=0", "size"),
        ("sort=url", "sort"),
        ("q=x&sort=name", "sort"),
        ("cursor=abc", "cursor"),
        ("status=1", "status"),
        ("page=2", "page"),
        ("folder=/", "folder"),
        ("q=", "q"),
        ("method=a%20b", "method"),
        ("tag=" + "&tag=".join("abcdefghijk"), "tag"),
    ]:
        assert list(faults_of(editor.call("GET", f"{a_library.cases}?{query}"))) == [field], query
    assert error_of(a_library.team.stranger.call("GET", a_library.cases)) == (404, "project_not_found")
