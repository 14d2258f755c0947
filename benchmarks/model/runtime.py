"""The model runtime: loading, the first token with and without a kept prefix, tokens/s against the bandwidth limit, memory.

    python benchmarks/model/runtime.py [--models a,b,c] [--repeats 5] [--threads N] [--json OUT]

Each model runs in two processes of its own a repeat, models taking turns: one with an empty folder of prefixes, one that
finds what the first left there. Systems: `ours` restores the prefix (the narrator's system turn), `no_cache` evaluates it
in the same call; `ours disk` finds it in a file. Values are medians with the bootstrap interval of the median, ratios are
paired by repeat. `s` is the wall clock, `cpu s` the processor time of all threads, which a busy machine changes less.
Copy bandwidth counts bytes read and bytes written, in as many threads as the model has; the limit is that bandwidth over
the bytes of all tensors that one written token reads. A share over 1 says that the machine was busy unevenly.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.agent.sentences.narrator import SYSTEM
from aitia.core.llm import Prompt
from aitia.models import gguf
from aitia.models.llama import LlamaCpp
from aitia.models.load import model_file
from aitia.models.prefixes import PrefixStore, parts_of
from aitia.models.threads import default_threads
from benchmarks.contract import finish

MODELS = "smollm2-135m,qwen2.5-coder-0.5b,qwen2.5-coder-1.5b"
USER = (
    "F1: payment was deployed at 10:00:00 UTC.\n"
    "F2: payment: error ratio rose from 0.2 % to 7.9 % at 10:02:07 UTC.\nSentence:"
)
WRITE, COPY = 32, 128 << 20
FIGURES = (
    "prefix tokens",
    "prefix MB",
    "MB read per token",
    "peak RSS MB",
    *(
        f"{name} {clock}"
        for clock in ("s", "cpu s")
        for name in (
            "read tokens per",
            "written tokens per",
            "copied GB per",
            "bandwidth limit, tokens per",
            "share of the limit,",
        )
    ),
)
Values = dict[str, float]


def main() -> None:
    made = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    made.add_argument("--models", default=MODELS, help="catalogue names or GGUF files, comma-separated")
    made.add_argument("--repeats", type=int, default=5)
    made.add_argument("--threads", type=int, default=default_threads())
    made.add_argument("--json", default="", help="write the result here")
    made.add_argument("--child", nargs=3, metavar=("MODEL", "HOME", "PHASE"), help=argparse.SUPPRESS)
    given = made.parse_args()
    if given.child:
        print(json.dumps(child(*given.child, threads=given.threads)))
        return
    began, cases = time.monotonic(), list[dict[str, Any]]()
    models = given.models.split(",")
    for repeat in range(given.repeats):
        for model in models:
            with tempfile.TemporaryDirectory() as home:
                for phase in ("first", "later"):
                    values = in_a_process(model, home, phase, given.threads)
                    cases.append(
                        {"id": f"{model}/{repeat}/{phase}", "model": model, "phase": phase, **values}
                    )
                    print(json.dumps(cases[-1]), file=sys.stderr, flush=True)
    made_rows = [row for model in models for row in rows_of(model, cases)]
    finish("model/runtime", made_rows, cases, n=given.repeats, began=began, out=given.json)


def in_a_process(model: str, home: str, phase: str, threads: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--threads", str(threads), "--child", model, home, phase]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{model}: {done.stderr.strip().splitlines()[-1]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def child(model: str, home: str, phase: str, *, threads: int) -> Values:
    """One process: its first call and, in phase `first`, everything that needs a warm model."""
    found: Values = {}
    with timed(found, "load"):
        file, store = model_file(model), PrefixStore(Path(home))
        llm = LlamaCpp(
            file.path, name=file.name, sha256=file.sha256, family=file.family, threads=threads, prefixes=store
        )
    with timed(found, "first token"):
        restored = first_token(llm)
    assert (restored > 0) == (phase == "later"), f"{restored} tokens restored in phase {phase}"
    if phase == "first":
        found |= warm(llm, store)
    found["peak RSS MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    if phase == "first":
        found |= speeds(llm, threads, bytes_per_token(file.path))
    return found


def warm(llm: LlamaCpp, store: PrefixStore) -> Values:
    """The same call with the prefix from memory, from disk and evaluated; and the prefix alone in the three ways."""
    found: Values = {}
    session, prefix = llm._session, llm._prefix_tokens(SYSTEM)
    parts = parts_of(llm.sha256, session.shape, prefix)
    with timed(found, "call, memory"):
        assert first_token(llm) == len(prefix)
    llm._prefixes.clear()
    with timed(found, "call, disk"):
        assert first_token(llm) == len(prefix)
    llm._prefixes.clear()
    llm._store = None
    with timed(found, "call, evaluated"):
        assert first_token(llm) == 0
    state = llm._prefixes[SYSTEM]
    with timed(found, "prefix, memory"):
        session.restore(state)
    with timed(found, "prefix, disk"):
        kept = store.load(parts)
        assert kept is not None
        session.restore(kept)
    assert kept.data == state.data  # the evaluated one, bit for bit
    with timed(found, "prefix, evaluated"):
        session.clear()
        session.eval(prefix)
        session.logits()
    for clock in ("s", "cpu s"):
        found[f"read tokens per {clock}"] = len(prefix) / found[f"prefix, evaluated {clock}"]
    return found | {"prefix tokens": len(prefix), "prefix MB": len(state.data) / 1e6}


def speeds(llm: LlamaCpp, threads: int, bytes_read: int) -> Values:
    """Tokens written a second after that prompt, and copy bandwidth before and after them."""
    session, took = llm._session, Values()
    copied = [bandwidth(threads)]
    first_token(llm)
    with timed(took, "writing"):
        for _ in range(WRITE):
            session.eval([int(np.argmax(session.logits()))])
    copied.append(bandwidth(threads))
    found = {"MB read per token": bytes_read / 1e6}
    for place, clock in enumerate(("s", "cpu s")):
        written, copies = WRITE / took[f"writing {clock}"], sum(pair[place] for pair in copied) / len(copied)
        found |= {
            f"written tokens per {clock}": written,
            f"copied GB per {clock}": copies / 1e9,
            f"bandwidth limit, tokens per {clock}": copies / bytes_read,
            f"share of the limit, {clock}": written / (copies / bytes_read),
        }
    return found


def first_token(llm: LlamaCpp) -> int:
    """Write one token; how many tokens of the prompt were restored."""
    return llm.complete(Prompt(system=SYSTEM, user=USER), max_tokens=1).restored_tokens


@contextmanager
def timed(into: Values, what: str) -> Iterator[None]:
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    into[f"{what} s"], into[f"{what} cpu s"] = time.perf_counter() - wall, time.process_time() - cpu


def bandwidth(threads: int) -> tuple[float, float]:
    """Bytes read and written by numpy copies of 128 MB, one a thread at a time: per second and per processor second."""
    pairs = [(np.ones(COPY // 8), np.zeros(COPY // 8)) for _ in range(threads)]
    rounds = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            took = Values()
            with timed(took, "copy"):
                list(pool.map(lambda pair: np.copyto(pair[1], pair[0]), pairs))
            rounds.append([2 * COPY * threads / took[f"copy {clock}"] for clock in ("s", "cpu s")])
    wall, cpu = zip(*rounds, strict=True)
    return statistics.median(wall), statistics.median(cpu)


def bytes_per_token(path: Path) -> int:
    """The bytes of all tensors, less the token embedding where another tensor makes the logits (one row is read)."""
    sizes = tensor_bytes(path)
    return sum(sizes.values()) - (sizes["token_embd.weight"] if "output.weight" in sizes else 0)


def tensor_bytes(path: Path) -> dict[str, int]:
    """Each tensor's bytes, from where the next one begins."""
    with path.open("rb") as file:
        _magic, _version, tensors, keys = struct.unpack("<4sIQQ", file.read(24))
        fields = {}
        for _ in range(keys):
            key = gguf._text(file)
            fields[key] = gguf._value(file)
        offsets = []
        for _ in range(tensors):
            name = gguf._text(file)
            (dimensions,) = struct.unpack("<I", file.read(4))
            (offset,) = struct.unpack("<Q", file.read(8 * dimensions + 4 + 8)[-8:])
            offsets.append((offset, name))
        align = int(fields.get("general.alignment") or 32)
        data = path.stat().st_size - -(-file.tell() // align) * align
    offsets.sort()
    ends = [offset for offset, _ in offsets[1:]] + [data]
    return {name: end - offset for (offset, name), end in zip(offsets, ends, strict=True)}


def rows_of(model: str, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The model's rows: each figure with its baseline and the ratio of the two, paired by repeat."""
    first, later = ([c for c in cases if c["model"] == model and c["phase"] == p] for p in ("first", "later"))
    values: dict[tuple[str, str], list[float]] = {}
    for clock in ("s", "cpu s"):
        for what in ("call", "prefix"):
            cold = [c[f"{what}, evaluated {clock}"] for c in first]
            name = f"{'first token of a loaded model' if what == 'call' else 'prefix alone'}, {clock}"
            values[name, "no_cache"] = cold
            for place, system in (("memory", "ours"), ("disk", "ours disk")):
                values[name, system] = [c[f"{what}, {place} {clock}"] for c in first]
                values[name, f"ratio {system}"] = [
                    a / b for a, b in zip(cold, values[name, system], strict=True)
                ]
        name = f"load and first token, new process, {clock}"
        values[name, "no_cache"] = [c[f"load {clock}"] + c[f"first token {clock}"] for c in first]
        values[name, "ours disk"] = [c[f"load {clock}"] + c[f"first token {clock}"] for c in later]
        values[name, "ratio ours disk"] = [
            a / b for a, b in zip(values[name, "no_cache"], values[name, "ours disk"], strict=True)
        ]
        values[f"load, {clock}", "ours"] = [c[f"load {clock}"] for c in (*first, *later)]
    for name in FIGURES:
        values[name, "ours"] = [c[name] for c in first]
    return [
        {
            "system": system,
            "metric": f"{model}: {name}",
            "value": round(statistics.median(found), 4),
            "n": len(found),
            "ci95": interval_of_median(found),
        }
        for (name, system), found in values.items()
    ]


def interval_of_median(values: Sequence[float], rounds: int = 2000) -> list[float]:
    """Percentile bootstrap of the median, 95 %."""
    chance = random.Random(0)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(rounds))
    return [round(medians[int(0.025 * rounds)], 4), round(medians[int(0.975 * rounds)], 4)]


if __name__ == "__main__":
    main()
