"""Questions about environments and variables."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from wxcloudrun.core.dao import Dao, unique
from wxcloudrun.core.listing import holds, page_of
from wxcloudrun.features.environments.errors import EnvironmentNameTaken
from wxcloudrun.features.environments.models import DefaultEnvironment, Environment, ProjectVariables

_E: Any = Environment.__table__
_D: Any = DefaultEnvironment.__table__
_V: Any = ProjectVariables.__table__
_WITH_DEFAULT = _E.outerjoin(_D, _D.c.environment_id == _E.c.id)
_MARK = _D.c.project_id.label("marked")
_BY_ID = (
    select(_E, _MARK)
    .select_from(_WITH_DEFAULT)
    .where(_E.c.project_id == bindparam("project"), _E.c.id == bindparam("id"))
)
_LOCKED = _BY_ID.with_for_update(of=_E, key_share=True)
_DEFAULT = (
    select(_E, _MARK)
    .select_from(_E.join(_D, _D.c.environment_id == _E.c.id))
    .where(_D.c.project_id == bindparam("project"))
)
_VARIABLES = select(_V).where(_V.c.project_id == bindparam("project"))
_NAME = unique(_E, EnvironmentNameTaken)


class EnvironmentDao(Dao):
    """Reads and writes environments; in a row that is read, `marked` is not None where it is the default one."""

    def get(self, project_id: int, environment_id: int) -> Row[Any] | None:
        """An environment of that project."""
        return self._one(_BY_ID, {"project": project_id, "id": environment_id})

    def locked(self, project_id: int, environment_id: int) -> Row[Any] | None:
        """The same, and nobody else changes it before this transaction ends."""
        return self._run(_LOCKED, {"project": project_id, "id": environment_id}).one_or_none()

    def default(self, project_id: int) -> Row[Any] | None:
        """The default environment of a project."""
        return self._one(_DEFAULT, {"project": project_id})

    def page(self, project_id: int, text: str | None, order: str, offset: int, size: int) -> tuple[list[Row[Any]], int]:
        """Environments without their content, and how many there are in all."""
        columns = [_E.c[name] for name in ("id", "name", "base_url", "version", "created_at", "updated_at")]
        query = select(*columns, _MARK).select_from(_WITH_DEFAULT).where(_E.c.project_id == project_id)
        if text:
            query = query.where(holds(self._session, _E.c.name, text))
        return page_of(self._session, query, order, offset, size)

    def add(self, values: Mapping[str, object]) -> int:
        """A new environment; its number. Raises EnvironmentNameTaken."""
        return self._add(_E, values, _NAME)

    def change(self, environment_id: int, values: Mapping[str, object]) -> None:
        """Change columns. Raises EnvironmentNameTaken."""
        self._run(update(_E).where(_E.c.id == environment_id).values(**values), judge=_NAME)

    def remove(self, environment_id: int) -> None:
        """Remove an environment; if it was the default one, there is none then."""
        self._run(delete(_D).where(_D.c.environment_id == environment_id))
        self._run(delete(_E).where(_E.c.id == environment_id))

    def mark(self, project_id: int, environment_id: int) -> None:
        """Make it the default one. The caller holds the project's lock."""
        moved = self._run(update(_D).where(_D.c.project_id == project_id).values(environment_id=environment_id))
        if not moved.rowcount:
            self._run(insert(_D), {"project_id": project_id, "environment_id": environment_id})


class VariableDao(Dao):
    """Reads and writes the variables of whole projects."""

    def get(self, project_id: int) -> Row[Any] | None:
        """A project's variables; None: none were ever set."""
        return self._one(_VARIABLES, {"project": project_id})

    def put(self, project_id: int, values: Mapping[str, object]) -> None:
        """Keep these. The caller holds the project's lock, and raises the version."""
        connection = self._session.connection()
        if self.get(project_id) is None:
            connection.execute(insert(_V), {"project_id": project_id, **values})
        else:
            connection.execute(update(_V).where(_V.c.project_id == project_id).values(**values))
