"""What logging in takes and gives."""

from pydantic import BaseModel, ConfigDict, Field

from wxcloudrun.features.users.schemas import Profile

MOCK_CODE = "the code is a mock one"


class LoginBody(BaseModel):
    """What `wx.login` gave."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(
        pattern=rf"^([A-Za-z0-9_-]{{1,128}}|{MOCK_CODE})$",
        description="The code of wx.login; good once, for 5 minutes.",
    )


class RefreshBody(BaseModel):
    """A refresh token to exchange for new tokens."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(pattern=r"^[A-Za-z0-9._-]{1,200}$", description="The newest refresh token.")


class Tokens(BaseModel):
    """An access token, and the refresh token that gets the next one."""

    model_config = ConfigDict(frozen=True)

    token: str = Field(description="Send as `Authorization: Bearer ...`.")
    expires_in: int = Field(description="Seconds the access token is good for.")
    refresh_token: str = Field(description="Good once; kept by the client until the next refresh.")


class LoggedIn(Tokens):
    """The answer to a login."""

    is_new_user: bool
    user: Profile


class SessionView(BaseModel):
    """One log-in on one device."""

    model_config = ConfigDict(frozen=True)

    id: int
    device: str
    created_at: str
    last_used_at: str
    expires_at: str
    current: bool


class Ended(BaseModel):
    """How many sessions were ended."""

    model_config = ConfigDict(frozen=True)

    ended: int
