"""One's own profile, phone and texts, with everything around the services made up."""

from types import SimpleNamespace

import pytest

from tests.unit.features.users.stand_ins import KEYS, FakeAudit, FakeClock, FakeSession, FakeUserDao
from wxcloudrun.core.actor import Actor, Status
from wxcloudrun.core.errors import EditConflict, TooManyRequests
from wxcloudrun.features.users import errors
from wxcloudrun.features.users.admission import SESSION_KEY
from wxcloudrun.features.users.moderation import ContentModeration
from wxcloudrun.features.users.phone import PhoneService
from wxcloudrun.features.users.schemas import PhoneBody, ProfileChange, shown_phone, whole_phone
from wxcloudrun.features.users.service import PHONE, ProfileService
from wxcloudrun.integrations.wechat import errors as wechat
from wxcloudrun.integrations.wechat.content import Scene, Suggestion, Verdict
from wxcloudrun.integrations.wechat.phone import PhoneNumber

BY_CODE = PhoneBody.model_validate({"code": "a-code"})
BY_DATA = PhoneBody.model_validate({"encrypted_data": "A" * 24, "iv": "B" * 22 + "=="})


class FakeWeChat:
    """WeChat with one answer, or one fault, for every question."""

    def __init__(self, session: FakeSession) -> None:
        self.session = session
        self.answer: object = PhoneNumber("13800138000", "86")
        self.asked: list[tuple[object, ...]] = []
        self.in_transaction: list[bool] = []
        self.user = SimpleNamespace(phone_number_from_encrypted=self.reply)
        self.content = SimpleNamespace(text=self.reply)

    def phone_number(self, code: str) -> PhoneNumber:
        return self.reply(code)

    def reply(self, *question: object):
        self.asked.append(question)
        self.in_transaction.append(bool(self.session.info.get("in_transaction")))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Desk:
    def __init__(self) -> None:
        self.session, self.audit, self.users = FakeSession(), FakeAudit(), FakeUserDao()
        self.wechat = FakeWeChat(self.session)
        self.phones = PhoneService(self.session, FakeClock(), KEYS, self.audit, self.wechat, self.users)
        self.moderation = ContentModeration(self.session, self.wechat, self.users)
        sealed = KEYS.encrypt("the session key", SESSION_KEY)
        self.actor = Actor(self.users.person(openid="the-openid", nickname="old", session_key=sealed))

    def profiles(self, check_text=None) -> ProfileService:
        return ProfileService(self.session, FakeClock(), KEYS, self.audit, self.users, check_text)

    @property
    def row(self):
        return self.users.get(self.actor.user_id)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_only_what_was_sent_is_changed(desk):
    desk.users.change(desk.actor.user_id, {"signature": "stays"})
    changed = desk.profiles().change(desk.actor, ProfileChange(nickname="new"))
    assert (changed.nickname, changed.signature, changed.version) == ("new", "stays", 2)
    assert desk.session.commits == 1


def test_the_record_of_changes_does_not_keep_what_tells_who_somebody_is(desk):
    desk.profiles().change(desk.actor, ProfileChange(nickname="new", language="en_US"))
    assert desk.audit.entries == [
        (
            "user.profile",
            ("user", desk.actor.user_id),
            {"nickname": "***", "language": "zh_CN"},
            {"nickname": "***", "language": "en_US"},
        )
    ]


def test_an_older_version_is_a_conflict_that_shows_the_present_state(desk):
    desk.profiles().change(desk.actor, ProfileChange(nickname="first", version=1))
    with pytest.raises(EditConflict) as caught:
        desk.profiles().change(desk.actor, ProfileChange(nickname="late", version=1))
    assert caught.value.present.nickname == "first"


def test_a_change_of_nothing_changes_nothing(desk):
    assert desk.profiles().change(desk.actor, ProfileChange(version=7)).version == 1
    assert desk.audit.entries == []


def test_who_was_deleted_has_no_profile(desk):
    desk.users.change(desk.actor.user_id, {"status": Status.DELETED})
    with pytest.raises(errors.UserNotFound):
        desk.profiles().profile(desk.actor)


def test_texts_are_checked_before_anything_is_written(desk):
    seen = []

    def refuse(user_id: int, text: str) -> None:
        seen.append((user_id, text, desk.session.info.get("in_transaction", False)))
        raise errors.ContentRefused

    with pytest.raises(errors.ContentRefused):
        desk.profiles(refuse).change(desk.actor, ProfileChange(nickname="bad", signature="worse"))
    assert seen == [(desk.actor.user_id, "bad\nworse", False)]
    assert desk.row.nickname == "old"


@pytest.mark.parametrize("change", [{"gender": 1}, {"nickname": ""}, {"signature": "  "}])
def test_where_there_is_no_text_nothing_is_checked(desk, change):
    desk.profiles(lambda user_id, text: pytest.fail("asked")).change(desk.actor, ProfileChange(**change))


def test_a_text_that_passes_is_asked_about_as_a_profile(desk):
    desk.wechat.answer = Verdict(Suggestion.PASS, 100, "trace")
    desk.moderation.check(desk.actor.user_id, "fine")
    assert desk.wechat.asked == [("the-openid", "fine", Scene.PROFILE)]
    assert desk.wechat.in_transaction == [False]


@pytest.mark.parametrize("suggestion", [Suggestion.RISKY, Suggestion.REVIEW])
def test_what_wechat_doubts_is_refused(desk, suggestion):
    desk.wechat.answer = Verdict(suggestion, 20002, "trace")
    with pytest.raises(errors.ContentRefused):
        desk.moderation.check(desk.actor.user_id, "bad")


@pytest.mark.parametrize(
    ("fault", "refusal"),
    [
        (wechat.ContentRejected("check_text", errcode=87014), errors.ContentRefused),
        (wechat.UserInactive("check_text", errcode=61010), errors.ContentCheckUnavailable),
        (wechat.Unavailable("check_text", maybe_sent=True, reason="timeout"), errors.ContentCheckUnavailable),
        (wechat.Misconfigured("check_text", errcode=40013), errors.ContentCheckUnavailable),
        (wechat.RateLimited("check_text", errcode=45009), errors.ContentCheckUnavailable),
    ],
)
def test_without_an_answer_nothing_passes(desk, fault, refusal):
    desk.wechat.answer = fault
    with pytest.raises(refusal):
        desk.moderation.check(desk.actor.user_id, "text")


def test_somebody_without_wechat_cannot_be_asked_about(desk):
    with pytest.raises(errors.ContentCheckUnavailable):
        desk.moderation.check(desk.users.person(), "text")
    assert desk.wechat.asked == []


def test_a_phone_is_stored_sealed_and_found_by_its_hash(desk):
    profile = desk.phones.bind(desk.actor, BY_CODE)
    assert profile.phone == "+86138****8000"
    assert "13800138000" not in desk.row.phone
    assert KEYS.decrypt(desk.row.phone, PHONE) == "+8613800138000"
    assert desk.row.phone_hash == KEYS.lookup("+8613800138000")
    assert desk.wechat.in_transaction == [False]
    assert desk.audit.actions == ["user.phone_bound"]


def test_old_clients_send_encrypted_data(desk):
    assert desk.phones.bind(desk.actor, BY_DATA).phone == "+86138****8000"
    assert desk.wechat.asked == [("the session key", "B" * 22 + "==", "A" * 24)]


@pytest.mark.parametrize("stored", [None, "k9.withdrawn"])
def test_without_a_session_key_the_person_logs_in_again(desk, stored):
    desk.users.change(desk.actor.user_id, {"session_key": stored})
    with pytest.raises(errors.SessionKeyMissing):
        desk.phones.bind(desk.actor, BY_DATA)


def test_the_same_phone_again_changes_nothing(desk):
    desk.phones.bind(desk.actor, BY_CODE)
    assert desk.phones.bind(desk.actor, BY_CODE).version == 2
    assert desk.audit.actions == ["user.phone_bound"]


def test_a_phone_of_another_person_is_taken(desk):
    desk.users.person(phone_hash=KEYS.lookup("+8613800138000"))
    with pytest.raises(errors.PhoneTaken):
        desk.phones.bind(desk.actor, BY_CODE)
    assert desk.row.phone is None


def test_a_phone_is_removed(desk):
    desk.phones.bind(desk.actor, BY_CODE)
    assert desk.phones.unbind(desk.actor).phone is None
    assert desk.phones.unbind(desk.actor).phone is None
    assert (desk.row.phone, desk.row.phone_hash) == (None, None)
    assert desk.audit.actions == ["user.phone_bound", "user.phone_removed"]


@pytest.mark.parametrize(
    ("fault", "refusal", "status"),
    [
        (wechat.CodeInvalid("phone_number", errcode=40029), errors.PhoneCodeInvalid, 409),
        (wechat.MockCode("phone_number", errcode=40029), errors.PhoneCodeInvalid, 409),
        (wechat.InvalidArgument("phone_number", field="code"), errors.PhoneCodeInvalid, 409),
        (wechat.WatermarkRejected("phone_number"), errors.PhoneCodeInvalid, 409),
        (wechat.DecryptFailed("decrypt"), errors.DecryptFailed, 409),
        (wechat.Busy("phone_number", errcode=-1), errors.WechatPhoneUnavailable, 502),
        (wechat.Misconfigured("phone_number", errcode=40013), errors.WechatPhoneUnavailable, 502),
        (wechat.Unavailable("phone_number", maybe_sent=True, reason="timeout"), errors.WechatPhoneUnavailable, 502),
        (wechat.InvalidAnswer("phone_number", http_status=200, reason="x"), errors.WechatPhoneUnavailable, 502),
        (wechat.RateLimited("phone_number", errcode=45011, retry_after=60), TooManyRequests, 429),
    ],
)
def test_each_fault_of_wechat_has_an_answer(desk, fault, refusal, status):
    desk.wechat.answer = fault
    with pytest.raises(refusal) as caught:
        desk.phones.bind(desk.actor, BY_DATA if isinstance(fault, wechat.DecryptFailed) else BY_CODE)
    assert caught.value.status == status
    assert desk.row.phone is None


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("13800138000", "+8613800138000"),
        ("+8613800138000", "+8613800138000"),
        (" 8613800138000", "+8613800138000"),  # a plus sign that a query string turned into a blank
        ("8613800138000", "+8613800138000"),
        ("+12025550123", "+12025550123"),
        ("+15005550006", "+15005550006"),
    ],
)
def test_a_typed_number_is_made_whole(typed, whole):
    assert whole_phone(typed) == whole


@pytest.mark.parametrize(
    ("phone", "shown"), [("+8613800138000", "+86138****8000"), ("+123456789", "+1****6789"), ("+1234567", "****")]
)
def test_a_phone_is_shown_without_its_middle(phone, shown):
    assert shown_phone(phone) == shown
