"""What comes in and what goes out: one request, one answer, and the refusal that WeChat words as an errcode."""

import json
from dataclasses import dataclass, field
from typing import Any

from flask import request  # noqa: TID251 - an app of its own that may not import core; read in this file only
from werkzeug.datastructures import FileStorage

Json = dict[str, Any]

TEXT = "text/plain"
JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True)
class Upload:
    """One file of a multipart form: the part's file name, its type and its bytes."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One request as it arrived. `query` and `form` keep the last value of a repeated name."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    caller: str = "127.0.0.1"
    origin: str = "http://127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """One answer as it leaves. `errcode` repeats the body's errcode for the journal."""

    body: bytes
    content_type: str = JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    errcode: int = 0


class RefusedError(Exception):
    """WeChat's way to say no: HTTP 200 and an errcode with an unstable errmsg."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


class ControlError(Exception):
    """A control request (`/_sim/...`) that cannot be carried out; answered with HTTP 400 or 404."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def json_answer(document: Json, content_type: str = JSON, status: int = 200) -> Answer:
    """`document` as UTF-8 JSON with its characters unescaped, as WeChat writes it."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    errcode = document.get("errcode", 0)
    return Answer(text.encode(), content_type, status, errcode=errcode if isinstance(errcode, int) else 0)


def read_call() -> Call:
    """The request that Flask is serving, read to its last byte so that the connection can be used again."""
    body = request.get_data(cache=True)
    files = {name: _upload(stored) for name, stored in request.files.items()}
    return Call(
        method=request.method,
        path=request.path,
        query={name: values[-1] for name, values in request.args.lists()},
        headers=dict(request.headers.items()),
        body=body,
        form={name: values[-1] for name, values in request.form.lists()},
        files=files,
        caller=request.remote_addr or "127.0.0.1",
        origin=request.host_url.rstrip("/"),
    )


def _upload(stored: FileStorage) -> Upload:
    return Upload(stored.filename or "", stored.mimetype, stored.read())
