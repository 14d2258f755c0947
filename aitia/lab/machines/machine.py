"""A simulated machine of the lab: takes an order, simulates, measures, and writes the scenario folder."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import logging
import time
import warnings
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario
from aitia.core.words import from_epoch
from aitia.lab.folder import write_yaml
from aitia.lab.machines.case import HOUR_S, Case, Floats, Happening, Reply, Run, Span
from aitia.lab.machines.historian import Style, export, iso
from aitia.lab.machines.journal import Alarm, Habits, Tripped, trips, write_journal, write_orders
from aitia.lab.machines.sensors import Tag, measure
from aitia.lab.words import LAB, Failure, Kind, Made, Order

# Kinds that agent/taxonomy.yaml does not have: who names the right component and no kind is right as well.
NAMED_KINDS = ("machine.bearing", "machine.imbalance", "machine.misalignment", "machine.looseness")


class Machine(ABC):
    """What all five systems share. A system says what stands where, how it is measured, and simulates."""

    name: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Kind] = "machine"
    packages: ClassVar[Mapping[str, str]]  # module: distribution
    failures: ClassVar[tuple[Failure, ...]]
    decoys: ClassVar[tuple[str, ...]]
    span: ClassVar[Span]
    style: ClassVar[Style]
    habits: ClassVar[Habits]
    tags: ClassVar[tuple[Tag, ...]]
    alarms: ClassVar[tuple[Alarm, ...]]
    components: ClassVar[tuple[dict[str, Any], ...]]
    routine: ClassVar[tuple[tuple[str, str], ...]]  # work orders of the past weeks: component, text
    complaints: ClassVar[
        tuple[tuple[str, str, str], ...]
    ]  # what people say where no limit trips: title, text, component

    @abstractmethod
    def simulate(self, case: Case) -> Run:
        """The truth, by signal."""

    @abstractmethod
    def reply(self, case: Case) -> Reply:
        """The answer to an order with a failure."""

    def further_sources(
        self, case: Case, run: Run, window: tuple[float, float], out: Path
    ) -> list[dict[str, Any]]:
        """Files beside the historian's, each with its source."""
        return []

    def missing(self) -> tuple[str, ...]:
        """Packages of the simulator that are not installed."""
        return tuple(
            f"{package} (pip install 'aitia[lab]')"
            for module, package in self.packages.items()
            if importlib.util.find_spec(module) is None
        )

    def make(self, order: Order, out: Path, tell: Callable[[str], None]) -> Made:
        """Write a scenario folder with lab.json. Raises BadInput for an order that cannot be carried out."""
        order = self._checked(order)
        began = time.process_time()
        _prepare(out)
        case = Case(order, self.span, self.decoys)
        tell(
            f"{self.name}: simulating {self.span.before_h + self.span.after_h:g} h with {self._simulators()}"
        )
        with quiet():
            run = self.simulate(case)
        tell(f"{self.name}: writing {out}")
        made = Made(
            order=order, kind=self.kind, family=self._failure(order.fault).family,
            onset=None if case.fault == "none" else from_epoch(round(case.onset)), decoys=tuple(run.decoys),
        )  # fmt: skip
        self._write(case, run, out)
        (out / LAB).write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return made.model_copy(update={"seconds": round(time.process_time() - began, 1)})

    def _checked(self, order: Order) -> Order:
        if missing := self.missing():
            raise BadInput(f"Install what system {self.name!r} needs: {', '.join(missing)}.")
        failure = self._failure(order.fault)
        known = failure.victims
        if order.victim not in known and (order.victim or known):
            if order.victim or len(known) != 1:
                raise BadInput(
                    f"Set the victim of {order.fault!r} to one of {', '.join(known) or 'none'}, not {order.victim!r}."
                )
            order = order.model_copy(update={"victim": known[0]})
        if order.strength not in failure.strengths:
            raise BadInput(
                f"Set the strength of {order.fault!r} to one of {', '.join(failure.strengths)}, not {order.strength!r}."
            )
        if strange := [d for d in order.decoys if d not in self.decoys]:
            raise BadInput(
                f"Choose decoys of {self.name!r} among {', '.join(self.decoys)}, not {strange[0]!r}."
            )
        return order

    def _failure(self, fault: str) -> Failure:
        for failure in self.failures:
            if failure.id == fault:
                return failure
        known = ", ".join(f.id for f in self.failures)
        raise BadInput(f"Set the fault of {self.name!r} to one of {known}, not {fault!r}.")

    def _simulators(self) -> str:
        from importlib.metadata import version

        return ", ".join(f"{p} {version(p)}" for p in self.packages.values())

    def _write(self, case: Case, run: Run, out: Path) -> None:
        readings = measure(self.tags, run, case)
        tripped = trips(self.alarms, readings, case)
        reported = self._reported(case, tripped)
        start = reported["started_at"] - self.span.lead_h * HOUR_S
        now = min(float(case.t[-1]), reported["started_at"] + self.span.tail_h * HOUR_S)
        kept = case.t <= now
        shown = {tag: values[kept] for tag, values in readings.items()}
        sources = [export(self.style, out, case.t[kept], shown, case.span.step_s)]
        sources += self.further_sources(case, run, (start, now), out)
        write_journal(out, self.habits, self.style, case, tripped, run.journal, now)
        log: dict[str, Any] = {"name": "journal", "kind": "logs", "type": "log_files", "path": "logs"}
        if self.style.zone != "UTC":
            log["options"] = {"timezone": self.style.zone}
        orders = write_orders(out, self.habits, self.style, case, run.orders, self.routine, now)
        write_yaml(out / "topology.yaml", {"components": list(self.components)})
        plan = {"name": "plant", "kind": "topology", "type": "topology", "path": "topology.yaml"}
        write_yaml(
            out / "scenario.yaml",
            {
                "schema": 1,
                "id": f"{self.name}-{zlib.crc32(case.order.model_dump_json().encode()):08x}",
                "title": reported["title"],
                "description": f"{self.title}; simulated.",
                "domain": "machine",
                "recorded": {"by": self._simulators(), "args": {"seed": case.order.seed},
                             "notes": "Simulated, with instruments, journal and work orders added."},
                "incident": {**reported, "started_at": iso(reported["started_at"])},
                "now": iso(now),
                "window": {"start": iso(start), "end": iso(now)},
                "baselines": [{"name": "preceding", "window": {"start": iso(case.start), "end": iso(start)}}],
                "sources": [*sources, log, orders, plan],
                "expected": self._expected(case),
            },
        )  # fmt: skip
        load_scenario(out)

    def _reported(self, case: Case, tripped: Sequence[Tripped]) -> dict[str, Any]:
        """The first alarm since the onset (drawn in a healthy hour too); where none trips, what people say towards the end."""
        for trip in tripped:
            if trip.at > case.onset:
                alarm = trip.alarm
                limit = alarm.above if alarm.above is not None else alarm.below
                return {
                    "title": f"{alarm.component}: {alarm.words}",
                    "text": f"{alarm.component} {alarm.name} at {trip.value:g}, limit {limit:g}.",
                    "started_at": trip.at, "labels": {"asset": alarm.component}, "hints": [alarm.component],
                }  # fmt: skip
        rng = case.rng("complaint")
        title, text, component = self.complaints[int(rng.integers(len(self.complaints)))]
        at = float(case.t[-1]) - self.span.tail_h * HOUR_S * float(rng.uniform(0.8, 1.0))
        hints = [component] if component else []
        return {"title": title, "text": text, "started_at": round(at), "labels": {}, "hints": hints}

    def _expected(self, case: Case) -> dict[str, Any]:
        if case.fault == "none":
            return {
                "verdict": "healthy",
                "why": "Nothing failed; what moved was load, weather or ordinary work.",
            }
        reply = self.reply(case)
        others = list(reply.alternatives)
        if not reply.fault.startswith(NAMED_KINDS):
            others += [(c, "unspecified") for c in dict.fromkeys([reply.component, *(c for c, _ in others)])]
        return {
            "verdict": "cause", "component": reply.component, "fault": reply.fault,
            "alternatives": [{"component": c, "fault": f} for c, f in others], "why": reply.why,
        }  # fmt: skip


def healthy() -> Failure:
    """The hour without a failure that every system offers."""
    return Failure(id="none", title="nothing fails", family="none")


def note(run: Run, at: float, component: str, text: str) -> None:
    """An entry of the control room's journal."""
    run.journal.append(Happening(at=at, component=component, text=text))


def work(run: Run, at: float, component: str, text: str) -> None:
    """A work order."""
    run.orders.append(Happening(at=at, component=component, text=text))


def constant(case: Case, value: float) -> Floats:
    """A signal that does not move by itself."""
    return 0.0 * case.t + value


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Simulators print and warn of what is of no use here."""
    kept = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(kept)


def _prepare(out: Path) -> None:
    if out.exists() and any(out.iterdir()):
        raise BadInput(f"Give a new folder: {str(out)!r} is not empty.")
    out.mkdir(parents=True, exist_ok=True)
