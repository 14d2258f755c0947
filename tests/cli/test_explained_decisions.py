"""`aitia explain` tells each decision with the scores of rules, memory and model, of old recordings too."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from aitia.cli.explain import _checks, _decisions
from aitia.core.events import EVENT, Decided

OLD = (
    '{"type":"decided","question":"which check","options":["a of x","b of y"],"rules":[1.0,0.5],"model":[0.2,0.8],'
    '"model_weight":0.3,"chosen":[1]}'
)


def old() -> Decided:
    event = EVENT.validate_json(OLD)
    assert isinstance(event, Decided)
    return event


def printed(event: Decided) -> str:
    console = Console(width=120, file=StringIO())
    _decisions(console, {"decisions": [event.model_dump(mode="json", exclude={"type"})]})
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_decision_recorded_before_there_was_memory_loads_and_prints() -> None:
    text = printed(old())
    assert "(rules 70 %, the model's vote 30 % where these do not decide)" in text
    assert "→   0.50    0.80  b of y" in text


def test_memory_reasons_and_notes_are_printed() -> None:
    event = Decided(
        question="which calls", options=("a of x", "b of y"), rules=(0.9, 0.5), memory=(0.1, 0.7), chosen=(0,),
        weights={"rules": 0.6, "memory": 0.4, "model": 0.0}, why=("default for latency", "[b]bold[/b]"), note="not asked",
    )  # fmt: skip
    text = printed(event)
    assert "(rules 60 %, memory 40 %)" in text
    assert "→   0.90    0.10  a of x  default for latency" in text
    assert "[b]bold[/b]" in text
    assert "not asked" in text
    assert "model" not in text


@pytest.mark.parametrize("field", ["memory", "weights", "why", "note"])
def test_the_new_fields_may_be_missing(field: str) -> None:
    assert field not in OLD
    assert not getattr(old(), field)


def test_a_check_is_printed_with_its_command_or_its_whole_query() -> None:
    query = "avg(pg_stat_activity_count{" + "x" * 200 + "})"
    console = Console(width=80, file=StringIO())
    checks = [
        {"text": "Look", "command": "", "query": query},
        {"text": "Do", "command": "df -h", "query": ""},
    ]
    _checks(console, {"next_checks": checks})
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert query in text.splitlines()[3].strip()
    assert text.splitlines()[5].strip() == "df -h"
