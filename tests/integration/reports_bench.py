"""What tests of reports share: runs in which something fails, and big ones that were put straight into the tables."""

from datetime import timedelta
from typing import Any

from sqlalchemy import insert, update

from tests.integration.projects_bench import Team
from tests.integration.runs_api_bench import BAD, RunStage, a_run, result_row
from tests.unit.exporters.samples import a_detail
from wxcloudrun.core.clock import SystemClock
from wxcloudrun.core.db import db
from wxcloudrun.features.runs.models import Run, RunResult, RunState, StepOutcome
from wxcloudrun.features.runs.packing import packed

CANARY = "CANARY-of-the-environment"


def a_red_run(stage: RunStage) -> tuple[int, int]:
    """A scenario whose second step fails; its number, and that of a run of it."""
    good = stage.case("log in", "/login", request={"headers": {"Authorization": "Bearer {{key}}"}})
    bad = stage.case("pay", "/pay?key={{key}}", assertions=[BAD], request={"headers": {"X-Key": "{{key}}"}})
    scenario = stage.scenario("checkout", good, bad)
    return scenario, int(stage.done(scenario_id=scenario)["id"])


def a_big_run(group: Team, size: int, *, wrong: int = 50, **columns: Any) -> int:
    """An ended run with so many results, some of which did not pass, spread evenly; its number."""
    number = int(a_run(group)["run_id"])
    detail = {name: packed(a_detail(name)) for name in ("passed", "failed")}
    with group.app.app_context():
        db.session.execute(RunResult.__table__.delete().where(RunResult.run_id == number))
        every = max(1, size // wrong) if wrong else size + 1
        rows = [_row(number, seq, detail, bad=seq % every == every - 1) for seq in range(size)]
        bad = sum(row["outcome"] is StepOutcome.FAILED for row in rows)
        db.session.execute(insert(RunResult), rows)
        now = SystemClock().now()
        told = {"passed": size - bad, "failed": bad, "stored": size, "started_at": now - timedelta(seconds=9)}
        told |= {"ended_at": now, "state": RunState.FAILED if bad else RunState.PASSED, "title": "big"}
        db.session.execute(update(Run).where(Run.id == number).values(told | columns))
        db.session.commit()
    return number


def _row(run: int, seq: int, detail: dict[str, bytes], *, bad: bool) -> dict[str, Any]:
    told = {"message": "expected status to equal 200, got 500", "status": 500, "outcome": StepOutcome.FAILED}
    told = told if bad else {"message": None, "status": 200, "outcome": StepOutcome.PASSED}
    more = {"name": f"order {seq % 200}", "dataset": f"row-{seq}", "duration_ms": float(seq % 1000), **told}
    return {"run_id": run, **result_row(seq, detail=detail["failed" if bad else "passed"], **more)}
