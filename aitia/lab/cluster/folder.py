"""Writes what was observed of a site as a scenario folder."""

from __future__ import annotations

import gzip
import json
import lzma
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aitia.core.errors import BadInput
from aitia.lab.cluster.scrape import Row, root
from aitia.lab.cluster.site import Site
from aitia.lab.cluster.world import Object
from aitia.tools.sources.cluster.object_kinds import KINDS

TAIL: Final = 30  # lines of a pod in the recording, the last ones, as `kubectl logs --tail` gives them
PLURALS: Final[Mapping[str, str]] = {kind: plural for plural, kind in KINDS.items()} | {
    "EndpointSlice": "endpointslices",
    "Role": "roles",
    "Lease": "leases",
    "Gateway": "gateways",
    "VirtualService": "virtualservices",
    "PeerAuthentication": "peerauthentications",
    "Certificate": "certificates",
}
WIDE: Final = frozenset(
    {"Node", "Namespace", "PersistentVolume", "StorageClass", "ValidatingWebhookConfiguration"}
)
ALWAYS: Final = (
    "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Service", "Endpoints", "Ingress",
    "NetworkPolicy", "ConfigMap", "Secret", "ServiceAccount", "RoleBinding", "ResourceQuota", "LimitRange",
    "PersistentVolumeClaim", "PodDisruptionBudget", "HorizontalPodAutoscaler", "Event",
)  # fmt: skip
"""Kinds that are listed in the site's own namespace even where there is none."""


def iso(at: float) -> str:
    """Epoch seconds as ISO 8601 UTC with milliseconds."""
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_folder(out: Path) -> None:
    """Only a folder that holds a scenario, or nothing, is replaced. Raises BadInput for another."""
    if out.exists() and any(out.iterdir()) and not (out / "scenario.yaml").exists():
        raise BadInput(f"Give a new folder: {str(out)!r} holds something that is no scenario.")


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write into, which takes its place once all is written: an interrupted run leaves none half done."""
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_objects(site: Site, out: Path) -> None:
    """One list a kind and namespace, as `kubectl get -o json` gives it."""
    world = site.world
    groups: dict[tuple[str, str], list[Object]] = {}
    for space in dict.fromkeys((site.layout.namespace, *(site.layout.space(a) for a in site.layout.apps))):
        groups |= {(space, kind): [] for kind in ALWAYS}
    for (kind, space, _), item in world.objects.items():
        if kind != "Event" and kind in PLURALS:
            groups.setdefault((space, kind), []).append(item)
    for event in world.events():
        groups.setdefault((event["metadata"]["namespace"], "Event"), []).append(event)
    for (space, kind), items in sorted(groups.items()):
        folder = out / "cluster" / ("cluster" if kind in WIDE else f"namespaces/{space}")
        folder.mkdir(parents=True, exist_ok=True)
        version = items[0]["apiVersion"] if items else "v1"
        body = {
            "apiVersion": version,
            "kind": f"{kind}List",
            "metadata": {"resourceVersion": str(world.version)},
            "items": items if kind == "Event" else sorted(items, key=lambda i: str(i["metadata"]["name"])),
        }
        data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        (folder / f"{PLURALS[kind]}.json.xz").write_bytes(lzma.compress(data, preset=6))


def write_logs(site: Site, out: Path, begins: int) -> None:
    """Each app's lines as a log shipper keeps them, and the last ones of each pod as the API gives them."""
    apps: dict[str, list[tuple[float, str]]] = defaultdict(list)
    names = {p["metadata"]["name"]: p for p in site.world.all_of("Pod")}
    app_names = sorted((a.name for a in site.layout.apps), key=len, reverse=True)
    by_pod: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for (space, pod, _), lines in sorted(site.life.logs.items()):
        kept = sorted((at, text) for at, text in lines if at >= begins)
        held = names.get(pod)
        owner = root(site.world, held) if held else next((n for n in app_names if pod.startswith(n)), pod)
        apps[owner] += kept
        if held:
            by_pod[space, pod] += kept
    (out / "logs").mkdir()
    for app, lines in sorted(apps.items()):
        if lines:
            text = "".join(f"{line}\n" for _, line in sorted(lines, key=lambda e: e[0]))
            (out / "logs" / f"{app}.log.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    for (space, pod), lines in sorted(by_pod.items()):
        folder = out / "cluster" / "namespaces" / space / "pods" / pod
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{line}\n" for _, line in sorted(lines, key=lambda e: e[0])[-TAIL:])
        (folder / "current.log").write_text(text, encoding="utf-8")


def write_metrics(rows: Sequence[Row], path: Path) -> None:
    """The long table as zstd Parquet, sorted so that it packs well."""
    import duckdb
    import numpy as np

    ordered = sorted(rows, key=lambda row: (row[2], row[1], row[3], row[0]))
    columns: dict[str, Any] = {
        "t": np.array([row[0] for row in ordered], dtype=np.float64),
        "component": np.array([row[1] for row in ordered], dtype=object),
        "metric": np.array([row[2] for row in ordered], dtype=object),
        "labels": np.array([row[3] for row in ordered], dtype=object),
        "value": np.array([float(row[4]) for row in ordered], dtype=np.float64),
    }
    with duckdb.connect() as db:
        db.execute("SET TimeZone='UTC'")
        db.register("samples", columns)
        db.execute(
            "COPY (SELECT make_timestamp_ms(CAST(t * 1000 AS BIGINT)) AS time, component, metric, labels, value FROM samples) "
            f"TO '{path.as_posix()}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)"
        )


def write_changes(site: Site, out: Path) -> None:
    """The journal: JSON lines, oldest first."""
    lines = []
    for change in sorted(site.changes, key=lambda c: c.at):
        entry = {
            "at": iso(change.at),
            "component": change.component,
            "kind": change.kind,
            "text": change.text,
        }
        lines.append(
            json.dumps(entry | ({"version": change.version} if change.version else {}), ensure_ascii=False)
        )
    (out / "changes.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def write_topology(site: Site, out: Path) -> None:
    """Who calls whom, as the site's own catalogue has it."""
    import yaml

    components = []
    for app in site.layout.apps:
        links = [{"relation": "calls", "to": name} for name in app.calls]
        aliases = [n for n in (app.service_name,) if n != app.name]
        components.append({"id": app.name, "type": "app", **({"aliases": aliases} if aliases else {}), **({"links": links} if links else {})})  # fmt: skip
    _yaml(out / "topology.yaml", {"components": components}, yaml)


def write_scenario(out: Path, body: Mapping[str, Any]) -> None:
    """scenario.yaml."""
    import yaml

    _yaml(out / "scenario.yaml", body, yaml)


def _yaml(path: Path, body: Mapping[str, Any], yaml: Any) -> None:
    path.write_text(
        yaml.safe_dump(dict(body), sort_keys=False, allow_unicode=True, width=110), encoding="utf-8"
    )


def sources() -> list[dict[str, Any]]:
    """The sources of every folder that is written here."""
    table = {
        "time": "time",
        "component": "component",
        "metric": "metric",
        "value": "value",
        "labels": ["labels"],
    }
    made: Iterable[dict[str, Any]] = (
        {"name": "cluster", "kind": "cluster", "type": "cluster_recorded", "path": "cluster"},
        {"name": "prometheus", "kind": "metrics", "type": "table", "path": "metrics.parquet", "columns": table, "step_s": 30.0},
        {"name": "logs", "kind": "logs", "type": "log_files", "path": "logs"},
        {"name": "journal", "kind": "changes", "type": "changes", "path": "changes.jsonl"},
        {"name": "catalogue", "kind": "topology", "type": "topology", "path": "topology.yaml"},
    )  # fmt: skip
    return list(made)
