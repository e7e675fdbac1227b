"""Failures of many kinds of servers with what made them fail: templates with ids, dates and tokens that change."""
# ruff: noqa: E501 - one failure a line is read best

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

EACH = 7
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class Changing:
    """What differs from one failure to the next though the cause is the same."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - test data

    def number(self, most: int = 99999) -> int:
        return self._random.randint(1, most)

    def id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex(self, length: int = 24) -> str:
        text = "".join(self._random.choice("0123456789abcdef") for _ in range(length - 1))
        return text + str(self._random.randint(0, 9))

    def token(self, length: int = 32) -> str:
        return "a1" + "".join(self._random.choice(_LETTERS) for _ in range(length - 2))

    def date(self) -> str:
        one = self._random.randint
        return f"20{one(24, 27)}-{one(1, 12):02}-{one(1, 28):02}T{one(0, 23):02}:{one(0, 59):02}:{one(0, 59):02}.{one(100, 999)}Z"

    def address(self) -> str:
        return f"10.{self.number(250)}.{self.number(250)}.{self.number(250)}"

    def person(self) -> str:
        return self._random.choice(["张三", "李四", "O'Brien", "Ana María", "王小明", "user 42"])


@dataclass(frozen=True)
class Labelled:
    """A failure and the name of its cause."""

    label: str
    step: dict[str, Any]


Template = Callable[[Changing], dict[str, Any]]


def failures(seed: int = 1, each: int = EACH) -> Iterator[Labelled]:
    """Every template so many times."""
    for label, template in TEMPLATES.items():
        for turn in range(each):
            yield Labelled(label, template(Changing(seed * 1000 + turn)))


def answered(
    url: str, status: int, body: Any, method: str = "GET", check: dict[str, Any] | None = None, want: int = 200
) -> dict[str, Any]:
    """A step whose assertion did not hold."""
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    held = {
        "index": 0,
        "passed": True,
        "name": "",
        "source": "duration",
        "comparator": "lt",
        "expected": 9,
        "actual": 5,
    }
    message = f"expected status to equal {want}, got {status}"
    false = {"source": "status", "comparator": "eq", "expected": want, "actual": status, "message": message} | (
        check or {}
    )
    body_record = {"head": text, "encoding": "text", "size": len(text.encode()), "truncated": False}
    return {
        "name": "a step", "case_id": 1, "dataset": None, "error_class": None, "status": status, "phase": "steps",
        "message": false["message"],
        "detail": {
            "request": {"method": method, "url": url},
            "response": {"status": status, "body": body_record},
            "assertions": [held | {"where": "", "places": []}, {"index": 1, "passed": False, "name": "", "where": "", "places": []} | false],
            "error": None,
        },
    }  # fmt: skip


def unanswered(url: str, error_class: str, message: str, method: str = "GET") -> dict[str, Any]:
    """A step that could not be carried out."""
    return {
        "name": "a step", "case_id": 1, "dataset": None, "error_class": error_class, "status": None, "phase": "steps",
        "message": message,
        "detail": {
            "request": {"method": method, "url": url}, "response": None, "assertions": [],
            "error": {"error_class": error_class, "message": message, "detail": None},
        },
    }  # fmt: skip


def value(
    source: str, comparator: str, expected: Any, actual: Any, missing: bool = False, places: Any = ()
) -> dict[str, Any]:
    """A false assertion about a value."""
    got = "found nothing" if missing else f"got {json.dumps(actual, ensure_ascii=False)}"
    message = f"expected {source} to {comparator} {json.dumps(expected)}, {got}"
    return {"source": source, "comparator": comparator, "expected": expected, "actual": actual, "message": message,
            "places": list(places)}  # fmt: skip


def spring(one: Changing, status: int, error: str, path: str, **more: Any) -> dict[str, Any]:
    return {"timestamp": one.date(), "status": status, "error": error, "path": path, **more}


def nginx(status: int, text: str) -> str:
    return f"<html>\r\n<head><title>{status} {text}</title></head>\r\n<body><center><h1>{status} {text}</h1></center><hr><center>nginx/1.25.3</center></body></html>"


def express(text: str, one: Changing) -> str:
    return f"<!DOCTYPE html><html><head><title>Error</title></head><body><pre>{text}<br> &nbsp; &nbsp;at /srv/app/routes/x.js:{one.number(400)}:{one.number(80)}</pre></body></html>"


def django(error: str, said: str, path: str, one: Changing) -> str:
    return f"<!DOCTYPE html><html><head><title>{error} at {path}</title></head><body><h1>{error} at {path}</h1><pre class='exception_value'>{said}</pre> {one.date()}</body></html>"


SHOP, BOOKS, PAY = "https://shop.example.com", "https://books.example.com/v1", "http://pay.example.com:8080"
WECHAT = "https://api.weixin.qq.com"


def wechat(code: int, said: str) -> Template:
    return lambda one: answered(
        f"{WECHAT}/cgi-bin/message/send?access_token={one.token(80)}", 200,
        {"errcode": code, "errmsg": f"{said} rid: {one.hex(8)}-{one.hex(8)}-{one.hex(8)}"}, "POST",
        value("jsonpath $.errcode", "eq", 0, code),
    )  # fmt: skip


TEMPLATES: dict[str, Template] = {
    "spring null pointer": lambda o: answered(f"{SHOP}/api/orders/{o.number()}", 500, spring(o, 500, "Internal Server Error", f"/api/orders/{o.number()}", exception="java.lang.NullPointerException", message=f"Cannot invoke \"Order.total()\" because \"order{o.number(9)}\" is null")),
    "spring pool exhausted": lambda o: answered(f"{SHOP}/api/orders/{o.number()}", 500, spring(o, 500, "Internal Server Error", f"/api/orders/{o.number()}", message=f"HikariPool-{o.number(9)} - Connection is not available, request timed out after {o.number()}ms.")),
    "spring deadlock": lambda o: answered(f"{SHOP}/api/orders/{o.number()}", 500, spring(o, 500, "Internal Server Error", f"/api/orders/{o.number()}", message=f"Deadlock found when trying to get lock; try restarting transaction {o.number()}")),
    "spring not found": lambda o: answered(f"{SHOP}/api/orders/{o.number()}", 404, spring(o, 404, "Not Found", f"/api/orders/{o.number()}", message=f"No order {o.number()}")),
    "spring forbidden": lambda o: answered(f"{SHOP}/api/orders/{o.number()}", 403, spring(o, 403, "Forbidden", f"/api/orders/{o.number()}", message="Access Denied")),
    "spring unauthorised": lambda o: answered(f"{SHOP}/api/orders/{o.number()}", 401, spring(o, 401, "Unauthorized", f"/api/orders/{o.number()}", message="")),
    "spring not found elsewhere": lambda o: answered(f"{SHOP}/api/customers/{o.id()}", 404, spring(o, 404, "Not Found", f"/api/customers/{o.id()}", message=f"No customer {o.id()}")),
    "spring validation of quantity": lambda o: answered(f"{SHOP}/api/orders", 400, spring(o, 400, "Bad Request", "/api/orders", errors=[{"field": "quantity", "defaultMessage": "must be greater than 0", "rejectedValue": -o.number()}]), "POST"),
    "spring validation of address": lambda o: answered(f"{SHOP}/api/orders", 400, spring(o, 400, "Bad Request", "/api/orders", errors=[{"field": "address", "defaultMessage": "must not be blank", "rejectedValue": ""}]), "POST"),
    "django key error price": lambda o: answered(f"{BOOKS}/books/{o.number()}/", 500, django("KeyError", "'price'", f"/v1/books/{o.number()}/", o)),
    "django value error": lambda o: answered(f"{BOOKS}/books/{o.number()}/", 500, django("ValueError", f"invalid literal for int() with base 10: '{o.token(9)}'", f"/v1/books/{o.number()}/", o)),
    "django missing row": lambda o: answered(f"{BOOKS}/books/{o.number()}/", 404, {"detail": "Not found."}),
    "django field required": lambda o: answered(f"{BOOKS}/books/", 400, {"title": ["This field is required."]}, "POST", want=201),
    "django other field required": lambda o: answered(f"{BOOKS}/books/", 400, {"isbn": ["This field is required."]}, "POST", want=201),
    "django duplicate": lambda o: answered(f"{BOOKS}/books/", 409, {"code": "duplicate", "detail": f"book with isbn '{o.number()}' already exists"}, "POST", want=201),
    "django throttled": lambda o: answered(f"{BOOKS}/books/{o.number()}/", 429, {"detail": f"Request was throttled. Expected available in {o.number(60)} seconds."}),
    "fastapi missing": lambda o: answered(f"{BOOKS}/loans", 422, {"detail": [{"loc": ["body", "items", o.number(9), "price"], "msg": "field required", "type": "value_error.missing"}]}, "POST"),
    "fastapi not a number": lambda o: answered(f"{BOOKS}/loans", 422, {"detail": [{"loc": ["body", "items", o.number(9), "price"], "msg": "value is not a valid float", "type": "type_error.float"}]}, "POST"),
    "fastapi missing elsewhere": lambda o: answered(f"{BOOKS}/loans", 422, {"detail": [{"loc": ["body", "reader"], "msg": "field required", "type": "value_error.missing"}]}, "POST"),
    "express undefined title": lambda o: answered(f"{SHOP}/web/items/{o.hex()}", 500, express("TypeError: Cannot read properties of undefined (reading &#39;title&#39;)", o)),
    "express undefined id": lambda o: answered(f"{SHOP}/web/items/{o.hex()}", 500, express("TypeError: Cannot read properties of undefined (reading &#39;owner&#39;)", o)),
    "express refused": lambda o: answered(f"{SHOP}/web/items/{o.hex()}", 500, express(f"Error: connect ECONNREFUSED {o.address()}:{o.number(60000)}", o)),
    "express no route": lambda o: answered(f"{SHOP}/web/itemz", 404, express("Cannot GET /web/itemz", o)),
    "express json": lambda o: answered(f"{SHOP}/web/carts/{o.hex()}", 500, {"error": {"name": "MongoServerError", "code": 11000, "message": f"E11000 duplicate key error collection: shop.carts index: _id_ dup key: {{ _id: \"{o.hex()}\" }}"}}),
    "express json timeout": lambda o: answered(f"{SHOP}/web/carts/{o.hex()}", 500, {"error": {"name": "MongoNetworkTimeoutError", "message": f"connection {o.number(99)} to {o.address()}:27017 timed out"}}),
    "go panic": lambda o: answered(f"{PAY}/pay/{o.id()}", 500, f"runtime error: index out of range [{o.number(9)}] with length {o.number(9)}\n\ngoroutine {o.number()} [running]:"),
    "go nil": lambda o: answered(f"{PAY}/pay/{o.id()}", 500, f"runtime error: invalid memory address or nil pointer dereference\n\ngoroutine {o.number()} [running]:"),
    "go canceled": lambda o: answered(f"{PAY}/pay/{o.id()}", 500, {"message": "context deadline exceeded", "request_id": o.token()}),
    "go refused": lambda o: answered(f"{PAY}/pay/{o.id()}", 500, {"message": f"dial tcp {o.address()}:5432: connect: connection refused", "request_id": o.token()}),
    "go sql": lambda o: answered(f"{PAY}/pay/{o.id()}", 500, {"message": "pq: column \"amount\" does not exist", "request_id": o.token()}),
    "go sql other": lambda o: answered(f"{PAY}/pay/{o.id()}", 500, {"message": "pq: column \"currency\" does not exist", "request_id": o.token()}),
    "grpc not found": lambda o: answered(f"{PAY}/v2/accounts/{o.number()}:charge", 404, {"code": 5, "message": f"account {o.number()} not found", "details": []}, "POST"),
    "grpc unavailable": lambda o: answered(f"{PAY}/v2/accounts/{o.number()}:charge", 503, {"code": 14, "message": "upstream connect error or disconnect/reset before headers", "details": []}, "POST"),
    "grpc precondition": lambda o: answered(f"{PAY}/v2/accounts/{o.number()}:charge", 400, {"code": 9, "message": f"balance {o.number()} is too low", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "LOW_BALANCE"}]}, "POST"),
    "grpc invalid": lambda o: answered(f"{PAY}/v2/accounts/{o.number()}:charge", 400, {"code": 3, "message": "invalid currency", "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "BAD_CURRENCY"}]}, "POST"),
    "nginx bad gateway": lambda o: answered(f"{SHOP}/api/stock/{o.number()}", 502, nginx(502, "Bad Gateway")),
    "nginx timeout": lambda o: answered(f"{SHOP}/api/stock/{o.number()}", 504, nginx(504, "Gateway Time-out")),
    "nginx too large": lambda o: answered(f"{SHOP}/api/pictures", 413, nginx(413, "Request Entity Too Large"), "POST"),
    "nginx bad gateway elsewhere": lambda o: answered(f"{SHOP}/api/prices/{o.number()}", 502, nginx(502, "Bad Gateway")),
    "oauth": lambda o: answered(f"{SHOP}/oauth/token", 400, {"error": "invalid_grant", "error_description": f"Token {o.token()} is expired"}, "POST"),
    "oauth client": lambda o: answered(f"{SHOP}/oauth/token", 400, {"error": "invalid_client", "error_description": "Unknown client"}, "POST"),
    "problem json": lambda o: answered(f"{BOOKS}/readers/{o.id()}", 403, {"type": "https://books.example.com/problems/blocked", "title": "Reader is blocked", "instance": f"/readers/{o.id()}"}),
    "problem json other": lambda o: answered(f"{BOOKS}/readers/{o.id()}", 403, {"type": "https://books.example.com/problems/age", "title": "Reader is too young", "instance": f"/readers/{o.id()}"}),
    "graphql forbidden": lambda o: answered(f"{SHOP}/graphql", 200, {"data": None, "errors": [{"message": f"Not allowed for user {o.number()}", "path": ["order"], "extensions": {"code": "FORBIDDEN"}}]}, "POST", value("jsonpath $.data.order.id", "exists", None, None, missing=True)),
    "graphql bad input": lambda o: answered(f"{SHOP}/graphql", 200, {"data": None, "errors": [{"message": "Variable \"$id\" got invalid value", "path": ["order"], "extensions": {"code": "BAD_USER_INPUT"}}]}, "POST", value("jsonpath $.data.order.id", "exists", None, None, missing=True)),
    "wechat token": wechat(40001, "invalid credential, access_token is invalid or not latest"),
    "wechat refused": wechat(43101, "user refuse to accept the msg"),
    "wechat limit": wechat(45009, "reach max api daily quota limit"),
    "chinese stock": lambda o: answered(f"{SHOP}/m/orders", 400, {"code": "STOCK", "msg": f"商品“{o.person()}的书”库存不足，剩余 {o.number(9)} 件"}, "POST"),
    "chinese price": lambda o: answered(f"{SHOP}/m/orders", 400, {"code": "PRICE", "msg": f"价格已变为 {o.number()} 元，请重新确认"}, "POST"),
    "chinese busy": lambda o: answered(f"{SHOP}/m/orders", 500, {"success": False, "msg": f"系统繁忙，请稍后再试（{o.date()}）"}, "POST"),
    "chinese session": lambda o: answered(f"{SHOP}/m/orders", 200, {"code": 10011, "msg": f"登录已过期，用户「{o.person()}」请重新登录"}, "POST", value("jsonpath $.code", "eq", 0, 10011)),
    "chinese field": lambda o: answered(f"{SHOP}/m/orders", 400, {"code": 400, "msg": f"参数 'amount' 不正确：{o.number()}"}, "POST"),
    "chinese other field": lambda o: answered(f"{SHOP}/m/orders", 400, {"code": 400, "msg": f"参数 'address' 不正确：{o.number()}"}, "POST"),
    "read timeout": lambda o: unanswered(f"{PAY}/pay/{o.id()}", "timeout", f"pay.example.com:8080 did not answer within {o.number()} ms"),
    "read timeout elsewhere": lambda o: unanswered(f"{PAY}/refunds/{o.id()}", "timeout", f"pay.example.com:8080 did not answer within {o.number()} ms"),
    "connect timeout": lambda o: unanswered(f"{PAY}/pay/{o.id()}", "timeout", f"no connection to {o.address()}:8080 within {o.number()} ms"),
    "refused": lambda o: unanswered(f"{PAY}/pay/{o.id()}", "connect", f"{o.address()}:8080 refused the connection"),
    "reset": lambda o: unanswered(f"{PAY}/pay/{o.id()}", "protocol", f"the connection to {o.address()}:8080 ended before the answer was whole ({o.number()} of {o.number()} bytes)"),
    "certificate expired": lambda o: unanswered(f"{SHOP}/api/orders/{o.number()}", "tls", f"the certificate of shop.example.com expired on {o.date()}"),
    "certificate of another host": lambda o: unanswered(f"{SHOP}/api/orders/{o.number()}", "tls", f"the certificate is for *.example.org, serial {o.hex(16)}, not for shop.example.com"),
    "no address": lambda o: unanswered(f"https://stage.example.com/api/orders/{o.number()}", "resolve", "stage.example.com has no address; check the host name"),
    "no address elsewhere": lambda o: unanswered(f"https://test.example.com/api/orders/{o.number()}", "resolve", "test.example.com has no address; check the host name"),
    "variable token": lambda o: unanswered(f"{SHOP}/api/orders/{o.number()}", "variable", "variable `token` has no value"),
    "variable order": lambda o: unanswered(f"{SHOP}/api/orders/{o.number()}", "variable", "variable `order_id` has no value"),
    "extraction": lambda o: unanswered(f"{SHOP}/login", "extraction", f"extraction `token`: found nothing at $.data.token, the object has {o.number(20)} keys", "POST"),
    "wrong price": lambda o: answered(f"{SHOP}/api/items/{o.number()}", 200, {"price": o.number(), "name": o.person()}, check=value("jsonpath $.price", "eq", 10, o.number())),
    "wrong price of an item": lambda o: answered(f"{SHOP}/api/items", 200, {"items": [{"price": o.number()}]}, check=value(f"jsonpath $.items[{o.number(9)}].price", "eq", 10, o.number())),
    "price is gone": lambda o: answered(f"{SHOP}/api/items/{o.number()}", 200, {"name": o.person()}, check=value("jsonpath $.price", "eq", 10, None, missing=True)),
    "price is a text": lambda o: answered(f"{SHOP}/api/items/{o.number()}", 200, {"price": str(o.number())}, check=value("jsonpath $.price", "eq", 10, str(o.number()))),
    "schema required": lambda o: answered(f"{SHOP}/api/carts/{o.id()}", 200, {"id": o.id()}, check=value("body", "schema", {}, {}, places=[f"/items/{o.number(9)}: \"price\" is a required property (schema /properties/items)"])),
    "schema type": lambda o: answered(f"{SHOP}/api/carts/{o.id()}", 200, {"id": o.id()}, check=value("body", "schema", {}, {}, places=[f"/items/{o.number(9)}/price: \"{o.number()}\" is not of type \"number\" (schema /properties/items)"])),
    "slow": lambda o: answered(f"{SHOP}/api/search?q={o.person()}", 200, {"items": []}, check=value("duration", "lt", 500, o.number())),
    "header": lambda o: answered(f"{SHOP}/api/search?q={o.person()}", 200, {"items": []}, check=value("header ETag", "exists", None, None, missing=True)),
    "empty body": lambda o: answered(f"{SHOP}/api/logs/{o.date()[:10]}", 500, ""),
}  # fmt: skip
