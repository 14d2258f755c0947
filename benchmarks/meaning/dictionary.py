"""How long a site's dictionary takes: 10,000 names of one site, of which those that no word explains reach the model.

    python benchmarks/meaning/dictionary.py --data benchmarks/meaning/data --model qwen2.5-coder-0.5b --json OUT

The site is made of the names in DIR/names.jsonl, once as they are and then with the prefixes of teams in each name's own
spelling, until --names are reached; each is a name of its own to the reader. Rows: `ours`, names in all, understood by their
words, that reached the model (at most --limit), left for a later build, seconds of a first and of a second build; `no_model` the
same without one; `trivial` asks the model about every name (not run: the names times the seconds that one took).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia import dictionary
from aitia.core.llm import Llm
from aitia.models.load import load_llm
from benchmarks import contract

TEAMS = ("checkout", "ledger", "search", "fleet", "billing", "media", "edge", "plant7", "crm", "geo")


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--names", type=int, default=10_000)
    parser.add_argument("--limit", type=int, default=2_000, help="names that may reach the model")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    began = time.monotonic()
    rows = [
        json.loads(line) for line in (Path(args.data) / "names.jsonl").read_text("utf-8").splitlines() if line
    ]
    kept = set(contract.chosen({r["vendor"] for r in rows}, args.cases))
    names = site([str(r["name"]) for r in rows if r["vendor"] in kept], args.names)
    model = load_llm(args.model, threads=args.threads, role="names") if args.model != "none" else None
    made: list[dict[str, Any]] = []
    for system, llm in (("ours", model), ("no_model", None)):
        if system == "no_model" or llm is not None:
            measured = build(names, llm, args.limit)
            made += contract.rows(system, {k: [v] for k, v in measured.items()})
            if llm is not None:
                each = measured["seconds, first build"] / max(1.0, measured["reached the model"])
                made += contract.rows("trivial", {"seconds, first build": [each * len(names)]})
    contract.finish("meaning/dictionary", made, [], n=len(names), began=began, out=args.json)
    return 0


def site(given: list[str], wanted: int) -> list[str]:
    """Distinct names of one site: those given, then each with a team before it, in its own spelling."""
    found = dict.fromkeys(given)
    for team in TEAMS:
        for name in given:
            if len(found) >= wanted:
                return list(found)[:wanted]
            joint = "." if "." in name else "/" if "/" in name else "_" if "_" in name else ""
            found.setdefault(
                f"{team}{joint}{name}" if joint else team.capitalize() + name[:1].upper() + name[1:]
            )
    return list(found)[:wanted]


def build(names: list[str], llm: Llm | None, limit: int) -> dict[str, float]:
    """Two builds in an empty home."""
    with tempfile.TemporaryDirectory() as where:
        os.environ["AITIA_HOME"] = where
        path, start = Path(where) / "dictionary.yaml", time.monotonic()
        first = dictionary.build(names, path, llm=llm, limit=limit)
        middle = time.monotonic()
        read = [
            n for n in names if n in first.names_by or dictionary.understood([n])
        ]  # not those that were left
        again = dictionary.build(read, path, llm=llm, limit=limit)
        return {
            "names": first.names,
            "understood by words": first.by_words,
            "reached the model": first.asked,
            "left for a later build": first.left,
            "seconds, first build": middle - start,
            "seconds, second build": time.monotonic() - middle,
            "asked by the second build": again.asked,
        }


if __name__ == "__main__":
    raise SystemExit(main())
