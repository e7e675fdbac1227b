"""Every table, gathered for migrations."""

from wxcloudrun.core.db import Base
from wxcloudrun.core.idempotency import IdempotencyRecord
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.auth.models import LoginExchange, UserSession
from wxcloudrun.features.counter.models import Counter
from wxcloudrun.features.environments.models import DefaultEnvironment, Environment, ProjectVariables
from wxcloudrun.features.projects.models import Project, ProjectInvitation, ProjectMember
from wxcloudrun.features.users.models import (
    LooseFile,
    MediaCheck,
    User,
    VerificationApplication,
    VerificationMaterial,
)
from wxcloudrun.features.wechat.models import PushMessage, Subscription, WechatToken

__all__ = [
    "AuditEntry",
    "Base",
    "Counter",
    "DefaultEnvironment",
    "Environment",
    "IdempotencyRecord",
    "LoginExchange",
    "LooseFile",
    "MediaCheck",
    "Project",
    "ProjectInvitation",
    "ProjectMember",
    "ProjectVariables",
    "PushMessage",
    "Subscription",
    "User",
    "UserSession",
    "VerificationApplication",
    "VerificationMaterial",
    "WechatToken",
]
