"""Questions about people."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from wxcloudrun.core.db import AnySession
from wxcloudrun.features.users.models import User

_T: Any = User.__table__
_BY_ID = select(_T).where(_T.c.id == bindparam("id"))
_BY_OPENID = select(_T).where(_T.c.appid == bindparam("appid"), _T.c.openid == bindparam("openid"))


class UserDao:
    """Reads and writes people's rows. Rows that are read are plain: changing one changes nothing."""

    def __init__(self, session: AnySession) -> None:
        self._session = session

    def get(self, user_id: int) -> Row[Any] | None:
        """The person of that number, deleted ones too."""
        return self._session.connection().execute(_BY_ID, {"id": user_id}).one_or_none()

    def by_openid(self, appid: str, openid: str) -> Row[Any] | None:
        """The person behind a WeChat identity."""
        return self._session.connection().execute(_BY_OPENID, {"appid": appid, "openid": openid}).one_or_none()

    def add(self, values: Mapping[str, object]) -> int:
        """A new row; its number. Raises IntegrityError where the identity or the phone is taken."""
        result = self._session.connection().execute(insert(User), dict(values))
        return int(result.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one

    def next_token_version(self) -> Any:
        """For `change`: one more than the stored token_version."""
        return User.token_version + 1

    def change(self, user_id: int, values: Mapping[str, object], version: int | None = None) -> bool:
        """Change columns; false when the row is gone or, with `version`, was edited since. Raises IntegrityError."""
        statement = update(User).where(User.id == user_id)
        if version is not None:
            statement = statement.where(User.version == version)
        return self._session.connection().execute(statement.values(**values)).rowcount == 1
