"""What stands in for files: the lists of loose and of checked ones, the object store, and the pictures' keeper."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.unit.features.users.stand_ins import FakeRow
from wxcloudrun.features.users.errors import ImageNotFound


class FakeFileDao:
    """FileDao over a dictionary."""

    def __init__(self) -> None:
        self.loose: dict[str, datetime] = {}

    def add(self, key: str, now: datetime) -> None:
        self.loose[key] = now

    def strike(self, key: str) -> bool:
        return self.loose.pop(key, None) is not None

    def older(self, before: datetime, size: int) -> list[str]:
        return sorted((key for key, since in self.loose.items() if since < before), key=self.loose.__getitem__)[:size]


class FakeMediaCheckDao:
    """MediaCheckDao over a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def add(self, trace_id: str, user_id: int, file: str, now: datetime) -> None:
        assert trace_id not in self.rows
        self.rows[trace_id] = {"trace_id": trace_id, "user_id": user_id, "file": file, "created_at": now}

    def get(self, trace_id: str) -> Any:
        row = self.rows.get(trace_id)
        return None if row is None else FakeRow(**row)

    def of_person(self, user_id: int) -> list[Any]:
        rows = [row for row in self.rows.values() if row["user_id"] == user_id]
        return [FakeRow(**row) for row in sorted(rows, key=lambda row: (row["created_at"], row["trace_id"]))]

    def remove(self, trace_id: str) -> None:
        self.rows.pop(trace_id, None)

    def forget(self, user_id: int) -> None:
        self.rows = {trace_id: row for trace_id, row in self.rows.items() if row["user_id"] != user_id}

    def clear(self, before: datetime) -> int:
        stay = {trace_id: row for trace_id, row in self.rows.items() if row["created_at"] >= before}
        gone, self.rows = len(self.rows) - len(stay), stay
        return gone


class FakeStore:
    """An object store in memory; `broken` makes every call fail with that error."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.broken: Exception | None = None

    def put(self, key: str, content: bytes, mimetype: str) -> None:
        self._fail()
        self.objects[key] = content

    def get(self, key: str) -> bytes | None:
        self._fail()
        return self.objects.get(key)

    def delete(self, key: str) -> None:
        self._fail()
        self.objects.pop(key, None)

    def _fail(self) -> None:
        if self.broken is not None:
            raise self.broken


class FakeFiles:
    """PictureFiles without pictures: keeps what it is given."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.adopted: list[str] = []
        self.gone: list[str] = []

    def keep(self, content: bytes, folder: str, side: int) -> str:
        key = f"{folder}/{len(self.kept)}.webp"
        self.kept[key] = content
        return key

    def adopt(self, key: str) -> None:
        self.adopted.append(key)

    def let_go(self, keys: Iterable[str]) -> None:
        self.gone += keys

    def read(self, key: str) -> bytes:
        if key not in self.kept:
            raise ImageNotFound
        return self.kept[key]
