"""Traces of aitia's own runs over OTLP/HTTP, off unless asked for: a span for a run, its steps, its tool and model calls.

Attributes are those of OpenInference (https://arize-ai.github.io/openinference/spec/semantic_conventions.html). None holds a text
of an incident, of telemetry, of a prompt or of an answer: names of steps, tools and models, counts, times and outcomes alone.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field, field_validator

from aitia.core.errors import BadInput
from aitia.core.events import Event, NodeDone, RunFailed, RunFinished, TaskDone
from aitia.core.words import Word

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

NEEDED: Final = "Install the extra for OpenTelemetry: pip install '.[otel]'."
ENV: Final = "OTEL_TRACES_EXPORTER"  # OpenTelemetry's own variable: `otlp` asks for traces
KIND: Final = "openinference.span.kind"
_DELAY_MS: Final = 1_000  # a worker that is killed loses the spans of so long
_TIMEOUT_S: Final = 3.0  # of one sending: a collector that is away holds up the end of a command no longer
_configured: list[Telemetry] = []
_runs: dict[str, Span] = {}
_lock: Final = threading.Lock()


class Telemetry(Word):
    """Where traces of aitia's own runs are sent. Headers and certificates come from OpenTelemetry's own variables."""

    endpoint: str = ""  # of an OTLP/HTTP receiver, as http://127.0.0.1:4318; "": OTEL_EXPORTER_OTLP_ENDPOINT
    service: str = Field(default="aitia", min_length=1, max_length=100)  # OTEL_SERVICE_NAME goes before it
    traces: bool = False

    @field_validator("endpoint")
    @classmethod
    def _url(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("write an http:// or https:// URL like http://127.0.0.1:4318")
        return url


def use_telemetry(settings: Telemetry) -> None:
    """What the settings say of traces, for this process. Raises BadInput where they are wanted and the extra is missing."""
    _configured[:] = [settings]
    _tracer()


def _wanted() -> Telemetry | None:
    settings = _configured[0] if _configured else Telemetry()
    return settings if settings.traces or os.environ.get(ENV, "") == "otlp" else None


def _tracer() -> Tracer | None:
    settings = _wanted()
    return None if settings is None else _made(settings.endpoint, settings.service)


@lru_cache(maxsize=4)
def _made(endpoint: str, service: str) -> Tracer:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError:
        raise BadInput(NEEDED) from None
    to = f"{endpoint.rstrip('/')}/v1/traces" if endpoint else None
    named = os.environ.get("OTEL_SERVICE_NAME", service)
    resource = Resource.create({"service.name": named, "service.version": version("aitia")})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(endpoint=to, timeout=_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MS))
    return provider.get_tracer("aitia", version("aitia"))


class RunSpans:
    """The spans of one run, made from its events; nothing where no traces are wanted."""

    def __init__(self, tracer: Tracer | None, run: str, span: Span | None) -> None:
        self._tracer, self._run, self._span = tracer, run, span

    def hear(self, event: Event) -> None:
        """Add what an event tells."""
        if self._tracer is None or self._span is None:
            return
        if isinstance(event, NodeDone):
            self._past(f"step {event.node}", event.seconds, {KIND: "CHAIN"})
        elif isinstance(event, TaskDone):
            told = {
                KIND: "TOOL",
                "tool.name": event.tool,
                "aitia.status": event.status,
                "aitia.facts": event.facts,
            }
            self._past(f"tool {event.tool}", event.seconds, told, failed=event.status == "error")
        elif isinstance(event, RunFinished):
            self._span.set_attributes(
                {"aitia.verdict": event.verdict, "aitia.probability": event.probability}
            )
        elif isinstance(event, RunFailed):
            _fail(self._span)

    def _past(self, name: str, seconds: float, told: dict[str, Any], *, failed: bool = False) -> None:
        assert self._tracer is not None
        assert self._span is not None
        _span(self._tracer, self._span, name, time.time_ns() - round(seconds * 1e9), told, failed=failed)


@contextmanager
def traced_run(run: str) -> Iterator[RunSpans]:
    """A run, from where it begins or goes on, to its end or to where it waits for a person."""
    tracer = _tracer()
    if tracer is None:
        yield RunSpans(None, run, None)
        return
    span = tracer.start_span("diagnosis", attributes={KIND: "AGENT", "session.id": run})
    with _lock:
        _runs[run] = span
    try:
        yield RunSpans(tracer, run, span)
    except BaseException as error:
        span.set_attribute("error.type", type(error).__name__)  # its message may quote what was read
        if type(error).__name__ != "WaitsForPerson":
            _fail(span)
        raise
    finally:
        with _lock:
            _runs.pop(run, None)
        span.end()


def model_call(run: str, what: str, model: str, began_ns: int, answer: Any = None) -> None:
    """A call of a model within a run that began at a moment and is over now; `answer` is None where it failed."""
    tracer = _tracer()
    if tracer is None or (parent := _runs.get(run)) is None:
        return
    told: dict[str, Any] = {KIND: "LLM", "llm.model_name": model}
    read, written = getattr(answer, "prompt_tokens", 0), getattr(answer, "generated_tokens", 0)
    told |= {
        "llm.token_count.prompt": read,
        "llm.token_count.completion": written,
        "llm.token_count.total": read + written,
    }
    told["llm.token_count.prompt_details.cache_read"] = getattr(answer, "restored_tokens", 0)
    _span(tracer, parent, f"model {what}", began_ns, told, failed=answer is None)


def _span(
    tracer: Tracer, parent: Span, name: str, began_ns: int, told: dict[str, Any], *, failed: bool = False
) -> None:
    from opentelemetry.trace import set_span_in_context

    span = tracer.start_span(name, context=set_span_in_context(parent), start_time=began_ns, attributes=told)
    if failed:
        _fail(span)
    span.end()


def _fail(span: Span) -> None:
    from opentelemetry.trace import StatusCode

    span.set_status(StatusCode.ERROR)
