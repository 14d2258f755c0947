"""The drawings of the HTML report: which boxes, lines and marks they hold, and that odd reports do not break them."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from aitia.core.words import Component, Inventory, Link, Relation, Report, TimelineEntry
from aitia.render import svg
from aitia.render.drawings import chain
from aitia.render.facts import apart, began, brief
from aitia.render.lanes import LANES, lanes
from aitia.render.layered import WIDTH, place, route
from aitia.render.neighbourhood import MOST, around


def _timed(report: Report, *seconds: float) -> Report:
    """The first facts begin so many seconds after the window's start."""
    start = report.incident.window.start
    facts = [
        e.model_copy(update={"onset": start + timedelta(seconds=s)})
        for e, s in zip(report.evidence, seconds, strict=False)
    ]
    return report.model_copy(update={"evidence": (*facts, *report.evidence[len(facts) :])})


def _joined(report: Report, *links: tuple[str, Relation, str]) -> Report:
    names = dict.fromkeys(n for a, _, b in links for n in (a, b))
    components = tuple(
        Component(id=n, links=tuple(Link(relation=r, to=b) for a, r, b in links if a == n)) for n in names
    )
    return report.model_copy(update={"inventory": Inventory(components=components)})


def _words(drawing: str) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawing)


def test_the_chain_has_a_box_per_component_and_an_arrow_with_time_and_citation(cause: Report) -> None:
    drawing = chain(_timed(cause, 140, 125, 110, 130)) or ""
    words = _words(drawing)
    assert [w for w in words if w in ("orders", "postgres", "payment", "gateway")] == [
        "orders",
        "postgres",
        "payment",
        "gateway",
    ]
    assert [w for w in words if "→" in w] == [
        "15 s later · [E3 → E2]",
        "5.0 s later · [E2 → E4]",
        "10 s later · [E4 → E1]",
    ]
    assert "10:01:50 deploy of version 1.4.2" in words
    assert words.count("cause") == words.count("symptom") == 1
    assert "Cause chain: orders, then postgres, then payment, then gateway" in drawing


def test_without_times_the_chain_has_its_citations_and_without_a_chain_there_is_no_drawing(
    cause: Report, unknown: Report
) -> None:
    assert "[E3 → E2]" in _words(chain(cause) or "")
    assert chain(unknown) is None


def test_a_cause_that_only_others_felt_stands_before_the_chain(cause: Report) -> None:
    report = cause.model_copy(update={"component": "switch"})
    words = _words(chain(report) or "")
    assert words[:4] == ["switch", "cause", "connection exhaustion", "as seen by orders · [E3]"]
    found = around(_joined(report, ("orders", "calls", "switch"), ("gateway", "calls", "orders")))
    assert found is not None
    assert "switch → orders → gateway" in found.note


def test_onsets_that_their_error_does_not_tell_apart_are_not_put_in_order(cause: Report) -> None:
    a, b, *_ = _timed(cause, 10, 13).evidence
    assert apart(a, b) == "3.0 s later"
    assert apart(b, a) == "3.0 s before it"
    unsure = a.model_copy(update={"onset_error_s": 4.0})
    assert apart(unsure, b) == "at about the same time"
    assert apart(a.model_copy(update={"onset": None}), b) == ""


def test_a_verdict_began_with_the_first_of_what_it_rests_on(cause: Report, healthy: Report) -> None:
    assert began(_timed(cause, 140, 125, 110, 130)) == cause.incident.window.start + timedelta(seconds=110)
    assert began(healthy) is None


def test_a_brief_statement_leaves_component_and_time_to_the_drawing(cause: Report) -> None:
    first, _, deploy, log, *_ = cause.evidence
    assert brief(first) == "5xx ratio rose from 0.1 % to 12.4 % (124×)"
    assert brief(deploy) == "deploy of version 1.4.2"
    said = 'payment logged once at 10:01:02 UTC and not once in the 3 min baseline: "a at b"'
    assert (
        brief(log.model_copy(update={"statement": said}))
        == 'logged once and not once in the 3 min baseline: "a at b"'
    )


def test_around_the_cause_stand_the_chain_and_its_neighbours(cause: Report) -> None:
    report = _joined(
        _timed(cause, 140, 125, 110, 130), ("gateway", "calls", "orders"), ("orders", "calls", "postgres"),
        ("gateway", "calls", "catalog"), ("catalog", "calls", "redis"), ("orders", "runs_on", "host"), ("far", "calls", "away"),
    )  # fmt: skip
    found = around(report)
    assert found is not None
    words = _words(found.drawing)
    assert set(words) == {"gateway", "orders", "postgres", "catalog", "cause", "in the chain", "as usual"}
    assert found.drawing.count("spread") == 2
    assert found.drawing.index('class="link calls spread') > found.drawing.index(
        'class="link calls"'
    )  # over the thin lines
    assert "orders calls postgres; runs on host" in found.relations
    assert "4 components further away" in found.note


def test_a_wide_or_circular_topology_is_cut_and_drawn(cause: Report) -> None:
    names = [f"c{n}" for n in range(40)]
    links = [("orders", "calls", n) for n in names] + [
        ("orders", "calls", "orders"),
        ("c1", "calls", "orders"),
    ]
    found = around(_joined(cause, *links))  # type: ignore[arg-type]
    assert found is not None
    assert found.drawing.count("<rect") == MOST
    assert around(_joined(cause, ("far", "calls", "away"))) is None


NAMES = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=10, unique=True)


@given(names=NAMES, data=st.data())
def test_boxes_never_overlap_and_lines_go_round_them(names: list[str], data: st.DataObject) -> None:
    ends = st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda p: p[0] != p[1])
    pairs = data.draw(st.lists(ends, max_size=20, unique=True)) if len(names) > 1 else []
    places, bends, height = place(names, pairs)
    assert set(places) == set(names)
    boxes = sorted(places.values(), key=lambda p: (p.y, p.x))
    for a, b in pairwise(boxes):
        assert a.y < b.y or a.x + a.wide / 2 < b.x - b.wide / 2
    for box in boxes:
        assert box.x - box.wide / 2 >= 0
        assert box.x + box.wide / 2 <= WIDTH
        assert box.y + 44 <= height
    for bend in (x for line in bends.values() for x in line):
        assert not any(b.y == bend.y and abs(b.x - bend.x) < b.wide / 2 for b in boxes)
    for a, b in pairs:
        assert route(pairs, a, b, ())[-1] == (a, b)


def test_lanes_hold_one_line_per_component_the_alarm_and_what_came_long_before(cause: Report) -> None:
    report = _timed(cause, 140, 125, -50_000, 130)
    entries = tuple(
        TimelineEntry(at=e.onset, component=e.component, text="x", evidence=e.id)
        for e in report.evidence[:4]
        if e.onset
    )
    found = lanes(report.model_copy(update={"timeline": entries}))
    assert found is not None
    words = _words(found.drawing)
    assert words[-8:] == ["orders", "E3", "postgres", "E2", "payment", "E4", "gateway", "E1"]
    assert {"alarm 10:03:00", "earlier"} <= set(words)
    assert set(found.kinds) == {"changes", "metrics", "logs"}
    shares = [float(x) for x in re.findall(r"\bx[12]?=\"([-\d.]+)%\"", found.drawing)]
    assert min(shares) >= 0
    assert max(shares) <= 100


def test_no_onset_no_lanes_and_many_components_are_counted(cause: Report) -> None:
    assert lanes(cause) is None
    start = cause.incident.window.start
    facts = tuple(
        cause.evidence[0].model_copy(
            update={"id": f"E{n}", "component": f"c{n}", "onset": start + timedelta(seconds=n)}
        )
        for n in range(1, 31)
    )
    found = lanes(cause.model_copy(update={"evidence": facts}))
    assert found is not None
    assert f"{30 - LANES} components more: not drawn" in found.legend


@given(words=st.text(), room=st.floats(1, 400), lines=st.integers(1, 5))
def test_words_fit_their_room(words: str, room: float, lines: int) -> None:
    wrapped = svg.wrap(words, room, lines=lines)
    assert len(wrapped) <= lines
    assert all(svg.width(line) <= room or line in ("…",) for line in wrapped)
    if svg.width(words) <= room:
        assert svg.fit(words, room) == words


def test_an_element_escapes_what_it_is_given() -> None:
    assert (
        svg.tag("text", {"x": '"><b>'}, "<b>\x1b[1m&") == '<text x="&#34;&gt;&lt;b&gt;">&lt;b&gt;&amp;</text>'
    )
