"""Every measurement keeps its curve with the run, in the fact's unit, and its query reads it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from aitia.core.store import report_bytes
from aitia.core.words import Baseline, Evidence, Incident, NextCheck, Report, SourceRef, Window
from aitia.graphs import line_again
from aitia.graphs.curves import MOST_POINTS, labels_of, with_curves
from aitia.graphs.rerun import rerun
from aitia.render.sparklines import ALARM, ONSET, curve_line
from aitia.tools import SourceSet, ToolContext
from aitia.tools.metrics.scan import metrics_scan
from aitia.tools.query.behind import behind, behind_check
from aitia.tools.query.found import Found
from aitia.tools.query.notation import parse, written
from aitia.tools.query.words import LIVE, Changes, Curve, Lines
from aitia.tools.series.derive import Derived
from aitia.tools.sources.base import Series
from tests.conftest import Diagnosed

SCENARIO = "connection-exhaustion"


@pytest.fixture
def report(diagnosed: Callable[[str], Diagnosed]) -> Report:
    return diagnosed(SCENARIO).store.report()


def _kept(found: Diagnosed) -> dict[str, bytes]:
    store = found.store
    return {e.artifact: store.artifact(e.artifact) for e in store.report().evidence if e.artifact}


def test_each_measurement_has_a_curve_that_says_what_its_fact_says(
    diagnosed: Callable[[str], Diagnosed],
) -> None:
    found = diagnosed(SCENARIO)
    kept, report = _kept(found), found.store.report()
    moved = [e for e in report.evidence if e.kind == "metric.shift"]
    assert moved
    assert all(e.artifact for e in moved)
    for e in moved:
        told = json.loads(kept[e.artifact])
        values = [v for v in told["values"] if v is not None]
        assert 3 <= len(values) <= MOST_POINTS
        reach = max(values) - min(values) or 1.0
        for level in (float(e.values["before"]), float(e.values["after"])):
            assert min(values) - 0.1 * reach <= level <= max(values) + 0.1 * reach, e.statement
        assert told["alarm"] == pytest.approx(report.incident.started_at.timestamp(), abs=0.01)
    banded = [json.loads(kept[e.artifact])["band"] for e in moved if e.values["baseline"] == "preceding"]
    assert any(banded)


def test_the_recording_holds_the_curves_and_plays_back_to_the_same_bytes(
    diagnosed: Callable[[str], Diagnosed], tmp_path: object
) -> None:
    store = diagnosed(SCENARIO).store
    assert report_bytes(rerun(store)) == store.report_json()
    assert sum(len(d) for d in _kept(diagnosed(SCENARIO)).values()) < 200_000


def test_what_is_cited_has_a_query_that_can_be_read_again(report: Report) -> None:
    told = {e.id: behind(e) for e in report.evidence}
    for e in report.evidence:
        query = told[e.id]
        if query is None:
            continue
        assert isinstance(query, LIVE)
        assert parse(written(query), now=datetime.now(tz=UTC)) == query.model_copy(
            update={
                k: getattr(query, k).replace(microsecond=0)
                for k in ("since", "until")
                if getattr(query, k, None) is not None
            }
        )
    kinds = {e.kind.partition(".")[0] for e in report.evidence if told[e.id] is None}
    assert kinds <= {"incident", "runbook", "metric", "log"}
    without = [e for e in report.evidence if told[e.id] is None and e.kind.startswith("metric.")]
    assert all(e.values.get("stat") == "ratio" or "metric" not in e.values for e in without)


def _fact(kind: str, **more: object) -> Evidence:
    at = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    plain = {
        "component": "web", "kind": kind, "aspect": "log.error", "statement": "web: it happened.", "strength": 0.9,
        "source": SourceRef(source="s", query="q"), "onset": at, "window": Window(start=at, end=at + timedelta(hours=1)),
    }  # fmt: skip
    return Evidence.model_validate(plain | more)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("too many clients already", {"text": "too many clients already", "words": ""}),
        ("GET /api/items/<id> -> 503 via shop", {"code": "503", "words": "GET api items"}),
        ("job <id> failed after <num> tries", {"text": "failed after", "words": "job tries"}),
        # the address of a component stands in the line, and a stack goes over several of them
        (
            "lot <num> failed: 403 Forbidden: web/lots",
            {"text": "failed: 403 Forbidden:", "words": "lot lots"},
        ),
        (
            "not served | Caused by: CertificateExpired",
            {"text": "Caused by: CertificateExpired", "words": "not served"},
        ),
    ],
)
def test_a_template_becomes_the_words_that_its_lines_hold(template: str, said: dict[str, str]) -> None:
    query = behind(_fact("log.new", values={"template": template}))
    assert isinstance(query, Lines)
    assert {k: getattr(query, k) for k in said} == said


def test_a_change_is_looked_for_at_its_moment_and_what_has_no_words_has_no_query() -> None:
    query = behind(_fact("change.deploy"))
    assert isinstance(query, Changes)
    assert query.what == "deploy"
    assert behind(_fact("trace.path")) is None
    assert behind(_fact("log.new", values={"template": "<id>"})) is None


def test_a_next_check_looks_up_to_now(report: Report) -> None:
    checks = [c for c in report.next_checks if c.query]
    assert checks
    for check in checks:
        query = behind_check(check, report, {})
        assert query is not None
        assert getattr(query, "until", None) is None
    assert behind_check(NextCheck(text="Ask a colleague"), report, {}) is None


def test_no_line_found_is_told_only_where_the_look_finds_those_of_the_incident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    before = Window(start=at, end=at + timedelta(hours=1))
    query = Lines(component="web", text="refused", since=at)

    class Here:
        notes = ()

        def begin(self) -> None:
            pass

    for then, told in (("found", "empty"), ("empty", "unknown")):

        def executed(asked: Lines, site: object, then: str = then) -> Found:
            return Found.model_validate({"status": then if asked.until else "empty", "kind": "lines"})

        monkeypatch.setattr(line_again, "execute", executed)
        ((_, found),), gone = line_again._looks([query], Here, before)  # type: ignore[arg-type]
        assert (found.status, gone) == (told, False)
        ((_, plain),), _ = line_again._looks([query], Here, None)  # type: ignore[arg-type]
        assert plain.status == "empty"


def test_labels_pick_the_series_and_codes_of_a_class_are_told_together() -> None:
    t = np.arange(5.0)

    def series(**labels: str) -> Series:
        return Series(component="web", metric="requests_total", labels=labels, t=t, v=t, query="q")

    def derived(*raw: Series) -> Derived:
        about = _about()
        return Derived(component="web", metric="requests_total", stat="rate", about=about, t=t, v=t, raw=raw)

    ok, bad, worse = (series(code=c, route="/") for c in ("200", "500", "503"))
    every, failed = derived(ok, bad, worse), derived(bad, worse)
    assert labels_of(failed, [every, failed]) == "code=5xx"
    assert labels_of(derived(bad), [every, failed]) == "code=500"
    assert labels_of(every, [every, failed]) == ""


def _about() -> object:
    from aitia.tools.series.aspects import OTHER

    return OTHER


def test_a_sparkline_marks_onset_and_alarm_and_says_from_when_to_when() -> None:
    at = datetime(2026, 1, 1, 9, 0, tzinfo=UTC).timestamp()
    data = {
        "times": [at + 60 * n for n in range(-30, 31)],
        "values": [1.0] * 30 + [9.0] * 31,
        "alarm": at + 600,
    }
    fact = _fact("metric.shift", id="E5", unit="ms", artifact="x.series.json")
    line = curve_line(fact, {"x.series.json": json.dumps(data).encode()})
    assert line.startswith("E5 ▁")
    assert line.index(ONSET) < line.index(ALARM)
    assert "1 – 9 ms" in line
    assert "08:30:00 – 09:30:00" in line
    for broken in (b"", b"[]", b'{"times":[1],"values":[1]}', b"\xff", b'{"times":[1,2],"values":["a",2]}'):
        assert curve_line(fact, {"x.series.json": broken}) == ""
    assert curve_line(fact, {}) == ""


def test_a_fact_without_a_series_stays_without_a_curve(report: Report) -> None:
    """The tool of another package may name a metric that nobody holds."""
    window = report.incident.window
    incident = Incident(
        id="i", title="t", started_at=window.start, window=window, baselines=(Baseline(name="b", window=window.shift(-window.seconds)),),
    )  # fmt: skip
    ctx = ToolContext(incident=incident, sources=SourceSet([]))
    result = metrics_scan(ctx)
    assert result.status == "no_data"
    fact = _fact("metric.shift", values={"metric": "nothing"})
    given = result.model_copy(update={"status": "ok", "evidence": (fact,)})
    assert with_curves(given, ctx, lambda data, suffix: "never").evidence == (fact,)


def test_a_query_of_a_metric_names_its_labels_from_the_kept_curve() -> None:
    at = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    kept = json.dumps({"times": [at.timestamp()], "values": [1.0], "labels": "code=5xx"}).encode()
    query = behind(_fact("metric.shift", values={"metric": "m"}), kept)
    assert isinstance(query, Curve)
    assert query.labels == "code=5xx"
    assert query.since == at
