"""What logs say without a comparison: lines that were asked for, slow steps, errors without times, restarts, changed settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.resolve import Resolver
from aitia.core.words import Component, Evidence, Incident, Understood, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.logs import logs_diff, logs_stated
from aitia.tools.sources.logs.error_lines import last_words
from aitia.tools.sources.logs.log_files import LogFiles
from aitia.tools.text.classes import meaning

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
STEPS = [
    "INFO:app:Query of the loyalty database done in {0:.2f} seconds.",
    "INFO:app:Page rendered in {0:.2f} seconds.",
    "INFO:app:Token checked in 3 ms.",
]


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("AITIA_HOME", str(tmp_path_factory.mktemp("home")))


def context(folder: Path, text: str, *, hints: tuple[str, ...] = ()) -> ToolContext:
    window = Window(start=AT - timedelta(minutes=10), end=AT)
    names = tuple(Component(id=p.stem, type="service") for p in sorted(folder.iterdir()))
    return ToolContext(
        incident=Incident(
            id="i", title=text, text=text, started_at=AT, window=window, hints=hints, understood=Understood()
        ),
        sources=SourceSet([LogFiles(SourceConfig(name="logs", kind="logs", type="log_files", path=str(folder)), folder)]),
        resolver=Resolver(names),
    )  # fmt: skip


def of(evidence: tuple[Evidence, ...], kind: str) -> list[Evidence]:
    return [e for e in evidence if e.kind == kind]


def dated(seconds: float, text: str) -> str:
    return f"{AT + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S} {text}"


def test_the_call_that_takes_most_of_a_slow_answer_is_told_and_what_is_quick_is_not(tmp_path: Path) -> None:
    (tmp_path / "shop.log").write_text("".join(f"{s.format(4 + i)}\n" for i in range(4) for s in STEPS))
    told = logs_stated(context(tmp_path, "why is shop so slow?", hints=("shop",)))
    (call,) = of(told.evidence, "log.duration.call")
    assert (call.component, call.aspect, call.values["max_s"]) == ("shop", "log.slow", 7.0)
    assert 'such as "INFO:app:Query of the loyalty database done in 7.00 seconds."' in call.statement
    assert "nearly all of the 5.50 s that the whole takes" in call.statement
    assert not [e for e in told.evidence if "Token" in e.statement]
    assert logs_stated(context(tmp_path, "shop answers with errors", hints=("shop",))).status == "no_data"


def test_lines_that_the_question_quotes_are_shown_as_they_stand(tmp_path: Path) -> None:
    lines = [f"ERROR: attempt {i}/9 failed" for i in range(9)] + ["INFO: ready", "WARN: NO ERRORS YET"]
    (tmp_path / "pay.log").write_text("\n".join(lines))
    told = logs_stated(context(tmp_path, 'post the last 3 lines of pay that contain "ERROR"', hints=("pay",)))
    (fact,) = of(told.evidence, "log.asked")
    assert fact.statement == (
        'pay: 9 lines contain \'ERROR\', the last 3: "ERROR: attempt 6/9 failed" / "ERROR: attempt 7/9 failed" / '
        '"ERROR: attempt 8/9 failed"'
    )
    assert not of(logs_stated(context(tmp_path, "pay is slow", hints=("pay",))).evidence, "log.asked")
    (none,) = of(
        logs_stated(context(tmp_path, "did pay log 'Peer down'?", hints=("pay",))).evidence, "log.asked"
    )
    assert none.statement == "pay: no line that was read contains 'Peer down'."


def test_errors_of_a_log_without_times_are_told_with_what_they_are_about(tmp_path: Path) -> None:
    (tmp_path / "sync.log").write_text(
        "INFO ok\n" + "ERROR: dial tcp 10.0.0.9:5432: connect: connection refused\n" * 3
    )
    (fact,) = of(logs_stated(context(tmp_path, "sync fails")).evidence, "log.undated")
    assert (fact.aspect, fact.direction, fact.values["count_window"]) == ("log.connection_refused", "new", 3)
    assert "its log bears no times" in fact.statement


def test_a_process_that_starts_again_and_again_is_told_with_its_last_words(tmp_path: Path) -> None:
    loop = [line for i in range(4) for line in (dated(60 * i - 500, "resizer 1.2 starting"), dated(60 * i - 499, "table holds 256, got 257"))]  # fmt: skip
    (tmp_path / "resizer.log").write_text("\n".join([dated(-580, "resized 1.jpg"), *loop]))
    (tmp_path / "calm.log").write_text("\n".join([dated(-400, "calm 3.1 starting"), dated(-300, "served 1")]))
    told = of(logs_stated(context(tmp_path, "images are gone")).evidence, "log.restarts")
    assert [(e.component, e.values["starts"]) for e in told] == [("resizer", 4)]
    assert (
        'its last words before a start: "2026-11-25 09:53:41 table holds 256, got 257"' in told[0].statement
    )


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("shop 7.4.1 listens on 10.0.0.3:8080", "shop 7.5.0 listens on 10.0.0.3:8080", ["7.4.1", "7.5.0"]),
        ("starting v2.0.0-rc1", "starting v2.0.0", ["2.0.0-rc1", "2.0.0"]),
        ("shop 7.4.1 listens on 10.0.0.3:8080", "shop 7.4.1 listens on 10.0.0.9:8081", []),
        ("starting on 10.0.0.3", "starting on 10.0.0.4", []),
        ("starting, took 1.25 s", "ready to serve 7.5.0", []),
        ("served page 1.2.3", "served page 1.2.4", []),
        ("status running speed=1480 current=84.2", "status running speed=1480 current=85.2", []),
        ("started load=0.5 version=2.0.0", "started load=0.5 version=2.1.0", ["2.0.0", "2.1.0"]),
    ],
)
def test_a_start_that_tells_another_version_is_a_release(
    tmp_path: Path, first: str, second: str, told: list[str]
) -> None:
    (tmp_path / "shop.log").write_text(
        "\n".join([dated(-500, first), dated(-60, second), dated(-50, "served 1")])
    )
    found = of(logs_stated(context(tmp_path, "shop fails")).evidence, "log.release")
    assert [v for e in found for v in (e.values["from"], e.values["to"])] == told
    assert {(e.aspect, e.provenance) for e in found} <= {("change.deploy", "service")}, "its own word"


def test_a_setting_that_changed_is_a_change_of_whom_the_line_names(tmp_path: Path) -> None:
    line = "level=info msg=apply rev=9d target=lists key=read_timeout old=1500ms new=15ms"
    (tmp_path / "confd.log").write_text("\n".join([dated(-90, line), dated(-80, "level=info msg=apply target=lists old=5 new=5")]))  # fmt: skip
    (tmp_path / "lists.log").write_text(dated(-70, "served") + "\n")
    (fact,) = of(logs_stated(context(tmp_path, "lists fail")).evidence, "log.change")
    assert (fact.component, fact.aspect, fact.values["reported_by"]) == ("lists", "change.config", "confd")
    assert (fact.values["old"], fact.values["new"]) == ("1500ms", "15ms")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lists.config INFO applied revision 418 keys=['feed.poll_s', 'store.deadline_ms']", 1),
        ("Refreshed keys : [scan.parallel, client.read-timeout]", 1),
        ("config in effect rev=b07e holds=1m", 1),
        ("policy hygiene updated", 1),
        ("user bob updated settings", 0),
        ("Document revision updated by mallory", 0),
        ("Refreshed session key for eve", 0),
        ("Policy ACCEPT applied to packet", 0),
        ("config reload failed, the old one is kept", 0),
        ("no changes, configuration applied", 0),
        ("served 418 pages from the store", 0),
    ],
)
def test_settings_that_count_from_some_moment_on_are_a_change(tmp_path: Path, line: str, told: int) -> None:
    (tmp_path / "lists.log").write_text("\n".join([dated(-900, "served"), dated(-90, line)]))
    found = of(logs_stated(context(tmp_path, "lists fail")).evidence, "log.change")
    assert [(e.component, e.aspect) for e in found] == [("lists", "change.config")] * told


def test_settings_that_are_read_at_a_start_or_all_the_time_are_no_change(tmp_path: Path) -> None:
    started = [dated(-100, "lists starting up"), dated(-90, "applied configuration from /etc/lists.yaml")]
    (tmp_path / "lists.log").write_text("\n".join(started))
    habit = [dated(-900 + 100 * i, f"config reloaded rev={i}") for i in range(8)]
    (tmp_path / "confd.log").write_text("\n".join(habit))
    assert not of(logs_stated(context(tmp_path, "lists fail")).evidence, "log.change")


def test_a_log_of_little_but_errors_is_no_sign_of_health(tmp_path: Path) -> None:
    refused = [
        dated(10 * i - 1700, "ERROR connect to mail.example:25: Connection timed out") for i in range(170)
    ]
    calm = [dated(10 * i - 1700, "INFO served") for i in range(170)]
    (tmp_path / "relay.log").write_text("\n".join(refused))
    (tmp_path / "web.log").write_text("\n".join(calm))
    told = logs_diff(context(tmp_path, "no mail arrives")).evidence
    assert [(e.component, e.aspect) for e in of(told, "log.constant")] == [("relay", "log.timeout")]
    assert {e.component for e in of(told, "log.quiet")} == {"web"}


def test_last_words_are_the_last_errors_without_the_frames_of_a_trace() -> None:
    trace = [
        "Traceback (most recent call last):",
        '  File "/app.py", line 3, in run',
        "ValueError: no table 'x'",
    ]
    assert last_words(["INFO up", "ERROR: cannot load", *trace]) == (
        "ERROR: cannot load",
        "ValueError: no table 'x'",
    )
    assert last_words(["a", "b", ""]) == ("b",)
    assert last_words([]) == ()


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("POST https://api.maps.example/v2 429 items=2", "log.quota"),
        ('10.0.0.7 "GET /menu HTTP/1.1" 429 "https://maps.example/x" curl', "log.other"),
        ("rate limit of the provider exceeded", "log.quota"),
    ],
)
def test_an_answer_429_to_a_call_of_its_own_is_a_limit_of_a_provider(text: str, aspect: str) -> None:
    assert meaning(text, "warning").aspect == aspect
