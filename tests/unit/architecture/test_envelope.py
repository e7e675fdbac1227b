"""Every route answers in the one form, refusals included."""

import pytest

from wxcloudrun.blueprints import TABLES

ROUTES = [route for routes in TABLES.values() for route in routes]
ENVELOPED = [route for route in ROUTES if not route.raw]


def address(route):
    return "/".join("1" if part.startswith("<") else part for part in route.path.split("/"))


def name(route):
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", ENVELOPED, ids=name)
def test_a_route_answers_in_the_envelope(app, route):
    reply = app.test_client().open(address(route), method=route.method)
    assert set(reply.json) == {"code", "data", "msg"}
    assert reply.json["code"] == (1 if reply.status_code < 400 else 0)
    assert reply.status_code < 500


@pytest.mark.parametrize("route", ENVELOPED, ids=name)
def test_a_route_refuses_nonsense_in_the_envelope(app, route):
    if route.method in {"GET", "DELETE"}:
        reply = app.test_client().open(f"{address(route)}?nonsense=1", method=route.method)
    else:
        reply = app.test_client().open(address(route), method=route.method, data=b"{", content_type="application/json")
    assert set(reply.json) == {"code", "data", "msg"}
    assert reply.status_code < 500


def test_an_address_that_is_not_there_is_refused_in_the_envelope(app):
    reply = app.test_client().get("/api/nothing-is-here")
    assert reply.status_code == 404
    assert reply.json["code"] == 0
    assert reply.json["data"]["error"] == "not_found"


def test_a_method_that_is_not_there_is_refused_in_the_envelope(app):
    reply = app.test_client().delete("/api/count")
    assert reply.status_code == 405
    assert reply.json["code"] == 0


def test_no_two_routes_share_method_and_address():
    assert len({name(route) for route in ROUTES}) == len(ROUTES)
