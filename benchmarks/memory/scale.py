"""Incident memory at size: import rate, search time, disk and RSS of seeded synthetic incidents, beside chromadb alone.

python benchmarks/memory/scale.py --n 100000 --json OUT

The incidents are generated (a fault at a component, its symptoms, log lines, names, what was done). The vectors are drawn: unit
vectors seeded by the text, passed through a stub embedder, because a real model would embed 100,000 texts for hours; the real
model's rate is measured on 500. Each system runs in a process of its own. `--data` is taken and not used.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.errors import ModelError
from aitia.core.home import aitia_home
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.words import PastIncident, Query
from benchmarks.contract import finish, mean, rows

QUERIES, EMBEDDED, DIMENSIONS, TOP = 200, 500, 384, 5
START = datetime(2024, 1, 1, tzinfo=UTC)
AREAS = ("checkout", "payment", "search", "cart", "catalog", "order", "shipping", "invoice", "account", "session", "media",
         "fraud", "pricing", "stock", "review", "mail")  # fmt: skip
ROLES = ("api", "worker", "gateway", "db", "cache", "queue", "proxy", "scheduler", "index", "relay", "store", "frontend",
         "ledger", "sync", "router")  # fmt: skip
ACTS = ("rolled back the release", "restarted the workers", "raised the limit", "moved traffic away", "rotated the credential",
        "stopped the job")  # fmt: skip
FAULTS = tuple(
    tuple(part.strip() for part in line.split("|"))
    for line in """
    resource.connections | connection pool exhausted | too many clients already | db_pool_in_use | sessions were held open
    resource.memory | killed for memory | OOMKilled exit code 137 | memory_bytes | a cache grew without a bound
    resource.cpu | processor saturated | request queue grows | cpu_usage | quadratic loop over rows
    resource.disk | no space left on device | write failed: disk full | disk_used_ratio | logs were not rotated
    network.delay | latency of calls rose | deadline exceeded while waiting | request_duration | a link lost packets
    network.dns | names cannot be resolved | no such host on lookup | dns_errors | the resolver was replaced
    software.configuration | unknown key in configuration | failed to parse settings file | reload_failed | a typo in a value
    software.exception | unhandled exception after deploy | NullPointerException in handler | http_errors | a field was missing
    software.credentials | access was refused | 401 unauthorized from upstream | auth_failures | the token had expired
    software.certificate | certificate is not valid | x509: certificate has expired | tls_errors | renewal did not run
    software.deadlock | threads wait for each other | deadlock detected by database | lock_wait | two jobs lock in other orders
    machine.bearing | vibration of the drive end rose | line at outer race frequency | vibration_rms | outer race worn
    """.strip().splitlines()
)
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va", "we", "xi", "yo",
             "zu", "bra", "cle", "dri", "sto", "plu", "gre")  # fmt: skip
VOCABULARY = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:8]]  # 5,408 words
OFTEN = list(
    itertools.accumulate(1.0 / rank for rank in range(1, len(VOCABULARY) + 1))
)  # as words are used: Zipf


def words(chance: random.Random, k: int) -> str:
    """Other words of a text, common ones often."""
    return " ".join(chance.choices(VOCABULARY, cum_weights=OFTEN, k=k))


def incidents(n: int) -> Iterator[PastIncident]:
    """The incidents, one a few minutes after the other."""
    return (incident(i) for i in range(n))


def incident(i: int) -> PastIncident:
    """The i-th incident: always the same."""
    chance = random.Random(i)
    fault, symptom, line, metric, cause = chance.choice(FAULTS)
    component = f"{chance.choice(AREAS)}-{chance.choice(ROLES)}-{chance.randrange(20)}"
    caller = f"{chance.choice(AREAS)}-{chance.choice(ROLES)}-{chance.randrange(20)}"
    host = f"node{chance.randrange(3000)}"
    at = START + timedelta(minutes=10 * i)
    return PastIncident(
        id=f"INC-{i:06d}",
        title=f"{component}: {symptom}",
        text=f"{words(chance, 30)}. {host} logged {line} ({chance.randrange(10**6)}). {caller} timed out. {words(chance, 15)}",
        at=at,
        resolved_at=at + timedelta(minutes=chance.randrange(5, 300)),
        component=component,
        symptoms=(symptom, f"{metric} of {component} rose"),
        labels={"severity": chance.choice(("high", "low")), "host": host},
        fingerprint=(
            f"metric.shift|{metric}|up|{component}",
            f"metric.shift|latency|up|{caller}",
            f"log.new|error|new|{component}",
            f"change.deploy|version|changed|{chance.choice((component, caller))}",
        ),
        cause=cause,
        fault=fault,
        mitigation=(chance.choice(ACTS),),
    )


def queries(n: int) -> list[tuple[str, Query]]:
    """Alarms that read like a past incident: its symptom and host, other words round them, part of its evidence."""
    chance = random.Random(1)
    made = []
    for _ in range(QUERIES):
        past = incident(chance.randrange(n))
        text = f"{past.symptoms[1]}. {words(chance, 8)}. {past.labels['host']} {past.symptoms[0]}"
        now = START + timedelta(minutes=10 * n + 300)
        made.append(
            (
                past.id,
                Query(text=text, component=past.component, fingerprint=past.fingerprint[:2], before=now),
            )
        )
    return made


class Drawn:
    """A stub embedder: a unit vector seeded by the text."""

    sha256 = "0" * 64

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (n, 384)."""
        drawn = [
            np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])).standard_normal(
                DIMENSIONS
            )
            for text in texts
        ]
        found = np.array(drawn, dtype=np.float32).reshape(len(texts), DIMENSIONS)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))


def store_alone(n: int, folder: Path, *, vectors: bool) -> dict[str, Any]:
    """Our store, with drawn vectors or with words and evidence only."""
    with MemoryStore(folder, embedder=Drawn() if vectors else None) as store:
        began = time.monotonic()
        store.put(incidents(n), by="benchmark")
        store.settle()
        found: dict[str, Any] = {"imported_per_s": [n / (time.monotonic() - began)]}
        if vectors:
            began = time.monotonic()
            store.embed()
            found["indexed_vectors_per_s"] = [n / (time.monotonic() - began)]
        asked = queries(n)
        store.search(asked[0][1])  # opens the indexes
        hits = []

        def ask(number: int) -> None:
            wanted, query = asked[number]
            hits.append(wanted in [m.incident.id for m in store.search(query, top=TOP)])

        found |= timed(ask) | {"found_in_5": [float(hit) for hit in hits]}
    return found


def chroma_alone(n: int, folder: Path) -> dict[str, Any]:
    """Chromadb with the same vectors and plain queries by vector: no words, no evidence, no time, no audit."""
    import chromadb

    client: Any = chromadb.PersistentClient(
        path=str(folder), settings=chromadb.config.Settings(anonymized_telemetry=False)
    )
    held: Any = client.get_or_create_collection(
        "incidents", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    drawn, began, batch = Drawn(), time.monotonic(), list[PastIncident]()
    for past in incidents(n):
        batch.append(past)
        if len(batch) == 500 or past.id == f"INC-{n - 1:06d}":
            texts = [p.text for p in batch]
            held.upsert(ids=[p.id for p in batch], embeddings=drawn.embed(texts), documents=texts)
            batch = []
    found: dict[str, Any] = {"imported_per_s": [n / (time.monotonic() - began)]}
    vectors = drawn.embed([query.text for _, query in queries(n)])
    held.query(query_embeddings=vectors[:1], n_results=TOP)
    return found | timed(lambda i: held.query(query_embeddings=vectors[i : i + 1], n_results=TOP))


def scan(n: int, folder: Path) -> dict[str, Any]:
    """All texts in one table, read through for the query's longest word."""
    with closing(sqlite3.connect(folder / "plain.sqlite")) as db, db:
        db.execute("CREATE TABLE t (id TEXT, text TEXT)")
        began = time.monotonic()
        db.executemany("INSERT INTO t VALUES (?, ?)", ((p.id, f"{p.title} {p.text}") for p in incidents(n)))
        db.commit()
        found: dict[str, Any] = {"imported_per_s": [n / (time.monotonic() - began)]}
        longest = [max(query.text.split(), key=len) for _, query in queries(n)]
        like = "SELECT id FROM t WHERE text LIKE ? ORDER BY id DESC LIMIT 5"
        return found | timed(lambda i: db.execute(like, (f"%{longest[i]}%",)).fetchall())


def timed(ask: Callable[[int], object]) -> dict[str, list[float]]:
    """Milliseconds of every query, by the clock and of this process's processor time (all threads)."""
    taken: dict[str, list[float]] = {"ms": [], "cpu_ms": []}
    for number in range(QUERIES):
        began, used = time.perf_counter(), time.process_time()
        ask(number)
        taken["ms"].append(1000.0 * (time.perf_counter() - began))
        taken["cpu_ms"].append(1000.0 * (time.process_time() - used))
    return taken


SYSTEMS: dict[str, Callable[[int, Path], dict[str, Any]]] = {
    "ours": lambda n, folder: store_alone(n, folder, vectors=True),
    "no_model": lambda n, folder: store_alone(n, folder, vectors=False),
    "peer chromadb": chroma_alone,
    "trivial scan": scan,
}


def child(system: str, n: int) -> dict[str, Any]:
    """One system in this process, which then ends."""
    with tempfile.TemporaryDirectory() as where:
        folder = Path(where)
        found = SYSTEMS[system](n, folder)
        size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
        return found | {"disk_mb": [size / 1e6], "peak_rss_mb": [peak_mb()]}


def peak_mb() -> float:
    """The most memory that this process held, without what it inherited (Linux)."""
    held = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    kb = int(held[1]) if held else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kb / 1000.0


def embedding_rate() -> list[float]:
    """Texts a second of the real model, [] where it is not there."""
    from aitia.models.embed import Embedder

    try:
        embedder = Embedder(home=aitia_home())
    except ModelError as error:
        print(f"the real embedder is left out: {error}")
        return []
    texts = [f"{p.title}\n{p.text}" for p in incidents(EMBEDDED)]
    embedder.embed(texts[:4])
    began = time.monotonic()
    embedder.embed(texts)
    return [EMBEDDED / (time.monotonic() - began)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", default="", help="not used: the incidents are generated")
    parser.add_argument("--n", type=int, default=100_000, help="incidents")
    parser.add_argument("--systems", default=",".join(SYSTEMS), help="comma-separated")
    parser.add_argument("--json", default="", help="write the result here")
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(child(args.child, args.n)))
        return
    began, made, cases = time.monotonic(), [], []
    print(
        "vectors are drawn (seeded unit vectors through a stub embedder); times are of the search with them ready"
    )
    for system in args.systems.split(","):
        command = [sys.executable, "-W", "ignore", __file__, "--n", str(args.n), "--child", system]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{system} failed: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
            continue
        found = json.loads(done.stdout.strip().splitlines()[-1])
        taken = {name: found.pop(name) for name in ("ms", "cpu_ms")}
        made += rows(system, found)
        for name, values in taken.items():
            made += [percentile(system, f"p{share}_{name}", values, share) for share in (50, 95)]
        cases.append({"case": system, "n": args.n, "mean_ms": round(mean(taken["ms"]), 2)})
        print(json.dumps(cases[-1]), flush=True)
    made += rows("ours", {"real_embeddings_per_s": embedding_rate()})
    finish("memory/scale", made, cases, n=args.n, began=began, out=args.json)


def percentile(system: str, name: str, taken: Sequence[float], share: int) -> dict[str, Any]:
    """A row with the bootstrap interval of the percentile over queries."""
    chance = random.Random(0)
    drawn = sorted(float(np.percentile(chance.choices(taken, k=len(taken)), share)) for _ in range(1000))
    return {
        "system": system,
        "metric": name,
        "value": round(float(np.percentile(taken, share)), 2),
        "n": len(taken),
        "ci95": [round(drawn[25], 2), round(drawn[975], 2)],
    }


if __name__ == "__main__":
    main()
