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
    connect = tls = 0
    if get(pycurl.NUM_CONNECTS):
        connected, secured = get(pycurl.CONNECT_TIME_T), get(pycurl.APPCONNECT_TIME_T)
        connect = connected - get(pycurl.NAMELOOKUP_TIME_T)
        tls = max(secured - connected, 0)
    sent = max(sent, before)
    first = max(first, sent)
    return Timing(
        resolve_ms=resolve_seconds * 1000,
        connect_ms=connect / 1000,
        tls_ms=tls / 1000,
        send_ms=(sent - before) / 1000,
        wait_ms=(first - sent) / 1000,
        receive_ms=max(total - first, 0) / 1000,
        total_ms=total_seconds * 1000,
    )


def certificate(curl: pycurl.Curl) -> dict[str, str] | None:
    """The server's certificate: subject, issuer, serial, starts, expires, names. None when there was no handshake."""
    chain = curl.getinfo(pycurl.INFO_CERTINFO)
    if not chain:
        return None
    return {_CERTIFICATE[name]: value for name, value in chain[0] if name in _CERTIFICATE}
