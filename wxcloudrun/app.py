"""The one place where the parts are put together: settings in, a Flask application out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from wxcloudrun.blueprints import TABLES
from wxcloudrun.console.pages import console_pages
from wxcloudrun.core.clock import Clock, SystemClock
from wxcloudrun.core.container import Container
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.core.db import db, engine_options
from wxcloudrun.core.http.cors import Cors
from wxcloudrun.core.http.edge import Authenticator, Edge
from wxcloudrun.core.http.openapi import document
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
from wxcloudrun.features.health.service import HealthService, MetricsService
from wxcloudrun.features.users.admission import Admission
from wxcloudrun.features.users.service import ProfileService
from wxcloudrun.features.wechat.tokens import DatabaseTokenStore
from wxcloudrun.integrations.wechat.contract import WeChat

if TYPE_CHECKING:
    from pydantic import SecretStr

    from config import Settings
    from wxcloudrun.integrations.wechat.client import WeChatClient

EXTENSION = "wxcloudrun"
VERSION = "0.1.0"
MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def create_app(settings: "Settings") -> Flask:
    """The web application, with everything it is made of."""
    set_up_logging(settings.log_level)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's own provider has it
    url = settings.database()
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
    edge = Edge(
        container,
        trust_cloud=settings.trust_wxcloud_headers,
        max_body=settings.max_body_bytes,
        cors=Cors(settings.cors_origins) if settings.cors_origins else None,
        observe=container.get(Metrics) if settings.metrics_token is not None else None,
    )
    edge.install(app)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1)  # type: ignore[method-assign]
    for name, routes in TABLES.items():
        app.register_blueprint(edge.blueprint(name, routes))
    app.register_blueprint(console_pages(lambda: document(edge.bindings, VERSION)))
    if click.get_current_context(silent=True) is not None:
        register_commands(app)
    return app


def register_commands(app: Flask) -> None:
    """Give an application its `flask` commands; who only serves never imports them."""
    from wxcloudrun.cli import commands  # noqa: PLC0415 - Alembic and the rest would slow every start

    commands.register_commands(app)


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
    provide(Clock, lambda: clock)
    provide(KeyRing, lambda: keys)
    provide(RateLimiter, lambda: RateLimiter(settings.rate_limit_storage, enabled=settings.rate_limits))
    provide(Idempotency, lambda: Idempotency(session, clock))
    provide(AccessTokens, lambda: AccessTokens(secrets, settings.access_token_ttl_s, clock))
    provide(CounterService, lambda: CounterService(session))
    provide(AuditService, lambda: AuditService(session, clock))
    provide(ProfileService, lambda: ProfileService(session, clock, keys, get(AuditService)))
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
    provide(HealthService, lambda: HealthService(lambda: db.engine, MIGRATIONS))
    provide(Metrics, lambda: Metrics(shared=settings.prometheus_multiproc_dir is not None))
    measured = settings.metrics_token is not None
    provide(
        MetricsService, lambda: MetricsService(get(Metrics) if measured else None, _optional(settings.metrics_token))
    )
    provide(Authenticator, lambda: Identification(get(SessionService), get(LoginService), _cloud(settings)))
    return container


def wechat_client(settings: "Settings", container: Container) -> "WeChatClient":
    """The client of WeChat's servers, with the access token that all processes share."""
    from wxcloudrun.integrations.wechat.client import WeChatClient  # noqa: PLC0415 - the first login pays for requests
    from wxcloudrun.integrations.wechat.config import PushMode, TokenMode, WeChatConfig  # noqa: PLC0415 - as above

    aes_key = _optional(settings.wechat_push_aes_key)
    push_token = _optional(settings.wechat_push_token)
    config = WeChatConfig(
        appid=settings.wx_appid,
        secret=settings.wx_secret.get_secret_value(),
        api_base=settings.wechat_api_base.rstrip("/"),
        token_mode=TokenMode(settings.wechat_token_mode),
        token_file=settings.wechat_token_file,
        push_mode=PushMode.OFF if push_token is None else PushMode.SAFE if aes_key else PushMode.PLAIN,
        push_token=push_token or "",
        push_aes_key=aes_key or "",
    )
    return WeChatClient(config, container.get(DatabaseTokenStore), container.get(Clock))


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
