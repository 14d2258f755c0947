"""From a live Prometheus and live logs to the files of a scenario folder."""

from __future__ import annotations

import json
import lzma
import re
import site
import sysconfig
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from aitia.core.errors import SourceError
from aitia.lab.folder import Row
from aitia.lab.ports import RUN
from aitia.lab.servers.rig import Rig

_OWN: Final = re.compile(r"(go|promhttp|process|python|scrape|prometheus|net_conntrack)_|.*_exporter_")
_OTHERS: Final = re.compile(f"/{RUN}[a-z0-9_]{{8}}")
_DROP: Final = frozenset({"job", "instance", "__name__"})


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series of a recording."""

    job: str
    component: str
    metric: str
    labels: str
    values: tuple[tuple[float, float], ...]

    def rows(self) -> Iterable[Row]:
        """As the table holds it."""
        return ((t, self.component, self.metric, self.labels, value) for t, value in self.values)


def read_series(rig: Rig, *, start: float, end: float, monitors: frozenset[str]) -> list[Series]:
    """All raw samples in [start, end); the component is what the target's `instance` says.

    Of the jobs that are `monitors` what they measure of themselves is left out: without its job a series of an exporter's
    own memory would be the component's.
    """
    found: list[Series] = []
    hide = hider(rig)
    query = f'{{job=~".+"}}[{round((end - start) * 1000)}ms]'
    with httpx.Client(base_url=f"http://{rig.at('prometheus')}", timeout=60.0, trust_env=False) as client:
        reply = client.get("/api/v1/query", params={"query": query, "time": f"{end:.3f}"})
        if reply.status_code != 200:
            raise SourceError(f"Record again: Prometheus refused {query}: {reply.text[:200]}")
    for series in reply.json()["data"]["result"]:
        metric: dict[str, str] = series["metric"]
        if any(_OTHERS.search(value) and str(rig.folder) not in value for value in metric.values()):
            continue  # a volume of a recording that runs beside this one
        if metric["job"] in monitors and _OWN.match(metric["__name__"]):
            continue
        labels = {key: hide(value) for key, value in sorted(metric.items()) if key not in _DROP and value}
        found.append(
            Series(
                job=metric["job"],
                component=metric["instance"],
                metric=metric["__name__"],
                labels=json.dumps(labels, sort_keys=True),
                values=tuple((float(t), float(v)) for t, v in series["values"]),
            )
        )
    return found


def hider(rig: Rig) -> Callable[[str], str]:
    """Writes the paths of the recording machine as those of the site."""
    pairs = [(f"{rig.folder}/data", rig.system.root), (str(rig.folder), rig.system.root)]
    pairs += [(place, "/usr/lib/python3/dist-packages") for place in site.getsitepackages()]
    pairs.append((sysconfig.get_path("stdlib"), "/usr/lib/python3"))

    def hide(text: str) -> str:
        for old, new in pairs:
            text = text.replace(old, new)
        return text

    return hide


def copy_logs(rig: Rig, out: Path) -> tuple[dict[str, list[str]], list[str]]:
    """The logs as they are, packed: the files of each component, and the components that saw a recording beside this one."""
    hide, sources = hider(rig), dict[str, list[tuple[Path, str]]]()
    sources[rig.system.host] = [(rig.host_log, "messages")]
    for program in rig.system.programs:
        own = [(Path(rig.text(log.path)), log.component or program.of) for log in program.logs]
        printed = [(rig.logs / program.of / f"{program.id}.log", program.of)]
        for file, component in (*printed, *own):
            sources.setdefault(component, []).append((file, file.stem))
    kept: dict[str, list[str]] = {}
    saw: list[str] = []
    for component, files in sources.items():
        for file, stem in files:
            text = hide(file.read_text(encoding="utf-8", errors="replace")) if file.exists() else ""
            if _OTHERS.search(text):
                saw.append(component)
            if text:
                target = out / "logs" / component / f"{stem}.log.xz"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
                kept.setdefault(component, []).append(target.name)
    return kept, saw


def topology(rig: Rig) -> dict[str, Any]:
    """`topology.yaml`: what is wired, with the addresses under which logs name each component."""
    system = rig.system
    components: list[dict[str, Any]] = []
    for name in system.components[:-1]:
        programs = [p for p in system.programs if p.of == name]
        calls = [c for p in programs for c in p.calls] + [e.callee for e in system.edges if e.caller == name]
        ports = [rig.at(p.listens) for p in programs if p.listens]
        ports += [rig.at(f"edge {e.id}") for e in system.edges if e.callee == name]
        aliases = [alias for p in programs for alias in p.aliases]
        links = [{"relation": "calls", "to": callee} for callee in dict.fromkeys(calls)]
        links.append({"relation": "runs_on", "to": system.host})
        components.append(
            {
                "id": name,
                "type": programs[0].type,
                "aliases": list(dict.fromkeys([*aliases, *ports])),
                "links": links,
            }
        )
    for load in system.loads:
        if load.component and load.component not in system.components:
            links = [
                {"relation": "calls", "to": e.callee} for e in system.edges if e.caller == load.component
            ]
            links = links or [{"relation": "calls", "to": system.entry}]
            components.append({"id": load.component, "type": "service", "links": links})
    components.append({"id": system.host, "type": system.host_type})
    return {"components": components}
