"""Redaction: lines a second, planted secrets that come through, ordinary lines that are changed.

python benchmarks/logs/redaction.py --data DIR/logs [--cases GLOB] [--seed N] [--peer-python PYTHON] --json OUT

Every file under DIR that ends in .log or .log.gz is a case of ordinary lines (speed, false alarms; such files hold no
secrets, and every line that is changed is listed). Planted secrets are made from the seed (benchmarks/logs/planted.py) and
count as missed where six characters in a row come through. No model takes part, so that `ours` is `no_model`. The peer is
detect-secrets in an environment of its own: PYTHON is its interpreter; it sees a sample. The trivial one is the line
`(password|secret|token|key)[=:]value`. All three only see lines.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.redact import Policy, Redactor
from benchmarks.contract import chosen, finish, parser, rows
from benchmarks.logs.planted import Planted, leaks, planted

BLOCK = 1 << 20
SAMPLE = 2000  # lines that the peer sees
TRIVIAL = re.compile(rb"(?i)((?:password|secret|token|key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+")
PEER = """
import json, sys, tempfile, time
from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings
text = sys.stdin.read()
with tempfile.NamedTemporaryFile("w", suffix=".log") as file, default_settings():
    file.write(text)
    file.flush()
    start = time.process_time()
    secrets = SecretsCollection()
    secrets.scan_file(file.name)
    found = [set() for _ in text.split("\\n")]
    for _, secret in secrets:
        if secret.secret_value:
            found[secret.line_number - 1].add(secret.secret_value)
    print(json.dumps({"found": [sorted(f) for f in found], "seconds": time.process_time() - start}))
"""
System = Callable[[bytes], bytes]


def files(data: Path) -> dict[str, Path]:
    """Log files under a folder, by their path in it."""
    found = sorted(p for p in data.rglob("*") if p.is_file() and p.name.endswith((".log", ".log.gz")))
    return {str(p.relative_to(data)): p for p in found if p.name != "inject.log"}


def read(path: Path) -> bytes:
    """A log's bytes, unpacked."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def blocks(data: bytes) -> Iterator[bytes]:
    """Whole lines, about 1 MiB at a time."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", min(len(data), start + BLOCK))
        end = len(data) if end < 0 else end + 1
        yield data[start:end]
        start = end


def changed(data: bytes, system: System) -> tuple[list[tuple[bytes, bytes]], float]:
    """The lines that a system changes, each before and after, and its CPU seconds."""
    out: list[tuple[bytes, bytes]] = []
    began = time.process_time()
    made = [(block, system(block)) for block in blocks(data)]
    seconds = time.process_time() - began
    for before, after in made:
        if before != after:
            pairs = zip(before.split(b"\n"), after.split(b"\n"), strict=True)
            out += [(a, b) for a, b in pairs if a != b]
    return out, seconds


def peer_masked(python: str, lines: Sequence[str]) -> tuple[list[str], float]:
    """Lines with what detect-secrets finds in them struck out, and its CPU seconds."""
    done = subprocess.run(
        [python, "-c", PEER], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    made = []
    for line, secrets in zip(lines, told["found"], strict=True):
        for secret in sorted(secrets, key=len, reverse=True):
            line = line.replace(secret, "")
        made.append(line)
    return made, told["seconds"]


def kept_back(lines: Sequence[Planted], told: Sequence[str]) -> dict[str, list[float]]:
    """Per metric, whether each planted secret was kept back."""
    out: dict[str, list[float]] = {}
    for one, line in zip(lines, told, strict=True):
        right = float(not leaks(one, line))
        part = "opaque, awkward characters" if one.hard else "all but those"
        for metric in (
            f"recall: {part}",
            f"recall {one.kind}",
            f"recall in {one.context}" if not one.hard else "",
        ):
            if metric:
                out.setdefault(metric, []).append(right)
    return out


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--seed", type=int, default=20261125, help="of the planted secrets")
    asked.add_argument("--each", type=int, default=4, help="lines of each kind in each context")
    asked.add_argument("--peer-python", default="", help="an interpreter that has detect-secrets")
    args = asked.parse_args()
    began = time.monotonic()
    key = b"b" * 32
    ours, strict = Redactor(key).block, Redactor(key, Policy(strict=True)).block
    trivial: System = lambda block: TRIVIAL.sub(rb"\1<secret>", block)  # noqa: E731
    ours(b"warm up, key=1\n")
    found = files(Path(args.data))
    names = chosen(found, args.cases)
    table: list[dict[str, Any]] = []
    per_case: list[dict[str, Any]] = []
    speed: dict[str, list[float]] = {}
    alarms: dict[str, list[float]] = {}
    shown: list[str] = []
    sample: list[str] = []
    for name in names:
        data = read(found[name])
        lines = max(1, data.count(b"\n"))
        case: dict[str, Any] = {"case": name, "lines": lines}
        for system, run in (("ours", ours), ("trivial", trivial)):
            flagged, seconds = changed(data, run)
            speed.setdefault(system, []).append(lines / max(seconds, 1e-9))
            alarms.setdefault(system, []).append(1000 * len(flagged) / lines)
            case[system] = {"changed": len(flagged), "microseconds_a_line": round(1e6 * seconds / lines, 3)}
            if system == "ours":
                shown += [f"{name}: {after.decode('utf-8', 'replace')[:200]}" for _, after in flagged]
        part = data[: BLOCK // 4]
        speed.setdefault("ours strict", []).append(
            max(1, part.count(b"\n")) / max(changed(part, strict)[1], 1e-9)
        )
        chance = random.Random(name)
        every = [line.decode("utf-8", "replace") for line in data.split(b"\n") if line]
        sample += chance.sample(every, min(len(every), max(1, SAMPLE // len(names))))
        per_case.append(case)
    secrets = list(planted(args.seed, args.each))
    texts = [one.line for one in secrets]
    joined = "\n".join(texts).encode()
    recall = {
        name: kept_back(secrets, run(joined).decode().split("\n"))
        for name, run in (("ours", ours), ("trivial", trivial))
    }
    if args.peer_python:
        masked, seconds = peer_masked(args.peer_python, sample)
        speed["peer"] = [len(sample) / seconds]
        alarms["peer"] = [1000.0 * (a != b) for a, b in zip(sample, masked, strict=True)]
        recall["peer"] = kept_back(secrets, peer_masked(args.peer_python, texts)[0])
    for system in [*speed, *(s for s in recall if s not in speed)]:
        table += rows(
            system,
            {"lines/s": speed.get(system, []), "changed per 1000 ordinary lines": alarms.get(system, [])},
        )
        table += rows(system, recall.get(system, {}))
    table += [{**row, "system": "no_model"} for row in table if row["system"] == "ours"]
    total = sum(c["lines"] for c in per_case)
    spent = sum(c["lines"] * c["ours"]["microseconds_a_line"] for c in per_case)
    print(
        f"{total} ordinary lines, {spent / max(total, 1):.2f} µs a line; {len(secrets)} planted secrets; changed lines:"
    )
    print("\n".join(shown[:40]))
    finish("logs/redaction", table, per_case, n=len(per_case), began=began, out=args.json)


if __name__ == "__main__":
    main()
