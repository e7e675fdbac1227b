"""People as clients send and receive them."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from wxcloudrun.core.actor import Role, Status, Verification
from wxcloudrun.core.clock import iso

# No control characters (so no NUL and no line breaks), and no lone surrogates, which no JSON parser should pass on.
_LINE = r"^[^\x00-\x1f\x7f]*$"
Nickname = Annotated[str, Field(max_length=32, pattern=_LINE, description="Name shown to others.")]
Language = Literal["zh_CN", "en_US"]
Gender = Annotated[int, Field(ge=0, le=2, description="0 unknown, 1 male, 2 female.")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="`version` of the state that was edited.")]
RoleName = Literal["user", "administrator"]
StatusName = Literal["active", "disabled"]


class Choice(BaseModel):
    """A state as the table holds it, and its name."""

    model_config = ConfigDict(frozen=True)

    value: int
    name: str

    @classmethod
    def of(cls, state: Role | Status | Verification) -> Self:
        """The pair of a state."""
        return cls(value=int(state), name=state.name.lower())


class Profile(BaseModel):
    """One's own data. The phone is shown without its middle digits."""

    model_config = ConfigDict(frozen=True)

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
        return cls(
            id=user.id,
            nickname=user.nickname,
            gender=user.gender,
            language=user.language,
            signature=user.signature,
            avatar_url=None if user.avatar is None else f"/media/{user.avatar}",
            phone=None if phone is None else shown_phone(phone),
            role=Choice.of(user.role),
            status=Choice.of(user.status),
            verification=Choice.of(user.verification),
            version=user.version,
            created_at=iso(user.created_at),
            updated_at=iso(user.updated_at),
        )


class ProfileChange(BaseModel):
    """The fields of one's profile to change; those that are not sent stay."""

    model_config = ConfigDict(extra="forbid")

    nickname: Nickname | None = None
    gender: Gender | None = None
    language: Language | None = None
    signature: Annotated[str, Field(max_length=200, pattern=_LINE)] | None = None
    version: Version | None = None


def shown_phone(phone: str) -> str:
    """`+86 138****8000`-like: what tells a person which number it is, and nobody else the number."""
    return f"{phone[:-8]}****{phone[-4:]}" if len(phone) > 8 else "****"
