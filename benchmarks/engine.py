"""What a step costs: the engine against a bare loop that sends the same requests and stores the same rows.

The loop and what "the same" means stand in `benchmarks/loop.py`; rows that differ end the measurement. Both hand rows
to the same bulk insert, a hundred at a time. Tickets, tokens and ids are new in each pass.

python -m benchmarks.engine            CPU milliseconds a step, ratio, steps a second at concurrency 1 and 32
python -m benchmarks.engine --memory   memory of one 56 MB answer, and of 10,000 steps
python -m benchmarks.engine --profile  where the time goes
"""

import argparse
import cProfile
import gc
import json
import pstats
import resource
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import target
from benchmarks.loop import CALLS, PASSES, bare_rows, differences
from benchmarks.stores import Row, Store, stores
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.runner import Engine

ROUNDS = 7


def main() -> None:
    """Starts the target, measures, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    process, port = target.start()
    try:
        if chosen.memory:
            measure_memory(port)
        elif chosen.profile:
            profile(port)
        else:
            measure_cost(port)
    finally:
        process.terminate()
        process.join()


def measure_cost(port: int) -> None:
    """CPU of both, alternating, on every store that can be reached; then throughput."""
    found = differences(engine_rows(plan(port, 2)), bare_rows(port, 2))
    if found:
        raise SystemExit("the bare loop stores other rows than the engine:\n" + "\n".join(found))
    for store in stores():
        engine, bare = [], []
        for number in range(ROUNDS + 1):
            one = _cpu_ms(store, engine_rows(plan(port)))
            other = _cpu_ms(store, bare_rows(port))
            if number:  # the first round warms both up
                engine.append(one)
                bare.append(other)
        store.close()
        ours, theirs = statistics.median(engine), statistics.median(bare)
        print(f"{store.name:<8} engine {ours:.3f}  bare {theirs:.3f} CPU ms a step  ratio {ours / theirs:.2f}")
    for concurrency in (1, 32):
        rates = [_rate(port, concurrency) for _ in range(3)]
        print(f"steps a second at concurrency {concurrency}: {statistics.median(rates):.0f}")


def plan(port: int, passes: int = PASSES, concurrency: int = 1) -> Plan:
    """Log in, token, create, read; each with one assertion and one extraction."""
    steps = [_step(*call) for call in CALLS]
    group: dict[str, Any] = {"name": "flow", "steps": steps, "repeat": {"times": passes}}
    if concurrency > 1:
        del group["repeat"]
        group["for_each"] = {"items": list(range(passes)), "concurrency": concurrency}
    return Plan.model_validate(
        {
            "network": {"allowed": [f"127.0.0.1/32:{port}"]},
            "environment": {"base_url": f"http://127.0.0.1:{port}"},
            "limits": {"concurrency": 64, "per_host": 64, "max_steps": 1_000_000},
            "scenario": {"name": "benchmark", "steps": [group]},
        }
    )


def _step(name: str, method: str, url: str, body: Any, status: int, variable: str, path: str) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "url": url}
    if body is not None:
        request["body"] = {"kind": "json", "value": body}
    return {
        "name": name,
        "case": {
            "request": request,
            "extractions": [{"name": variable, "source": "jsonpath", "argument": path}],
            "assertions": [{"source": "status", "comparator": "eq", "expected": status}],
        },
    }


def engine_rows(chosen: Plan) -> Iterator[Row]:
    """The rows of a run."""
    for result in Engine(chosen).run():
        yield _row(result)


def _row(result: StepResult) -> Row:
    data = result.to_json()
    parts = {name: data[name] for name in ("attempts", "assertions", "extractions", "variables", "error")}
    return (
        result.ordinal,
        result.path,
        result.name,
        result.outcome.value,
        result.started_at,
        result.duration_ms,
        json.dumps(data["request"], ensure_ascii=False),
        json.dumps(data["response"], ensure_ascii=False),
        json.dumps(parts, ensure_ascii=False),
    )


def _cpu_ms(store: Store, rows: Iterable[Row]) -> float:
    gc.collect()
    began = time.process_time()
    store.insert(rows)
    return (time.process_time() - began) * 1000 / (PASSES * len(CALLS))


def _rate(port: int, concurrency: int) -> float:
    began = time.perf_counter()
    count = sum(1 for _ in Engine(plan(port, concurrency=concurrency)).run())
    return count / (time.perf_counter() - began)


def profile(port: int) -> None:
    """The functions that take the most time."""
    store = next(iter(stores()))
    with suppress(StopIteration):
        next(engine_rows(plan(port, 2)))
    profiler = cProfile.Profile()
    profiler.enable()
    store.insert(engine_rows(plan(port)))
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)


def measure_memory(port: int) -> None:
    """How much one long answer and many steps add."""
    consume(Engine(plan(port, 5)).run())
    before = _resident_mb()
    consume(Engine(_long_plan(port)).run())
    print(f"one answer of {target.LONG_BODY / 1e6:.0f} MB: peak {_peak_mb() - before:.1f} MB more")
    seen = []
    for number, _ in enumerate(Engine(plan(port, 2_500)).run()):
        if number % 1_000 == 999:
            gc.collect()
            seen.append(_resident_mb())
    print("10,000 steps, MB at every 1,000:", " ".join(f"{one:.1f}" for one in seen))


def consume(results: Iterable[StepResult]) -> None:
    """Reads results and forgets them."""
    for _ in results:
        pass


def _long_plan(port: int) -> Plan:
    request = {"url": "/long", "max_body_bytes": 60_000_000}
    checks = [{"source": "size", "comparator": "eq", "expected": target.LONG_BODY}]
    changes = {"scenario": {"name": "long", "steps": [{"case": {"request": request, "assertions": checks}}]}}
    return Plan.model_validate({**plan(port).model_dump(exclude={"scenario"}, exclude_defaults=True), **changes})


def _resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return _peak_mb()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
