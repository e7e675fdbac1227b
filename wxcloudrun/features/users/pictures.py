"""Pictures that people send: decoded and written anew, so that nothing but a picture is ever stored or served."""

import logging
import re
import secrets
import threading
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import Clock
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import AnySession, after_commit, transaction, unit_of_work
from wxcloudrun.core.logging import log
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.users.dao import FileDao, UserDao
from wxcloudrun.features.users.errors import ImageNotFound, ImageRefused, ImageTooLarge, UserNotFound
from wxcloudrun.features.users.schemas import Profile
from wxcloudrun.features.users.service import found, profile_of
from wxcloudrun.integrations.object_store import ObjectStore, StorageUnavailable

if TYPE_CHECKING:
    from wxcloudrun.features.users.moderation import AvatarModeration

_logger = logging.getLogger("wxcloudrun.users")
MIMETYPE = "image/webp"
MOST_PIXELS = 24_000_000  # what a good phone takes; 96 MB when decoded
_AT_ONCE = 2  # pictures a process decodes at a time: memory is what a bomb is after
_UPLOAD_LASTS = timedelta(hours=1)
_BATCH = 100
AVATAR_SIDE = 512
_AVATAR_NAME = re.compile(r"[0-9a-f]{32}\.webp")


class PictureFiles:
    """The files of pictures; a file is listed as loose before it exists, and again when its last row lets go."""

    def __init__(self, session: AnySession, clock: Clock, store: ObjectStore, files: FileDao | None = None) -> None:
        self.session = session
        self._clock = clock
        self._store = store
        self._files = files or FileDao(session)
        self._turn = threading.BoundedSemaphore(_AT_ONCE)

    def keep(self, content: bytes, folder: str, side: int) -> str:
        """Store a picture of at most side x side pixels; the key, to be adopted. Raises ImageRefused, ImageTooLarge,
        StorageUnavailable. Call it outside a transaction.
        """
        with self._turn:
            picture = as_webp(content, side)
        return self.store(picture, f"{folder}/{secrets.token_hex(16)}.webp", MIMETYPE)

    def store(self, content: bytes, key: str, mimetype: str) -> str:
        """Store these bytes as they are under a new key; the key, to be adopted. Raises StorageUnavailable.

        Call it outside a transaction.
        """
        with transaction(self.session):
            self._files.add(key, self._clock.now())
        self._store.put(key, content, mimetype)
        return key

    def store_file(self, path: Path, key: str, mimetype: str) -> str:
        """The same for the bytes of a file, which may be many. Raises StorageUnavailable."""
        with transaction(self.session):
            self._files.add(key, self._clock.now())
        self._store.put_file(key, path, mimetype)
        return key

    def adopt(self, key: str) -> None:
        """In the transaction that makes a row refer to the file. Raises StorageUnavailable when it is gone again."""
        if not self._files.strike(key):
            raise StorageUnavailable

    def let_go(self, keys: Iterable[str]) -> None:
        """In the transaction that makes no row refer to these files; they go once it is kept."""
        for key in keys:
            self._files.add(key, self._clock.now())
            after_commit(self.session, partial(self._removed, key))

    def read(self, key: str) -> bytes:
        """A stored picture. Raises ImageNotFound, StorageUnavailable."""
        content = self._store.get(key)
        if content is None:
            raise ImageNotFound
        return content

    def clear(self) -> int:
        """Remove loose files for good; how many. Called in the background."""
        done = [key for key in self._files.older(self._clock.now() - _UPLOAD_LASTS, _BATCH) if self._removed(key)]
        with transaction(self.session):
            for key in done:
                self._files.strike(key)
        return len(done)

    def _removed(self, key: str) -> bool:
        try:
            self._store.delete(key)
        except StorageUnavailable:
            log(_logger, "file not removed yet", logging.WARNING)  # it stays on the list, and `clear` comes again
            return False
        return True


class AvatarService:
    """One's own avatar; with `moderation`, none is used that WeChat was not asked about."""

    def __init__(
        self,
        session: AnySession,
        clock: Clock,
        keys: KeyRing,
        audit: AuditService,
        files: PictureFiles,
        users: UserDao | None = None,
        moderation: "AvatarModeration | None" = None,
    ) -> None:
        self.session = session
        self._clock = clock
        self._keys = keys
        self._audit = audit
        self._files = files
        self._users = users or UserDao(session)
        self._moderation = moderation

    def set(self, actor: Actor, content: bytes) -> Profile:
        """Replace the avatar. Raises ImageRefused, ImageTooLarge, StorageUnavailable, ContentCheckUnavailable."""
        key = self._files.keep(content, "avatars", AVATAR_SIDE)
        if self._moderation is None:
            return self._store(actor, key)
        # The file is there for WeChat to fetch, and nobody's avatar yet: without a check it is cleared away again.
        return self._store(actor, key, self._moderation.ask(actor.user_id or 0, key))

    def remove(self, actor: Actor) -> Profile:
        """Have no avatar."""
        return self._store(actor, None)

    def picture(self, name: str) -> bytes:
        """Anybody's avatar by its file name, which nobody can guess. Raises ImageNotFound, StorageUnavailable."""
        if not _AVATAR_NAME.fullmatch(name):
            raise ImageNotFound
        return self._files.read(f"avatars/{name}")

    @unit_of_work
    def _store(self, actor: Actor, key: str | None, trace_id: str | None = None) -> Profile:
        before = found(self._users.locked(actor.user_id or 0))
        if key is None and before.avatar is None:
            return profile_of(before, self._keys)
        if key is not None:
            self._files.adopt(key)
        if self._moderation is not None and key is not None and trace_id is not None:
            self._moderation.expect(trace_id, before.id, key)
        if before.avatar is not None:
            self._files.let_go([before.avatar])
        if not self._users.edit(before.id, {"avatar": key}, self._clock.now()):
            raise UserNotFound
        had, has = {"avatar": before.avatar is not None}, {"avatar": key is not None}
        self._audit.record(actor, "user.avatar", ("user", before.id), had, has)
        return profile_of(found(self._users.get(before.id)), self._keys)


def as_webp(content: bytes, side: int) -> bytes:
    """The first frame as WebP of at most side x side pixels, upright, without any metadata.

    Raises ImageRefused for anything that is not a whole JPEG, PNG, WebP or GIF, whatever it calls itself, and
    ImageTooLarge before a picture of too many pixels is decoded.
    """
    import struct  # noqa: PLC0415 - Pillow's parsers raise its error
    import zlib  # noqa: PLC0415 - as above

    from PIL import Image  # noqa: PLC0415 - only uploads need it

    try:
        return _rewritten(content, side)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageTooLarge(values={"limit": MOST_PIXELS}) from None
    except (OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, struct.error, zlib.error):
        raise ImageRefused from None


def _rewritten(content: bytes, side: int) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415 - only uploads need it

    with Image.open(BytesIO(content), formats=("JPEG", "PNG", "WEBP", "GIF")) as image:
        if image.width * image.height > MOST_PIXELS:
            raise ImageTooLarge(values={"limit": MOST_PIXELS})
        image.draft("RGB", (side, side))  # a JPEG is decoded at a fraction of its size
        image.load()
        upright = ImageOps.exif_transpose(image)
    plain = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    plain.thumbnail((side, side))
    plain.info.clear()
    written = BytesIO()
    plain.save(written, "WEBP", quality=85)
    return written.getvalue()
