"""Record healthy servers through their exporters: see benchmarks/meaning/exporters.py."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import httpx

from aitia.core.errors import SourceError
from aitia.lab.folder import iso, write_table, write_yaml
from benchmarks.meaning.exporters_load import Load, live
from benchmarks.meaning.exporters_rig import SCRAPE_S, Rig

WARM_S: Final = 30.0
_KNOWN: Final = {"__name__", "job", "instance"}


def record(out: Path, *, minutes: float, seed: int) -> None:
    """Run the rig under load and keep what Prometheus holds, a folder for each exporter."""
    os.nice(5)
    with tempfile.TemporaryDirectory(prefix="rig", ignore_cleanup_errors=True) as temporary:
        with Rig(Path(temporary)) as rig, Load(rig, seed=seed):
            time.sleep(WARM_S)
            start = time.time()
            print(f"{iso(start)} {len(rig.jobs)} exporters are up", file=sys.stderr, flush=True)
            journal = live(rig, minutes * 60)
            end = time.time()
            for job in sorted(rig.jobs):
                _export(rig, job, out / job, start=start, end=end)
        about = {"start": iso(start), "end": iso(end), "step_s": SCRAPE_S, "seed": seed, "absent": rig.absent}
        told = [{"at": iso(j["at"]), "text": j["text"]} for j in journal]
        write_yaml(out / "recording.yaml", {**about, "exporters": sorted(rig.jobs), "events": told})


def _export(rig: Rig, job: str, folder: Path, *, start: float, end: float) -> None:
    with httpx.Client(base_url=f"http://{rig.at('prometheus')}", timeout=60, trust_env=False) as client:
        selector = f'{{job="{job}"}}[{round((end - start) * 1000)}ms]'
        series = _got(client, "/api/v1/query", query=selector, time=f"{end:.3f}")["result"]
        about = _got(client, "/api/v1/targets/metadata", match_target=f'{{job="{job}"}}')
    several = len({s["metric"]["instance"] for s in series}) > 1
    rows = []
    for one in series:
        kept = {
            k: v for k, v in sorted(one["metric"].items()) if k not in _KNOWN or (several and k == "instance")
        }
        labels = json.dumps(kept).replace(str(rig.folder), "/srv/rig")
        rows += [(float(t), job, one["metric"]["__name__"], labels, float(v)) for t, v in one["values"]]
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "metrics.parquet", rows)
    told = {m["metric"]: {k: m[k] for k in ("type", "help", "unit")} for m in about}
    (folder / "help.json").write_text(
        json.dumps(dict(sorted(told.items())), indent=0, ensure_ascii=False), encoding="utf-8"
    )


def _got(client: httpx.Client, path: str, **params: str) -> Any:
    reply = client.get(path, params=params)
    if reply.status_code != 200:
        raise SourceError(f"Record again: Prometheus refused {params}: {reply.text[:200]}")
    return reply.json()["data"]
