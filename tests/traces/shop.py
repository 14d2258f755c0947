"""A small shop whose requests are written as OTLP lines and container logs: web calls orders, orders calls stock and payment.

Times are milliseconds; every clock runs `skew` seconds off. What is wrong is a Fault.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Baseline, Incident, Window, from_epoch
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import build_inventory, open_sources

T0 = 1_790_000_000.0
OWN = {"web": 2.0, "orders": 5.0, "stock": 3.0, "payment": 4.0, "mail": 2.0}
CALLS = {"web": ("orders",), "orders": ("stock", "payment"), "payment": ("mail",), "stock": (), "mail": ()}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with some requests: times by component or way, who fails, what is left out."""

    own: dict[str, float] = field(default_factory=dict)  # ms added to each visit
    way: dict[tuple[str, str], float] = field(default_factory=dict)  # ms added to each call
    fails: tuple[str, ...] = ()
    refuses: tuple[tuple[str, str], ...] = ()  # calls that find nobody
    exception: str = "java.lang.IllegalStateException"
    skips_call: tuple[tuple[str, str], ...] = ()
    skips_line: tuple[str, ...] = ()  # components that no longer log "audited"
    share: float = 1.0


class Shop:
    """Writes requests. `suffix` is the replica set's part of the pod names."""

    def __init__(self, *, seed: int = 0, skew: dict[str, float] | None = None, suffix: str = "") -> None:
        self.chance = random.Random(seed)
        self.skew, self.suffix = skew or {}, suffix
        self.requests: list[dict[str, Any]] = []
        self.lines: dict[str, list[tuple[float, str]]] = {}

    def run(self, start: float, seconds: float, *, per_s: float = 1.0, fault: Fault | None = None) -> Shop:
        """Requests at an even pace; `fault` hits its share of them."""
        count = int(seconds * per_s)
        for i in range(count):
            hit = fault is not None and self.chance.random() < fault.share
            self._request(start + i / per_s, fault if fault is not None and hit else Fault())
        return self

    def _request(self, at: float, fault: Fault) -> None:
        self._trace = f"{self.chance.getrandbits(128):032x}"
        self._spans: dict[str, list[dict[str, Any]]] = {}
        self._visit("web", "", at, fault)
        groups = [
            {
                "resource": {"attributes": [_attribute("service.name", c + self.suffix)]},
                "scopeSpans": [{"spans": s}],
            }
            for c, s in sorted(self._spans.items())
        ]
        self.requests.append({"resourceSpans": groups})

    def _visit(self, name: str, parent: str, at: float, fault: Fault) -> tuple[float, bool]:
        """Its end and whether it failed."""
        me, work = self._id(), OWN[name] * self.chance.lognormvariate(0, 0.2) + fault.own.get(name, 0.0)
        now, failed = at + work / 2e3, name in fault.fails
        self._log(name, me, at, "handling a request")
        for callee in () if failed else CALLS[name]:
            if (name, callee) in fault.skips_call:
                continue
            now, bad = self._call(name, me, callee, now, fault)
            failed = failed or bad
        if name not in fault.skips_line and not failed:
            self._log(name, me, now, f"audited request {self.chance.randrange(10**6)}")
        if name in fault.fails:
            self._log(name, me, now, f"ERROR {fault.exception}: no luck")
        end = now + work / 2e3
        events = [{"name": "exception", "attributes": [_attribute("exception.type", fault.exception)]}]
        self._span(name, me, parent, f"/{name}", 2, at, end, failed, events if name in fault.fails else [])
        return end, failed

    def _call(self, name: str, me: str, callee: str, at: float, fault: Fault) -> tuple[float, bool]:
        client, net = (
            self._id(),
            1.0 * self.chance.lognormvariate(0, 0.2) + fault.way.get((name, callee), 0.0),
        )
        if (name, callee) in fault.refuses:
            end, bad = at + net / 1e3, True
        else:
            end, bad = self._visit(callee, client, at + net / 2e3, fault)
            end += net / 2e3
        self._span(name, client, me, f"GET {callee}", 3, at, end, bad, [], peer=callee)
        return end, bad

    def _span(
        self, name: str, id: str, parent: str, operation: str, kind: int, start: float, end: float, failed: bool,
        events: list[dict[str, Any]], peer: str = "",
    ) -> None:  # fmt: skip
        off = self.skew.get(name, 0.0)
        self._spans.setdefault(name, []).append(
            {
                "traceId": self._trace, "spanId": id, "parentSpanId": parent, "name": operation, "kind": kind,
                "startTimeUnixNano": str(round((start + off) * 1e9)), "endTimeUnixNano": str(round((end + off) * 1e9)),
                "status": {"code": 2} if failed else {}, "events": events,
                "attributes": [_attribute("peer.service", peer)] if peer else [],
            }
        )  # fmt: skip

    def _id(self) -> str:
        return f"{self.chance.getrandbits(64):016x}"

    def _log(self, name: str, span: str, at: float, text: str) -> None:
        when = datetime.fromtimestamp(at + self.skew.get(name, 0.0), tz=UTC).isoformat(
            timespec="milliseconds"
        )
        level = "ERROR" if text.startswith("ERROR") else "INFO"
        line = f"{when} {level} [trace={self._trace} span={span}] {text.removeprefix('ERROR ')}"
        self.lines.setdefault(name, []).append((at, line))

    def write(self, folder: Path, *, logs: bool = True) -> None:
        """`traces.jsonl`, and `logs/COMPONENT.log`."""
        with (folder / "traces.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(r) + "\n" for r in self.requests)
        (folder / "logs").mkdir()
        for name, lines in sorted(self.lines.items()) if logs else ():
            text = "".join(line + "\n" for _, line in sorted(lines))
            (folder / "logs" / f"{name}.log").write_text(text, encoding="utf-8")


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def faulty(
    folder: Path, fault: Fault | None, *, logs: bool = True, seed: int = 1, **shop: Any
) -> ToolContext:
    """Ten minutes as normal, two with the fault, as a context for tools."""
    made = Shop(seed=seed, **shop)
    made.run(T0 - 600, 600, per_s=0.5).run(T0, 120, per_s=0.5, fault=fault).write(folder, logs=logs)
    configs = [SourceConfig(name="traces", kind="traces", type="otlp", path="traces.jsonl")]
    if logs:
        configs.append(SourceConfig(name="logs", kind="logs", type="log_files", path="logs"))
    return context(folder, configs)


def context(folder: Path, configs: list[SourceConfig]) -> ToolContext:
    """A context over [T0, T0 + 125) with the ten minutes before it as the baseline."""
    incident = Incident(
        id="i", title="slow", started_at=from_epoch(T0), window=Window(start=from_epoch(T0), end=from_epoch(T0 + 125)),
        baselines=(Baseline(name="preceding", window=Window(start=from_epoch(T0 - 600), end=from_epoch(T0))),),
    )  # fmt: skip
    sources, resolver = open_sources(configs, folder), Resolver()
    inventory = build_inventory(sources, incident.window, resolver)
    return ToolContext(incident=incident, sources=SourceSet(sources), inventory=inventory, resolver=resolver)
