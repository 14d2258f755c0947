"""Incidents, first findings and tools that nobody has seen before, with the task list that an expert would write."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Final

from aitia.core.bounds import own_yaml
from aitia.models.adapters import Role
from aitia.models.curriculum.items import Item, Segment, Split, dealt, distinct, of_split
from aitia.models.lexical import shortlist

SYSTEM: Final = "Tools:"
_FEWEST: Final = 6
_MOST: Final = 60  # tools of a registry
KEPT: Final = 12  # tools that retrieval leaves for the model to read
_PARTS: Final = 4  # of a need's descriptions: one is held out, one is for the checks
_LEAST: Final = 2  # tasks of a plan that the cut must leave
_VERBS: Final = ("get", "query", "fetch", "show", "list", "read", "inspect", "describe")
_ARGUMENTS: Final[Mapping[str, Sequence[str]]] = {
    "service": ("service", "app", "workload", "name"), "host": ("host", "node", "instance", "server"),
    "asset": ("asset", "equipment", "unit", "machine"), "database": ("database", "cluster", "db"),
    "queue": ("queue", "topic", "stream"), "endpoint": ("endpoint", "hostname", "url"), "provider": ("provider", "account"),
}  # fmt: skip
_OTHER: Final[Mapping[str, Sequence[str]]] = {
    "database": ("{}-db", "{}_pg", "{}sql"), "queue": ("{}.events", "{}-queue", "q.{}"),
    "endpoint": ("{}.example", "api.{}.internal"), "provider": ("{}pay", "{}maps", "{}mail"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool of a made-up vendor. `argument` is "" where it takes none, `gives` what its result names."""

    need: str
    name: str
    argument: str
    gives: str
    doc: str

    @property
    def line(self) -> str:
        """As the model reads it."""
        return f"{self.name}({self.argument}){f' -> {self.gives}' if self.gives else ''}: {self.doc}"


class Plan:
    """The curriculum of plans."""

    role: Role = "plan"
    about = "incident, first findings and up to 60 tools → task list"
    size = 2000

    def items(self, seed: int, size: int, split: Split) -> list[Item]:
        """At most `size` different incidents; a split's descriptions of tools and systems are its own."""
        random, desk = Random(f"plan {seed} {split}"), _Desk(split)
        return distinct(lambda: desk.one(random)[0], size)


def recall_of_cut(seed: int, size: int, split: Split) -> float:
    """The share of an expert's calls whose tool is among the `KEPT` that retrieval leaves."""
    random, desk = Random(f"plan {seed} {split}"), _Desk(split)
    return sum(desk.one(random, whole=True)[1] for _ in range(size)) / size


class _Desk:
    """Tools and incidents of a split."""

    def __init__(self, split: Split) -> None:
        held = _read("plan.yaml")
        self._split = split
        self._needs: Mapping[str, Any] = held["needs"]
        self._said = {n: dealt(need["say"], split, _PARTS) for n, need in self._needs.items()}
        self._incidents: Sequence[Mapping[str, Any]] = held["incidents"]
        self._things = {k: of_split(map(str, v), split) for k, v in _read("things.yaml").items()}

    def one(self, random: Random, *, whole: bool = False) -> tuple[Item, float]:
        """An incident with its plan, and how much of it the cut left. `whole`: also one of which the cut left too little."""
        while True:
            incident = random.choice(self._incidents)
            slots = self._slots(random, incident)
            needs = [step.partition(":")[0] for step in incident["plan"]]
            tools = self._registry(random, needs)
            told = random.choice(incident["texts"]).format_map(slots)
            seen = incident["seen"].format_map(slots)
            kept = [tools[i] for i in shortlist(f"{told} {seen}", [f"{t.name} {t.doc}" for t in tools], KEPT)]
            left = {t.need: t for t in kept}
            share = sum(n in left for n in needs) / len(needs)
            if whole or sum(n in left for n in needs) >= _LEAST:
                return self._item(told, seen, kept, _tasks(incident["plan"], left, slots), slots), share

    def _slots(self, random: Random, incident: Mapping[str, Any]) -> dict[str, str]:
        area = random.choice(self._things["areas"])
        asset = f"{random.choice('PKFTCM')}-{random.randint(10, 989)}"
        service = f"{area}-{random.choice(self._things['parts'])}"
        other = incident.get("o", "")
        made = random.choice(_OTHER[other]).format(area) if other else ""
        host = f"{random.choice(self._things['hosts'])}-{random.randint(1, 40)}"
        return {"c": asset if incident.get("world") == "plant" else service, "h": host, "o": made}

    def _registry(self, random: Random, needs: Sequence[str]) -> list[Tool]:
        """One tool for each need, and others: several vendors' for what is not needed."""
        others = [(n, d) for n in self._needs if n not in needs for d in self._said[n]]
        more = random.sample(others, min(len(others), random.randint(_FEWEST, _MOST) - len(needs)))
        wanted = [(n, random.choice(self._said[n])) for n in needs]
        made = {t.name: t for t in (self._tool(random, n, d) for n, d in [*more, *wanted])}
        tools = list(made.values())
        random.shuffle(tools)
        return tools

    def _tool(self, random: Random, need: str, doc: str) -> Tool:
        held = self._needs[need]
        vendor = random.choice(self._things["areas"]).replace("-", "")
        on, words = held["about"], held["words"]
        argument = random.choice(_ARGUMENTS[on]) if on else ""
        return Tool(
            need=need,
            name=_named(random, vendor, words),
            argument=argument,
            gives=held.get("gives", ""),
            doc=doc,
        )

    def _item(
        self,
        told: str,
        seen: str,
        kept: Sequence[Tool],
        tasks: Sequence[Mapping[str, Any]],
        slots: Mapping[str, str],
    ) -> Item:
        site = ", ".join(sorted(filter(None, slots.values())))
        lines = "".join(f"\n- {t.line}" for t in kept)
        answer = json.dumps(tasks, ensure_ascii=False, separators=(",", ":"))
        return Item(
            role="plan",
            system=SYSTEM,
            prompt=f"{lines}\nComponents: {site}\nIncident: {told}\nSeen: {seen}\nPlan:",
            answer=(Segment(text=f" {answer}\n", name="calls"),),
            split=self._split,
            vendor=slots["c"],
            author="tools and incidents, hand",
        )


def _named(random: Random, vendor: str, words: Sequence[str]) -> str:
    verb = random.choice(_VERBS)
    snake = "_".join(words)
    camel = "".join(w.capitalize() for w in words)
    return random.choice(
        [
            f"{verb}_{snake}",
            f"{vendor}_{snake}",
            f"{vendor}.{snake}",
            f"{verb}{camel}",
            f"{vendor}-{'-'.join(words)}",
        ]
    )


def _tasks(plan: Sequence[str], left: Mapping[str, Tool], slots: Mapping[str, str]) -> list[dict[str, Any]]:
    """The tasks whose tool is left, numbered anew; what is about the result of one that is gone is gone as well."""
    ids: dict[int, int] = {}
    tools: dict[int, Tool] = {}
    made: list[dict[str, Any]] = []
    for place, step in enumerate(plan, 1):
        need, _, about = step.partition(":")
        tool = left.get(need)
        maker = int(about.strip("<>")) if about.startswith("<") else 0
        if tool is None or (maker and maker not in ids):
            continue
        ids[place], tools[place] = len(made) + 1, tool
        value = f"<task-{ids[maker]}.{tools[maker].gives}>" if maker else slots.get(about, "")
        args = {tool.argument: value} if tool.argument else {}
        made.append({"id": ids[place], "tool": tool.name, "args": args, "dep": [ids[maker]] if maker else []})
    return made


@cache
def _read(file: str) -> Mapping[str, Any]:
    return dict(own_yaml(files("aitia.models.curriculum").joinpath(file).read_text("utf-8")))
