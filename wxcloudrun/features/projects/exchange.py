"""API tokens and address grants as clients send and receive them."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE, PART
from wxcloudrun.core.pagination import PageNumber, PageSize
from wxcloudrun.core.shapes import Input, View, example
from wxcloudrun.features.projects.models import MemberRole

ROLES: Final = {"read": MemberRole.VIEWER, "run": MemberRole.RUNNER}
_NAMES: Final = {role: name for name, role in ROLES.items()}


class ApiTokenMade(Input):
    """A token for a program, such as a CI job: it may what its maker may in this project, and no more than `scope`."""

    model_config = example({"name": "pipeline", "scope": "run", "expires_in_days": 90})

    name: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=LINE)] = Field(
        description="What it is for, so that one knows later which to withdraw."
    )
    scope: Literal["read", "run"] = Field("run", description="`read` looks; `run` also starts and cancels runs.")
    expires_in_days: Annotated[int, Field(ge=1, le=366)] = 90


class ApiTokensQuery(Input):
    """Which tokens to list, the newest first."""

    usable: bool = Field(False, description="Only those that still work.")
    page: PageNumber = 1
    size: PageSize = 20


class ApiTokenView(View):
    """A token without its text. `used_at` is true to ten minutes."""

    id: int
    name: str
    scope: str
    maker_id: int
    maker: str
    created_at: str
    expires_at: str
    revoked_at: str | None
    used_at: str | None

    @classmethod
    def of(cls, row: Any, **more: Any) -> Self:
        """The view of a token's row with its maker's nickname."""
        return cls(
            id=row.id,
            name=row.name,
            scope=_NAMES[row.role],
            maker_id=row.maker_id,
            maker=row.nickname,
            created_at=iso(row.created_at),
            expires_at=iso(row.expires_at),
            revoked_at=None if row.revoked_at is None else iso(row.revoked_at),
            used_at=None if row.used_at is None else iso(row.used_at),
            **more,
        )


class NewApiToken(ApiTokenView):
    """A token with its text, which is shown this once and kept nowhere."""

    token: str


class GrantMade(Input):
    """A range that the project's runs may reach though it is not public."""

    model_config = example({"range": "10.1.0.0/16:8080", "reason": "test servers of the shop", "expires_in_days": 90})

    range: Annotated[str, Field(min_length=1, max_length=64, pattern=PART)] = Field(
        description="Such as `10.1.0.0/16`, `10.1.2.3/32:8080` or `[fd00:1::/32]:443-8443`."
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(None, description="For good unless said.")


class GrantsQuery(Input):
    """Which grants to list, the newest first."""

    usable: bool = Field(False, description="Only those that hold.")
    page: PageNumber = 1
    size: PageSize = 20


class GrantView(View):
    """A range that runs may reach, who answers for it, and until when."""

    id: int
    range: str
    reason: str
    granter_id: int | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """The view of a grant's row."""
        return cls(
            id=row.id,
            range=row.rule,
            reason=row.reason,
            granter_id=row.granter_id,
            created_at=iso(row.created_at),
            expires_at=None if row.expires_at is None else iso(row.expires_at),
            revoked_at=None if row.revoked_at is None else iso(row.revoked_at),
        )
