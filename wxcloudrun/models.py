"""Every table, gathered for migrations."""

from wxcloudrun.core.db import Base
from wxcloudrun.core.idempotency import IdempotencyRecord
from wxcloudrun.features.audit.models import AuditEntry
from wxcloudrun.features.auth.models import LoginExchange, UserSession
from wxcloudrun.features.cases.models import Case, CaseGram, CaseTerm, CaseVersion
from wxcloudrun.features.counter.models import Counter
from wxcloudrun.features.datasets.models import Dataset, DefaultDataset
from wxcloudrun.features.environments.models import DefaultEnvironment, Environment, ProjectVariables
from wxcloudrun.features.files.models import ProjectFile
from wxcloudrun.features.insights.models import (
    CaseHistory,
    ClusterFailure,
    ClusterPlace,
    DaySummary,
    FailureCluster,
    HostOutage,
    InsightProject,
    InsightRun,
    Quarantine,
)
from wxcloudrun.features.notifications.models import NoticeAttempt, NoticeChannel, NoticeDelivery, NoticeRule
from wxcloudrun.features.projects.models import AddressGrant, ApiToken, Project, ProjectInvitation, ProjectMember
from wxcloudrun.features.reports.models import ReportShare
from wxcloudrun.features.runs.models import (
    ProjectRetention,
    Run,
    RunBody,
    RunBodyUse,
    RunCheckpoint,
    RunEnding,
    RunPlan,
    RunResult,
    SendPlace,
)
from wxcloudrun.features.scenarios.models import Scenario, ScenarioGram, ScenarioStep, ScenarioTerm
from wxcloudrun.features.schedules.models import Schedule, ScheduleTick
from wxcloudrun.features.triggers.models import RunTrigger, TriggerDelivery
from wxcloudrun.features.users.models import (
    LooseFile,
    MediaCheck,
    User,
    VerificationApplication,
    VerificationMaterial,
)
from wxcloudrun.features.wechat.models import PushMessage, Subscription, WechatToken

__all__ = [
    "AddressGrant",
    "ApiToken",
    "AuditEntry",
    "Base",
    "Case",
    "CaseGram",
    "CaseHistory",
    "CaseTerm",
    "CaseVersion",
    "ClusterFailure",
    "ClusterPlace",
    "Counter",
    "Dataset",
    "DaySummary",
    "DefaultDataset",
    "DefaultEnvironment",
    "Environment",
    "FailureCluster",
    "HostOutage",
    "IdempotencyRecord",
    "InsightProject",
    "InsightRun",
    "LoginExchange",
    "LooseFile",
    "MediaCheck",
    "NoticeAttempt",
    "NoticeChannel",
    "NoticeDelivery",
    "NoticeRule",
    "Project",
    "ProjectFile",
    "ProjectInvitation",
    "ProjectMember",
    "ProjectRetention",
    "ProjectVariables",
    "PushMessage",
    "Quarantine",
    "ReportShare",
    "Run",
    "RunBody",
    "RunBodyUse",
    "RunCheckpoint",
    "RunEnding",
    "RunPlan",
    "RunResult",
    "RunTrigger",
    "Scenario",
    "ScenarioGram",
    "ScenarioStep",
    "ScenarioTerm",
    "Schedule",
    "ScheduleTick",
    "SendPlace",
    "Subscription",
    "TriggerDelivery",
    "User",
    "UserSession",
    "VerificationApplication",
    "VerificationMaterial",
    "WechatToken",
]
