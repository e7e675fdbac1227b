"""An Allure 2 results directory as a zip: a file a step, with an identity by which Allure keeps its history."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from wxcloudrun.exporters.curl import curl_of
from wxcloudrun.exporters.naming import Identity, Naming
from wxcloudrun.exporters.report import RunFacts, StepFacts, own_error
from wxcloudrun.exporters.wording import cut, one_line, visible
from wxcloudrun.exporters.zipped import zipped

type Json = dict[str, Any]
_SPACE = uuid.UUID("5a3b5f7e-3f0e-5a36-8a52-1d7f6f0c7b11")
_STATUS = {"passed": "passed", "failed": "failed", "error": "broken", "skipped": "skipped"}
_SHORT = 500
_OUTSIDE = "resolve|connect|tls|timeout|protocol|body_too_large|redirect"
_CATEGORIES: list[Json] = [
    {"name": "断言未通过 / Assertions that did not hold", "matchedStatuses": ["failed"]},
    {
        "name": "目标服务不可达 / The target could not be reached",
        "matchedStatuses": ["broken"],
        "messageRegex": f"(?:{_OUTSIDE}): .*",
    },
    {"name": "无法执行 / Could not be carried out", "matchedStatuses": ["broken"]},
]


def allure(run: RunFacts, steps: Iterable[StepFacts]) -> Iterator[bytes]:
    """The archive in pieces. `steps` come in the plan's order."""
    return zipped(_files(run, steps))


def _files(run: RunFacts, steps: Iterable[StepFacts]) -> Iterator[tuple[str, str]]:
    naming, around = Naming(run), _Around(run)
    yield "executor.json", _json(_executor(run))
    yield "environment.properties", _properties(run)
    yield "categories.json", _json(_CATEGORIES)
    own = own_error(run)
    for step in chain(steps, () if own is None else (own,)):
        writer = _Writer(run, step, naming.identity(step))
        around.add(writer)
        yield from writer.files()
    if around.children:
        yield f"{around.id}-container.json", _json(around.container())


class _Writer:
    """Writes the files of one step."""

    def __init__(self, run: RunFacts, step: StepFacts, who: Identity) -> None:
        self.step, self.who = step, who
        self._run = run
        self.id = _uuid(run, "step", step.seq)
        self.start = _milliseconds(step.started_at)
        self.stop = self.start + round(step.duration_ms)

    def files(self) -> Iterator[tuple[str, str]]:
        """The result, those of earlier attempts (retries to Allure), and what did not pass with its exchange."""
        attachments: list[Json] = []
        if not self.step.good:
            for name, text in _exchange(self.step):
                source = f"{_uuid(self._run, name, self.step.seq)}-attachment.txt"
                attachments.append({"name": name, "source": source, "type": "text/plain"})
                yield source, cut(visible(text))
        for number, attempt in enumerate(self.step.earlier):
            yield self._retry(number, attempt)
        yield f"{self.id}-result.json", _json({**self.result(), "attachments": attachments})

    def result(self) -> Json:
        """The step as Allure's test case, without its attachments."""
        step = self.step
        return {
            "uuid": self.id,
            **self._identity(),
            "status": _STATUS[step.outcome],
            "statusDetails": _details(step),
            "stage": "finished",
            "start": self.start,
            "stop": self.stop,
            "steps": [*_assertions(step, self.stop)],
            "links": [],
        }

    def fixture(self) -> Json:
        """The step as a part of setup or teardown."""
        told = {"name": self.who.name, "status": _STATUS[self.step.outcome], "stage": "finished"}
        return {**told, "statusDetails": _details(self.step), "start": self.start, "stop": self.stop}

    def _identity(self) -> Json:
        path, name = self.who.path, self.who.name
        full = f"{self.who.classname}.{name}"
        rows = [] if self.step.dataset is None else [{"name": "dataset", "value": visible(self.step.dataset)}]
        labels = {"parentSuite": path[0], "suite": path[1], "subSuite": " / ".join(path[2:])}
        labels |= {"package": self.who.classname, "testClass": self.who.classname, "testMethod": name}
        labels |= {"framework": "wxcloudrun", "host": _host(self.step)}
        return {
            "name": name,
            "fullName": full,
            "historyId": _md5(full, *(row["value"] for row in rows)),
            "testCaseId": _md5(full),
            "titlePath": list(path),
            "parameters": rows,
            "labels": [{"name": one, "value": value} for one, value in labels.items() if value],
        }

    def _retry(self, number: int, attempt: Mapping[str, Any]) -> tuple[str, str]:
        """An earlier attempt: the same identity, over before the step was."""
        name = _uuid(self._run, f"attempt {number}", self.step.seq)
        start = _milliseconds(attempt["sent_at"])
        took = attempt["timing"]["total_ms"] if attempt["timing"] else 0
        message = f"{attempt['error_class'] or 'assertion'}: {attempt['message'] or attempt['status'] or ''}"
        told = {"uuid": name, **self._identity(), "status": _STATUS[attempt["outcome"]], "stage": "finished"}
        told |= {"statusDetails": {"message": cut(visible(message))}, "steps": [], "attachments": [], "links": []}
        stop = min(self.stop - 1, start + round(took))
        return f"{name}-result.json", _json({**told, "start": min(start, stop), "stop": stop})


class _Around:
    """Gathers setup and teardown, which Allure shows around all other steps."""

    def __init__(self, run: RunFacts) -> None:
        self.id = _uuid(run, "container", 0)
        self._name = run.name
        self.children: list[str] = []
        self._fixtures: dict[str, list[Json]] = {"setup": [], "teardown": []}

    def add(self, writer: _Writer) -> None:
        """One more step."""
        if writer.step.phase in self._fixtures:
            self._fixtures[writer.step.phase].append(writer.fixture())
        else:
            self.children.append(writer.id)

    def container(self) -> Json:
        """The file that says what was around which steps."""
        befores, afters = self._fixtures["setup"], self._fixtures["teardown"]
        return {
            "uuid": self.id,
            "name": one_line(self._name),
            "children": self.children,
            "befores": befores,
            "afters": afters,
        }


def _details(step: StepFacts) -> Json:
    flaky = step.good and bool(step.earlier)
    told: Json = {"known": step.known, "muted": step.muted, "flaky": flaky}
    if step.message is not None:
        kind = f"{step.error_class}: " if step.error_class else ""
        told["message"] = cut(f"{kind}{visible(step.message)}")
    if step.explanation is not None:
        told["trace"] = cut(visible(step.explanation))
    return told


def _assertions(step: StepFacts, stop: int) -> Iterator[Json]:
    for one in step.detail.get("assertions") or ():
        passed = "passed" if one["passed"] else "failed"
        name = one["name"] or f"{one['source']} {one['comparator']} {json.dumps(one['expected'], ensure_ascii=False)}"
        told: Json = {"name": one_line(name)[:_SHORT], "status": passed, "stage": "finished"}
        told |= {"steps": [], "attachments": [], "parameters": [], "start": stop, "stop": stop}
        if one["message"]:
            told["statusDetails"] = {"message": one_line(one["message"])[:_SHORT]}
        yield told


def _exchange(step: StepFacts) -> Iterator[tuple[str, str]]:
    request, response = step.request, step.response
    if request is not None:
        first = f"{request['method']} {request['url']}"
        yield "request", f"{first}\n{_head_and_body(request)}\n\n{curl_of(request)}"
    if response is not None:
        yield "response", f"{response['status']} {response['reason']}\n{_head_and_body(response)}"


def _head_and_body(part: Mapping[str, Any]) -> str:
    lines = [f"{name}: {value}" for name, value in part["headers"]]
    body = part["body"]
    text = body.get("head", "") if body["encoding"] == "text" else f"({body['size']} bytes, not text)"
    return "\n".join([*lines, "", text])


def _executor(run: RunFacts) -> Json:
    name = f"#{run.id} {one_line(run.title)}"
    told: Json = {"name": "wxcloudrun", "type": "wxcloudrun", "buildOrder": run.id, "buildName": name}
    return told if run.link is None else {**told, "buildUrl": run.link, "reportUrl": run.link}


def _properties(run: RunFacts) -> str:
    """Java's properties: keys without blanks, everything beyond ASCII escaped."""
    told = {"project": run.project, "environment": run.environment, "run": str(run.id), "trigger": run.trigger}
    lines = [f"{_property(name)}={_property(value)}" for name, value in (told | dict(run.labels)).items()]
    return "\n".join(lines) + "\n"


def _property(text: str) -> str:
    units = one_line(text).encode("utf-16-be", "replace")
    codes = [int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2)]
    return "".join(_unit(code) for code in codes)


def _unit(code: int) -> str:
    if 32 < code < 127:
        return f"\\{chr(code)}" if chr(code) in "\\=:#!" else chr(code)
    return "\\ " if code == 32 else f"\\u{code:04x}"


def _host(step: StepFacts) -> str:
    if step.request is None:
        return ""
    try:
        return urlsplit(step.request["url"]).netloc
    except ValueError:  # a secret in place of the host makes it no URL
        return ""


def _uuid(run: RunFacts, part: str, seq: int) -> str:
    return str(uuid.uuid5(_SPACE, f"{run.id}/{part}/{seq}"))


def _md5(*parts: str) -> str:
    """As Allure does it; nothing is kept secret by it."""
    return hashlib.md5("\0".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _json(value: Any) -> str:
    return json.dumps(value)
