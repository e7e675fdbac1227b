"""What a page of 20 cases costs among 1,000 and among 100,000: `python -m benchmarks.listing [--databases ...]`.

Prints, for every database at hand, milliseconds of the case list's service (its membership check, its questions and
their answers; the least of turns taken by both projects, since what else the machine does only adds), the ratio, the
questions of a page (a request asks one more, who is asking) and the cases on it. Drawing a case costs more than
finding it, so pages are compared that have as many cases in both; `20: tag` are filters that find twenty in both.
"""

import argparse
import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.orm import Session

from benchmarks.databases import new_database
from benchmarks.listing_fill import fill
from benchmarks.listing_rows import ASKER, MEMBER, OWNER_OF_FEW, PROJECT, SAME
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import engine_options
from wxcloudrun.core.pagination import Slice, cursor
from wxcloudrun.features.cases.exchange import CasesQuery, LibraryQuery
from wxcloudrun.features.cases.service import CaseService
from wxcloudrun.features.cases.shared import LibraryService
from wxcloudrun.features.projects.access import ProjectAccess

type Ask = Callable[[dict[str, Any]], Slice[Any]]

_FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "by status": {"status": "done"},
    "by method": {"method": "DELETE"},
    "by owner of many": {"owner_id": ASKER},
    "by owner of few": {"owner_id": OWNER_OF_FEW},
    "by tag": {"tag": ["tag 7"]},
    "by folder": {"folder": "area 3"},
    "by folder inside folders": {"folder": "area 3/part 2/c"},
    "private ones": {"visibility": "private"},
    "trash": {"trashed": True},
    "status and method": {"status": "done", "method": "GET"},
    "owner and folder": {"owner_id": ASKER, "folder": "area 3"},
    "status, method, seen by": {"status": "done", "method": "GET", "visibility": "project"},
    "status, method, tag": {"status": "done", "method": "GET", "tag": ["tag 7"]},
    "two tags and a folder": {"tag": ["tag 7", "tag 8"], "folder": "area 3"},
}
_SEARCHES: dict[str, dict[str, Any]] = {
    "search, common": {"q": "Order"},
    "search, one Chinese word": {"q": "订单"},
    "search, one letter": {"q": "e"},
    "search, address": {"q": "https://api.example.test/v2/orders"},
    "search, rare": {"q": "000123"},
    "search, rare, of common parts": {"q": "r 订单 000"},
    "search, none": {"q": "nothing is called so"},
    "search, none of common parts": {"q": "ordersorders"},
    "search and status": {"q": "coupon", "status": "done"},
    "search in the trash": {"q": "coupon", "trashed": True},
}
_SAME: dict[str, dict[str, Any]] = {
    f"{often}: {name}": query
    for word, often in SAME.items()
    for name, query in {
        "tag": {"tag": [word]},
        "tag and status": {"tag": [word], "status": "done"},
        "tag, status, method": {"tag": [word], "status": "done", "method": "GET"},
        "tag and folder": {"tag": [word], "folder": "area 3"},
        "tag in the trash": {"tag": [word], "trashed": True},
        "search": {"q": word, "sort": "-created_at"},
        "search and status": {"q": word, "status": "done", "sort": "-created_at"},
    }.items()
}
_ORDERS = ("-created_at", "position", "name", "-name", "-updated_at")
_MIDDLE: dict[str, Any] = {"position": 500, "name": "lists", "updated_at": 1_713_000_000_000_000}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--databases", default="sqlite,mariadb,postgresql")
    parser.add_argument("--few", type=int, default=1000)
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    for kind in options.databases.split(","):
        with contextlib.ExitStack() as stack:
            databases = [stack.enter_context(_database(kind, count)) for count in (options.few, options.many)]
            if any(engine is None for engine, _ in databases):
                print(f"{kind}: no such server here")
                continue
            lists = [_Lists(engine, count) for engine, count in databases if engine]
            _print(kind, lists, options.rounds)


def _print(kind: str, lists: "list[_Lists]", rounds: int) -> None:
    heads = [f"{one.count:,}" for one in lists]
    print(f"\n{kind:<60}{heads[0]:>9}{heads[1]:>9}{'ratio':>7}{'asked':>8}{'items':>9}")
    ratios: dict[str, list[tuple[float, str]]] = {"as many": [], "other": []}
    for name in lists[0].queries():
        times: list[list[float]] = [[], []]
        for _ in range(rounds):
            for one, kept in zip(lists, times, strict=True):
                kept.append(one.measure(name))
        few, many = (min(kept) * 1000 for kept in times)
        asked, items = ("/".join(str(getattr(one, what)) for one in lists) for what in ("asked", "items"))
        print(f"{name:<60}{few:>9.2f}{many:>9.2f}{many / few:>7.2f}{asked:>8}{items:>9}")
        ratios["as many" if lists[0].items == lists[1].items else "other"].append((many / few, name))
    for kind_of_page, found in ratios.items():
        worst, name = max(found, default=(0.0, "none"))
        print(f"worst ratio of {len(found)} pages, {kind_of_page} cases on both: {worst:.2f} ({name})")


class _Lists:
    """The lists of one database; `asked` and `items` tell of the last page."""

    def __init__(self, engine: Engine, count: int) -> None:
        self.count, self.asked, self.items = count, 0, 0
        event.listen(engine, "before_cursor_execute", self._note)
        session = Session(engine)
        service: Any = CaseService
        cases: CaseService = service(session, SystemClock(), ProjectAccess(session), None, None, None)
        library = LibraryService(session)
        self._as: dict[str, Ask] = {
            "owner": lambda query: cases.page(Actor(ASKER), PROJECT, CasesQuery(**query)),
            "member": lambda query: cases.page(Actor(MEMBER), PROJECT, CasesQuery(**query)),
            "library": lambda query: library.page(LibraryQuery(**query)),
        }
        self._queries = dict(self._named())

    def queries(self) -> list[str]:
        """Names of what is measured."""
        return list(self._queries)

    def measure(self, name: str) -> float:
        """Seconds that the page took."""
        who, query = self._queries[name]
        self.asked, begun = 0, time.perf_counter()
        page = self._as[who](query)
        self.items, took = len(page.items), time.perf_counter() - begun
        return took

    def _named(self) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
        for name, query in _FILTERS.items():
            for order in _ORDERS if name == "all" else ("-updated_at",):
                yield from self._twice("owner", f"{name}, {order}", query | {"sort": order}, order)
        for name, query in _SEARCHES.items():
            yield from self._twice("owner", name, query, "-created_at")
        for name, query in _SAME.items():
            order = query.get("sort", "-updated_at")
            yield from self._twice("owner", name, query | {"sort": order}, order)
        yield from self._twice("member", "all, as a member, name", {"sort": "name"}, "name")
        yield from self._twice("library", "library, name", {"sort": "name"}, "name")
        yield from self._twice("library", "library, search", {"q": "coupon"}, "-created_at")

    def _twice(
        self, who: str, name: str, query: dict[str, Any], order: str
    ) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
        """The first page, and one from the middle of the list."""
        yield name, (who, query)
        sort = order.replace("created_at", "id")
        key = sort.removeprefix("-")
        place = [self.count // 2] if key == "id" else [_MIDDLE[key], self.count // 2]
        yield f"{name}, deep", (who, query | {"cursor": cursor(sort, *place)})

    def _note(self, *facts: object) -> None:
        self.asked += 1


@contextlib.contextmanager
def _database(kind: str, count: int) -> Iterator[tuple[Engine | None, int]]:
    """A project of so many cases in a database that is dropped afterwards; no engine where there is no such server."""
    with new_database(kind) as url:
        if url is None:
            yield None, count
            return
        engine = _filled(url, count)
        yield engine, count
        engine.dispose()


def _filled(url: URL, count: int) -> Engine:
    more: dict[str, Any] = {"local_infile": True} if url.get_backend_name() == "mysql" else {}
    begun, filling = time.perf_counter(), create_engine(url, connect_args=more)
    fill(filling, count)
    filling.dispose()
    print(f"{url.get_backend_name()}: {count:,} cases in {time.perf_counter() - begun:.0f} s", flush=True)
    return create_engine(url, **engine_options(url, pool_size=2, connect_timeout_s=3, statement_timeout_s=60))


if __name__ == "__main__":
    main()
