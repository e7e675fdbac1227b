"""Host names in every spelling -> one canonical ASCII form, so that nothing below sees two ways to write an address."""

import ipaddress
import re
import socket
from functools import lru_cache
from urllib.parse import unquote

import idna

from wxcloudrun.engine.errors import DefinitionError

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_ENDS_IN_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)")


@lru_cache(maxsize=2048)
def canonical_host(text: str, field: str = "url") -> str:
    """The host as it is connected to: a lower-case ASCII name, a dotted IPv4 or an IPv6 address without brackets.

    As browsers do (WHATWG URL standard, host parsing): percent signs decoded once, full-width and circled characters
    mapped, IDN written in punycode, decimal, octal, hexadecimal and shortened IPv4 read as numbers. The dot that ends
    an absolute name is dropped. Raises `DefinitionError` for anything else.
    """
    if text.startswith("["):
        return _bracketed(text, field)
    name = _ascii(unquote(text, errors="replace") if "%" in text else text, field).removesuffix(".")
    labels = name.split(".")
    if _ENDS_IN_NUMBER.fullmatch(labels[-1]):
        return _ipv4(name, field)
    if len(name) > 253 or not all(_NAME.fullmatch(label) for label in labels):
        raise DefinitionError(field, "the host is not a name, an IPv4 address or an IPv6 address in brackets")
    return name


def authority(host: str, port: int, default_port: int | None = None) -> str:
    """`host:port` as it stands in a URL; the port is left out when it is the default one."""
    shown = f"[{host}]" if ":" in host else host
    return shown if port == default_port else f"{shown}:{port}"


def _bracketed(text: str, field: str) -> str:
    if not text.endswith("]") or "%" in text:
        raise DefinitionError(field, "an IPv6 address stands in brackets, without a zone: [2001:db8::1]")
    try:
        return str(ipaddress.IPv6Address(text[1:-1]))
    except ValueError:
        raise DefinitionError(field, "what stands in brackets is not an IPv6 address") from None


def _ascii(name: str, field: str) -> str:
    if name.isascii():
        return name.lower()
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except UnicodeError:
        return _lenient_ascii(name, field)


def _lenient_ascii(name: str, field: str) -> str:
    """Names that IDNA 2008 refuses but registries have sold, such as emoji: mapped, then punycoded label by label."""
    try:
        mapped = idna.uts46_remap(name, std3_rules=False, transitional=False)
    except UnicodeError:
        raise DefinitionError(field, "the host has characters that no host name can have") from None
    return ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii") for label in mapped.split(".")
    ).lower()


def _ipv4(name: str, field: str) -> str:
    """inet_aton reads what the C library would read; white space, after which it stops reading, is refused first."""
    if any(character.isspace() for character in name):
        raise DefinitionError(field, "the host holds white space")
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        raise DefinitionError(field, "the host ends in a number but is not an IPv4 address") from None
