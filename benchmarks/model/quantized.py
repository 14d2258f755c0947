"""A model in several quantization types: size, memory, speed, and what it still reads of names, messages and texts.

    python benchmarks/model/adapter_items.py --data benchmarks/meaning/data --json /tmp/items.jsonl
    python benchmarks/model/quantized.py --data /tmp/items.jsonl --model qwen2.5-coder-0.5b --most 40 --json OUT

DATA is what adapter_items.py wrote: labelled names, messages and texts. Each type is written by `aitia models quantize`
(llama.cpp's own quantizer) and asked in a process of its own, with today's examples, one thread: at most `--most` items of a
role, drawn by a hash of their text and the same for all types. Speed is in tokens a processor second, which other work
changes less than wall time: reading 512 tokens, writing 32. A type with `+i` (`iq4_xs+i`) is rounded by what counts for
examples of the curriculum of these roles, none of which is asked. With `--caches` the file as it is is asked again with flash
attention, and with a cache of eight bits as well. `trivial` is the commonest answer of all labelled items of the
role. Where the source was quantized before, no type can be better than it but by chance.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.comparing import asked, contender
from aitia.models.curriculum.items import Item, read_items
from aitia.models.importance import Importance, curriculum_texts, importance
from aitia.models.load import model_file
from aitia.models.quantizing import quantize
from aitia.models.runtime import KvCache, Session, Shape
from benchmarks import contract

TYPES: Final = "q8_0,q6_k,q5_k_m,q4_k_m,q3_k_m"
ROLES: Final = ("names", "messages", "texts")
JUDGED: Final = {"names": "quantity", "messages": "sign", "texts": "symptom"}
READ, WRITE = 512, 32
CACHES: Final[Mapping[str, KvCache]] = {"flash": "f16", "flash+q8_0": "q8_0"}
EXAMPLES: Final = 60  # of each role, by which it is measured what counts
TEXT: Final = "10:02:07 payment: the error ratio rose from 0.2 % to 7.9 %, 31 of 392 calls. " * 40


def main() -> int:
    """Quantize, ask, print."""
    made = contract.parser(__doc__)
    made.add_argument("--types", default=TYPES, help="comma-separated; `source` is the file as it is")
    made.add_argument("--roles", default=",".join(ROLES))
    made.add_argument("--most", type=int, default=40, help="items of a role")
    made.add_argument("--caches", action="store_true", help="flash attention and a smaller cache as well")
    made.add_argument("--cache", default="", help=argparse.SUPPRESS)
    made.add_argument("--child", default="", help="a GGUF file: measure it and print JSON")
    args = made.parse_args()
    items = drawn(read_items(Path(args.data)), args.roles.split(","), args.most)
    if args.child:
        print(json.dumps(measured(args.child, items, args.cache)))
        return 0
    began, source = time.monotonic(), model_file(args.model).path
    rows: list[dict[str, Any]] = []
    cases: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        matters: Importance = {}
        for kind in [*args.types.split(","), *(CACHES if args.caches else ())]:
            path = (
                source
                if kind == "source" or kind in CACHES
                else Path(folder) / f"{source.stem}-{kind.replace('+', '-')}.gguf"
            )
            if path != source:
                plain, _, weighed = kind.partition("+")
                if weighed and not matters:
                    texts = curriculum_texts(args.roles, EXAMPLES)
                    matters = importance(source, texts, threads=1)
                quantize(source, path, to=plain, threads=1, matters=matters if weighed else None)
            found = in_a_process(path, kind, args)
            rows += contract.rows(f"ours {kind}", found)
            cases.append({"id": kind, **found})
            print(
                kind, {k: round(contract.mean(v), 3) for k, v in found.items()}, file=sys.stderr, flush=True
            )
            if path != source:
                path.unlink()
    rows += contract.rows("trivial", commonest(items))
    contract.finish("model/quantized", rows, cases, n=len(items), began=began, out=args.json)
    return 0


def drawn(items: Sequence[Item], roles: Sequence[str], most: int) -> list[Item]:
    """At most so many of each role, by a hash of their text."""
    order = sorted(items, key=lambda i: hashlib.sha256(i.prompt.encode()).hexdigest())
    return [i for role in roles for i in [x for x in order if x.role == role][:most]]


def in_a_process(path: Path, kind: str, args: Any) -> dict[str, list[float]]:
    """What a process of its own finds, so that memory is that of this file alone."""
    given = ["--data", args.data, "--roles", args.roles, "--most", str(args.most), "--child", str(path)]
    given += ["--cache", kind] if kind in CACHES else []
    done = subprocess.run([sys.executable, __file__, *given], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{path.name}: {done.stderr.strip().splitlines()[-1]}")
    told: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return told


def measured(path: str, items: Sequence[Item], cache: str = "") -> dict[str, list[float]]:
    """Size and speed, memory while prompts are read, and of each role's items whether they were right."""
    flash, kept = bool(cache), CACHES.get(cache, "f16")
    found = {
        "MB": [Path(path).stat().st_size / 1e6],
        **speed(Path(path), Shape(threads=1, context=1024, flash_attention=flash, kv_cache=kept)),
    }
    who = contender(path)
    with tempfile.TemporaryDirectory() as home:
        for role in dict.fromkeys(i.role for i in items):
            own = [i for i in items if i.role == role]
            values = asked(
                who, own, "examples", threads=1, flash_attention=flash, kv_cache=kept, home=Path(home)
            )
            right = values[f"{JUDGED[role]} right"]
            found[f"{role}: {JUDGED[role]} right"] = [v for v in right if v is not None]
    found["peak RSS MB"] = [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6]
    return found


def speed(path: Path, shape: Shape) -> dict[str, list[float]]:
    """Tokens read and written in a processor second."""
    session = Session(path, shape)
    try:
        tokens = session.plain_tokens(TEXT)[:READ]
        session.eval(tokens[:16])
        session.clear()
        began = time.process_time()
        session.eval(tokens)
        read = time.process_time() - began
        began = time.process_time()
        for _ in range(WRITE):
            session.eval([int(np.argmax(session.logits()))])
        written = time.process_time() - began
    finally:
        session.close()
    return {"read tokens/cpu s": [len(tokens) / read], "written tokens/cpu s": [WRITE / written]}


def commonest(items: Sequence[Item]) -> dict[str, list[float]]:
    """The commonest answer of a role's items."""
    made = {}
    for role in dict.fromkeys(i.role for i in items):
        told = [next(s.text for s in i.answer if s.name == JUDGED[role]) for i in items if i.role == role]
        top = Counter(told).most_common(1)[0][0]
        made[f"{role}: {JUDGED[role]} right"] = [float(t == top) for t in told]
    return made


if __name__ == "__main__":
    raise SystemExit(main())
