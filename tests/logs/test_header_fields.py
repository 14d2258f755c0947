"""A line's fields by OpenTelemetry's names, structured and plain."""

from datetime import UTC, datetime

import pytest

from aitia.tools.text.headers import detect

NEAR = datetime(2026, 11, 25, 2, tzinfo=UTC)
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CASES = {
    "logback": (
        f"2026-11-25 01:02:03.000 WARN [traceId={TRACE}, spanId={SPAN}] [main] a.b.C : slow",
        {"trace_id": TRACE, "span_id": SPAN, "severity_text": "WARN", "severity_number": 13, "body": "slow"},
        {"thread.name": "main", "logger.name": "a.b.C"},
        {},
    ),
    "klog": (
        "E1125 01:02:03.000000    1234 pod.go:12] back-off",
        {"severity_text": "E", "severity_number": 17, "body": "back-off"},
        {"process.pid": 1234, "code.file.path": "pod.go", "code.line.number": 12},
        {},
    ),
    "otel file": (
        '{"timestamp":"2026-11-25T01:02:03Z","severity_text":"ERROR","body":"x"}',
        {"severity_text": "ERROR", "severity_number": 17, "body": "x"},
        {},
        {},
    ),
    "syslog 5424": (
        f'<11>1 2026-11-25T01:02:03Z h1 shop 7 ID47 [x@1 a="b"] text {TRACE}',
        {"severity_number": 17, "body": f"text {TRACE}"},
        {"process.pid": 7, "syslog.msg.id": "ID47", "logger.name": "shop"},
        {"host.name": "h1", "service.name": "shop"},
    ),
    "logcat": (
        "03-17 16:13:38.811  1702  2395 D Window: x",
        {"severity_number": 5, "severity_text": "D"},
        {"process.pid": 1702, "thread.id": 2395, "logger.name": "Window"},
        {},
    ),
    "notice": (
        "[Wed Nov 25 01:02:03 2026] [notice] x y",
        {"severity_number": 10, "severity_text": "notice"},
        {},
        {},
    ),
    "oslo": (
        "2026-11-25 01:02:03.000 25746 INFO nova.api [req-38101a0b-2096-447d-96ea-a692162415ae 11 - - -] x",
        {"body": "x"},
        {
            "request.id": "req-38101a0b-2096-447d-96ea-a692162415ae",
            "process.pid": 25746,
            "logger.name": "nova.api",
        },
        {},
    ),
    "ecs": (
        f'{{"@timestamp":"2026-11-25T01:02:03Z","log.level":"ERROR","message":"x","trace.id":"{TRACE}","host.name":"h1","n":3}}',
        {"trace_id": TRACE, "severity_text": "ERROR", "severity_number": 17, "body": "x"},
        {"n": 3},
        {"host.name": "h1"},
    ),
    "csv": (
        '"2026-11-25 01:02:03","Area 1","ERROR","pump ""A"" off, again"',
        {"body": 'pump "A" off, again', "severity_number": 17},
        {"column.2": "Area 1"},
        {},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_fields(name):
    line, told, attributes, resource = CASES[name]
    header = detect([line] * 4, zone=UTC, near=NEAR)
    fields = header.fields(line)
    assert {key: getattr(fields, key) for key in told} == told
    assert attributes.items() <= fields.attributes.items()
    assert resource.items() <= fields.resource.items()
    assert header.fields("no header here") is None


def test_structured_lines_have_no_place():
    for line in (CASES["ecs"][0], CASES["csv"][0], "time=2026-11-25T01:02:03Z level=info msg=x a=b"):
        header = detect([line] * 4, zone=UTC, near=NEAR)
        assert header(line) is not None
        assert header.locate(line) is None


def test_a_csv_heading_names_the_message():
    lines = [
        "Date,Text,Note",
        *(f'"2026-11-25 01:02:0{n}","valve {n} shut","by the operator of the night shift"' for n in range(9)),
    ]
    header = detect(lines, zone=UTC, near=NEAR)
    assert header(lines[1])[2] == "valve 0 shut"
    assert header.fields(lines[1]).attributes == {"Note": "by the operator of the night shift"}
    assert header(lines[0]) is None


def test_names_are_for_people():
    for line, start in (
        ("<34>Nov 25 01:02:03 h1 su[7]: x", "syslog RFC 3164"),
        (CASES["syslog 5424"][0], "syslog RFC 5424"),
        (CASES["ecs"][0], "json lines"),
        (CASES["klog"][0], "klog"),
    ):
        assert detect([line] * 4, zone=UTC, near=NEAR).name.startswith(start)
