"""The installed read-only tools as an MCP client calls them: one call, over the server's own sources and a span of time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import BadInput
from aitia.core.home import aitia_home
from aitia.core.redact import Redactor, load_key
from aitia.core.resolve import Resolver
from aitia.core.words import Incident, Result, Task, Window
from aitia.graphs.live import safe_result
from aitia.graphs.window import fitted
from aitia.incoming import baselines_of, parse_moment
from aitia.settings import Settings
from aitia.tools import Registry, SourceSet, ToolContext, ToolSpec
from aitia.tools.registry import EVIDENCE
from aitia.tools.sources import build_inventory, open_sources

SPAN: Final = ("start", "end")
MOST_SPANS: Final = 4  # spans whose sources stay open with what was read of them
MOST_RESULTS: Final = 64  # of a span, the newest
_WHEN: Final = "an ISO 8601 time, or a duration before now such as 30m"


@dataclass(kw_only=True)
class Looked:
    """A span of time as the tools see it, and what they found in it so far: later ones may build on it."""

    context: ToolContext
    results: list[Result] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def found(self, consumes: tuple[str, ...]) -> dict[str, Any]:
        """What earlier calls produced, of what a tool consumes."""
        with self.lock:
            done = list(self.results)
        data = {name: value for r in done for name, value in r.data.items() if name in consumes}
        if EVIDENCE in consumes:
            data[EVIDENCE] = [e.model_dump(mode="json") for r in done for e in r.evidence]
        return data


class Desk:
    """Calls tools by name. Safe for threads."""

    def __init__(self, settings: Settings, home: Path | None = None) -> None:
        self._settings = settings
        held = {s.kind for s in settings.sources}
        self._tools = Registry(s for s in Registry.load() if s.effect == "read" and held.issuperset(s.needs))
        self._redactor = Redactor(load_key(home or aitia_home()))
        self._looked: OrderedDict[tuple[datetime, datetime], Looked] = OrderedDict()
        self._lock = threading.Lock()

    def specs(self) -> list[ToolSpec]:
        """The tools whose sources the settings name."""
        return list(self._tools)

    def schema(self, spec: ToolSpec) -> dict[str, Any]:
        """The JSON Schema of a tool's arguments, with the span of time where the tool has none of its own."""
        schema = spec.arguments.model_json_schema()
        schema.pop("title", None)
        if _own_span(spec):
            return schema
        spans = {
            "start": {
                "type": "string",
                "maxLength": 40,
                "description": f"Start time, usually when the alarm began: {_WHEN}.",
            },
            "end": {"type": "string", "maxLength": 40, "description": f"End time: {_WHEN}. Default: now."},
        }
        return schema | {"properties": schema.get("properties", {}) | spans}

    def call(self, name: str, args: Mapping[str, Any]) -> Result:
        """The tool's result, without secrets. Raises BadInput for an unknown tool, arguments or span."""
        spec, given = self._tools[name], dict(args)
        span = {} if _own_span(spec) else {key: given.pop(key, "") for key in SPAN}
        task = Task(id=1, tool=name, args=given)
        self._tools.validate(task)
        looked = self._at(self._window(**span))
        context = looked.context
        if spec.consumes:
            context = replace(context, found=looked.found(spec.consumes))
        result = safe_result(self._tools.call(task, context), self._redactor)
        with looked.lock:
            others = [r for r in looked.results if (r.tool, r.args) != (name, given)]
            looked.results = [*others, result][-MOST_RESULTS:]
        return result

    def _window(self, start: Any = "", end: Any = "") -> Window:
        now = self._settings.service.at or datetime.now(tz=UTC)
        until = _moment("end", end, now) or now
        since = _moment("start", start, now) or until - timedelta(
            seconds=self._settings.window.lead_s or 60.0
        )
        if not since < until <= now + timedelta(seconds=1):
            raise BadInput(
                f"{since.isoformat()} to {until.isoformat()} is not a valid window. `end` must be after "
                "`start`, and not in the future."
            )
        return Window(start=since, end=until)

    def _at(self, window: Window) -> Looked:
        key = (window.start, window.end)
        with self._lock:
            if key not in self._looked:
                self._looked[key] = self._open(window)
                while len(self._looked) > MOST_SPANS:
                    self._looked.popitem(last=False)
            self._looked.move_to_end(key)
            return self._looked[key]

    def _open(self, window: Window) -> Looked:
        sources = open_sources(self._settings.sources, Path("/"))
        incident = Incident(
            id="mcp",
            title="a query by an MCP client",
            started_at=window.start,
            window=window,
            baselines=baselines_of(window, self._settings.window),
            origin="api",
        )
        incident = fitted(incident, sources)
        start = min([incident.window.start, *(b.window.start for b in incident.baselines)])
        resolver = Resolver(self._settings.components)
        inventory = build_inventory(sources, Window(start=start, end=window.end), resolver)
        context = ToolContext(
            incident=incident, sources=SourceSet(sources), inventory=inventory, resolver=resolver
        )
        return Looked(context=context)


def _own_span(spec: ToolSpec) -> bool:
    return any(name in spec.arguments.model_fields for name in SPAN)


def _moment(name: str, given: Any, now: datetime) -> datetime | None:
    if not isinstance(given, str) or len(given) > 40:
        raise BadInput(f"`{name}` must be text: {_WHEN}.")
    return parse_moment(given, now=now) if given else None
