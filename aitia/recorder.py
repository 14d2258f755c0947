"""Record an incident: what the configured sources hold of it, as a scenario folder that `aitia replay` diagnoses anew.

Everything is redacted before it is written. `scenario.yaml` is written last, so that a folder without one is no scenario;
as long as a recording is unfinished the folder holds a file INCOMPLETE that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import yaml

from aitia.core.config import BUNDLED, Columns, SourceConfig
from aitia.core.errors import AitiaError, BadInput
from aitia.core.events import Progress
from aitia.core.protocols import Source
from aitia.core.redact import Redactor
from aitia.core.scenario import Expected, Recorded, Reported, Scenario
from aitia.core.words import Component, Incident, SourceKind, Window
from aitia.tools.meaning.dictionary import Dictionary, write_dictionary
from aitia.tools.meaning.metadata import UNTOLD
from aitia.tools.series.gather import joined
from aitia.tools.sources import (
    ChangeSource,
    ClusterSource,
    DictionarySource,
    LogSource,
    MetricSource,
    RemoteLogSource,
    Series,
    SignalSource,
    TopologySource,
    TraceSource,
)
from aitia.tools.sources.cluster.record_cluster import record_cluster
from aitia.tools.sources.exporting import (
    MOST_SAMPLES,
    clean,
    write_changes,
    write_json_lines,
    write_spans,
    write_table,
    write_topology,
    write_waveforms,
)
from aitia.tools.sources.logs.record_logs import copy_streams, read_server
from aitia.tools.sources.metrics.metric_metadata import write_metadata
from aitia.tools.sources.paths import iter_files
from aitia.tools.sources.rows import label_key

INCOMPLETE: Final = "INCOMPLETE"
_UNFINISHED: Final = "This recording was not finished: sources are missing or cut short.\n"
PLACEHOLDER: Final = (
    "Placeholder: no cause was given. Give --cause COMPONENT:FAULT or --healthy, or edit this."
)
_HISTORY: Final = timedelta(days=3650)  # of maintenance
OnEvent = Callable[[Progress], None]


@dataclass(kw_only=True)
class Recording:
    """A recorded folder: the sources in it, and what was left out and why."""

    folder: Path
    sources: list[SourceConfig] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(f.stat().st_size for f in self.folder.rglob("*") if f.is_file())


def record(
    incident: Incident,
    sources: Sequence[tuple[SourceConfig, Source]],
    out: Path,
    *,
    redactor: Redactor,
    now: datetime,
    components: Sequence[Component] = (),
    expected: Expected | None = None,
    on_event: OnEvent = lambda _: None,
) -> Recording:
    """Write the incident and what each source holds of it into the new folder `out`.

    A source that cannot be read is left out with a note. On Ctrl-C the sources recorded so far become a scenario, the file
    INCOMPLETE stays, and KeyboardInterrupt goes on. Raises BadInput where the folder is in use or nothing could be read.
    """
    made = Recording(folder=_new_folder(out), components=list(components))
    (out / INCOMPLETE).write_text(_UNFINISHED, encoding="utf-8")
    writer = _Writer(made, incident, redactor, now)
    try:
        for number, (config, source) in enumerate(sources):
            on_event(
                Progress(what=f"recording {source.name}", done=number, total=len(sources), unit="sources")
            )
            writer.told = partial(_tell, on_event, source.name)
            try:
                writer.write(config, source)
            except (AitiaError, OSError) as error:
                writer.drop()
                made.notes.append(f"{source.name} is left out: {error}")
        made.finished = True
    finally:
        if made.sources:
            _write_scenario(made, incident, redactor, now, expected)
    if not made.sources:
        raise BadInput(f"None of the sources could be recorded. Fix them first. {' '.join(made.notes)}")
    (out / INCOMPLETE).unlink()
    return made


def _tell(on_event: OnEvent, name: str, what: str) -> None:
    on_event(Progress(what=f"recording {name}: {what}", done=0))


def _new_folder(out: Path) -> Path:
    """The folder, made if needed; one that holds anything else than an unfinished recording is left alone."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        if not _is_unfinished(out / INCOMPLETE):
            raise BadInput(f"{str(out)!r} is in use. Give --out a new or empty folder.")
        _emptied(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"Cannot write {str(out)!r} ({error.strerror}). Give --out a folder that can be written."
        ) from None
    return out


def _is_unfinished(mark: Path) -> bool:
    try:
        with mark.open(encoding="utf-8", errors="replace") as file:
            return file.read(len(_UNFINISHED) + 1) == _UNFINISHED
    except OSError:
        return False


def _emptied(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


class _Writer:
    """Writes one source after another; what it read becomes a source of the scenario."""

    def __init__(self, made: Recording, incident: Incident, redactor: Redactor, now: datetime) -> None:
        self.made, self.redactor, self.now = made, redactor, now
        self.windows = [*(b.window for b in incident.baselines), incident.window]
        self.told: Callable[[str], None] = lambda _: None
        self._slugs: set[str] = set()
        self._place: Path | None = None

    @property
    def span(self) -> Window:
        return Window(start=min(w.start for w in self.windows), end=max(w.end for w in self.windows))

    def write(self, config: SourceConfig, source: Source) -> None:
        """Write what the source holds. Raises AitiaError where it cannot be read."""
        self._place = None
        if config.type in BUNDLED:
            self.made.notes.append(
                f"{source.name} is left out: a source of type {config.type} has no file to copy"
            )
        elif source.kind in ("incidents", "runbooks"):
            self._documents(config, source)
        elif source.kind == "metrics" or (source.kind == "signals" and not isinstance(source, SignalSource)):
            if not isinstance(source, MetricSource):
                raise BadInput(f"Give source {source.name} a type that reads series.")
            self._metrics(config, source)
        elif isinstance(source, LogSource):
            self._logs(config, source)
        elif isinstance(source, TraceSource):
            self._traces(config, source)
        elif isinstance(source, ChangeSource):
            self._changes(source)
        elif isinstance(source, ClusterSource):
            self._cluster(config, source)
        elif isinstance(source, SignalSource):
            self._signals(source)
        elif isinstance(source, TopologySource):
            path = self._path(source, ".json")
            self._add(source, "topology", path, write_topology(path, source.components(), self.redactor))
        elif isinstance(source, DictionarySource):
            path, found, safe = self._path(source, ".yaml"), source.entries(), self.redactor.text
            names = {safe(name): entry for name, entry in found.names.items()}
            messages = {safe(text): entry for text, entry in found.messages.items()}
            write_dictionary(path, Dictionary(names=names, messages=messages))
            self._add(source, "dictionary", path, len(names) + len(messages))
        else:
            self.made.notes.append(
                f"{source.name} is left out: sources of kind {source.kind} cannot be recorded"
            )

    def _metrics(self, config: SourceConfig, source: MetricSource) -> None:
        path = self._path(source, ".parquet")
        series = [s for span in joined(self.windows) for s in source.read(span) if s.t.size]
        found: dict[tuple[Any, ...], Series] = {
            (s.component, s.metric, label_key(s.labels), float(s.t[0])): s for s in series
        }
        count, left_out = write_table(path, (found[key] for key in sorted(found)), self.redactor)
        if left_out:
            note = (
                f"{left_out} of {len(found)} series are left out: a table can have at most {MOST_SAMPLES} "
                "samples"
            )
            self.made.notes.append(f"{source.name}: {note}")
        columns, options = Columns(labels=("labels",)), {}
        told = {s.metric: s.metadata for s in series if s.metadata != UNTOLD}
        if told and count:
            beside = path.with_suffix(".metadata.json")
            write_metadata(beside, told, self.redactor)
            options = {"metadata": beside.name}
        self._add(source, "table", path, count, columns=columns, step_s=config.step_s, options=options)

    def _logs(self, config: SourceConfig, source: LogSource) -> None:
        folder = self._path(source, "")
        folder.mkdir()
        spans = joined(self.windows)
        streams = read_server(source, spans) if isinstance(source, RemoteLogSource) else source.streams()
        copied = copy_streams(streams, spans, folder, self.redactor)
        self.made.notes += [f"{source.name}: {note}" for note in copied.notes]
        kept = {k: v for k, v in config.options.items() if k in ("timezone", "component_field")}
        self._add(source, "log_files", folder, copied.lines, component=config.component, options=kept)

    def _traces(self, config: SourceConfig, source: TraceSource) -> None:
        path = self._path(source, ".jsonl")
        spans = [s for window in joined(self.windows) for s in source.spans(window)]
        self._add(source, "otlp", path, write_spans(path, spans, self.redactor), component=config.component)

    def _changes(self, source: ChangeSource) -> None:
        path, span = self._path(source, ".jsonl"), self.span
        history = source.kind == "maintenance"
        if history:
            span = span.model_copy(update={"start": span.end - _HISTORY})
        count = write_changes(path, source.read(span), self.redactor)
        self._add(source, "maintenance" if history else "changes", path, count)

    def _cluster(self, config: SourceConfig, source: ClusterSource) -> None:
        folder = self._path(source, "")
        folder.mkdir()
        taken = record_cluster(source, folder, self.redactor, at=self.now.timestamp(), told=self.told)
        self.made.notes += [f"{source.name}: {note}" for note in taken.notes]
        spaces = {"namespaces": ",".join(source.namespaces())}
        self._add(source, "cluster_recorded", folder, taken.lists, options=spaces)

    def _signals(self, source: SignalSource) -> None:
        folder = self._path(source, "")
        folder.mkdir()
        count = write_waveforms(folder, source.waveforms(self.span), self.redactor)
        self._add(source, "waveform", folder / "signals.yaml", count)

    def _documents(self, config: SourceConfig, source: Source) -> None:
        folder, count = self._path(source, ""), 0
        folder.mkdir()
        for number, file in enumerate(iter_files(config, Path("/"))):
            if source.kind == "runbooks" and file.suffix.lower() in (".md", ".markdown"):
                text = self.redactor.text(file.read_text(encoding="utf-8", errors="replace"))
                (folder / f"{number:03d}-{_slug(self.redactor.text(file.stem))}.md").write_text(
                    text, encoding="utf-8"
                )
                count += 1
            elif source.kind == "incidents":
                lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
                count += write_json_lines(folder / f"{number:03d}.jsonl", lines, self.redactor)
        self._add(source, source.kind, folder, count)

    def _add(self, source: Source, reader: str, path: Path, count: int, **fields: Any) -> None:
        if not count:
            self.made.notes.append(f"{source.name} has no data in the window and is left out")
            self.drop()
            return
        kind: SourceKind = "topology" if reader == "topology" else source.kind
        place = path.relative_to(self.made.folder).as_posix()
        self.made.sources.append(SourceConfig(name=source.name, kind=kind, type=reader, path=place, **fields))

    def drop(self) -> None:
        """Delete what was written of the source at hand."""
        if self._place is not None and self._place.is_dir():
            _emptied(self._place)
            self._place.rmdir()
        elif self._place is not None:
            self._place.unlink(missing_ok=True)

    def _path(self, source: Source, suffix: str) -> Path:
        """A place of its own for each source; of two whose names are alike the later one's bears a number."""
        slug = base = _slug(source.name)
        number = 1
        while slug in self._slugs:
            number += 1
            slug = f"{base}-{number}"
        self._slugs.add(slug)
        self._place = self.made.folder / f"{slug}{suffix}"
        return self._place


def _write_scenario(
    made: Recording, incident: Incident, redactor: Redactor, now: datetime, expected: Expected | None
) -> None:
    """Write `scenario.yaml`; without an answer it holds the placeholder `unknown`."""
    notes = list(made.notes) if made.finished else ["Interrupted: sources are missing.", *made.notes]
    scenario = Scenario(
        id=_slug(redactor.text(incident.title)),
        title=incident.title,
        description="Recorded with `aitia record`; secrets and personal data are pseudonyms.",
        recorded=Recorded(by="aitia record", at=now, notes=" ".join(notes)),
        incident=Reported(
            title=incident.title,
            text=incident.text,
            started_at=incident.started_at,
            labels=incident.labels,
            hints=incident.hints,
        ),
        now=max(now, incident.window.end),
        window=incident.window,
        baselines=incident.baselines,
        sources=tuple(made.sources),
        components=tuple(made.components),
        expected=expected or Expected(verdict="unknown", why=PLACEHOLDER),
    )
    plain = clean(scenario.model_dump(mode="json", by_alias=True), redactor)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
    (made.folder / "scenario.yaml").write_text(text, encoding="utf-8")


def _slug(text: str) -> str:
    """A name for a file or a scenario: lower case, digits and single hyphens, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-")[:60].strip("-") or "incident"
