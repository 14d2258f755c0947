"""A plant's page where nothing is ordered, and the times of what a journal tells to the second."""

from __future__ import annotations

from datetime import timedelta

from aitia.agent.set_point import FOLLOWS
from aitia.core.words import (
    Component,
    Contribution,
    Evidence,
    Inventory,
    Report,
    SourceRef,
    Suspect,
    TimelineEntry,
)
from aitia.render.all_clear import nothing_to_order, until_empty
from aitia.render.plant import once

PLANT = Inventory(components=tuple(Component(id=name, type="machine") for name in ("PT-1", "LT-2", "F1")))
SOURCE = SourceRef(source="historian", query="q")


def fact(report: Report, number: int, component: str, kind: str, **values: float | str) -> Evidence:
    return Evidence(
        id=f"F{number}", component=component, kind=kind, aspect="pressure", statement=f"{component}: told.", values=values,
        window=report.incident.window, direction="steady", strength=0.7, source=SOURCE,
    )  # fmt: skip


def plant(
    report: Report, *facts: Evidence, title: str = "Customers call about pressure", **update: object
) -> Report:
    incident = report.incident.model_copy(update={"title": title, "text": ""})
    return report.model_copy(update={"inventory": PLANT, "evidence": facts, "incident": incident, **update})


def healthy_of(report: Report, *lines: Contribution) -> tuple[Suspect, ...]:
    return (
        Suspect(component="", fault="healthy", score=2.0, probability=0.74, ledger=lines),
        Suspect(component="", fault="unknown", score=1.0, probability=0.2),
        Suspect(component="PT-1", fault="sensor.bias", score=0.0, probability=0.06),
    )


def test_an_all_clear_says_what_the_rest_is_and_what_to_tell_who_called(healthy: Report) -> None:
    quiet = (
        fact(healthy, 1, "PT-1", "signal.quiet", measures="pressure"),
        fact(healthy, 2, "LT-2", "signal.quiet", measures="level"),
    )
    shown = plant(healthy, *quiet, verdict="healthy", probability=0.74, suspects=healthy_of(healthy))
    told = dict(nothing_to_order(shown))
    assert told["order"].startswith("nothing to order")
    assert "20 % " in told["other 26 %"]
    assert "PT-1, sensor.bias" in told["other 26 %"]
    assert "the pressure signals at PT-1 are" in told["tell"]


def test_a_set_point_is_told_instead(healthy: Report) -> None:
    line = Contribution(evidence="F1", log_odds=3.0, why="V-301 follows its set-point", term=FOLLOWS)
    shown = plant(healthy, verdict="healthy", probability=0.74, suspects=healthy_of(healthy, line))
    told = dict(nothing_to_order(shown))
    assert told["order"] == "nothing to order: V-301 follows its set-point"
    assert "set-point was meant" in told["check"]


def test_a_level_that_falls_steadily_has_hours_until_it_reads_nothing(unknown: Report) -> None:
    alarm = fact(unknown, 1, "LT-2", "alarm.signal", channel="PV", now=6.0, measures="level")
    trend = fact(unknown, 2, "LT-2", "metric.trend", metric="PV", slope_per_min=-0.01)
    assert "reads 0 in about 10 h" in until_empty(plant(unknown, alarm, trend), alarm)
    rising = trend.model_copy(update={"values": {"metric": "PV", "slope_per_min": 0.01}})
    assert until_empty(plant(unknown, alarm, rising), alarm) == ""


def test_what_averaged_samples_show_of_a_switch_has_the_time_of_the_journal(unknown: Report) -> None:
    at = unknown.incident.window.start + timedelta(seconds=40)
    acted = fact(unknown, 1, "F1", "journal.entry", acted="yes").model_copy(update={"onset": at})
    rough = fact(unknown, 2, "PT-1", "signal.anomaly", channel="U").model_copy(
        update={"onset": at + timedelta(minutes=10), "onset_error_s": 2400.0}
    )
    entry = TimelineEntry(
        at=at + timedelta(minutes=10),
        component="PT-1",
        text="PT-1: U left its usual pattern at 10:11:00 UTC, 3 times.",
        evidence="F2",
    )
    first, second = once(plant(unknown, acted, rough, timeline=(entry,)))
    assert (first.evidence, first.at, second.at) == ("F1", at, at)
    assert second.text == "with it: PT-1: U left its usual pattern, 3 times."
    sharp = rough.model_copy(update={"onset_error_s": 30.0})
    assert once(plant(unknown, acted, sharp, timeline=(entry,)))[-1] == entry
