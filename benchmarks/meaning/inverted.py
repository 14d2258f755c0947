"""Messages and the same messages turned round: whether what is read changes with the meaning or stays with the words.

    python benchmarks/meaning/inverted.py --data benchmarks/meaning/data [--cases GLOB] --model BASE+ADAPTER.gguf --json OUT

`inverted.jsonl` holds pairs: {"id", "product", "fault": a line that tells of something wrong, "normal": the same with as few
words changed as say the opposite}. What is tested sees one line at a time. `kept` is the share of the pairs whose fault was
called one in which the line that says the opposite is called a fault as well. Rows: ours (the model and words together, as a
diagnosis does), no_model (words and the learned reader, as a diagnosis does), peer (the
model alone), trivial (everything is a fault). Several models are parted by commas.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.comparing import open_model
from aitia.tools.meaning.messages_asking import ask_fault, read_message
from aitia.tools.text.classes import meaning, own_words, reading, unclear
from benchmarks import contract

SIDES = ("fault", "normal")


def main() -> int:
    """Run the benchmark."""
    parser = contract.parser(__doc__)
    parser.add_argument("--threads", type=int, default=None)
    args = parser.parse_args()
    began = time.monotonic()
    lines = (Path(args.data) / "inverted.jsonl").read_text("utf-8").splitlines()
    pairs = [json.loads(line) for line in lines if line]
    kept = set(contract.chosen({str(p["product"]) for p in pairs}, args.cases))
    pairs = [p for p in pairs if p["product"] in kept]
    texts = sorted({str(p[side]) for p in pairs for side in SIDES})  # in no order that tells which is which
    systems = {"no_model": {t: not unclear(t, "", t) for t in texts}}
    for name in args.model.split(",") if args.model != "none" else ():
        systems |= by_model(name, texts, args.threads)
    systems["trivial"] = dict.fromkeys(texts, True)
    made = [row for system, told in systems.items() for row in contract.rows(system, score(pairs, told))]
    per_case = [
        {"id": p["id"], **{s: [told[str(p[side])] for side in SIDES] for s, told in systems.items()}}
        for p in pairs
    ]
    contract.finish("meaning/inverted", made, per_case, n=len(pairs), began=began, out=args.json)
    return 0


def by_model(name: str, texts: Sequence[str], threads: int | None) -> dict[str, dict[str, bool]]:
    """Ours and the model alone."""
    model = open_model(name, "messages", threads=threads)
    ours, alone = dict[str, bool](), dict[str, bool]()
    for text in texts:
        own = own_words(text)
        found = reading(own, answers=False)
        said = ask_fault(model, own).log_probs
        alone[text] = said[0] > said[1]
        heard = read_message(own, found, model, name)
        ours[text] = meaning(text, "", text, heard).bad
    short = Path(name.partition("+")[2] or name).name
    return {f"ours {short}": ours, f"peer {short}": alone}


def score(pairs: Sequence[Mapping[str, str]], told: Mapping[str, bool]) -> dict[str, list[float]]:
    """Shares of the pairs."""
    both = [(told[p["fault"]], told[p["normal"]]) for p in pairs]
    return {
        "kept, of faults called one": [float(n) for f, n in both if f],
        "both right": [float(f and not n) for f, n in both],
        "fault right": [float(f) for f, _ in both],
        "normal right": [float(not n) for _, n in both],
    }


if __name__ == "__main__":
    sys.exit(main())
