from datetime import timedelta

import pytest
from rich.console import Console

from aitia.core.words import Component, Evidence, Mitigation, NextCheck, Report
from aitia.render.document import ORDER, build
from aitia.render.html import render_html
from aitia.render.markdown import render_markdown
from aitia.render.plant import is_plant
from aitia.render.terminal import print_report, render_text

IN_NEED = [
    "CAUSE 87 %",
    "Why",
    "Do now",
    "Check next",
    "Ruled out",
    "Timeline",
    "Prevent",
    "Evidence",
    "Tool calls",
    "Cost",
]


def test_the_verdict_comes_first_and_the_rest_in_the_order_of_need(cause: Report) -> None:
    text = render_text(cause, full=True)
    places = [text.index(title) for title in IN_NEED]
    assert places == sorted(places)
    assert "CAUSE 87 %  orders: connection exhaustion (resource.connections)" in text.splitlines()[1]


def test_sentences_carry_their_citations_and_steps_their_source_and_effect(cause: Report) -> None:
    text = render_text(cause, width=120)
    assert "payment logged too many clients 43 times. [E2, E4]" in text
    assert "[makes changes] Roll orders back to the version before.  (runbook db-connections)" in text
    assert "$ kubectl rollout undo deployment/orders\n" in text
    assert "[read-only] See who holds connections." in text


def test_cited_evidence_is_shown_and_the_rest_counted(cause: Report) -> None:
    short, full = render_text(cause, width=120), render_text(cause, full=True)
    assert "timeline (UTC) (2)" in next(
        line for line in short.splitlines() if f"aitia report {cause.run} --full: " in line
    )
    assert "E4 0.90" not in short
    assert "E4 0.90" in render_markdown(cause, full=False)
    assert "E6 0.20" not in render_markdown(cause, full=False)
    assert "E15 0.20" in full
    assert "(quoted text)" in full


def _swollen(report: Report) -> Report:
    """More of everything than a screen holds."""
    many = [
        *report.evidence,
        *(
            report.evidence[1].model_copy(update={"id": f"E{n}", "statement": "long statement " * 26})
            for n in range(20, 60)
        ),
    ]
    cites = tuple(e.id for e in many)
    return report.model_copy(
        update={
            "evidence": tuple(many),
            "chain": tuple(report.chain[0].model_copy(update={"cites": cites[n : n + 2]}) for n in range(40)),
            "timeline": report.timeline * 12,
            "ruled_out": report.ruled_out * 9,
            "mitigations": report.mitigations * 6,
            "next_checks": report.next_checks * 9,
        }
    )


@pytest.mark.parametrize("swell", [False, True])
def test_a_report_fits_a_screen_without_full(cause: Report, swell: bool) -> None:
    report = _swollen(cause) if swell else cause
    lines = render_text(report, width=100).splitlines()
    assert len(lines) <= (60 if swell else 35)  # no step of a cause chain of six is left out, however long
    assert lines[-2].startswith(f"aitia report {cause.run} --full: ")


@pytest.mark.parametrize("width", [30, 60, 100, 200])
def test_no_line_is_wider_than_the_terminal(
    cause: Report, unknown: Report, healthy: Report, width: int
) -> None:
    for report in (cause, unknown, healthy):
        lines = render_text(report, width=width).splitlines()
        assert max(len(line) for line in lines if not line.lstrip().startswith(("$", "›"))) <= width


def test_a_command_is_never_shortened(cause: Report) -> None:
    command = "kubectl exec deploy/orders -- " + " ".join(f"--option-{n}=value" for n in range(40))
    step = Mitigation(text="Look.", when="now", effect="read-only", source="bundled", command=command)
    text = render_text(cause.model_copy(update={"mitigations": (step,)}), width=60)
    assert f"$ {command}\n" in text


LONG = (
    """SELECT "time", "value" FROM read_parquet(['metrics.parquet'], union_by_name = true) WHERE "component" = 'orders' """
    """AND "metric" = 'http_requests_total' AND coalesce(CAST("labels" AS VARCHAR), '') = '{"code": "500", "end": "x"}'"""
)


def test_a_query_to_check_next_takes_a_line_and_tells_what_it_selects_by(cause: Report) -> None:
    report = cause.model_copy(
        update={"next_checks": (NextCheck(text="Read E1 again: it rose.", query=LONG),)}
    )
    for width in (80, 120):
        lines = render_text(report, width=width).splitlines()
        (shown,) = [line for line in lines if "http_req" in line or "SELECT" in line]
        assert shown.lstrip().startswith("""› SELECT … WHERE "component" = 'orders' AND "metric" = 'http""")
        assert shown.endswith("…")
        assert len(shown) <= width
    assert "queries cut to one line; full text: `aitia explain`" in render_text(report)
    assert f"› {LONG}\n" in render_text(report, full=True)
    assert LONG in render_markdown(report)
    assert LONG not in render_markdown(report, full=False)


def test_a_short_query_is_not_said_to_be_cut(cause: Report) -> None:
    assert "promql: pg_stat_activity_count" in render_text(cause)
    assert "queries cut to one line" not in render_text(cause)


def test_sections_stand_in_the_same_order_for_every_verdict(
    cause: Report, unknown: Report, healthy: Report
) -> None:
    for report in (cause, unknown, healthy):
        assert not is_plant(report)
        for amount in ("cramped", "screen", "short", "full"):
            titles = [s.title for s in build(report, amount=amount).sections]
            assert titles == [title for title in ORDER if title in titles]


@pytest.mark.parametrize("width", [80, 120])
def test_what_to_do_and_to_check_stands_in_the_upper_half(bundled: Report, width: int) -> None:
    lines = render_text(bundled, width=width).splitlines()
    assert len(lines) <= (66 if is_plant(bundled) else 35)  # of a plant a printed page
    full = render_text(bundled, width=width, full=True).splitlines()
    later = [n for n, line in enumerate(full) if line.startswith(("Ruled out", "Timeline", "Evidence"))]
    for title in ("Why", "Do now", "Check next"):
        found = [n for n, line in enumerate(full) if line.startswith(title)]
        assert bool(found) == any(line.startswith(title) for line in lines)
        assert all(n < min(later) for n in found)


def test_outside_text_is_never_markup_and_cannot_steer_the_terminal(cause: Report) -> None:
    evil = Evidence.model_validate(
        cause.evidence[0].model_dump()
        | {"statement": "[bold red]x[/] [link=http://evil]y[/link] \x1b]0;owned\x07\x1b[2J", "taint": True}
    )
    report = cause.model_copy(update={"evidence": (evil, *cause.evidence[1:])})
    text = render_text(report, full=True)
    assert "[bold red]x[/] [link=http://evil]y[/link]" in text
    assert "\x1b" not in text
    assert "\x07" not in text


def test_unknown_says_what_is_missing_and_what_to_check(unknown: Report) -> None:
    text = render_text(unknown, full=True)
    assert "UNKNOWN  " in text
    assert "62 %" not in text.splitlines()[1]  # nobody is sure of not knowing
    assert "Make 'logs' readable" in text
    assert "not resolved: 10.0.0.3:9100" in text
    assert text.index("What is missing") < text.index("Check next") < text.index("Ruled out")
    assert "Do now" not in text


def test_components_without_telemetry_come_first_of_what_is_missing(unknown: Report) -> None:
    call = unknown.calls[0].model_copy(
        update={"args": {"component": "till"}, "status": "no_data", "message": "'till' has no signals."}
    )
    inventory = unknown.inventory.model_copy(update={
        "components": (
            Component(id="till", type="service"), Component(id="mail", type="app"), Component(id="gateway", type="service"),
            Component(id="rack", type="node"),
        )
    })  # fmt: skip
    report = unknown.model_copy(update={"inventory": inventory, "calls": (call, *unknown.calls)})
    lines = render_text(report).splitlines()
    first = lines[next(i for i, line in enumerate(lines) if "What is missing" in line) + 1]
    assert first.split() == ["till,", "mail", "no", "metrics,", "no", "logs"]
    assert not any("'till' has no signals" in line for line in lines)


def test_healthy_says_what_could_not_be_read(healthy: Report) -> None:
    text = render_text(healthy)
    assert "What is missing" in text
    assert "Make incidents.jsonl readable." in text
    whole = tuple(c.model_copy(update={"status": "ok", "message": ""}) for c in healthy.calls)
    assert "What is missing" not in render_text(healthy.model_copy(update={"calls": whole}))


def test_healthy_says_what_was_looked_at(healthy: Report) -> None:
    text = render_text(healthy)
    assert "NOTHING WRONG 91 %" in text
    assert text.index("Unchanged") < text.index("catalog: latency, errors and cpu unchanged")
    assert "CAUSE" not in text


def test_colour_appears_on_a_terminal_and_no_color_takes_it_away(
    cause: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    def printed() -> str:
        console = Console(
            force_terminal=True,
            width=100,
            highlight=False,
            color_system="standard" if "NO_COLOR" not in env else None,
        )
        with console.capture() as got:
            print_report(console, cause)
        return got.get()

    env: dict[str, str] = {}
    assert "\x1b[" in printed()
    monkeypatch.setenv("NO_COLOR", "1")
    console = Console(force_terminal=True, width=100, highlight=False)
    with console.capture() as got:
        print_report(console, cause)
    assert "\x1b[31m" not in got.get()
    assert "\x1b[1;31m" not in got.get()


def test_the_same_report_prints_the_same(cause: Report) -> None:
    assert render_text(cause) == render_text(Report.model_validate_json(cause.model_dump_json()))


def test_the_last_line_repeats_the_verdict_and_the_first_step(
    cause: Report, unknown: Report, healthy: Report
) -> None:
    last = {r.verdict: render_text(r, width=140).splitlines()[-1] for r in (cause, unknown, healthy)}
    assert last["cause"] == (
        "CAUSE 87 %  orders: connection exhaustion  ·  do now: [makes changes] Roll orders back to the version before."
    )
    assert last["unknown"].startswith("UNKNOWN  ")
    assert "  ·  check next: " in last["unknown"]
    assert last["healthy"].startswith("NOTHING WRONG 91 %  no fault found")


def test_times_of_another_day_than_the_windows_bear_their_date(cause: Report) -> None:
    earlier = cause.timeline[0].model_copy(update={"at": cause.timeline[0].at - timedelta(days=2)})
    text = render_text(cause.model_copy(update={"timeline": (earlier, cause.timeline[1])}), full=True)
    assert f"{earlier.at:%Y-%m-%d %H:%M:%S} orders: deploy of version 1.4.2 [E3]" in text
    assert f"  {cause.timeline[1].at:%H:%M:%S}" in text
    window, day = cause.incident.window, timedelta(days=1)
    for over in ({"start": window.start - day}, {"end": window.end + day}):  # over midnight
        incident = cause.incident.model_copy(update={"window": window.model_copy(update=over)})
        told = render_text(cause.model_copy(update={"incident": incident}), width=140, full=True)
        assert f"alert fired {cause.incident.started_at:%Y-%m-%d %H:%M:%S}" in told
        assert f"{cause.timeline[1].at:%Y-%m-%d %H:%M:%S} postgres: connections rose [E2]" in told
    assert 'class="when dated"' in render_html(cause.model_copy(update={"timeline": (earlier,)}))
    assert 'class="when"' in render_html(cause)


def test_an_unlikely_cause_is_told_as_possible_with_its_rival(cause: Report) -> None:
    rival = "The likeliest cause is orders (60 %): connection exhaustion (40 %), or bad release (20 %)."
    verdict = cause.summary[0].model_copy(update={"text": rival, "role": "verdict"})
    report = cause.model_copy(update={"summary": (verdict,), "probability": 0.4})
    shown = " ".join(render_text(report).split())
    assert "POSSIBLE CAUSE 40 %" in shown
    assert rival in shown
    assert rival not in " ".join(render_text(report.model_copy(update={"probability": 0.9})).split())
