"""Real recordings: what a folder holds, what it must not say, and what is left when the work is killed."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aitia.core.scenario import load_scenario
from aitia.lab.catalog import systems
from aitia.lab.words import LAB, Made

pytestmark = [pytest.mark.server, pytest.mark.long]
FORBIDDEN = re.compile(
    r"(?<![a-z])(lab|chaos|fault|inject\w*|decoy|twin|helper-\d+|/tmp/run-\w*)(?![a-z])", re.IGNORECASE
)

LOCKED = [
    "--system",
    "pg-pair",
    "--fault",
    "table-locked",
    "--victim",
    "stock",
    "--strength",
    "strong",
    "--seed",
    "3",
]
AITIA = [sys.executable, "-c", "import sys; from aitia.cli.app import run; sys.exit(run(sys.argv[1:]))"]


def make(out: Path, *options: str) -> list[str]:
    return [*AITIA, "lab", "make", "--out", str(out), "--baseline-s", "20", "--fault-s", "25", *options]


def need(name: str) -> None:
    if missing := systems()[name].missing():
        pytest.skip(f"{name} needs {', '.join(missing)}")


def telemetry(folder: Path) -> dict[str, str]:
    """All that a diagnosis may read, as text."""
    import duckdb

    found = {}
    for file in sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in (LAB, "scenario.yaml")):
        if file.suffix == ".parquet":
            with duckdb.connect() as db:
                rows = db.execute(f"SELECT DISTINCT component, metric, labels FROM '{file}'").fetchall()
            text = "\n".join(" ".join(row) for row in rows)
        else:
            unpack = {".xz": lzma.decompress, ".gz": gzip.decompress}.get(file.suffix, bytes)
            text = unpack(file.read_bytes()).decode()
        found[str(file.relative_to(folder))] = f"{file.relative_to(folder)}\n{text}"
    reported = load_scenario(folder).incident
    found["incident"] = reported.model_dump_json()
    return found


def children(folder: Path) -> list[int]:
    """Processes that a recording below `folder` has left."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if (
                f"TMPDIR={folder}".encode() in environ.read_bytes()
                or f"HOME={folder}/".encode() in environ.read_bytes()
            ):
                found.append(int(environ.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lock on a table of a real PostgreSQL, and its healthy twin."""
    need("pg-pair")
    out = tmp_path_factory.mktemp("made")
    argv = make(out, *LOCKED)
    for _ in range(2):  # on a busy machine a server may start too late: what was made is not made again
        done = subprocess.run(argv, capture_output=True, text=True, timeout=400, check=False)
        if done.returncode == 0:
            break
    assert done.returncode == 0, done.stderr
    assert "0 failed" in done.stdout
    return out


def only(out: Path) -> Path:
    (folder,) = out.glob("pg-pair-*")
    return folder


def test_a_folder_is_whole_and_small(recorded: Path) -> None:
    folder = only(recorded)
    scenario, made = load_scenario(folder), Made.model_validate_json((folder / LAB).read_text())
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) <= 200_000
    assert (scenario.expected.component, scenario.expected.fault) == ("orders-db", "software.lock_wait")
    assert made.family == "lock"
    assert made.symptom in {
        "alert",
        "client",
    }  # on a busy machine the rule may be too late for so short a recording
    assert made.onset is not None
    assert made.onset < scenario.incident.started_at < scenario.now
    assert made.view["before"]["errors"] < 0.02 < made.view["after"]["errors"]
    assert (folder / "alert.json").exists() == (made.symptom == "alert") == bool(scenario.incident.labels)
    assert {s.kind for s in scenario.sources} == {"metrics", "logs", "traces", "changes", "topology"}


def test_the_fault_is_seen_by_the_programs_themselves(recorded: Path) -> None:
    texts = telemetry(only(recorded))
    assert "still waiting for" in texts["logs/orders-db/orders-db.log.xz"]
    assert "pgbouncer_pools_client_waiting_connections" in texts["metrics.parquet"]
    assert "checkout_db_requests_total" in texts["metrics.parquet"]
    assert '"name":"UPDATE stock"' in texts["traces.json.gz"]


def test_no_name_of_a_fault_stands_in_the_telemetry(recorded: Path) -> None:
    spec = systems()["pg-pair"]
    ids = [failure.id for failure in spec.failures] + [f.family for f in spec.failures if "_" in f.family]
    for folder in (only(recorded), *(recorded / "twins").iterdir()):
        for name, text in telemetry(folder).items():
            assert (found := FORBIDDEN.search(text)) is None, (
                name,
                text[found.start() - 80 : found.end() + 80],
            )
            assert [word for word in ids if word != "none" and word in text] == [], name


def test_the_twin_is_healthy_and_check_keeps_the_incident(recorded: Path) -> None:
    (twin,) = (recorded / "twins").iterdir()
    assert load_scenario(twin).expected.verdict == "healthy"
    assert Made.model_validate_json((twin / LAB).read_text()).symptom != "alert"
    done = subprocess.run(
        [*AITIA, "lab", "check", str(recorded)], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "1 kept, 0 dropped"


def test_what_is_finished_is_not_made_again(recorded: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in recorded.rglob("*")}
    argv = make(recorded, *LOCKED)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert "0 made, 2 were there, 0 failed" in done.stdout
    assert {
        file: stamp for file, stamp in before.items() if file.stat().st_mtime_ns == stamp and file.is_file()
    } == {file: stamp for file, stamp in before.items() if file.is_file()}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_it_leaves_no_half_folder_and_no_program(how: signal.Signals, tmp_path: Path) -> None:
    need("redis-sentinel")
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o755)
    out = tmp_path / "out"
    argv = make(out, "--system", "redis-sentinel", "--fault", "slow-way", "--twins", "0")
    with subprocess.Popen(
        argv, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)}
    ) as process:
        assert process.stderr is not None
        assert any("baseline of" in line for line in process.stderr)
        assert len(children(scratch)) > 5
        process.send_signal(how)
        process.wait(timeout=60)
    until = time.monotonic() + 60  # killed, it could not wait for its own processes
    while children(scratch) and time.monotonic() < until:
        time.sleep(0.5)
    assert children(scratch) == []
    assert list(out.rglob(LAB)) == []
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    assert "1 made" in done.stdout, done.stderr
    assert not (out / ".making").exists()
