"""What tests of the users feature share: sending pictures, and looking at what is stored."""

from io import BytesIO
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.conftest import Person
from wxcloudrun.core.db import db
from wxcloudrun.features.users.models import User
from wxcloudrun.features.users.pictures import PictureFiles


def upload(person: Person, path: str, content: bytes, name: str = "file") -> Any:
    return person.call("POST", path, data={name: (BytesIO(content), "whatever.exe")})


def stored(app: Flask, user_id: int) -> Any:
    with app.app_context():
        return db.session.execute(select(User.__table__).where(User.id == user_id)).one()


def uploads(app: Flask) -> list[str]:
    """Names of the files in the object store."""
    store = app.extensions["wxcloudrun"].get(PictureFiles)._store
    return sorted(path.name for path in store._folder.rglob("*") if path.is_file())
