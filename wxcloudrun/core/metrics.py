"""What Prometheus reads: how many requests of each route ended how, and how long they took."""

from typing import Any

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts requests by route rule, never by path, so that the number of series stays small."""

    def __init__(self, *, shared: bool) -> None:
        import prometheus_client as prometheus  # noqa: PLC0415 - only who measures pays for it

        self._prometheus: Any = prometheus
        self._shared = shared  # processes meet in the folder PROMETHEUS_MULTIPROC_DIR
        self._registry = prometheus.CollectorRegistry()
        names = ("rule", "method", "status")
        self._requests = prometheus.Counter("http_requests", "Requests answered.", names, registry=self._registry)
        self._seconds = prometheus.Histogram(
            "http_request_seconds",
            "Seconds to an answer.",
            ("rule", "method"),
            registry=self._registry,
            buckets=_BUCKETS,
        )

    def __call__(self, rule: str, method: str, status: int, seconds: float) -> None:
        """One request that was answered."""
        known = method if method in {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} else "other"
        self._requests.labels(rule, known, str(status)).inc()
        self._seconds.labels(rule, known).observe(seconds)

    def text(self) -> bytes:
        """The numbers of this process or, where processes share a folder, of all of them."""
        registry = self._registry
        if self._shared:
            from prometheus_client import multiprocess  # noqa: PLC0415 - as above

            registry = self._prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return bytes(self._prometheus.generate_latest(registry))
