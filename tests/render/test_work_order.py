"""The work order: JSON by its schema, one page without script or request, and the report's section of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from aitia.agent.first_look import first_look
from aitia.agent.weigher import Weighed
from aitia.core.errors import BadInput
from aitia.core.words import Component, Evidence, Inventory, Report, SourceRef, WorkOrder
from aitia.core.work_order import Remaining, WorkFact, WorkStep
from aitia.render.markdown import render_markdown
from aitia.render.terminal import render_text
from aitia.render.work_order import (
    render_work_order,
    runs_for,
    work_order_json,
    work_order_schema_text,
)

SNAPSHOT = Path(__file__).parents[2] / "docs" / "work_order.schema.json"


@pytest.fixture
def machine(cause: Report) -> Report:
    """A report of a worn pump."""
    end = cause.incident.window.end
    order = WorkOrder(
        run=cause.run, asset="P-101", path=("hall 2",), machine="pump", title="P-101: pump wear", failure="machine.pump.wear",
        cause="its impeller is worn", effect="less flow", certainty=0.88, priority="soon", priority_why="its trend [E1]",
        since=end, since_error_s=600.0,
        remaining=Remaining(
            hours=288, low_hours=216, high_hours=432, earliest=end + timedelta(hours=216), by="the trend of flow to its limit 120", fact="E1"
        ),
        steps=(
            WorkStep(kind="make safe", text="isolate P-101", advice=True),
            WorkStep(kind="inspect", text="Look at <script>alert(1)</script>"),
            WorkStep(kind="repair", text="Replace the impeller"),
        ),
        parts=("impeller",), tools=("puller",), facts=(WorkFact(id="E1", statement="it fell"),), not_known=("the stock",),
    )  # fmt: skip
    return cause.model_copy(update={"work_order": order})


def test_the_snapshot_in_the_docs_is_the_schema() -> None:
    assert SNAPSHOT.read_text(encoding="utf-8") == work_order_schema_text(), "run: make schema"


def test_the_json_is_the_order_and_holds_what_the_schema_wants(machine: Report) -> None:
    told = json.loads(work_order_json(machine))
    assert WorkOrder.model_validate(told) == machine.work_order
    assert set(json.loads(work_order_schema_text())["required"]) <= set(told)


def test_one_page_that_asks_nobody_and_runs_nothing(machine: Report) -> None:
    page = render_work_order(machine)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "")
    for words in (
        "Act soon",
        "P-101: pump wear",
        "about 12 days (9 days to 18 days)",
        "impeller",
        "puller",
        "Safe state (advice",
        "hall 2",
    ):
        assert words in page
    assert "@page" in page


def test_the_ordinary_report_of_a_machine_reads_like_this_too(machine: Report) -> None:
    for text in (render_text(machine, full=True), render_markdown(machine, full=True)):
        assert "Maintenance" in text
        assert "Act soon" in text
    assert "Act soon" in render_text(machine)


def test_a_report_of_services_has_no_such_section(cause: Report) -> None:
    assert "Maintenance" not in render_text(cause, full=True)
    with pytest.raises(BadInput, match="names no machine"):
        render_work_order(cause)


@pytest.mark.parametrize(
    ("remaining", "says"),
    [(Remaining(why_none="no limit is known"), "not known: no limit is known"),
     (Remaining(hours=30.4, by="its own trend to the limit"), "about 30 h, by its own trend to the limit")],
)  # fmt: skip
def test_how_long_it_can_run(remaining: Remaining, says: str) -> None:
    assert runs_for(remaining) == says


def departing(report: Report, strength: float) -> Report:
    """The report with one signal of a machine that left what the others tell of it."""
    fact = Evidence(
        id="E77", component="rack1", kind="signal.apart", aspect="pattern.unlike", direction="down", strength=strength,
        statement="rack1: level (soc) reads 41 %, 57 % expected from the other signals of the plant.",
        values={"channel": "soc"}, window=report.incident.window, source=SourceRef(source="historian", query="soc"),
    )  # fmt: skip
    inventory = Inventory(components=(Component(id="rack1", type="machine"),))
    weighed = Weighed(
        verdict=report.verdict, probability=report.probability, component=report.component, fault=report.fault
    )
    look = first_look(weighed, (fact,), inventory)
    told = {"inventory": inventory, "evidence": (*report.evidence, fact), "look_first": look}
    return report.model_copy(update=told)


def test_an_open_verdict_sends_somebody_to_the_one_signal_that_departs(
    unknown: Report, healthy: Report
) -> None:
    for report in (unknown, healthy):
        told = " ".join(render_markdown(departing(report, 0.89)).split())
        assert "none yet: no fault is proven" in told
        assert "Read soc of rack1 with a dipstick or at the sight glass" in told
        assert "57 % expected" in told
        assert "order an inspection" in told
    assert "none yet" not in render_markdown(departing(healthy, 0.5))


def test_a_named_cause_sends_nobody_elsewhere(cause: Report) -> None:
    assert "none yet" not in render_markdown(departing(cause, 0.89))


def test_what_work_did_lately_stands_beside_what_is_asked_for(machine: Report) -> None:
    assert machine.work_order is not None
    told = {
        "recent": ("45047 greased, 2 h before the alarm [E1]",),
        "repeats": ("greased already: see 45047",),
    }
    report = machine.model_copy(update={"work_order": machine.work_order.model_copy(update=told)})
    for page in (render_markdown(report), render_work_order(report)):
        assert "45047 greased, 2 h before the alarm" in page
        assert "greased already" in page


def test_how_long_it_can_run_is_told_only_where_something_is_known_of_it(machine: Report) -> None:
    assert machine.work_order is not None
    assert "can run" in render_markdown(machine)
    unsure = machine.work_order.model_copy(update={"remaining": Remaining(why_none="no trend is at hand")})
    assert "can run" not in render_markdown(machine.model_copy(update={"work_order": unsure}))


def test_a_search_without_a_hit_is_nothing_that_a_plant_lacks(unknown: Report) -> None:
    call = unknown.calls[0].model_copy(
        update={"tool": "runbooks_search", "status": "no_data", "message": "no runbook matches"}
    )
    report = unknown.model_copy(update={"calls": (call,)})
    assert "no runbook matches" in render_text(report).partition("Tool calls")[0]
    assert "no runbook matches" not in render_text(departing(report, 0.5)).partition("Tool calls")[0]
