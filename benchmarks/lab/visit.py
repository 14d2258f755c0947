"""A stranger at a system of the lab while all of it runs: `aitia init`, then `aitia diagnose`, and nothing else.

`benchmarks/lab/rig.py record` starts this file, a process for each recording. The stranger is told the address of Prometheus
and a folder with the logs; no topology, no name, no answer. What the lab itself calls its components is written down
afterwards, for the scorer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import AitiaError
from aitia.core.words import from_epoch
from aitia.lab import one
from aitia.lab.folder import write_jsonl
from aitia.lab.servers.record import Recording, Visit
from aitia.lab.servers.rig import Rig
from aitia.settings import load_settings
from aitia.tools.sources import open_sources
from aitia.tools.sources.base import LogSource, LogStream
from aitia.tools.text.reader import Extract, open_each
from benchmarks.lab.baselines import ERROR

LIVE: Final = "live"  # beside the recordings: what strangers were told, a folder a recording
ARMS: Final = ("alone", "journal")  # what `init` finds: the system alone; its owner's journal of changes too
NAMES: Final = "names.json"
SAID: Final = "said.json"
AITIA: Final = (
    sys.executable,
    "-c",
    "import sys; from aitia.cli.app import run; sys.exit(run(sys.argv[1:]))",
)
MOST_S: Final = 600.0
_LEAD_S: Final = 60.0  # before the complaint, for the newest error line
_BUDGET: Final = 32 << 20


def visitor(job: one.Job) -> Visit:
    """The visit of one recording; what it was told goes beside the recordings."""
    return partial(visit, job.out.parent / LIVE / job.out.name)


def visit(out: Path, rig: Rig, recording: Recording) -> None:
    """Ask once for each arm, then write down the names. The place is below the recording's, so that all ends with it."""
    place = rig.folder / "visit"
    alert, words = reported(rig, recording)
    for arm in ARMS:
        folder = place / arm / "logs"
        link_logs(rig, folder)
        if arm == "journal":
            write_jsonl(folder / "changes.jsonl", recording.changes)  # the name that `init` looks for
        kept = out / arm
        kept.mkdir(parents=True, exist_ok=True)
        (kept / ("alert.json" if alert else "words.txt")).write_text(alert or words, encoding="utf-8")
        ask = ["--alert", str(kept / "alert.json")] if alert else [words]
        said = asked(f"http://{rig.at('prometheus')}", folder, ask, kept)
        said |= {"alert": bool(alert), "peers": peers(folder, recording.started - _LEAD_S, recording.end)}
        (kept / SAID).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    (out / NAMES).write_text(json.dumps(names(rig), indent=1) + "\n", encoding="utf-8")


def reported(rig: Rig, recording: Recording) -> tuple[str, str]:
    """What Alertmanager answers, or sent where that is over by now, and the words of who complains where no rule fired."""
    active = httpx.get(f"http://{rig.at('alertmanager')}/api/v2/alerts", trust_env=False).text
    if not json.loads(active):
        active = json.dumps(recording.alert) if recording.alert else ""
    told = recording.reported
    return active, f"{told['title']}. {told['text']}".strip()


def link_logs(rig: Rig, folder: Path) -> None:
    """The log files as one folder, by the names that the programs gave them: hard links, or copies from a volume."""
    folder.mkdir(parents=True)
    files = {rig.host_log: Path("messages.log")}
    for program in rig.system.programs:
        printed, *own = rig.log_files(program)
        if program.stdout != "off":
            files[printed] = Path(printed.name)
        files |= {file: file.relative_to(rig.folder / "data") for file in own}
    for file, name in files.items():
        if not file.exists() or not file.stat().st_size:
            continue
        parts = name.parts[1:] if name.parts[0] in ("log", "logs") and len(name.parts) > 1 else name.parts
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(file)
        except OSError:  # on a volume of its own
            target.write_bytes(file.read_bytes())


def asked(prometheus: str, folder: Path, ask: list[str], kept: Path) -> dict[str, Any]:
    """What `init` and `diagnose` answered, and how long each took; their output goes to `kept`."""
    home = folder.parent / "home"
    (home / "empty").mkdir(parents=True)
    run = partial(_run, home=home, kept=kept)
    init = run("init", ["--url", prometheus, "--dir", str(folder), "--write"])
    for name in ("aitia.yaml", "topology.yaml"):
        if (folder / name).exists():
            (kept / name).write_bytes((folder / name).read_bytes())
    if not (folder / "aitia.yaml").exists():
        return {"init": init}
    options = ["--config", str(folder / "aitia.yaml"), "--model", "none", "--json"]
    return {"init": init, "diagnose": run("diagnose", [*ask, *options])}


def _run(command: str, options: list[str], *, home: Path, kept: Path) -> dict[str, Any]:
    """One command of aitia, which knows nothing of this process but where Python finds its modules."""
    env = {k: os.environ[k] for k in ("PATH", "PYTHONPATH") if k in os.environ}
    env |= {"HOME": f"{home}/", "AITIA_HOME": str(home / "aitia"), "LANG": "C.UTF-8", "TZ": "UTC"}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    began = time.monotonic()
    argv = [*AITIA, command, *options]
    try:
        done = subprocess.run(
            argv, cwd=home / "empty", env=env, capture_output=True, timeout=MOST_S, check=False
        )
        status, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as error:
        status, out, err = -1, error.stdout or b"", error.stderr or b""
    (kept / f"{command}.out").write_bytes(out)
    (kept / f"{command}.err").write_bytes(err)
    return {"status": status, "seconds": round(time.monotonic() - began, 1), "options": options}


def peers(folder: Path, start: float, end: float) -> dict[str, list[str]]:
    """Components that `init` found by their newest error line, and by how many they have; empty where it read no logs."""
    newest, most = dict[str, float](), Counter[str]()
    try:
        sources = open_sources(load_settings(folder / "aitia.yaml").sources, folder)
        streams = [s for source in sources if isinstance(source, LogSource) for s in source.streams()]
    except AitiaError:
        return {}
    for stream in streams:
        for at in _errors(stream, start, end):
            newest[stream.component] = max(at, newest.get(stream.component, 0.0))
            most[stream.component] += 1
    return {
        "newest error": sorted(newest, key=lambda c: (-newest[c], c)),
        "most errors": sorted(most, key=lambda c: (-most[c], c)),
    }


def _errors(stream: LogStream, start: float, end: float) -> list[float]:
    found: list[float] = []
    files = open_each(
        stream.paths, zone=stream.zone, near=from_epoch(end), component=stream.component, only=stream.only,
        refused=lambda path, error: None,
    )  # fmt: skip
    for file in files:
        records = file.records(start, end, budget=_BUDGET, extract=Extract())
        found += [r.at for r in records if r.level in ("error", "fatal") or ERROR.search(r.message)]
    return found


def names(rig: Rig) -> dict[str, list[str]]:
    """The lab's table: under which names each component may be met in Prometheus and among the logs."""
    system, found = rig.system, dict[str, set[str]]()

    def add(component: str, *called: str) -> None:
        found.setdefault(component, {component}).update(name for name in called if name)

    for program in system.programs:
        printed, *own = rig.log_files(program)
        add(
            program.of,
            program.id,
            rig.at(program.listens) if program.listens else "",
            *program.aliases,
            printed.stem,
        )
        for stated, file in zip(program.logs, own, strict=True):
            add(
                stated.component or program.of, file.stem, f"{file.parent.name}/{file.stem}", file.parent.name
            )
    for exporter in system.exporters:
        add(exporter.component, exporter.id, exporter.job, rig.at(exporter.listens))
    for scrape in system.scrapes:
        add(scrape.component, scrape.job, rig.at(scrape.port))
    for probe in system.probes:
        add(probe.component, probe.job, rig.text(probe.target))
    for edge in system.edges:
        add(edge.callee, rig.at(f"edge {edge.id}"))
    for load in system.loads:
        add(load.component or load.id, load.id, rig.at(f"load {load.id}"))
    add(system.host, "node", "messages", rig.at("node") if system.host_metrics else "")
    return {component: sorted(called) for component, called in sorted(found.items())}


if __name__ == "__main__":
    code = one.main(visitor)
    sys.stdout.flush()
    os._exit(code)  # the thread that reads the input would hold the interpreter
