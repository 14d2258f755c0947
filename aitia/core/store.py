"""The run store: `AITIA_HOME/runs/ID/`, everything that is needed to explain, resume and rerun a run."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from aitia.core.errors import BadInput, NotRecorded, RunNotFound, Untrusted
from aitia.core.events import EVENT, Event
from aitia.core.redact import Redactor, load_key
from aitia.core.trust import strange
from aitia.core.words import Report, Result

SCHEMA_VERSION = 1
# What one revision of a run consists of; artifacts are named by their content and stay.
_REVISED = ("report.json", "events.jsonl", "llm.jsonl", "results", "checkpoints.sqlite",
            "checkpoints.sqlite-wal", "checkpoints.sqlite-shm")  # fmt: skip
# What decides what a run reads, starts and asks when it goes on: signed, so that nobody else's run can do it here.
_POWERS = ("id", "sources", "mcp", "root", "trusted", "asked_model", "model")
_FOUND = ("opened", "timings", "verdict", "probability", "component", "fault", "seconds")


def report_bytes(report: Report) -> bytes:
    """The canonical bytes of a report: what `report.json` holds and what a rerun must reproduce."""
    body = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    return body.encode("utf-8") + b"\n"


class RunStore:
    """One run on disk (mode 0700). Safe for several threads of one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    @classmethod
    def create(cls, home: Path, *, meta: Mapping[str, Any]) -> RunStore:
        """A new run folder; its id begins with the UTC time so that runs sort by age."""
        now = datetime.now(tz=UTC)
        run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        path = home / "runs" / run_id
        path.mkdir(parents=True, mode=0o700)
        for folder in ("results", "artifacts"):
            (path / folder).mkdir(mode=0o700)
        store = cls(path)
        created = {
            "schema_version": SCHEMA_VERSION,
            "id": run_id,
            "created_at": now.isoformat(),
            "state": "running",
        }
        store._put_meta(store._signed(created | store.redactor.plain(dict(meta))))
        return store

    @classmethod
    def open(cls, home: Path, run_id: str) -> RunStore:
        """An existing run by id, by a unique beginning of it, or `last`. Raises RunNotFound."""
        runs = sorted(p.name for p in (home / "runs").glob("*") if (p / "run.json").is_file())
        found = runs[-1:] if run_id == "last" else [r for r in runs if run_id and r.startswith(run_id)]
        if run_id in found:
            found = [run_id]
        if len(found) != 1:
            what = "several runs begin so" if found else "there is no such run"
            raise RunNotFound(
                f"Give the id of a recorded run, the beginning of one, or last: {what}: {run_id!r}."
            )
        store = cls(home / "runs" / found[0])
        if (alien := strange(store.path)) is not None:
            raise Untrusted(
                f"Remove {str(alien)!r}: a run holds plain files and folders, no links or devices."
            )
        version = store.meta().get("schema_version")
        if version != SCHEMA_VERSION:
            raise BadInput(f"Use the aitia version that wrote run {found[0]}: its schema is {version!r}.")
        return store

    @cached_property
    def redactor(self) -> Redactor:
        """What nothing gets into the store without passing, by the key of its AITIA_HOME."""
        of_run = self.path.parent.parent if self.path.parent.name == "revisions" else self.path
        return Redactor(load_key(of_run.parent.parent))

    @property
    def id(self) -> str:
        """The run's id, which is its folder's name."""
        return self.path.name

    def meta(self) -> dict[str, Any]:
        """What `run.json` holds."""
        found: dict[str, Any] = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        return found

    def update_meta(self, **fields: Any) -> None:
        """Merge fields into `run.json`, atomically."""
        with self._alone():
            before = self.meta()
            after = before | self.redactor.plain(fields)
            self._put_meta(self._signed(after) if self.is_own(before) else after)

    def is_own(self, meta: Mapping[str, Any] | None = None) -> bool:
        """Whether this home made the run, in this place, and what it may do when it goes on is as it was.

        A folder that is copied in, from elsewhere or back, is not: its checkpoints could be anybody's.
        """
        told = self.meta() if meta is None else meta
        proof = told.get("proof")
        return isinstance(proof, str) and hmac.compare_digest(proof, self._proof(told))

    def _signed(self, meta: dict[str, Any]) -> dict[str, Any]:
        return meta | {"proof": self._proof(meta)}

    def _proof(self, meta: Mapping[str, Any]) -> str:
        """A keyed hash of what the run may do and of which folder it is; the key never leaves the home (mode 0600)."""
        told = {"what": "aitia run", "folder": self.path.stat().st_ino, **{k: meta.get(k) for k in _POWERS}}
        body = json.dumps(told, sort_keys=True).encode()
        return hmac.new(load_key(self.path.parent.parent), body, hashlib.sha256).hexdigest()

    def _put_meta(self, meta: Mapping[str, Any]) -> None:
        self._write("run.json", json.dumps(meta, ensure_ascii=False, indent=1).encode())

    def revise(self) -> int:
        """Put the finished report with its recording into `revisions/N/`, and begin anew; the new revision's number.

        A revision that came to no report is not kept.
        """
        with self._alone():
            meta = self.meta()
            number = 1 + sum(1 for _ in self.path.glob("revisions/*/report.json"))
            finished = (self.path / "report.json").exists()
            kept = self.path / "revisions" / str(number)
            if finished:
                kept.mkdir(parents=True, mode=0o700, exist_ok=True)
                shutil.copyfile(self.path / "run.json", kept / "run.json")
                number += 1
            # The report goes last: until then a second try finds what a kill left undone.
            for name in reversed(_REVISED):
                _move(self.path / name, kept / name if finished else None)
            (self.path / "results").mkdir(mode=0o700)
            begun = {key: value for key, value in meta.items() if key not in _FOUND}
            begun |= {"state": "running", "revision": number, "revised_at": datetime.now(tz=UTC).isoformat()}
            self._write("run.json", json.dumps(begun, ensure_ascii=False, indent=1).encode())
        return number

    def revision(self, number: int) -> RunStore:
        """One revision of the run, the present one among them. Raises RunNotFound."""
        if number == self.meta().get("revision", 1):
            return self
        if not (self.path / "revisions" / str(number) / "run.json").is_file():
            raise RunNotFound(f"Give a revision from 1 to {self.meta().get('revision', 1)} of run {self.id}.")
        return RunStore(self.path / "revisions" / str(number))

    def event(self, event: Event) -> None:
        """Append an event."""
        self._append("events.jsonl", self.redactor.word(event).model_dump_json())

    def events(self) -> Iterator[Event]:
        """The events so far."""
        return (EVENT.validate_json(line) for line in self._lines("events.jsonl"))

    def put_result(self, result: Result) -> None:
        """Keep a task's result."""
        self._write(
            f"results/{result.task}.json", self.redactor.word(result).model_dump_json(indent=1).encode()
        )

    def results(self) -> dict[int, Result]:
        """All results, by task id."""
        files = sorted((self.path / "results").glob("*.json"), key=lambda p: int(p.stem))
        return {int(f.stem): Result.model_validate_json(f.read_bytes()) for f in files}

    def put_llm(self, key: str, record: Mapping[str, Any]) -> None:
        """Append a model call: its key is the hash of method, prompt and parameters."""
        self._append(
            "llm.jsonl", json.dumps({"key": key} | self.redactor.plain(dict(record)), ensure_ascii=False)
        )

    def llm_records(self) -> list[dict[str, Any]]:
        """All recorded model calls."""
        return [json.loads(line) for line in self._lines("llm.jsonl")]

    def put_artifact(self, data: bytes, suffix: str = "") -> str:
        """Keep plot data; the name returned is its sha256 (and suffix)."""
        name = hashlib.sha256(data).hexdigest() + suffix
        self._write(f"artifacts/{name}", data)
        return name

    def artifact(self, digest: str) -> bytes:
        """The bytes of an artifact. Raises NotRecorded."""
        try:
            return (self.path / "artifacts" / Path(digest).name).read_bytes()
        except OSError:
            raise NotRecorded(f"Artifact {digest!r} is not in run {self.id}.") from None

    def put_report(self, report: Report) -> None:
        """Keep the report."""
        self._write("report.json", report_bytes(self.redactor.word(report)))

    def report_json(self) -> bytes:
        """The bytes of `report.json`. Raises RunNotFound where the run has not finished."""
        try:
            return (self.path / "report.json").read_bytes()
        except OSError:
            raise RunNotFound(
                f"Finish the run first with `aitia resume {self.id}`: it has no report yet."
            ) from None

    def report(self) -> Report:
        """The report."""
        return Report.model_validate_json(self.report_json())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread and no other process changes `run.json` meanwhile."""
        with self._lock:
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
            finally:
                os.close(folder)

    def _write(self, name: str, data: bytes) -> None:
        part = self.path / f"{name}.{threading.get_ident()}.part"
        part.write_bytes(data)
        os.replace(part, self.path / name)

    def _append(self, name: str, line: str) -> None:
        with self._lock, (self.path / name).open("ab") as file:
            if file.tell() and not _ends_a_line(self.path / name):
                file.write(b"\n")  # a kill left half a line: it must not swallow this one
            file.write(line.encode("utf-8") + b"\n")

    def _lines(self, name: str) -> list[str]:
        """The whole lines of a file. Half a line, left by a kill, was never acknowledged and is dropped."""
        path = self.path / name
        found = path.read_bytes().split(b"\n") if path.exists() else []
        return [text for raw in found if (text := _json_text(raw))]


def _move(path: Path, to: Path | None) -> None:
    """Rename a file or folder, or delete it where it goes nowhere."""
    if not path.exists():
        return
    if to is not None and not to.exists():
        path.rename(to)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _ends_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _json_text(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
        json.loads(text)
    except ValueError:  # half a line, or half a character
        return ""
    return text


def list_runs(home: Path) -> list[dict[str, Any]]:
    """The runs in the store, newest first."""
    found = []
    for file in sorted((home / "runs").glob("*/run.json"), reverse=True):
        if file.is_symlink():
            continue  # aitia makes none: it would show another file
        with suppress(FileNotFoundError):  # another process deleted it just now
            found.append(json.loads(file.read_text(encoding="utf-8")))
    return found


def remove_run(home: Path, run_id: str) -> None:
    """Delete a run and all it holds."""
    shutil.rmtree(RunStore.open(home, run_id).path)
