"""How the service is, as platforms read it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Alive(BaseModel):
    """The process answers."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok"]


class Check(BaseModel):
    """One thing the service needs; `took_ms` is how long it took to ask."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    reason: Literal["", "unreachable", "slow", "not_migrated", "other_version"] = ""
    took_ms: float


class Readiness(BaseModel):
    """Whether requests can be served."""

    model_config = ConfigDict(frozen=True)

    status: Literal["ok", "unavailable"]
    database: Check
    migrations: Check
