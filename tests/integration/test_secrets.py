"""Planted secrets: after every route and every fault of a login, none is in a log, a reply or a table."""

import http.client
import json
from pathlib import Path

import pytest
from sqlalchemy import URL, MetaData, create_engine, select, update

from tests.conftest import database_urls, make_app
from tests.integration.live import Answer, LiveServer, ask, serving
from wxcloudrun.core.actor import Role
from wxcloudrun.core.db import db
from wxcloudrun.features.users.models import User
from wxcloudrun.simulator import DEFAULT_SECRET, DEFAULT_TEMPLATE_ID, RunningSimulator, running

ENCRYPTED = {
    ("users", "session_key"),
    ("users", "phone"),
    ("login_exchanges", "answer"),
    ("wechat_tokens", "token"),
    ("push_messages", "content"),
    ("verification_applications", "real_name"),
    ("verification_applications", "number"),
    ("environments", "secrets"),
    ("project_variables", "secrets"),
}
PHONE, NAME, NUMBER = "13912345678", "钱某某甲", "CANARY-ID-4711"
FAULTS = ["http500", "http502", "garbage", "empty", "reset", "errcode", "consume_then_reset"]


class Simulated:
    """The simulator as the test steers it."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self._simulator = simulator

    def ask(self, path: str, body: object = None, method: str = "POST") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._simulator.port, timeout=10)
        try:
            return ask(connection, method, path, body)
        finally:
            connection.close()

    def secrets(self) -> set[str]:
        """The app's secret, and every session_key, access token and openid that WeChat's side knows."""
        state = self._simulator.state
        with state.lock:
            found = {user.session_key for user in state.users.values() if user.session_key}
        assert found
        journal = self.ask("/_sim/journal", method="GET").json["entries"]
        for entry in journal:
            query = entry.get("query") or {}
            found |= {str(query[name]) for name in ("access_token", "js_code", "secret") if query.get(name)}
        return found | {DEFAULT_SECRET}

    def identities(self) -> set[str]:
        """Who WeChat says people are: kept in a table to find them by, but shown and logged nowhere."""
        with self._simulator.state.lock:
            return {openid for _, openid in self._simulator.state.users} | {"CANARY-UNION"}


def _multipart(content: bytes) -> tuple[bytes, dict[str, str]]:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + content + b"\r\n--x--\r\n"
    return body, {"Content-Type": "multipart/form-data; boundary=x"}


def _exercise(server: LiveServer, simulated: Simulated, planted: set[str]) -> list[Answer]:
    """Log in with every fault, then call everything; gives the replies, and notes the tokens that must not leak."""
    replies = []
    for number, fault in enumerate(FAULTS):
        order = {"path": "/sns/jscode2session", "kind": fault, "value": 45011 if fault == "errcode" else 1}
        simulated.ask("/_sim/faults", order)
        code = simulated.ask("/_sim/login-code", {"name": f"faulty{number}"}).json["code"]
        planted.add(code)
        replies.append(server.call("POST", "/api/login", {"code": code}))
        simulated.ask("/_sim/faults", method="DELETE")
    code = simulated.ask("/_sim/login-code", {"name": "planted", "unionid": "CANARY-UNION"}).json["code"]
    planted.add(code)
    logged_in = server.call("POST", "/api/login", {"code": code}).json["data"]
    refreshed = server.call("POST", "/api/refresh_token", {"refresh_token": logged_in["refresh_token"]}).json["data"]
    planted |= {logged_in["token"], logged_in["refresh_token"], refreshed["token"], refreshed["refresh_token"]}
    token = refreshed["token"]
    simulated.ask("/_sim/users", {"name": "planted", "phone": PHONE})
    phone_code = simulated.ask("/_sim/phone-code", {"name": "planted"}).json["code"]
    planted.add(phone_code)

    def call(method: str, path: str, body: object = None, **options: object) -> Answer:
        replies.append(server.call(method, path, body, token=token, **options))  # type: ignore[arg-type]  # as given
        return replies[-1]

    call("PUT", "/api/user/profile", {"nickname": "seen by all"})
    assert call("POST", "/api/user/phone", {"code": phone_code}).status == 200, replies[-1].body
    call("POST", "/api/user/phone", {"code": "used-up-code-CANARY"})
    png = simulated_png()
    body, headers = _multipart(png)
    material = call("POST", "/api/user/verification/materials", body, headers=headers).json["data"]["id"]
    call("POST", "/api/user/avatar", body, headers=headers)
    papers = {"real_name": NAME, "number": NUMBER, "material_ids": [material]}
    assert call("POST", "/api/user/verification", papers, headers={"Idempotency-Key": "planted-key"}).status == 201
    for path in ("/api/user/profile", "/api/user/sessions", "/api/user/verification", "/api/wechat/subscriptions"):
        assert call("GET", path).status == 200
    call("POST", "/api/wechat/sessions/check")
    call("POST", "/api/wechat/subscriptions", {"results": {DEFAULT_TEMPLATE_ID: "accept"}})
    call("GET", f"/api/nowhere?token={token}&secret={DEFAULT_SECRET}")
    replies.append(server.call("GET", "/api/user/profile", token=token + "x"))
    replies.append(server.call("POST", "/api/count", b'{"action": "' + PHONE.encode() + b'"'))
    replies.append(server.call("POST", "/api/login", {"code": code, "session_key": PHONE}))
    call("POST", "/api/user/phone", {"phone": PHONE})
    return replies


def simulated_png() -> bytes:
    from tests.unit.features.users import samples  # noqa: PLC0415 - the picture only

    return samples.picture("PNG", (40, 40))


def _administer(url: URL, server: LiveServer, simulated: Simulated, planted: set[str]) -> list[Answer]:
    """What an administrator sees and does."""
    code = simulated.ask("/_sim/login-code", {"name": "administrator"}).json["code"]
    person = server.call("POST", "/api/login", {"code": code}).json["data"]
    planted |= {code, person["token"], person["refresh_token"]}
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(update(User).where(User.id == person["user"]["id"]).values(role=Role.ADMINISTRATOR))
    engine.dispose()
    paths = ["/api/users?size=100", "/api/audit?size=100", "/api/verifications", f"/api/users?phone=%2B86{PHONE}"]
    replies = [server.call("GET", path, token=person["token"]) for path in paths]
    assert {reply.status for reply in replies} == {200}
    thing = {"template_id": DEFAULT_TEMPLATE_ID, "user_id": person["user"]["id"], "data": {"thing1": "x"}}
    replies.append(server.call("POST", "/api/wechat/messages", thing, token=person["token"]))
    replies.append(server.call("POST", "/api/wechat/qrcodes", {"scene": "a=1"}, token=person["token"]))
    replies.append(server.call("POST", "/api/wechat/text_checks", {"content": "hello"}, token=person["token"]))
    return replies + _keep_secrets(server, person["token"], planted)


def _keep_secrets(server: LiveServer, token: str, planted: set[str]) -> list[Answer]:
    """Make a project with secrets in every place that takes one; gives the replies but that which shows a new code."""

    def call(method: str, path: str, body: object = None) -> Answer:
        answer = server.call(method, path, body, token=token)
        assert answer.status in {200, 201}, answer.body
        return answer

    path = f"/api/projects/{call('POST', '/api/projects', {'name': 'planted'}).json['data']['id']}"
    kept = {
        "headers": {"X-Api-Key": "CANARY-header"},
        "cookies": {"sid": "CANARY-cookie"},
        "auth": {"kind": "basic", "username": "tester", "password": "CANARY-password"},
        "tls": {"client_key_pem": "CANARY-pem"},
        "proxy": "http://user:CANARY-proxy@proxy.example:3128",
        "variables": [{"name": "pin", "type": "secret", "value": "CANARY-variable"}],
    }
    replies = [call("POST", f"{path}/environments", {"name": "planted", **kept})]
    environment = f"{path}/environments/{replies[0].json['data']['id']}"
    replies.append(call("PUT", environment, {"proxy": "http://user:CANARY-changed@proxy.example:3128"}))
    replies.append(call("POST", f"{environment}/copy", {"name": "copied"}))
    replies.append(call("PUT", f"{path}/variables", {"variables": kept["variables"]}))
    code = call("POST", f"{path}/invitations", {}).json["data"]["code"]
    replies.append(call("GET", f"/api/invitations?code={code}"))
    replies.append(call("POST", "/api/invitations/accept", {"code": code}))
    places = (environment, *(f"{path}/{one}" for one in ("environments", "variables", "invitations", "activity")))
    replies += [call("GET", place) for place in (*places, "/api/audit?size=100")]
    planted |= {f"CANARY-{name}" for name in ("header", "cookie", "password", "pem", "proxy", "variable", "changed")}
    planted.add(code)
    return replies


def _dump(url: URL) -> dict[tuple[str, str], str]:
    """Every column of every table, as one text each."""
    engine, metadata = create_engine(url), MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
        dump: dict[tuple[str, str], str] = {}
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    dump[table.name, str(column)] = dump.get((table.name, str(column)), "") + "\n" + text
    engine.dispose()
    return dump


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_planted_secret_is_in_a_log_a_reply_or_a_table(kind: str, tmp_path: Path):
    planted: set[str] = {PHONE, NAME, NUMBER}
    for url in database_urls(tmp_path, kind):
        app = make_app(url, tmp_path)
        with running() as simulator:
            simulated = Simulated(simulator)
            with serving(url, tmp_path, workers=1, simulator=simulator.url, LOG_LEVEL="DEBUG") as server:
                replies = _exercise(server, simulated, planted)
                replies += _administer(url, server, simulated, planted)
                log = server.log.read_text()
            planted |= simulated.secrets()
            identities = simulated.identities()
            assert len(planted) > 20
            dump = _dump(url)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    shown = [json.dumps(dict(reply.headers)) + reply.body.decode("utf-8", "replace") for reply in replies]
    for secret in sorted(planted):
        assert secret not in log
        assert [text for text in shown if secret in text and _is_not_its_owners_own(secret, text)] == []
        assert [place for place, text in dump.items() if secret in text] == [], secret
    assert len(identities) > len(FAULTS)
    for identity in identities:
        assert identity not in log
        assert [text for text in shown if identity in text] == []
    for place in ENCRYPTED - {("push_messages", "content"), ("wechat_tokens", "token")}:
        assert all(line.startswith("k1.") for line in dump[place].split("\n") if line not in {"", "None"}), place


def _is_not_its_owners_own(secret: str, text: str) -> bool:
    """One's own name and number in the answer to one's own application are no leak."""
    return not (secret in {NAME, NUMBER} and '"real_name"' in text)
