"""What the listing benchmark lists: cases of one project with a thousand members, the same each time."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from wxcloudrun.core.catalogue import PUBLIC, Entry, folder_terms, own, private, shared, term, trash

PROJECT = 1
MEMBERS = 1000
ASKER = 1  # an owner of the project, of a twentieth of its cases too
MEMBER = 2  # an ordinary member
RARE_TAG = "rare"  # of twenty cases, however many there are
METHODS = ("GET", "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE")
_THINGS = ("order", "user", "coupon", "cart", "refund", "stock", "price", "address", "invoice", "message")
_VERBS = ("reads", "lists", "makes", "changes", "removes", "refuses", "counts", "exports")
_NOUNS = ("订单", "用户", "优惠券", "购物车", "退款", "库存", "价格", "地址", "发票", "消息")
_START = datetime(2024, 1, 1, tzinfo=UTC)


def folders() -> list[str]:
    """Two hundred folders of depth one to three."""
    return [f"area {top}/part {middle}/{leaf}" for top in range(10) for middle in range(4) for leaf in "abcde"]


def case(number: int, count: int) -> tuple[Entry, dict[str, Any]]:
    """Case `number` (from 1) of `count`: how it is found, and its row."""
    choice = random.Random(number)
    thing = choice.randrange(10)
    method = choice.choice(METHODS)
    place = choice.choice(folders())
    folder = "/".join(place.split("/")[: choice.randint(1, 3)])
    owner = ASKER if choice.random() < 0.05 else choice.randint(3, MEMBERS)
    status, seen = choice.choice((1, 2, 3, 3, 3, 3, 4)), choice.random()
    visibility = 1 if seen < 0.05 else 3 if seen < 0.1 else 2
    deleted = choice.random() < 0.05
    tags = sorted({f"tag {choice.randint(1, 50)}" for _ in range(choice.randint(0, 3))})
    tags += [RARE_TAG] * (number % (count // 20) == 0)
    name = f"{_VERBS[choice.randrange(8)]} {_THINGS[thing]} {_NOUNS[thing]} {number:06d}"
    url = f"https://api.example.test/v{choice.randint(1, 3)}/{_THINGS[thing]}s/{choice.randrange(10**6):06d}"
    updated = _START + timedelta(seconds=choice.randrange(20_000_000), microseconds=number)
    terms = [f"status:{status}", f"method:{method}", f"owner:{owner}", f"visibility:{visibility}"]
    terms += [term("tag", tag) for tag in tags] + folder_terms(folder)
    entry = Entry(_scopes(visibility, owner, deleted), terms, f"{name}\n{url}", name, number % 1000, updated)
    values = {
        "id": number,
        "project_id": PROJECT,
        "folder": folder,
        "name": name,
        "lane": None if deleted else owner if visibility == 1 else 0,
        "method": method,
        "url": url,
        "tags": "[]",
        "status": status,
        "visibility": visibility,
        "creator_only": False,
        "creator_id": owner,
        "owner_id": owner,
        "position": number % 1000,
        "run_count": 0,
        "description": "",
        "content": '{"request": {"url": "' + url + '", "headers": {"Accept": "application/json"}}}' + " " * 1000,
        "version": 1,
        "deleted_at": updated if deleted else None,
        "created_at": updated,
        "updated_at": updated,
    }
    return entry, values


def cases(count: int) -> Iterator[tuple[int, Entry, dict[str, Any]]]:
    """All of them with their numbers."""
    for number in range(1, count + 1):
        yield number, *case(number, count)


def _scopes(visibility: int, owner: int, deleted: bool) -> Sequence[str]:
    scopes = [own(PROJECT, owner), private(PROJECT)] if visibility == 1 else [shared(PROJECT)]
    if deleted:
        return [trash(scope) for scope in scopes]
    return [*scopes, PUBLIC] if visibility == 3 else scopes
