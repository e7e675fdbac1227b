"""What an environment says of every request: checked as the engine will read it, and its credentials set apart."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wxcloudrun.core import credentials
from wxcloudrun.core.credentials import Held, Path, holds_a_credential, put_back, unset
from wxcloudrun.core.errors import FieldFault

PARTS = ("headers", "cookies", "auth", "tls", "proxy", "timeouts", "rate_per_second")
_MOST = {"auth": 32_768, "tls": 262_144, "timeouts": 1024}  # characters of JSON
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
_PROXY = re.compile(r"(?:(?:https?|socks5h?)://)?(?!\w+://)\S+", re.IGNORECASE)


def set_apart(settings: Mapping[str, Any], kept: Mapping[Path, str]) -> tuple[dict[str, Any], Held]:
    """The settings with marks in place of credentials, and the credentials by their places."""
    return credentials.set_apart({name: settings.get(name) for name in PARTS}, kept)


def faults(base_url: str, settings: Mapping[str, Any], held: Mapping[Path, str]) -> Iterator[FieldFault]:
    """Why the engine could not work with these settings (marked, with the credentials beside them)."""
    yield from _size_faults(put_back(settings, held))
    yield from _name_faults(settings)
    yield from _address_faults(base_url)
    missing = [FieldFault(".".join(path), "not_set") for path in unset(settings, held)]
    yield from missing or _request_faults(put_back(settings, held), held)


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

    if holds_a_credential(base_url):
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
