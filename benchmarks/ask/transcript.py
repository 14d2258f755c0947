"""Open questions as a transcript in Markdown: the ten ordinary ones of an engineer, and those of HolmesGPT's users.

python benchmarks/ask/transcript.py [--data HOLMES] > docs/ask-transcript.md

The ten are asked of a recorded cluster of the lab's bundle; HOLMES is the folder of HolmesGPT's recordings
(CASE/question.txt, store.json, kubeconfig, kubectl.py beside them; see benchmarks/adapters/holmes.py).
No model takes part. Nothing here reads an answer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from aitia.agent.asking.documents import bundled_documents  # noqa: E402
from aitia.agent.asking.lookup import Lookup  # noqa: E402
from aitia.core.errors import AitiaError  # noqa: E402
from aitia.core.scenario import load_scenario  # noqa: E402
from aitia.graphs.ask import AskContext, ask  # noqa: E402
from aitia.graphs.looking import look, opened, steps  # noqa: E402
from aitia.tools.query.site import Site  # noqa: E402
from aitia.tools.sources import open_sources  # noqa: E402
from benchmarks.adapters import holmes  # noqa: E402

CLUSTER: Final = ROOT / "benchmarks/lab/bundle/kinds/k8s-bare-230fe55a"
TEN: Final = (
    "how many pods are running?",
    "which pods never restarted?",
    "which image does ingest-api use?",
    "show the errors of viewer",
    "last ten ERROR lines",
    "errors between 09:05 and 09:10",
    "why did this job fail?",
    "events of ingest-api",
    "which nodes have the label pool=batch?",
    "why does ingest-api keep failing?",
)
LONGEST: Final = 160  # characters of a line of an answer that are printed
MOST: Final = 6  # lines of an answer that are printed


def told(question: str, site: Site, shelf: Lookup) -> str:
    """A question, the answer's first lines, and how it was read."""
    try:
        found = look(question, site)
        answer = found[0] if found else ask(question, AskContext(shelves=[shelf]))
        answer = (
            steps(question, [shelf], str) if answer.status == "not_known" and not found else None
        ) or answer
    except AitiaError as error:
        return f"aitia> {question}\n{error}"
    lines = [" ".join(r.text.split())[:LONGEST] for r in answer.replies]
    shown = lines[:MOST] + ([f"… {len(lines) - MOST} more"] if len(lines) > MOST else [])
    queries = [f"  query: {q}" for q in answer.queries]
    return "\n".join(
        [
            f"aitia> {question}",
            *(shown or ["None of my sources answers that."]),
            f"  status: {answer.status}",
            *queries,
        ]
    )


def ten(shelf: Lookup) -> list[str]:
    """The ten ordinary questions, each asked alone."""
    scenario = load_scenario(CLUSTER)
    held = [s for s in scenario.sources if s.kind not in ("runbooks", "incidents")]
    site = opened(open_sources(held, CLUSTER), now=scenario.now, components=scenario.components)
    return [told(q, site, shelf) for q in TEN]


def of_holmes(data: Path, shelf: Lookup) -> list[str]:
    """Each recorded question over its own recording."""
    made: list[str] = []
    for name in sorted(holmes.cases(data)):
        folder = data / name
        question = holmes.question(folder)
        if not question:
            continue
        with tempfile.TemporaryDirectory() as there:
            configs = holmes.sources(folder, data / "kubectl.py", Path(there))
            live = [c for c in configs if c.kind not in ("runbooks", "incidents")]
            site = opened(open_sources(live, Path(there)), now=holmes.moment(folder))
            made.append(told(question, site, shelf))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="HolmesGPT's recordings")
    args = parser.parse_args()
    shelf = Lookup(list(bundled_documents()))
    print(
        "# Ask: a transcript\n\nWritten by `benchmarks/ask/transcript.py`; how right it is: [ask](ask.md#measured).\n"
    )
    print("## Ten ordinary questions\n\n```text\n" + "\n\n".join(ten(shelf)) + "\n```")
    if args.data:
        print(
            "\n## Open questions of HolmesGPT's users\n\n```text\n"
            + "\n\n".join(of_holmes(args.data, shelf))
            + "\n```"
        )


if __name__ == "__main__":
    main()
