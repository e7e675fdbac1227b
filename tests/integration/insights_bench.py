"""What tests of many runs share: runs that are counted at once, and what the service tells of them."""

from typing import Any

from tests.integration.runs_api_bench import RunStage
from tests.integration.wechat_bench import parts_of
from wxcloudrun.features.runs.endings import RunEndings


def told(stage: RunStage) -> None:
    """Let a worker tell of every run that ended."""
    with stage.team.app.app_context():
        while parts_of(stage.team.app).get(RunEndings).tell():
            pass


def ask(stage: RunStage, path: str) -> Any:
    return stage.team.viewer.ok("GET", f"{stage.team.path}{path}")


def clusters(stage: RunStage, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = ask(stage, f"/clusters{query}")["items"]
    return items


def again(stage: RunStage, **body: Any) -> int:
    number = int(stage.done(**body)["id"])
    told(stage)
    return number


def turn(stage: RunStage, case: int, assertion: dict[str, Any]) -> None:
    """Let a case ask something else of the answer."""
    path = f"{stage.team.path}/cases/{case}"
    version = stage.team.editor.ok("GET", path)["version"]
    stage.team.editor.ok("PUT", path, {"version": version, "assertions": [assertion]})
