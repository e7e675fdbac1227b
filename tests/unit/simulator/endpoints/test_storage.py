"""Cloud storage: the two steps of an upload, downloads and deletions."""

import io

import pytest

from wxcloudrun.simulator.constants import DEFAULT_CLOUD_ENV

PATH = "avatars/用户 1.png"


def permit(caller, path=PATH, env=DEFAULT_CLOUD_ENV):
    return caller.post("/tcb/uploadfile", {"env": env, "path": path})


def upload(caller, given, **change):
    form = {
        "key": PATH,
        "Signature": given["authorization"],
        "x-cos-security-token": given["token"],
        "x-cos-meta-fileid": given["cos_file_id"],
        "file": (io.BytesIO(b"picture"), "a.png"),
    } | change
    form = {name: value for name, value in form.items() if value is not None}
    target = given["url"].removeprefix("http://localhost")
    return caller.client.post(target, data=form, content_type="multipart/form-data")


def download(caller, file_id):
    body = {"env": DEFAULT_CLOUD_ENV, "file_list": [{"fileid": file_id, "max_age": 60}]}
    return caller.post("/tcb/batchdownloadfile", body)["file_list"][0]


def test_an_uploaded_file_can_be_downloaded_and_deleted(caller):
    given = permit(caller)
    assert given["file_id"].startswith(f"cloud://{DEFAULT_CLOUD_ENV}.")
    assert upload(caller, given).status_code == 204
    row = download(caller, given["file_id"])
    assert caller.client.get(row["download_url"].removeprefix("http://localhost")).data == b"picture"
    body = {"env": DEFAULT_CLOUD_ENV, "fileid_list": [given["file_id"]]}
    assert [caller.post("/tcb/batchdeletefile", body)["delete_list"][0]["status"] for _ in range(2)] == [0, 1]
    assert download(caller, given["file_id"])["status"] == 1


@pytest.mark.parametrize(
    ("env", "path", "errcode"),
    [
        ("", PATH, 40097),
        ("other-env", PATH, 85088),
        (DEFAULT_CLOUD_ENV, "", 40097),
        (DEFAULT_CLOUD_ENV, "/absolute", 40097),
        (DEFAULT_CLOUD_ENV, 5, 40097),
    ],
)
def test_a_wrong_upload_request_is_refused(caller, env, path, errcode):
    assert permit(caller, path, env)["errcode"] == errcode


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"key": "another.png"}, 403),
        ({"Signature": "wrong"}, 403),
        ({"x-cos-security-token": "wrong"}, 403),
        ({"file": None}, 400),
    ],
)
def test_object_storage_refuses_a_wrong_form_in_xml(caller, change, status):
    answer = upload(caller, permit(caller), **change)
    assert answer.status_code == status
    assert b"<Code>" in answer.data


def test_an_upload_without_its_file_id_is_taken_but_cannot_be_downloaded(caller):
    given = permit(caller)
    assert upload(caller, given, **{"x-cos-meta-fileid": None}).status_code == 204
    assert download(caller, given["file_id"])["status"] == 1
    assert caller.client.get(f"/_cos/{DEFAULT_CLOUD_ENV}/{PATH}").status_code == 403


def test_object_storage_can_insist_on_the_file_id(caller):
    caller.control("options", cos_requires_file_id=True)
    assert upload(caller, permit(caller), **{"x-cos-meta-fileid": None}).status_code == 403


def test_a_file_that_nobody_uploaded_is_not_there(caller):
    given = permit(caller)
    assert download(caller, given["file_id"])["status"] == 1
    assert caller.client.get(f"/_cos/{DEFAULT_CLOUD_ENV}/{PATH}").status_code == 404


@pytest.mark.parametrize("path", ["/tcb/batchdownloadfile", "/tcb/batchdeletefile"])
def test_a_batch_wants_its_list(caller, path):
    assert caller.post(path, {"env": DEFAULT_CLOUD_ENV})["errcode"] == 40097
