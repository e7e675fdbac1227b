"""People as clients send and receive them."""

import functools
from enum import IntEnum
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, RootModel

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import PART, RowNumber, Version
from wxcloudrun.core.pagination import PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example

Nickname = Annotated[str, Field(max_length=32, pattern=PART, description="Name shown to others.")]
Language = Literal["zh_CN", "en_US"]
Gender = Annotated[int, Field(ge=0, le=2, description="0 unknown, 1 male, 2 female.")]
RoleName = Literal["user", "administrator"]
StatusName = Literal["active", "disabled"]
VerificationName = Literal["none", "pending", "verified", "rejected"]
Phone = Annotated[
    str, Field(pattern=r"^\+[1-9][0-9]{5,14}$", description="International form (E.164): `+8613800138000`.")
]
PeopleOrder = Literal["id", "-id", "created_at", "-created_at", "last_login_at", "-last_login_at"]


class Choice(View):
    """A state as the table holds it, and its name."""

    value: int
    name: str

    @classmethod
    # Three of them stand in every profile, and there are ten in all; by type too, as Role(2) == Status(2).
    @functools.lru_cache(maxsize=32, typed=True)
    def of(cls, state: IntEnum) -> Self:
        """The pair of a state."""
        return cls(value=int(state), name=state.name.lower())


class Profile(View):
    """One's own data. The phone is shown without its middle digits."""

    id: int
    nickname: str
    gender: int
    language: str
    signature: str
    avatar_url: str | None
    phone: str | None
    role: Choice
    status: Choice
    verification: Choice
    version: int
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, user: Any, phone: str | None) -> Self:
        """The profile of a row of `users`, with its decrypted phone."""
        return cls(**cls._fields(user, phone))

    @classmethod
    def _fields(cls, user: Any, phone: str | None) -> dict[str, Any]:
        return {
            "id": user.id,
            "nickname": user.nickname,
            "gender": user.gender,
            "language": user.language,
            "signature": user.signature,
            "avatar_url": None if user.avatar is None else media_path(user.avatar),
            "phone": None if phone is None else shown_phone(phone),
            "role": Choice.of(user.role),
            "status": Choice.of(user.status),
            "verification": Choice.of(user.verification),
            "version": user.version,
            "created_at": iso(user.created_at),
            "updated_at": iso(user.updated_at),
        }


class PersonView(Profile):
    """A person as administrators see them."""

    has_wechat: bool = Field(description="False for a person who was made by an administrator.")
    last_login_at: str | None

    @classmethod
    def _fields(cls, user: Any, phone: str | None) -> dict[str, Any]:
        last = user.last_login_at
        more = {"has_wechat": user.openid is not None, "last_login_at": None if last is None else iso(last)}
        return super()._fields(user, phone) | more


class ProfileChange(Input):
    """The fields of one's profile to change; those that are not sent stay."""

    model_config = example({"nickname": "Alice", "language": "zh_CN"})

    nickname: Nickname | None = None
    gender: Gender | None = None
    language: Language | None = None
    signature: Annotated[str, Field(max_length=200, pattern=PART)] | None = None
    version: Version | None = None


class PhoneByCode(Input):
    """The code of WeChat's phone button (not that of wx.login)."""

    code: str = Field(pattern=r"^[A-Za-z0-9_-]{1,128}$", description="`detail.code` of the button's event.")


class PhoneByEncryption(Input):
    """What old clients get from the phone button."""

    encrypted_data: str = Field(pattern=r"^[A-Za-z0-9+/]{20,4000}={0,2}$", description="`detail.encryptedData`.")
    iv: str = Field(pattern=r"^[A-Za-z0-9+/]{22}==$", description="`detail.iv`.")


class PhoneBody(RootModel[PhoneByCode | PhoneByEncryption]):
    """What WeChat's phone button gave the client, in its present or its old form."""

    model_config = ConfigDict(defer_build=True, json_schema_extra={"examples": [{"code": "0f3cAx000abcde"}]})


class VerificationApplied(Input):
    """An application to be verified."""

    model_config = example({"real_name": "王小明", "number": "STAFF-0042", "material_ids": [1]})

    real_name: str = Field(min_length=1, max_length=50, pattern=PART, description="Name as in the papers.")
    number: str = Field(pattern=r"^[A-Za-z0-9-]{4,32}$", description="Number of the papers or the staff card.")
    material_ids: list[RowNumber] = Field(
        min_length=1, max_length=6, description="Images that were uploaded before, of this person and not used yet."
    )


class MaterialView(View):
    """An image that proves something; administrators fetch it at `/media/materials/{id}`."""

    id: int
    created_at: str


class ApplicationView(View):
    """An application as the person who sent it sees it."""

    id: int
    state: Choice
    note: str
    version: int
    created_at: str
    reviewed_at: str | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a row of `verification_applications`."""
        return cls(
            id=row.id,
            state=Choice.of(row.state),
            note=row.note,
            version=row.version,
            created_at=iso(row.created_at),
            reviewed_at=None if row.reviewed_at is None else iso(row.reviewed_at),
            **more,
        )


class OwnVerification(View):
    """One's own state, and the latest application."""

    verification: Choice
    application: ApplicationView | None


class ApplicationLine(ApplicationView):
    """An application in the reviewers' list."""

    user_id: int
    nickname: str


class ApplicationDetail(ApplicationLine):
    """An application with what was written in it; reading it is recorded."""

    real_name: str | None
    number: str | None
    reviewer_id: int | None
    materials: list[MaterialView]


class ApplicationsQuery(Input):
    """Which applications to list, oldest first."""

    state: Literal["pending", "verified", "rejected"] | None = Field(None, description="Only those in this state.")
    page: PageNumber = 1
    size: PageSize = 20


class ReviewDecision(Input):
    """A reviewer's decision."""

    model_config = example({"decision": "approved", "note": "", "version": 1})

    decision: Literal["approved", "rejected"]
    note: str = Field("", max_length=500, pattern=PART, description="Shown to the person.")
    version: Version


class PeopleQuery(Input):
    """Which people to list."""

    q: str | None = Field(None, max_length=32, pattern=PART, description="Part of the nickname, letter by letter.")
    phone: str | None = Field(
        None, pattern=r"^[+ ]?[1-9][0-9]{5,14}$", description="The whole number; +86 is assumed for eleven digits."
    )
    role: RoleName | None = None
    status: StatusName | None = None
    verification: VerificationName | None = None
    sort: PeopleOrder = Field("-id", description="Order; `-` means falling.")
    page: PageNumber = 1
    size: PageSize = 20


class PersonMade(Input):
    """A person who is made ahead, without a WeChat identity."""

    model_config = example({"nickname": "Alice", "phone": "+8613800138000", "role": "user"})

    nickname: Annotated[str, Field(min_length=1, max_length=32, pattern=PART)]
    phone: Phone | None = None
    role: RoleName = "user"


class PersonChange(Input):
    """What an administrator changes of a person; fields that are not sent stay."""

    model_config = example({"role": "administrator"})

    nickname: Nickname | None = None
    role: RoleName | None = None
    status: StatusName | None = None
    verification: Literal["none", "verified"] | None = Field(None, description="For people one knows: no application.")
    version: Version | None = None


class Export(View):
    """Everything that is kept about a person, as far as it tells anything about them."""

    profile: Profile = Field(description="Here the phone is whole.")
    wechat: dict[str, str | None] = Field(description="The identity WeChat gave: appid, openid, unionid.")
    last_login_at: str | None
    applications: list[dict[str, Any]]
    sessions: list[dict[str, Any]]
    subscriptions: list[dict[str, Any]] = Field(description="Messages that the person lets us send, by template.")
    projects: list[dict[str, Any]] = Field(description="What the person is a member of.")
    avatar_checks: list[dict[str, Any]] = Field(description="Avatars that WeChat has not judged yet.")
    audit: list[dict[str, Any]] = Field(description="The latest thousand changes of the account, newest first.")


def media_path(file: str) -> str:
    """Where a stored picture is fetched."""
    return f"/media/{file}"


def shown_phone(phone: str) -> str:
    """`+86 138****8000`-like: what tells a person which number it is, and nobody else the number."""
    return f"{phone[:-8]}****{phone[-4:]}" if len(phone) > 8 else "****"


def whole_phone(typed: str) -> str:
    """A number that somebody typed, in international form; eleven digits that begin with 1 are mainland China's."""
    digits = typed.lstrip("+ ")
    return f"+86{digits}" if typed == digits and len(digits) == 11 and digits[0] == "1" else f"+{digits}"
