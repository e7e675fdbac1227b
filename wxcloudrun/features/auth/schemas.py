"""What logging in takes and gives."""

from pydantic import Field

from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.users.schemas import Profile

MOCK_CODE = "the code is a mock one"


class LoginBody(Input):
    """What `wx.login` gave."""

    model_config = example({"code": "dev-demo-1"})

    code: str = Field(
        pattern=rf"^([A-Za-z0-9_-]{{1,128}}|{MOCK_CODE})$",
        description="The code of wx.login; good once, for 5 minutes.",
    )


class RefreshBody(Input):
    """A refresh token to exchange for new tokens."""

    model_config = example({"refresh_token": "r1.Zm9yLWV4YW1wbGU"})

    refresh_token: str = Field(pattern=r"^[A-Za-z0-9._-]{1,200}$", description="The newest refresh token.")


class Tokens(View):
    """An access token, and the refresh token that gets the next one."""

    token: str = Field(description="Send as `Authorization: Bearer ...`.")
    expires_in: int = Field(description="Seconds the access token is good for.")
    refresh_token: str = Field(description="Good once; kept by the client until the next refresh.")


class LoggedIn(Tokens):
    """The answer to a login."""

    is_new_user: bool
    user: Profile


class SessionView(View):
    """One log-in on one device."""

    id: int
    device: str
    created_at: str
    last_used_at: str
    expires_at: str
    current: bool


class Ended(View):
    """How many sessions were ended."""

    ended: int
