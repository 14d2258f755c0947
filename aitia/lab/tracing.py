"""Spans of the load's clients, through the OpenTelemetry SDK; where none are asked for, nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_ERROR = 400  # of a client span every status from here on is one (semantic conventions, HTTP spans)


class Doing:
    """What is said of a span while it lasts."""

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def answered(self, status: int) -> None:
        """The status of an HTTP answer to a client."""
        if self._span is not None:
            self._span.set_attribute("http.response.status_code", status)
            if status >= _ERROR:
                self.fail(str(status))

    def fail(self, kind: str, message: str = "") -> None:
        """It failed: `kind` is the type of an exception, or a status."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode

            self._span.set_attribute("error.type", kind)
            self._span.set_status(StatusCode.ERROR, message or None)

    def raised(self, error: Exception) -> None:
        """It ended with an exception. Its stack is not kept: it would show this program, not the site's."""
        kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        self.fail(kind, str(error))
        if self._span is not None:
            self._span.add_event("exception", {"exception.type": kind, "exception.message": str(error)})


class Tracing:
    """The spans of one service, sent to `endpoint` (OTLP over HTTP); with "" there are none."""

    def __init__(self, endpoint: str = "", service: str = "") -> None:
        self._tracer = _tracer(endpoint, service) if endpoint else None

    @contextmanager
    def span(
        self,
        name: str,
        kind: Literal["internal", "client"],
        attributes: Mapping[str, str | int] | None = None,
    ) -> Iterator[Doing]:
        """A span around what is done within, a child of the one around it. An exception marks it and is raised on."""
        if self._tracer is None:
            yield Doing(None)
            return
        from opentelemetry.trace import SpanKind

        with self._tracer.start_as_current_span(
            name, kind=SpanKind[kind.upper()], attributes=dict(attributes or {}), record_exception=False,
            set_status_on_exception=False,
        ) as span:  # fmt: skip
            doing = Doing(span)
            try:
                yield doing
            except Exception as error:
                doing.raised(error)
                raise

    def headers(self) -> dict[str, str]:
        """What tells the next service for which span it works: W3C `traceparent`."""
        carrier: dict[str, str] = {}
        if self._tracer is not None:
            from opentelemetry.propagate import inject

            inject(carrier)
        return carrier


def _tracer(endpoint: str, service: str) -> Tracer:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint), schedule_delay_millis=1000)
    )
    return provider.get_tracer(service)
