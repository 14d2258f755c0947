"""A real VictoriaLogs: lines pushed as Loki clients and as log shippers push them, and a diagnosis that reads them back."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

import aitia
from aitia.core.config import SourceConfig
from aitia.core.errors import SourceError
from aitia.core.words import Window
from aitia.settings import Settings, WindowRules
from aitia.tools.sources import open_source
from aitia.tools.sources.logs.victorialogs import VictoriaLogsSource, stamp
from tests.live.conftest import wait_for

BEGAN = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
T0 = round(BEGAN.timestamp()) * 1_000_000_000
SECOND = 1_000_000_000
WINDOW = Window(start=BEGAN, end=BEGAN + timedelta(minutes=10))
BEFORE = Window(start=BEGAN - timedelta(hours=1), end=BEGAN)
BAD = "charge {} failed: connection pool exhausted (20 of 20 in use)"

Lines = list[tuple[str, int, str]]


def lines() -> Lines:
    """A line a second of three services over seventy minutes; from 10:02 on `payment` has no connections left."""
    out = []
    for i in range(-3600, 600):
        for n, name in enumerate(("web", "payment", "stock")):
            ns = T0 + i * SECOND + n * 1001
            bad = name == "payment" and i >= 120 and i % 2 == 0
            out.append(
                (
                    name,
                    ns,
                    f"ERROR [pool] {BAD.format(i)}" if bad else f"INFO [app] order {i} stored in {i % 9} ms",
                )
            )
    return out


def push_loki(url: str, held: Lines) -> None:
    streams: dict[str, list[list[str]]] = {}
    for name, ns, line in held:
        streams.setdefault(name, []).append([str(ns), line])
    body = {"streams": [{"stream": {"service": n, "pod": f"{n}-1"}, "values": v} for n, v in streams.items()]}
    httpx.post(f"{url}/insert/loki/api/v1/push", json=body, trust_env=False).raise_for_status()
    settled(url, len(held))


def push_json(url: str, rows: list[dict[str, str]], fields: str = "service") -> None:
    params = {"_stream_fields": fields, "_time_field": "_time", "_msg_field": "_msg"}
    body = "\n".join(json.dumps(row) for row in rows)
    httpx.post(f"{url}/insert/jsonline", params=params, content=body, trust_env=False).raise_for_status()
    settled(url, len(rows))


def settled(url: str, count: int) -> None:
    """Wait until all lines can be read: the server counts those of a new stream before it gives them."""
    query = {"query": "* | fields _time, _stream"}

    def given() -> int:
        return httpx.post(f"{url}/select/logsql/query", data=query, trust_env=False).text.count("\n")

    wait_for(lambda: given() >= count, "ingestion")


def source(url: str, **fields: object) -> VictoriaLogsSource:
    given = {"name": "far", "kind": "logs", "type": "victorialogs", "url": url} | fields
    made = open_source(SourceConfig.model_validate(given), Path("/"))
    assert isinstance(made, VictoriaLogsSource)
    return made


@pytest.mark.server
@pytest.mark.parametrize("way", ["loki", "json"])
def test_a_diagnosis_of_logs_that_a_server_holds(victorialogs: str, tmp_path: Path, way: str) -> None:
    held = lines()
    if way == "loki":
        push_loki(victorialogs, held)
    else:
        push_json(
            victorialogs, [{"_time": str(ns), "_msg": line, "service": name} for name, ns, line in held]
        )
    config = SourceConfig(name="far", kind="logs", type="victorialogs", url=victorialogs)
    settings = Settings(sources=(config,), window=WindowRules(lead_s=300, baselines=("preceding",)))
    report = aitia.diagnose(
        "orders fail", config=settings, model=None, started_at=BEGAN + timedelta(minutes=5),
        at=WINDOW.end, home=tmp_path / "home",
    )  # fmt: skip
    (fact,) = [e for e in report.evidence if e.kind == "log.new" and e.component == "payment"]
    assert fact.values["count_window"] == 240
    first = f"ERROR [pool] {BAD.format(120)}"
    assert fact.source.query == f'"service":="payment" at {stamp(T0 + 120 * SECOND + 1001)}'
    assert fact.source.sha256 == hashlib.sha256(BAD.format(120).encode()).hexdigest()
    assert fact.source.path == ""
    query, _, at = fact.source.query.partition(" at ")
    again = httpx.post(
        f"{victorialogs}/select/logsql/query", data={"query": f"{query} _time:[{at},{at}]"}, trust_env=False
    )
    assert json.loads(again.text)["_msg"] == first  # the reference reads the line again


@pytest.mark.server
def test_every_line_is_read_once_with_its_nanosecond(victorialogs: str) -> None:
    held = lines()
    push_loki(victorialogs, held)
    streams = source(victorialogs).fetch((BEFORE, WINDOW))
    assert [s.component for s in streams] == ["payment", "stock", "web"]
    for stream in streams:
        told = [line.split(" ")[0] for line in stream.paths[0].read_text().splitlines()]
        assert told == [stamp(ns) for name, ns, _ in held if name == stream.component]
        assert not stream.shares


@pytest.mark.server
def test_a_sample_is_spread_evenly_and_its_share_is_what_was_read(victorialogs: str) -> None:
    rows = [
        {"_time": str(T0 - (3600 * SECOND) + i * SECOND // 20), "_msg": f"order {i} stored", "service": "a"}
        for i in range(72_000)
    ]
    push_json(victorialogs, rows)
    (stream,) = source(victorialogs).fetch((BEFORE, WINDOW), budget=2_000_000)
    times = [json.loads(line)["time"] for line in stream.paths[0].read_text().splitlines()]
    assert len(times) / 72_000 == pytest.approx(stream.shares[BEFORE], abs=1e-9)
    assert stream.shares[BEFORE] < 0.3
    tens = [sum(t[14] == str(ten) for t in times) for ten in range(6)]
    assert min(tens) > 0.5 * max(tens)


@pytest.mark.server
def test_structured_lines_keep_their_fields_and_odd_names_their_place(victorialogs: str) -> None:
    odd = 'a" or *:* | delete _msg'
    push_json(
        victorialogs,
        [{"_time": str(T0 + i * SECOND), "_msg": "order failed", "level": "error", "status": "507", "service.name": name}
         for i in range(5) for name in (odd, "b")],
        "service.name",
    )  # fmt: skip
    far = source(victorialogs)
    assert far.describe(WINDOW).components == (odd, "b")
    stream, other = far.fetch((WINDOW,))
    assert stream.component == odd
    first = json.loads(stream.paths[0].read_text().splitlines()[0])
    assert (first["level"], first["message"], first["status"]) == ("error", "order failed", "507")
    assert [s.paths[0].read_text().count("\n") for s in (stream, other)] == [5, 5]
    assert far.describe(WINDOW).count == 10


@pytest.mark.server
def test_what_the_server_refuses_is_told_in_its_words(victorialogs: str) -> None:
    push_json(victorialogs, [{"_time": str(T0 + SECOND), "_msg": "hello", "who": "a"}], "who")
    with pytest.raises(SourceError, match=r"`match`.*answered 400: cannot parse query"):
        source(victorialogs, match="((").describe(WINDOW)
    with pytest.raises(SourceError, match=r"component_label.*\(who\)"):
        source(victorialogs).describe(WINDOW)
    assert source(victorialogs, component_label="who").describe(WINDOW).components == ("a",)
    assert "there are no lines between" in source(victorialogs).describe(BEFORE).note
    assert (
        "there are no lines between"
        in source(victorialogs, component_label="who", options={"tenant": "7:8"}).describe(WINDOW).note
    )
