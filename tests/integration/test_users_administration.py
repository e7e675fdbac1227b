"""How administrators look after people, over the API and on the command line."""

import pytest

from tests.conftest import log_in
from tests.integration.test_users_verification import at_once
from wxcloudrun.core.actor import Role


def test_people_are_found_letter_by_letter(each_app, each_wechat):
    admin = log_in(each_app, each_wechat, "the-boss-1", Role.ADMINISTRATOR)
    for nickname in ("100%", "1000", "a_b", "axb", "😀", "🎉"):
        admin.ok("POST", "/api/users", {"nickname": nickname})

    def found(q: str) -> list[str]:
        return [one["nickname"] for one in admin.call("GET", "/api/users", query_string={"q": q}).json["data"]["items"]]

    assert found("%") == ["100%"]
    assert found("_") == ["a_b"]
    assert found("A_B") == ["a_b"]
    assert found("😀") == ["😀"]
    assert found("\\") == []


def test_people_are_found_by_their_whole_phone_only(each_app, each_wechat):
    admin = log_in(each_app, each_wechat, "the-boss-2", Role.ADMINISTRATOR)
    made = admin.ok("POST", "/api/users", {"nickname": "who", "phone": "+8613800138000"})

    def found(phone: str) -> list[int]:
        reply = admin.call("GET", "/api/users", query_string={"phone": phone})
        return [one["id"] for one in reply.json["data"]["items"]]

    assert found("13800138000") == found("+8613800138000") == found("8613800138000") == [made["id"]]
    assert found("1380013800") == []
    taken = admin.call("POST", "/api/users", {"nickname": "another", "phone": "+8613800138000"})
    assert (taken.status_code, taken.json["data"]["error"]) == (409, "phone_taken")


def test_filters_order_and_pages(admin, person):
    disabled = admin.ok("POST", "/api/users", {"nickname": "zed"})["id"]
    admin.ok("PUT", f"/api/users/{disabled}", {"status": "disabled"})

    def ids(query: str) -> list[int]:
        return [one["id"] for one in admin.ok("GET", f"/api/users?{query}")["items"]]

    assert ids("role=administrator") == [admin.id]
    assert ids("status=disabled") == [disabled]
    assert ids("verification=verified") == []
    assert ids("sort=id") == sorted(ids("sort=-id"))
    assert ids("sort=last_login_at")[-1] == disabled, "who never came is last"
    second = admin.ok("GET", "/api/users?sort=id&size=2&page=2")
    assert (second["total"], second["page"], second["size"]) == (3, 2, 2)
    assert [one["id"] for one in second["items"]] == [disabled]


@pytest.mark.parametrize(
    "query",
    ["role=boss", "status=deleted", "sort=nickname", "size=0", "page=x", "q=a%00b", "phone=12a", "x=1", "q=a&q=b"],
)
def test_other_questions_are_refused(admin, query):
    assert admin.call("GET", f"/api/users?{query}").status_code == 422


def test_a_person_is_made_once_for_a_key(each_app, each_wechat):
    admin = log_in(each_app, each_wechat, "the-boss-3", Role.ADMINISTRATOR)
    options = {"headers": {"Idempotency-Key": "k-1"}}
    first = admin.call("POST", "/api/users", {"nickname": "new"}, **options)
    assert (first.status_code, first.json) == (
        201,
        admin.call("POST", "/api/users", {"nickname": "new"}, **options).json,
    )
    assert admin.ok("GET", "/api/users?q=new")["total"] == 1
    assert admin.call("POST", "/api/users", {"nickname": "other"}, **options).status_code == 422


@pytest.mark.parametrize(
    "body",
    [{}, {"nickname": ""}, {"nickname": "a\nb"}, {"nickname": "x", "phone": "138"}, {"nickname": "x", "role": 9}],
)
def test_a_person_of_another_form_is_not_made(admin, body):
    assert admin.call("POST", "/api/users", body).status_code == 422


def test_roles_and_states_count_from_the_next_request_on(each_app, each_wechat):
    admin = log_in(each_app, each_wechat, "the-boss-4", Role.ADMINISTRATOR)
    person = log_in(each_app, each_wechat, "somebody-4")
    assert person.call("GET", "/api/users").status_code == 403
    promoted = admin.ok("PUT", f"/api/users/{person.id}", {"role": "administrator", "version": 1})
    assert promoted["role"] == {"value": 9, "name": "administrator"}
    assert person.call("GET", "/api/users").status_code == 200
    admin.ok("PUT", f"/api/users/{person.id}", {"role": "user"})
    assert person.call("GET", "/api/users").status_code == 403
    admin.ok("PUT", f"/api/users/{person.id}", {"status": "disabled"})
    assert person.call("GET", "/api/user/profile").json["data"]["error"] == "account_disabled"
    login = person.client.post("/api/login", json={"code": each_wechat.code_for("somebody-4")})
    assert login.status_code == 403
    admin.ok("PUT", f"/api/users/{person.id}", {"status": "active"})
    assert person.call("GET", "/api/user/profile").status_code == 401, "old sessions stay dead"
    assert log_in(each_app, each_wechat, "somebody-4").id == person.id


def test_an_older_version_is_a_conflict_that_shows_the_present_state(admin, person):
    admin.ok("PUT", f"/api/users/{person.id}", {"nickname": "first", "version": 1})
    late = admin.call("PUT", f"/api/users/{person.id}", {"nickname": "late", "version": 1})
    assert late.status_code == 409
    assert late.json["data"]["present"]["nickname"] == "first"


@pytest.mark.parametrize("body", [{"role": "user"}, {"status": "disabled"}])
def test_administrators_keep_their_own_rights(admin, body):
    reply = admin.call("PUT", f"/api/users/{admin.id}", body)
    assert (reply.status_code, reply.json["data"]["error"]) == (409, "own_account_protected")
    assert admin.call("DELETE", f"/api/users/{admin.id}").json["data"]["error"] == "own_account_protected"


@pytest.mark.parametrize("how", ["demote", "disable", "delete"])
def test_of_two_administrators_who_remove_each_other_one_stays(each_app, each_wechat, how):
    one, two = (log_in(each_app, each_wechat, f"the-boss-{how}-{n}", Role.ADMINISTRATOR) for n in (1, 2))
    change = {"demote": {"role": "user"}, "disable": {"status": "disabled"}}.get(how)
    method = "DELETE" if how == "delete" else "PUT"
    replies = at_once(
        lambda: one.call(method, f"/api/users/{two.id}", change),
        lambda: two.call(method, f"/api/users/{one.id}", change),
    )
    codes = sorted(reply.status_code for reply in replies)
    assert codes[0] == 200
    assert codes[1] in {401, 403, 409}, [reply.json for reply in replies]
    assert sorted(who.call("GET", "/api/users").status_code for who in (one, two))[0] == 200


def test_a_deleted_person_is_gone_for_everybody(each_app, each_wechat):
    admin = log_in(each_app, each_wechat, "the-boss-5", Role.ADMINISTRATOR)
    person = log_in(each_app, each_wechat, "somebody-5")
    assert admin.ok("DELETE", f"/api/users/{person.id}") == {"id": person.id}
    assert person.call("GET", "/api/user/profile").status_code == 401
    for method, body in (("GET", None), ("PUT", {"nickname": "x"}), ("DELETE", None)):
        reply = admin.call(method, f"/api/users/{person.id}", body)
        assert (reply.status_code, reply.json["data"]["error"]) == (404, "user_not_found")
    assert admin.ok("GET", "/api/users")["total"] == 1
    assert log_in(each_app, each_wechat, "somebody-5").id != person.id


def test_every_change_is_recorded_without_what_is_personal(admin, person):
    admin.ok("PUT", f"/api/users/{person.id}", {"nickname": "Rumpelstilzchen", "role": "administrator"})
    made = admin.ok("POST", "/api/users", {"nickname": "Schneewittchen", "phone": "+8613800138000"})
    admin.ok("DELETE", f"/api/users/{made['id']}")
    reply = admin.call("GET", "/api/audit")
    actions = [entry["action"] for entry in reply.json["data"]["items"]]
    assert actions[:3] == ["user.deleted", "user.created", "user.changed"]
    for word in ("Rumpelstilzchen", "Schneewittchen", "13800138000"):
        assert word not in reply.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/users"),
        ("POST", "/api/users"),
        ("GET", "/api/users/1"),
        ("PUT", "/api/users/1"),
        ("DELETE", "/api/users/1"),
    ],
)
def test_only_administrators_come_near(app, person, method, path):
    assert person.call(method, path, {"nickname": "x"}).status_code == 403
    assert app.test_client().open(path, method=method, json={"nickname": "x"}).status_code == 401


def test_the_command_line_promotes_and_demotes(app, admin, person):
    run = app.test_cli_runner().invoke
    promoted = run(args=["users", "promote", str(person.id)])
    assert promoted.exit_code == 0
    assert "administrator" in promoted.output
    assert person.call("GET", "/api/users").status_code == 200
    assert run(args=["users", "demote", str(person.id)]).exit_code == 0
    assert person.call("GET", "/api/users").status_code == 403


@pytest.mark.parametrize("number", ["0", "9007199254740992", "99999999999999999999", "x"])
def test_the_command_line_refuses_a_number_that_nobody_can_have(app, number):
    refused = app.test_cli_runner().invoke(args=["users", "promote", number])
    assert refused.exit_code == 2
    assert "Invalid value" in refused.output


def test_the_command_line_leaves_one_administrator(app, admin):
    refused = app.test_cli_runner().invoke(args=["users", "demote", str(admin.id)])
    assert refused.exit_code == 1
    assert "last administrator" in refused.output


def test_the_command_line_lists_and_shows(app, admin, person):
    person.ok("PUT", "/api/user/profile", {"nickname": "小明"})
    run = app.test_cli_runner().invoke
    listed = run(args=["users", "list", "--query", "小"])
    assert "小明" in listed.output
    assert listed.output.splitlines()[-1] == "1 of 1"
    assert run(args=["users", "list", "--phone", "not a number"]).exit_code == 2
    assert f"id: {person.id}" in run(args=["users", "show", str(person.id)]).output
    missing = run(args=["users", "show", "999"])
    assert (missing.exit_code, "no such user" in missing.output) == (1, True)
