"""Every setting: its name in the environment, type, default and meaning. Nothing below this file reads os.environ."""

import base64
import ipaddress
import os
import re
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from wxcloudrun.core.first_secrets import development_secrets, env_file

ROOT = Path(__file__).resolve().parent
SIMULATOR_APPID_PREFIX = "wxsimulator"
_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_NOTICE_FIELD = re.compile(r"[a-z_]{1,30}\d{1,3}=(name|verdict|time|summary|project|environment)")
_SUBMISSIONS = 465  # RFC 8314 section 3.3
_BROKER = re.compile(r"(redis|amqp)s?://\S+")
_RANGE = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]+)|([^\[\]]+)(?=$))(?::(\d{1,5})(?:-(\d{1,5}))?)?")
_PLACEHOLDER = re.compile(r"test|your[_-]|example|changeme|change[_-]me|placeholder|xxx|^$|simulator", re.IGNORECASE)


_TEST_SECRETS = {
    "token_secret": "a key that only tests may use",
    "encryption_keys": "k1:dGhlIGtleSBvZiBhbGwgdGVzdHMsIDMyIGJ5dGVzLi4=",
    "lookup_key": "another key that only tests may use",
}


class ConfigurationError(RuntimeError):
    """A setting that is missing, malformed or unsafe; the text names it and says what to do, never its value."""


def _words(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _ranges(texts: list[str]) -> list[str]:
    """Address ranges, perhaps with a port or two with a dash between, as the engine's guard reads them."""
    for text in texts:
        found = _RANGE.fullmatch(text)
        ports = [] if found is None else [int(port) for port in found.groups()[3:] if port is not None]
        fits = found is not None and _is_network(next(filter(None, found.groups())))
        if not fits or ports != sorted(ports) or not all(1 <= port <= 65535 for port in ports):
            raise ValueError("give ranges as 10.1.0.0/16 or 127.0.0.1/32:8080, with commas between")
    return texts


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


Words = Annotated[list[str], BeforeValidator(_words)]
Ranges = Annotated[Words, AfterValidator(_ranges)]
Environment = Literal["development", "testing", "production"]
Backend = Literal["sqlite", "mysql", "mariadb", "postgresql", "cockroachdb"]
_DRIVERS = {  # of URLs that name none: the drivers that are installed
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "cockroachdb": "cockroachdb+psycopg",
}


class Settings(BaseModel):
    """The service's settings; each field is the environment variable of the same name in upper case."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # The process
    flask_env: Environment = Field("development", description="Kind of deployment; production refuses unsafe settings.")
    debug: bool = Field(False, description="Flask's debugger; refused in production.")
    host: str = Field("127.0.0.1", description="Address that `python run.py` listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port that `python run.py` and gunicorn listen on.")
    data_dir: Path = Field(ROOT / "data", description="Folder of the SQLite file, uploads and generated secrets.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is logged.")
    trusted_proxies: int = Field(0, ge=0, le=5, description="Proxies in front whose X-Forwarded-For is believed.")
    migrate_on_start: bool = Field(False, description="Apply migrations when `run.py` starts, once among all starts.")

    # The database
    database_url: SecretStr | None = Field(None, description="SQLAlchemy URL; wins over every other database setting.")
    db_backend: Backend | None = Field(None, description="Kind of database when DATABASE_URL is not given.")
    db_user: str | None = Field(None, description="User, for PostgreSQL, CockroachDB, or any with DB_BACKEND.")
    db_password: SecretStr | None = Field(None, description="Password of DB_USER.")
    db_host: str | None = Field(None, description="Host of the database.")
    db_port: int | None = Field(None, description="Port; default is the backend's own.")
    db_name: str = Field("wxcloudrun", description="Database name, also with MYSQL_ADDRESS.")
    mysql_address: str | None = Field(None, description="host:port in one string, as WeChat Cloud Run sets it.")
    mysql_username: str | None = Field(None, description="MySQL user, as WeChat Cloud Run sets it.")
    mysql_password: SecretStr | None = Field(None, description="MySQL password, as WeChat Cloud Run sets it.")
    use_sqlite_for_testing: bool = Field(False, description="SQLite in memory, for unit tests.")
    db_pool_size: int = Field(32, ge=1, le=256, description="Connections a process keeps; at least its threads.")
    db_connect_timeout_s: int = Field(5, ge=1, le=60, description="Seconds to wait for a connection to open.")
    db_statement_timeout_s: int = Field(15, ge=1, le=300, description="Seconds one statement may take.")

    # Secrets
    token_secret: SecretStr | None = Field(None, description="Key of access tokens, at least 32 bytes.")
    token_secrets_previous: Words = Field(
        default_factory=list,
        repr=False,
        description="Older keys whose tokens are still accepted, comma-separated.",
    )
    encryption_keys: Words = Field(
        default_factory=list,
        repr=False,
        description="name:base64 of 32 bytes, comma-separated; the first encrypts, all decrypt.",
    )
    lookup_key: SecretStr | None = Field(
        None, description="Key of the hashes by which phones are found; never rotated."
    )

    # WeChat
    wx_appid: str = Field("", description="The mini-program's AppID.")
    wx_secret: SecretStr = Field(SecretStr(""), description="The mini-program's AppSecret.")
    wechat_api_base: str = Field("https://api.weixin.qq.com", description="WeChat's API, or the simulator's address.")
    wechat_token_mode: Literal["stable", "legacy", "cloudbase_file", "none"] = Field(
        "stable",
        description="Where the access token comes from; `none` behind Cloud Run's open-interface service.",
    )
    wechat_token_file: Path = Field(
        Path("/.tencentcloudbase/wx/cloudbase_access_token"), description="Token file of mode cloudbase_file."
    )
    wechat_push_token: SecretStr | None = Field(None, description="Token of the message push; without it push is off.")
    wechat_push_aes_key: SecretStr | None = Field(None, description="EncodingAESKey; with it plain pushes are refused.")
    wechat_invitation_page: str = Field(
        "pages/index/index",
        pattern=r"^[A-Za-z0-9_\-/.]{1,128}$",
        description="Page that reads the code of a project's invitation, without a slash in front.",
    )
    wechat_content_check: bool = Field(
        False, description="Ask WeChat about nicknames and signatures and, with PUBLIC_URL, about avatars."
    )
    public_url: str = Field(
        "",
        description="Address under which others reach the service: in links to reports, and for WeChat to fetch "
        "uploads, without which avatars are not checked.",
    )
    trust_wxcloud_headers: bool = Field(
        False, description="Believe Cloud Run's X-WX-* identity (close public access!)."
    )
    cbr_env_id: str = Field("", description="Cloud Run's environment id; required with TRUST_WXCLOUD_HEADERS.")
    wechat_from_appids: Words = Field(default_factory=list, description="Apps allowed by resource sharing.")
    allow_mock_login: bool = Field(False, description="DevTools' mock code logs in as the demo person; never live.")
    first_admin_openid: SecretStr | None = Field(None, description="This openid becomes administrator when it logs in.")

    # Sessions and limits
    access_token_ttl_s: int = Field(1800, ge=60, le=86_400, description="Life of an access token, seconds.")
    refresh_token_ttl_s: int = Field(2_592_000, ge=3600, description="Life of an unused refresh token, seconds.")
    session_ttl_s: int = Field(15_552_000, ge=3600, description="Longest life of a session, seconds.")
    rate_limit_storage: str = Field("memory://", repr=False, description="memory:// (each process) or redis://...")
    rate_limits: bool = Field(True, description="Switch of the rate limits, for load tests.")
    cors_origins: Words = Field(default_factory=list, description="Origins browsers may call from; none by default.")
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body where a route says nothing else.")
    metrics_token: SecretStr | None = Field(None, description="Bearer token of /metrics; without it /metrics is 404.")
    prometheus_multiproc_dir: Path | None = Field(None, description="Empty folder where processes share metrics.")

    # Runs
    run_threads: int = Field(
        8, ge=1, le=64, description="Runs a worker carries out at once, besides 2 interactive ones."
    )
    run_requests: int = Field(
        16, ge=1, le=256, description="Requests a worker has under way at once, over all its runs."
    )
    run_host_requests: int = Field(
        16, ge=1, le=1000, description="Requests that a worker has under way at one host, whatever the run."
    )
    run_project_cap: int = Field(4, ge=1, le=1000, description="Runs of one project at once.")
    run_broker_url: SecretStr | None = Field(
        None,
        description="redis://... or amqp://...: Celery workers carry out runs; without it only `flask worker` does.",
    )
    run_queue: str = Field(
        "runs", pattern=r"^[a-z0-9_-]{1,40}$", description="First word of the queues' names, as in runs.interactive."
    )
    run_lease_s: int = Field(
        15, ge=1, le=300, description="Seconds of a worker's silence after which another takes over its runs."
    )
    run_streams: int = Field(
        8,
        ge=1,
        le=1000,
        description="Browsers that one process lets follow runs at once; each keeps one of its threads.",
    )
    retention_days: int = Field(
        90, ge=1, le=3650, description="So long runs are kept, unless a project says otherwise."
    )
    retention_runs: int = Field(2000, ge=1, le=1_000_000, description="So many runs of a project are kept.")
    retention_bytes: int = Field(
        2 * 2**30, ge=1_000_000, le=2**53 - 1, description="So much may a project's results and bodies take."
    )
    run_allowed: Ranges = Field(
        default_factory=list,
        description="Address ranges that runs may reach besides public ones, as 10.1.0.0/16 or 127.0.0.1/32:8080.",
    )

    # Messages about runs
    notice_allowed: Ranges = Field(
        default_factory=list,
        description="Address ranges that web hooks and robots of messages may be at besides public ones.",
    )
    wecom_base: str = Field("", description="Stands in for the host of WeCom's robots, for tests and proxies.")
    dingtalk_base: str = Field("", description="Stands in for the host of DingTalk's robots.")
    feishu_base: str = Field("", description="Stands in for the host of Feishu's robots.")
    mail_host: str = Field("", description="SMTP server; without it no mail is sent.")
    mail_port: int | None = Field(
        None, ge=1, le=65535, description="Port of the SMTP server; 465 with MAIL_SECURITY=tls, else 587."
    )
    mail_username: str = Field("", description="With which one logs in there; without it nobody does.")
    mail_password: SecretStr = Field(SecretStr(""), description="Password of MAIL_USERNAME.")
    mail_from: str = Field("", description="Sender of mail, as `Tests <robot@example.com>`; required with MAIL_HOST.")
    mail_security: Literal["tls", "starttls", "none"] = Field(
        "starttls", description="tls from the start, starttls, or none for a server on this machine."
    )
    mail_ca_file: Path | None = Field(
        None, description="PEM file with the authority that vouches for the SMTP server, in place of the system's."
    )
    wechat_notice_template: str = Field(
        "", pattern=r"^[A-Za-z0-9_-]{0,64}$", description="Subscribe message template that tells of runs."
    )
    wechat_notice_fields: Words = Field(
        default_factory=lambda: ["thing1=name", "phrase2=verdict", "time3=time", "thing4=summary"],
        description="Its keys, each with name, verdict, time, summary, project or environment.",
    )
    wechat_notice_page: str = Field(
        "", pattern=r"^[A-Za-z0-9_\-/.]{0,128}$", description="Page that a subscribe message opens."
    )

    # Uploads
    upload_store: Literal["disk", "s3"] = Field("disk", description="Where uploaded files live.")
    s3_endpoint: str = Field("", description="host[:port] of an S3-compatible store.")
    s3_bucket: str = Field("", description="Bucket of uploads.")
    s3_region: str = Field("", description="Region, where the store wants one.")
    s3_access_key: SecretStr = Field(SecretStr(""), description="Access key of the store.")
    s3_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the store.")
    s3_secure: bool = Field(True, description="Use https to the store.")

    # Test runs
    use_real_wechat_credentials: bool = Field(False, description="Manual tests against the real WeChat.")
    run_docker_integration_tests: bool = Field(False, description="Start MySQL by docker compose for the tests.")
    docker_startup_timeout: int = Field(180, ge=1, description="Seconds to wait for the containers.")

    @field_validator("run_broker_url")
    @classmethod
    def _is_broker(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not _BROKER.fullmatch(url.get_secret_value()):
            raise ValueError("give redis://..., rediss://..., amqp://... or amqps://...")
        return url

    @property
    def production(self) -> bool:
        """True where unsafe settings are refused."""
        return self.flask_env == "production"

    @property
    def simulated(self) -> bool:
        """True when WeChat's part is played by the simulator: where WeChat's address is this machine."""
        host = (urlsplit(self.wechat_api_base).hostname or "").rstrip(".")
        return host in {"localhost", "simulator"} or _loopback(host)

    def database(self) -> URL:
        """Where the rows are: DATABASE_URL, else the test database, else DB_*, else MYSQL_*, else a file.

        Raises ConfigurationError for a URL that is none, and for a port that is no number.
        """
        url = self._database()
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        # Under the name `mariadb` SQLAlchemy leaves out what tables say for `mysql`: their engine and character set.
        return url.set(drivername="mysql+pymysql") if url.get_backend_name() == "mariadb" else url

    def database_fault(self) -> str | None:
        """What is wrong with the settings of the database, if anything is."""
        try:
            kind = self.database().get_backend_name()
        except ConfigurationError as error:
            return str(error)
        known = typing.get_args(Backend)
        return None if kind in known else f"DATABASE_URL: not one of {', '.join(known)}"

    def _database(self) -> URL:
        if self.database_url is not None:
            return _url(self.database_url.get_secret_value())
        if self.use_sqlite_for_testing:
            return URL.create("sqlite")
        backend = self.db_backend or self._implied_backend()
        if backend == "sqlite":
            return URL.create("sqlite", database=str(self.data_dir / "wxcloudrun.sqlite3"))
        return self._server(backend)

    def _implied_backend(self) -> Backend:
        if self.db_host is not None or self.db_user is not None:
            return "postgresql"
        return "mysql" if self.mysql_address is not None or self.mysql_password is not None else "sqlite"

    def _server(self, backend: Backend) -> URL:
        if backend in {"mysql", "mariadb"}:
            host, _, port = (self.mysql_address or "").partition(":")
            return URL.create(
                f"{backend}+pymysql",
                username=self.mysql_username or self.db_user or "root",
                password=_reveal(self.mysql_password or self.db_password),
                host=host or self.db_host or "127.0.0.1",
                port=_port(port) or self.db_port or 3306,
                database=self.db_name,
                query={"charset": "utf8mb4"},
            )
        return URL.create(
            f"{backend}+psycopg",
            username=self.db_user or "postgres",
            password=_reveal(self.db_password),
            host=self.db_host or "127.0.0.1",
            port=self.db_port or (26257 if backend == "cockroachdb" else 5432),
            database=self.db_name,
        )


def _url(text: str) -> URL:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigurationError("DATABASE_URL: not a URL as kind://user:password@host:port/name") from None


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise ConfigurationError("MYSQL_ADDRESS: not host:port")
    return int(text)


def _loopback(host: str) -> bool:
    """True for every way to write an address of this machine: 127.0.0.0/8, 0.0.0.0, ::1, and those inside IPv6."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_loopback or inner.is_unspecified


def _reveal(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value() or None


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read `.env` (or the file that ENV_FILE names) under the environment's own variables, and check the outcome.

    Raises ConfigurationError. In development, missing secrets are made once and kept in DATA_DIR/secrets.env.
    """
    values: dict[str, Any] = {}
    known = {name.upper(): name for name in Settings.model_fields}
    source = os.environ if environ is None else environ
    for layer in (_file(source), source):
        values.update({known[key]: value for key, value in layer.items() if key in known and value != ""})
    values.update(overrides)
    if values.get("flask_env", "development") == "development":
        folder = Path(values.get("data_dir", Settings.model_fields["data_dir"].default))
        values = {known[key]: value for key, value in development_secrets(folder).items()} | values
    elif values.get("flask_env") == "testing":
        values = _TEST_SECRETS | values
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        lines = [f"{str(item['loc'][0]).upper()}: {item['msg']}" for item in error.errors(include_input=False)]
        raise ConfigurationError("; ".join(lines)) from None
    problems = faults(settings)
    if settings.production and source.get("FLASK_DEBUG", "").lower() not in {"", "0", "false", "no"}:
        problems.append("FLASK_DEBUG must be off")  # Flask's own switch: `flask run` would serve its debugger
    if problems:
        raise ConfigurationError("; ".join(problems))
    if settings.prometheus_multiproc_dir is not None:  # the client library reads nothing but its own environment
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(settings.prometheus_multiproc_dir))
    return settings


def _file(environ: Mapping[str, str]) -> Mapping[str, str]:
    path = Path(environ.get("ENV_FILE") or ROOT / ".env")
    return env_file(path) if path.is_file() else {}


def faults(settings: Settings) -> list[str]:
    """Why the service must not start with these settings, a sentence each; empty when it may."""
    found = []
    if settings.trust_wxcloud_headers and not settings.cbr_env_id:
        found.append("CBR_ENV_ID is required with TRUST_WXCLOUD_HEADERS")
    database = settings.database_fault()
    if database is not None:
        found.append(database)
    if settings.upload_store == "s3" and not (settings.s3_endpoint and settings.s3_bucket):
        found.append("S3_ENDPOINT and S3_BUCKET are required with UPLOAD_STORE=s3")
    found += _unclear_messages(settings)
    if settings.public_url and not _ADDRESS.fullmatch(settings.public_url):
        found.append("PUBLIC_URL must be an http or https address without a query")
    for name in ("token_secret", "lookup_key"):
        if getattr(settings, name) is None:
            found.append(f"{name.upper()} is missing: give at least 32 random characters")
    if not settings.encryption_keys:
        found.append("ENCRYPTION_KEYS is missing: give name:base64 of 32 random bytes")
    if not all(len(_key_bytes(entry)) == 32 for entry in settings.encryption_keys):
        found.append("ENCRYPTION_KEYS is malformed: give name:base64 of 32 random bytes")
    push_key = _reveal(settings.wechat_push_aes_key)
    if push_key is not None and not re.fullmatch(r"[A-Za-z0-9]{43}", push_key):
        found.append("WECHAT_PUSH_AES_KEY is not the 43 letters and digits of WeChat's EncodingAESKey")
    return found + (_unsafe_in_production(settings) if settings.production else [])


def _unclear_messages(settings: Settings) -> list[str]:
    found = []
    if settings.mail_host and "@" not in settings.mail_from:
        found.append("MAIL_FROM is required with MAIL_HOST")
    if settings.mail_port == _SUBMISSIONS and settings.mail_security != "tls":
        found.append("MAIL_PORT 465 speaks TLS from the start: set MAIL_SECURITY=tls")
    if settings.mail_ca_file is not None and not _holds_authority(settings.mail_ca_file):
        found.append("MAIL_CA_FILE must be a readable PEM file with a certificate")
    if not all(_NOTICE_FIELD.fullmatch(one) for one in settings.wechat_notice_fields):
        found.append("WECHAT_NOTICE_FIELDS must be as thing1=name,phrase2=verdict")
    return found


def _holds_authority(path: Path) -> bool:
    import ssl  # noqa: PLC0415 - a start without such a file does not pay for it

    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # ssl.SSLError is one
        return False
    return True


def _unsafe_in_production(settings: Settings) -> list[str]:
    checks = {
        "DEBUG must be off": settings.debug,
        "ALLOW_MOCK_LOGIN must be off": settings.allow_mock_login,
        "WECHAT_API_BASE must not be the simulator": settings.simulated,
        "WX_APPID is a placeholder": bool(_PLACEHOLDER.search(settings.wx_appid)),
        "WX_SECRET is a placeholder": bool(_PLACEHOLDER.search(settings.wx_secret.get_secret_value())),
        "TOKEN_SECRET is weak: give at least 32 random characters": _weak(settings.token_secret),
        "LOOKUP_KEY is weak: give at least 32 random characters": _weak(settings.lookup_key),
        "TOKEN_SECRETS_PREVIOUS has a weak key: remove it": any(map(_weak_text, settings.token_secrets_previous)),
        "ENCRYPTION_KEYS has a weak key: give name:base64 of 32 random bytes": any(
            _weak_key(entry) for entry in settings.encryption_keys
        ),
        "USE_SQLITE_FOR_TESTING must be off": settings.use_sqlite_for_testing,
    }
    return [text for text, wrong in checks.items() if wrong]


def _weak(secret: SecretStr | None) -> bool:
    return _weak_text(_reveal(secret) or "")


def _weak_text(text: str) -> bool:
    return (
        len(text.encode()) < 32
        or len(set(text)) < 12
        or text in _TEST_SECRETS.values()
        or bool(re.search(r"your[_-]|changeme|example", text, re.I))
    )


def _weak_key(entry: str) -> bool:
    """True for bytes that nobody drew: of 32 random ones fewer than 20 different come up once in 10^9 keys."""
    key = _key_bytes(entry)
    return len(set(key)) < 20 or key == _key_bytes(_TEST_SECRETS["encryption_keys"])


def _key_bytes(entry: str) -> bytes:
    """The bytes of `name:base64`, in either alphabet, with or without its padding; nothing where it is malformed."""
    name, _, text = entry.partition(":")
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True) if name else b""
    except ValueError:
        return b""


def environment_names() -> tuple[str, ...]:
    """Names of every environment variable that is read."""
    return tuple(name.upper() for name in Settings.model_fields)
