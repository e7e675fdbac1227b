"""Pictures, good and hostile, for tests of uploads."""

import struct
import zlib
from io import BytesIO

from PIL import Image

COLOUR = (200, 30, 60)


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    """A picture of one colour."""
    written = BytesIO()
    Image.new("RGB", size, COLOUR).save(written, kind, **options)
    return written.getvalue()


def photo_with_location() -> bytes:
    """A JPEG whose EXIF says where it was taken, by what, and that it lies on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    exif[0x010F] = "A maker of phones"
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", (80, 40), exif=exif, comment=b"a comment that tells too much")


def animation() -> bytes:
    """A GIF of two frames: red, then blue."""
    written = BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    return written.getvalue()


def bomb(side: int = 20_000) -> bytes:
    """A small PNG that says it has side x side pixels, and does."""
    rows = zlib.compressobj(9)
    data = b"".join(rows.compress(b"\0" * (1 + side // 8)) for _ in range(side)) + rows.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def polyglot() -> bytes:
    """A GIF that a careless browser would run as a script."""
    return picture("GIF") + b"/*<script>alert(document.cookie)</script>*/"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'


def opened(content: bytes) -> Image.Image:
    """What a browser would show."""
    image = Image.open(BytesIO(content))
    image.load()
    return image
