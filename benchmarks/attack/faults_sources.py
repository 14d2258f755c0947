"""Sources that fault: servers that misbehave, files that unfold, half-open connections, a clock that jumps.

Each case is a real `aitia diagnose` (or `serve`, `listen`) in a child process, with the telemetry of a bundled scenario and one
hostile source beside it. Told of each: whether it ended by itself, after how long, its exit code, its peak memory, whether the
report says of the source what to do, whether the rest is still concluded, and whether health is never concluded.

python benchmarks/attack/faults_sources.py --data scenarios [--aitia .venv/bin/aitia] [--cases GLOB] [--json OUT]
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.scenario import load_scenario
from benchmarks.attack.bombs import BOMBS, NAME, Source
from benchmarks.attack.hostile import SOME, WAYS, hostile
from benchmarks.attack.jump import JUMPS, jumping
from benchmarks.attack.services import half_open
from benchmarks.contract import chosen, finish, parser, rows

WALL_S: Final = 90.0  # then a child is ended: it hangs
MEMORY: Final = 4 << 30  # bytes of address space that a child may have
TIMEOUT_S: Final = 5.0  # of the hostile source, for a call
_DO: Final = re.compile(
    r"\b(Raise|Start|Point|Narrow|Set|Give|Split|Make|Shorten|Ask|Fix|Check|Install|Add|Restore|Remove|Free|Use|Choose|Reduce|Send|Wait)\b"
)
_SERVERS: Final[dict[str, Source]] = {
    "prometheus": {"kind": "metrics", "type": "prometheus", "timeout_s": TIMEOUT_S},
    "loki": {"kind": "logs", "type": "loki", "timeout_s": TIMEOUT_S},
    "victorialogs": {"kind": "logs", "type": "victorialogs", "timeout_s": TIMEOUT_S},
}
SCENES: Final = {"faulty": "connection-exhaustion", "healthy": "false-alarm"}


def settle(
    folder: Path, scenario: Path, source: Source | None, mcp: Mapping[str, Any] | None = None
) -> list[str]:
    """Write the settings of a case; the arguments of its `diagnose`."""
    told = yaml.safe_load((scenario / "scenario.yaml").read_text(encoding="utf-8"))
    kept = [s for s in told["sources"] if s["kind"] in ("metrics", "changes", "topology")]
    sources = [s | {"path": str((scenario / s["path"]).absolute())} for s in kept]
    scene = load_scenario(scenario)
    start, end, before = scene.window.start, scene.window.end, scene.baselines[0].window
    settings: dict[str, Any] = {
        "sources": [*sources, *([{"name": NAME} | source] if source else [])],
        "window": {
            "lead_s": (scene.incident.started_at - start).total_seconds(),
            "baselines": ["preceding"],
            "preceding_factor": max(1, round((before.end - before.start) / (end - start))),
        },
        "model": {"name": "none"},
    }
    if mcp:
        settings["mcp"] = [dict(mcp)]
    (folder / "aitia.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    words = " ".join(f"{scene.incident.title} {scene.incident.text}".split())
    config = ("--config", str(folder / "aitia.yaml"))  # found without it, it would be asked about
    return ["diagnose", words, *config, "--since", f"{scene.incident.started_at:%Y-%m-%dT%H:%M:%SZ}",
            "--at", f"{scene.now:%Y-%m-%dT%H:%M:%SZ}", "--json"]  # fmt: skip


def ran(command: Sequence[str], folder: Path, *, extra: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What became of a child: seconds, exit code (None where it had to be ended), peak bytes, stdout and stderr."""

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    environment = {**os.environ, "AITIA_HOME": str(folder / "home"), **(extra or {})}
    began = time.monotonic()
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        child = subprocess.Popen(
            command,
            cwd=folder,
            stdout=out,
            stderr=err,
            env=environment,
            start_new_session=True,
            preexec_fn=bounded,
        )
        ended = 0
        while not ended and time.monotonic() - began < WALL_S:
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
            time.sleep(0.05)
        if not ended:
            os.killpg(child.pid, signal.SIGKILL)
            _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return {
        "seconds": round(time.monotonic() - began, 1),
        "code": child.returncode if ended else None,
        "peak": usage.ru_maxrss * 1024,
        "out": (folder / "out").read_text(errors="replace"),
        "err": (folder / "err").read_text(errors="replace"),
    }


def judged(case: str, told: dict[str, Any], sound: Mapping[str, Any]) -> dict[str, Any]:
    """What counts of a case, beside the run without the hostile source (`sound`)."""
    try:
        report: dict[str, Any] = json.loads(told["out"])
    except ValueError:
        report = {}
    said = [h["note"] for h in report.get("inventory", {}).get("holdings", ()) if h["source"] == NAME]
    said += [c["message"] for c in report.get("calls", ()) if NAME in c.get("message", "")]
    said += [told["err"]] if not report else []
    blamed = next((s for s in said if _DO.search(s)), "")
    cause = (report.get("component"), report.get("verdict"))
    return {
        "case": case,
        "ended": told["code"] is not None,
        "seconds": told["seconds"],
        "code": told["code"],
        "peak_mib": told["peak"] >> 20,
        "report": bool(report),
        "told": bool(blamed),
        "raw_error": "Traceback" in told["err"],
        "verdict": f"{report.get('verdict', '-')} {report.get('component', '')} {report.get('probability', '')}".strip(),
        "rest_concluded": bool(report) and cause == (sound.get("component"), sound.get("verdict")),
        "false_health": report.get("verdict") == "healthy",
        "message": " ".join(blamed.split())[:160],
    }


Case = Callable[[Path, Path], dict[str, Any]]
"""Of a folder and the folder of scenarios: what became of the run."""


def cases(aitia: str) -> dict[str, Case]:
    """All cases by name."""
    made: dict[str, Case] = {}

    def diagnosed(scene: str, way: str = "", server: str = "", bomb: str = "", jump: str = "") -> Case:
        def run(folder: Path, data: Path) -> dict[str, Any]:
            with ExitStack() as stack:
                source, mcp = (BOMBS[bomb](folder) if bomb else None), None
                url = f"http://127.0.0.1:{stack.enter_context(hostile(way))}" if way else ""
                if server == "mcp":
                    mcp = {"name": NAME, "url": f"{url}/mcp", "read": ["ask"], "timeout_s": TIMEOUT_S}
                elif server:
                    source = _SERVERS[server] | {"url": url}
                arguments = settle(folder, data / SCENES[scene], source, mcp)
                extra = stack.enter_context(jumping(folder, jump)) if jump else {}
                return ran([aitia, *arguments], folder, extra=extra)

        return run

    for server in (*_SERVERS, "mcp"):
        ways = WAYS if server == "prometheus" else SOME
        made |= {f"{server}: {way}": diagnosed("faulty", way, server) for way in ways}
    for server in _SERVERS:
        made |= {
            f"healthy, {server}: {w}": diagnosed("healthy", w, server) for w in ("drips", "500", "resets")
        }
    made |= {f"file: {bomb}": diagnosed("faulty", bomb=bomb) for bomb in BOMBS}
    made |= {f"clock: {jump}": diagnosed("faulty", jump=jump) for jump in JUMPS}
    return made


def _scene(case: str) -> str:
    return "healthy" if case.startswith("healthy") else "faulty"


def main() -> None:
    """Run the cases and print the tables."""
    arguments = parser(__doc__)
    arguments.add_argument("--jobs", type=int, default=1, help="cases at a time")
    arguments.add_argument("--aitia", default=".venv/bin/aitia", help="the command to attack")
    asked = arguments.parse_args()
    began, data, aitia = time.monotonic(), Path(asked.data), str(Path(asked.aitia).absolute())
    every = cases(aitia)
    names = chosen(every, asked.cases)
    sound: dict[str, dict[str, Any]] = {}
    for scene in sorted({_scene(name) for name in names}):
        with tempfile.TemporaryDirectory() as place:
            told = ran([aitia, *settle(Path(place), data / SCENES[scene], None)], Path(place))
        sound[scene] = json.loads(told["out"])
        print(f"{scene} without a hostile source: {told['seconds']} s, {told['peak'] >> 20} MiB,"
              f" {sound[scene]['verdict']} {sound[scene]['component']}", flush=True)  # fmt: skip

    def one(name: str) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as place:
            row = judged(name, every[name](Path(place), data), sound[_scene(name)])
        print(f"{name:<46} {row['seconds']:>6} s {row['peak_mib']:>5} MiB code {row['code']!s:<5}"
              f" {'told' if row['told'] else '----'} {row['verdict']:<30} {row['message'][:90]}", flush=True)  # fmt: skip
        return row

    with ThreadPoolExecutor(asked.jobs) as pool:
        found = list(pool.map(one, names))
    for door in chosen(("service: serve", "service: listen"), asked.cases):
        found.append({"case": door} | half_open(aitia, door.removeprefix("service: "), data))
        print(found[-1], flush=True)
    runs = [r for r in found if "ended" in r]
    measured = {
        key: [float(r[key]) for r in runs]
        for key in ("ended", "report", "told", "raw_error", "seconds", "peak_mib")
    }
    measured["rest_concluded"] = [
        float(r["rest_concluded"]) for r in runs if not r["case"].startswith("healthy")
    ]
    measured["false_health"] = [float(r["false_health"]) for r in runs if r["case"].startswith("healthy")]
    finish("attack/faults_sources", rows("ours", measured), found, n=len(found), began=began, out=asked.json)


if __name__ == "__main__":
    main()
