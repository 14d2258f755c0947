"""A worker that plays a run which was diagnosed once: its events one by one, then its report."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
import time
from pathlib import Path

from aitia.jobs import Approval, Jobs
from aitia.jobs.claims import Claim
from aitia.jobs.owner import owner_of


class Canned(threading.Thread):
    """Plays `run` for each job. `pause_s` lies between events; `asks` waits for a person first."""

    def __init__(
        self, jobs: Jobs, run: Path, *, pause_s: float = 0.0, asks: tuple[Approval, ...] = (), fails: str = ""
    ) -> None:
        super().__init__(name="canned", daemon=True)
        self._jobs, self._run_folder, self._pause_s, self._asks, self._fails = jobs, run, pause_s, asks, fails
        self._stopped = threading.Event()
        self.answers: list[dict[str, bool]] = []
        self.claims = 0

    def __enter__(self) -> Canned:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.join(10)

    def run(self) -> None:
        import os

        owner = owner_of(os.getpid())
        while not self._stopped.is_set():
            claim = self._jobs.table.claim(owner, lease_s=600, attempts=9)
            if claim is None:
                time.sleep(0.02)
                continue
            self.claims += 1
            self._play(claim)

    def _play(self, claim: Claim) -> None:
        table, name = self._jobs.table, self._run_folder.name
        run = claim.job.run or f"{name[:15]}-{secrets.token_hex(3)}"
        folder = self._jobs.home / "runs" / run
        if claim.job.revision > 1 and (folder / "report.json").exists():
            kept = folder / "revisions" / str(claim.job.revision - 1)
            kept.mkdir(parents=True, exist_ok=True)
            (folder / "events.jsonl").rename(kept / "events.jsonl")
            for name_of in ("report.json", "run.json"):
                shutil.copy(folder / name_of, kept / name_of)
        if not folder.exists():
            shutil.copytree(
                self._run_folder, folder, ignore=shutil.ignore_patterns("events.jsonl", "report.json", "asks")
            )
        meta = json.loads((folder / "run.json").read_text().replace(name, run)) | {
            "state": "running",
            "revision": claim.job.revision,
        }
        _write(folder / "run.json", json.dumps(meta))
        table.set(claim.job.id, held_by=claim.owner, run=run)
        lines = (self._run_folder / "events.jsonl").read_text().replace(name, run).splitlines(keepends=True)
        done = (
            len((folder / "events.jsonl").read_text().splitlines())
            if (folder / "events.jsonl").exists()
            else 0
        )
        half = len(lines) // 2
        for line in lines[done : half if self._asks and not claim.answers else None]:
            time.sleep(self._pause_s)
            with (folder / "events.jsonl").open("a") as file:
                file.write(line)
        if self._fails:
            table.settle(claim, "failed", message=self._fails)
            return
        if self._asks and not claim.answers:
            asked = json.dumps([a.model_dump() for a in self._asks])
            table.settle(claim, "waiting", asked=asked, answers="{}")
            return
        self.answers.append(dict(claim.answers))
        found = json.loads((self._run_folder / "report.json").read_text().replace(name, run))
        corrected = self._jobs.incident(claim.job.id).corrections
        found["incident"]["corrections"] = [c.model_dump(mode="json") for c in corrected]
        _write(folder / "report.json", json.dumps(found))
        _write(folder / "run.json", json.dumps(meta | {"state": "finished"}))
        table.settle(
            claim, "done", run=run, reported=claim.job.revision, verdict=found["verdict"], probability=found["probability"],
            component=found["component"], fault=found["fault"],
        )  # fmt: skip


def _write(path: Path, text: str) -> None:
    """At once, as the store writes."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)
