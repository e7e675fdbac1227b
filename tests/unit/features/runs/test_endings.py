"""Telling others of ended runs: again after a failure, never for ever, and nobody waits for another."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from tests.unit.features.users.stand_ins import START, FakeSession
from wxcloudrun.features.runs.endings import MOST_ATTEMPTS, RunEndings


@dataclass(frozen=True)
class Note:
    id: int
    run_id: int
    consumer: str
    attempts: int = 0
    due_at: datetime = START
    now: datetime = START


class FakeEndings:
    """EndingsDao over a dictionary, with a clock that a test moves."""

    def __init__(self, *notes):
        self.rows = {note.id: note for note in notes}
        self.now = START

    def due(self, consumers, size):
        found = [note for note in self.rows.values() if note.due_at <= self.now and note.consumer in consumers]
        return [replace(note, now=self.now) for note in found[:size]]

    def take(self, seen, until):
        if self.rows[seen.id].attempts != seen.attempts:
            return False
        self.rows[seen.id] = replace(self.rows[seen.id], attempts=seen.attempts + 1, due_at=until)
        return True

    def postpone(self, seen, until):
        self.rows[seen.id] = replace(self.rows[seen.id], due_at=until)

    def remove(self, number):
        del self.rows[number]


class Broken:
    def __init__(self, error):
        self.calls, self.error = 0, error

    def __call__(self, run_id):
        self.calls += 1
        raise self.error


def test_one_that_fails_is_told_again_after_growing_pauses_and_in_the_end_given_up(caplog):
    dao, broken = FakeEndings(Note(1, 7, "one")), Broken(ValueError("no"))
    endings, pauses = RunEndings(FakeSession(), {"one": broken}, dao), []
    while dao.rows:
        assert endings.tell() == 1
        if dao.rows:
            pauses.append(dao.rows[1].due_at - dao.now)
            assert endings.tell() == 0
            dao.now = dao.rows[1].due_at
    assert broken.calls == MOST_ATTEMPTS
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=5), timedelta(hours=1))
    assert [record.message for record in caplog.records] == ["ended run could not be told", "ended run given up"]


def test_a_worker_that_was_killed_leaves_the_note_for_the_next_one():
    dao, heard = FakeEndings(Note(1, 7, "one")), []
    killed = RunEndings(FakeSession(), {"one": Broken(KeyboardInterrupt())}, dao)
    with pytest.raises(KeyboardInterrupt):
        killed.tell()
    dao.now += timedelta(minutes=2)
    assert RunEndings(FakeSession(), {"one": heard.append}, dao).tell() == 1
    assert heard == [7]
    assert dao.rows == {}


def test_a_database_that_is_gone_is_nobodys_failure():
    dao = FakeEndings(Note(1, 7, "one"))
    with pytest.raises(OperationalError):
        RunEndings(FakeSession(), {"one": Broken(OperationalError("", {}, Exception()))}, dao).tell()
    assert 1 in dao.rows


def test_a_note_for_somebody_this_worker_does_not_know_stays():
    dao, heard = FakeEndings(Note(1, 7, "later"), Note(2, 8, "one")), []
    assert RunEndings(FakeSession(), {"one": heard.append}, dao).tell() == 1
    assert (heard, list(dao.rows)) == ([8], [1])
