"""`aitia init`: look for telemetry on this machine and propose an aitia.yaml."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput
from aitia.core.trust import leads_out
from aitia.core.words import Word
from aitia.probe_files import PLAIN_TEXTS, TABLES, described, is_table_text, look_at
from aitia.probe_json import (
    JSONS,
    cluster_sources,
    file_name,
    is_dump,
    is_graph,
    json_form,
    patterns,
    probe_forms,
)
from aitia.probe_pictures import is_sidecar, picture_sources
from aitia.probe_recordings import recording_sources
from aitia.settings import DEFAULT_MODEL, FILE, Settings

PROMETHEUS = ("http://localhost:9090", "http://localhost:8428")
ALERTMANAGER = "http://localhost:9093"
LABELS = ("service", "app", "component", "job", "machine", "asset", "pod", "container", "instance")
NOISE = (
    "go_*", "promhttp_*", "prometheus_*", "scrape_*", "net_conntrack_*", "python_gc_*", "python_info",
    "vm_*", "vmselect_*", "vminsert_*", "flag", "*_created",
)  # fmt: skip
_ADDRESS = re.compile(r"^$|:\d+(?:/|$)|^[\d.]+$|^\[?[0-9a-fA-F:]+\]?$|://|^localhost$")
_SEEN_S, _STEPS = 120, (5.0, 10.0, 15.0, 20.0, 30.0, 60.0)
_TIMEOUT_S = 1.5
_LOGS = (".log", ".out", *JSONS)
SYSTEM_LOGS = Path("/var/log")
EXPORTED: Final = ("metrics", "alarms", "maintenance")
"""What lies in files where it is an export of a plant or of another site, of which this machine's own logs say nothing."""
_FILES: tuple[
    tuple[str, str, Literal["changes", "topology", "incidents", "maintenance", "signals", "dictionary"], str],
    ...,
] = (
    ("changes", "changes.jsonl", "changes", "changes"),
    ("maintenance", "maintenance.jsonl", "maintenance", "maintenance"),
    ("topology", "topology.yaml", "topology", "topology"),
    ("incidents", "incidents.jsonl", "incidents", "incidents"),
    ("signals", "signals.yaml", "signals", "waveform"),
    ("dictionary", "dictionary.yaml", "dictionary", "dictionary"),
)


class Probe(Word):
    """One place looked at; `query` and `answer` are its test, `source` what aitia.yaml would say."""

    what: str
    place: str
    state: Literal["found", "absent", "refused"]
    reason: str
    query: str = ""
    answer: str = ""
    source: SourceConfig | None = None


def probe(folder: Path, *, urls: Sequence[str] = ()) -> list[Probe]:
    """Look at the usual places and the given URLs; every look is bounded in time."""
    if not folder.is_dir():
        raise BadInput(f"{str(folder)!r} does not exist. Give --dir a folder that exists.")
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise BadInput(f"Give --url an address that begins with http:// or https://, not {url!r}.")
    places = list(dict.fromkeys(u.rstrip("/") for u in (*urls, *PROMETHEUS)))
    found = [probe_metrics(url, n) for n, url in enumerate(places)]
    held, tables = list(probe_json(folder)), list(probe_folder(folder))
    exported = bool(held) or any(p.source is not None and p.source.kind in EXPORTED for p in tables)
    return [
        *found,
        probe_alertmanager(ALERTMANAGER),
        probe_kubeconfig(),
        *(p for p in probe_logs(folder) if not exported or p.place != str(SYSTEM_LOGS)),
        *held,
        *tables,
    ]


def _get(url: str, **parameters: str) -> Any:
    """The `data` of a Prometheus API answer, or the JSON itself. Raises httpx.HTTPError or ValueError."""
    import httpx

    answer = httpx.get(url, params=parameters, timeout=_TIMEOUT_S, follow_redirects=False, trust_env=False)
    answer.raise_for_status()
    found = answer.json()
    return found.get("data", found) if isinstance(found, dict) else found


def probe_metrics(url: str, number: int = 0) -> Probe:
    """A Prometheus-compatible server: its component label by counting values, its noisy families, a test query."""
    import httpx

    try:
        labels = set(_get(f"{url}/api/v1/labels"))
        counts = {
            label: len(_get(f"{url}/api/v1/label/{label}/values")) for label in LABELS if label in labels
        }
        names = [str(n) for n in _get(f"{url}/api/v1/label/__name__/values")]
        query = "count(up)"
        answer = _get(f"{url}/api/v1/query", query=query)
        step = step_of(_get(f"{url}/api/v1/query", query=f"max(count_over_time(up[{_SEEN_S}s]))"))
        targets = _labels(_get(f"{url}/api/v1/query", query="count by (job, instance) (up)"))
    except httpx.HTTPStatusError as error:
        return Probe(
            what="metrics", place=url, state="refused", reason=f"answers HTTP {error.response.status_code}"
        )
    except (httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
        return Probe(what="metrics", place=url, state="absent", reason=_reason(error))
    label = pick_label(counts, targets)
    told = ", ".join(f"{name} {n}" for name, n in counts.items()) or "none of the usual labels"
    source = SourceConfig(
        name="metrics" if number == 0 else f"metrics-{number + 1}",
        kind="metrics",
        type="prometheus",
        url=url,
        component_label=label,
        step_s=step,
        ignore=noisy(names),
    )
    return Probe(
        what="metrics",
        place=url,
        state="found",
        reason=f"{len(names)} metric names; label values: {told}; component label {label or 'left to aitia'}",
        query=query,
        answer=_vector(answer),
        source=source,
    )


def pick_label(counts: dict[str, int], targets: Sequence[dict[str, str]] = ()) -> str:
    """The label that names components: the first of the usual ones that tells at least two apart, but not thousands.

    A job may scrape several alike: where a person gave the `targets` names, and tells at least as many apart, those are meant.
    """
    good = [label for label, values in counts.items() if 2 <= values <= 500]
    if good[:1] == ["job"] and "instance" in good:
        jobs, instances = ({t.get(label, "") for t in targets} for label in ("job", "instance"))
        if len(instances) >= max(len(jobs), 2) and not any(map(_ADDRESS.search, instances)):
            return "instance"
    return good[0] if good else next(iter(counts), "")


def step_of(answer: Any) -> float:
    """Seconds between samples, by how many a target has: to read oftener repeats them, to read more seldom misses some."""
    result = answer.get("result") if isinstance(answer, dict) else None
    count = float(result[0]["value"][1]) if result else 0.0
    usual = next((s for s in _STEPS if s * count >= _SEEN_S), 0.0)
    return usual or SourceConfig.model_fields["step_s"].default


def noisy(names: Sequence[str]) -> tuple[str, ...]:
    """Globs of families about the exporters themselves, where the server holds such series."""
    from fnmatch import fnmatchcase

    return tuple(glob for glob in NOISE if any(fnmatchcase(name, glob) for name in names))


def _labels(data: Any) -> list[dict[str, str]]:
    """The label sets of an instant query's answer."""
    return [one.get("metric", {}) for one in data.get("result", ())] if isinstance(data, dict) else []


def _vector(data: Any) -> str:
    result = data.get("result") if isinstance(data, dict) else None
    return str(result[0]["value"][1]) + " targets" if result else "no series"


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {_TIMEOUT_S:g} s"
    if isinstance(error, httpx.ConnectError):
        return "nothing listens there"
    return f"no Prometheus API there ({type(error).__name__})"


def probe_alertmanager(url: str) -> Probe:
    """An Alertmanager: not a source, but where alerts can be taken from."""
    import httpx

    try:
        alerts = _get(f"{url}/api/v2/alerts")
    except (httpx.HTTPError, ValueError) as error:
        return Probe(what="alerts", place=url, state="absent", reason=_reason(error))
    return Probe(
        what="alerts",
        place=url,
        state="found",
        reason=f"curl -s {url}/api/v2/alerts | aitia diagnose --alert -",
        query="/api/v2/alerts",
        answer=f"{len(alerts)} alerts",
    )


def probe_kubeconfig() -> Probe:
    """Whether a kubeconfig lies about: which cluster may be read, a person says."""
    named = os.environ.get("KUBECONFIG", "").split(os.pathsep)[0]
    file = Path(named).expanduser() if named else Path.home() / ".kube" / "config"
    found = file.is_file()
    reason = "to read it, add: - {name: cluster, kind: cluster, type: kubectl}" if found else "no such file"
    return Probe(what="cluster", place=str(file), state="found" if found else "absent", reason=reason)


def probe_logs(folder: Path) -> Iterator[Probe]:
    """Log files of the folder and of its subfolders; only where there are none, those of the system."""
    places = _places(folder)
    found = [p for place in places for p in _logs_in(place, folder)]
    yield from found
    if not any(p.source for p in found):
        yield from _logs_in(SYSTEM_LOGS, SYSTEM_LOGS) or [
            Probe(what="logs", place=str(SYSTEM_LOGS), state="absent", reason="no log files there")
        ]


def _places(folder: Path) -> list[Path]:
    """The folder and the folders in it, dumps of clusters left out: those are sources of their own."""
    if is_dump(folder, inside=False):
        return []
    inside = (d for d in sorted(folder.iterdir()) if d.is_dir() and not d.name.startswith("."))
    return [p for p in (folder, *inside) if not leads_out(p, folder) and not is_dump(p, inside=p != folder)]


def _logs_in(place: Path, root: Path) -> list[Probe]:
    """The log files of one place, a source for those of a suffix."""
    known = {file for _, file, _, _ in _FILES}
    every = sorted(
        p
        for p in (place.iterdir() if place.is_dir() else ())
        if p.suffix.lower() in _LOGS and p.name not in known and _is_data(p, place)
    )
    logs = [p for p in every if p.suffix.lower() not in JSONS or json_form(p) == "logs"]
    shown = f"{place}/" if place == SYSTEM_LOGS else "" if place == root else f"{place.name}/"
    name = "system-logs" if place == SYSTEM_LOGS else "logs" if place == root else place.name
    return [
        _log_files(files, f"{shown}{pattern}", place, root, name)
        for files, pattern in patterns(logs, every, one=False)
    ]


def _log_files(files: Sequence[Path], path: str, place: Path, root: Path, name: str) -> Probe:
    readable = [p for p in files if os.access(p, os.R_OK)]
    if not readable:
        reason = f"{len(files)} log files, none readable"
        return Probe(what="logs", place=str(place), state="refused", reason=reason)
    size = sum(p.stat().st_size for p in readable)
    source: SourceConfig | None = SourceConfig(name=name, kind="logs", type="log_files", path=path)
    reason = f"{len(readable)} of {len(files)} {Path(path).name} files are readable; one component per file"
    if any(p.suffix.lower() in JSONS for p in readable):
        source, told, _ = described(SourceConfig(name=name, kind="logs", type="log_files", path=path), root)
        reason = f"{len(files)} {Path(path).name} files; {told}"
    return Probe(
        what="logs",
        place=str(place),
        state="found" if source else "refused",
        reason=reason,
        query=f"newest of {path}",
        answer=f"{max(readable, key=lambda p: p.stat().st_mtime).name}, {size / 1e6:.1f} MB in all",
        source=source,
    )


def probe_json(folder: Path) -> Iterator[Probe]:
    """JSON files of the folder and of its subfolders by what they hold, logs left out, and dumps of clusters."""
    known = {file for _, file, _, _ in _FILES}
    for place in _places(folder):
        files = sorted(
            p
            for p in place.iterdir()
            if p.suffix.lower() in JSONS and p.name not in known and _is_data(p, place)
        )
        for source, reason, where in (*probe_forms(place, folder, files), *picture_sources(place, folder)):
            yield _opened(source, reason, where, folder)
        yield from probe_recordings(place, folder)
    whole = is_dump(folder, inside=False)
    for dump in [folder] if whole else sorted(d for d in folder.iterdir() if d.is_dir()):
        if not leads_out(dump, folder) and is_dump(dump):
            for source, reason, where in cluster_sources(
                "cluster", "." if whole else dump.name, dump, "a dump of a cluster"
            ):
                yield _opened(source, reason, where, folder)
    for path in sorted(folder.iterdir()):
        if is_graph(path) and _is_data(path, folder) and path.name not in known:
            source = SourceConfig(name=file_name(path.stem), kind="topology", type="topology", path=path.name)
            yield _opened(source, "who depends on whom", path, folder)


def probe_recordings(place: Path, root: Path) -> Iterator[Probe]:
    """Vibration recordings of a place: the folder itself, or one in it."""
    for (source, reason, _), where in recording_sources(place, root):
        yield Probe(
            what="signals",
            place=str(where),
            state="found" if source else "refused",
            reason=reason,
            source=source,
        )


def _opened(source: SourceConfig, reason: str, place: Path, root: Path) -> Probe:
    read, told, _ = described(source, root)
    return Probe(
        what=source.kind,
        place=str(place),
        state="found" if read else "refused",
        reason=f"{reason}; {told}",
        source=read,
    )


def probe_folder(folder: Path) -> Iterator[Probe]:
    """Data files in the folder: tables, changes, topology, incidents, runbooks."""
    usual = {file for _, file, _, _ in _FILES}
    data = sorted(p for p in folder.iterdir() if p.suffix.lower() in TABLES and _is_data(p, folder))
    for path in data:
        if path.name not in usual:
            yield from _data(path)
    texts = sorted(p for p in folder.iterdir() if p.suffix.lower() in PLAIN_TEXTS and _is_data(p, folder))
    yield from (found for path in texts if is_table_text(path) for found in _data(path))
    for name, file, kind, reader in _FILES:
        if _is_data(folder / file, folder):
            size = (folder / file).stat().st_size
            source = SourceConfig(name=name, kind=kind, type=reader, path=file)
            yield Probe(
                what=kind, place=str(folder / file), state="found", reason=f"{size} bytes", source=source
            )
    pages = sorted(
        p for p in (folder / "runbooks").glob("*.md") if not leads_out(folder / "runbooks", folder)
    )
    if pages:
        source = SourceConfig(name="runbooks", kind="runbooks", type="runbooks", path="runbooks")
        yield Probe(
            what="runbooks",
            place=str(folder / "runbooks"),
            state="found",
            reason=f"{len(pages)} pages",
            source=source,
        )


def _is_data(path: Path, folder: Path) -> bool:
    """A file of the folder itself: what a link leads to elsewhere is not proposed, nor what speaks of a picture beside it."""
    return path.is_file() and not leads_out(path, folder) and not is_sidecar(path)


def _data(path: Path) -> Iterator[Probe]:
    kind, (source, reason, answer) = look_at(path)
    if kind:
        yield Probe(
            what=kind,
            place=str(path),
            state="found" if source else "refused",
            reason=reason,
            query=f"select count(*) from '{path.name}'" if answer else "",
            answer=answer,
            source=source,
        )


def proposal(probes: Sequence[Probe], folder: Path) -> str:
    """The text of an aitia.yaml with the sources that were found."""
    sources = [s.model_dump(mode="json", exclude_defaults=True) for s in _renamed(probes)]
    window = Settings().window.model_dump(mode="json")
    body = {"sources": sources, "window": window}
    # A folder's name may hold a line break, and what follows it would be settings.
    called = "".join(c if c.isprintable() else " " for c in folder.resolve().name)
    head = f"# Proposed by `aitia init` for {called}. All fields: docs/configuration.md\n"
    if not sources:
        head += (
            "# No telemetry was found: add a source by hand, for example\n"
            "#   - {name: shop, kind: metrics, type: prometheus, url: 'http://prometheus:9090'}\n"
        )
    model = (
        "# A model writes only if you ask for it: with --model NAME, or here (docs/models.md):\n"
        f"# model: {{name: {DEFAULT_MODEL}}}\n# narrator: model\n"
    )
    return head + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100) + model


def _renamed(probes: Sequence[Probe]) -> Iterator[SourceConfig]:
    """The sources, each with a name of its own: `export.csv` and `export.json` are two."""
    seen = Counter[str]()
    for source in (p.source for p in probes if p.source):
        seen[source.name] += 1
        more = f"-{seen[source.name]}" if seen[source.name] > 1 else ""
        yield source.model_copy(update={"name": source.name + more})


def write_settings(text: str, folder: Path, *, force: bool) -> Path:
    """Write the proposal. Raises BadInput where a file is there and `force` is not given."""
    file = folder / FILE
    if file.exists() and not force:
        raise BadInput(f"{str(file)!r} already exists. Add --force to overwrite it.")
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        why = f"Cannot write {str(file)!r} ({error.strerror}). Choose a --dir that can be written."
        raise BadInput(why) from None
    return file
