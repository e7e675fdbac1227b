"""Short ways of writing plans for tests."""

from contextlib import contextmanager

from tests.unit.engine.demo_target import DemoTarget
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.run.runner import Engine


def plan_of(target, steps, **parts):
    """A plan against a demo target; `scenario` parts go into the scenario, the rest into the plan."""
    scenario = {"name": "main", "steps": steps, **parts.pop("scenario", {})}
    environment = {"id": "env", "base_url": target.url, **parts.pop("environment", {})}
    return Plan.model_validate(
        {
            "scenario": scenario,
            "environment": environment,
            "network": {"allowed": [f"127.0.0.1/32:{target.port}"]},
            **parts,
        }
    )


def case(url, method="GET", json=None, status=200, **parts):
    """A case that expects a status; `extract` maps names to JSONPaths, `expect` JSONPaths to values."""
    request = {"method": method, "url": url, **parts.pop("request", {})}
    if json is not None:
        request["body"] = {"kind": "json", "value": json}
    extractions = [
        {"name": name, "source": "jsonpath", "argument": path} for name, path in parts.pop("extract", {}).items()
    ]
    assertions = [
        {"source": "jsonpath", "argument": path, "comparator": "eq", "expected": value}
        for path, value in parts.pop("expect", {}).items()
    ]
    if status is not None:
        assertions.insert(0, {"source": "status", "comparator": "eq", "expected": status})
    return {
        "request": request,
        "extractions": extractions + parts.pop("extractions", []),
        "assertions": assertions + parts.pop("assertions", []),
        **parts,
    }


def step(url, method="GET", json=None, status=200, **parts):
    """A case step; parts of a step are taken out of the case's."""
    own = ("name", "key", "id", "enabled", "condition", "variables", "repeat", "for_each", "stop_on_failure")
    own += ("dataset", "overrides", "retry", "poll")
    taken = {name: parts.pop(name) for name in own if name in parts}
    return {"case": case(url, method, json, status, **parts), **taken}


@contextmanager
def demo():
    """A demo target."""
    with DemoTarget() as target:
        yield target


def run(plan, **parts):
    """Every result in order of completion, and the summary."""
    engine = Engine(plan, **parts)
    results = list(engine.run())
    return results, engine.summary


def outcomes(results):
    """Path -> outcome."""
    return {result.path: result.outcome.value for result in results}
