"""What the listing benchmark lists: cases of one project with a thousand members, the same each time."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from wxcloudrun.features.cases.models import CaseStatus, Visibility

PROJECT = 1
MEMBERS = 1000
ASKER = 1  # an owner of the project, of a twentieth of its cases too
MEMBER = 2  # an ordinary member
OWNER_OF_FEW = 3
# As many cases have these words in their names, and the tags of the same words, however many cases there are. They are
# spread evenly, and the same in all else but number and place, so that a filter finds as many of them in both projects.
SAME = {"unicorn": 1, "griffin": 20, "phoenix": 300}
_MOST = max(SAME.values())
METHODS = ("GET", "GET", "GET", "POST", "POST", "PUT", "PATCH", "DELETE")
_THINGS = ("order", "user", "coupon", "cart", "refund", "stock", "price", "address", "invoice", "message")
_VERBS = ("reads", "lists", "makes", "changes", "removes", "refuses", "counts", "exports")
_NOUNS = ("订单", "用户", "优惠券", "购物车", "退款", "库存", "价格", "地址", "发票", "消息")
_STATUSES = (CaseStatus.DRAFT, CaseStatus.DEBUGGING, *[CaseStatus.DONE] * 4, CaseStatus.DEPRECATED)
_FOLDERS = [f"area {top}/part {middle}/{leaf}" for top in range(10) for middle in range(4) for leaf in "abcde"]
_START = datetime(2024, 1, 1, tzinfo=UTC)


def case(number: int, count: int) -> dict[str, Any]:
    """The row of case `number` (from 1) of `count`."""
    turn, between = divmod(number, count // _MOST)
    same = turn if between == 0 and 1 <= turn <= _MOST else None
    choice = random.Random(number if same is None else -same)
    words = [] if same is None else [word for word, often in SAME.items() if same % (_MOST // often) == 0]
    thing = choice.randrange(10)
    owner = ASKER if choice.random() < 0.05 else choice.randint(OWNER_OF_FEW + 1, MEMBERS)
    owner = OWNER_OF_FEW if "griffin" in words else owner
    seen, deleted = choice.random(), choice.random() < 0.05
    visibility = Visibility.PRIVATE if seen < 0.05 else Visibility.PUBLIC if seen < 0.1 else Visibility.PROJECT
    tags = sorted({f"tag {choice.randint(1, 50)}" for _ in range(choice.randint(0, 3))})
    tags += words
    url = f"https://api.example.test/v{choice.randint(1, 3)}/{_THINGS[thing]}s/{choice.randrange(10**6):06d}"
    updated = _START + timedelta(seconds=choice.randrange(20_000_000), microseconds=number)
    content = {"request": {"url": url, "headers": {"Accept": "application/json"}, "body": "x" * 1000}}
    return {
        "id": number,
        "project_id": PROJECT,
        "folder": "/".join(choice.choice(_FOLDERS).split("/")[: choice.randint(1, 3)]),
        "name": f"{choice.choice(_VERBS)} {_THINGS[thing]} {_NOUNS[thing]} {' '.join([f'{number:06d}', *words])}",
        "lane": None if deleted else owner if visibility is Visibility.PRIVATE else 0,
        "method": choice.choice(METHODS),
        "url": url,
        "description": "",
        "tags": json.dumps(tags),
        "status": choice.choice(_STATUSES),
        "visibility": visibility,
        "creator_only": False,
        "creator_id": owner,
        "owner_id": owner,
        "position": number % 1000,
        "run_count": 0,
        "content": json.dumps(content),
        "version": 1,
        "deleted_at": updated if deleted else None,
        "created_at": updated,
        "updated_at": updated,
    }
