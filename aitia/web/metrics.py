"""`/metrics`, `/healthz`, `/readyz`: how the service itself is. No label holds outside text."""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

from fastapi import APIRouter
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from aitia import __version__
from aitia.core.disk import tell_once
from aitia.core.errors import AitiaError, StoreError
from aitia.jobs import Job, Jobs, Workers
from aitia.web.problems import BUSY_S, Problem
from aitia.web.strict_json import ApiRoute

_LOOKED_AT: Final = 500  # diagnoses that ended last
_METHODS: Final = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
_SECONDS: Final = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_ANSWERS: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 10)
_WAITS: Final = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)


class Meters:
    """What is counted. Diagnoses are counted where they ended since this service began, at each reading."""

    def __init__(self, jobs: Jobs, workers: Workers | None) -> None:
        self._jobs, self._workers, self._lock = jobs, workers, Lock()
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Gauge("aitia_build_info", "The version.", ["version"], registry=registry).labels(__version__).set(1)
        self._states = Gauge("aitia_diagnoses", "Diagnoses by state.", ["state"], registry=registry)
        self._oldest = Gauge(
            "aitia_oldest_wait_seconds",
            "How long the first diagnosis in the queue has been waiting.",
            registry=registry,
        )
        self._alive = Gauge("aitia_workers", "Running worker processes.", registry=registry)
        self._lost = Gauge(
            "aitia_workers_lost", "Workers that died and lost their leases.", registry=registry
        )
        self._ended = Counter(
            "aitia_diagnoses_ended", "Diagnoses by outcome.", ["verdict"], registry=registry
        )
        self._took = Histogram(
            "aitia_diagnosis_seconds",
            "Time spent working on a diagnosis.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._waited = Histogram(
            "aitia_queue_wait_seconds",
            "Time from request to start of work.",
            buckets=_WAITS,
            registry=registry,
        )
        self._requests = Counter(
            "aitia_http_requests", "Requests.", ["method", "route", "status"], registry=registry
        )
        self._shed = Counter(
            "aitia_shed", "Requests turned away unread while the queue was full.", registry=registry
        )
        self._answers = Histogram(
            "aitia_http_request_seconds",
            "Requests, except streams.",
            ["route"],
            buckets=_ANSWERS,
            registry=registry,
        )
        self._seen = {_mark(job) for job in self._over()}

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request; a path that no route has is `other`."""
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        if not route.endswith("/events"):
            self._answers.labels(route).observe(seconds)

    def shed(self) -> None:
        """Count a request that was turned away before it was read."""
        self._shed.inc()

    def read(self) -> bytes:
        """All metrics as text."""
        with self._lock:
            for state, number in self._jobs.counts().items():
                self._states.labels(state).set(number)
            self._oldest.set(self._jobs.oldest_wait_s())
            if self._workers is not None:
                self._alive.set(self._workers.alive())
                self._lost.set(self._workers.replaced)
            over = self._over()
            for job in over:
                if _mark(job) not in self._seen:
                    self._count(job)
            self._seen = {_mark(job) for job in over}
            return generate_latest(self.registry)

    def _over(self) -> list[Job]:
        return self._jobs.list(states=("done", "failed"), limit=_LOOKED_AT)

    def _count(self, job: Job) -> None:
        self._ended.labels(job.verdict if job.state == "done" else "failed").inc()
        if job.started_at and job.revision == 1:
            self._waited.observe((job.started_at - job.created_at).total_seconds())
        try:
            seconds = self._jobs.run_store(job.id).meta().get("seconds")
        except (AitiaError, OSError, ValueError):  # the run was deleted, or never began
            return
        if isinstance(seconds, int | float):
            self._took.observe(seconds)


def _mark(job: Job) -> tuple[Any, ...]:
    return job.id, job.revision, job.state, job.finished_at


def router(jobs: Jobs, workers: Workers | None) -> APIRouter:
    """The three paths; only `/metrics` needs the token."""
    made = APIRouter(tags=["service"])
    guarded = APIRouter(tags=["service"], route_class=ApiRoute)

    @made.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": __version__}

    @made.get("/readyz")
    async def readyz(request: Request) -> dict[str, int]:
        """Diagnoses can be taken and carried out: the job table can be written, workers run."""
        if workers is not None and not workers.alive():
            raise Problem(503, "No worker is running. Check the log of aitia.", retry_s=BUSY_S)
        try:
            await request.app.state.quick(jobs.table.check)
        except StoreError as error:  # paths and hosts are for the log: anybody may ask here
            tell_once(str(error))
            raise Problem(
                503, "The job table cannot be used now. Check the log of aitia.", retry_s=BUSY_S
            ) from None
        return {"workers": workers.alive() if workers is not None else 0}

    @guarded.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics(request: Request) -> Any:
        """The service's own metrics, as Prometheus reads them."""
        text = await request.app.state.quick(request.app.state.meters.read)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    made.include_router(guarded)
    return made
