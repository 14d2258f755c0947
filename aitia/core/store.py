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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from aitia.core.disk import need_room, set_aside, storing, tell_once, write_whole
from aitia.core.errors import DatabaseAway, NotRecorded, RunNotFound, StoreDamaged, StoreError, Untrusted
from aitia.core.events import EVENT, Event
from aitia.core.memory_folder import adopt, make_spare, spare_runs
from aitia.core.redact import Redactor, drawn_value, load_key
from aitia.core.runs import (
    SCHEMA_VERSION,
    checked,
    find_run,
    list_runs,
    named_damage,
    named_run,
    not_stored,
    remove_run,
    run_folders,
    sweep,
    why_of,
)
from aitia.core.trust import strange
from aitia.core.words import Report, Result

__all__ = [
    "RunStore", "find_run", "list_runs", "named_run", "not_stored", "remove_run", "report_bytes", "surviving", "sweep",
    "take_in",
]  # fmt: skip
# What one revision of a run consists of; artifacts are named by their content and stay.
_REVISED = ("report.json", "events.jsonl", "llm.jsonl", "said.json", "results", "checkpoints.sqlite",
            "checkpoints.sqlite-wal", "checkpoints.sqlite-shm")  # fmt: skip
# What decides what a run reads, starts and asks when it goes on: signed, so that nobody else's run can do it here.
_POWERS = ("id", "sources", "mcp", "root", "trusted", "asked_model", "model")
_FOUND = ("opened", "timings", "verdict", "probability", "component", "fault", "seconds")
T = TypeVar("T")


def report_bytes(report: Report) -> bytes:
    """The canonical bytes of a report: what `report.json` holds and what a rerun must reproduce."""
    body = json.dumps(report.model_dump(mode="json"), ensure_ascii=False, indent=1, sort_keys=True)
    return body.encode("utf-8") + b"\n"


class RunStore:
    """One run on disk (mode 0700). Safe for several threads of one process."""

    def __init__(self, path: Path, home: Path | None = None) -> None:
        self.path = path
        self.home = home or path.parent.parent
        self._made = False  # by this process
        self._lock = threading.Lock()

    @classmethod
    def create(cls, home: Path, *, meta: Mapping[str, Any]) -> RunStore:
        """A new run folder; its id begins with the UTC time so that runs sort by age.

        Where `home` has no room or cannot be written, the run is kept in memory (`not_stored` says why). Raises StoreError
        where there is none either.
        """
        try:
            with storing(home):
                (home / "runs").mkdir(parents=True, mode=0o700, exist_ok=True)
            need_room(home / "runs")
            return cls._create(home / "runs", home, meta)
        except StoreError as error:
            tell_once(f"{error} This run is kept in memory only.")
            return cls._create(make_spare(home, error), home, dict(meta) | {"not_stored": str(error)})

    @classmethod
    def _create(cls, runs: Path, home: Path, meta: Mapping[str, Any]) -> RunStore:
        now = datetime.now(tz=UTC)
        run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        store = cls(runs / run_id, home)
        store._made = True
        created = {
            "schema_version": SCHEMA_VERSION,
            "id": run_id,
            "created_at": now.isoformat(),
            "state": "running",
        }
        try:
            with storing(store.path):
                store.path.mkdir(mode=0o700)
                for folder in ("results", "artifacts"):
                    (store.path / folder).mkdir(mode=0o700)
            store._put_meta(store._signed(created | store.redactor.plain(dict(meta))), durable=True)
        except BaseException:
            shutil.rmtree(store.path, ignore_errors=True)
            raise
        return store

    @classmethod
    def open(cls, home: Path, run_id: str) -> RunStore:
        """An existing run by id, by a unique beginning of it, or `last`, which passes damaged ones by.

        Raises RunNotFound, StoreDamaged.
        """
        found = named_run(home, run_id)
        store = cls(run_folders(home)[found], home)
        store.meta()
        if (alien := strange(store.path)) is not None:
            raise Untrusted(
                f"{str(alien)!r} is a link or device, but a run contains only plain files and folders. Remove "
                "it."
            )
        return store

    @cached_property
    def redactor(self) -> Redactor:
        """What nothing gets into the store without passing, by the key of its AITIA_HOME."""
        return Redactor(load_key(self.home))

    def leave(self, why: StoreError, *, steps: bool) -> None:
        """Go on in memory: the store refused a write. Of a run that was begun here nothing is left behind.

        steps  take the checkpoints along, of a run that goes on from them

        Raises `why` where that cannot be done.
        """
        runs = make_spare(self.home, why)
        if self.path.parent == runs:
            raise why
        tell_once(f"{why} Run {self.id} continues in memory only.")
        old, new, own = self.path, runs / self.id, self.is_own()
        without = shutil.ignore_patterns("*.part", *(() if steps else ("checkpoints.sqlite*",)))
        with self._lock, storing(runs):
            shutil.copytree(old, new, ignore=without)
            for folder, _, files in os.walk(new):  # copied from a store that is read-only to this user
                os.chmod(folder, 0o700)
                for file in files:
                    os.chmod(os.path.join(folder, file), 0o600)
            self.path = new
        meta = self.meta() | {"not_stored": str(why)}
        self._put_meta(self._signed(meta) if own else meta)  # the proof names the folder
        if self._made:
            shutil.rmtree(old, ignore_errors=True)

    @property
    def id(self) -> str:
        """The run's id, which is its folder's name."""
        return self.path.name

    def meta(self) -> dict[str, Any]:
        """What `run.json` holds. Raises StoreDamaged."""
        try:
            found: dict[str, Any] = checked(self.path / "run.json")
        except StoreDamaged as error:
            raise named_damage(self.id, error) from None
        return found

    def update_meta(self, **fields: Any) -> None:
        """Merge fields into `run.json`, atomically. A change of state outlives a power cut. Raises StoreError."""
        with self.alone():
            before = self.meta()
            after = before | self.redactor.plain(fields)
            signed = self._signed(after) if self.is_own(before) else after
            self._put_meta(signed, durable="state" in fields)

    def is_own(self, meta: Mapping[str, Any] | None = None) -> bool:
        """Whether this home made the run, in this place, and what it may do when it goes on is as it was.

        A folder that is copied in, from elsewhere or back, is not: its checkpoints could be anybody's.
        """
        told = self.meta() if meta is None else meta
        proof = told.get("proof")
        return isinstance(proof, str) and hmac.compare_digest(proof, self._proof(told))

    def is_intact(self) -> bool:
        """Whether `run.json` can be read."""
        try:
            self.meta()
        except StoreDamaged:
            return False
        return True

    def sign(self) -> None:
        """Take the run, as it lies here, for this home's own."""
        with self.alone():
            self._put_meta(self._signed(self.meta()))

    def _signed(self, meta: dict[str, Any]) -> dict[str, Any]:
        return meta | {"proof": self._proof(meta)}

    def _proof(self, meta: Mapping[str, Any]) -> str:
        """A keyed hash of what the run may do and of which folder it is; the key never leaves the home (mode 0600)."""
        told = {"what": "aitia run", "folder": self.path.stat().st_ino, **{k: meta.get(k) for k in _POWERS}}
        body = json.dumps(told, sort_keys=True).encode()
        return hmac.new(load_key(self.home), body, hashlib.sha256).hexdigest()

    def _put_meta(self, meta: Mapping[str, Any], *, durable: bool = False) -> None:
        self._write("run.json", _json(meta), durable=durable)

    def revise(self) -> int:
        """Put the finished report with its recording into `revisions/N/`, and begin anew; the new revision's number.

        A revision that came to no report is not kept.
        """
        with self.alone(), storing(self.path):
            meta = self.meta()
            number = 1 + sum(1 for _ in self.path.glob("revisions/*/report.json"))
            finished = (self.path / "report.json").exists()
            kept = self.path / "revisions" / str(number)
            number += finished
            begun = {key: value for key, value in meta.items() if key not in _FOUND}
            begun |= {"state": "running", "revision": number, "revised_at": datetime.now(tz=UTC).isoformat()}
            # Written before anything moves: a full disk must not leave a run between two revisions.
            ready = self.path / "run.json.next"
            write_whole(ready, _json(begun), durable=True)
            if finished:
                kept.mkdir(parents=True, mode=0o700, exist_ok=True)
                shutil.copyfile(self.path / "run.json", kept / "run.json")
            # The report goes last: until then a second try finds what a kill left undone.
            for name in reversed(_REVISED):
                _move(self.path / name, kept / name if finished else None)
            (self.path / "results").mkdir(mode=0o700)
            os.replace(ready, self.path / "run.json")
        return number

    def revision(self, number: int) -> RunStore:
        """One revision of the run, the present one among them. Raises RunNotFound."""
        if number == self.meta().get("revision", 1):
            return self
        if not (self.path / "revisions" / str(number) / "run.json").is_file():
            raise RunNotFound(f"Give a revision from 1 to {self.meta().get('revision', 1)} of run {self.id}.")
        return RunStore(self.path / "revisions" / str(number), self.home)

    def event(self, event: Event) -> None:
        """Append an event."""
        self._append("events.jsonl", self.redactor.word(event).model_dump_json())

    def events(self) -> Iterator[Event]:
        """The events so far."""
        for line in self._lines("events.jsonl"):
            with suppress(ValidationError):  # of a later version, or damaged: the others stand on their own
                yield EVENT.validate_json(line)

    def put_result(self, result: Result) -> None:
        """Keep a task's result."""
        self._write(
            f"results/{result.task}.json", self.redactor.word(result).model_dump_json(indent=1).encode()
        )

    def results(self) -> dict[int, Result]:
        """All results, by task id. One that is damaged is passed by and named."""
        found = {}
        with storing(self.path):
            files = [f for f in (self.path / "results").glob("*.json") if f.stem.isdigit()]
        for file in sorted(files, key=lambda f: int(f.stem)):
            with self._passing_by(file):
                found[int(file.stem)] = Result.model_validate_json(file.read_bytes())
        return found

    def result(self, task: int) -> Result | None:
        """A task's result, where it is there and whole; a damaged one is set aside, so that the call is made again."""
        file = self.path / "results" / f"{task}.json"
        try:
            return Result.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            set_aside(file, why_of(error))
            return None

    @contextmanager
    def _passing_by(self, file: Path) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            tell_once(
                f"{str(file)!r} is damaged and was skipped ({why_of(error)}). Diagnose the incident of run "
                f"{self.id} again."
            )

    def put_llm(self, key: str, record: Mapping[str, Any]) -> None:
        """Append a model call: its key is the hash of method, prompt and parameters."""
        self._append(
            "llm.jsonl", json.dumps({"key": key} | self.redactor.plain(dict(record)), ensure_ascii=False)
        )

    def llm_records(self) -> list[dict[str, Any]]:
        """All recorded model calls."""
        found = [json.loads(line) for line in self._lines("llm.jsonl")]
        return [record for record in found if isinstance(record, dict) and {"key", "answer"} <= record.keys()]

    def put_artifact(self, data: bytes, suffix: str = "") -> str:
        """Keep plot data without secrets; the name returned is its sha256 (and suffix). Numbers stay."""
        if suffix.endswith(".json"):
            before = json.loads(data)
            if (after := drawn_value(before, self.redactor)) != before:
                data = json.dumps(after, separators=(",", ":")).encode()
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
        self._write("report.json", report_bytes(self.redactor.word(report)), durable=True)

    def restore_report(self, report: Report) -> bool:
        """Write a report anew that was played back, where the recorded one is damaged; whether it was."""
        try:
            self.report()
        except StoreDamaged as error:
            if os.path.lexists(self.path / "report.json"):
                set_aside(self.path / "report.json", str(error.__cause__ or "missing"))
            self.put_report(report)
            return True
        return False

    def report_json(self) -> bytes:
        """The bytes of `report.json`. Raises RunNotFound where the run has not finished, StoreDamaged where they are lost."""
        try:
            return (self.path / "report.json").read_bytes()
        except OSError as error:
            if isinstance(error, FileNotFoundError) and self.meta().get("state") != "finished":
                raise RunNotFound(
                    f"Wait for run {self.id}, or finish it with `aitia resume {self.id}` if it was stopped: it has no"
                    " report yet."
                ) from None
            raise self._lost(error) from error

    def report(self) -> Report:
        """The report. Raises RunNotFound, StoreDamaged."""
        try:
            return Report.model_validate_json(self.report_json())
        except ValidationError as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> StoreDamaged:
        return StoreDamaged(
            f"{str(self.path / 'report.json')!r} is damaged ({why_of(error)}). Rebuild the report of run "
            f"{self.id} with `aitia rerun {self.id}`, or remove the run with `aitia runs rm {self.id}`."
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread and no other process changes `run.json` meanwhile."""
        with self._lock, storing(self.path):
            folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
            finally:
                os.close(folder)

    def _write(self, name: str, data: bytes, *, durable: bool = False) -> None:
        with storing(self.path):
            write_whole(self.path / name, data, durable=durable)

    def _append(self, name: str, line: str) -> None:
        with self._lock, storing(self.path), (self.path / name).open("ab") as file:
            if file.tell() and not _ends_a_line(self.path / name):
                file.write(b"\n")  # a kill left half a line: it must not swallow this one
            file.write(line.encode("utf-8") + b"\n")

    def _lines(self, name: str) -> list[str]:
        """The whole lines of a file. Half a line, left by a kill, was never acknowledged and is dropped."""
        path = self.path / name
        try:
            found = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreDamaged(f"{str(path)!r} cannot be read ({error.strerror}). Move it away.") from error
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


def surviving(store: RunStore, work: Callable[[], T], *, steps: bool) -> T:
    """What `work` makes of a run; where the store refuses a write meanwhile, it begins again in memory, on what was read.

    steps  it goes on from the run's checkpoints
    """
    try:
        return work()
    except (StoreDamaged, DatabaseAway):  # a server that is away is no reason to go on without it
        raise
    except StoreError as error:
        store.leave(error, steps=steps)
        return work()


def take_in(home: Path) -> list[str]:
    """Move the runs that were kept in memory into the store; their ids. Those that this home made stay its own.

    Raises OSError where there is still no room.
    """
    spare = spare_runs(home)
    kept = [RunStore(path, home) for path in sorted(spare.iterdir())] if spare else []
    own = {store.id for store in kept if store.is_intact() and store.is_own()}
    moved = adopt(home)
    for run_id in own.intersection(moved):
        RunStore(home / "runs" / run_id, home).sign()
    return moved


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()
