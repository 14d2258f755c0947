"""Where logs are all that there is: troubles that are no news, parties outside that have no log, last words below a record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.redaction.personal import EMAIL
from aitia.core.words import Baseline, Evidence, Holding, Incident, Inventory, Window
from aitia.tools import SourceSet, ToolContext
from aitia.tools.logs import logs_diff
from aitia.tools.sources import open_source
from aitia.tools.text.classes import meaning

BEGAN = datetime(2026, 3, 11, tzinfo=UTC)
CALM = "INFO request served"


def found(folder: Path, metrics: bool = False, **logs: Sequence[tuple[int, str]]) -> list[Evidence]:
    """What is told of logs whose lines stand at given minutes; the window is the last half hour of ninety minutes."""
    for name, lines in logs.items():
        every = sorted([*lines, *((i, CALM) for i in range(90))], key=lambda line: line[0])
        text = "".join(f"{(BEGAN + timedelta(minutes=at)).isoformat()} {line}\n" for at, line in every)
        (folder / f"{name}.log").write_text(text, encoding="utf-8")
    window = Window(start=BEGAN + timedelta(minutes=60), end=BEGAN + timedelta(minutes=90))
    incident = Incident(
        id="i", title="a", started_at=window.start, window=window,
        baselines=(Baseline(name="preceding", window=Window(start=BEGAN, end=window.start)),),
    )  # fmt: skip
    sources = [
        open_source(SourceConfig(name="l", kind="logs", type="log_files", path=str(folder)), Path("/"))
    ]
    held = (Holding(source="prom", kind="metrics", components=("hub",), count=3),) if metrics else ()
    context = ToolContext(incident=incident, sources=SourceSet(sources), inventory=Inventory(holdings=held))
    return list(logs_diff(context).evidence)


EXPIRED = "WARN Could not accept connection: Received fatal alert: certificate_expired"


def test_a_trouble_of_a_named_kind_that_is_no_news_is_a_fact_without_an_onset(tmp_path: Path) -> None:
    told = found(tmp_path, hub=[(i, EXPIRED) for i in range(0, 90, 5)])
    (fact,) = [e for e in told if e.kind == "log.standing"]
    assert (fact.component, fact.aspect, fact.onset) == ("hub", "log.certificate", None)
    assert "6 times in the window, and 12 times before it" in fact.statement
    assert not [e for e in told if e.kind == "log.quiet"]


def test_what_is_new_is_not_told_as_standing_and_calm_lines_are_quiet(tmp_path: Path) -> None:
    told = found(tmp_path, hub=[(70, EXPIRED), (75, EXPIRED)], lake=[])
    assert [e.kind for e in told if e.component == "hub" and e.aspect == "log.certificate"] == ["log.new"]
    assert [e.kind for e in told if e.component == "lake"] == ["log.quiet"]


def test_where_metrics_are_at_hand_standing_troubles_are_left_to_them(tmp_path: Path) -> None:
    told = found(tmp_path, metrics=True, hub=[(i, EXPIRED) for i in range(0, 90, 5)])
    assert not [e for e in told if e.kind == "log.standing"]


@pytest.mark.parametrize(
    ("line", "party"),
    [
        ("ERROR charge failed: connect timed out provider=paylane", "paylane"),
        ('ERROR charge failed: connect timed out "psp":"paylane"', "paylane"),
        ("ERROR TCP connection to gw.paylane.example/443 failed: timed out", "gw.paylane.example"),
        ("ERROR POST https://api.paylane.example/v1/charges: timed out", "api.paylane.example"),
        (
            "ERROR HTTPSConnectionPool(host='api.paylane.example', port=443): Read timed out",
            "api.paylane.example",
        ),
        ("ERROR lookup api.paylane.example: timed out", "api.paylane.example"),
        ("ERROR call to stock timed out host=till-1.shop.example", ""),  # its own host
        ("ERROR call timed out caller=push.go:88", ""),
        ("ERROR 502 bad gateway: timeout while reading", ""),
        ("ERROR call failed, upstream=timeout", ""),
        ("ERROR cache read user.profile:12345 timed out", ""),
        ("ERROR timed out at handler.groovy:42", ""),
        ("ERROR call timed out target=production", ""),
        ("ERROR quota exceeded, too many requests target=europe", ""),
        ("ERROR call timed out upstream=stock", "stock"),  # a known component is one as ever
    ],
)
def test_whom_a_failing_call_was_to(tmp_path: Path, line: str, party: str) -> None:
    told = found(tmp_path, till=[(i, line) for i in range(70, 90)], stock=[])
    assert {e.peer for e in told if e.component == "till" and e.kind == "log.new"} <= {party, "stock"}
    assert party in {e.peer for e in told if e.component == "till"}


def test_what_changes_from_line_to_line_is_nobody(tmp_path: Path) -> None:
    hooks = [(i, f"ERROR POST https://shop{i}.example/hook: timed out") for i in range(70, 90)]
    assert {e.peer for e in found(tmp_path, hooks=hooks) if e.kind == "log.new"} == {""}


def test_two_names_of_one_party_are_one(tmp_path: Path) -> None:
    lines = [(i, "ERROR charge failed: timed out provider=paylane") for i in range(70, 80)]
    lines += [(i, "ERROR TCP connection to api.paylane.example/443 failed: refused") for i in range(70, 80)]
    assert {e.peer for e in found(tmp_path, till=lines) if e.peer} == {"api.paylane.example"}


def test_a_domain_of_somebody_else_is_another_party(tmp_path: Path) -> None:
    lines = [(i, "ERROR charge failed: timed out provider=paylane") for i in range(70, 80)]
    lines += [(i, "ERROR POST https://paylane.attacker.example/hook: refused") for i in range(70, 80)]
    assert {e.peer for e in found(tmp_path, till=lines) if e.peer} == {"paylane", "paylane.attacker.example"}


def test_last_words_of_a_process_below_a_record_are_read(tmp_path: Path) -> None:
    died = "INFO served\n\n<--- Last few GCs --->\n\nFATAL ERROR: Reached heap limit Allocation failed - heap out of memory"
    told = found(tmp_path, shop=[(80, died)])
    assert "log.oom" in {e.aspect for e in told if e.component == "shop"}


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("'work' space usage 100.0% matches resource limit [space usage > 98.0%]", True),
        ("filesystem /data usage at 99%", True),
        ("disk usage is 43% of 100 GB", False),
        ("cpu usage 100%", False),
        ("volume vol-3 full backup 100% complete", False),
        ("disk utilization 99%", False),
        ("free disk capacity 98%", False),
        ("Alert if disk usage threshold 95%", False),
        ("upload of disk image at 100%", False),
    ],
)
def test_a_volume_that_is_full_by_its_share(text: str, full: bool) -> None:
    told = meaning(text, "info")
    assert (told.bad and told.aspect == "log.disk_full") is full


def test_an_instance_of_a_unit_is_no_address_of_mail() -> None:
    units = "convert@3.service: failed, pg@15-main.service; ask ops@site.example, jo@digital.service.gov.uk, bo@x.target.com"
    mail = ["ops@site.example", "jo@digital.service.gov.uk", "bo@x.target.com"]
    assert EMAIL.pattern.findall(units) == mail
