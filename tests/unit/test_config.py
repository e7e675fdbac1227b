"""Settings that must not start a service, each with one clear line; and where the rows are."""

import base64
from pathlib import Path

import pytest

import config
from tests.mail_server import certificate_in
from wxcloudrun.engine.send.egress import AddressRule

SAFE = {
    "FLASK_ENV": "production",
    "ENV_FILE": "no-such-file",
    "WX_APPID": "wx0123456789abcdef",
    "WX_SECRET": "0123456789abcdef0123456789abcdef",
    "TOKEN_SECRET": "abcdefghijklmnopqrstuvwxyz-0123456789",
    "LOOKUP_KEY": "zyxwvutsrqponmlkjihgfedcba-9876543210",
    "ENCRYPTION_KEYS": "k1:" + base64.b64encode(bytes(range(100, 132))).decode(),
}


def refusal(**changed: str) -> str:
    with pytest.raises(config.ConfigurationError) as refused:
        config.load(SAFE | changed)
    return str(refused.value)


def test_settings_that_are_safe_start():
    assert config.load(SAFE).production


@pytest.mark.parametrize(
    "keys",
    [
        "k1:" + base64.b64encode(bytes(32)).decode(),
        "k1:" + base64.b64encode(b"0123456789" * 3 + b"01").decode(),
        config._TEST_SECRETS["encryption_keys"],
        SAFE["ENCRYPTION_KEYS"] + ",old:" + base64.b64encode(bytes(32)).decode(),
    ],
    ids=["zeros", "digits", "of-the-tests", "an-older-one"],
)
def test_an_encryption_key_that_nobody_drew_is_refused_in_production(keys: str):
    assert refusal(ENCRYPTION_KEYS=keys).startswith("ENCRYPTION_KEYS has a weak key")


def test_an_authority_of_the_mail_server_is_a_certificate_that_can_be_read(tmp_path: Path):
    broken, right = tmp_path / "broken.pem", certificate_in(tmp_path)
    broken.write_text("no certificate")
    for path in (broken, tmp_path / "not-there.pem"):
        assert refusal(MAIL_CA_FILE=str(path)) == "MAIL_CA_FILE must be a readable PEM file with a certificate"
    assert config.load(SAFE | {"MAIL_CA_FILE": str(right)}).mail_ca_file == right
    assert config.load(SAFE | {"MAIL_CA_FILE": ""}).mail_ca_file is None


def test_the_port_of_mail_in_tls_from_the_start_goes_with_nothing_else():
    assert refusal(MAIL_PORT="465").startswith("MAIL_PORT 465 speaks TLS from the start")
    assert config.load(SAFE | {"MAIL_PORT": "465", "MAIL_SECURITY": "tls"}).mail_port == 465


@pytest.mark.parametrize("key", ["k1:short", "k1:!!!", "k1:", "k1", ":" + SAFE["ENCRYPTION_KEYS"][3:]])
@pytest.mark.parametrize("kind", ["production", "development"])
def test_a_malformed_encryption_key_is_named_and_not_shown(key: str, kind: str, tmp_path):
    text = refusal(ENCRYPTION_KEYS=key, FLASK_ENV=kind, DATA_DIR=str(tmp_path))
    assert "ENCRYPTION_KEYS is malformed" in text
    assert key not in text


def test_keys_in_both_alphabets_and_without_padding_are_read():
    plain = base64.b64encode(bytes(range(224, 256))).decode()
    for written in (plain, plain.rstrip("="), plain.replace("+", "-").replace("/", "_")):
        assert config.load(SAFE | {"ENCRYPTION_KEYS": f"k1:{written}"}).production


@pytest.mark.parametrize("older", ["a", "x" * 40, f"{SAFE['LOOKUP_KEY']},short"])
def test_a_weak_older_key_of_tokens_is_refused_since_it_still_opens(older: str):
    assert refusal(TOKEN_SECRETS_PREVIOUS=older).startswith("TOKEN_SECRETS_PREVIOUS has a weak key")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST."]
)
def test_an_address_of_this_machine_is_the_simulator(host: str):
    assert "simulator" in refusal(WECHAT_API_BASE=f"http://{host}:9200")


@pytest.mark.parametrize("base", ["https://api.weixin.qq.com", "http://api.weixin.qq.com", "https://10.0.0.7:443"])
def test_other_addresses_are_not(base: str):
    assert not config.load(SAFE | {"WECHAT_API_BASE": base}).simulated


@pytest.mark.parametrize("value", ["1", "true", "on"])
def test_flasks_own_switch_of_its_debugger_is_refused_in_production(value: str):
    assert refusal(FLASK_DEBUG=value) == "FLASK_DEBUG must be off"


@pytest.mark.parametrize("value", ["", "0", "false", "No"])
def test_a_debugger_that_is_off_is_fine(value: str):
    assert config.load(SAFE | {"FLASK_DEBUG": value}).production


@pytest.mark.parametrize("key", ["short", "x" * 42, "x" * 42 + "="])
def test_a_push_key_that_opens_nothing_is_refused(key: str):
    assert refusal(WECHAT_PUSH_AES_KEY=key).startswith("WECHAT_PUSH_AES_KEY is not")


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("mysql://u:p@db/x", "mysql+pymysql"),
        ("mariadb://u:p@db/x", "mysql+pymysql"),
        ("mariadb+pymysql://u:p@db/x", "mysql+pymysql"),
        ("postgres://u:p@db/x", "postgresql+psycopg"),
        ("postgresql://u:p@db/x", "postgresql+psycopg"),
        ("cockroachdb://u:p@db/x", "cockroachdb+psycopg"),
        ("postgresql+psycopg://u:p@db/x", "postgresql+psycopg"),
        ("sqlite:///x.sqlite3", "sqlite"),
    ],
)
def test_a_url_without_a_driver_gets_the_one_that_is_installed(url: str, driver: str):
    assert config.load(SAFE | {"DATABASE_URL": url}).database().drivername == driver


@pytest.mark.parametrize(
    "database",
    [{"DATABASE_URL": text} for text in ("s3cret", "://s3cret", "oracle://u:s3cret@db/x", "mysql://u:s3cret@db:x/y")]
    + [{"MYSQL_ADDRESS": text} for text in ("db:s3cret", "db:0", "db:99999", "db:-1")],
    ids=str,
)
def test_a_database_that_cannot_be_is_named_without_its_password(database: dict[str, str]):
    text = refusal(**database)
    assert text.startswith(next(iter(database)))
    assert "s3cret" not in text


@pytest.mark.parametrize(
    "address", ["", "https://api.example.com", "http://127.0.0.1:8080/", "https://example.com/base"]
)
def test_an_address_under_which_uploads_are_fetched_is_taken(address: str, tmp_path: Path):
    assert config.load({"PUBLIC_URL": address}, flask_env="testing", data_dir=tmp_path).public_url == address


@pytest.mark.parametrize(
    "address", ["api.example.com", "ftp://example.com", "https://", "https://a b", "https://a/?x=1", "https://a/#x"]
)
def test_a_public_address_that_nobody_could_fetch_from_is_refused(address: str, tmp_path: Path):
    with pytest.raises(config.ConfigurationError, match="PUBLIC_URL"):
        config.load({"PUBLIC_URL": address}, flask_env="testing", data_dir=tmp_path)


@pytest.mark.parametrize("text", ["10.1.0.0/16", "127.0.0.1/32:8080", "127.0.0.1:8000-9000,[fd00::/8]:443", "fd00::/8"])
def test_ranges_that_runs_may_reach_are_read_as_the_engine_reads_them(text: str):
    rules = config.load(SAFE | {"RUN_ALLOWED": text}).run_allowed
    assert [AddressRule.parse(rule) for rule in rules]
    assert ",".join(rules) == text


@pytest.mark.parametrize("text", ["intranet", "10.0.0.1/8", "10.1.0.0/16:9-8", "127.0.0.1:99999", "10.1.0.0/16 :80"])
def test_a_range_that_is_none_is_refused_and_not_shown(text: str):
    told = refusal(RUN_ALLOWED=text)
    assert told.startswith("RUN_ALLOWED: ")
    assert text not in told


def test_runs_reach_public_addresses_only_unless_somebody_says_so():
    assert config.load(SAFE).run_allowed == []


@pytest.mark.parametrize("url", ["redis://h:6379/0", "rediss://u:p@h/1", "amqp://u:p@h:5672/v", "amqps://h//"])
def test_brokers_that_carry_messages(url: str):
    known = config.load(SAFE | {"RUN_BROKER_URL": url}).run_broker_url
    assert known is not None
    assert known.get_secret_value() == url


@pytest.mark.parametrize("url", ["http://u:s3cret@h", "redis", "sqla+sqlite:///s3cret", "memory://"])
def test_a_broker_that_would_lose_messages_is_refused_and_not_shown(url: str):
    text = refusal(RUN_BROKER_URL=url)
    assert text.startswith("RUN_BROKER_URL: ")
    assert "s3cret" not in text
