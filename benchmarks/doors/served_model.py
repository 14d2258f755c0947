"""One llama.cpp server for several diagnosis workers, against a model in each: seconds until all are done, and memory.

    python benchmarks/doors/served_model.py --data FOLDER --gguf FILE --diagnoses 6 --workers 2 --json OUT

Diagnoses of the bundled scenario (few series, no logs) are queued at once; the narrator writes by the model, the planner goes by
rules. `ours` shares `python -m llama_cpp.server` (requests one after the other), `peer` loads the file in each worker. Memory is
the proportional set size (PSS) of service, workers and server at its highest: what several processes map of one file
counts once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.contract import finish, parser, rows
from tests.shop import shop_alert, small_yaml

EVERY_S: Final = 1.0
MOST_S: Final = 1800.0
CONTEXT: Final = 4096  # tokens of the server


@contextmanager
def model_server(gguf: Path, threads: int, log: Path, *, cache: bool) -> Iterator[tuple[str, int]]:
    """A llama.cpp server of its own; its URL and process."""
    argv = [
        sys.executable,
        "-m",
        "llama_cpp.server",
        "--model",
        str(gguf),
        "--port",
        "0",
        "--n_threads",
        str(threads),
    ]
    argv += ["--n_ctx", str(CONTEXT), "--model_alias", "shared", "--cache", str(cache).lower()]
    port = _free_port()
    argv[argv.index("--port") + 1] = str(port)
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 300
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.5)
        yield f"openai:http://127.0.0.1:{port}/v1#shared", process.pid
    finally:
        process.terminate()
        process.wait(60)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/v1/models", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def run(folder: Path, model: str, *, diagnoses: int, workers: int, beside: int = 0) -> dict[str, Any]:
    """Queue all, and wait for the last; seconds, memory, sentences by the model."""
    config = small_yaml(folder, workers=workers)
    text = config.read_text(encoding="utf-8").replace("name: none", "name: default")
    config.write_text(text, encoding="utf-8")
    argv = [sys.executable, "-c", "from aitia.cli import main; main()", "serve", "--port", "0", "--json"]
    argv += [
        "--config",
        str(config),
        "--model",
        model,
        "--planner",
        "rules",
        "--narrator",
        "model",
        "--threads",
        "1",
    ]
    env = {**os.environ, "AITIA_HOME": str(folder / "home"), "AITIA_TOKEN": ""}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    try:
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            return _measured(client, [process.pid, *([beside] if beside else [])], diagnoses)
    finally:
        process.terminate()
        process.wait(60)


def _measured(client: httpx.Client, pids: list[int], diagnoses: int) -> dict[str, Any]:
    began, most = time.monotonic(), 0
    before = sum(_processor_s(p) for pid in pids for p in _family(pid))
    alert = shop_alert()
    for n in range(diagnoses):
        client.post("/v1/diagnoses", json=alert | {"groupKey": f"{n}"}).raise_for_status()
    while time.monotonic() - began < MOST_S:
        time.sleep(EVERY_S)
        most = max(most, sum(_pss(p) for pid in pids for p in _family(pid)))
        told = client.get("/v1/diagnoses?limit=200").json()["diagnoses"]
        if all(d["state"] in ("done", "failed") for d in told):
            break
    reports = [client.get(f"/v1/diagnoses/{d['id']}/report").json() for d in told if d["state"] == "done"]
    return {
        "seconds": time.monotonic() - began,
        "processor_s": sum(_processor_s(p) for pid in pids for p in _family(pid)) - before,
        "mb": most / 1024,
        "done": len(reports),
        "right": sum(r["component"] == "orders" for r in reports),
        "generated": sum(r["cost"]["generated_tokens"] for r in reports),
    }


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(int(c) for c in children)]


def _pss(pid: int) -> int:
    """The proportional set size of a process, in kB."""
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in told.splitlines() if line.startswith("Pss:")), 0)


def _processor_s(pid: int) -> float:
    """Processor time of a process, user and system."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure both and print the contract's table."""
    asked = parser(__doc__)
    asked.add_argument("--gguf", type=Path, required=True, help="the model's file")
    asked.add_argument("--diagnoses", type=int, default=6)
    asked.add_argument("--workers", type=int, default=2)
    asked.add_argument(
        "--cache", action="store_true", help="the server keeps evaluated prompts, 2 GB of them"
    )
    args = asked.parse_args()
    began, how = time.monotonic(), {"diagnoses": args.diagnoses, "workers": args.workers}
    told: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(dir=args.data) as place:
        folders = [Path(place) / name for name in ("shared", "each")]
        for folder in folders:
            folder.mkdir()
        if fnmatchcase("ours", args.cases):
            log = Path(place) / "server.log"
            with model_server(args.gguf.resolve(), args.workers, log, cache=args.cache) as (model, pid):
                told["ours"] = run(folders[0], model, **how, beside=pid)
        if fnmatchcase("peer", args.cases):
            told["peer"] = run(folders[1], str(args.gguf.resolve()), **how)
    made = [
        row
        for system, seen in told.items()
        for row in rows(
            system,
            {
                "seconds until all are done": [seen["seconds"]],
                "processor seconds": [seen["processor_s"]],
                "MB (PSS) at the highest": [seen["mb"]],
                "diagnoses done": [float(seen["done"])],
                "component right": [float(seen["right"])],
                "tokens generated": [float(seen["generated"])],
            },
        )
    ]
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    cases = [{"id": system, **seen} for system, seen in told.items()]
    finish("served_model", made, cases, n=args.diagnoses, began=began, out=args.json)


if __name__ == "__main__":
    main()
