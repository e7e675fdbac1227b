"""Mini-program codes: a tiny real picture for a good request, JSON for a bad one."""

import base64
import re
import struct
import zlib

from wxcloudrun.simulator.gate import Context
from wxcloudrun.simulator.wire import Answer, RefusedError

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_VERSIONS = ("release", "trial", "develop")
_GRAY_PIXEL = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////////////////////"
    "//////////////wAALCAABAAEBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQID"
    "AAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1"
    "dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oA"
    "CAEBAAA/AI6//9k="
)
_JPEG_HEAD_BYTES = 20  # start of image and the JFIF segment


def unlimited_code(context: Context) -> Answer:
    """`POST /wxa/getwxacodeunlimit`: JPEG, or PNG if is_hyaline. The picture's comment is its scene and page."""
    body = context.body
    scene, page = body.get("scene"), body.get("page", "")
    if not isinstance(scene, str) or not _SCENE.fullmatch(scene):
        raise RefusedError(40169, "invalid length for scene, or the data is not json string")
    _check_arguments(context)
    if not isinstance(page, str) or _is_missing(context, page):
        raise RefusedError(41030, "invalid page")
    context.state.spend("/wxa/getwxacodeunlimit", context.app.appid)
    comment = f"{page}?scene={scene}".encode()
    if body.get("is_hyaline") is True:
        return Answer(_png(comment), "image/png")
    return Answer(_jpeg(comment), "image/jpeg")


def _check_arguments(context: Context) -> None:
    width = context.body.get("width", 430)
    if context.body.get("env_version", "release") not in _VERSIONS:
        raise RefusedError(40097, "invalid args: env_version")
    if not isinstance(width, int) or isinstance(width, bool) or not 280 <= width <= 1280:
        raise RefusedError(40097, "invalid args: width")


def _is_missing(context: Context, page: str) -> bool:
    if page.startswith("/") or "?" in page:
        return True
    return context.body.get("check_path", True) is not False and not context.app.has_page(page)


def _jpeg(comment: bytes) -> bytes:
    segment = b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment
    return _GRAY_PIXEL[:_JPEG_HEAD_BYTES] + segment + _GRAY_PIXEL[_JPEG_HEAD_BYTES:]


def _png(comment: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 6, 0, 0, 0)
    chunks = (
        (b"IHDR", header),
        (b"tEXt", b"Comment\0" + comment),
        (b"IDAT", zlib.compress(b"\0" + b"\0\0\0\0")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
