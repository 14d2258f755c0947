"""What one confirmation changes: the next case of a kind that was new, and all other cases.

    python benchmarks/memory/learning.py --data DIR [--cases GLOB] [--kept FILE.jsonl,...] --json OUT

DIR is any folder of scenarios, recorded clusters, PetShop, Nezha or Sock Shop (`benchmarks/rca/labelled.py` tells them apart),
or `-` with `--kept`, which reads diagnoses that `--keep` of a script in `benchmarks/rca` wrote.

new kind   one kind of fault at a time loses the patterns by which it is told, as a kind that a user has only just named. A
           person corrects one run of it. `next` are the other runs of the kind, `other` runs of other kinds, weighed with
           that one lesson
as it is   the whole taxonomy. `next`: one lesson of an earlier run of the same group; `other`: one of another group;
           `many`: lessons of up to 12 earlier runs of any group; `no cause`: the same for runs where nothing is wrong, or
           where the culprit is not watched, so that no cause can be known

Runs are told as a day apart in a fixed order. A lesson is only ever of an earlier day, never of the case itself. Answers are
read by the scorer, and as what the person says of an earlier run. `trivial` is without lessons, `peer` is memory alone: the
component that is most like a confirmed cause, with its kind (1-NN).
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from aitia.agent.judged import Judged
from aitia.agent.learned import Learned, Lesson, lesson_of, likeness, signs_of
from aitia.agent.taxonomy import Pattern, Taxonomy, bundled, covers
from aitia.agent.weigher import Weighed, weigh
from aitia.agent.weights import bundled_weights
from aitia.core.words import Report
from aitia.tools.memory.words import Outcome, PastIncident, fingerprint_of
from benchmarks.contract import chosen, finish, parser, rows
from benchmarks.rca.judged import judged, kept

FIRST: Final = datetime(2026, 1, 1, tzinfo=UTC)
MANY: Final = 12
OTHERS: Final = 6  # cases of other kinds that each lesson is tried on
UNTOLD: Final = Pattern(of="self", aspect="other", kinds=("never",), weight=0.0)


def main() -> int:
    """Weigh every case without and with lessons, then score."""
    began = time.monotonic()
    made = parser(__doc__)
    made.add_argument("--kept", default="", help="kept diagnoses in place of --data, comma-separated")
    arguments = made.parse_args()
    known = {c.id: c for c in _cases(arguments)}
    cases = [known[name] for name in chosen(known, arguments.cases)]
    if not cases:
        print(
            "error: give --data a folder of recorded cases, or --kept a file of kept diagnoses",
            file=sys.stderr,
        )
        return 2
    random.Random(0).shuffle(cases)  # the order of their days
    per_case = [*_new_kinds(cases), *_as_it_is(cases)]
    told = [
        r
        for what in ("new kind", "as it is")
        for r in _rows(what, [c for c in per_case if c["task"] == what])
    ]
    finish("memory/learning", told, per_case, n=len(cases), began=began, out=arguments.json)
    return 0


def _cases(arguments: Any) -> Iterator[Judged]:
    if arguments.kept:
        for file in arguments.kept.split(","):
            yield from (c for c in kept(Path(file)) if c.accepted or c.verdict != "cause")
        return
    data = Path(arguments.data)
    if any(data.glob("*/tool_cache.json*")):
        yield from _clusters(data)
    elif any(data.glob("*/scenario.yaml")):
        yield from _scenarios(data)
    else:
        yield from _labelled(data)


def _clusters(data: Path) -> Iterator[Judged]:
    from benchmarks.rca import k8s_snapshots as k8s

    candidates = k8s._candidates(data)
    for folder in sorted(f.parent for f in data.glob("*/metadata.json")):
        _, report = k8s._predicted(folder, candidates, None)
        yield from k8s._kept(data, [({"case": folder.name}, report)], candidates["aliases"])


def _scenarios(data: Path) -> Iterator[Judged]:
    import tempfile

    from aitia.graphs.replay import replay
    from benchmarks.rca.product import RULES

    for folder in sorted(f.parent for f in data.glob("*/scenario.yaml")):
        with tempfile.TemporaryDirectory() as home:
            done = replay(folder, home=Path(home), llm=None, options=RULES)
        expected = done.scenario.expected
        accepted = [(expected.component, expected.fault)]
        accepted += [(a.component, a.fault) for a in expected.alternatives]
        cause = expected.verdict == "cause"
        group = expected.fault if cause else expected.verdict
        yield judged(folder.name, group, done.report, expected.verdict, accepted if cause else ())


def _labelled(data: Path) -> Iterator[Judged]:
    from benchmarks.rca.labelled import labelled

    for case in labelled(data):
        report: Report = case.run(False)
        accepted = [(c.id, "") for c in report.inventory.components if case.right(c.id)]
        if accepted:
            yield judged(case.name, case.group, report, "cause", accepted)


def _lesson(case: Judged, day: int, named: Weighed) -> Lesson:
    """What a person's word on a run teaches: that it was right, or what it was."""
    right = case.is_right(named)
    component, fault = (named.component, named.fault) if right else case.accepted[0]
    at = FIRST + timedelta(days=day)
    said = Outcome(
        run=case.id,
        right=right,
        component=component,
        fault=fault,
        named=named.component,
        named_fault=named.fault,
        at=at,
    )
    incident = PastIncident(
        id=case.id,
        title=case.id,
        at=at,
        resolved_at=at,
        component=component,
        fault=fault,
        fingerprint=fingerprint_of(case.evidence),
        confirmed=True,
        run=case.id,
    )
    return lesson_of(incident, said)


def _weighed(case: Judged, taxonomy: Taxonomy, lessons: Iterable[Lesson], day: int) -> Weighed:
    now = FIRST + timedelta(days=day)
    known = Learned(lessons=tuple(sorted(lessons, key=lambda x: x.at, reverse=True))).known_to(case.id, now)
    return weigh(
        case.evidence, case.inventory, taxonomy, bundled_weights(), alarmed=case.alarmed, learned=known
    )


def _new_kinds(cases: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    """Each kind that at least two cases have, unknown but for its name."""
    kinds: dict[str, list[Judged]] = defaultdict(list)
    causes = [c for c in cases if c.verdict == "cause"]
    for case in causes:
        if case.accepted[0][1]:
            kinds[case.accepted[0][1]].append(case)
    for kind, mine in sorted(kinds.items()):
        if len(mine) < 2:
            continue
        blind = _without(kind)
        first = mine[0]
        without = _weighed(first, blind, (), 0)
        lesson = _lesson(first, 0, without)
        for day, case in enumerate(mine[1:], 1):
            before, after = _weighed(case, blind, (), day), _weighed(case, blind, [lesson], day)
            yield _case("new kind", "next", case, before, after, peer=case.is_right(nearest(case, [lesson])))
        others = [c for c in causes if not covers(kind, c.accepted[0][1])]
        for case in random.Random(kind).sample(others, min(OTHERS, len(others))):
            before, after = _weighed(case, blind, (), 1), _weighed(case, blind, [lesson], 1)
            yield _case("new kind", "other", case, before, after)


def _without(kind: str) -> Taxonomy:
    """The taxonomy in which a kind and those below it have a name and no patterns."""
    return Taxonomy(
        {
            f.id: f.model_copy(update={"patterns": (UNTOLD,), "requires": ()}) if covers(kind, f.id) else f
            for f in bundled()
        }
    )


def _as_it_is(cases: Sequence[Judged]) -> Iterator[dict[str, Any]]:
    taxonomy = bundled()
    quiet = [c for c in cases if c.verdict != "cause"]
    cases = [c for c in cases if c.verdict == "cause"]
    plain = [_weighed(c, taxonomy, (), n) for n, c in enumerate(cases)]
    lessons = [_lesson(c, n, w) for n, (c, w) in enumerate(zip(cases, plain, strict=True))]
    for day, case in enumerate(cases):
        earlier = [n for n in range(day) if cases[n].group == case.group]
        if earlier:
            after = _weighed(case, taxonomy, [lessons[earlier[-1]]], day)
            yield _case(
                "as it is",
                "next",
                case,
                plain[day],
                after,
                peer=case.is_right(nearest(case, [lessons[earlier[-1]]])),
            )
        elif day:
            other = random.Random(day).randrange(day)
            after = _weighed(case, taxonomy, [lessons[other]], day)
            yield _case("as it is", "other", case, plain[day], after)
        if day:
            some = random.Random(day).sample(range(day), min(MANY, day))
            after = _weighed(case, taxonomy, [lessons[n] for n in some], day)
            yield _case(
                "as it is",
                "many",
                case,
                plain[day],
                after,
                peer=case.is_right(nearest(case, [lessons[n] for n in some])),
            )
    for number, case in enumerate(quiet if lessons else ()):
        some = random.Random(number).sample(lessons, min(MANY, len(lessons)))
        before = _weighed(case, taxonomy, (), len(cases))
        yield _case("as it is", "no cause", case, before, _weighed(case, taxonomy, some, len(cases)))


def nearest(case: Judged, lessons: Sequence[Lesson]) -> Weighed:
    """Memory alone: the component that is most like a confirmed cause of the lessons, with its kind (1-NN)."""
    prints = fingerprint_of(case.evidence)
    best, who = 0.0, ("", "")
    for component in sorted({e.component for e in case.evidence} - {""}):
        own, beside = signs_of(prints, component)
        for lesson in lessons:
            alike = likeness(own, beside, lesson.own, lesson.beside)
            if alike > best:
                best, who = alike, (component, lesson.fault)
    return Weighed(verdict="cause", probability=1.0, component=who[0], fault=who[1])


def _case(
    task: str, what: str, case: Judged, before: Weighed, after: Weighed, peer: bool | None = None
) -> dict[str, Any]:
    def answer(w: Weighed) -> str:
        return f"{w.component} {w.fault}".strip() or w.verdict

    return {
        "task": task,
        "what": what,
        "id": case.id,
        "group": case.group,
        "before": answer(before),
        "after": answer(after),
        "right_before": case.is_right(before),
        "right_after": case.is_right(after),
        "unchanged": answer(before) == answer(after),
        "peer": peer,
    }


def _rows(task: str, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for what in ("next", "other", "many", "no cause"):
        mine = [c for c in cases if c["what"] == what]
        metrics: dict[str, dict[str, list[float]]] = {
            "no_model": {
                f"{task}, {what}: right": [c["right_after"] for c in mine],
                f"{task}, {what}: mended": [c["right_after"] and not c["right_before"] for c in mine],
                f"{task}, {what}: broken": [c["right_before"] and not c["right_after"] for c in mine],
                f"{task}, {what}: unchanged": [c["unchanged"] for c in mine],
            },
            "trivial": {f"{task}, {what}: right": [c["right_before"] for c in mine]},
            "peer": {f"{task}, {what}: right": [c["peer"] for c in mine if c["peer"] is not None]},
        }
        for system, measured in metrics.items():
            found += rows(system, measured)
    return found


if __name__ == "__main__":
    sys.exit(main())
