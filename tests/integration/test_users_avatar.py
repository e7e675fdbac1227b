"""Avatars over the API: what is taken, what is refused, and what is served."""

from typing import Any

import pytest

from tests.conftest import log_in
from tests.integration.users_bench import upload, uploads
from tests.unit.features.users import samples
from wxcloudrun.core.db import db
from wxcloudrun.features.users.pictures import PictureFiles


def test_no_connection_is_held_while_a_picture_is_stored(app, person, monkeypatch):
    held = []
    store = app.extensions["wxcloudrun"].get(PictureFiles)._store
    put = store.put

    def slow(*arguments: Any) -> None:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]  # as above
        put(*arguments)

    monkeypatch.setattr(store, "put", slow)
    assert upload(person, "/api/user/avatar", samples.picture()).status_code == 200
    assert held == [0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_an_avatar_is_stored_anew_and_served(app, person, kind):
    profile = upload(person, "/api/user/avatar", samples.picture(kind, (900, 600))).json["data"]
    reply = app.test_client().get(profile["avatar_url"])
    assert (reply.status_code, reply.mimetype) == (200, "image/webp")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in reply.headers["Cache-Control"]
    assert samples.opened(reply.data).size == (512, 341)


def test_an_old_avatar_is_gone_when_a_new_one_is_there(app, person):
    first = upload(person, "/api/user/avatar", samples.picture()).json["data"]["avatar_url"]
    second = upload(person, "/api/user/avatar", samples.picture()).json["data"]["avatar_url"]
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200
    assert person.ok("DELETE", "/api/user/avatar")["avatar_url"] is None
    assert app.test_client().get(second).status_code == 404


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        (b"#!/bin/sh\necho not an image", 422, "image_refused"),
        (samples.SVG, 422, "image_refused"),
        (samples.picture("JPEG", (400, 400))[:-900], 422, "image_refused"),
        (b"", 422, "image_refused"),
        (samples.bomb(), 422, "image_too_large"),
        (samples.picture() + b"\0" * 3_145_728, 413, "body_too_large"),
    ],
    ids=["script", "svg", "truncated", "empty", "bomb", "three megabytes"],
)
def test_a_hostile_upload_is_refused_and_leaves_nothing(app, person, content, status, error):
    before = uploads(app)
    reply = upload(person, "/api/user/avatar", content)
    assert (reply.status_code, reply.json["data"]["error"]) == (status, error)
    assert person.ok("GET", "/api/user/profile")["avatar_url"] is None
    assert uploads(app) == before


def test_a_polyglot_is_only_a_picture_afterwards(app, person):
    url = upload(person, "/api/user/avatar", samples.polyglot()).json["data"]["avatar_url"]
    assert b"script" not in app.test_client().get(url).data


def test_an_upload_has_one_file_in_the_part_of_that_name(person):
    assert upload(person, "/api/user/avatar", samples.picture(), "image").status_code == 422
    assert person.call("POST", "/api/user/avatar", {"file": "x"}).status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        "/media/avatars/" + "0" * 32 + ".webp",
        "/media/avatars/..%2f..%2ftest.sqlite3",
        "/media/avatars/%2e%2e",
        "/media/avatars/x.webp",
        "/media/avatars/",
        "/media/",
    ],
)
def test_other_names_lead_nowhere_and_say_so_in_the_envelope(app, path):
    reply = app.test_client().get(path)
    assert reply.status_code == 404
    assert reply.json["code"] == 0


def test_a_disk_that_fails_is_said_plainly(strict_app, strict_wechat, tmp_path):
    person = log_in(strict_app, strict_wechat, "somebody-with-a-picture")
    (tmp_path / "uploads").write_bytes(b"a file where the folder should be")
    reply = upload(person, "/api/user/avatar", samples.picture())
    assert (reply.status_code, reply.json["data"]["error"]) == (503, "storage_unavailable")
    (tmp_path / "uploads").unlink()
    assert upload(person, "/api/user/avatar", samples.picture()).status_code == 200
