"""A live cluster's objects and logs, written down as `cluster_recorded` reads them: one list a file, logs by pod."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.words import from_epoch
from aitia.tools.sources.base import ClusterSource, Object
from aitia.tools.sources.cluster.cluster_redact import redacted_object
from aitia.tools.sources.cluster.object_kinds import (
    CLUSTER_WIDE,
    KINDS,
    NAMESPACED,
    SHARED,
    WORKLOADS,
    section,
)

WORKERS: Final = 4  # questions at once
MOST_LOGGED: Final = 200  # workloads of a namespace


@dataclass(kw_only=True)
class Snapshot:
    """What was written, and what was left out."""

    lists: int = 0
    notes: list[str] = field(default_factory=list)


def record_cluster(
    source: ClusterSource,
    folder: Path,
    redactor: Redactor,
    *,
    at: float,
    told: Callable[[str], None] = lambda _: None,
) -> Snapshot:
    """All lists and recent logs of the source's namespaces, redacted, below `folder`. `at` is now, in epoch seconds.

    `told` hears what is being read. A list that fails is noted. Raises SourceError where none is answered.
    """
    made, failed = Snapshot(), list[tuple[str, SourceError]]()
    spaces = source.namespaces()
    wanted = [(r, s) for s in spaces for r in NAMESPACED] + [(r, "") for r in CLUSTER_WIDE]
    wanted += [(r, s) for s, resources in SHARED.items() if s not in spaces for r in resources]
    for space in dict.fromkeys(s for _, s in wanted):
        told(f"objects of {space or 'the whole cluster'}")
        resources = [r for r, s in wanted if s == space]
        with ThreadPoolExecutor(WORKERS) as pool:
            replies = list(pool.map(lambda r, s=space: _asked(source, r, s), resources))
        failed += [
            (f"{r} {space}".strip(), a)
            for r, a in zip(resources, replies, strict=True)
            if isinstance(a, SourceError)
        ]
        answers = [None if isinstance(a, SourceError) else a for a in replies]
        if failed and not made.lists and not any(a is not None for a in answers):
            raise failed[0][1]  # not one list: the cluster cannot be reached
        found = {r: a for r, a in zip(resources, answers, strict=True) if a is not None}
        for resource, items in found.items():
            made.lists += 1
            _write(folder, resource, space, items, redactor, at)
        if space in spaces:
            told(f"logs of {space}")
            _logs(source, folder, space, found, redactor, failed, made)
    if failed:
        what, error = failed[0]
        made.notes.append(f"{len(failed)} queries failed, first {what}: {redactor.text(str(error))}")
    return made


def _asked(source: ClusterSource, resource: str, space: str) -> list[Object] | SourceError | None:
    try:
        return source.objects(resource, space)
    except SourceError as error:
        return error


def _write(
    folder: Path, resource: str, space: str, items: list[Object], redactor: Redactor, at: float
) -> None:
    """A list as `kubectl get -o json` writes it, with its own kind: an empty one was read too."""
    path = _below(folder, space) / f"{resource}.json"
    made: dict[str, Any] = {
        "kind": f"{KINDS[resource]}List",
        "metadata": {"creationTimestamp": from_epoch(at).isoformat()},
        "items": [redacted_object(item, redactor) for item in items],
    }
    path.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _below(folder: Path, space: str) -> Path:
    path = folder / "namespaces" / space if space else folder / "cluster"
    path.mkdir(parents=True, exist_ok=True)
    return path


def _logs(
    source: ClusterSource,
    folder: Path,
    space: str,
    found: Mapping[str, list[Object]],
    redactor: Redactor,
    failed: list[tuple[str, SourceError]],
    made: Snapshot,
) -> None:
    """The recent lines of each workload, below the first of its pods."""
    owners = [i for r in WORKLOADS for i in found.get(r, ())]
    if len(owners) > MOST_LOGGED:
        made.notes.append(f"only the logs of {MOST_LOGGED} of {len(owners)} workloads of {space} were read")
    for one in owners[:MOST_LOGGED]:
        labels = section(one, "spec", "selector", "matchLabels")
        pods = [
            p
            for p in found.get("pods", ())
            if labels and labels.items() <= section(p, "metadata", "labels").items()
        ]
        if not pods:
            continue
        try:
            lines = source.logs(space, labels)
        except SourceError as error:
            failed.append((f"logs of {section(one, 'metadata').get('name')} {space}", error))
            continue
        if lines is not None:
            path = _below(folder, space) / "pods" / str(section(pods[0], "metadata")["name"]) / "current.log"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{redactor.text(line)}\n" for line in lines), encoding="utf-8")
