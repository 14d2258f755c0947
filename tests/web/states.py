"""A home with a diagnosis in every state that a page can show, friendly or hostile."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

from aitia.core.events import (
    Findings,
    Glimpse,
    NodeDone,
    PlanMade,
    Ranked,
    RunFailed,
    RunStarted,
    SentenceDone,
    TaskDone,
)
from aitia.core.store import RunStore
from aitia.core.words import Report, Suspect, Task
from aitia.engine import choose_engine
from aitia.jobs import Jobs
from aitia.jobs.claims import Claim
from aitia.jobs.work import Work
from tests.render.conftest import HOSTILE
from tests.shop import shop_alert, small_settings

STATES = ("queued", "running", "waiting", "failed", "done")
ARGS = {"command": "systemctl restart orders", "host": "shop-1", "note": "a\u202eb\x1b[31m"}
EVIL = HOSTILE.replace("\ud800", "")  # half a character never reaches a store


class World:
    """One home; `ids` holds the diagnosis of each state."""

    def __init__(self, home: Path, *, said: str = "checkout answers with 5xx") -> None:
        self.jobs = Jobs(home, small_settings())
        self.said = said
        self.ids: dict[str, str] = {}
        self.claims: dict[str, Claim] = {}
        for state in ("done", "failed", "waiting", "running", "queued"):
            self.ids[state] = getattr(self, f"_{state}")()

    def copied(self, home: Path) -> World:
        """The same world once more, to change something in it."""
        shutil.copytree(self.jobs.home, home, dirs_exist_ok=True)
        other = copy.copy(self)
        other.jobs = Jobs(home, self.jobs.settings)
        return other

    def tell(self, event: Any, state: str = "running") -> None:
        """One more event of a diagnosis."""
        self.jobs.run_store(self.ids[state]).event(event)

    def finish(self, state: str = "running") -> None:
        """The diagnosis comes to the report of the one that is done."""
        report = self.jobs.run_store(self.ids["done"]).report()
        job = self.jobs.get(self.ids[state])
        self.jobs.run_store(job.id).put_report(report.model_copy(update={"run": job.run}))
        self.jobs.table.settle(self.claims[state], "done", verdict=report.verdict, probability=report.probability,
                               component=report.component, fault=report.fault, reported=1)  # fmt: skip

    def _queued(self) -> str:
        return self.jobs.submit(self.said, origin="api", by="web").job.id

    def _claimed(self, state: str) -> Claim:
        self._queued()
        claim = self.jobs.table.claim("tests/1/1", lease_s=3600, attempts=3)
        assert claim is not None
        store = RunStore.create(self.jobs.home, meta={"title": self.said, "incident": {"title": self.said}})
        self.jobs.table.set(claim.job.id, owner=claim.owner, run=store.id)
        self.claims[state] = claim
        for event in self._events(store.id):
            store.event(event)
        return claim

    def _events(self, run: str) -> list[Any]:
        said = self.said
        args = {"component": said, said: 1}
        ranked = [[("orders", "resource.connections", 0.4), (said, "network.dns", 0.3)],
                  [(said, "network.dns", 0.2), ("orders", "resource.connections", 0.7)]]  # fmt: skip
        suspects = [
            tuple(Suspect(component=c, fault=f, score=0, probability=p) for c, f, p in r) for r in ranked
        ]
        return [
            RunStarted(run=run, title=said, at="2026-11-25T10:00:00Z"),
            Findings(statements=(said, "gateway: failed requests rose."), seconds=0.4),
            TaskDone(task=1, tool="metrics_scan", status="ok", facts=3, seconds=0.2),
            Ranked(suspects=suspects[0], settled=False),
            PlanMade(round=1, by="rules", tasks=tuple(Task(id=n, tool=f"tool_{n}", args=args) for n in (2, 3, 4))),
            NodeDone(node="plan"),
            TaskDone(task=2, tool="tool_2", status="ok", facts=1, seconds=0.1,
                     strongest=(Glimpse(component="orders", statement=said[:300], strength=0.9),)),
            TaskDone(task=3, tool="tool_3", status="error", message=said, seconds=0.1),
            Ranked(suspects=suspects[1], settled=True),
            SentenceDone(text=said, by="template"),
        ]  # fmt: skip

    def _running(self) -> str:
        return self._claimed("running").job.id

    def _waiting(self) -> str:
        claim = self._claimed("waiting")
        args = ARGS | ({self.said: self.said} if self.said == EVIL else {})
        asked = [{"hash": "ab" * 32, "tool": "restart_service", "args": args},
                 {"hash": "cd" * 32, "tool": "drain_node", "args": {"node": "n-1"}}]  # fmt: skip
        self.jobs.table.settle(claim, "waiting", asked=json.dumps(asked))
        return claim.job.id

    def _failed(self) -> str:
        claim = self._claimed("failed")
        self.jobs.run_store(claim.job.id).event(RunFailed(run="r", message=self.said))
        self.jobs.table.settle(claim, "failed", message=f"Fix the source: {self.said}")
        return claim.job.id

    def _done(self) -> str:
        job = self.jobs.submit(shop_alert(), origin="alertmanager", key="k", group="g", by="http").job
        claim = self.jobs.table.claim("tests/1/1", lease_s=3600, attempts=3)
        assert claim is not None
        settings = self.jobs.settings
        engine = choose_engine(
            None, settings=settings, planner=None, narrator=None, threads=None, on_event=None
        )
        Work(self.jobs.table, self.jobs.home, settings, engine).run(claim, lost=lambda: None)
        if self.said == EVIL:
            store = self.jobs.run_store(job.id)
            store.put_report(_spoilt(store.report()))
        return job.id


def _spoilt(report: Report) -> Report:
    """The report with hostile words wherever words come from outside."""
    plain = report.model_dump(mode="json")
    plain["incident"] |= {"title": EVIL * 50, "text": EVIL * 4000, "labels": {EVIL: EVIL}}
    for fact in plain["evidence"]:
        fact["statement"] = f"{fact['component']}: {EVIL}"
        fact["source"] |= {"query": EVIL, "path": ""}
    for part in (
        *plain["summary"],
        *plain["chain"],
        *plain["mitigations"],
        *plain["next_checks"],
        *plain["timeline"],
    ):
        part["text"] = EVIL
    for sentence in plain["mitigations"]:
        sentence["command"] = EVIL
    return Report.model_validate(plain)
