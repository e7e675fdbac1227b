"""API tokens as clients send and receive them."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints

from wxcloudrun.core.clock import iso
from wxcloudrun.core.fields import LINE
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
