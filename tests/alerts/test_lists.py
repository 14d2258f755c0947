"""Lists of alerts that tools export: told from other tables and logs, repeats and ends put together."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from aitia.alerts import read_text
from aitia.core.errors import BadInput
from aitia.incoming import make_incident

NOW = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
CSV = """time,host,alert,severity,message
2026-11-25T10:00:00Z,db-1,DiskFull,critical,no space left
2026-11-25T10:00:20Z,web-1,HighErrorRate,warning,"errors, many"
2026-11-25T10:05:00Z,db-1,DiskFull,critical,no space left
2026-11-25T10:09:00Z,web-1,HighErrorRate,warning,RESOLVED: errors
2026-11-25T10:20:00Z,web-1,HighErrorRate,warning,errors again
"""


def test_repeats_are_one_firing_and_an_end_closes_it() -> None:
    alerts = make_incident(CSV, now=NOW).alerts
    told = [(a.name, a.labels["host"], f"{a.start:%H:%M:%S}", a.end and f"{a.end:%H:%M}") for a in alerts]
    assert told == [
        ("DiskFull", "db-1", "10:00:00", None),
        ("HighErrorRate", "web-1", "10:00:20", "10:09"),
        ("HighErrorRate", "web-1", "10:20:00", None),
    ]
    assert alerts[0].severity == "critical"


@pytest.mark.parametrize("form", ["lines", "array", "semicolons"])
def test_the_same_list_in_other_forms_is_the_same(form: str) -> None:
    rows = [
        dict(zip(("timestamp", "service", "rule", "priority", "summary", "state"), row, strict=True))
        for row in (
            ("2026-11-25T10:00:00Z", "db-1", "DiskFull", "P1", "no space left", "firing"),
            ("2026-11-25T10:00:20Z", "web-1", "HighErrorRate", "P3", "errors", "firing"),
            ("2026-11-25T10:09:00Z", "web-1", "HighErrorRate", "P3", "errors", "resolved"),
        )
    ]
    if form == "lines":
        text = "\n".join(json.dumps(row) for row in rows)
    elif form == "array":
        text = json.dumps(rows)
    else:
        text = "\n".join(";".join(row) for row in [list(rows[0]), *(list(r.values()) for r in rows)])
    alerts = make_incident(text, now=NOW).alerts
    assert [(a.name, a.labels["service"], a.end is not None) for a in alerts] == [
        ("DiskFull", "db-1", False),
        ("HighErrorRate", "web-1", True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"time": "2026-11-25T10:00:00Z", "level": "error", "msg": "refused"}\n' * 3,
        "time,metric,value\n2026-11-25T10:00:00Z,cpu,1\n2026-11-25T10:00:10Z,cpu,2",
        "checkout is slow, since 10:00\nhost, alert and time are unknown",
    ],
)
def test_logs_tables_and_words_are_no_lists_of_alerts(text: str) -> None:
    assert read_text(text) is None


def test_a_row_without_a_time_is_refused_with_what_to_change() -> None:
    with pytest.raises(BadInput, match="no time"):
        make_incident("time,host,alert\n,db-1,DiskFull\n2026-11-25T10:00:00Z,db-1,DiskFull", now=NOW)


def test_the_watchdog_and_what_has_fired_for_days_do_not_move_the_start() -> None:
    old = "2026-11-20T10:00:00Z,web-1,CertificateExpires,warning,in 20 days\n"
    dog = "2026-11-01T10:00:00Z,prometheus,Watchdog,none,always\n"
    head, _, rest = CSV.partition("\n")
    incident = make_incident(f"{head}\n{dog}{old}{rest}", now=NOW)
    assert incident.started_at == datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    assert "CertificateExpires" in {a.name for a in incident.alerts}


def test_a_list_names_as_many_components_as_it_has() -> None:
    rows = "".join(f"2026-11-25T10:00:{n % 60:02}Z,host-{n:03},Down,critical,x\n" for n in range(120))
    assert len(make_incident(f"time,host,alert,severity,message\n{rows}", now=NOW).hints) == 120
