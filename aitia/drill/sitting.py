"""One drill: lines in, lines out, until the cause is named; the answer stays sealed until then."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aitia.agent.taxonomy import bundled
from aitia.core.errors import BadInput
from aitia.core.scenario import load_scenario
from aitia.core.words import Evidence
from aitia.drill import debrief
from aitia.drill.debrief import Sides
from aitia.drill.folders import copy_telemetry, digest
from aitia.drill.incident import meant, open_incident
from aitia.drill.looks import COMMANDS, Looks
from aitia.drill.naming import fault_names, read_answer
from aitia.drill.raw import Shown
from aitia.drill.records import keep, stopped
from aitia.drill.words import Answered, Look, Record, State, could_know
from aitia.graphs.replay import Replayed
from aitia.render.text import at, clean, clean_lines, count, duration, span

OWN = {
    "incident": "what was reported",
    "faults [TEXT]": "the fault kinds that can be named",
    "hint": "where something changed that you have not looked at",
    "answer COMPONENT FAULT": "name the cause; or: answer healthy, answer unknown",
    "give up": "see the answer",
    "help": "this list",
    "quit": "leave; what was done is kept, and the next drill on this incident carries on",
}


@contextmanager
def opened(folder: Path, home: Path) -> Iterator[Drill]:
    """A drill on a scenario folder. Raises BadInput and Untrusted where that cannot be read."""
    with tempfile.TemporaryDirectory(prefix="drill-") as place:
        root = Path(place) / "incident"  # tools name paths, and many a folder's name tells the fault
        copy_telemetry(folder, root)
        yield Drill(folder, root, home)


class Drill:
    """A person's drill on a scenario folder, whose telemetry lies at `root`. `record` is there once it has ended."""

    def __init__(
        self, folder: Path, root: Path, home: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder, self._home, self._clock = folder, home, clock
        self._scenario = load_scenario(folder)
        self.looks = Looks(open_incident(self._scenario, root, home))
        self.taxonomy = bundled()
        self.shown: list[tuple[str, list[str]]] = []
        self.record: Record | None = None
        before = stopped(home, digest(folder))
        self._began = before.began if before else datetime.now(tz=UTC)
        self._taken: list[Look] = list(before.looks) if before else []
        self._earlier = before.person.seconds if before else 0.0
        self._carried = len(self._taken)
        self._start = clock()
        self._given = Answered()
        self._state: State | None = None

    @property
    def answered(self) -> bool:
        """Whether the person has named a cause or given up."""
        return self._state is not None

    @property
    def seconds(self) -> float:
        """How long the person has taken, earlier sittings with it."""
        return round(self._earlier + self._clock() - self._start, 1)

    def incident(self) -> list[str]:
        """What was reported, and what there is to look at."""
        told, incident = self.looks.incident.context.incident, self.looks.incident
        labels = " ".join(f"{k}={v}" for k, v in incident.labels.items())
        lines = [
            clean(told.title),
            *([clean_lines(told.text)] if told.text else []),
            f"since {at(told.started_at, date=True)} UTC; window {span(told.window)}, telemetry {span(incident.span)}",
            *([clean(labels)] if labels else []),
            f"components: {', '.join(incident.components)}",
            f"sources: {', '.join(h.source for h in incident.context.inventory.holdings)} (sources: more of them)",
        ]
        if self._carried:
            lines.append(f"carried on: {count(self._carried, 'look')} and {duration(self._earlier)} so far")
        return lines

    def take(self, line: str) -> list[str]:
        """Carry out a line; what there is to read. Raises BadInput, after which the drill goes on."""
        words = line.strip()
        name, _, rest = words.partition(" ")
        rest = rest.strip()
        if words == "give up":
            self._end("gave_up", Answered())
            return []
        if name == "answer":
            self.answer(rest)
            return []
        told, seen = self._shown(name, rest)
        if name in COMMANDS or name == "hint":
            self._taken.append(Look(line=words, after_s=self.seconds, seen=seen, hint=name == "hint"))
            self.shown.append((words, told))
        return told

    def answer(self, words: str, *, probability: float | None = None) -> None:
        """Name the cause: `COMPONENT FAULT`, `healthy` or `unknown`, and how sure the person is. Raises BadInput."""
        given = read_answer(words, self.looks.incident, self.taxonomy)
        self._end("answered", given.model_copy(update={"probability": probability}))

    def _shown(self, name: str, rest: str) -> Shown:
        if name in COMMANDS:
            return COMMANDS[name].do(self.looks, rest)
        if name == "hint":
            return self.looks.hint(self._knows)
        if name == "incident":
            return self.incident(), ()
        if name == "faults":
            found = {
                f: t
                for f, t in fault_names(self.taxonomy).items()
                if rest.casefold() in f"{f} {t}".casefold()
            }
            return [f"{fault:<44} {title}" for fault, title in found.items()], ()
        if name == "help":
            rows = {f"{n} {c.takes}".rstrip(): c.help for n, c in COMMANDS.items()} | OWN
            return [f"{usage:<28} {what}" for usage, what in rows.items()], ()
        known = (*COMMANDS, *(usage.split(" ")[0] for usage in OWN))
        raise BadInput(f"Unknown command {name!r}.{meant(name, known)}")

    def _knows(self, fact: Evidence) -> bool:
        return could_know(tuple(self._taken), fact)

    def _end(self, state: State, given: Answered) -> None:
        self._given = given.model_copy(update=self._took())
        self._state = state

    def _took(self) -> dict[str, Any]:
        return {"seconds": self.seconds, "looks": sum(not look.hint for look in self._taken)}

    def stop(self) -> Record:
        """Keep what was done without an answer: the next drill on this incident carries it on."""
        return self._kept("stopped", Answered(**self._took()))

    def end(self, diagnose: Callable[[Path], Replayed | None]) -> Sides:
        """Compare the answer with the recorded one and with aitia's, keep the record, and put all of it side by side."""
        assert self._state is not None, "the person has not answered"
        components = self.looks.incident.context.inventory.components
        right = self._state == "answered" and debrief.is_right(self._given, self._scenario, components)
        self._given = self._given.model_copy(update={"right": right})
        self._compared(None)  # an answer that was given is kept, whatever becomes of the comparison
        done = diagnose(self._folder)
        record, report = self._compared(done), done.report if done else None
        return debrief.sides(record, self._scenario, self._folder, report, self.taxonomy)

    def _compared(self, done: Replayed | None) -> Record:
        assert self._state is not None
        report = done.report if done else None
        return self._kept(
            self._state,
            self._given,
            scenario=self._scenario.id,
            recorded=debrief.recorded(self._scenario.expected),
            aitia=debrief.of_aitia(done) if done else None,
            grounds=debrief.grounds(self._scenario, report, tuple(self._taken)),
        )

    def _kept(self, state: State, person: Answered, **more: Any) -> Record:
        self.record = Record(
            began=self._began,
            digest=digest(self._folder),
            title=self._scenario.incident.title,
            state=state,
            looks=tuple(self._taken),
            person=person,
            **more,
        )
        keep(self._home, self.record)
        return self.record
