"""Pictures: what is taken, what is refused, and where the files go."""

import contextlib
import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.unit.features.users import samples
from tests.unit.features.users.stand_ins import KEYS, FakeAudit, FakeClock, FakeSession, FakeUserDao
from tests.unit.features.users.stores import FakeFileDao, FakeFiles, FakeStore
from wxcloudrun.core.actor import Actor, Status
from wxcloudrun.core.db import transaction
from wxcloudrun.features.users.errors import ImageNotFound, ImageRefused, ImageTooLarge, UserNotFound
from wxcloudrun.features.users.pictures import AvatarService, PictureFiles, as_webp
from wxcloudrun.integrations.object_store import StorageUnavailable


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_every_common_kind_becomes_webp(kind):
    image = samples.opened(as_webp(samples.picture(kind), 512))
    assert (image.format, image.size) == ("WEBP", (64, 48))
    red, green, blue = image.convert("RGB").getpixel((30, 20))
    assert abs(red - 200) + abs(green - 30) + abs(blue - 60) < 30, "it shows what was sent"


@pytest.mark.parametrize(("size", "shown"), [((2000, 1000), (512, 256)), ((100, 3000), (17, 512)), ((1, 1), (1, 1))])
def test_a_large_picture_shrinks_and_keeps_its_shape(size, shown):
    assert samples.opened(as_webp(samples.picture("JPEG", size), 512)).size == shown


def test_a_photo_stands_upright_and_tells_nothing_but_what_it_shows():
    written = as_webp(samples.photo_with_location(), 512)
    image = samples.opened(written)
    assert image.size == (40, 80)
    assert not image.getexif()
    assert not any(word in written for word in (b"EXIF", b"maker of phones", b"comment", b"ICCP", b"XMP"))


def test_of_an_animation_the_first_frame_stays():
    image = samples.opened(as_webp(samples.animation(), 512))
    assert getattr(image, "n_frames", 1) == 1
    assert image.convert("RGB").getpixel((5, 5))[0] > 200


def test_what_hides_behind_a_picture_is_gone():
    assert b"script" not in as_webp(samples.polyglot(), 512)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16", "CMYK"])
def test_every_mode_of_colour_is_read(mode, tmp_path):
    path = tmp_path / ("x.jpg" if mode == "CMYK" else "x.png")
    Image.new(mode, (9, 9)).save(path)
    image = samples.opened(as_webp(path.read_bytes(), 512))
    assert image.mode == ("RGBA" if mode in {"LA", "RGBA"} else "RGB")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an image",
        samples.SVG,
        samples.picture("PNG")[:-30],
        samples.picture("JPEG", (300, 300))[:300],
        samples.picture("BMP"),
        samples.picture("TIFF"),
        b"GIF89a",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    ],
)
def test_what_is_no_whole_picture_is_refused(content):
    with pytest.raises(ImageRefused):
        as_webp(content, 512)


@pytest.mark.parametrize("side", [5_000, 10_000, 20_000])
def test_a_bomb_is_refused_before_it_is_decoded(side):
    bomb = samples.bomb(side)
    assert len(bomb) < 100_000
    with pytest.raises(ImageTooLarge):
        as_webp(bomb, 512)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow complains of broken EXIF, which is dropped anyway
@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([samples.picture(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")] + [samples.animation()]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_a_broken_picture_is_read_or_refused_and_nothing_else(content, changes):
    broken = bytearray(content)
    for place, value in changes:
        broken[place % len(broken)] = value
    try:
        written = as_webp(bytes(broken), 64)
    except (ImageRefused, ImageTooLarge):
        return
    assert samples.opened(written).format == "WEBP"


class Desk:
    """PictureFiles with everything it works with."""

    def __init__(self) -> None:
        self.session, self.clock, self.store, self.dao = FakeSession(), FakeClock(), FakeStore(), FakeFileDao()
        self.files = PictureFiles(self.session, self.clock, self.store, self.dao)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_file_is_on_the_list_until_a_row_adopts_it(desk):
    key = desk.files.keep(samples.picture(), "avatars", 512)
    assert list(desk.dao.loose) == [key]
    assert samples.opened(desk.files.read(key)).format == "WEBP"
    with transaction(desk.session):
        desk.files.adopt(key)
    assert desk.dao.loose == {}


def test_names_of_files_cannot_be_guessed(desk):
    keys = {desk.files.keep(samples.picture(), "avatars", 512) for _ in range(5)}
    assert len(keys) == 5
    assert all(len(key) == len("avatars/.webp") + 32 for key in keys)


def test_a_file_that_could_not_be_stored_is_removed_later(desk):
    desk.store.broken = StorageUnavailable()
    with pytest.raises(StorageUnavailable):
        desk.files.keep(samples.picture(), "avatars", 512)
    desk.store.broken = None
    desk.clock.move(timedelta(hours=2))
    assert desk.files.clear() == 1
    assert desk.dao.loose == {}


def test_a_file_that_is_let_go_goes_when_that_is_kept(desk):
    desk.store.objects["avatars/a"] = b"x"
    with transaction(desk.session):
        desk.files.let_go(["avatars/a"])
        assert "avatars/a" in desk.store.objects
    assert desk.store.objects == {}


def test_a_file_stays_when_letting_go_was_not_kept(desk):
    desk.store.objects["avatars/a"] = b"x"
    with contextlib.suppress(RuntimeError), transaction(desk.session):
        desk.files.let_go(["avatars/a"])
        raise RuntimeError
    assert "avatars/a" in desk.store.objects


def test_a_store_that_is_down_neither_fails_a_deletion_nor_forgets_the_file(desk):
    desk.store.objects["avatars/a"] = b"x"
    desk.store.broken = StorageUnavailable()
    with transaction(desk.session):
        desk.files.let_go(["avatars/a"])
    desk.clock.move(timedelta(hours=2))
    assert desk.files.clear() == 0
    desk.store.broken = None
    assert desk.files.clear() == 1
    assert desk.store.objects == {}


def test_an_upload_under_way_is_not_cleared(desk):
    key = desk.files.keep(samples.picture(), "avatars", 512)
    desk.clock.move(timedelta(minutes=30))
    assert desk.files.clear() == 0
    assert key in desk.store.objects


def test_a_file_that_was_cleared_is_not_adopted(desk):
    with pytest.raises(StorageUnavailable), transaction(desk.session):
        desk.files.adopt("avatars/gone")


def test_a_file_that_is_not_there_is_missing(desk):
    with pytest.raises(ImageNotFound):
        desk.files.read("avatars/nothing")


def test_few_pictures_are_decoded_at_a_time(desk, monkeypatch):
    busy, most, gate = 0, 0, threading.Lock()

    def slow(content: bytes, side: int) -> bytes:
        nonlocal busy, most
        with gate:
            busy += 1
            most = max(most, busy)
        threading.Event().wait(0.02)
        with gate:
            busy -= 1
        return content

    monkeypatch.setattr("wxcloudrun.features.users.pictures.as_webp", slow)
    desks = [PictureFiles(FakeSession(), desk.clock, desk.store, FakeFileDao()) for _ in range(6)]
    for other in desks:
        other._turn = desk.files._turn
    threads = [threading.Thread(target=one.keep, args=(b"x", "avatars", 9)) for one in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= most <= 2
    assert len(desk.store.objects) == 6


class Album:
    """AvatarService with everything it works with."""

    def __init__(self) -> None:
        self.session, self.audit, self.files, self.users = FakeSession(), FakeAudit(), FakeFiles(), FakeUserDao()
        self.service = AvatarService(self.session, FakeClock(), KEYS, self.audit, self.files, self.users)
        self.actor = Actor(self.users.person())


@pytest.fixture
def album() -> Album:
    return Album()


def test_a_new_avatar_takes_the_place_of_the_old_one(album):
    first = album.service.set(album.actor, b"one")
    second = album.service.set(album.actor, b"two")
    assert first.avatar_url == "/media/avatars/0.webp"
    assert second.avatar_url == "/media/avatars/1.webp"
    assert second.version == 3
    assert album.files.adopted == ["avatars/0.webp", "avatars/1.webp"]
    assert album.files.gone == ["avatars/0.webp"]
    assert album.audit.entries[-1][2:] == ({"avatar": True}, {"avatar": True}), "the key stays out of the record"


def test_an_avatar_is_removed_once(album):
    album.service.set(album.actor, b"one")
    assert album.service.remove(album.actor).avatar_url is None
    assert album.service.remove(album.actor).avatar_url is None
    assert album.files.gone == ["avatars/0.webp"]
    assert album.audit.actions == ["user.avatar", "user.avatar"]


def test_who_was_deleted_meanwhile_gets_no_avatar(album):
    album.users.rows[album.actor.user_id]["status"] = Status.DELETED
    with pytest.raises(UserNotFound):
        album.service.set(album.actor, b"one")
    assert album.files.adopted == []


@pytest.mark.parametrize(
    "name", ["..", "x.webp", "../materials/a.webp", "A" * 32 + ".webp", "0" * 32, "0" * 32 + ".png"]
)
def test_only_names_of_our_own_form_are_looked_up(album, name):
    album.files.kept[f"avatars/{name}"] = b"secret"
    with pytest.raises(ImageNotFound):
        album.service.picture(name)
