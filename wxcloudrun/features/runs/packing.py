"""How results, bodies, plans and checkpoints are written into their columns, and read again."""

import base64
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.runs.deflation import deflated, deflated_result, inflated
from wxcloudrun.features.runs.models import StepOutcome

if TYPE_CHECKING:
    from wxcloudrun.engine.response import Cookie
    from wxcloudrun.engine.result.result import StepResult

PLAN, CHECKPOINT = "run_plans.content", "run_checkpoints.content"
SHORT = 256
"""Characters from which on a body is kept apart from its result."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))  # ASCII: no database refuses half a surrogate pair or a NUL in it
_PATH = 700
_NONE: Mapping[str, str] = MappingProxyType({})
_LONGEST_VALUE = 1_000_000
_KNOWN_BODIES = 4096
_LARGEST_ID = 2**53 - 1
_OUTCOMES = {outcome.name.lower(): int(outcome) for outcome in StepOutcome}


def packed(value: Any) -> bytes:
    """The JSON of a result, compressed."""
    try:
        content = orjson.dumps(value)
    except TypeError:  # a number of more than 64 bits, half a surrogate pair, very deep: the other one writes it
        content = _ENCODER.encode(value).encode()
    return deflated_result(content)


def unpacked(content: bytes) -> Any:
    """What `packed` was given."""
    return json.loads(inflated(content))


def sealed(value: Any, keys: KeyRing, context: str) -> str:
    """JSON, compressed and encrypted."""
    return keys.encrypt(base64.b64encode(deflated(_ENCODER.encode(value).encode())).decode(), context)


def opened_text(content: str, keys: KeyRing, context: str) -> bytes:
    """The JSON text of what `sealed` was given. Raises UnreadableSecret."""
    return inflated(base64.b64decode(keys.decrypt(content, context)))


def opened(content: str, keys: KeyRing, context: str) -> Any:
    """What `sealed` was given. Raises UnreadableSecret."""
    return json.loads(opened_text(content, keys, context))


def body_bytes(head: str, encoding: str) -> bytes:
    """The bytes that a body's head in a result stands for."""
    return base64.b64decode(head) if encoding == "base64" else head.encode("utf-8", "surrogatepass")


def body_head(content: bytes, encoding: str) -> str:
    """The head again."""
    return base64.b64encode(content).decode() if encoding == "base64" else content.decode("utf-8", "surrogatepass")


@dataclass(slots=True)
class PackedResult:
    """A result as rows: its own without run and number, its long bodies by hash, what it handed on; and its numbers."""

    path: str
    outcome: str
    requests: int
    after_retry: bool
    took_ms: float | None
    row: dict[str, Any]
    bodies: dict[str, bytes]
    handed: dict[str, Any] | None
    size: int


def pack(result: "StepResult", wholes: Mapping[str, str] = _NONE) -> PackedResult:
    """The rows of a result. Everything in them is masked but `handed`, which is to be encrypted.

    `wholes`: of long bodies that are kept, by the hash of what was received, that of the whole as it may be shown.
    """
    data = result.to_json()
    data["explanation"] = result.explain() or None  # made of what is masked already
    bodies: dict[str, bytes] = {}
    for part in ("request", "response"):
        whole = data[part]
        if whole is not None and len(whole["body"]["head"]) >= SHORT:
            data[part] = {**whole, "body": _without_head(whole["body"], bodies, wholes)}
    detail, handed, response = packed(data), _handed(result), data["response"]
    size = 500 + len(detail) + sum(map(len, bodies.values()))
    if handed is not None:
        size += sum(len(one[1]) for one in handed["carried"])
    return PackedResult(
        path=result.path,
        outcome=data["outcome"],
        requests=len(data["attempts"]),
        after_retry=data["passed_after_retry"],
        took_ms=response["timing"]["total_ms"] if response is not None else None,
        row=_row(data, detail),
        bodies=bodies,
        handed=handed,
        size=size,
    )


def sealed_checkpoint(results: Iterable[PackedResult], keys: KeyRing) -> str | None:
    """What the results handed on, encrypted; None: nothing."""
    handed = [one.handed for one in results if one.handed is not None]
    return sealed(handed, keys, CHECKPOINT) if handed else None


class KnownBodies:
    """Makes the rows of a run's bodies, once for each; of very many different ones it forgets the oldest.

    `wholes` are the long bodies that are kept, as `pack` asks for them.
    """

    def __init__(self, run_id: int, project_id: int, wholes: Mapping[str, str] = _NONE) -> None:
        self.wholes = wholes
        self._run_id, self._project_id = run_id, project_id
        self._known: OrderedDict[str, None] = OrderedDict()

    def rows(self, results: Iterable[PackedResult]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Bodies, and the run's use of them, that are not stored yet."""
        new = {ref: content for one in results for ref, content in one.bodies.items() if ref not in self._known}
        run, project = self._run_id, self._project_id
        bodies = [
            {
                "project_id": project,
                "sha256": ref,
                "size": len(body),
                "kept": len(small := deflated(body)),
                "packed": small,
                "store_key": None,
            }
            for ref, body in new.items()
        ]
        return bodies, [{"run_id": run, "sha256": ref, "project_id": project} for ref in new]

    def remember(self, results: Iterable[PackedResult]) -> None:
        """The bodies of these are stored."""
        for one in results:
            self._known.update(dict.fromkeys(one.bodies))
        while len(self._known) > _KNOWN_BODIES:
            self._known.popitem(last=False)


def stored_path(path: str) -> str:
    """The path as its column holds it; a longer one keeps its beginning and a hash of the whole."""
    return path if len(path) <= _PATH else f"{path[: _PATH - 65]}#{hashlib.sha256(path.encode()).hexdigest()}"


def _without_head(body: dict[str, Any], bodies: dict[str, bytes], wholes: Mapping[str, str]) -> dict[str, Any]:
    content = body_bytes(body["head"], body["encoding"])
    ref = hashlib.sha256(content).hexdigest()
    bodies[ref] = content
    rest = {name: value for name, value in body.items() if name != "head"}
    kept = wholes.get(body["sha256"]) if body["truncated"] else None
    return {**rest, "ref": ref} if kept is None else {**rest, "ref": ref, "whole": kept}


def _row(data: dict[str, Any], detail: bytes) -> dict[str, Any]:
    error, response, dataset = data["error"], data["response"], data["dataset"]
    return {
        "path": stored_path(data["path"]),
        "ordinal": stored_path(data["ordinal"]),
        "kind": data["kind"],
        "phase": data["phase"],
        "name": fitting(data["name"], 255),
        "step_id": _row_id(data["id"]),
        "case_id": _row_id(data["case_id"]),
        "dataset": fitting(dataset["key"] or dataset["name"], 128) if dataset is not None else None,
        "outcome": _OUTCOMES[data["outcome"]],
        "error_class": error["error_class"] if error is not None else None,
        "status": response["status"] if response is not None else None,
        "started_at": data["started_at"],
        "duration_ms": data["duration_ms"],
        "message": fitting(_message(data), 500) or None,
        "detail": detail,
    }


def _message(data: dict[str, Any]) -> str:
    """One line that says why it did not pass."""
    if data["error"] is not None:
        return str(data["error"]["message"])
    if data["reason"] is not None:
        return str(data["reason"])
    return next((one["message"] for one in data["assertions"] if not one["passed"]), "")


def fitting(text: str, length: int) -> str:
    """As much of the text as fits, without what some database refuses: NUL, halves of surrogate pairs."""
    text = text[:length]
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\x00", "\ufffd")


def _row_id(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value <= _LARGEST_ID else None


def _handed(result: "StepResult") -> dict[str, Any] | None:
    """What a worker that takes over has to know besides the outcome; None: nothing."""
    if not (result.carried or result.cookies or len(result.path) > _PATH):
        return None
    carried = []
    for one in result.carried:
        text = _value_text(one.value)
        if text is not None:
            carried.append((one.name, text, one.secret, one.shared))
    return {
        "path": result.path,
        "outcome": str(result.outcome),
        "carried": carried,
        "cookies": _exported(result.cookies) if result.cookies else [],
    }


def _value_text(value: Any) -> str | None:
    """A value with all its digits; None for what is no JSON or too long: a step that needs it will say so."""
    if type(value) is str and len(value) <= _LONGEST_VALUE:
        return _ENCODER.encode(value)
    from wxcloudrun.engine.judge.json_text import write_json  # noqa: PLC0415 - whoever has a result has the engine

    try:
        text = write_json(value)
    except ValueError:
        return None
    return text if len(text) <= _LONGEST_VALUE else None


def _exported(cookies: "tuple[Cookie, ...]") -> list[dict[str, Any]]:
    from wxcloudrun.engine.send.cookie_state import exported  # noqa: PLC0415 - as above

    return exported(cookies)
