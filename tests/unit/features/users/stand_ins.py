"""What stands in for the database, the clock, the audit record and the object store in tests of services."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from wxcloudrun.core.actor import Role, Status, Verification
from wxcloudrun.core.crypto import KeyRing
from wxcloudrun.features.users.dao import PeopleFilter
from wxcloudrun.features.users.errors import PhoneTaken

KEYS = KeyRing.parse(["k1:dGhlIGtleSBvZiBhbGwgdGVzdHMsIDMyIGJ5dGVzLi4="], "a key for tests")
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class FakeSession:
    """A session without a database: counts what was kept and what was not."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}
        self.commits = 0
        self.rollbacks = 0

    def connection(self, **options: object) -> SimpleNamespace:
        """Nothing to connect to."""
        return SimpleNamespace(dialect=SimpleNamespace(name="stand-in"))

    def commit(self) -> None:
        self.commits += 1

    def rollback(self) -> None:
        self.rollbacks += 1


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


class FakeAudit:
    """Remembers what was recorded."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, tuple[str, int | None], Any, Any]] = []

    def record(self, actor: object, action: str, target: tuple[str, int | None], before: Any = None, after: Any = None):
        self.entries.append((action, target, before, after))

    @property
    def actions(self) -> list[str]:
        return [entry[0] for entry in self.entries]

    def page(self, query: object) -> SimpleNamespace:
        return SimpleNamespace(items=[], next=None)


class FakeRow(SimpleNamespace):
    """A row as the database gives it."""

    @property
    def _mapping(self) -> dict[str, object]:
        return vars(self)

    def _asdict(self) -> dict[str, object]:
        return dict(vars(self))


_PERSON = {
    "appid": None,
    "openid": None,
    "unionid": None,
    "session_key": None,
    "nickname": "",
    "gender": 0,
    "language": "zh_CN",
    "signature": "",
    "avatar": None,
    "phone": None,
    "phone_hash": None,
    "role": Role.USER,
    "status": Status.ACTIVE,
    "verification": Verification.NONE,
    "token_version": 1,
    "version": 1,
    "created_at": START,
    "updated_at": START,
    "last_login_at": None,
}


class FakeUserDao:
    """UserDao over a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[int, dict[str, Any]] = {}

    def person(self, **values: object) -> int:
        """Somebody with defaults for what is not given."""
        return self.add({**_PERSON, **values})

    def get(self, user_id: int) -> Any:
        row = self.rows.get(user_id)
        return None if row is None else FakeRow(**row)

    locked = get

    def by_openid(self, appid: str, openid: str) -> Any:
        for row in self.rows.values():
            if (row["appid"], row["openid"]) == (appid, openid):
                return FakeRow(**row)
        return None

    def add(self, values: Mapping[str, object]) -> int:
        number = len(self.rows) + 1
        self._refuse_taken(number, values)
        self.rows[number] = {**_PERSON, **values, "id": number}
        return number

    def next_token_version(self) -> Callable[[dict[str, Any]], int]:
        return lambda row: int(row["token_version"]) + 1

    def change(self, user_id: int, values: Mapping[str, object], version: int | None = None) -> bool:
        row = self.rows.get(user_id)
        if row is None or row["status"] is Status.DELETED or version not in {None, row["version"]}:
            return False
        self._refuse_taken(user_id, values)
        row.update({name: value(row) if callable(value) else value for name, value in values.items()})
        return True

    def edit(self, user_id: int, values: Mapping[str, object], now: datetime, version: int | None = None) -> bool:
        stamp = {"version": lambda row: row["version"] + 1, "updated_at": now}
        return self.change(user_id, {**values, **stamp}, version)

    def lock_administrators(self) -> list[int]:
        rows = self.rows.values()
        return [row["id"] for row in rows if row["role"] is Role.ADMINISTRATOR and row["status"] is Status.ACTIVE]

    def page(self, wanted: PeopleFilter, order: str, offset: int, size: int) -> tuple[Sequence[Any], int]:
        rows = [row for row in self.rows.values() if self._fits(row, wanted)]
        falling, column = order.startswith("-"), order.removeprefix("-")
        there = [row for row in rows if row[column] is not None]
        there.sort(key=lambda row: (row[column], row["id"]), reverse=falling)
        never = [row for row in rows if row[column] is None]
        never.sort(key=lambda row: row["id"], reverse=falling)
        return [FakeRow(**row) for row in (there + never)[offset : offset + size]], len(rows)

    def _fits(self, row: Mapping[str, Any], wanted: PeopleFilter) -> bool:
        names = ("phone_hash", "role", "status", "verification")
        exact = all(getattr(wanted, name) in {None, row[name]} for name in names)
        text = (wanted.text or "").lower() in row["nickname"].lower()
        return exact and text and row["status"] is not Status.DELETED

    def _refuse_taken(self, number: int, values: Mapping[str, object]) -> None:
        wanted = values.get("phone_hash")
        if wanted is not None and any(
            row["phone_hash"] == wanted and row["id"] != number for row in self.rows.values()
        ):
            raise PhoneTaken


class FakeVerificationDao:
    """VerificationDao over two dictionaries."""

    def __init__(self, users: FakeUserDao) -> None:
        self.users = users
        self.applications: dict[int, dict[str, Any]] = {}
        self.images: dict[int, dict[str, Any]] = {}
        self._next = 0

    def get(self, application_id: int) -> Any:
        row = self.applications.get(application_id)
        return None if row is None else self._named(row)

    def of_person(self, user_id: int) -> list[Any]:
        return [FakeRow(**row) for row in reversed(self.applications.values()) if row["user_id"] == user_id]

    def latest(self, user_id: int) -> Any:
        return next(iter(self.of_person(user_id)), None)

    def page(self, state: Verification | None, offset: int, size: int) -> tuple[list[Any], int]:
        rows = [row for row in self.applications.values() if state in {None, row["state"]}]
        return [self._named(row) for row in rows[offset : offset + size]], len(rows)

    def add(self, values: Mapping[str, object]) -> int:
        number = self._number()
        self.applications[number] = {"reviewer_id": None, "reviewed_at": None, **values, "id": number}
        return number

    def decide(self, application_id: int, version: int, values: Mapping[str, object]) -> bool:
        row = self.applications.get(application_id)
        if row is None or row["version"] != version or row["state"] is not Verification.PENDING:
            return False
        row.update(values, version=version + 1)
        return True

    def add_material(self, user_id: int, file: str, now: datetime) -> int:
        number = self._number()
        row = {"id": number, "user_id": user_id, "application_id": None, "file": file, "created_at": now}
        self.images[number] = row
        return number

    def material(self, material_id: int) -> Any:
        row = self.images.get(material_id)
        return None if row is None else FakeRow(**row)

    def materials(self, application_id: int) -> list[Any]:
        return [FakeRow(**row) for row in self.images.values() if row["application_id"] == application_id]

    def materials_of_person(self, user_id: int) -> list[Any]:
        return [FakeRow(**row) for row in self.images.values() if row["user_id"] == user_id]

    def attach(self, user_id: int, material_ids: Sequence[int], application_id: int) -> int:
        rows = [self.images[number] for number in material_ids if number in self.images]
        mine = [row for row in rows if row["user_id"] == user_id and row["application_id"] is None]
        for row in mine:
            row["application_id"] = application_id
        return len(mine)

    def unattached(self, before: datetime, size: int) -> list[Any]:
        rows = [row for row in self.images.values() if row["application_id"] is None and row["created_at"] < before]
        return [FakeRow(**row) for row in rows[:size]]

    def remove_material(self, material_id: int) -> bool:
        row = self.images.get(material_id)
        if row is None or row["application_id"] is not None:
            return False
        del self.images[material_id]
        return True

    def forget(self, user_id: int) -> None:
        for table in (self.images, self.applications):
            for number in [number for number, row in table.items() if row["user_id"] == user_id]:
                del table[number]

    def _named(self, row: Mapping[str, Any]) -> FakeRow:
        return FakeRow(**row, nickname=self.users.rows[row["user_id"]]["nickname"])

    def _number(self) -> int:
        self._next += 1
        return self._next
