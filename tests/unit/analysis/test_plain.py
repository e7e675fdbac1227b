"""What differs each time goes out of messages and paths, and what tells the cause stays."""

import pytest

from wxcloudrun.analysis.plain import host_and_template, place, plain


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("order 17 of 3,5 failed at 2026-03-01T10:00:00Z", "order # of # failed at #"),
        ("dial tcp 10.0.0.7:5432: connection refused", "dial tcp #: connection refused"),
        ("user 'alice' doesn't exist, can't go on", "user ~ doesn't exist, can't go on"),
        ("column \"price\" does not exist", "column <price> does not exist"),
        ("商品“红楼梦”库存不足，剩余 3 件", "商品~库存不足，剩余 # 件"),
        ("2026年3月1日 10:20 之后重试", "# 之后重试"),
        ("got {\"a\": [1, 2, {\"b\": null}]} here", "got ~ here"),
        ("see https://x.example.com/a/17?b=1 and mail a.b@example.com", "see ~ and mail ~"),
        ("trace 5f2b1c9d8e7a6b54 token a1b2c3d4e5f6g7h8i9j0", "trace # token #"),
    ],
)  # fmt: skip
def test_messages(text, told):
    assert plain(text) == told


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://A.example.com:443/v2/orders/17/lines/3?page=4", "/v2/orders/{id}/lines/{id}"),
        ("https://a.example.com/users/9f1c2a34-1111-4222-8333-123456789abc/avatar.png", "/users/{id}/avatar.png"),
        ("https://a.example.com/files/9f86d081884c7d65.pdf", "/files/{id}.pdf"),
        ("https://a.example.com/reports/order-2024-17", "/reports/order-{id}-{id}"),
        ("https://a.example.com/%E5%95%86%E5%93%81/x", "/商品/x"),
        ("https://a.example.com", "/"),
    ],
)
def test_paths(url, path):
    assert host_and_template(url) == ("a.example.com", path)


def test_positions_are_no_part_of_a_place():
    assert place("jsonpath $.items[3].price") == place("jsonpath $.items[0].price") == "jsonpath $.items[*].price"
    assert host_and_template("http://h:8080/a")[0] == "h:8080"
    assert host_and_template("http://[::1") == ("", "")
