"""Secrets through a whole run, from its start to every way in which it is told: none is anywhere in clear."""

import base64
import json
import logging
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from sqlalchemy import select

from tests.integration.runs_api_bench import BAD, RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.db import Base, db
from wxcloudrun.features.runs.deflation import inflated
from wxcloudrun.integrations.object_store import ObjectStore

GIVEN = 'CANARY-7f3a/b+c "d" é'
TAKEN = "CANARY-taken/9d+41=="
FILES = ("report", "report/steps", "report.html", "junit.xml", "har", "results.csv", "allure.zip", "results", "events")


def encodings(secret: str) -> set[bytes]:
    """What the secret may look like somewhere."""
    plain = secret.encode()
    told = {secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret), plain.hex()}
    told |= {base64.b64encode(plain).decode(), base64.urlsafe_b64encode(plain).decode()}
    return {text.encode() for text in told}


def answers(method: str, path: str) -> tuple[int, bytes]:
    """The tested server hands out a secret, and repeats the ones that it was given, also far behind the beginning."""
    if path.startswith("/login"):
        return 200, json.dumps({"token": TAKEN, "you_sent": GIVEN, "path": path}).encode()
    if path.startswith("/long"):
        pieces = [{"n": number, "a": GIVEN, "b": TAKEN, "c": quote(GIVEN, safe="")} for number in range(3000)]
        return 200, json.dumps([*pieces, base64.b64encode(GIVEN.encode()).decode()]).encode()
    return (500 if path.startswith("/broken") else 200), f"no such key: {GIVEN} of {TAKEN} at {path}".encode()


def planted(stage: RunStage) -> int:
    """A scenario whose steps use secrets wherever they can, and fail in every manner."""
    taken = [{"name": "token", "source": "jsonpath", "argument": "$.token", "secret": True, "scope": "scenario"}]
    everywhere: dict[str, Any] = {
        "method": "POST",
        "headers": {"X-Key": "{{key}}", "Authorization": "Bearer {{token}}"},
        "query": {"q": "{{key}}"},
        "body": {"kind": "json", "value": {"k": "{{key}}", "pad": "x" * 300}},
    }
    about = {"source": "body", "comparator": "contains", "expected": "{{key}} is not there, nor {{token}}"}
    gone = {"name": "n", "source": "jsonpath", "argument": "$.no", "required": True}
    cases = [
        stage.case("login", "/login?first={{key}}", extractions=taken, request={"method": "POST"}),
        stage.case("long", "/long/{{token}}", request=everywhere, assertions=[BAD, about]),
        stage.case("broken", "/broken", request=everywhere),
        stage.case("no body to take from", "/text", request=everywhere, extractions=[gone]),
        stage.case("nobody", "http://{{key}}.invalid/{{token}}"),
        stage.case("unknown", "/{{key}}/{{unknown}}", request=everywhere),
    ]
    return stage.scenario("secrets", *cases, stop_on_failure=False)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Every line that is logged in the block, at any level."""
    lines: list[str] = []
    handler = logging.Handler(logging.DEBUG)
    handler.emit = lambda record: lines.append(f"{record.getMessage()} {record.__dict__} {record.exc_info}")  # type: ignore[method-assign]
    names = ["", "wxcloudrun", "wxcloudrun.runs", "wxcloudrun.http"]
    levels = {name: logging.getLogger(name).level for name in names}
    logging.getLogger().addHandler(handler)
    logging.getLogger("wxcloudrun").addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        logging.getLogger().removeHandler(handler)
        logging.getLogger("wxcloudrun").removeHandler(handler)


def dumped(stage: RunStage) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, unpacked where it is compressed, and every file of the store."""
    with stage.team.app.app_context(), db.engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            for row in connection.execute(select(table)).mappings():
                yield from ((f"{name}.{column}", plain(value)) for column, value in row.items())
        store: Any = stage.team.app.extensions[EXTENSION].get(ObjectStore)
        for path in Path(store._folder).rglob("*"):
            if path.is_file():
                yield str(path), plain(path.read_bytes())


def plain(value: Any) -> bytes:
    """As somebody reads it who has everything but the keys."""
    found = value if isinstance(value, bytes) else str(value).encode()
    with suppress(ValueError, TypeError, zlib.error):
        return inflated(base64.b64decode(found, validate=True))
    with suppress(zlib.error):
        return inflated(found)
    return found


def told(stage: RunStage, run: int) -> Iterator[tuple[str, bytes]]:
    """Everything that can be read about a run."""
    where, reader = stage.place(run), stage.team.owner
    paths = ["", *(f"/{name}" for name in FILES)]
    results = reader.ok("GET", f"{where}/results?size=100")["items"]
    for one in results:
        detail = reader.ok("GET", f"{where}/results/{one['seq']}")["detail"]
        paths.append(f"/results/{one['seq']}")
        bodies = [(detail.get(side) or {}).get("body") or {} for side in ("request", "response")]
        paths += [f"/bodies/{body[key]}" for body in bodies for key in ("ref", "whole") if body.get(key)]
    for path in [f"{where}{path}" for path in paths] + [stage.all, f"{stage.team.path}/activity?size=100"]:
        response = reader.call("GET", path)
        assert response.status_code == 200, (path, response.text)
        yield path, response.data + str(response.headers).encode()
        if path.endswith("zip"):
            archive = zipfile.ZipFile(BytesIO(response.data))
            yield from ((f"{path}/{name}", archive.read(name)) for name in archive.namelist())


def test_a_secret_of_a_run_is_nowhere_in_clear(each_runs: RunStage):
    stage = each_runs
    secret = {"name": "key", "type": "secret", "value": GIVEN}
    stage.environment = stage.team.environment(
        "canary", base_url=f"http://127.0.0.1:{stage.target.port}", variables=[secret]
    )
    stage.target.answer = answers
    with heard() as lines:
        run = stage.done(scenario_id=planted(stage))
        shown = dict(told(stage, run["id"]))
        again = stage.team.runner.call("POST", f"{stage.place(run['id'])}/rerun", {"what": "failed"})
        assert again.status_code == 202
        stage.work()
        shown |= dict(told(stage, again.json["data"]["id"]))
    found = [*shown.items(), *dumped(stage), ("log", "\n".join(lines).encode())]
    sent = [unquote(path) for _, _, path in stage.target.seen]
    assert any(GIVEN in path for path in sent), "the secrets were sent"
    assert any(TAKEN in path for path in sent)
    assert run["counts"]["failed"] + run["counts"]["error"] >= 4
    assert len([where for where, _ in found if "/bodies/" in where]) >= 5
    assert sum(text.count(b'"***"') for _, text in found) > 1000, "long bodies are masked to their end"
    assert any("run ended" in line for line in lines)
    marks = encodings(GIVEN) | encodings(TAKEN) | {b"CANARY"}
    assert [(where, mark) for where, text in found for mark in marks if mark in text] == []
