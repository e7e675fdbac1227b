"""Avatars that WeChat looks at: asked before they are used, taken down when the verdict says so."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.features.users.stand_ins import KEYS, FakeAudit, FakeClock, FakeSession, FakeUserDao
from tests.unit.features.users.stores import FakeFiles, FakeMediaCheckDao
from wxcloudrun.core.actor import SYSTEM, Actor
from wxcloudrun.features.users.errors import ContentCheckUnavailable, UserNotFound
from wxcloudrun.features.users.moderation import AvatarModeration
from wxcloudrun.features.users.pictures import AvatarService
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.content import MediaType, MediaVerdict, Scene, Suggestion, Verdict


class FakeMedia:
    """WeChat's media check: a new trace_id for every question, or one fault."""

    def __init__(self, session: FakeSession) -> None:
        self.session = session
        self.fault: Exception | None = None
        self.asked: list[tuple[Any, ...]] = []

    def media(self, *question: Any) -> str:
        assert not self.session.info.get("in_transaction"), "no network inside a transaction"
        self.asked.append(question)
        if self.fault is not None:
            raise self.fault
        return f"trace-{len(self.asked)}"


class ActorAudit(FakeAudit):
    """Remembers who did it, too."""

    def __init__(self) -> None:
        super().__init__()
        self.actors: list[object] = []

    def record(self, actor: object, action: str, target: Any, before: Any = None, after: Any = None) -> None:
        super().record(actor, action, target, before, after)
        self.actors.append(actor)


class Album:
    """AvatarService with moderation, and everything they work with."""

    def __init__(self) -> None:
        self.session, self.clock, self.audit, self.files = FakeSession(), FakeClock(), ActorAudit(), FakeFiles()
        self.users, self.checks = FakeUserDao(), FakeMediaCheckDao()
        self.media = FakeMedia(self.session)
        client: Any = SimpleNamespace(content=self.media)
        made = (self.session, self.clock, self.audit, self.files, lambda: client, "https://api.example.com/base")
        self.moderation = AvatarModeration(*made, self.users, self.checks)
        self.service = AvatarService(
            self.session, self.clock, KEYS, self.audit, self.files, self.users, self.moderation
        )
        self.actor = Actor(self.users.person(openid="the-openid"))

    @property
    def avatar(self) -> str | None:
        return self.users.rows[self.actor.user_id or 0]["avatar"]

    def judge(self, suggestion: Suggestion, trace_id: str = "trace-1") -> bool:
        verdict = Verdict(suggestion, 20002, trace_id)
        return self.moderation.judged(MediaVerdict(trace_id, verdict, download_failed=False))


@pytest.fixture
def album() -> Album:
    return Album()


def test_wechat_is_given_the_person_and_the_address_of_the_picture(album):
    profile = album.service.set(album.actor, b"one")
    url = "https://api.example.com/base/media/avatars/0.webp"
    assert album.media.asked == [("the-openid", url, MediaType.IMAGE, Scene.PROFILE)]
    assert url.endswith(profile.avatar_url)
    check = album.checks.get("trace-1")
    assert (check.user_id, check.file, check.created_at) == (
        album.actor.user_id,
        "avatars/0.webp",
        album.clock.now(),
    )


@pytest.mark.parametrize(
    "fault",
    [
        wechat.Unavailable("check_media", maybe_sent=True, reason="timeout"),
        wechat.UserInactive("check_media", errcode=61010),
        wechat.RateLimited("check_media", errcode=45009),
    ],
)
def test_without_a_check_the_old_avatar_stays(album, fault):
    album.service.set(album.actor, b"one")
    album.media.fault = fault
    with pytest.raises(ContentCheckUnavailable):
        album.service.set(album.actor, b"two")
    assert (album.avatar, album.files.gone) == ("avatars/0.webp", [])
    assert list(album.checks.rows) == ["trace-1"]


def test_a_failed_request_is_logged_without_the_openid_and_the_address(album, caplog):
    album.media.fault = wechat.UserInactive("check_media", errcode=61010, rid="1-2-3")
    with pytest.raises(ContentCheckUnavailable):
        album.service.set(album.actor, b"one")
    [record] = caplog.records
    assert record.getMessage() == "content check failed"
    assert record.facts == {"errcode": 61010, "rid": "1-2-3"}


def test_wechat_is_not_asked_for_somebody_it_does_not_know(album):
    nobody = Actor(album.users.person())
    with pytest.raises(ContentCheckUnavailable):
        album.service.set(nobody, b"one")
    assert album.media.asked == []


def test_who_was_deleted_while_wechat_was_asked_leaves_no_check(album, monkeypatch):
    monkeypatch.setattr(album.users, "locked", lambda user_id: None)
    with pytest.raises(UserNotFound):
        album.service.set(album.actor, b"one")
    assert album.checks.rows == {}


def test_removing_an_avatar_asks_nobody(album):
    album.service.set(album.actor, b"one")
    album.media.fault = wechat.Busy("check_media")
    assert album.service.remove(album.actor).avatar_url is None


def test_an_avatar_that_passes_stays(album):
    album.service.set(album.actor, b"one")
    assert album.judge(Suggestion.PASS) is True
    assert (album.avatar, album.checks.rows) == ("avatars/0.webp", {})
    assert album.audit.actions == ["user.avatar"]


@pytest.mark.parametrize("suggestion", [Suggestion.RISKY, Suggestion.REVIEW])
def test_an_avatar_that_does_not_pass_is_taken_down_by_the_system(album, suggestion):
    album.service.set(album.actor, b"one")
    assert album.judge(suggestion) is True
    assert (album.avatar, album.checks.rows, album.files.gone) == (None, {}, ["avatars/0.webp"])
    after = {"avatar": False, "suggestion": suggestion.value}
    target = ("user", album.actor.user_id)
    assert album.audit.entries[-1] == ("user.avatar_refused", target, {"avatar": True}, after)
    assert album.audit.actors[-1] is SYSTEM


def test_a_verdict_about_an_older_avatar_leaves_the_newer_one(album):
    album.service.set(album.actor, b"one")
    album.service.set(album.actor, b"two")
    assert album.judge(Suggestion.RISKY, "trace-1") is True
    assert (album.avatar, list(album.checks.rows)) == ("avatars/1.webp", ["trace-2"])
    assert album.audit.actions == ["user.avatar", "user.avatar"]
    album.judge(Suggestion.RISKY, "trace-2")
    assert album.avatar is None


def test_a_verdict_about_an_unknown_check_is_left_for_later(album):
    assert album.judge(Suggestion.RISKY) is False
    album.service.set(album.actor, b"one")
    assert album.judge(Suggestion.RISKY) is True
    assert album.avatar is None


@pytest.mark.parametrize("download_failed", [True, False])
def test_an_avatar_that_wechat_could_not_judge_stays_and_the_log_says_so(album, caplog, download_failed):
    album.service.set(album.actor, b"one")
    assert album.moderation.judged(MediaVerdict("trace-1", None, download_failed)) is True
    assert (album.avatar, album.checks.rows) == ("avatars/0.webp", {})
    [record] = [record for record in caplog.records if record.getMessage() == "avatar not judged"]
    assert record.facts["download_failed"] is download_failed


def test_checks_without_a_verdict_are_given_up_after_a_day_and_the_log_says_so(album, caplog):
    album.service.set(album.actor, b"one")
    album.clock.move(timedelta(hours=23))
    album.service.set(album.actor, b"two")
    assert album.moderation.clear() == 0
    assert caplog.records == []
    album.clock.move(timedelta(hours=2))
    assert album.moderation.clear() == 1
    assert list(album.checks.rows) == ["trace-2"]
    assert len(caplog.records) == 1
