"""Says of a failed step what made it fail, so that the same cause has the same key tomorrow and on every machine."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wxcloudrun.analysis.evidence import MOST_READ, Evidence, evidence_of
from wxcloudrun.analysis.plain import host_and_template, place, plain

VERSION: Final = 1
_TITLE: Final = 200
_GATEWAY: Final = frozenset({502, 503, 504})
_BY_PLACE: Final = ("schema", "structure")  # comparators whose places say what is wrong
_KINDS: Final = ((bool, "boolean"), ((int, float), "number"), (str, "text"), (list, "list"), (dict, "object"))


@dataclass(frozen=True, slots=True)
class Signature:
    """The cause of a failure: its key, what the key is made of, and a line for a person."""

    key: str
    parts: dict[str, str]
    title: str


def signature_of(step: Mapping[str, Any]) -> Signature:
    """The signature of a step that failed or was an error.

    `step` has `name`, `error_class`, `status` and `message` as the results' columns have them, and `detail`, what the
    engine tells of it. A body counts where its text stands in `detail`.
    """
    detail = step.get("detail") or {}
    request = detail.get("request")
    host, path = host_and_template(str(request["url"])) if request else ("", "")
    false = next((one for one in detail.get("assertions") or () if not one["passed"]), None)
    phase = str(step.get("error_class") or ("assert" if false is not None else "other"))
    status = step.get("status")
    found = _evidence(detail, status)
    parts = {
        "phase": phase,
        "host": host,
        "method": str(request["method"]).upper() if request else "",
        "path": path if request else plain(str(step.get("name") or "")),
        "status": status_class(status),
        "check": _check(false) if false is not None and step.get("error_class") is None else "",
        "error": found.code,
        "said": found.message,
        "message": "" if false is not None and phase == "assert" else plain(str(step.get("message") or "")),
    }
    return Signature(key_of(parts), parts, _title(step, parts))


def key_of(parts: Mapping[str, str]) -> str:
    """32 hex digits; the parts of the same version give the same everywhere."""
    text = json.dumps([VERSION, sorted(parts.items())], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def status_class(status: int | None) -> str:
    """`2xx`, `3xx`, a refusal exactly (404 is not 401), `5xx`, and `gateway` for what stands before a server."""
    if not status:
        return ""
    if status in _GATEWAY:
        return "gateway"
    return str(status) if 400 <= status < 500 else f"{status // 100}xx"  # noqa: PLR2004 - HTTP's own numbers


def nearness(one: Mapping[str, str], other: Mapping[str, str]) -> float:
    """How alike the parts of two signatures are, 0 to 1; 0 where phase or status differ. Good for suggestions only."""
    if any(one.get(name, "") != other.get(name, "") for name in ("phase", "status")):
        return 0.0
    from rapidfuzz import fuzz  # noqa: PLC0415 - only who asks for suggestions pays for it

    told = [" ".join(parts.get(name, "") for name in ("check", "error", "said", "message")) for parts in (one, other)]
    places = [f"{parts.get('method', '')} {parts.get('path', '')}" for parts in (one, other)]
    same_host = one.get("host", "") == other.get("host", "")
    return (0.6 * fuzz.ratio(*told) + 0.3 * fuzz.ratio(*places)) / 100 + 0.1 * same_host


def _evidence(detail: Mapping[str, Any], status: int | None) -> Evidence:
    response = detail.get("response")
    body = response.get("body") if response else None
    if not body or body.get("encoding") != "text" or body.get("size", 0) > MOST_READ:
        return Evidence()
    return evidence_of(str(body.get("head") or ""), status)


def _check(false: Mapping[str, Any]) -> str:
    """What was asked of the answer and did not hold: source and comparator, and the kind of what was there."""
    asked = f"{place(str(false['source']))} {false['comparator']}"
    if str(false["source"]).startswith("status"):
        return asked
    if false["comparator"] in _BY_PLACE and false.get("places"):
        return f"{asked}: {plain(place(str(false['places'][0])))}"
    return f"{asked}: {_kind(false)}"


def _kind(false: Mapping[str, Any]) -> str:
    if "found nothing" in str(false.get("message")):
        return "nothing"
    actual = false.get("actual")
    return next((name for kind, name in _KINDS if isinstance(actual, kind)), "null")


def _title(step: Mapping[str, Any], parts: Mapping[str, str]) -> str:
    """A line that tells the cause: where, and the first failure's own words."""
    where = f"{parts['method']} {parts['host']}{parts['path']}".strip()
    said = " ".join(one for one in (parts["error"], parts["said"]) if one)
    status = f" {step['status']}" if step.get("status") and said else ""
    told = said or str(step.get("message") or parts["check"])
    kind = "" if parts["phase"] in {"assert", "other"} else f"{parts['phase']}: "
    return " ".join(f"{kind}{where}{status}: {told}".split())[:_TITLE]
