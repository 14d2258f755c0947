"""What was not looked at because its time was over: told with how to look, and no verdict is sure beside it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from aitia.agent.given_up import MOST, TERM, held_down
from aitia.core.deadline import given_up
from aitia.core.words import Evidence, Holding, Report, Result, SourceRef, Suspect
from aitia.graphs.rerun import rerun
from aitia.render.document import build
from aitia.render.terminal import render_text
from aitia.tools import Registry, ToolContext, tool

from . import lab


@tool(needs=("metrics",))
def hasty(ctx: ToolContext) -> Result:
    """Leaves something out."""
    given_up("Not read of namespace shop: pods: no time left.")
    return Result(status="ok", message="the rest was read")


@tool(needs=("runbooks",))
def bookish(ctx: ToolContext) -> Result:
    """Looks into documents for ever."""
    time.sleep(3600)
    return Result(status="ok")


@tool(needs=("metrics",))
def all_quiet(ctx: ToolContext) -> Result:
    """Nothing changed anywhere."""
    quiet = [
        Evidence(
            component=c, kind="metric.quiet", aspect=a, statement=f"{c}: {a} as before", strength=0.9,
            direction="steady", source=SourceRef(source="prom", query=f'{a}{{job="{c}"}}'),
        )
        for c in sorted(lab.shop.CALLS)
        for a in ("latency", "errors", "cpu")
    ]  # fmt: skip
    return Result(status="ok", evidence=tuple(quiet))


@pytest.fixture(scope="module")
def sure(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return lab.run(tmp_path_factory.mktemp("sure"), llm=False)[1]


@pytest.mark.parametrize("late", [lab.endless, hasty], ids=["a whole tool", "a part of one"])
def test_no_cause_is_sure_beside_what_was_given_up(late: object, sure: Report, tmp_path: Path) -> None:
    store, report = lab.run(tmp_path, *lab.GOOD, late, llm=False, seconds=0.5)
    assert sure.given_up == ()
    assert sure.probability > MOST, "the incident is too open for this test"
    assert (report.verdict, report.component, report.fault) == ("cause", sure.component, sure.fault)
    assert report.probability == MOST
    assert sum(s.probability for s in report.suspects) <= 1.001
    assert TERM in {c.term for s in report.suspects if s.fault == "unknown" for c in s.ledger}
    (told,) = report.given_up
    assert told.what == late.name  # type: ignore[attr-defined]
    assert told.look.query or told.look.command
    (section,) = [s for s in build(report).sections if s.title == "Not looked at"]
    assert section.items[0].command == (told.look.command or told.look.query)
    assert section.items[0].text.startswith(told.why)
    assert render_text(report).count(told.why) <= 2  # there and among the calls
    assert rerun(store, registry=Registry((*lab.GOOD, late))) == report  # type: ignore[arg-type]


def test_nothing_is_healthy_beside_what_was_given_up(tmp_path: Path) -> None:
    _, calm = lab.run(tmp_path / "calm", all_quiet, llm=False)
    _, open_ = lab.run(tmp_path / "late", all_quiet, hasty, llm=False)
    assert calm.verdict == "healthy"
    assert open_.verdict == "unknown"
    assert open_.given_up


def test_what_documents_hold_overturns_nothing(sure: Report, tmp_path: Path) -> None:
    class Books(lab.Shop):
        name = "books"
        kind = "runbooks"

    _, report = lab.run(tmp_path, *lab.GOOD, bookish, llm=False, seconds=0.5, more=[Books()])
    assert [g.what for g in report.given_up] == ["bookish"]
    assert report.probability == sure.probability


def test_a_source_that_is_read_too_slowly_is_given_up(sure: Report, tmp_path: Path) -> None:
    class Slow(lab.Shop):
        name = "slow"
        kind = "logs"

        def describe(self, window: object) -> Holding:
            time.sleep(3600)
            raise AssertionError

    _, report = lab.run(tmp_path, *lab.GOOD, llm=False, seconds=0.5, more=[Slow()])
    assert [g.what for g in report.given_up] == ["sources"]
    assert "'slow'" in report.given_up[0].why
    assert report.probability <= MOST < sure.probability


def suspect(component: str, fault: str, probability: float) -> Suspect:
    return Suspect(component=component, fault=fault, score=0.0, probability=probability)


def test_what_is_over_goes_to_unknown() -> None:
    before = [suspect("a", "x", 0.9), suspect("b", "x", 0.05), suspect("", "unknown", 0.05)]
    after, probability = held_down(before, 0.9, ["nobody looked"])
    assert probability == MOST
    assert sum(s.probability for s in after) == pytest.approx(1.0, abs=1e-3)
    assert {s.component: s.probability for s in after}["a"] == MOST
    assert held_down(before, 0.9, []) == (tuple(before), 0.9)
    assert held_down(before, 0.7, ["nobody looked"]) == (tuple(before), 0.7)
