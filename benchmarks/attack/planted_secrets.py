"""Planted secrets: do they pass the redactor, and do they reach the store, a prompt or an output of a real diagnosis?

python benchmarks/attack/planted_secrets.py --data DIR [--cases GLOB] [--batch 75] [--peer-python PYTHON] --json OUT

DIR holds secrets*.jsonl (text, secret, kind, where) and benign*.jsonl (text), written by a language model that had
not seen the rules; every value is invented. Two stages:
  text    the secret in the redacted text, by whole texts and by blocks of lines; true lines that are changed
  end     batches of secrets planted into a copy of a bundled scenario: logs, changes, runbooks, titles, labels, names and
          requests; a diagnosis with a model whose prompts are kept; then every byte of the home and of each output is searched
No model decides anything here: `ours` is `no_model`. The peer is detect-secrets in an environment of its own (its own
line scan, every plugin). The trivial one is the line `(password|secret|token|key)[=:]value`.
"""

from __future__ import annotations

import fnmatch
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.core.redact import Redactor
from benchmarks.attack.planted_world import everything, leaked, plant
from benchmarks.contract import finish, parser, rows
from benchmarks.logs.redaction import peer_masked

KEY = b"b" * 32
BREAK = "[[]]"
"""Stands in the files within what looks like a live token, so that no host of code takes it for one."""
TRIVIAL = re.compile(r"(?i)((?:password|secret|token|key)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+")
BY_POLICY = ("phone",)
"""Kinds that the default policy leaves: they are counted apart."""


def read(data: Path, pattern: str) -> list[dict[str, str]]:
    """All lines of the files of a pattern, with their file's name."""
    return [
        json.loads(line.replace(BREAK, "")) | {"file": file.name}
        for file in sorted(data.glob(pattern))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]


def survives(secret: dict[str, str], redact: Callable[[str], str]) -> float:
    """1 where the secret is in the redacted text still."""
    return float(secret["secret"] in redact(secret["text"]))


def changed(lines: Sequence[str], redact: Callable[[str], str]) -> list[tuple[str, str]]:
    """True lines that lose something as a secret; personal data that the policy replaces is no such thing."""
    return [
        (line, after)
        for line in lines
        if (after := redact(line)) != line and _without_personal(after) != _without_personal(line)
    ]


def _without_personal(text: str) -> str:
    return re.sub(r"<(?:email|card|iban):[0-9a-f]{8}>|[\w.%+-]+@[\w-]+(?:\.[\w-]+)+", "<personal>", text)


def end_to_end(secrets: Sequence[dict[str, str]], batch: int) -> list[dict[str, Any]]:
    """For each secret where it stands after a diagnosis into whose telemetry it was planted."""
    out = []
    for start in range(0, len(secrets), batch):
        some = secrets[start : start + batch]
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            home.mkdir()
            made = everything(plant(Path(folder) / "scenario", some), home, some)
            out += [secret | {"found": leaked(secret["secret"], made)} for secret in some]
    return out


def main() -> None:
    asked = parser(__doc__)
    asked.add_argument("--batch", type=int, default=75, help="secrets in one incident")
    asked.add_argument("--peer-python", default="", help="an interpreter that has detect-secrets")
    asked.add_argument("--text-only", action="store_true", help="no diagnoses")
    args = asked.parse_args()
    began, data = time.monotonic(), Path(args.data)
    secrets = [s for s in read(data, "secrets*.jsonl") if fnmatch.fnmatchcase(s["kind"], args.cases)]
    benign = [s["text"] for s in read(data, "benign*.jsonl")]
    ours = Redactor(KEY)
    systems: dict[str, Callable[[str], str]] = {
        "ours": ours.text,
        "ours block": lambda text: ours.block(text.encode()).decode(),
        "trivial": lambda text: TRIVIAL.sub(r"\1<secret>", text),
    }
    table: list[dict[str, Any]] = []
    held = [s for s in secrets if s["kind"] not in BY_POLICY]
    for name, redact in systems.items():
        lines = changed(benign, redact)
        table += rows(name, {"secrets that survive": [survives(s, redact) for s in held]})
        table += rows(name, {"true lines changed": [1.0] * len(lines) + [0.0] * (len(benign) - len(lines))})
        if name == "ours":
            print(
                "\n".join(
                    f"survives: {s['kind']} in {s['where']}: {s['text'][:160]!r}"
                    for s in secrets
                    if survives(s, redact)
                )
            )
            print("\n".join(f"changed: {before[:140]} => {after[:140]}" for before, after in lines[:40]))
    if args.peer_python:
        masked = peer_masked(args.peer_python, [" ".join(s["text"].splitlines()) for s in held])[0]
        table += rows(
            "peer",
            {"secrets that survive": [float(s["secret"] in m) for s, m in zip(held, masked, strict=True)]},
        )
        told = peer_masked(args.peer_python, benign)[0]
        table += rows(
            "peer", {"true lines changed": [float(a != b) for a, b in zip(benign, told, strict=True)]}
        )
    per_case: list[dict[str, Any]] = []
    if not args.text_only:
        per_case = end_to_end(held, args.batch)
        table += rows(
            "ours", {"secrets in the store, prompts or outputs": [float(bool(c["found"])) for c in per_case]}
        )
        places = Counter(place for c in per_case for place in c["found"])
        print(
            "\n".join(
                f"leaked: {c['kind']} in {c['where']}: {c['text'][:120]!r}: {c['found'][:5]}"
                for c in per_case
                if c["found"]
            )
        )
        print(dict(places))
    table += [{**row, "system": "no_model"} for row in table if row["system"] == "ours"]
    finish("attack/secrets", table, per_case, n=len(secrets), began=began, out=args.json)


if __name__ == "__main__":
    main()
