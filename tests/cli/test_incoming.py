import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aitia.core.errors import BadInput
from aitia.incoming import make_incident, parse_duration, parse_moment, parse_window
from aitia.settings import WindowRules

NOW = datetime(2026, 11, 25, 10, 10, tzinfo=UTC)
ALERT = {
    "version": "4",
    "status": "firing",
    "commonLabels": {"alertname": "HighErrors", "severity": "page"},
    "alerts": [
        {
            "status": "firing",
            "labels": {"service": "gateway"},
            "annotations": {"summary": "Gateway 5xx above 5 %", "description": "12 % of requests fail", "for": "2m"},
            "startsAt": "2026-11-25T10:05:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://evil.example/graph",
        },
        {"status": "resolved", "labels": {"service": "old"}, "startsAt": "2026-11-25T08:00:00Z", "endsAt": "2026-11-25T08:10:00Z"},
    ],
}  # fmt: skip


def test_an_alert_gives_title_text_hints_and_a_window_before_it_could_hold() -> None:
    incident = make_incident(json.dumps(ALERT), now=NOW)
    assert incident.title == "Gateway 5xx above 5 %"
    assert "12 % of requests fail" in incident.text
    assert incident.hints == ("gateway",)
    assert incident.origin == "alertmanager"
    assert incident.started_at == datetime(2026, 11, 25, 10, 5, tzinfo=UTC)
    assert incident.window.start == incident.started_at - timedelta(minutes=2) - timedelta(minutes=30)
    assert incident.window.end == NOW


def test_a_resolved_alert_ends_its_window() -> None:
    alert = {"alerts": [ALERT["alerts"][1]]}
    incident = make_incident(alert, now=NOW)
    assert incident.window.end == datetime(2026, 11, 25, 8, 10, tzinfo=UTC)


def test_the_rules_for_comes_from_the_settings_where_the_alert_is_silent() -> None:
    alert = {"alerts": [ALERT["alerts"][0] | {"annotations": {}}]}
    incident = make_incident(alert, now=NOW, rules=WindowRules(lead_s=60, for_s=300))
    assert incident.window.start == incident.started_at - timedelta(seconds=360)


def test_outside_text_cannot_stretch_the_window_beyond_a_day() -> None:
    alert = {"alerts": [ALERT["alerts"][0] | {"annotations": {"for": "99999w"}}]}
    assert make_incident(alert, now=NOW).window.seconds < 2 * 86400


def test_baselines_are_the_span_before_yesterday_and_last_week() -> None:
    incident = make_incident("slow", now=NOW)
    window, named = incident.window, {b.name: b.window for b in incident.baselines}
    assert list(named) == ["preceding", "yesterday", "last_week"]
    assert named["preceding"].end == window.start
    assert named["preceding"].seconds == pytest.approx(6 * window.seconds)
    assert named["yesterday"] == window.shift(-86400)
    assert named["last_week"] == window.shift(-7 * 86400)


def test_words_make_an_incident_that_begins_now() -> None:
    incident = make_incident("checkout is slow\nsince the deploy", now=NOW)
    assert incident.title == "checkout is slow"
    assert incident.started_at == NOW
    assert incident.window.seconds == 1800


def test_the_same_report_has_the_same_id() -> None:
    assert make_incident("slow", now=NOW).id == make_incident("slow", now=NOW).id
    assert make_incident("slow", now=NOW).id != make_incident("fast", now=NOW).id


def test_a_list_of_alerts_and_json_that_is_cut_off() -> None:
    assert make_incident(json.dumps(ALERT["alerts"]), now=NOW).title == "Gateway 5xx above 5 %"
    assert make_incident('{"alerts": [', now=NOW).title == '{"alerts": ['  # then it is words


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ("", "Say what is wrong"),
        ("  \n ", "Say what is wrong"),
        (
            '{"a": 1}',
            "of no known alert format. Send one of these.*: Alertmanager, Amazon CloudWatch.*Zabbix",
        ),
        ('{"alerts": []}', "at least one alert"),
        ('[{"status": {"state": "suppressed"}, "labels": {}}]', "silenced"),
        ('{"alerts": [{"startsAt": "yesterday"}]}', "startsAt"),
        ('{"alerts": [{"startsAt": "2030-01-01T00:00:00Z"}]}', "future"),
    ],
)
def test_what_cannot_be_used_is_said(report: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        make_incident(report, now=NOW)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(
                    ["alerts", "labels", "annotations", "startsAt", "endsAt", "status", "summary"]
                ),
                x,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_an_incident_or_an_error_that_speaks(value: object) -> None:
    try:
        made = bool(make_incident(json.dumps({"alerts": value}), now=NOW).title)
    except BadInput as error:
        made = bool(str(error))
    assert made


def test_durations_and_moments() -> None:
    assert [parse_duration(d) for d in ("90s", "30m", "1h30m", "2d", "1.5h")] == [
        90,
        1800,
        5400,
        172800,
        5400,
    ]
    assert parse_moment("30m", now=NOW) == NOW - timedelta(minutes=30)
    assert parse_moment("2026-11-25T12:00:00+02:00", now=NOW) == NOW - timedelta(minutes=10)
    assert parse_moment("2026-11-25T10:00:00", now=NOW).tzinfo is UTC
    assert parse_window("2h/0s", now=NOW).seconds == 7200
    assert parse_window("2026-11-25T09:00:00Z/2026-11-25T09:30:00Z", now=NOW).seconds == 1800


@pytest.mark.parametrize("text", ["", "soon", "5", "5 minutes", "-5m", "99999999999w"])
def test_times_that_cannot_be_read(text: str) -> None:
    with pytest.raises(BadInput, match="Write a time"):
        parse_moment(text, now=NOW)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01", "0002-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "200000d"],
)
def test_a_year_without_telemetry_is_named(text: str) -> None:
    with pytest.raises(BadInput, match=rf"'{text}' is not a valid time. Give one from 1970"):
        make_incident("slow", now=NOW, started_at=parse_moment(text, now=NOW))
    for key in ("startsAt", "endsAt"):
        alert = {"status": "resolved", "startsAt": "2026-11-25T08:00:00Z", key: text}
        if not text.startswith("0001-") and text != "200000d":
            with pytest.raises(BadInput, match=rf"'{text}' is not a valid time"):
                make_incident({"alerts": [alert]}, now=NOW)


def test_a_window_longer_than_the_calendar_is_refused() -> None:
    alert = {"status": "resolved", "startsAt": "2026-11-25T08:00:00Z", "endsAt": "9998-01-01T00:00:00Z"}
    with pytest.raises(BadInput, match="Give a shorter window"):
        make_incident({"alerts": [alert]}, now=NOW)


@pytest.mark.parametrize("text", ["2h", "0s/2h", "1h/1h", "x/y"])
def test_windows_that_cannot_be_used(text: str) -> None:
    with pytest.raises(BadInput):
        parse_window(text, now=NOW)


def group(*starts: str, summaries: tuple[str, ...] = (), **more: object) -> dict[str, object]:
    alerts = [
        {"status": "firing", "labels": {"alertname": "Slow", "service": f"s{n}", "zone": "a"}, "startsAt": at,
         "annotations": {"summary": summaries[n] if summaries else f"s{n} is slow"}}
        for n, at in enumerate(starts)
    ]  # fmt: skip
    return {"version": "4", "groupKey": "g", "alerts": alerts, **more}


def test_a_group_of_alerts_is_one_incident_from_the_earliest_on() -> None:
    incident = make_incident(
        group("2026-11-25T10:05:00Z", "2026-11-25T10:02:00Z", "2026-11-25T10:04:00Z"), now=NOW
    )
    assert incident.started_at == datetime(2026, 11, 25, 10, 2, tzinfo=UTC)
    assert incident.title == "s1 is slow (and 2 more alerts)"
    assert incident.hints == ("s1", "s2", "s0")  # the earliest first
    assert incident.labels == {
        "alertname": "Slow",
        "zone": "a",
    }  # what one alert alone bears is no label of the group
    assert incident.text.splitlines() == ["s1 is slow", "s2 is slow", "s0 is slow"]


def test_a_common_summary_names_the_group() -> None:
    shared = {"commonAnnotations": {"summary": "The shop is slow"}}
    assert make_incident(group(*["2026-11-25T10:05:00Z"] * 2, **shared), now=NOW).title == "The shop is slow"


def test_a_flood_of_alerts_stays_within_bounds_and_says_what_is_missing() -> None:
    many = 3000
    texts = tuple(f"s{n} " + "x" * 6000 for n in range(many))
    flood = group(*["2026-11-25T10:05:00Z"] * many, summaries=texts, truncatedAlerts=7)
    incident = make_incident(flood, now=NOW)
    assert len(incident.text) <= 20_000
    assert incident.text.splitlines()[-1] == f"{many - 4 + 7} more alerts are not shown."
    assert len(incident.title) <= 200
    assert len(incident.hints) == 1_000
    assert len(incident.alerts) == many


def test_an_alert_of_a_clock_that_is_a_little_ahead_began_now() -> None:
    assert make_incident(group("2026-11-25T10:12:00Z"), now=NOW).started_at == NOW
    with pytest.raises(BadInput, match="future"):
        make_incident(group("2026-11-25T11:12:00Z"), now=NOW)


@given(st.lists(st.dictionaries(st.sampled_from(["status", "labels", "annotations", "startsAt", "endsAt"]), st.none() | st.text(max_size=8) | st.dictionaries(st.sampled_from(["service", "summary", "for"]), st.text(max_size=8), max_size=3)), min_size=1, max_size=4), st.none() | st.integers() | st.text(max_size=3))  # fmt: skip
def test_no_group_does_more_than_be_refused(alerts: list[object], cut: object) -> None:
    try:
        incident = make_incident({"alerts": alerts, "truncatedAlerts": cut}, now=NOW)
    except BadInput:
        return
    assert incident.title
    assert incident.window.end <= NOW or incident.window.end == incident.started_at


def test_words_say_when_it_began_and_the_window_follows() -> None:
    incident = make_incident("checkout is slow since 09:00", now=NOW, rules=WindowRules(lead_s=600))
    assert incident.started_at == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert incident.window.start == incident.started_at - timedelta(seconds=600)
    assert incident.window.end == NOW
    assert incident.understood is not None
    assert incident.understood.start_words == "since 09:00"


def test_a_start_that_is_given_wins_over_the_words() -> None:
    given_start = NOW - timedelta(minutes=5)
    incident = make_incident("checkout is slow since 09:00", now=NOW, started_at=given_start)
    assert incident.started_at == given_start
    assert incident.understood is not None
    assert incident.understood.start is None


def test_a_window_that_is_given_does_not_hold_an_earlier_start() -> None:
    window = parse_window("20m/0s", now=NOW)
    assert make_incident("slow since 09:00", now=NOW, window=window).started_at == NOW
    assert make_incident("slow since 10:00", now=NOW, window=window).started_at == NOW - timedelta(minutes=10)


def test_words_without_a_zone_are_meant_in_that_of_the_settings_then_of_now() -> None:
    text = "checkout is slow since 10:00"
    berlin = make_incident(text, now=NOW, rules=WindowRules(timezone="Europe/Berlin"))
    assert berlin.started_at == datetime(2026, 11, 25, 9, tzinfo=UTC)
    here = NOW.astimezone(timezone(timedelta(hours=1)))
    assert make_incident(text, now=here).started_at == berlin.started_at
    with pytest.raises(ValidationError, match="no IANA time zone"):
        WindowRules(timezone="Mars/Olympus")


@given(st.text(max_size=400))
def test_whatever_is_typed_starts_in_the_last_month(text: str) -> None:
    try:
        incident = make_incident(text, now=NOW)
    except BadInput:
        return
    assert NOW - timedelta(days=31) <= incident.started_at <= NOW
