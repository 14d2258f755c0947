"""Whose a line of JSON is: files of several components, arrays, answers of log servers, OpenTelemetry's requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.redact import Redactor
from aitia.core.words import Window
from aitia.tools.sources.logs.component_fields import SAMPLE
from aitia.tools.sources.logs.log_files import LogFiles
from aitia.tools.sources.logs.record_logs import copy_streams
from aitia.tools.text.reader import Extract, LogFile

T0 = datetime(2026, 6, 18, 10, tzinfo=UTC)
WINDOW = Window(start=T0, end=T0 + timedelta(hours=2))
Line = dict[str, Any]


def source(root: Path, path: str = "*", **options: Any) -> LogFiles:
    component = options.pop("component", "")
    config = SourceConfig(
        name="s", kind="logs", type="log_files", path=path, component=component, options=options
    )
    return LogFiles(config, root)


def line(n: int, service: str, *where: str, message: str = "handled") -> Line:
    found: Line = {
        "time": (T0 + timedelta(seconds=n)).isoformat(),
        "level": "info",
        "message": f"{message} {n}",
    }
    held = found
    for key in where[:-1]:
        held = held.setdefault(key, {})
    held[where[-1]] = service
    return found


def write(path: Path, lines: Sequence[object]) -> None:
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))


def messages(found: LogFiles) -> dict[str, list[tuple[str, int]]]:
    """What each component's streams hold: messages and line numbers."""
    out: dict[str, list[tuple[str, int]]] = {}
    for stream in found.streams():
        for path in stream.paths:
            file = LogFile(path, zone=stream.zone, near=WINDOW.end, only=stream.only)
            records = file.records(*WINDOW.epoch, budget=1 << 20, extract=Extract())
            out.setdefault(stream.component, []).extend((r.message, file.line(r.offset)) for r in records)
    return out


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (("service",), "service"),
        (("service", "name"), "service.name"),
        (("service.name",), "service.name"),
        (("resource", "attributes", "service.name"), "resource.attributes.service.name"),
        (("kubernetes", "labels", "app"), "kubernetes.labels.app"),
        (("kubernetes", "pod_name"), "kubernetes.pod_name"),
        (("container", "name"), "container.name"),
        (("attributes", "service"), "attributes.service"),
        (("_source", "service", "name"), "_source.service.name"),
        (("_container_name",), "_container_name"),
        (("app",), "app"),
    ],
)
def test_lines_of_many_services_in_one_file_belong_to_their_service(
    tmp_path: Path, where: tuple[str, ...], said: str
) -> None:
    write(tmp_path / "all.ndjson", [line(n, ("cart", "payment")[n % 2], *where) for n in range(6)])
    found = source(tmp_path)
    assert messages(found) == {
        "cart": [("handled 0", 1), ("handled 2", 3), ("handled 4", 5)],
        "payment": [("handled 1", 2), ("handled 3", 4), ("handled 5", 6)],
    }
    holding = found.describe(WINDOW)
    assert holding.components == ("cart", "payment")
    assert holding.guessed.startswith(f"component from {said!r} of the lines")


def test_what_goes_on_from_a_line_stays_with_it_and_a_mention_is_not_an_owner(tmp_path: Path) -> None:
    write(
        tmp_path / "all.log",
        [
            line(0, "cart", "service"),
            "java.lang.IllegalStateException: x",
            "\tat a.b.C",
            {**line(1, "payment", "service"), "peer": {"service": "cart"}},
            "\tat d.e.F",
            line(2, "cart", "service"),
        ],
    )
    (cart, _) = sorted(source(tmp_path).streams(), key=lambda s: s.component)
    file = LogFile(cart.paths[0], zone=UTC, near=WINDOW.end, only=cart.only)
    records = list(file.records(*WINDOW.epoch, budget=1 << 20, extract=Extract()))
    assert [(r.lines, "IllegalState" in r.exception) for r in records] == [(3, True), (1, False)]


def test_a_service_that_speaks_once_far_from_all_samples_is_found(tmp_path: Path) -> None:
    count = 8 * SAMPLE // 100
    lines = [line(n // 10, "cart", "service") for n in range(count)]
    lines[count // 3] = line(count // 30, "rare", "service", message="disk full")
    write(tmp_path / "all.ndjson", lines)
    found = messages(source(tmp_path))
    assert found["rare"] == [(f"disk full {count // 30}", count // 3 + 1)]
    assert len(found["cart"]) == count - 1


def test_lines_without_the_field_belong_to_the_file(tmp_path: Path) -> None:
    bare = {"time": T0.isoformat(), "message": "proxy up"}
    write(tmp_path / "edge.ndjson", [line(1, "cart", "service"), line(2, "web", "service"), bare])
    found = source(tmp_path)
    assert set(messages(found)) == {"cart", "web", "edge"}
    assert "lines without it belong to the file's name" in found.describe(WINDOW).guessed


def test_the_option_names_the_field_and_component_wins_over_both(tmp_path: Path) -> None:
    write(tmp_path / "all.ndjson", [{**line(n, "shop", "service"), "unit": f"u{n}"} for n in range(2)])
    assert set(messages(source(tmp_path))) == {"shop"}
    told = source(tmp_path, component_field="unit")
    assert set(messages(told)) == {"u0", "u1"}
    assert told.describe(WINDOW).guessed == ""
    assert set(messages(source(tmp_path, component="mine"))) == {"mine"}


def test_a_field_that_no_line_has_is_an_error_that_names_those_there_are(tmp_path: Path) -> None:
    write(tmp_path / "all.ndjson", [line(0, "shop", "service")])
    with pytest.raises(
        SourceError, match=r"Set `options.component_field` .*time, level, message, service.*'servise'"
    ):
        source(tmp_path, component_field="servise").streams()


@pytest.mark.parametrize(
    ("name", "logger", "components"),
    [
        ("all.log", "checkout", {"checkout"}),  # nothing else says whose it is
        ("payment.log", "checkout", {"payment"}),
        ("all.log", "com.shop.Checkout", {"all"}),
        ("all.log", "OrderController", {"all"}),
    ],
)
def test_a_logger_is_the_last_resort(tmp_path: Path, name: str, logger: str, components: set[str]) -> None:
    write(tmp_path / name, [line(n, logger, "logger") for n in range(3)])
    assert set(messages(source(tmp_path))) == components


def test_a_field_of_too_many_values_names_no_components(tmp_path: Path) -> None:
    write(tmp_path / "all.ndjson", [line(n, f"request-{n}", "app") for n in range(700)])
    assert set(messages(source(tmp_path))) == {"all"}
    with pytest.raises(SourceError, match="more than 500 values"):
        source(tmp_path, component_field="app").streams()


LINES = [line(0, "cart", "service"), line(1, "web", "service"), line(2, "cart", "service")]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(LINES),
        json.dumps(LINES, indent=2),
        "[\n" + ",\n".join(json.dumps(one) for one in LINES) + "\n]\n",
        json.dumps({"logs": LINES}),
        json.dumps({"took": 3, "_shards": {"total": 1}, "hits": {"total": {"value": 3}, "hits": [{"_source": x} for x in LINES]}}),
        json.dumps({"meta": {"page": 1}, "data": [{"id": "a", "attributes": x} for x in LINES]}),
    ],
    ids=["array", "pretty", "one a line", "answer", "elasticsearch", "datadog"],
)  # fmt: skip
def test_arrays_and_answers_of_log_servers_are_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "export.json").write_text(text)
    found = messages(source(tmp_path))
    assert {c: [m for m, _ in held] for c, held in found.items()} == {
        "cart": ["handled 0", "handled 2"],
        "web": ["handled 1"],
    }


def test_a_torn_array_is_read_up_to_there_and_said(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(json.dumps(LINES)[:-60])
    (stream, *_) = source(tmp_path).streams()
    file = LogFile(stream.paths[0], zone=UTC, near=WINDOW.end)
    assert len(list(file.records(*WINDOW.epoch, budget=1 << 20, extract=Extract()))) == 2


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '[{"a":' * 50_000,
        '{"service":' * 50_000 + "\n",
        "[{}",
        '[{"time": 1e999, "service": 3}]',
    ],
)
def test_hostile_arrays_neither_raise_nor_hang(tmp_path: Path, text: str) -> None:
    (tmp_path / "export.json").write_text(text)
    assert set(messages(source(tmp_path))) == {"export"}


def request(*records: tuple[int, str, int]) -> Line:
    """One of OTLP, of records by second, service and severity."""
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeLogs": [{"logRecords": [{"timeUnixNano": str(int((T0.timestamp() + n) * 1e9)), "severityNumber": level,
                                               "body": {"stringValue": f"handled {n}"}}]}],
            }
            for n, service, level in records
        ]
    }  # fmt: skip


def test_requests_of_the_collector_are_records_with_the_line_they_lie_in(tmp_path: Path) -> None:
    write(tmp_path / "otel.json", [request((0, "cart", 9), (1, "web", 17)), request((2, "cart", 9))])
    found = source(tmp_path)
    assert messages(found) == {"cart": [("handled 0", 1), ("handled 2", 2)], "web": [("handled 1", 1)]}
    web = next(s for s in found.streams() if s.component == "web")
    file = LogFile(web.paths[0], zone=UTC, near=WINDOW.end, only=web.only)
    assert [r.level for r in file.records(*WINDOW.epoch, budget=1 << 20, extract=Extract())] == ["error"]


def test_datadogs_status_is_a_level_and_that_of_http_is_none(tmp_path: Path) -> None:
    told = [
        {"timestamp": T0.isoformat(), "service": "web", "message": "x", "status": s} for s in ("error", 500)
    ]
    write(tmp_path / "dd.ndjson", told)
    file = LogFile(tmp_path / "dd.ndjson", zone=UTC, near=WINDOW.end)
    records = list(file.records(*WINDOW.epoch, budget=1 << 20, extract=Extract()))
    assert [(r.level, r.message) for r in records] == [("error", "x"), ("", "x status=500")]


@pytest.mark.parametrize("form", ["lines", "array", "otlp"])
def test_a_recording_of_such_a_file_is_read_as_the_file_was(tmp_path: Path, form: str) -> None:
    lines = [line(n, ("cart", "payment")[n % 2], "service") for n in range(6)]
    requests = [request(*((n + i, ("cart", "payment")[i % 2], 9) for i in range(3))) for n in (0, 3)]
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    if form == "array":
        (tmp_path / "from" / "all.json").write_text(json.dumps(lines))
    else:
        write(tmp_path / "from" / "all.ndjson", lines if form == "lines" else requests)
    found = source(tmp_path / "from")
    copied = copy_streams(found.streams(), [WINDOW], tmp_path / "to", Redactor(b"k" * 32))
    again = messages(source(tmp_path / "to"))
    assert copied.lines == 6
    assert {c: [m for m, _ in held] for c, held in again.items()} == {
        c: [m for m, _ in held] for c, held in messages(found).items()
    }


def test_a_name_that_does_not_print_is_none(tmp_path: Path) -> None:
    write(tmp_path / "all.ndjson", [line(0, "cart", "service"), line(1, "\x1b[31mevil\n", "service")])
    assert set(messages(source(tmp_path))) == {"cart", "all"}
