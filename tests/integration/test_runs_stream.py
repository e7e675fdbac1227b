"""A run as a stream of events: everything once and in order, from where one was, until its end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from tests.integration.projects_bench import error_of
from tests.integration.runs_api_bench import BAD, RunStage
from wxcloudrun.app import EXTENSION
from wxcloudrun.core.actor import Actor
from wxcloudrun.core.db import db
from wxcloudrun.core.errors import TooManyRequests
from wxcloudrun.features.projects.access import ProjectAccess
from wxcloudrun.features.projects.errors import ProjectNotFound
from wxcloudrun.features.runs.streaming import RunStream, Seats, opened


def parsed(pieces: Iterator[str]) -> list[tuple[str, str | None, Any]]:
    """Name, id and data of each event."""
    found = []
    for piece in pieces:
        lines = dict(line.split(": ", 1) for line in piece.strip().split("\n") if ": " in line[1:])
        if "event" in lines:
            found.append((lines["event"], lines.get("id"), json.loads(lines["data"])))
    return found


def streamed(stage: RunStage, run: int, query: str = "", **headers: str) -> list[tuple[str, str | None, Any]]:
    response = stage.team.viewer.call("GET", f"{stage.place(run)}/events{query}", headers=headers)
    assert response.content_type == "text/event-stream; charset=utf-8"
    return parsed(piece + "\n" for piece in response.text.split("\n\n"))


def stream(app: Flask, wait: Any, seats: Seats | None = None, monotonic: Any = None) -> RunStream:
    access = app.extensions[EXTENSION].get(ProjectAccess)
    more = {} if monotonic is None else {"monotonic": monotonic}
    return RunStream(db.session, access, seats or Seats(8), wait=wait, **more)


def test_an_ended_run_is_told_from_its_first_result_to_its_end(each_runs: RunStage):
    run = each_runs.done(
        scenario_id=each_runs.scenario("s", each_runs.case("a"), each_runs.case("b", assertions=[BAD]))
    )
    events = streamed(each_runs, run["id"])
    assert [(name, number) for name, number, _ in events] == [
        ("result", "0"), ("result", "1"), ("progress", None), ("end", None),
    ]  # fmt: skip
    assert events[1][2] == each_runs.results(run["id"])[1]
    assert events[2][2]["counts"]["failed"] == 1
    assert events[3][2] == {"state": "failed"}


def test_whoever_comes_back_goes_on_where_they_were(a_runs: RunStage):
    run = a_runs.done(scenario_id=a_runs.scenario("s", *[a_runs.case(name) for name in "abc"]))["id"]
    assert [number for name, number, _ in streamed(a_runs, run, **{"Last-Event-ID": "0"}) if name == "result"] == [
        "1",
        "2",
    ]
    assert [number for name, number, _ in streamed(a_runs, run, "?after=1") if name == "result"] == ["2"]
    assert [name for name, _, _ in streamed(a_runs, run, "?after=2")] == ["progress", "end"]


def test_what_happens_while_one_watches_is_told(a_runs: RunStage):
    run = a_runs.started(scenario_id=a_runs.scenario("s", a_runs.case()))["id"]
    app, waited = a_runs.team.app, list[float]()

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            a_runs.work()

    with app.app_context():
        events = parsed(opened(stream(app, wait).events(Actor(a_runs.team.viewer.id), a_runs.team.project, run, -1)))
    assert [name for name, _, _ in events] == ["progress", "result", "progress", "end"]
    assert [data["state"] for name, _, data in events if name == "progress"] == ["queued", "passed"]
    assert waited == [1.0, 1.0]


def test_while_nothing_happens_it_asks_one_question_a_second_and_gives_signs(a_runs: RunStage):
    run = a_runs.started(scenario_id=a_runs.scenario("s", a_runs.case()))["id"]
    app, moments = a_runs.team.app, [0.0]

    def wait(seconds: float) -> None:
        moments[0] += seconds

    with app.app_context():
        told, asked = stream(app, wait, monotonic=lambda: moments[0]), list[str]()

        def note(*facts: Any) -> None:
            asked.append(facts[2])

        event.listen(db.engine, "before_cursor_execute", note)
        pieces = list(told.events(Actor(a_runs.team.viewer.id), a_runs.team.project, run, -1))
        event.remove(db.engine, "before_cursor_execute", note)
    assert moments[0] == pytest.approx(600)
    assert pieces.count(": still here\n\n") == 600 // 15 - 1
    assert len(asked) <= 600 + 2 * (600 // 15) + 2


def test_who_is_no_member_any_more_is_told_nothing_more(a_runs: RunStage):
    run = a_runs.started(scenario_id=a_runs.scenario("s", a_runs.case()))["id"]
    team, moments = a_runs.team, [0.0]

    def wait(seconds: float) -> None:
        moments[0] += seconds
        if moments[0] == 20:
            team.owner.ok("DELETE", f"{team.path}/members/{team.viewer.id}")

    with team.app.app_context():
        told = stream(team.app, wait, monotonic=lambda: moments[0])
        events = parsed(opened(told.events(Actor(team.viewer.id), team.project, run, -1)))
    assert events[-1] == ("end", None, {"error": "project_not_found"})
    assert moments[0] < 40


def test_a_stream_is_refused_in_the_envelope_before_it_begins(a_runs: RunStage):
    assert error_of(a_runs.team.viewer.call("GET", f"{a_runs.all}/99/events")) == (404, "run_not_found")


def test_seats_are_counted_by_process_and_by_person_and_given_back(a_runs: RunStage):
    run = a_runs.started(scenario_id=a_runs.scenario("s", a_runs.case()))["id"]
    app, project = a_runs.team.app, a_runs.team.project
    with app.app_context():
        told = stream(app, lambda _: None, Seats(most=2, each=1))
        first = told.events(Actor(a_runs.team.viewer.id), project, run, -1)
        next(first)
        with pytest.raises(TooManyRequests):
            next(told.events(Actor(a_runs.team.viewer.id), project, run, -1))
        second = told.events(Actor(a_runs.team.editor.id), project, run, -1)
        next(second)
        with pytest.raises(TooManyRequests):
            next(told.events(Actor(a_runs.team.owner.id), project, run, -1))
        first.close()
        with pytest.raises(ProjectNotFound):  # a seat was free, and access is checked
            list(told.events(Actor(a_runs.team.stranger.id), project, run, -1))
        next(told.events(Actor(a_runs.team.owner.id), project, run, -1))
