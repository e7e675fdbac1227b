"""Cloud storage: permission to upload, the object storage target itself, downloads and deletions."""

from dataclasses import asdict
from urllib.parse import quote

from wxcloudrun.simulator.gate import Context
from wxcloudrun.simulator.records import StoredFile
from wxcloudrun.simulator.wire import Answer, Json, RefusedError

COS_PATH = "/_cos/"
_LONGEST_PATH = 850


def upload_file(context: Context) -> Json:
    """`POST /tcb/uploadfile`: where to POST the file to, and the fields that must go with it."""
    state, path = context.state, context.body.get("path")
    env = _environment(context)
    if not isinstance(path, str) or not path or path.startswith("/") or len(path) > _LONGEST_PATH:
        raise RefusedError(40097, "invalid args: path")
    bucket = f"{env}.7369-{env}-1250000000"
    stored = StoredFile(
        file_id=f"cloud://{bucket}/{path}",
        path=path,
        env=env,
        authorization=f"q-sign-algorithm=sha1&q-ak=simulator&q-signature={state.random_bytes(20).hex()}",
        token=state.text(64),
        cos_file_id=state.text(96),
    )
    state.files[stored.file_id] = stored
    shown = {name: asdict(stored)[name] for name in ("token", "authorization", "file_id", "cos_file_id")}
    return {"errcode": 0, "errmsg": "ok", "url": f"{context.call.origin}{COS_PATH}{env}", **shown}


def object_storage(context: Context) -> Answer:
    """The target of an upload (POST of a form) and of a download (GET), in object storage's own words: XML and 4xx."""
    call = context.call
    if call.method == "POST":
        return _store(context)
    stored = next((f for f in context.state.files.values() if _download_path(f) == call.path), None)
    if call.method != "GET" or stored is None or stored.content is None:
        return _complaint(404, "NoSuchKey")
    if not stored.linked:
        return _complaint(403, "AccessDenied")
    return Answer(stored.content, "application/octet-stream")


def batch_download(context: Context) -> Json:
    """`POST /tcb/batchdownloadfile`: a URL for each file; status 1 for one that is not there or was never linked."""
    _environment(context)
    wanted = context.body.get("file_list")
    if not isinstance(wanted, list) or not all(isinstance(item, dict) for item in wanted):
        raise RefusedError(40097, "invalid args: file_list")
    rows = [_download_row(context, str(item.get("fileid", ""))) for item in wanted]
    return {"errcode": 0, "errmsg": "ok", "file_list": rows}


def batch_delete(context: Context) -> Json:
    """`POST /tcb/batchdeletefile`: deletes files; status 1 for one that is not there."""
    _environment(context)
    wanted = context.body.get("fileid_list")
    if not isinstance(wanted, list):
        raise RefusedError(40097, "invalid args: fileid_list")
    rows = []
    for file_id in wanted:
        gone = context.state.files.pop(str(file_id), None)
        rows.append({"fileid": file_id, "status": 0 if gone else 1, "errmsg": "ok" if gone else "file not found"})
    return {"errcode": 0, "errmsg": "ok", "delete_list": rows}


def _environment(context: Context) -> str:
    env = context.body.get("env")
    if not env:
        raise RefusedError(40097, "invalid args: env")
    if env != context.app.cloud_env:
        raise RefusedError(85088, "no qbase privilege")
    return str(env)


def _store(context: Context) -> Answer:
    form, files = context.call.form, context.call.files
    env = context.call.path.removeprefix(COS_PATH)
    known = [f for f in context.state.files.values() if f.env == env and f.path == form.get("key")]
    stored = known[0] if known else None
    if stored is None or form.get("Signature") != stored.authorization:
        return _complaint(403, "SignatureDoesNotMatch")
    if form.get("x-cos-security-token") != stored.token:
        return _complaint(403, "InvalidAccessKeyId")
    if "file" not in files:
        return _complaint(400, "MalformedPOSTRequest")
    linked = form.get("x-cos-meta-fileid") == stored.cos_file_id
    if not linked and context.state.options.cos_requires_file_id:
        return _complaint(403, "AccessDenied")
    stored.content, stored.linked = files["file"].content, linked
    return Answer(b"", "application/xml", 204)


def _download_path(stored: StoredFile) -> str:
    return f"{COS_PATH}{stored.env}/{stored.path}"


def _download_row(context: Context, file_id: str) -> Json:
    stored = context.state.files.get(file_id)
    if stored is None or stored.content is None or not stored.linked:
        return {"fileid": file_id, "download_url": "", "status": 1, "errmsg": "file not found"}
    url = context.call.origin + quote(_download_path(stored))
    return {"fileid": file_id, "download_url": url, "status": 0, "errmsg": "ok"}


def _complaint(status: int, code: str) -> Answer:
    text = f"<?xml version='1.0' encoding='utf-8' ?><Error><Code>{code}</Code></Error>"
    return Answer(text.encode(), "application/xml", status)
