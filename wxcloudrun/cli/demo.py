"""What the demo project holds: cases that test this very service, with data, and a scenario that puts them in order."""

from typing import Any, Final

PROJECT: Final = {
    "name": "Demo: this service tests itself",
    "description": "Logs in through the simulated WeChat, reads the profile, counts, reads again. One row of data of "
    "`change my nickname` expects what the service refuses: that failure is there to be looked at.",
}
ENVIRONMENT: Final = "this machine"
SCENARIO: Final = {
    "name": "log in, read, count, read again",
    "folder": "demo",
    "description": "Everything a phone does at its first visit. `change my nickname` runs with each of its datasets, "
    "and the last one fails, so that a failure can be seen.",
    "tags": ["smoke", "demo"],
    "status": "done",
    "variables": [
        {"name": "person", "value": "demo-tester", "description": "Whom the simulated WeChat gives a code for."}
    ],
}


def environment(service: str, simulator: str) -> dict[str, Any]:
    """Where the demo goes: this service, and the simulated WeChat that it asks."""
    return {
        "base_url": service,
        "headers": {"Accept-Language": "en"},
        "timeouts": {"connect_ms": 2_000, "total_ms": 10_000},
        "variables": [
            {"name": "simulator", "value": simulator, "description": "The simulated WeChat's address."},
            {"name": "longest_ms", "type": "number", "value": 2_000, "description": "An answer may take so long."},
        ],
    }


def _is(status: object) -> dict[str, Any]:
    return {"source": "status", "comparator": "eq", "expected": status}


def _at(path: str, comparator: str, *expected: object) -> dict[str, Any]:
    return {"source": "jsonpath", "argument": path, "comparator": comparator} | (
        {"expected": expected[0]} if expected else {}
    )


def _from(path: str, name: str, **more: object) -> dict[str, Any]:
    return {"name": name, "source": "jsonpath", "argument": path, **more}


def _json(value: object) -> dict[str, Any]:
    return {"kind": "json", "value": value}


_QUICK: Final = {"source": "duration", "comparator": "le", "expected": "{{longest_ms}}"}
_BEARER: Final = {"kind": "bearer", "token": "{{token}}"}

CASES: Final[list[dict[str, Any]]] = [
    {
        "name": "get a login code",
        "description": "What wx.login() gives the mini-program, from the simulated WeChat.",
        "tags": ["login"],
        "request": {
            "method": "POST",
            "url": "{{simulator}}/_sim/login-code",
            "body": _json({"name": "{{person}}"}),
        },
        "assertions": [_is(200), _at("$.code", "type", "string"), _at("$.code", "not_empty")],
        "extractions": [_from("$.code", "code", secret=True)],
    },
    {
        "name": "log in",
        "description": "The code becomes a session; the same call a phone makes.",
        "tags": ["login", "smoke"],
        "request": {"method": "POST", "url": "/api/login", "body": _json({"code": "{{code}}"})},
        "assertions": [
            _is(200),
            _at("$.code", "eq", 1),
            _at("$.data.expires_in", "gt", 0),
            _at("$.data.user.id", "type", "integer"),
            _QUICK,
        ],
        "extractions": [_from("$.data.token", "token", secret=True), _from("$.data.user.id", "user_id")],
    },
    {
        "name": "read my profile",
        "description": "The person who logged in is the person the token names.",
        "tags": ["profile", "smoke"],
        "request": {"url": "/api/user/profile", "auth": _BEARER},
        "assertions": [
            _is(200),
            _at("$.data.id", "eq", "{{user_id}}"),
            {
                "source": "jsonpath",
                "argument": "$.data",
                "comparator": "schema",
                "expected": {
                    "type": "object",
                    "required": ["id", "nickname", "version"],
                    "properties": {"id": {"type": "integer"}, "nickname": {"type": "string"}},
                },
            },
            {
                "source": "header",
                "argument": "Content-Type",
                "comparator": "starts_with",
                "expected": "application/json",
            },
        ],
    },
    {
        "name": "count up",
        "description": "One more than before; the new number goes on to the next step.",
        "tags": ["counter", "smoke"],
        "request": {"method": "POST", "url": "/api/count", "body": _json({"action": "inc"})},
        "assertions": [_is(200), _at("$.data", "ge", 1)],
        "extractions": [_from("$.data", "counted")],
    },
    {
        "name": "read the counter",
        "description": "What was counted is there; others may have counted meanwhile.",
        "tags": ["counter", "smoke"],
        "request": {"url": "/api/count"},
        "assertions": [_is(200), _at("$.data", "ge", "{{counted}}")],
    },
    {
        "name": "change my nickname",
        "description": "One request, three rows of data: two behave as expected, the third is wrong on purpose.",
        "tags": ["profile"],
        "request": {
            "method": "PUT",
            "url": "/api/user/profile",
            "auth": _BEARER,
            "body": _json({"nickname": "{{nickname}}"}),
        },
        "expected": {"status": 200, "code": 1},
        "assertions": [
            _is("{{expected.status}}"),
            _at("$.code", "eq", "{{expected.code}}"),
        ],
        "dataset": {"mode": "all"},
    },
    {
        "name": "log out",
        "description": "Ends the session, whatever happened before.",
        "tags": ["login"],
        "request": {"method": "POST", "url": "/api/logout", "auth": _BEARER},
        "assertions": [_is(200)],
    },
]

DATASETS: Final[dict[str, list[dict[str, Any]]]] = {
    "change my nickname": [
        {
            "key": "ordinary",
            "name": "an ordinary name",
            "variables": {"nickname": "小明", "letters": 2, "accepted": True},
            "is_default": True,
        },
        {
            "key": "too-long",
            "name": "a name that is too long is refused",
            "variables": {"nickname": "long" * 20, "letters": 80, "accepted": False},
            "expected": {"status": 422, "code": 0},
        },
        {
            "key": "wrong-on-purpose",
            "name": "fails on purpose: a number is no name",
            "variables": {"nickname": 42, "letters": None, "accepted": False},
            "expected": {"status": 200, "code": 1},
        },
    ]
}

# Case, phase, and what the step says besides.
STEPS: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("get a login code", "setup", {}),
    ("log in", "setup", {}),
    ("read my profile", "steps", {}),
    ("count up", "steps", {}),
    ("read the counter", "steps", {"retry": {"attempts": 2, "on": ["error"], "interval_ms": 100}}),
    ("change my nickname", "steps", {"dataset": {"mode": "all"}, "stop_on_failure": False}),
    ("read my profile", "steps", {"name": "read my profile again"}),
    ("log out", "teardown", {}),
]
