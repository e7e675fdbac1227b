"""What an environment says of every request: checked as the engine will read it, and its credentials set apart."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wxcloudrun.core.errors import FieldFault
from wxcloudrun.core.masking import mask_text

type Path = tuple[str, ...]

PARTS = ("headers", "cookies", "auth", "tls", "proxy", "timeouts", "rate_per_second")
MARK = {"is_set": True}
_MOST = {"auth": 32_768, "tls": 262_144, "timeouts": 1024}  # characters of JSON
_CREDENTIALS = {
    "auth": {"password", "token", "client_secret", "secret_key", "session_token", "key"},
    "tls": {"client_key_pem"},
}
_TELLING = re.compile(r"secret|passw|token|auth|cookie|sess|sid|jwt|csrf|signature|credential|key", re.IGNORECASE)
_HARMLESS = re.compile(r"(?:(?:Bearer|Basic|Token|Key|ApiKey)\s)?\s*", re.IGNORECASE)  # `Bearer {{token}}`
_REFERENCE = re.compile(r"\{\{[^{}]+\}\}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_PROXY = re.compile(r"(?:(?:https?|socks5h?)://)?(?!\w+://)\S+", re.IGNORECASE)


def set_apart(settings: Mapping[str, Any], kept: Mapping[Path, str]) -> tuple[dict[str, Any], dict[Path, str]]:
    """The settings with marks in place of credentials, and the credentials by their places.

    A mark that came in takes what is kept for its place; where nothing is kept, `faults` finds the mark.
    """
    shown = {name: settings.get(name) for name in PARTS}
    held: dict[Path, str] = {}
    for path, value in list(_places(shown)):
        if value == MARK:
            held |= {path: kept[path]} if path in kept else {}
        elif isinstance(value, str | int | float) and not _open(str(value)):
            held[path] = str(value)
            _put(shown, path, MARK)
    return shown, held


def put_back(settings: Mapping[str, Any], held: Mapping[Path, str]) -> dict[str, Any]:
    """The settings as they were before `set_apart`."""
    whole = {name: _copied(value) for name, value in settings.items()}
    for path, value in held.items():
        _put(whole, path, value)
    return whole


def faults(base_url: str, settings: Mapping[str, Any], held: Mapping[Path, str]) -> Iterator[FieldFault]:
    """Why the engine could not work with these settings (marked, with the credentials beside them)."""
    yield from _size_faults(put_back(settings, held))
    yield from _name_faults(settings)
    yield from _address_faults(base_url)
    missing = [FieldFault(".".join(path), "not_set") for path in _marks(settings, ()) if path not in held]
    yield from missing or _request_faults(put_back(settings, held), held)


def _places(settings: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Where a credential may stand, with what stands there."""
    for part in ("headers", "cookies"):
        for name, value in (settings[part] or {}).items():
            if part == "cookies" or _TELLING.search(name):
                yield (part, name), value
    for part, names in _CREDENTIALS.items():
        for name, value in (settings[part] or {}).items():
            if name in names or (part == "auth" and name == "value"):
                yield (part, name), value
    extra = (settings["auth"] or {}).get("extra")
    for name, value in (extra if isinstance(extra, dict) else {}).items():
        yield ("auth", "extra", name), value
    if "@" in str(settings["proxy"] or "") or settings["proxy"] == MARK:
        yield ("proxy",), settings["proxy"]


def _open(text: str) -> bool:
    """True for text that tells nothing: empty, or references to variables only, perhaps after a scheme's word."""
    rest, found = _REFERENCE.subn("", text)
    return not text or bool(found and _HARMLESS.fullmatch(rest))


def _put(whole: dict[str, Any], path: Path, value: Any) -> None:
    """Set what stands there, in copies of the objects on the way."""
    if len(path) == 1:
        whole[path[0]] = value
        return
    whole[path[0]] = dict(whole.get(path[0]) or {})
    _put(whole[path[0]], path[1:], value)


def _copied(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


def _marks(value: Any, path: Path) -> Iterator[Path]:
    if value == MARK:
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _marks(item, (*path, str(name)))


def _size_faults(settings: Mapping[str, Any]) -> Iterator[FieldFault]:
    for name, most in _MOST.items():
        if len(str(settings.get(name) or "")) > most:
            yield FieldFault(name, "too_large")


def _name_faults(settings: Mapping[str, Any]) -> Iterator[FieldFault]:
    for part in ("headers", "cookies"):
        for name in settings[part] or {}:
            if "{{" not in name and not _TOKEN.fullmatch(name):
                yield FieldFault(f"{part}.{name}", "not_a_name")
    proxy = settings["proxy"]
    if isinstance(proxy, str) and proxy and "{{" not in proxy and not _PROXY.fullmatch(proxy.strip()):
        yield FieldFault(
            "proxy", "not_a_proxy", detail="write http://host:port, https://host:port or socks5://host:port"
        )


def _address_faults(base_url: str) -> Iterator[FieldFault]:
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - a start does not pay for the engine
    from wxcloudrun.engine.render.template import compile_text  # noqa: PLC0415 - as above
    from wxcloudrun.engine.send.url import parse_url  # noqa: PLC0415 - as above

    place = base_url.partition("://")[2].partition("/")[0]
    if "@" in place or mask_text(base_url) != base_url:
        yield FieldFault("base_url", "holds_a_credential", detail="use `auth`, or a secret variable")
        return
    try:
        if base_url and isinstance(compile_text(base_url, "base_url"), str):
            parse_url(base_url, "base_url")
    except DefinitionError as fault:
        yield FieldFault("base_url", "not_usable", fault.position, fault.reason)


def _request_faults(settings: Mapping[str, Any], held: Mapping[Path, str]) -> Iterator[FieldFault]:
    """What the engine itself says of a request with these settings: its first objection."""
    from wxcloudrun.engine.errors import DefinitionError  # noqa: PLC0415 - as above
    from wxcloudrun.engine.ready.compiled_case import RequestTemplate  # noqa: PLC0415 - as above

    named = {part: list((settings[part] or {}).items()) for part in ("headers", "cookies")}
    raw: dict[str, Any] = {"url": "https://host/"}
    raw |= {part: [{"name": name, "value": value} for name, value in pairs] for part, pairs in named.items()}
    raw |= {part: settings[part] for part in ("auth", "tls", "proxy", "timeouts") if settings[part] is not None}
    try:
        RequestTemplate(raw, "environment")
    except DefinitionError as fault:
        path = _own_path(fault.field.split(".")[1:], named, settings)
        telling = None if tuple(path) in held else fault.reason  # it may repeat what was typed
        yield FieldFault(".".join(path), "not_usable", fault.position, telling)


def _own_path(path: list[str], named: Mapping[str, list[tuple[str, Any]]], settings: Mapping[str, Any]) -> list[str]:
    """The engine's path in an environment's words: header by name, and no kind between `auth` and its field."""
    if len(path) > 1 and path[0] in named and path[1].isdigit():
        return [path[0], named[path[0]][int(path[1])][0]]
    auth = settings["auth"]
    if path[:1] == ["auth"] and isinstance(auth, dict) and path[1:2] == [auth.get("kind")]:
        return ["auth", *path[2:]]
    return path
