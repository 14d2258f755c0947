"""Which line of a log a question means: right, wrong, and "none of them" where none is.

python benchmarks/ask/which_lines.py --data DIR [--cases GLOB] [--model BASE+ADAPTER.gguf] [--untuned BASE] --json OUT

DIR holds `log_lines_written.jsonl`: a JSON list a line of author, site, component, lines and questions (text, language, index of
the line that is meant or -1, what is wanted). `--cases` is a glob over authors. Lines and questions are by language models. Rows:
ours (a tuned model, answering from its threshold; `ours any` whatever its probability), no_model (words alike in any language,
where one line has most), peer (BM25; with --untuned the log-likelihood of the question behind each line, by an untuned model:
query likelihood, Sachan et al. 2022), trivial (never says that a line is meant).
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.asking.question.across import stems_across
from aitia.agent.asking.question.line_reader import LineReader
from aitia.agent.asking.question.lines_by_model import FROM
from aitia.agent.asking.question.stems import stem_of
from aitia.comparing import open_model
from aitia.core.lexical import LexicalIndex
from aitia.core.llm import Prompt
from aitia.tools.meaning.incidents.words import plain
from aitia.tools.memory.terms import terms
from benchmarks.contract import Case, chosen, finish, parser, rows

FILE: Final = "log_lines_written.jsonl"
_BEHIND: Final = "You write questions that operators ask about log lines, in any language."
Tells = Callable[[str, Sequence[str]], int]


def by_words(question: str, lines: Sequence[str]) -> int:
    """The one line that has most words of the question, in any language; -1 where none or several have."""
    stems = [
        {s for s in (stem_of(w), *stems_across(w)) if len(s) > 3}
        for w in set(re.findall(r"[^\W\d_]{3,}", plain(question)))
    ]
    scores = [sum(any(s in plain(line) for s in alike) for alike in stems) for line in lines]
    best = max(scores)
    return scores.index(best) if best > 0 and scores.count(best) == 1 else -1


def by_bm25(question: str, lines: Sequence[str]) -> int:
    """The first line by BM25; -1 where no word is shared."""
    scores = LexicalIndex([terms(line) for line in lines]).bm25(terms(question))
    return int(np.argmax(scores)) if float(np.max(scores)) > 0 else -1


def main() -> None:
    made = parser(__doc__)
    made.add_argument(
        "--untuned", default="", help="a model whose likelihood of the question ranks the lines"
    )
    args = made.parse_args()
    began = time.monotonic()
    logs = [json.loads(x) for x in (Path(args.data) / FILE).read_text("utf-8").splitlines()]
    authors = set(chosen({log[0] for log in logs}, args.cases))
    systems: dict[str, Tells] = {"no_model": by_words, "peer BM25": by_bm25, "trivial": lambda *_: -1}
    sure: dict[str, float] = {}
    wants: dict[str, str] = {}
    if args.model != "none":
        reader = LineReader(open_model(args.model, "lines"))

        def ours(question: str, lines: Sequence[str]) -> int:
            meant = reader.read(question, lines)
            sure[question], wants[question] = meant.sure, meant.want
            return -1 if meant.kind is None else meant.kind

        systems = {"ours any": ours, **systems}
    if args.untuned:
        plainly = open_model(args.untuned, "lines")

        def likelihood(question: str, lines: Sequence[str]) -> int:
            asked = [
                Prompt(
                    system=_BEHIND, user=f"Log line: {x}\nAn operator's question whose answer is this line:"
                )
                for x in lines
            ]
            return int(np.argmax([plainly.choose(p, [question, "?"]).log_probs[0] for p in asked]))

        systems["peer query likelihood"] = likelihood
    cases: list[Case] = []
    for author, site, component, lines, questions in logs:
        if author not in authors:
            continue
        for question, language, meant, want in questions:
            told = {name: tell(question, lines) for name, tell in systems.items()}
            if "ours any" in told:
                told["ours"] = told["ours any"] if sure[question] >= FROM else -1
            cases.append(
                {"site": site, "component": component, "question": question, "language": language, "meant": meant,
                 "want": want, "told": told, "sure": sure.get(question), "told_want": wants.get(question)}
            )  # fmt: skip
    table = []
    for name in cases[0]["told"]:
        answerable = [c for c in cases if c["meant"] >= 0]
        measured = {
            "right: answerable": [float(c["told"][name] == c["meant"]) for c in answerable],
            "wrong: all": [float(c["told"][name] not in (-1, c["meant"])) for c in cases],
            "none: unanswerable": [float(c["told"][name] == -1) for c in cases if c["meant"] < 0],
        }
        if name == "ours any":
            measured["want right: answerable"] = [float(c["told_want"] == c["want"]) for c in answerable]
        table += rows(name, measured)
    finish("ask/which_lines", table, cases, n=len(cases), began=began, out=args.json)


if __name__ == "__main__":
    main()
