"""Who asks: in a request, a worker or a command."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a person may do with the service as a whole."""

    USER = 1
    ADMINISTRATOR = 9


class Status(IntEnum):
    """Whether a person may come in."""

    ACTIVE = 1
    DISABLED = 2
    DELETED = 3


class Verification(IntEnum):
    """Whether somebody looked at who the person is."""

    NONE = 0
    PENDING = 1
    VERIFIED = 2
    REJECTED = 3


@dataclass(frozen=True, slots=True)
class Grant:
    """What an API token lets its maker do and no more: one project, up to `role` (a MemberRole's number)."""

    token_id: int
    project_id: int
    role: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks; `user_id` is None for the system itself (a worker, a command), `grant` is there behind an API token."""

    user_id: int | None
    role: Role = Role.USER
    verification: Verification = Verification.NONE
    session_id: int | None = None
    request_id: str | None = None
    grant: Grant | None = None

    @property
    def administrator(self) -> bool:
        """May manage people and settings."""
        return self.role is Role.ADMINISTRATOR

    @property
    def verified(self) -> bool:
        """Was looked at by an administrator, or is one."""
        return self.verification is Verification.VERIFIED or self.administrator


SYSTEM = Actor(user_id=None, role=Role.ADMINISTRATOR)
