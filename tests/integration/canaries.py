"""What tests of secrets in the library share: a credential in every place that takes one, and a look at all that is shown."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

type Call = Callable[..., Any]

MARK = "CANARY"
AUTHS: dict[str, dict[str, str]] = {
    "basic": {"username": "u", "password": "CANARY-basic"},
    "bearer": {"token": "CANARY-bearer"},
    "api_key": {"name": "X-Plain", "value": "CANARY-api-key", "place": "header"},
    "digest": {"username": "u", "password": "CANARY-digest"},
    "oauth2_client_credentials": {
        "token_url": "https://id.example/t",
        "client_id": "c",
        "client_secret": "CANARY-client",
    },
    "aws_v4": {
        "access_key": "a",
        "secret_key": "CANARY-aws",
        "session_token": "CANARY-aws-session",
        "region": "r",
        "service": "s",
    },
    "hmac": {"key": "CANARY-hmac", "message": ["method"], "signature_header": "X-Sign"},
}
ENVIRONMENT: dict[str, Any] = {
    "base_url": "https://shop.example",
    "headers": {"X-Api-Key": "CANARY-environment-header"},
    "cookies": {"plain": "CANARY-environment-cookie"},
    "auth": {"kind": "basic", "username": "u", "password": "CANARY-environment-auth"},
    "tls": {"client_key_pem": "CANARY-environment-pem"},
    "proxy": "http://u:CANARY-environment-proxy@proxy.example:3128",
    "variables": [{"name": "pin", "type": "secret", "value": "CANARY-environment-variable"}],
}
VARIABLES = [{"name": "shared", "type": "secret", "value": "CANARY-project-variable"}]
CASE: dict[str, Any] = {
    "request": {
        "url": "/orders",
        "headers": [
            {"name": "Authorization", "value": "Basic CANARY-header"},
            {"name": "X-Token", "value": "CANARY-repeated-1"},
            {"name": "X-Token", "value": "CANARY-repeated-2"},
            {"name": "X-Session-Key", "value": "{{pin | default 'CANARY-argument'}}"},
        ],
        "cookies": [{"name": "any", "value": "CANARY-cookie"}, {"name": 5, "value": "CANARY-numbered-cookie"}],
        "query": {"api_key": "CANARY-query", "page": 1},
        "path_params": {"token": "CANARY-path"},
        "tls": {"client_key_pem": "CANARY-pem"},
        "proxy": "http://u:CANARY-proxy@proxy.example:3128",
        "body": {"kind": "json", "value": {"sku": "a"}},
    },
    "before": [
        {"do": "set", "name": "one", "value": "CANARY-set", "secret": True},
        {"do": "set", "name": "two", "value": "CANARY-set-by-1", "secret": 1},
        {"do": "set", "name": "three", "value": "CANARY-set-by-text", "secret": "true"},
        {"do": "compute", "name": "made", "expression": "'CANARY-compute' + two", "secret": True},
        {"do": "sign", "name": "signed", "key": "CANARY-sign", "message": "m"},
    ],
    "after": [{"do": "set", "name": "four", "value": "CANARY-after", "secret": True}],
}
DATASET: dict[str, Any] = {
    "headers": {"X-Token": ["CANARY-row-1", "CANARY-row-2"]},
    "query": {"access_token": "CANARY-row-query"},
    "cookies": {"any": "CANARY-row-cookie"},
}
SCENARIO: dict[str, Any] = {
    "variables": [{"name": "own", "type": "secret", "value": "CANARY-scenario-variable"}],
    "inputs": [
        {"name": "given", "secret": True, "default": "CANARY-input-default"},
        {"name": "deep", "secret": True, "default": {"a": ["CANARY-deep-default"]}},
        {"name": "api_token"},
    ],
}
STEP: dict[str, Any] = {
    "overrides": {
        "headers": {"X-Token": "CANARY-step-header", "X-Auth": ["CANARY-step-list"]},
        "query": {"api_key": "CANARY-step-query"},
        "cookies": {"any": "CANARY-step-cookie"},
        "auth": {"kind": "bearer", "token": "CANARY-step-auth"},
    },
    "variables": [{"name": "mine", "type": "secret", "value": "CANARY-step-variable"}],
}
CALL: dict[str, Any] = {
    "inputs": {"given": "CANARY-given", "deep": {"a": ["CANARY-given-deep"]}, "api_token": "CANARY-named-input"}
}


def canaries(value: Any) -> set[str]:
    """Every text in JSON that holds the mark, without what stands around it."""
    if isinstance(value, dict):
        return {one for item in value.values() for one in canaries(item)}
    if isinstance(value, list):
        return {one for item in value for one in canaries(item)}
    if not isinstance(value, str) or MARK not in value:
        return set()
    start = value.index(MARK)
    end = next((at for at in range(start, len(value)) if not (value[at].isalnum() or value[at] == "-")), len(value))
    return {value[start:end]}


def renewed(value: Any) -> Any:
    """The same with other secrets."""
    return json.loads(json.dumps(value).replace(MARK, f"{MARK}-NEW"))


def broken(value: Any) -> Any:
    """The same with secrets that the engine cannot read, so that it has something to say of each."""
    return json.loads(json.dumps(value).replace(MARK, "{{ | }} {{" + f"{MARK}-BROKEN"))


@dataclass
class Planted:
    """A project with secrets wherever one may stand; numbers by what they are of."""

    project: int
    environment: int = 0
    cases: list[int] = field(default_factory=list)
    dataset: int = 0
    scenario: int = 0
    called: int = 0
    step: int = 0
    call: int = 0

    @property
    def path(self) -> str:
        return f"/api/projects/{self.project}"


def plant(ok: Call, project: int) -> Planted:
    """Put a secret wherever one may stand. `ok(method, path, body)` gives the data of a reply."""
    new = Planted(project)
    path = new.path
    new.environment = ok("POST", f"{path}/environments", {"name": "planted", **ENVIRONMENT})["id"]
    ok("PUT", f"{path}/variables", {"variables": VARIABLES})
    for kind, helper in AUTHS.items():
        body = deepcopy(CASE) | {"name": kind}
        body["request"]["auth"] = {"kind": kind, **helper}
        new.cases.append(ok("POST", f"{path}/cases", body)["id"])
    first = f"{path}/cases/{new.cases[0]}"
    new.dataset = ok("POST", f"{first}/datasets", {"key": "row", **DATASET, "is_default": True})["id"]
    new.called = ok("POST", f"{path}/scenarios", {"name": "called", **SCENARIO})["id"]
    ok("POST", f"{path}/scenarios/{new.called}/steps", {"kind": "case", "case_id": new.cases[1]})
    new.scenario = ok("POST", f"{path}/scenarios", {"name": "caller", **SCENARIO})["id"]
    steps = f"{path}/scenarios/{new.scenario}/steps"
    new.step = ok("POST", steps, {"kind": "case", "case_id": new.cases[0], **STEP})["id"]
    new.call = ok("POST", steps, {"kind": "scenario", "scenario_id": new.called, **CALL})["id"]
    return new


def places(planted: Planted) -> list[tuple[str, dict[str, Any], str]]:
    """Path, body and method of each place in which `plant` put secrets."""
    path = planted.path
    case, scenario = f"{path}/cases/{planted.cases[0]}", f"{path}/scenarios/{planted.scenario}"
    return [
        (f"{path}/environments/{planted.environment}", ENVIRONMENT, "PUT"),
        (f"{path}/variables", {"variables": VARIABLES}, "PUT"),
        (case, CASE, "PUT"),
        (f"{case}/datasets/{planted.dataset}", DATASET, "PUT"),
        (scenario, SCENARIO, "PUT"),
        (f"{scenario}/steps/{planted.step}", STEP, "PUT"),
        (f"{scenario}/steps/{planted.call}", CALL, "PUT"),
    ]


def views(planted: Planted) -> list[str]:
    """Paths of all that can be read of the project."""
    path = planted.path
    scenario = f"{path}/scenarios/{planted.scenario}"
    paths = [
        path,
        f"{path}/activity?size=100",
        f"{path}/environments",
        f"{path}/environments/{planted.environment}",
        f"{path}/variables",
        f"{path}/cases?size=100",
        f"{path}/cases?trashed=true",
        f"{path}/cases?q=orders",
        f"{path}/scenarios?size=100",
        scenario,
        f"{scenario}/steps",
        f"{scenario}/steps/{planted.step}",
        f"{scenario}/steps/{planted.call}",
        f"{scenario}/check",
        f"{path}/scenarios/{planted.called}/check?environment_id={planted.environment}",
        f"{path}/files",
    ]
    for case in planted.cases:
        one = f"{path}/cases/{case}"
        paths += [one, f"{one}/versions", f"{one}/versions/1", f"{one}/versions/1/difference", f"{one}/datasets"]
    return [*paths, f"{path}/cases/{planted.cases[0]}/datasets/{planted.dataset}"]
