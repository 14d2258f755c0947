"""Every case with a known culprit of the folder layouts here, each to be diagnosed whole or with the culprit unwatched."""

from __future__ import annotations

import dataclasses
import json
import lzma
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aitia.agent.topology import Topology
from aitia.core.scenario import load_scenario
from aitia.core.words import Report
from benchmarks.adapters.k8s_tool_cache import transcribed
from benchmarks.rca import k8s_snapshots, nezha_metrics, nezha_sources, petshop, sockshop
from benchmarks.rca.metric_cases import MetricCase
from benchmarks.rca.metric_runs import report_of
from benchmarks.rca.product import diagnosed


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A case: `run(hide)` makes the report, without the culprit's telemetry where `hide` (a cluster's lists keep its row);
    `right` says whether a component is an accepted answer. Both may use the answer: this is for measures that need it
    taken away.
    """

    name: str
    group: str  # the data and the answer: what must not be split between folds
    run: Callable[[bool], Report]
    right: Callable[[str], bool]


def labelled(data: Path) -> Iterator[Labelled]:
    """The cases of a folder: scenarios, recorded clusters, PetShop, Nezha or Sock Shop, told apart by what is in it."""
    if any(data.glob("*/scenario.yaml")):
        yield from _scenarios(data)
    elif any(data.glob("*/tool_cache.json*")):
        yield from _clusters(data)
    elif any(data.glob("rca_data/*/*-fault_list.json")):
        yield from _nezha(data)
    elif any(data.glob("*/*/*/target.json")):
        yield from _petshop(data)
    else:
        yield from _sockshop(data)


def _scenarios(data: Path) -> Iterator[Labelled]:
    for folder in sorted(f.parent for f in data.glob("*/scenario.yaml")):
        scenario = load_scenario(folder)
        expected = scenario.expected
        if expected.verdict != "cause":
            continue
        right = {expected.component, *(a.component for a in expected.alternatives)}
        family = {m for c in right for m in Topology(scenario.components).family(c)}

        def run(hide: bool, folder: Path = folder, family: set[str] = family) -> Report:
            told = load_scenario(folder)
            return diagnosed(
                told.as_incident(),
                told.sources,
                folder,
                components=told.components,
                hide=sorted(family) if hide else (),
            )

        group = f"scenarios {scenario.recorded.by} {expected.verdict} {expected.fault}"
        yield Labelled(name=folder.name, group=group, run=run, right=(right | family).__contains__)


def _petshop(data: Path) -> Iterator[Labelled]:
    for folder in petshop.folders(data):
        yield _metrics("petshop", petshop.case_of(folder, data), petshop.read_answer(folder))


def _sockshop(data: Path) -> Iterator[Labelled]:
    for number, folder in enumerate(sockshop.folders(data)):
        culprit = sockshop.service(sockshop.read_answer(folder)[0])
        yield _metrics("sockshop", sockshop.case_of(folder, number), culprit, sockshop.service)


def _nezha(data: Path) -> Iterator[Labelled]:
    for day in nezha_metrics.days(data):
        if nezha_metrics.minute_unknown(data, day):
            continue
        for index, (pod, _) in enumerate(nezha_metrics.read_answers(data, day)):
            yield _metrics("nezha_metrics", nezha_metrics.given(data, day, index), pod, nezha_metrics.service)
    for case in nezha_sources.cases(data):
        pod = nezha_sources.answers(data, case.day)[int(case.name.rpartition("/")[2])][0]
        culprit = nezha_sources.service(pod)

        def run(
            hide: bool, case: nezha_sources.Case = case, gone: tuple[str, ...] = (culprit, pod)
        ) -> Report:
            with tempfile.TemporaryDirectory() as folder:
                incident, sources = nezha_sources.convert(data, case, Path(folder))
                return diagnosed(incident, sources, Path(folder), hide=gone if hide else ())

        yield Labelled(
            name=case.name,
            group=f"nezha_sources {culprit}",
            run=run,
            right=lambda c, culprit=culprit: nezha_sources.service(c) == culprit,
        )


def _clusters(data: Path) -> Iterator[Labelled]:
    for folder in sorted(f.parent for f in data.glob("*/metadata.json")):
        thing, cause = k8s_snapshots.answer_of(data, folder.name, {})
        kind, _, culprit = thing.partition("/")
        if kind == "namespace":  # everything that was recorded is in it
            continue

        def run(hide: bool, folder: Path = folder, culprit: str = culprit) -> Report:
            with tempfile.TemporaryDirectory() as left, tempfile.TemporaryDirectory() as made:
                case = folder
                if hide:
                    without(folder, culprit, Path(left))
                    case = Path(left)
                sources = transcribed(case, k8s_snapshots.namespace_of(folder), Path(made))
                return diagnosed(k8s_snapshots.incident_of(folder), sources, case)

        yield Labelled(
            name=folder.name, group=f"k8s {cause}", run=run, right=lambda c, culprit=culprit: c == culprit
        )


def without(folder: Path, culprit: str, out: Path) -> None:
    """A recorded cluster less every answer about the culprit and every event of it.

    Lists keep its row: a list without it would say that there is no such object.
    """
    (file,) = folder.glob("tool_cache.json*")
    with lzma.open(file) if file.suffix == ".xz" else file.open("rb") as recorded:
        answers: dict[str, Any] = json.load(recorded)
    its = re.compile(rf"(?<![\w.-]){re.escape(culprit)}(-[a-z0-9-]+)?(?![\w.])")
    left = {k: a for k, a in answers.items() if not its.search(k)}
    for key, answer in left.items():
        if '"events"' in key:
            left[key] = "\n".join(line for line in answer.splitlines() if not its.search(line))
    (out / "tool_cache.json").write_text(json.dumps(left), encoding="utf-8")


def _metrics(data: str, case: MetricCase, culprit: str, name: Callable[[str], str] = str) -> Labelled:
    def run(hide: bool) -> Report:
        if not hide:
            return report_of(case)
        less = case.table.take(lambda c: name(c.component) != culprit)
        return report_of(dataclasses.replace(case, table=less))

    return Labelled(name=case.name, group=f"{data} {culprit}", run=run, right=lambda c: name(c) == culprit)
