"""One request out of its layers: environment defaults, the case, a dataset's row over it, the step over both."""

from collections.abc import Iterable, Mapping
from typing import Any

from wxcloudrun.engine.plan.case import Case, Dataset
from wxcloudrun.engine.plan.plan import Environment
from wxcloudrun.engine.plan.steps import Overrides

_LISTS = ("query", "headers", "cookies")


def merged_request(environment: Environment, case: Case, row: Dataset | None, overrides: Overrides) -> dict[str, Any]:
    """The request as JSON in the shape of `RequestSpec`, placeholders still in it; nothing is shared or changed."""
    request: dict[str, Any] = dict(case.request)
    for name in _LISTS:
        request[name] = _listed(request.get(name))
    _body_fields(request)
    for layer in (row, overrides):
        if layer is not None:
            _lay_over(request, layer)
    _replace(request, overrides)
    _environment(request, environment)
    return request


def _lay_over(request: dict[str, Any], layer: Dataset | Overrides) -> None:
    for name in _LISTS:
        request[name] = _by_name(request[name], getattr(layer, name), ignore_case=name == "headers")
    if layer.replace_body is not None:
        request["body"] = layer.replace_body
        _body_fields(request)
    if layer.body is not None:
        request["body"] = _merged_body(request.get("body"), layer.body)


def _replace(request: dict[str, Any], overrides: Overrides) -> None:
    for name in ("method", "url", "auth"):
        value = getattr(overrides, name)
        if value is not None:
            request[name] = value
    if overrides.timeouts is not None:
        request["timeouts"] = {**(request.get("timeouts") or {}), **overrides.timeouts}


def _environment(request: dict[str, Any], environment: Environment) -> None:
    """The environment's defaults hold where the request says nothing."""
    own = {str(entry["name"]).lower() for entry in request["headers"] if isinstance(entry, dict) and "name" in entry}
    headers = [{"name": name, "value": value} for name, value in environment.headers.items() if name.lower() not in own]
    request["headers"] = headers + request["headers"]
    named = {str(entry.get("name")) for entry in request["cookies"] if isinstance(entry, dict)}
    cookies = [{"name": name, "value": value} for name, value in environment.cookies.items() if name not in named]
    request["cookies"] = cookies + request["cookies"]
    if environment.auth is not None and _inherits(request.get("auth")):
        request["auth"] = environment.auth
    for name in ("tls", "timeouts"):
        default = getattr(environment, name)
        if default is not None:
            request[name] = {**default, **(request.get(name) or {})}
    if request.get("proxy") is None and environment.proxy is not None:
        request["proxy"] = environment.proxy


def _inherits(auth: object) -> bool:
    return auth is None or (isinstance(auth, dict) and auth.get("kind") == "inherit")


def _listed(entries: Any) -> Any:
    """Names and values as a list of entries; an object is the short way of writing one."""
    if entries is None:
        return []
    if isinstance(entries, Mapping):
        return [{"name": name, "value": value} for name, value in entries.items()]
    return list(entries) if isinstance(entries, list | tuple) else entries


def _body_fields(request: dict[str, Any]) -> None:
    body = request.get("body")
    if isinstance(body, dict):
        for name in ("fields", "parts"):
            if isinstance(body.get(name), dict):
                request["body"] = {**body, name: _listed(body[name])}


def _by_name(entries: Any, changes: Mapping[str, Any], *, ignore_case: bool = False) -> Any:
    """Entries with some replaced where they stand, some taken away (null), new ones at the end."""
    if not changes or not isinstance(entries, list):
        return entries
    keyed = {(name.lower() if ignore_case else name): (name, value) for name, value in changes.items()}
    result = []
    placed = set()
    for entry in entries:
        key = _entry_key(entry, ignore_case)
        if key not in keyed:
            result.append(entry)
        elif key not in placed and keyed[key][1] is not None:
            result.extend(_entries(*keyed[key]))
        placed.add(key)
    for key, (name, value) in keyed.items():
        if key not in placed and value is not None:
            result.extend(_entries(name, value))
    return result


def _entry_key(entry: Any, ignore_case: bool) -> str:
    name = str(entry.get("name", "")) if isinstance(entry, dict) else ""
    return name.lower() if ignore_case else name


def _entries(name: str, value: Any) -> Iterable[dict[str, Any]]:
    """A list of values repeats the name."""
    values = value if isinstance(value, list) else [value]
    return [{"name": name, "value": item} for item in values]


def _merged_body(body: Any, change: Any) -> Any:
    kind = body.get("kind") if isinstance(body, dict) else None
    if kind == "json":
        return {**body, "value": deep_merge(body.get("value"), change)}
    if kind == "urlencoded" and isinstance(change, dict):
        return {**body, "fields": _by_name(_listed(body.get("fields")), change)}
    if kind == "multipart" and isinstance(change, dict):
        return {**body, "parts": _by_name(_listed(body.get("parts")), change)}
    if kind == "graphql" and isinstance(change, dict):
        return {**body, "variables": deep_merge(body.get("variables"), change)}
    if isinstance(change, str):
        return {**body, "text": change} if kind == "raw" else {"kind": "raw", "text": change}
    return {"kind": "json", "value": change}


def deep_merge(base: Any, change: Any) -> Any:
    """Objects are merged member by member, at any depth; anything else, lists too, is replaced."""
    if isinstance(base, dict) and isinstance(change, dict):
        merged = dict(base)
        for key, value in change.items():
            merged[key] = deep_merge(base[key], value) if key in base else value
        return merged
    return change
