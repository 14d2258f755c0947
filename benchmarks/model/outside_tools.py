"""Which tool of strangers' MCP servers is asked, with which arguments: by retrieval, by a bare model, by a model with examples.

    python benchmarks/model/outside_tools.py --data benchmarks/model/outside --part held --models a,b --json OUT

`servers.json` holds what 91 tools of five open servers said of themselves, `incidents.yaml` the settings, the incidents and the
calls that count as right, which only the scorer reads. `tool`: the first call's tool is right; `call`: its arguments too.
`cut`: a right tool is among the twelve that retrieval leaves. Answers are kept in `--kept`: the same
command goes on.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.planning.outside import Chosen, chosen_calls, nearest, offered
from aitia.core.config import McpServer
from aitia.core.words import Task
from aitia.models.embed import Embedder
from aitia.models.llama import LlamaCpp
from aitia.models.load import load_llm
from aitia.tools import Registry
from aitia.tools.mcp import McpTool, with_mcp
from aitia.tools.mcp.pins import Pin
from benchmarks.contract import finish, parser, rows

MANNERS = {"bare": False, "examples": True}
Incident = Mapping[str, Any]


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--part", default="held", choices=["shown", "held"])
    made.add_argument("--models", default="", help="catalogue names or GGUF files, comma-separated")
    made.add_argument(
        "--words", action="store_true", help="cut by shared words, as without the extra `memory`"
    )
    made.add_argument("--threads", type=int, default=None)
    made.add_argument("--kept", default="", help="a file of answers so far: the same command goes on")
    made.add_argument("--totals", action="store_true", help="no case by case")
    given = made.parse_args()
    began = time.monotonic()
    registry, incidents = world(Path(given.data), given.part)
    embed = None if given.words else _once(Embedder())
    kept = [nearest(asked(i), offered(registry), embed) for i in incidents]
    cases = [
        scored(
            n,
            i,
            "no_model",
            chosen_calls(registry, kept[n], *told(i), [], [], None, limit=1),
            kept[n],
            0.0,
        )
        for n, i in enumerate(incidents)
    ]
    answers = Kept(given.kept)
    for name in filter(None, given.models.split(",")):
        llm = load_llm(name, threads=given.threads)
        for (how, examples), (n, incident) in product(MANNERS.items(), enumerate(incidents)):
            key, start = f"{given.part} {name} {how} {n}", time.process_time()
            found = answers.find(key)
            if found is None:
                made_of = partial(chosen_calls, registry, kept[n], *told(incident), [], [], llm, limit=1)
                found = answers.keep(key, made_of(examples=examples), time.process_time() - start)
            cases.append(scored(n, incident, f"{name} {how}", found[0], kept[n], found[1]))
            if not given.totals:
                calls = [(t.tool, t.args) for t in found[0].tasks]
                print(f"{key} {cases[-1]['values']} {calls} {found[0].dropped}", file=sys.stderr)
        if isinstance(llm, LlamaCpp):
            llm.close()
    table = []
    for system in dict.fromkeys(c["system"] for c in cases):
        own = [c["values"] for c in cases if c["system"] == system]
        table += rows(system, {metric: [v[metric] for v in own] for metric in own[0]})
    kept_cases = [] if given.totals else cases
    finish("model/outside_tools", table, kept_cases, n=len(incidents), began=began, out=given.json)


class Kept:
    """Answers so far, a JSON line each; a file name of "" keeps none."""

    def __init__(self, file: str) -> None:
        self._file = Path(file) if file else None
        lines = self._file.read_text().splitlines() if self._file and self._file.exists() else []
        self._known = {each["key"]: each for each in map(json.loads, lines)}

    def find(self, key: str) -> tuple[Chosen, float] | None:
        """The answer to this, and the processor seconds that it took."""
        known = self._known.get(key)
        return (Chosen.model_validate(known["chosen"]), known["seconds"]) if known else None

    def keep(self, key: str, chosen: Chosen, seconds: float) -> tuple[Chosen, float]:
        """Keep an answer."""
        if self._file:
            line = {"key": key, "chosen": chosen.model_dump(mode="json"), "seconds": round(seconds, 2)}
            with self._file.open("a") as file:
                file.write(json.dumps(line) + "\n")
        return chosen, seconds


def world(folder: Path, part: str) -> tuple[Registry, Sequence[Incident]]:
    """The tools as the settings offer them, and the incidents of a part."""
    held = yaml.safe_load((folder / "incidents.yaml").read_text(encoding="utf-8"))
    pins = json.loads((folder / "servers.json").read_text(encoding="utf-8"))
    tools = []
    for name, settings in held["settings"].items():
        server = McpServer(name=name, command=("none",), choose="model", **settings)
        tools += [
            McpTool(server=server, tool=r.tool, pin=Pin(sha256="x", **pins[name][r.tool]))
            for r in server.read
        ]
    return with_mcp(Registry(), tools), held[part]


def asked(incident: Incident) -> str:
    """What retrieval compares tools with."""
    return str(incident["text"])


def told(incident: Incident) -> tuple[str, list[str]]:
    """What the model is told."""
    return str(incident["text"]), [str(incident["seen"])]


def scored(
    number: int, incident: Incident, system: str, chosen: Chosen, kept: Sequence[str], seconds: float
) -> dict[str, Any]:
    """The values of one incident."""
    names = [f"mcp_{r['tool']}" for r in incident["right"]]
    first = chosen.tasks[:1]
    values = {
        "cut": any(n in kept for n in names),
        "tool": any(t.tool in names for t in first),
        "call": any(right(t, incident) for t in first),
        "processor seconds": seconds,
    }
    return {"id": f"{number}", "system": system, "values": values}


def right(task: Task, incident: Incident) -> bool:
    """Whether a call is one that the incident lists: its named arguments equal, or found by the expression after `~`."""
    return any(
        task.tool == f"mcp_{r['tool']}"
        and all(_fits(task.args.get(k), v) for k, v in r.get("args", {}).items())
        for r in incident["right"]
    )


def _once(embedder: Embedder) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """Each text embedded once: the tools are the same for every incident."""
    one = lru_cache(maxsize=None)(lambda text: embedder.embed([text])[0])
    return lambda texts: np.stack([one(text) for text in texts])


def _fits(given: object, wanted: str) -> bool:
    if wanted.startswith("~"):
        return isinstance(given, str) and re.search(wanted[1:], given) is not None
    return given == wanted


if __name__ == "__main__":
    main()
