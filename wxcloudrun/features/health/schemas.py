"""How the service is, as platforms read it."""

from typing import Literal

from pydantic import Field

from wxcloudrun.core.shapes import View


class Alive(View):
    """The process answers."""

    status: Literal["ok"]


class Check(View):
    """One thing the service needs; `took_ms` is how long it took to ask."""

    ok: bool
    reason: Literal["", "unreachable", "slow", "not_migrated", "other_version"] = ""
    took_ms: float


class Readiness(View):
    """Whether requests can be served."""

    status: Literal["ok", "unavailable"]
    database: Check
    migrations: Check
    broker: Check | None = Field(
        None, description="Where one is set. Without it requests are served all the same, and runs wait."
    )
