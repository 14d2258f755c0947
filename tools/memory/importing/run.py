"""The import of files into the store: batch by batch, so that a stop loses nothing that was said to be kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from pydantic import BaseModel

from aitia.core.errors import BadInput, ModelError
from aitia.core.llm import Classifier
from aitia.core.trust import leads_out
from aitia.tools.meaning.answers import Answers
from aitia.tools.memory.importing.exports import jira, json_array, pagerduty
from aitia.tools.memory.importing.lines import is_work_orders, json_lines, table, work_orders
from aitia.tools.memory.importing.markdown import post_mortem
from aitia.tools.memory.importing.reading import Read, TextFile, loads, opened
from aitia.tools.memory.importing.stories import filled
from aitia.tools.memory.rows import MAX_CHARS
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import Counts, PastIncident

Format = Literal["jsonl", "json", "csv", "workorders", "markdown", "pagerduty", "jira"]
READERS: Final[Mapping[str, Callable[[TextFile], Iterator[Read]]]] = MappingProxyType(
    {
        "jsonl": json_lines,
        "json": json_array,
        "csv": table,
        "workorders": work_orders,
        "markdown": post_mortem,
        "pagerduty": pagerduty,
        "jira": jira,
    }
)
SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".md", ".markdown", ".txt")
BATCH: Final = 200
NAMED: Final = 100  # problems and duplicates that are told one by one
MOST_ASKED: Final = 600  # sentences that a model is asked about in one import: some ten minutes of a core
_ROOM: Final = 1 << 16  # characters that pseudonyms may add to a record
_HEAD: Final = 1 << 16


class Imported(BaseModel):
    """What an import did so far. `told`: of how many their text filled fields that were empty; `without_cause`: how many of these
    name none.

    `problems` and `duplicates` name the first `NAMED` by file and line.
    """

    files: int = 0
    read: int = 0
    counts: Counts = Counts()
    told: int = 0
    without_cause: int = 0
    note: str = ""
    broken: int = 0
    problems: list[str] = []
    repeated: int = 0
    duplicates: list[str] = []

    def broke(self, read: Read) -> None:
        """One that cannot be read."""
        self.broken += 1
        if len(self.problems) < NAMED:
            self.problems.append(f"{read.where}: {read.problem}")

    def repeat(self, where: str, why: str) -> None:
        """One that is there already."""
        self.repeated += 1
        if len(self.duplicates) < NAMED:
            self.duplicates.append(f"{where}: {why}")


OnRead = Callable[[Imported, str, int, int], None]
"""What is shown: the import so far, the file's name, its bytes read and its size."""


def import_files(
    store: MemoryStore,
    paths: Sequence[Path],
    *,
    format: Format | None = None,
    by: str,
    on_read: OnRead | None = None,
    done: Imported | None = None,
    model: Classifier | None = None,
) -> Imported:
    """Read files and folders into the store. Raises BadInput for a path that is not there or a format that is not known.

    `done` is filled while reading, for a caller that is interrupted. `model` reads, beside the learned reader, what a text tells
    whose fields are empty; it is one that was tuned on sentences.
    """
    done = done if done is not None else Imported()
    filling = _Filling(model, done)
    files = [(file, format or format_of(file)) for file in _files(paths)]
    seen = sqlite3.connect("")  # a temporary file of SQLite's own: ids of any number in flat memory
    try:
        seen.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID")
        batch: list[tuple[str, PastIncident]] = []
        for file, chosen in files:
            size = file.stat().st_size
            with opened(file) as text:
                for read in READERS[chosen](text):
                    done.read += 1
                    if read.incident is None:
                        done.broke(read)
                    elif (first := _first(seen, read)) is not None:
                        done.repeat(
                            read.where,
                            f"id {read.incident.id!r} already appears in {first}: the first one is kept",
                        )
                    else:
                        incident = filling.filled(read.incident)
                        if len(incident.model_dump_json()) > MAX_CHARS:
                            problem = f"it is larger than {MAX_CHARS >> 20} MiB: shorten or split it"
                            done.broke(Read(where=read.where, problem=problem))
                            continue
                        done.told += incident is not read.incident
                        done.without_cause += incident is not read.incident and not incident.cause
                        batch.append((read.where, incident))
                    if len(batch) >= BATCH:
                        _keep(store, batch, by, done)
                        batch = []
                        if on_read is not None:
                            on_read(done, file.name, text.done, size)
            done.files += 1
            if on_read is not None:
                on_read(done, file.name, size, size)
        _keep(store, batch, by, done)
    finally:
        seen.close()
    return done


def format_named(name: str) -> Format:
    """A format by its name. Raises BadInput."""
    for known in get_args(Format):
        if known == name:
            return cast(Format, known)
    raise BadInput(f"Set --format to one of {', '.join(READERS)}, not {name!r}.")


def format_of(file: Path) -> Format:
    """The format of a file, by its ending and its beginning. Raises BadInput where none fits."""
    suffix = file.suffix.lower()
    if suffix in (".md", ".markdown", ".txt"):
        return "markdown"
    with opened(file) as text:
        head = text.chunk(_HEAD)
    if suffix in (".csv", ".tsv"):
        return "workorders" if is_work_orders(head.partition("\n")[0]) else "csv"
    if suffix in (".jsonl", ".ndjson") or _is_object(head.partition("\n")[0]):
        return "jsonl"
    if '"issues"' in head[:2000] or ('"fields"' in head and '"key"' in head):
        return "jira"
    if '"incidents"' in head or '"incident_number"' in head:
        return "pagerduty"
    if head.lstrip().startswith("["):
        return "json"
    raise BadInput(
        f"The format of {str(file)!r} is not recognised. Set it with --format {'|'.join(READERS)}."
    )


def _is_object(line: str) -> bool:
    try:
        found = loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and not {"incidents", "issues"} & found.keys()


def _is_wanted(path: Path, folder: Path) -> bool:
    """A readable kind of file that lies in the folder itself: a link out of it is somebody's who sent the folder."""
    return path.suffix.lower() in SUFFIXES and path.is_file() and not leads_out(path, folder)


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if _is_wanted(p, path))
            if not inside:
                raise BadInput(
                    f"{str(path)!r} has no files of {', '.join(SUFFIXES)}. Give a folder that does."
                )
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise BadInput(f"{str(path)!r} does not exist. Give a file or folder that does.")
    return list(dict.fromkeys(found))


class _Filling:
    """What fills empty fields by texts. The model is given up, with a note, once it fails or was asked enough."""

    def __init__(self, model: Classifier | None, done: Imported) -> None:
        self._model, self._done = model, done

    def filled(self, incident: PastIncident) -> PastIncident:
        """The incident with what its text tells, where there is room for that in the store."""
        if isinstance(self._model, Answers) and self._model.asked > MOST_ASKED:
            self._give_up(f"the model read {self._model.asked} sentences; the rest were read without it")
        try:
            made = filled(incident, self._model)
        except ModelError as error:
            self._give_up(f"sentences were read without the model: {error}")
            made = filled(incident)
        return made if len(made.model_dump_json()) < MAX_CHARS - _ROOM else incident

    def _give_up(self, why: str) -> None:
        self._model, self._done.note = None, why


def _first(seen: sqlite3.Connection, read: Read) -> str | None:
    """Where the same id was read before; None, and kept in mind, where it was not."""
    assert read.incident is not None
    id = read.incident.id.encode("utf-8", "replace").decode()
    if seen.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (id, read.where)).rowcount:
        return None
    return str(seen.execute("SELECT place FROM seen WHERE id = ?", (id,)).fetchone()[0])


def _keep(store: MemoryStore, batch: Sequence[tuple[str, PastIncident]], by: str, done: Imported) -> None:
    twins = store.twins([incident for _, incident in batch])
    runs = store.of_runs([incident for _, incident in batch])
    kept: list[PastIncident] = []
    for where, incident in batch:
        if other := twins.get(incident.id):
            done.repeat(where, f"same title, component and time as {other!r}: that one is kept")
        elif incident.id in runs:
            done.repeat(
                where, f"id {incident.id!r} belongs to a run, which a file cannot change: the run's is kept"
            )
        else:
            kept.append(incident)
    done.counts += store.put(kept, by=by)
