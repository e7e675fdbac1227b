"""libcurl's error codes -> the error classes of the engine and a sentence a person can act on."""

import pycurl

from wxcloudrun.engine.errors import ErrorClass

# https://curl.se/libcurl/c/libcurl-errors.html; pycurl names most of the codes, not these.
WEIRD_SERVER_REPLY, HTTP2_STREAM, PROXY, CLIENT_CERTIFICATE, TOO_LARGE = 8, 92, 97, 98, 100

_TLS = {
    pycurl.E_SSL_CONNECT_ERROR: "the TLS handshake failed",
    pycurl.E_PEER_FAILED_VERIFICATION: "the server's certificate is not trusted or is for another name",
    pycurl.E_SSL_CERTPROBLEM: "the client certificate cannot be used",
    pycurl.E_SSL_CACERT_BADFILE: "the given authorities (ca_pem) cannot be read",
    pycurl.E_SSL_CIPHER: "no common cipher",
    pycurl.E_SSL_ISSUER_ERROR: "the issuer of the server's certificate was refused",
    pycurl.E_SSL_SHUTDOWN_FAILED: "the TLS connection was not closed properly",
    CLIENT_CERTIFICATE: "the server asks for a client certificate",
    pycurl.E_SSL_PINNEDPUBKEYNOTMATCH: "the server's key is not the expected one",
}
_PROTOCOL = {
    pycurl.E_UNSUPPORTED_PROTOCOL: "the answer does not begin with an HTTP/1 status line",
    WEIRD_SERVER_REPLY: "the answer is not valid HTTP",
    pycurl.E_PARTIAL_FILE: "the connection was closed before the whole body had arrived (fewer bytes than announced)",
    pycurl.E_GOT_NOTHING: "the connection was closed without an answer",
    pycurl.E_RECV_ERROR: "the connection was reset while the answer was read",
    pycurl.E_SEND_ERROR: "the connection was reset while the request was sent",
    pycurl.E_SEND_FAIL_REWIND: "the connection was lost and the body could not be sent again",
    pycurl.E_BAD_CONTENT_ENCODING: "the body is not in the encoding that Content-Encoding says",
    pycurl.E_HTTP2: "the HTTP/2 connection failed",
    HTTP2_STREAM: "the server ended the HTTP/2 stream with an error",
}
_OTHER = {
    pycurl.E_COULDNT_CONNECT: (ErrorClass.CONNECT, "no connection: nobody listens there or the address is unreachable"),
    pycurl.E_COULDNT_RESOLVE_HOST: (ErrorClass.RESOLVE, "the host name has no address"),
    pycurl.E_COULDNT_RESOLVE_PROXY: (ErrorClass.RESOLVE, "the proxy's name has no address"),
    PROXY: (ErrorClass.CONNECT, "the proxy refused the connection"),
    pycurl.E_URL_MALFORMAT: (ErrorClass.DEFINITION, "the URL cannot be used"),
    TOO_LARGE: (ErrorClass.BODY_TOO_LARGE, "the answer's headers are too large"),
    pycurl.E_ABORTED_BY_CALLBACK: (ErrorClass.DEFINITION, "a file of the body could not be read"),
    pycurl.E_FILESIZE_EXCEEDED: (ErrorClass.BODY_TOO_LARGE, "the body is too large"),
}


def classify(code: int, words: str, fresh_tls: bool = False) -> tuple[ErrorClass, str]:
    """The class and the fact behind a libcurl error; `words` is libcurl's own text.

    `fresh_tls` says that the handshake had just been made for this request.
    """
    if code in _TLS:
        return ErrorClass.TLS, _TLS[code]
    if code in (pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR) and "CONNECT" in words:
        return ErrorClass.CONNECT, "the proxy refused to open a tunnel"
    if "alert" in words and code == pycurl.E_RECV_ERROR or fresh_tls and code == pycurl.E_SEND_ERROR:
        # With TLS 1.3 the client learns only after its own half of the handshake that its certificate was refused.
        return (
            ErrorClass.TLS,
            "the server ended TLS at once (a client certificate missing or refused?)",
        )
    if code in _PROTOCOL:
        return ErrorClass.PROTOCOL, _PROTOCOL[code]
    return _OTHER.get(code, (ErrorClass.PROTOCOL, f"the transfer failed (libcurl error {code})"))


def safe_words(words: str) -> str | None:
    """libcurl's text as detail, unless it may repeat a URL with its query or credentials."""
    return None if not words or "?" in words or "@" in words or "://" in words else words[:200]
