"""What a step costs: the engine against a bare loop that sends the same requests and stores the same rows.

python -m benchmarks.engine            CPU milliseconds a step, ratio, steps a second at concurrency 1 and 32
python -m benchmarks.engine --memory   memory of one 56 MB answer, and of 10,000 steps
python -m benchmarks.engine --profile  where the time goes
"""

import argparse
import cProfile
import gc
import hashlib
import json
import pstats
import resource
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pycurl

from benchmarks import target
from benchmarks.stores import Row, Store, stores
from wxcloudrun.engine.plan.plan import Plan
from wxcloudrun.engine.result.result import StepResult
from wxcloudrun.engine.run.runner import Engine

_PHASES = (
    ("resolve_ms", pycurl.NAMELOOKUP_TIME),
    ("connect_ms", pycurl.CONNECT_TIME),
    ("tls_ms", pycurl.APPCONNECT_TIME),
    ("wait_ms", pycurl.STARTTRANSFER_TIME),
    ("total_ms", pycurl.TOTAL_TIME),
)
PASSES = 250
ROUNDS = 7
CALLS = (
    ("log in", "POST", "/login", {"user": "eve", "password": "s3cret"}, 200, "ticket", "$.data.ticket"),
    ("token", "POST", "/token", {"ticket": "{{ticket}}"}, 200, "token", "$.data.value"),
    ("create", "POST", "/orders", {"sku": "a", "count": 2}, 201, "order", "$.data.id"),
    ("read", "GET", "/orders/{{order}}", None, 200, "state", "$.data.state"),
)


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
        result.duration_ms,
        json.dumps(data["request"], ensure_ascii=False),
        json.dumps(data["response"], ensure_ascii=False),
        json.dumps(parts, ensure_ascii=False),
    )


def bare_rows(port: int) -> Iterator[Row]:
    """The same requests on one handle, parsed, checked and written down by hand."""
    curl = pycurl.Curl()
    values: dict[str, Any] = {}
    for number in range(PASSES):
        for index, call in enumerate(CALLS):
            yield _bare(curl, port, number, index, call, values)
    curl.close()


def _bare(curl: pycurl.Curl, port: int, number: int, index: int, call: Any, values: dict[str, Any]) -> Row:
    name, method, url, body, status, variable, path = call
    began = time.perf_counter()
    chunks: list[bytes] = []
    lines: list[bytes] = []
    text = "" if body is None else json.dumps({"ticket": values["ticket"]} if variable == "token" else body)
    address = f"http://127.0.0.1:{port}{url}".replace("{{order}}", str(values.get("order")))
    headers = ["Accept: */*", "User-Agent: bare/1", f"traceparent: 00-{number:032x}-{index:016x}-01"]
    curl.setopt(pycurl.URL, address)
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.WRITEFUNCTION, chunks.append)
    curl.setopt(pycurl.HEADERFUNCTION, lines.append)
    if body is None:
        curl.setopt(pycurl.HTTPGET, 1)
    else:
        curl.setopt(pycurl.POSTFIELDS, text)
        headers.append("Content-Type: application/json")
    curl.setopt(pycurl.HTTPHEADER, headers)
    curl.perform()
    answer = b"".join(chunks)
    data = json.loads(answer)
    values[variable] = data["data"][path.rsplit(".", 1)[1]]
    request = {"method": method, "url": address, "headers": headers, "body": _body(text.encode())}
    response = _response(curl, address, lines, answer)
    passed = response["status"] == status
    compared = {"source": "status", "comparator": "eq", "expected": status, "actual": response["status"]}
    checks = {
        "attempts": [{"number": 1, **{key: response[key] for key in ("status", "timing", "peer")}}],
        "assertions": [{**compared, "passed": passed}],
        "extractions": [{"name": variable, "found": True, "value": values[variable], "scope": "scenario"}],
        "variables": [{"name": key, "value": value, "scope": "extracted"} for key, value in values.items()],
    }
    return (
        f"{number:06}{index}",
        f"steps/0/iterations/{number}/steps/{index}",
        name,
        "passed" if passed else "failed",
        (time.perf_counter() - began) * 1000,
        json.dumps(request, ensure_ascii=False),
        json.dumps(response, ensure_ascii=False),
        json.dumps(checks, ensure_ascii=False),
    )


def _response(curl: pycurl.Curl, address: str, lines: list[bytes], answer: bytes) -> dict[str, Any]:
    return {
        "status": curl.getinfo(pycurl.RESPONSE_CODE),
        "headers": [line.decode().strip().partition(": ")[::2] for line in lines[1:-1]],
        "body": _body(answer),
        "url": address,
        "timing": {label: curl.getinfo(option) * 1000 for label, option in _PHASES},
        "peer": f"{curl.getinfo(pycurl.PRIMARY_IP)}:{curl.getinfo(pycurl.PRIMARY_PORT)}",
    }


def _body(data: bytes) -> dict[str, Any]:
    return {"head": data.decode(), "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "truncated": False}


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
