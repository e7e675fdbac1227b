"""The one place where the parts are put together: settings in, a Flask application out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from wxcloudrun.blueprints import GUIDES, TABLES
from wxcloudrun.console.pages import console_pages
from wxcloudrun.core.actor import SYSTEM, Actor
from wxcloudrun.core.clock import Clock, SystemClock
from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db, engine_options
from wxcloudrun.core.http.cors import Cors
from wxcloudrun.core.http.edge import Authenticator, Edge
from wxcloudrun.core.http.openapi import document
from wxcloudrun.core.http.surface import Surface
from wxcloudrun.core.idempotency import Idempotency
from wxcloudrun.core.logging import set_up_logging
from wxcloudrun.core.metrics import Metrics
from wxcloudrun.core.rate_limit import RateLimiter
from wxcloudrun.core.tokens import AccessTokens
from wxcloudrun.features.audit.service import AuditService
from wxcloudrun.features.auth.access import SessionService
from wxcloudrun.features.auth.identification import CloudRules, Identification
from wxcloudrun.features.auth.service import LoginRules, LoginService
from wxcloudrun.features.counter.service import CounterService
from wxcloudrun.features.health.service import Depth, HealthService, MetricsService
from wxcloudrun.features.users.admission import Admission
from wxcloudrun.features.users.moderation import AvatarModeration
from wxcloudrun.features.users.privacy import PrivacyService
from wxcloudrun.features.wechat.execution import Events, Reactions
from wxcloudrun.features.wechat.inbox import Doors, Inbox
from wxcloudrun.features.wechat.service import WechatService
from wxcloudrun.features.wechat.subscriptions import SubscriptionService
from wxcloudrun.features.wechat.tokens import DatabaseTokenStore
from wxcloudrun.integrations.wechat.contract import WeChat
from wxcloudrun.parts import provide_people

if TYPE_CHECKING:
    from pydantic import SecretStr

    from config import Settings
    from wxcloudrun.integrations.wechat.client import WeChatClient
    from wxcloudrun.integrations.wechat.config import WeChatConfig

EXTENSION = "wxcloudrun"
VERSION = "0.1.0"
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def create_app(settings: "Settings") -> Flask:
    """The web application, with everything it is made of."""
    set_up_logging(settings.log_level)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own provider has it
    url = settings.database()
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.config["DEBUG"] = settings.debug
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(
        url,
        pool_size=settings.db_pool_size,
        connect_timeout_s=settings.db_connect_timeout_s,
        statement_timeout_s=settings.db_statement_timeout_s,
    )
    db.init_app(app)
    container = parts(settings)
    app.extensions[EXTENSION] = container
    edge = Edge(container, Cors(settings.cors_origins) if settings.cors_origins else None)
    edge.install(app)
    for name, routes in TABLES.items():
        app.register_blueprint(edge.blueprint(name, routes))
    app.register_blueprint(console_pages(lambda: document(edge.bindings, VERSION, GUIDES)))
    observe = container.get(Metrics) if settings.metrics_token is not None else None
    app.wsgi_app = Surface(app.wsgi_app, trust_cloud=settings.trust_wxcloud_headers, observe=observe)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1)  # type: ignore[method-assign]
    if click.get_current_context(silent=True) is not None:
        register_commands(app)
    return app


def register_commands(app: Flask) -> None:
    """Give an application its `flask` commands; who only serves never imports them."""
    from wxcloudrun.cli import commands  # noqa: PLC0415 - Alembic and the rest would slow every start

    commands.register_commands(app)


def migrate(app: Flask) -> None:
    """Bring the database up to this code's migrations; of several starts at once one does it and the others wait."""
    from flask_migrate import upgrade  # noqa: PLC0415 - as above

    register_commands(app)
    with app.app_context():
        upgrade(str(MIGRATIONS))
        db.engine.dispose()  # a server that forks now must not share connections


def parts(settings: "Settings") -> Container:
    """How each part is made; each is made once, when it is first asked for."""
    container = Container()
    get, provide = container.get, container.provide
    keys = KeyRing.parse(settings.encryption_keys, _secret(settings.lookup_key))
    secrets = (_secret(settings.token_secret), *settings.token_secrets_previous)
    rules = LoginRules(
        appid=settings.wx_appid,
        refresh_ttl_s=settings.refresh_token_ttl_s,
        session_ttl_s=settings.session_ttl_s,
        allow_mock=settings.allow_mock_login,
    )
    session: Any = db.session
    clock = SystemClock()
    provide(type(settings), lambda: settings)
    provide(Clock, lambda: clock)
    provide(KeyRing, lambda: keys)
    provide(RateLimiter, lambda: RateLimiter(settings.rate_limit_storage, enabled=settings.rate_limits))
    provide(Idempotency, lambda: Idempotency(session, clock, keys))
    provide(AccessTokens, lambda: AccessTokens(secrets, settings.access_token_ttl_s, clock))
    provide(CounterService, lambda: CounterService(session))
    provide(AuditService, lambda: AuditService(session, clock))
    provide_people(settings, container, session, clock, keys)
    container.provide_later(lambda: provide_the_rest(settings, container, session, clock, keys))
    provide(
        Admission,
        lambda: Admission(session, clock, keys, get(AuditService), _optional(settings.first_admin_openid)),
    )
    provide(
        LoginService,
        lambda: LoginService(session, clock, keys, get(AccessTokens), get(WeChat), get(Admission), rules),
    )
    provide(
        SessionService,
        lambda: SessionService(session, clock, keys, get(AccessTokens), get(AuditService), get(Admission), rules),
    )
    provide(WeChat, lambda: wechat_client(settings, container))
    provide(DatabaseTokenStore, lambda: DatabaseTokenStore(session, keys))
    provide(WechatService, lambda: WechatService(session, clock, keys, get(Admission), get(WeChat)))
    provide(
        SubscriptionService,
        lambda: SubscriptionService(session, clock, get(AuditService), get(Admission), lambda: get(WeChat)),
    )
    provide(Events, lambda: Events(settings.wx_appid, get(SubscriptionService), _reactions(settings, container)))
    provide(Inbox, lambda: Inbox(session, clock, keys, _doors(settings, get(Clock)), lambda: get(Events).handlers()))
    provide(HealthService, lambda: HealthService(lambda: db.engine, MIGRATIONS, broker=_broker(settings, container)))
    _provide_metrics(settings, container)
    provide(
        Authenticator,
        lambda: Identification(
            get(SessionService), get(LoginService), _cloud(settings), lambda *shown: _api_token_actor(container, *shown)
        ),
    )
    return container


def provide_the_rest(settings: "Settings", container: Container, session: Any, clock: Clock, keys: KeyRing) -> None:
    """What belongs to projects and runs."""
    from wxcloudrun.notice_parts import provide_notices  # noqa: PLC0415 - imported when it is first asked for
    from wxcloudrun.project_parts import provide_projects  # noqa: PLC0415 - imported when it is first asked for
    from wxcloudrun.report_parts import provide_reports  # noqa: PLC0415 - as above
    from wxcloudrun.run_parts import provide_runs  # noqa: PLC0415 - as above

    provide_projects(settings, container, session, clock, keys)
    provide_runs(settings, container, keys)
    provide_reports(settings, container)
    provide_notices(settings, container, keys)


def _provide_metrics(settings: "Settings", container: Container) -> None:
    get, provide = container.get, container.provide
    provide(Metrics, lambda: Metrics(shared=settings.prometheus_multiproc_dir is not None))
    measured = settings.metrics_token is not None
    provide(
        MetricsService,
        lambda: MetricsService(
            get(Metrics) if measured else None, _optional(settings.metrics_token), lambda: _depths(container)
        ),
    )


def _depths(container: Container) -> list[Depth]:
    from wxcloudrun.features.runs.depths import RunDepths  # noqa: PLC0415 - only who measures pays for runs

    return [Depth(*one) for one in container.get(RunDepths).read()]


def _api_token_actor(container: Container, text: str, request_id: str) -> Actor:
    from wxcloudrun.features.projects.tokens import ApiTokenService  # noqa: PLC0415 - the first program pays for it

    return container.get(ApiTokenService).actor(text, request_id)


def wechat_client(settings: "Settings", container: Container) -> "WeChatClient":
    """The client of WeChat's servers, with the access token that all processes share."""
    from wxcloudrun.integrations.wechat.client import WeChatClient  # noqa: PLC0415 - the first login pays for requests

    return WeChatClient(_wechat_config(settings), container.get(DatabaseTokenStore), container.get(Clock))


def _wechat_config(settings: "Settings") -> "WeChatConfig":
    from wxcloudrun.integrations.wechat.config import PushMode, TokenMode, WeChatConfig  # noqa: PLC0415 - as above

    aes_key = _optional(settings.wechat_push_aes_key)
    push_token = _optional(settings.wechat_push_token)
    return WeChatConfig(
        appid=settings.wx_appid,
        secret=settings.wx_secret.get_secret_value(),
        api_base=settings.wechat_api_base.rstrip("/"),
        token_mode=TokenMode(settings.wechat_token_mode),
        token_file=settings.wechat_token_file,
        push_mode=PushMode.OFF if push_token is None else PushMode.SAFE if aes_key else PushMode.PLAIN,
        push_token=push_token or "",
        push_aes_key=aes_key or "",
    )


def _doors(settings: "Settings", clock: Clock) -> Doors:
    """The ways by which pushed messages come in."""
    from wxcloudrun.integrations.wechat.config import PushMode  # noqa: PLC0415 - the first push pays
    from wxcloudrun.integrations.wechat.push import PushReceiver  # noqa: PLC0415 - as above

    config = _wechat_config(settings)
    signed = PushReceiver(config, clock) if config.push_mode is not PushMode.OFF else None
    if not settings.trust_wxcloud_headers:
        return Doors(signed)
    return Doors(signed, PushReceiver(replace(config, push_mode=PushMode.CLOUD), clock), settings.cbr_env_id)


def _reactions(settings: "Settings", container: Container) -> Reactions:
    """What is done about people's decisions in WeChat, and about WeChat's own about their pictures."""
    return Reactions(
        erase=lambda user_id: container.get(PrivacyService).erase(SYSTEM, user_id),
        limit=lambda user_id: container.get(SessionService).end_all(SYSTEM, user_id),
        judged=(lambda verdict: container.get(AvatarModeration).judged(verdict))
        if settings.wechat_content_check
        else None,
    )


def _broker(settings: "Settings", container: Container) -> Callable[[], Callable[[], bool]] | None:
    """What asks the broker whether it answers, where there is one."""
    if settings.run_broker_url is None:
        return None
    from wxcloudrun.features.runs.dispatch import RunDispatch  # noqa: PLC0415 - only who has a broker pays for runs

    return lambda: container.get(RunDispatch).answers


def _cloud(settings: "Settings") -> CloudRules | None:
    if not settings.trust_wxcloud_headers:
        return None
    return CloudRules(settings.cbr_env_id, settings.wx_appid, tuple(settings.wechat_from_appids))


def _optional(secret: "SecretStr | None") -> str | None:
    return None if secret is None else secret.get_secret_value() or None


def _secret(secret: "SecretStr | None") -> str:
    text = _optional(secret)
    if text is None:
        raise ValueError("config.load refuses settings without secrets")
    return text
