"""The recorder: chunks that the table source reads, bounds, a stop and a kill that lose nothing written, and the command."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError, StoreError
from aitia.core.words import Window, from_epoch
from aitia.tools.sources import MetricSource, open_source
from aitia.tools.sources.plant.chunks import Chunks
from aitia.tools.sources.plant.readings import Box, Reading, moment_of, name_of, number_of
from aitia.tools.sources.plant.recorder import record

from .servers import free_port, mosquitto, until

T0 = datetime(2026, 11, 29, 20, 59, 50, tzinfo=UTC)


def some(at: datetime, n: int = 10, metric: str = "flow", unit: str = "") -> list[Reading]:
    return [
        Reading(component="P-1", metric=metric, at=at.timestamp() + i, value=float(i), unit=unit)
        for i in range(n)
    ]


def source(folder: Path) -> MetricSource:
    made = open_source(
        SourceConfig(name="line", kind="metrics", type="mqtt", url="mqtt://127.0.0.1", path=str(folder)),
        Path("/"),
    )
    assert isinstance(made, MetricSource)
    return made


def window(start: datetime, hours: float = 10) -> Window:
    return Window(start=start - timedelta(hours=1), end=start + timedelta(hours=hours))


def test_what_is_written_is_read_with_its_units_and_gaps(tmp_path: Path) -> None:
    with Chunks(tmp_path, days=7, most_bytes=1 << 30).open() as chunks:
        chunks.write(
            [
                *some(T0, unit="m3/h"),
                Reading(component="P-1", metric="flow", at=T0.timestamp() + 20, value=math.nan),
            ],
            T0,
        )
    (series,) = source(tmp_path).read(window(T0))
    assert (series.component, series.metric, series.metadata.unit) == ("P-1", "flow", "m3/h")
    assert list(series.v[:10]) == [float(i) for i in range(10)]
    assert math.isnan(series.v[-1])
    held = source(tmp_path).describe(window(T0))
    assert (held.components, held.note) == (("P-1",), "")


def test_hours_are_merged_without_loss_or_doubles_and_chunks_go_an_hour_later(tmp_path: Path) -> None:
    with Chunks(tmp_path, days=7, most_bytes=1 << 30).open() as chunks:
        for n in range(6):
            chunks.write(some(T0 + timedelta(seconds=10 * n)), T0 + timedelta(seconds=10 * n))
        chunks.tidy(T0 + timedelta(minutes=10))
        assert (tmp_path / "2026-11-29T20.parquet").exists()
        before = source(tmp_path).read(window(T0))[0]
        chunks.tidy(T0 + timedelta(hours=2))
        chunks.tidy(T0 + timedelta(hours=3))
        assert sorted(p.name for p in tmp_path.glob("*.parquet")) == [
            "2026-11-29T20.parquet",
            "2026-11-29T21.parquet",
        ]
        after = source(tmp_path).read(window(T0))[0]
    assert before.t.size == after.t.size == 60
    assert (before.v == after.v).all()


def test_the_oldest_goes_first_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.parquet").write_bytes(b"mine")
    with Chunks(tmp_path, days=1, most_bytes=1 << 30).open() as chunks:
        for day in range(4):
            chunks.write(some(T0 + timedelta(days=day)), T0 + timedelta(days=day))
        chunks.tidy(T0 + timedelta(days=3))
    kept = sorted({p.name[:10] for p in tmp_path.glob("2026*.parquet")})
    assert kept == ["2026-12-01", "2026-12-02"]
    assert (tmp_path / "notes.parquet").exists()
    with Chunks(tmp_path, days=100, most_bytes=1).open() as chunks:
        chunks.tidy(T0 + timedelta(days=3))
    assert not list(tmp_path.glob("2026*.parquet"))


def test_two_recorders_of_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        Chunks(tmp_path, days=1, most_bytes=1).open(),
        pytest.raises(BadInput, match="Stop the other recorder"),
    ):
        Chunks(tmp_path, days=1, most_bytes=1).open().__enter__()


class Pump:
    """A feed that brings a sample every few milliseconds, and fails as it is told."""

    def __init__(self, *, fails: int = 0, error: type[Exception] = SourceError) -> None:
        self.sent, self._fails, self._error = 0, fails, error

    def run(self, box: Box, stop: threading.Event) -> None:
        if self._fails:
            self._fails -= 1
            raise self._error("away. Start the server.")
        box.connected = True
        while not stop.wait(0.005):
            box.put([Reading(component="P-1", metric="n", at=time.time(), value=float(self.sent))])
            self.sent += 1


def test_a_stop_writes_all_that_was_read(tmp_path: Path) -> None:
    feed = Pump()
    (told,) = record(
        {"p": (feed, Chunks(tmp_path, days=1, most_bytes=1 << 30))},
        stop=threading.Event(),
        seconds=1.5,
        flush_s=0.5,
    )
    (series,) = source(tmp_path).read(window(datetime.now(UTC)))
    assert told.values == feed.sent == series.t.size
    assert list(series.v) == [float(n) for n in range(feed.sent)]


def test_one_that_fails_is_told_and_tried_again_and_all_failing_raises(tmp_path: Path) -> None:
    feeds = {"a": (Pump(), Chunks(tmp_path / "a", days=1, most_bytes=1 << 30)),
             "b": (Pump(fails=1), Chunks(tmp_path / "b", days=1, most_bytes=1 << 30))}  # fmt: skip
    errors: set[str] = set()
    told = record(
        feeds,
        stop=threading.Event(),
        seconds=5,
        flush_s=0.3,
        on_flush=lambda ts: errors.update(t.error for t in ts),
    )
    assert "away. Start the server." in errors
    assert all(t.values > 0 and t.error == "" for t in told)
    with pytest.raises(SourceError, match="away"):
        record(
            {"c": (Pump(fails=99), Chunks(tmp_path / "c", days=1, most_bytes=1))},
            stop=threading.Event(),
            seconds=20,
        )
    with pytest.raises(ZeroDivisionError):
        record(
            {"d": (Pump(fails=1, error=ZeroDivisionError), Chunks(tmp_path / "d", days=1, most_bytes=1))},
            stop=threading.Event(),
            seconds=20,
        )


def test_what_cannot_be_written_waits_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = True
    whole = Chunks.write

    def write(self: Chunks, readings: list[Reading], at: datetime) -> None:
        if full:
            raise StoreError("No room.")
        whole(self, readings, at)

    monkeypatch.setattr(Chunks, "write", write)
    feed, said = Pump(), list[str]()

    def watch(told: list[object]) -> None:
        nonlocal full
        said.append(told[0].error)  # type: ignore[attr-defined]
        full = len(said) < 3

    (told,) = record(
        {"p": (feed, Chunks(tmp_path, days=1, most_bytes=1 << 30))},
        stop=threading.Event(),
        seconds=2.5,
        flush_s=0.3,
        on_flush=watch,
    )
    assert said[0] == "No room."
    assert told.values == feed.sent


def test_a_box_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.tools.sources.plant.readings.MOST_WAITING", 5)
    monkeypatch.setattr("aitia.tools.sources.plant.readings.MOST_SERIES", 2)
    box = Box()
    box.put(Reading(component="P", metric=f"m{n % 3}", at=1.0, value=0.0) for n in range(12))
    assert len(box.drain()) == 5
    assert sum(box.problems.values()) == 7


def test_hostile_names_times_and_numbers() -> None:
    assert name_of("a\x1b[2J\u202eb\n" + "x" * 500)[:6] == "a [2J "
    assert len(name_of("x" * 500)) == 160
    assert moment_of(1e400, 1.8e9) is None
    assert moment_of("2999-01-01T00:00:00Z", 1.8e9) is None
    assert moment_of(1_795_000_000_000, 1.8e9) == 1_795_000_000
    assert number_of("1" * 400) is None
    assert number_of(10**400) is None


@pytest.mark.server
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_command_records_until_it_is_stopped(tmp_path: Path, how: signal.Signals) -> None:
    mqtt = pytest.importorskip("paho.mqtt.client")
    with mosquitto(tmp_path, port := free_port()):
        (tmp_path / "aitia.yaml").write_text(
            f"sources:\n  - {{name: line, kind: metrics, type: mqtt, url: 'mqtt://127.0.0.1:{port}', path: rec, options: {{topics: 'plant/#'}}}}\n"
        )
        env = os.environ | {"AITIA_HOME": str(tmp_path / "home")}
        process = subprocess.Popen(
            [sys.executable, "-c", "import sys; from aitia.cli import main; sys.exit(main())", "signals", "record", "--config", str(tmp_path / "aitia.yaml"), "--json"],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        )  # fmt: skip
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()

        def arrived() -> bool:
            client.publish("plant/P-101/flow", "7")
            assert process.poll() is None, process.communicate()
            return bool(list((tmp_path / "rec").glob("*.parquet")))

        until(arrived, "a chunk is on disk")
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
        client.disconnect()
        client.loop_stop()
    (series,) = source(tmp_path / "rec").read(window(from_epoch(time.time())))
    assert (series.component, series.metric, set(series.v)) == ("P-101", "flow", {7.0})
    if how != signal.SIGKILL:
        assert process.returncode == 0, err
        assert json.loads(out)["values"] == series.t.size


def test_nothing_recorded_yet_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Run `aitia signals record`"):
        source(tmp_path).read(window(T0))
