"""How migrations run: on the application's own engine, one start at a time."""

import sqlalchemy as sa
from alembic import context
from flask import current_app

import wxcloudrun.models  # noqa: F401 - every table
from wxcloudrun.core.columns import IntEnumColumn, UtcDateTime
from wxcloudrun.core.db import Base
from wxcloudrun.core.migration_lock import migration_lock


def _render(kind: str, item: object, autogen: object) -> str | bool:
    """Write the house's own column types by their names."""
    text = {
        UtcDateTime: lambda: "UtcDateTime()",
        IntEnumColumn: lambda: "sa.Integer()",
        sa.BigInteger: lambda: "ROW_ID" if "sqlite" in item._variant_mapping else False,
        sa.String: lambda: f"code({item.length})" if "mysql" in item._variant_mapping else False,
    }.get(type(item), lambda: False)()
    if kind != "type" or not text:
        return False
    if not text.startswith("sa."):
        autogen.imports.add(f"from wxcloudrun.core.columns import {text.partition('(')[0]}")
    return text


def _same_type(ctx, inspected, declared, inspected_type, declared_type) -> bool | None:
    """Whether a column's type differs; MariaDB shows JSON as text, and the enums are integers."""
    return False if isinstance(declared_type, (IntEnumColumn, UtcDateTime)) else None


def _quiet_when_empty(ctx, revision, directives) -> None:
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


_OPTIONS = {
    "target_metadata": Base.metadata,
    "render_item": _render,
    "compare_type": _same_type,
    "render_as_batch": True,
    "transaction_per_migration": True,
    "process_revision_directives": _quiet_when_empty,
}


def _offline() -> None:
    engine = current_app.extensions["migrate"].db.engine
    context.configure(url=engine.url.render_as_string(hide_password=True), literal_binds=True, **_OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def _online() -> None:
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection, migration_lock(connection):
        context.configure(connection=connection, **_OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    _offline()
else:
    _online()
