"""Rules of the address guard, and looking names up within limits."""

import socket
import threading

import pytest

from tests.pace import promptly
from wxcloudrun.engine.errors import DefinitionError, ErrorClass, StepError
from wxcloudrun.engine.send.egress import AddressGuard, AddressRule
from wxcloudrun.engine.send.request import parse_request
from wxcloudrun.engine.send.sender import Sender

PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "100.128.0.1",
    "172.32.0.1",
    "2001:4860:4860::8888",
    "2606:2800:220:1::1",
    "::ffff:8.8.8.8",
]


def refused(guard, url, **spec):
    with Sender(guard) as sender, pytest.raises(StepError) as caught:
        sender.send(
            sender.prepare(parse_request({"url": url, "timeouts": {"connect_ms": 500, "total_ms": 2000}, **spec}))
        )
    return caught.value


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_free(address):
    assert AddressGuard().refusal(address, 443) is None


@pytest.mark.parametrize(
    ("rule", "address", "port", "allowed"),
    [
        ("10.0.0.0/8", "10.2.3.4", 80, True),
        ("10.0.0.0/8:8000-8999", "10.2.3.4", 8500, True),
        ("10.0.0.0/8:8000-8999", "10.2.3.4", 80, False),
        ("10.0.0.5:80", "10.0.0.5", 80, True),
        ("10.0.0.5:80", "10.0.0.6", 80, False),
        ("10.0.0.0/8", "::ffff:10.0.0.1", 80, True),
        ("127.0.0.1/32:5000", "127.0.0.1", 5000, True),
        ("127.0.0.1/32:5000", "127.0.0.1", 5001, False),
        ("127.0.0.0/8", "127.0.0.1", 5000, False),
        ("0.0.0.0/0", "127.0.0.1", 80, False),
        ("0.0.0.0/0", "169.254.169.254", 80, False),
        ("0.0.0.0/0", "100.100.100.200", 80, False),
        ("100.64.0.0/10", "100.100.100.200", 80, False),
        ("100.64.0.0/10", "100.100.100.201", 80, True),
        ("0.0.0.0/0", "192.168.0.1", 80, True),
        ("0.0.0.0/32", "0.0.0.0", 80, False),
        ("224.0.0.1/32", "224.0.0.1", 80, False),
        ("::1", "::1", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
        ("::/0", "::1", 80, False),
        ("::/0", "fd00:ec2::254", 80, False),
        ("fd00::/8:443", "fd12::1", 443, True),
        ("[fd00::/8]:443", "fd12::1", 80, False),
        ("64:ff9b::/96", "64:ff9b::8.8.8.8", 80, True),
        ("64:ff9b::/96", "64:ff9b::10.0.0.1", 80, False),
        ("2002::/16", "2002:7f00:1::", 80, False),
    ],
)  # fmt: skip
def test_rules_open_what_they_name(rule, address, port, allowed):
    assert (AddressGuard([rule]).refusal(address, port) is None) is allowed


def test_the_products_own_servers_stay_shut_whatever_is_allowed():
    guard = AddressGuard(["10.0.0.0/8", "10.0.0.9/32"], denied=["10.0.0.9:3306", "8.8.8.8"])
    assert guard.refusal("10.0.0.9", 3306)
    assert guard.refusal("10.0.0.9", 80) is None
    assert guard.refusal("8.8.8.8", 80)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ten",
        "10.0.0.0/99",
        "10.0.0.1/8",
        "10.0.0.0/8:0",
        "10.0.0.0/8:9-8",
        "10.0.0.0/8:x",
        "10.0.0.0/8;80",
        "example.com:80",
        "10.0.0.0/8:70000",
    ],
)
def test_an_unreadable_rule_is_a_definition_error(text):
    with pytest.raises(DefinitionError):
        AddressRule.parse(text)


@pytest.mark.parametrize(
    ("text", "sensitive"),
    [
        ("127.0.0.1/32", True),
        ("169.254.169.254:80", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.0/8", False),
        ("10.0.0.1", False),
        ("127.0.0.0/8", False),
    ],
)
def test_rules_that_only_an_operator_may_give_are_recognised(text, sensitive):
    assert AddressRule.parse(text).sensitive is sensitive


def test_the_refusal_says_which_rule_said_no():
    with pytest.raises(StepError) as caught:
        AddressGuard(lookup=lambda name: ["192.168.3.4"]).vet("intranet.example", 8080)
    assert "intranet.example:8080 (192.168.3.4)" in caught.value.message
    assert caught.value.detail == "192.168.0.0/16 is private"


def test_a_name_without_an_address_is_a_resolve_error():
    def lookup(name):
        raise socket.gaierror(-2, "Name or service not known")

    error = refused(AddressGuard(lookup=lookup), "http://missing.example/?secret=1")
    assert error.error_class is ErrorClass.RESOLVE
    assert "missing.example" in error.message
    assert "secret" not in str(error)


def test_a_resolver_that_does_not_answer_is_left_behind():
    release = threading.Event()
    guard = AddressGuard(lookup=lambda name: release.wait(5) and [])
    with promptly(0.5):
        with pytest.raises(StepError) as caught:
            guard.vet("slow.example", 80, timeout=0.2)
        release.set()
        assert caught.value.error_class is ErrorClass.TIMEOUT


def test_cancel_ends_a_look_up():
    release = threading.Event()
    cancel = threading.Event()
    threading.Timer(0.1, cancel.set).start()
    with pytest.raises(StepError) as caught:
        AddressGuard(lookup=lambda name: release.wait(5) and []).vet("slow.example", 80, 5.0, cancel.is_set)
    release.set()
    assert caught.value.error_class is ErrorClass.CANCELED


def test_an_answer_that_is_no_address_is_refused():
    with pytest.raises(StepError) as caught:
        AddressGuard(lookup=lambda name: ["not-an-address"]).vet("odd.example", 80)
    assert caught.value.error_class is ErrorClass.GUARD
