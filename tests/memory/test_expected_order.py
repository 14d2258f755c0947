"""The next corrective order of an incident's machine as a cited line of its work order, and as no sign of a cause."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aitia.agent.taxonomy import bundled
from aitia.agent.weigher import weigh
from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Evidence, Incident, Inventory, Window, from_epoch
from aitia.tools.changes import maintenance_list
from aitia.tools.registry import SourceSet, ToolContext
from aitia.tools.sources import open_source

T0 = 1_767_225_600.0
AT = from_epoch(T0)
PUMPS = (Component(id="P-101", type="machine", aliases=("pump 1",)), Component(id="P-102", type="machine"))


def history(orders: int, hour: str = "12:00") -> str:
    """P-101 always needs a seal, P-102 by turns each of four things; one order every five days."""
    codes = ("seal", "bearing", "cleaning", "sensor")
    rows = ["finished_at,equipment,failure_code,description"]
    for k in range(orders):
        at = AT - timedelta(days=5 * (orders - k))
        code = "seal" if k % 2 else codes[(k // 2) % 4]
        rows.append(f"{at:%Y-%m-%d} {hour},{'pump 1' if k % 2 else 'P-102'},{code},{code} replaced")
    return "\n".join(rows) + "\n"


def context(folder: Path, text: str) -> ToolContext:
    (folder / "orders.csv").write_text(text, encoding="utf-8")
    source = open_source(
        SourceConfig.model_validate(
            {"name": "cmms", "kind": "maintenance", "type": "maintenance", "path": "orders.csv"}
        ),
        folder,
    )
    window = Window(start=AT - timedelta(hours=1), end=AT + timedelta(hours=1))
    incident = Incident(id="i", title="P-101 shakes", started_at=AT, window=window, hints=("P-101",))
    return ToolContext(incident=incident, sources=SourceSet([source]), resolver=Resolver(list(PUMPS)))


def expected(ctx: ToolContext) -> list[Evidence]:
    return [e for e in maintenance_list(ctx).evidence if e.kind == "maintenance.expected"]


def test_what_the_orders_make_likely_is_said_of_the_alarmed_machine_first(tmp_path: Path) -> None:
    told = expected(context(tmp_path, history(80)))
    assert told[0].component == "P-101"
    assert told[0].values["text"] == "seal seal replaced"
    assert "80 corrective orders before" in told[0].statement
    assert told[0].source.query.startswith("aitia memory next 'orders.csv' --asset 'P-101'")


@pytest.mark.parametrize("text", [history(20), "at,component,text\n2025-12-01 10:00,P-101,looked at it\n"])
def test_a_short_history_or_one_without_codes_says_nothing(tmp_path: Path, text: str) -> None:
    assert expected(context(tmp_path, text)) == []


def test_orders_after_the_alarm_are_not_looked_at(tmp_path: Path) -> None:
    later = "".join(f"{AT + timedelta(minutes=k):%Y-%m-%d %H:%M},pump 1,gearbox,later\n" for k in range(300))
    told = expected(context(tmp_path, history(80) + later))
    assert told[0].values["text"] == "seal seal replaced"
    assert "80 corrective orders" in told[0].statement


def test_an_expected_order_accuses_nobody(tmp_path: Path) -> None:
    facts = [
        e.model_copy(update={"id": f"E{n}"})
        for n, e in enumerate(expected(context(tmp_path, history(80))), 1)
    ]
    verdict = weigh(facts, Inventory(components=PUMPS), bundled(), alarmed=("P-101",))
    assert verdict.verdict == "unknown"
    assert not [s for s in verdict.suspects if s.component]
