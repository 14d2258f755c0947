"""Questions as a transcript in Markdown: ten ordinary ones, five sittings of ten turns, and those of HolmesGPT's users.

python benchmarks/ask/transcript.py [--data HOLMES] > docs/ask-transcript.md

The ten are asked of a recorded cluster of the lab's bundle. The sittings (`sittings.json`) are conversations over recordings,
each turn graded by `judging.py` against what was computed from the raw files. HOLMES is the folder of HolmesGPT's recordings
(CASE/question.txt, store.json, kubeconfig, kubectl.py beside them; see benchmarks/adapters/holmes.py).
No model takes part.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from aitia.agent.asking.answer import Answer  # noqa: E402
from aitia.agent.asking.documents import bundled_documents  # noqa: E402
from aitia.agent.asking.lookup import Lookup  # noqa: E402
from aitia.core.errors import AitiaError  # noqa: E402
from aitia.core.scenario import load_scenario  # noqa: E402
from aitia.graphs.ask import AskContext, ask  # noqa: E402
from aitia.graphs.looking import look, opened, steps  # noqa: E402
from aitia.tools.query.site import Site  # noqa: E402
from aitia.tools.sources import open_sources  # noqa: E402
from benchmarks.adapters import holmes  # noqa: E402
from benchmarks.ask.judging import judged  # noqa: E402
from benchmarks.ask.questions import as_said, hold  # noqa: E402

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
        found = look(question, site, None)
        answer = found[0] if found else ask(question, AskContext(shelves=[shelf]))
        answer = (
            steps(question, [shelf], str) if answer.status == "not_known" and not found else None
        ) or answer
    except AitiaError as error:
        return f"aitia> {question}\n{error}"
    return shown_as(question, answer)


def shown_as(question: str, answer: Answer) -> str:
    """An answer as the transcript prints it."""
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


def sittings(file: Path) -> list[str]:
    """Each sitting as a chapter: its turns in one conversation, graded."""
    made: list[str] = []
    for sitting in json.loads(file.read_text(encoding="utf-8")):
        turns, before, right = [], None, 0
        first = sitting["questions"][0]
        site = hold(ROOT / first["source"], datetime.fromisoformat(first["at"])).site
        for turn in sitting["questions"]:
            found = look(turn["question"], site, before)
            answer, before = (
                found
                if found is not None
                else (Answer(question=turn["question"], status="not_known", sure=0.0), before)
            )
            grade = judged(as_said(answer, 0.0), turn)
            good = grade.get("right: answerable", grade.get("refused: unanswerable", False))
            right += good
            verdict = "right" if good else "WRONG" if grade["wrong: all"] else "asked back or refused"
            turns.append(f"{shown_as(turn['question'], answer)}\n  grade: {verdict}")
        made.append(
            f"### {sitting['title']}: {right} of {len(turns)}\n\n```text\n" + "\n\n".join(turns) + "\n```"
        )
    return made


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
    print("\n## Five sittings\n\n" + "\n\n".join(sittings(Path(__file__).with_name("sittings.json"))))
    if args.data:
        print(
            "\n## Open questions of HolmesGPT's users\n\n```text\n"
            + "\n\n".join(of_holmes(args.data, shelf))
            + "\n```"
        )


if __name__ == "__main__":
    main()
