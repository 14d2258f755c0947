"""One recording: baseline, decoys, the onset, the time after it, and the scenario folder that comes of it."""

from __future__ import annotations

import json
import random
import re
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import BadInput, SourceError
from aitia.lab.fit import LIMIT_BYTES, WHOLE, fit
from aitia.lab.folder import finish, iso, new_folder, write_jsonl, write_table, write_yaml
from aitia.lab.ports import RUN, block_of_ports
from aitia.lab.servers.acts import Acts
from aitia.lab.servers.export import (
    Series,
    copy_logs,
    hider,
    read_series,
    topology,
)
from aitia.lab.servers.foreign import CROWDED, SYSTEMS_OWN, foreign, use
from aitia.lab.servers.model import Decoy, Fault, SystemFile, Text
from aitia.lab.servers.monitoring import SCRAPE_S
from aitia.lab.servers.rig import Rig
from aitia.lab.servers.view import Hit, complaint, read_hits, seen
from aitia.lab.traces import FILE as TRACES
from aitia.lab.traces import write_traces
from aitia.lab.words import LAB, Made, Order

WARM_S: Final = 25.0  # longer than the windows of rules: what starting up looked like must be over
LEAD_S: Final = 60.0  # of the window, before the alarm
QUIET_S: Final = 30.0  # after the onset, when somebody asks in an hour without symptoms
CROWD: Final = "Others used the machine as well: what node_exporter measures of it is left out."
GAP: Final = 0.1  # share of a target's scrapes that may be missing


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Seconds before and after the onset."""

    baseline_s: float = 150.0
    fault_s: float = 90.0


@dataclass(kw_only=True)
class Recording:
    """What came of it."""

    start: float
    onset: float = 0.0
    end: float = 0.0
    started: float = 0.0
    symptom: str = "none"
    reported: dict[str, Any] = field(default_factory=dict)
    alert: dict[str, Any] = field(default_factory=dict)
    decoys: list[str] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)
    foreign: float = 0.0  # share of the machine's processors that others used
    hits: list[Hit] = field(default_factory=list)
    changes: list[dict[str, str]] = field(default_factory=list)
    notes: str = WHOLE


Visit = Callable[[Rig, Recording], None]
"""What is done to a system at the end of its recording, while all of it still runs."""


class Recorder:
    """Carries out one order on a system."""

    def __init__(
        self, system: SystemFile, beside: Path, order: Order, spans: Spans, tell: Callable[[str], None]
    ) -> None:
        self.system, self.order, self.spans, self._beside, self._tell = system, order, spans, beside, tell
        self.visit: Visit | None = None
        self._random = random.Random(f"{system.name} {order.seed}")
        self.fault = next((f for f in system.faults if f.id == order.fault), None)

    def make(self, out: Path) -> Made:
        """Record and write the folder."""
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=RUN, ignore_cleanup_errors=True) as temporary:
            folder = Path(temporary)
            folder.chmod(0o755)  # servers that give up root must reach what is theirs
            with (
                block_of_ports(folder) as ports,
                Rig(self.system, self._beside, folder, ports, seed=self.order.seed) as rig,
            ):
                acts = Acts(rig, seed=self.order.seed)
                try:
                    recording = self._live(rig, acts)
                    self._tell("writing")
                    self._write(rig, acts, recording, out)
                    if self.visit is not None:
                        self._tell("visited")
                        self.visit(rig, recording)
                finally:
                    acts.close()
        made = self._made(recording, time.monotonic() - begun)
        (out / LAB).write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if not fit(out, LIMIT_BYTES):
            self._tell(f"larger than {LIMIT_BYTES // 1000} kB, though all was left out that may be")
        return made

    def _live(self, rig: Rig, acts: Acts) -> Recording:
        self._tell("up, warming")
        time.sleep(WARM_S)
        rig.receiver.firing.clear()
        recording, calm = Recording(start=time.time()), use()
        before = self.spans.baseline_s * self._random.uniform(0.93, 1.07)
        recording.onset = recording.start + before
        planned = recording.onset
        self._tell(f"baseline of {before:.0f} s")
        for at, decoy, victim in self._chosen(recording):
            if at < planned:
                self._decoy(acts, recording, at, decoy, victim)
        _sleep_until(recording.onset)
        self._look_before(rig, acts, recording)
        recording.onset = time.time()
        if self.fault is not None and not self.order.twin:
            self._tell(f"{self.fault.id} {self.order.victim} {self.order.strength}".replace("  ", " "))
            acts.do(self.fault.concrete(self.order.victim, self.fault.strengths[self.order.strength]))
        else:
            self._tell("nothing")
        for at, decoy, victim in self._chosen(recording):
            if at >= planned:
                _sleep_until(at)
                # In a thread: what is harmless on another day may hang, or fail, in a system that is ill.
                threading.Thread(
                    target=self._tried, args=(acts, recording, at, decoy, victim), daemon=True
                ).start()
        _sleep_until(recording.onset + self.spans.fault_s)
        recording.end, recording.foreign = time.time(), foreign(calm, use())
        time.sleep(0.5)
        return recording

    def _chosen(self, recording: Recording) -> list[tuple[float, Decoy, str]]:
        """The decoys with their moments and victims; the same for the same seed."""
        rng = random.Random(f"decoys {self.order.seed}")
        known = {decoy.id: decoy for decoy in self.system.decoys}
        found = []
        for name in self.order.decoys:
            decoy = known[name]
            before = rng.uniform(0.25, 0.85) * self.spans.baseline_s
            around = self.spans.baseline_s + rng.uniform(-0.25, 0.3) * self.spans.fault_s
            at = before if decoy.when == "before" or (decoy.when == "any" and rng.random() < 0.5) else around
            found.append(
                (recording.start + at, decoy, rng.choice(sorted(decoy.victims)) if decoy.victims else "")
            )
        return sorted(found, key=lambda one: one[0])

    def _decoy(self, acts: Acts, recording: Recording, at: float, decoy: Decoy, victim: str) -> None:
        _sleep_until(at)
        recording.decoys.append(f"{iso(time.time())} {decoy.title}" + (f" ({victim})" if victim else ""))
        acts.do(decoy.concrete(victim, {}))

    def _tried(self, acts: Acts, recording: Recording, at: float, decoy: Decoy, victim: str) -> None:
        try:
            self._decoy(acts, recording, at, decoy, victim)
        except SourceError:
            recording.decoys[-1] += ", without success"

    def _look_before(self, rig: Rig, acts: Acts, recording: Recording) -> None:
        """What went wrong before anything was done."""
        recording.disturbed += [
            f"{a['commonLabels'].get('alertname')} fired before the onset" for a in rig.receiver.firing
        ]
        recording.disturbed += [
            f"{end.name} ended before the onset ({end.how})"
            for end in rig.supervisor.exits
            if end.name not in acts.touched and not end.name.startswith("helper-")
        ]
        rig.receiver.firing.clear()

    def _look_after(self, rig: Rig, acts: Acts, recording: Recording, series: list[Series]) -> None:
        """Monitoring that failed by itself."""
        own = {
            "prometheus",
            "alertmanager",
            "node",
            "blackbox",
            "proxies",
            *(e.id for e in self.system.exporters),
        }
        own |= {f"load {load.id}" for load in self.system.loads}
        recording.disturbed += [
            f"{end.name} ended ({end.how})" for end in rig.supervisor.exits if end.name in own - acts.touched
        ]
        expected = (recording.end - recording.start) / SCRAPE_S
        for one in series:
            if one.metric == "up" and len(one.values) < (1 - GAP) * expected - 2:
                recording.disturbed.append(
                    f"{one.job} of {one.component}: {len(one.values)} of {expected:.0f} scrapes"
                )
            early = [value for t, value in one.values if one.metric == "up" and t < recording.onset]
            if early and sum(early) < (1 - GAP) * len(early):
                recording.disturbed.append(f"{one.job} of {one.component} was not scraped before the onset")

    def _symptom(self, rig: Rig, recording: Recording) -> None:
        """The alert if one fired, else what users would say, else why somebody asks in a quiet hour."""
        found = complaint(recording.hits, start=recording.start, onset=recording.onset, end=recording.end)
        if rig.receiver.firing:
            recording.symptom, recording.alert = "alert", rig.receiver.firing[0]
            first = recording.alert["alerts"][0]  # what several alerts do not share stands with each
            words, at = {**first["annotations"], **recording.alert["commonAnnotations"]}, first["startsAt"]
            recording.started = datetime.fromisoformat(at).timestamp()
            labels = recording.alert["commonLabels"]
            recording.reported = {
                "title": words["summary"],
                "text": words.get("description", ""),
                "labels": labels,
            }
        elif found is not None:
            recording.symptom = "client"
            recording.started, how, now = found
            said = self.system.complaint.errors if how == "errors" else self.system.complaint.slow
            recording.reported = _said(
                said, since=iso(recording.started)[11:16], share=f"{now.errors:.0%}", p95=f"{now.p95_s:.2g} s"
            )
        else:
            recording.started = min(recording.onset + QUIET_S, recording.end - 5)
            recording.reported = _said(
                self._random.choice(self.system.reports), since=iso(recording.started)[11:16]
            )

    def _write(self, rig: Rig, acts: Acts, recording: Recording, out: Path) -> None:
        views = [rig.view(load) for load in self.system.loads if load.user_view]
        recording.hits = read_hits(view for view in views if view.exists())
        self._symptom(rig, recording)
        new_folder(out)
        series = read_series(rig, start=recording.start, end=recording.end, monitors=_monitors(self.system))
        if not series:
            raise SourceError("Record again: Prometheus holds no samples.")
        self._look_after(rig, acts, recording, series)
        if recording.foreign > CROWDED:
            series = [
                one
                for one in series
                if not one.metric.startswith("node_") or re.match(SYSTEMS_OWN, one.metric)
            ]
            recording.notes = CROWD
            if self.fault is not None and self.fault.answer.component == self.system.host:
                recording.disturbed.append(f"others used {recording.foreign:.0%} of the processors")
        logs, saw = copy_logs(rig, out)
        traces = self._traces(rig, recording, out)
        recording.disturbed += [f"{component} saw a recording beside this one" for component in saw]
        write_yaml(out / "topology.yaml", topology(rig))
        recording.changes = self._changes(acts, recording)
        write_jsonl(out / "changes.jsonl", recording.changes)
        if recording.alert:
            (out / "alert.json").write_text(
                json.dumps(recording.alert, indent=1, sort_keys=True) + "\n", encoding="utf-8"
            )
        write_table(out / "metrics.parquet", [row for one in series for row in one.rows()])
        finish(out, self._scenario(recording, out.name, logs, traces=traces))

    def _traces(self, rig: Rig, recording: Recording, out: Path) -> bool:
        """Write the traces; whether there are any."""
        if rig.spans is None:
            return False
        of = write_traces(rig.spans.requests, out, start=recording.start, end=recording.end, hide=hider(rig))
        if of > 1:
            recording.notes = f"Of the traces one in {of} is kept, chosen by its id. {recording.notes}"
        return of > 0

    def _changes(self, acts: Acts, recording: Recording) -> list[dict[str, str]]:
        entries = [
            {
                "at": iso(recording.start - past.hours_ago * 3600),
                **past.model_dump(include={"component", "kind", "text", "version"}),
            }
            for past in self.system.history
        ]
        entries += [{"at": iso(at), **entry.model_dump()} for at, entry in acts.journal]
        return [{k: v for k, v in entry.items() if v} for entry in sorted(entries, key=lambda e: e["at"])]

    def _scenario(
        self, recording: Recording, name: str, logs: dict[str, list[str]], *, traces: bool
    ) -> dict[str, Any]:
        lead = min(LEAD_S, 0.4 * self.spans.baseline_s)
        start = max(recording.started - lead, recording.start + 0.3 * self.spans.baseline_s)
        return {
            "schema": 1,
            "id": name.lower(),
            "title": recording.reported["title"],
            "description": f"{self.system.title}; recorded from real programs.",
            "domain": "it",
            "recorded": {
                "by": "aitia lab make",
                "args": {"system": self.system.name, "seed": self.order.seed},
                "at": iso(recording.start),
                "notes": recording.notes,
            },
            "incident": {
                **recording.reported, "started_at": iso(recording.started), "hints": [self.system.entry],
                **({"alert": "alert.json"} if recording.alert else {}),
            },
            "now": iso(recording.end),
            "window": {"start": iso(start), "end": iso(recording.end)},
            "baselines": [{"name": "preceding", "window": {"start": iso(recording.start), "end": iso(start)}}],
            "sources": _sources(logs, traces=traces),
            "expected": self._expected(),
        }  # fmt: skip

    def _expected(self) -> dict[str, Any]:
        if self.fault is None or self.order.twin:
            return {"verdict": "healthy", "why": "Nothing was done to it."}
        strength = self.fault.strengths[self.order.strength]
        answer = self.fault.filled(self.fault.answer.model_dump(), self.order.victim, strength)
        return {"verdict": "cause", **{key: value for key, value in answer.items() if value}}

    def _made(self, recording: Recording, seconds: float) -> Made:
        healthy = self.fault is None or self.order.twin
        before = seen(recording.hits, recording.start, recording.onset)
        after = seen(recording.hits, recording.onset, recording.end)
        return Made(
            order=self.order,
            kind="servers",
            family="none" if self.fault is None or healthy else self.fault.family,
            onset=None if healthy else datetime.fromisoformat(iso(recording.onset)),
            decoys=tuple(recording.decoys),
            symptom=recording.symptom,
            disturbed=tuple(dict.fromkeys(recording.disturbed)),
            view={"before": asdict(before), "after": asdict(after)},
            seconds=round(seconds, 1),
        )


def _monitors(system: SystemFile) -> frozenset[str]:
    """The jobs that watch others."""
    exporters = (exporter.job or exporter.id for exporter in system.exporters)
    return frozenset({"node", "blackbox", *exporters, *(load.id for load in system.loads)})


def _said(text: Text, **words: str) -> dict[str, Any]:
    found = {"title": text.title, "text": text.text}
    for name, value in words.items():
        found = {key: said.replace(f"{{{name}}}", value) for key, said in found.items()}
    return found


def _sleep_until(epoch: float) -> None:
    time.sleep(max(0.0, epoch - time.time()))


def _sources(logs: dict[str, list[str]], *, traces: bool) -> list[dict[str, Any]]:
    columns = {
        "time": "time",
        "component": "component",
        "metric": "metric",
        "value": "value",
        "labels": ["labels"],
    }
    return [
        {"name": "metrics", "kind": "metrics", "type": "table", "path": "metrics.parquet", "columns": columns,
         "step_s": float(SCRAPE_S)},
        *(
            {"name": f"logs-{name}", "kind": "logs", "type": "log_files", "path": f"logs/{name}", "component": name}
            for name in logs
        ),
        *([{"name": "traces", "kind": "traces", "type": "otlp", "path": TRACES}] if traces else []),
        {"name": "changes", "kind": "changes", "type": "changes", "path": "changes.jsonl"},
        {"name": "topology", "kind": "topology", "type": "topology", "path": "topology.yaml"},
    ]  # fmt: skip


def check_order(system: SystemFile, order: Order) -> Fault | None:
    """The fault that an order asks for; None for a healthy hour. Raises BadInput for what the system cannot do."""
    known = {decoy.id for decoy in system.decoys}
    if unknown := sorted(set(order.decoys) - known):
        raise BadInput(
            f"{system.name} has no decoy {unknown[0]!r}; it has {', '.join(sorted(known)) or 'none'}."
        )
    if order.fault == "none":
        return None
    fault = next((f for f in system.faults if f.id == order.fault), None)
    if fault is None:
        raise BadInput(
            f"{system.name} has no fault {order.fault!r}; it has none, {', '.join(f.id for f in system.faults)}."
        )
    if order.victim not in (tuple(fault.victims) or ("",)):
        raise BadInput(
            f"{fault.id} may hit {', '.join(fault.victims) or 'nobody in particular'}, not {order.victim!r}."
        )
    if order.strength not in fault.strengths:
        raise BadInput(f"{fault.id} is made {', '.join(fault.strengths)}, not {order.strength}.")
    return fault
