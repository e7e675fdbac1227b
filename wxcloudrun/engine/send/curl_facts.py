"""What libcurl measured and saw during a transfer."""

import pycurl

from wxcloudrun.engine.response import Timing

_CERTIFICATE = {
    "Subject": "subject",
    "Issuer": "issuer",
    "Serial Number": "serial",
    "Start date": "starts",
    "Expire date": "expires",
    "X509v3 Subject Alternative Name": "names",
}


def timing(curl: pycurl.Curl, resolve_seconds: float, total_seconds: float) -> Timing:
    """The last hop's phases: libcurl counts microseconds from its start, a phase is a difference of two of them."""
    get = curl.getinfo
    total = get(pycurl.TOTAL_TIME_T)
    before, sent, first = (
        get(pycurl.PRETRANSFER_TIME_T),
        get(pycurl.POSTTRANSFER_TIME_T),
        get(pycurl.STARTTRANSFER_TIME_T),
    )
    connect = tls = 0.0
    if get(pycurl.NUM_CONNECTS):
        connected, secured = get(pycurl.CONNECT_TIME_T), get(pycurl.APPCONNECT_TIME_T)
        connect = (connected - get(pycurl.NAMELOOKUP_TIME_T)) / 1000
        tls = (secured - connected) / 1000 if secured > connected else 0.0
    sent = max(sent, before)
    first = max(first, sent)
    receive = (total - first) / 1000 if total > first else 0.0
    return Timing(
        _whole(resolve_seconds),
        connect,
        tls,
        (sent - before) / 1000,
        (first - sent) / 1000,
        receive,
        _whole(total_seconds),
    )


def _whole(seconds: float) -> float:
    """Milliseconds in whole microseconds, as libcurl counts them: what lies below was never measured."""
    return int(seconds * 1_000_000) / 1000


def certificate(curl: pycurl.Curl) -> dict[str, str] | None:
    """The server's certificate: subject, issuer, serial, starts, expires, names. None when there was no handshake."""
    chain = curl.getinfo(pycurl.INFO_CERTINFO)
    if not chain:
        return None
    return {_CERTIFICATE[name]: value for name, value in chain[0] if name in _CERTIFICATE}
