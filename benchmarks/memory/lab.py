"""Memory at scale with incidents of the lab: is the right past one of hundreds recalled, and what do confirmations change?

    python benchmarks/memory/lab.py --data DIR --work WORK [--split develop|tune|never] [--minutes M] --json OUT

DIR holds what `aitia lab make` made. A recording is diagnosed by the rules alone and confirmed, or corrected, as a person does
it; WORK keeps that, so that a second call goes on where the first ended (a changed diagnosis needs another WORK). `--minutes`
stops the diagnosing after that long: what is there by then is a sample by hash.

recall     The later recording of a cause (system, fault and victim; another seed, another day) asks a memory of all others by
           what its run knows after the first round of calls. Right is the same kind of fault at the same component of
           the same system; the same kind elsewhere has half a grade. `nothing right`: the same memory without any
           incident of that kind; `healthy`: an hour in which nothing was wrong. Both should recall nothing.
           `--beside`: diagnoses that other benchmarks kept (`--keep`) lie in that memory too, and nobody asks for them.
learning   The earlier half is confirmed, the later half weighed without and with that: lessons, and what `incidents_search`
           recalls.
           `others`: with the lessons of other systems alone, which should change nothing that was right.

Systems that nobody looks at are asked of with `--split never` alone, which tells totals and writes down that it was done.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from aitia.core.errors import ModelError
from aitia.core.home import aitia_home
from aitia.tools.memory.rows import embedded_text
from aitia.tools.memory.store import MemoryStore
from aitia.tools.memory.vectors import Embeds
from aitia.tools.memory.words import PastIncident, Query
from benchmarks.contract import Case, finish, parser, rows
from benchmarks.lab.data import NEVER
from benchmarks.lab.incidents import written_down
from benchmarks.memory.fusing import Floats
from benchmarks.memory.lab_beside import Beside, beside
from benchmarks.memory.lab_learning import learning
from benchmarks.memory.lab_runs import HEALTHY, Run, halves, recordings, runs
from benchmarks.memory.store_parts import Vectors

FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
SHOWN: Final = 3  # `incidents_search` shows so many
Ranking = Callable[[Run, frozenset[str]], list[str]]  # ids, best first, without some
Cause = tuple[str, tuple[str, str]]  # the system, and component and kind of fault


def main() -> int:
    """Diagnose what is not there yet, then ask and replay."""
    began = time.monotonic()
    asked = parser(__doc__)
    asked.add_argument(
        "--work", required=True, type=Path, help="diagnoses and second recordings are kept here"
    )
    asked.add_argument("--split", choices=("develop", "tune", NEVER), default="")
    asked.add_argument("--minutes", type=float, default=None, help="diagnose no longer than this")
    asked.add_argument(
        "--beside", nargs="*", type=Path, default=[], help="kept diagnoses as further past incidents"
    )
    asked.add_argument("--beside-data", nargs="*", type=Path, default=[], help="where their recordings lie")
    asked.add_argument("--task", choices=("recall", "learning", "both"), default="both")
    args = asked.parse_args()
    found = recordings(Path(args.data), args.work, args.split, args.cases)
    most_s = None if args.minutes is None else 60 * args.minutes
    earlier, later = halves(list(runs(found, args.work, most_s=most_s)), args.split)
    if not earlier or not later:
        print(
            "error: give --data a folder with recordings of the lab, and time to diagnose them",
            file=sys.stderr,
        )
        return 2
    past, more = dated(earlier), beside(args.beside, args.beside_data)
    print(f"{len(past)} past incidents and {len(more)} beside them, {len(later)} are asked", flush=True)
    cases: list[Case] = recall(past, later, more) if args.task != "learning" else []
    if args.task != "recall":
        cases += learning(past, later, FIRST + timedelta(days=len(past) + 1))
    sealed = args.split == NEVER
    made = [row for task in ("recall", "learning") for row in told(task, cases, grouped=not sealed)]
    if sealed:
        mine = {r.id for r in later}
        written_down([i for i in found if i.id in mine], made, task="memory/lab")
    finish("memory/lab", made, [] if sealed else cases, n=len(past) + len(more), began=began, out=args.json)
    return 0


def dated(earlier: Sequence[Run]) -> dict[str, tuple[Run, PastIncident]]:
    """The past incidents by number, a day apart in their order, which is by hash: how long ago it was tells nothing."""
    made = {}
    for day, run in enumerate(earlier):
        at = FIRST + timedelta(days=day)
        assert run.kept is not None
        name = f"INC-{day}"
        told = {"id": name, "run": name, "at": at, "resolved_at": at + timedelta(hours=1)}
        made[name] = (run, run.kept.model_copy(update=told))
    return made


def recall(
    past: Mapping[str, tuple[Run, PastIncident]], later: Sequence[Run], more: Sequence[Beside] = ()
) -> list[Case]:
    """What each system recalls for each later recording; `more` is in memory too."""
    kept = [*(p for _, p in past.values()), *(_between(m, n, len(past)) for n, m in enumerate(more))]
    causes = {id: cause_of(run) for id, (run, _) in past.items()}
    causes |= {m.kept.id: (m.system, m.answer) for m in more}
    found: list[Case] = []
    with tempfile.TemporaryDirectory() as place:
        for system, ranking in systems(kept, Path(place)).items():
            for run in later:
                found += asked_of(system, ranking, run, causes)
            print(f"{system}: {len(later)} asked", flush=True)
    return found


def _between(one: Beside, number: int, days: int) -> PastIncident:
    """Dated among the others, so that how long ago it was tells nothing."""
    at = FIRST + timedelta(days=number % days, hours=12)
    return one.kept.model_copy(update={"at": at, "resolved_at": at + timedelta(hours=1)})


def asked_of(system: str, ranking: Ranking, run: Run, causes: Mapping[str, Cause]) -> list[Case]:
    """One question with the right incident in memory, and one without any of its kind."""
    case: Case = {
        "task": "recall",
        "system": system,
        "id": run.id,
        "of": run.order.system,
        "fault": run.order.fault,
    }
    if run.order.fault == HEALTHY:
        return [case | {"what": "healthy", "first": ranking(run, frozenset())[:SHOWN]}]
    grades = {id: grade(run, cause) for id, cause in causes.items()}
    grades = {id: g for id, g in grades.items() if g}
    made = []
    if 1.0 in grades.values():
        names = ranking(run, frozenset())
        place = next((n for n, id in enumerate(names, 1) if grades.get(id) == 1.0), 0)
        top = [grades.get(id, 0.0) for id in names[:SHOWN]]
        made.append(case | {"what": "right", "place": place, "grades": top, "first": names[:SHOWN]})
    return [*made, case | {"what": "nothing right", "first": ranking(run, frozenset(grades))[:SHOWN]}]


def cause_of(run: Run) -> Cause:
    """What was right, of a recording that holds a fault."""
    return run.order.system, run.case.accepted[0]


def grade(asked: Run, held: Cause) -> float:
    """1 the same kind of fault at the same component, .5 the same kind elsewhere, else 0."""
    (component, fault), (system, (other, kind)) = asked.case.accepted[0], held
    if fault != kind:
        return 0.0
    return 1.0 if (asked.order.system, component) == (system, other) else 0.5


def systems(kept: Sequence[PastIncident], place: Path) -> dict[str, Ranking]:
    """Our store with and without the embedding model, and what one would do without it."""
    vectors = _vectors()
    made: dict[str, Ranking] = {"ours": _store(kept, place / "ours", vectors)} if vectors else {}
    made["no_model"] = _store(kept, place / "rules", None)
    words = [_words(p) for p in kept]
    made["peer BM25"] = _bm25(kept, words, lambda run: run.query.text)
    facts = [f"{text}\n{_tokens(p.fingerprint)}" for p, text in zip(kept, words, strict=True)]
    made["peer BM25 facts"] = _bm25(kept, facts, lambda r: f"{r.query.text}\n{_tokens(r.query.fingerprint)}")
    made["peer kNN facts"] = _nearest(kept)
    if vectors:
        known = vectors.rows.of([embedded_text(p) for p in kept])
        made["peer MiniLM"] = lambda run, out: _by(kept, known @ vectors.rows.of([run.query.text])[0], out)
    often = Counter((p.component, p.fault) for p in kept)
    scores = np.array([float(often[p.component, p.fault]) for p in kept])
    return made | {"trivial": lambda _, out: _by(kept, scores, out)}


class _Kept:
    """The embedding model, each text once."""

    def __init__(self, model: Embeds) -> None:
        self.sha256, self.rows = model.sha256, Vectors(model)

    def embed(self, texts: Sequence[str]) -> Any:
        return self.rows.of(texts)


def _vectors() -> _Kept | None:
    from aitia.models.embed import Embedder

    try:
        return _Kept(Embedder(home=aitia_home()))
    except ModelError as error:
        print(f"meaning is left out: {error}")
        return None


def _store(kept: Sequence[PastIncident], home: Path, vectors: _Kept | None) -> Ranking:
    store = MemoryStore(home, embedder=vectors)
    store.put(kept, by="benchmark")
    store.embed()
    now = FIRST + timedelta(days=len(kept) + 1)

    def ranking(run: Run, out: frozenset[str]) -> list[str]:
        query: Query = run.query.model_copy(update={"before": now, "exclude": tuple(sorted(out))})
        return [match.incident.id for match in store.search(query, top=len(kept))]

    return ranking


def _words(past: PastIncident) -> str:
    said = (past.title, past.text, *past.symptoms, past.component, past.cause, *past.labels.values())
    return "\n".join(said)


def _tokens(fingerprint: Sequence[str]) -> str:
    """Each token of what moved as a word that no other text has."""
    return " ".join(f"x{token.encode().hex()}" for token in fingerprint)


def _bm25(kept: Sequence[PastIncident], texts: Sequence[str], asked: Callable[[Run], str]) -> Ranking:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize(list(texts), stopwords="en", show_progress=False), show_progress=False)

    def ranking(run: Run, out: frozenset[str]) -> list[str]:
        (split,) = bm25s.tokenize([asked(run)], stopwords="en", show_progress=False, return_ids=False)
        known = [word for word in split if word in index.vocab_dict]
        return _by(kept, index.get_scores(known) if known else np.zeros(len(kept)), out)

    return ranking


def _nearest(kept: Sequence[PastIncident]) -> Ranking:
    """Cosine of the fingerprints as vectors, a token weighed by its rarity (tf-idf)."""
    often = Counter(token for p in kept for token in p.fingerprint)
    rare = {token: float(np.log((1 + len(kept)) / (1 + n))) + 1 for token, n in often.items()}
    norms = [float(np.sqrt(sum(rare[t] ** 2 for t in p.fingerprint))) or 1.0 for p in kept]

    def ranking(run: Run, out: frozenset[str]) -> list[str]:
        mine = set(run.query.fingerprint)
        scores = [
            sum(rare[t] ** 2 for t in mine & {*p.fingerprint}) / n for p, n in zip(kept, norms, strict=True)
        ]
        return _by(kept, np.array(scores), out)

    return ranking


def _by(kept: Sequence[PastIncident], scores: Floats, out: frozenset[str]) -> list[str]:
    order = sorted(range(len(kept)), key=lambda n: (-float(scores[n]), kept[n].id))
    return [kept[n].id for n in order if kept[n].id not in out]


def told(task: str, cases: Sequence[Case], *, grouped: bool) -> list[dict[str, Any]]:
    """The rows of a task by system, and with `grouped` the main ones by the lab's systems too."""
    mine = [c for c in cases if c["task"] == task]
    made: list[dict[str, Any]] = []
    for system in dict.fromkeys(c["system"] for c in mine):
        own = [c for c in mine if c["system"] == system]
        made += rows(system, _measured(task, own))
        for name in sorted({c["of"] for c in own}) if grouped else ():
            part = _measured(task, [c for c in own if c["of"] == name])
            made += rows(system, {f"{m}, {name}": v for m, v in part.items() if m in _GROUPED})
    return made


_GROUPED: Final = ("recall@1", "MRR", "later: right", "later: wrong cause")


def _measured(task: str, cases: Sequence[Case]) -> dict[str, list[float]]:
    if task == "learning":
        return _learned(cases)
    right = [c for c in cases if c["what"] == "right"]
    none: dict[str, list[float]] = {
        what: [not c["first"] for c in cases if c["what"] == what] for what in ("nothing right", "healthy")
    }
    return {
        "recall@1": [c["place"] == 1 for c in right],
        "recall@3": [0 < c["place"] <= SHOWN for c in right],
        "MRR": [1 / c["place"] if c["place"] else 0.0 for c in right],
        "grade of the first": [c["grades"][0] if c["grades"] else 0.0 for c in right],
        "best grade of three": [max(c["grades"], default=0.0) for c in right],
        "recalled at all": [bool(c["first"]) for c in right],
        **{f"{what}: none recalled": values for what, values in none.items()},
    }


def _learned(cases: Sequence[Case]) -> dict[str, list[float]]:
    later = [c for c in cases if c["what"] == "cause"]
    healthy = [c for c in cases if c["what"] == "healthy"]
    made: dict[str, list[float]] = {
        "later: right": [c["right"] for c in later],
        "later: wrong cause": [c["wrong"] for c in later],
        "healthy: false cause": [c["wrong"] for c in healthy],
    }
    made["as in the run's own report"] = [c["as reported"] for c in cases if "as reported" in c]
    if any("before" in c for c in cases):
        made["broken of what was right"] = [not c["right"] for c in cases if c["before"]]
        made["mended of what was not"] = [c["right"] for c in later if not c["before"]]
    return made


if __name__ == "__main__":
    sys.exit(main())
