"""Compression of what runs store: zlib with a small window, and for results a text that they all resemble.

A result is two kilobytes, most of them names of fields. Against `_RESULT`, a result that never was, it shrinks to less
than half of what it would be alone, in half the time. What is compressed names that text by its checksum: **a text
that was ever used stays in this file as it is**; a better one is added, and new results are compressed against it.
"""

import zlib
from functools import cache
from typing import Final

_RESULT: Final = (
    '"dataset":{"key":"","name":"","row":{},"id":null},"reason":"condition is false: ","reason":"disabled","error":'
    '{"error_class":"timeout","message":"","detail":null},"error_class":"connect","variable","outcome":"skipped",'
    '"outcome":"error","kind":"wait","phase":"setup","phase":"teardown","encoding":"base64","truncated":true,'
    '["Set-Cookie","***"],["Authorization","***"],["Cookie","***"],["Transfer-Encoding","chunked"],["Vary","Accept"],'
    '["Cache-Control","no-store"],["Content-Encoding","gzip"],["Content-Type","application/json; charset=utf-8"],'
    '["Location",""],"curl":"curl --request GET --header \'","hops":[{"url":"","status":302,"location":"","peer":null}]'
    '"cookies":[{"name":"sid","value":"***","hash":null,"domain":"","path":"/","expires":null,"secure":false,'
    '"http_only":true,"same_site":null}],"status":201,"status":404,"reason":"Created","reason":"Not Found",'
    '{"index":1,"passed":false,"name":"","source":"jsonpath $.data.id","comparator":"not eq","contains","exists",'
    '"expected":"","actual":"","where":"$.data","nearest":null,"message":"expected ","places":["$"]},'
    '{"ordinal":"200000.000000.200001","path":"steps/0/iterations/0/steps/1","kind":"case","outcome":"failed","key":"",'
    '"name":"","phase":"steps","started_at":"2026-01-01T00:00:00.000Z","duration_ms":1.0,"id":null,"case_id":null,'
    '"case_version":null,"trail":[],"iteration":null,"dataset":null,"reason":null,"error":null,"attempts":[{"number":1,'
    '"outcome":"passed","sent_at":"2026-01-01T00:00:00.000Z","wait_ms":0.0,"status":200,"error_class":null,'
    '"message":null,"timing":{"resolve_ms":0.0,"connect_ms":0.0,"tls_ms":0.0,"send_ms":0.0,"wait_ms":0.0,'
    '"receive_ms":0.0,"total_ms":0.0},"peer":"127.0.0.1:80","trace_id":"","parent_id":""}],"request":{"method":"POST",'
    '"url":"https://","method":"GET","url":"http://","headers":[["Host",""],["Content-Type","application/json"],'
    '["Accept","*/*"],["User-Agent","wxcloudrun/1"],["traceparent","00-"],["X-Test-Run","/steps/0/1"],'
    '["Accept-Encoding","gzip, deflate, br"],["Content-Length","0"]],"body":{"head":"{\\"","head":"","encoding":"text",'
    '"size":0,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","truncated":false,"charset":'
    '"utf-8"},"curl":""},"response":{"status":200,"reason":"OK","http_version":"1.1","headers":[["Server","nginx"],'
    '["Date"," GMT"],["Connection","keep-alive"],["X-Request-Id",""],["Content-Type","application/json"],'
    '["Content-Length",""]],"body":{"encoding":"text","size":0,"sha256":"","truncated":false,"charset":"utf-8","ref":""},'
    '"url":"http://","timing":{"resolve_ms":0.0,"connect_ms":0.0,"tls_ms":0.0,"send_ms":0.0,"wait_ms":0.0,'
    '"receive_ms":0.0,"total_ms":0.0},"cookies":[],"peer":"","hops":[],"certificate":null},"assertions":[{"index":0,'
    '"passed":true,"name":"","source":"status","comparator":"eq","expected":200,"actual":200,"where":"status",'
    '"nearest":null,"message":"","places":[]}],"extractions":[{"name":"","found":true,"value":"","scope":"scenario",'
    '"secret":false,"hash":null,"message":""}],"variables":[{"name":"","scope":"extracted","value":"","secret":false,'
    '"hash":null}],"log":[],"passed_after_retry":false,"explanation":null}'
)
_NEWEST: Final = _RESULT.encode()
_KNOWN: Final = {zlib.adler32(text): text for text in (_NEWEST,)}

_LEVEL: Final = 1  # a little larger than the best there is, in a small part of the time
_RESULT_LEVEL: Final = 3  # against a text that a result resembles it takes a seventh less, in the same time
_WINDOW, _MEMORY = 12, 4  # 4 KiB look back as far as it pays; the usual 256 KiB take longer to get than to use
_HAS_DICTIONARY: Final = 0x20  # of the second byte, RFC 1950 section 2.2


def deflated(content: bytes) -> bytes:
    """Compressed; whoever has zlib can read it."""
    if len(content) > 1 << 16:
        return zlib.compress(content, _LEVEL)
    work = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY)
    return work.compress(content) + work.flush()


def deflated_result(content: bytes) -> bytes:
    """Compressed against what results have in common; `inflated` reads it."""
    work = _prepared().copy()
    return work.compress(content) + work.flush()


@cache
def _prepared() -> "zlib._Compress":
    """One that has read the text already; a copy of it begins there."""
    return zlib.compressobj(_RESULT_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _NEWEST)


def inflated(content: bytes) -> bytes:
    """What was compressed, by either. Raises `zlib.error` for what was not."""
    if len(content) < 6 or not content[1] & _HAS_DICTIONARY:
        return zlib.decompress(content)
    known = _KNOWN.get(int.from_bytes(content[2:6], "big"))
    if known is None:
        raise zlib.error("compressed against a text that this version does not know")
    work = zlib.decompressobj(zdict=known)
    return work.decompress(content) + work.flush()
