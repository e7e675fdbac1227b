"""Tells a libcurl handle about a request, and only what differs from the request before: setting all takes longer."""

import socket
from typing import Any

import pycurl

from wxcloudrun.engine.send.body import Payload
from wxcloudrun.engine.send.framing import MAY_BE_EMPTY
from wxcloudrun.engine.send.upload import Upload
from wxcloudrun.engine.send.wire import Wire

_SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_SUPPRESS_CONNECT_HEADERS, which pycurl does not name
_ENCODINGS = "gzip, deflate, br"
_VERSIONS = {
    "auto": pycurl.CURL_HTTP_VERSION_2TLS,
    "1.1": pycurl.CURL_HTTP_VERSION_1_1,
    "2": pycurl.CURL_HTTP_VERSION_2TLS,
}
_UNSET: Any = object()
_CONSTANT = (
    (pycurl.NOSIGNAL, 1),
    (pycurl.NOPROGRESS, 1),
    (pycurl.FOLLOWLOCATION, 0),  # each hop is vetted by the guard, so redirects are followed by hand
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.HTTP09_ALLOWED, 0),
    (pycurl.PATH_AS_IS, 1),  # /a/../b is what somebody wants to test
    (pycurl.NOPROXY, ""),  # with PROXY set to nothing: the environment's proxies do not count
    (pycurl.HEADEROPT, pycurl.HEADER_SEPARATE),  # the user's headers are for the server, not for the proxy
    (_SUPPRESS_CONNECT_HEADERS, 1),
    (pycurl.NETRC, pycurl.NETRC_IGNORED),
    (pycurl.DNS_CACHE_TIMEOUT, 0),  # only pinned, vetted addresses are used
    (pycurl.MAXAGE_CONN, 60),
    (pycurl.OPT_CERTINFO, 1),
)


class HandleOptions:
    """The options a handle has, and how to change them to those of the next request."""

    def __init__(self, curl: pycurl.Curl, ca_file: str | None) -> None:
        self._curl = curl
        self._ca_file = ca_file
        self._current: dict[int, Any] = {}
        self._mode = "get"
        self._url = ""
        self._method: str | None = None
        self._lasting: Any = None
        self._pinned: dict[tuple[str, int], tuple[str, ...]] = {}
        for option, value in _CONSTANT:
            curl.setopt(option, value)

    def apply(self, wire: Wire) -> None:
        """Makes the handle ready for this request."""
        url = wire.url.text
        if url != self._url:
            self._curl.setopt(pycurl.URL, url)
            self._url = url
        self._curl.setopt(pycurl.HTTPHEADER, _header_lines(wire))
        if wire.pins:
            self._pin(wire)
        self._body(wire)
        framing, secure = wire.framing, wire.url.scheme == "https"
        tls = wire.tls if secure else None
        lasting = (framing.decode, framing.reusable, wire.connect_ms, wire.http_version, wire.proxy, tls)
        if lasting == self._lasting:  # one question instead of one an option, since it is nearly always so
            return
        self._lasting = lasting
        self._set(pycurl.ACCEPT_ENCODING, _ENCODINGS if framing.decode else None)
        self._set(pycurl.CONNECTTIMEOUT_MS, wire.connect_ms)
        self._set(pycurl.HTTP_VERSION, self._version(wire))
        self._set(pycurl.FORBID_REUSE, int(not framing.reusable))
        self._proxy(wire)
        if secure:
            self._tls(wire)

    def _set(self, option: int, value: Any) -> None:
        if self._current.get(option, _UNSET) == value:
            return
        if value is None:
            self._curl.unsetopt(option)
        else:
            self._curl.setopt(option, value)
        self._current[option] = value

    def _version(self, wire: Wire) -> int:
        """HTTP/2 is agreed on inside TLS; without TLS somebody who asks for it must know that the server speaks it."""
        if wire.http_version == "2" and wire.url.scheme == "http":
            return int(pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
        return int(_VERSIONS[wire.http_version])

    def _pin(self, wire: Wire) -> None:
        fresh = [pin for pin in wire.pins if self._pinned.get((pin.host, pin.port)) != pin.addresses]
        if not fresh:
            return
        lines = []
        for pin in fresh:
            shown = ",".join(f"[{address}]" if ":" in address else address for address in pin.addresses)
            lines.append(f"{pin.host}:{pin.port}:{shown}")
            self._pinned[pin.host, pin.port] = pin.addresses
        self._curl.setopt(pycurl.RESOLVE, lines)

    def _proxy(self, wire: Wire) -> None:
        self._set(pycurl.PROXY, wire.proxy.url if wire.proxy else "")
        self._set(pycurl.PROXYUSERPWD, _bytes(wire.proxy.credentials) if wire.proxy else None)
        self._set(pycurl.HTTPPROXYTUNNEL, 0)

    def _tls(self, wire: Wire) -> None:
        tls = wire.tls
        self._set(pycurl.SSL_VERIFYPEER, int(tls.verify))
        self._set(pycurl.SSL_VERIFYHOST, 2 if tls.verify else 0)
        self._set(pycurl.CAINFO, self._ca_file)
        self._set(pycurl.CAINFO_BLOB, _bytes(tls.ca_pem))
        self._set(pycurl.SSLCERT_BLOB, _bytes(tls.client_cert_pem))
        self._set(pycurl.SSLKEY_BLOB, _bytes(tls.client_key_pem))

    def _body(self, wire: Wire) -> None:
        payload = wire.payload
        if payload is not None and payload.data is None:
            self._upload(wire, payload)
        elif payload is not None or wire.method in MAY_BE_EMPTY:
            self._mode_is("post", pycurl.POST)
            self._curl.setopt(pycurl.POSTFIELDS, payload.data if payload is not None else b"")
            self._method_is(None if wire.method == "POST" else wire.method)
        elif wire.method == "HEAD":
            self._mode_is("head", pycurl.NOBODY)
            self._method_is(None)
        else:
            self._mode_is("get", pycurl.HTTPGET)
            self._method_is(None if wire.method == "GET" else wire.method)

    def _method_is(self, other: str | None) -> None:
        """The method to write instead of the one that libcurl takes by itself."""
        if other != self._method:
            self._set(pycurl.CUSTOMREQUEST, other)
            self._method = other

    def _upload(self, wire: Wire, payload: Payload) -> None:
        """A body with a file in it is read while it is sent."""
        upload = Upload(payload)
        self._mode_is("upload", pycurl.UPLOAD)
        self._curl.setopt(pycurl.INFILESIZE_LARGE, upload.size)
        self._curl.setopt(pycurl.READFUNCTION, upload.read)
        self._curl.setopt(pycurl.SEEKFUNCTION, upload.seek)
        self._method_is(wire.method)

    def _mode_is(self, mode: str, option: int) -> None:
        if mode == self._mode:
            return
        if self._mode == "upload":
            self._curl.setopt(pycurl.UPLOAD, 0)
        self._curl.setopt(option, 1)
        self._mode = mode


def open_socket(address: Any) -> socket.socket:
    """A socket for a judged address; pycurl takes a duplicate of it."""
    return socket.socket(address.family, address.socktype, address.protocol)


def _header_lines(wire: Wire) -> list[bytes]:
    """libcurl's spelling: `Name: value`, `Name;` for an empty value, `Name:` to keep a default from being added."""
    lines = [f"{name}: {value}".encode() if value else f"{name};".encode() for name, value in wire.headers]
    lines += wire.framing.silent
    return lines


def _bytes(text: str | None) -> bytes | None:
    return text.encode() if text else None
