"""Nothing foreign makes a run hang or unfold: sources, files and connections that mean harm, each within its bound."""

from __future__ import annotations

import gzip
import http.client
import io
import lzma
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml

import aitia
from aitia.core.bounds import TooMuch, load_json, load_yaml
from aitia.core.config import SourceConfig
from aitia.core.connection_slots import Places
from aitia.core.errors import BadInput, SourceError
from aitia.core.resolve import Resolver
from aitia.core.scenario import load_scenario
from aitia.core.words import Holding, Window
from aitia.jobs import Jobs
from aitia.listen import Listener
from aitia.settings import Settings
from aitia.tools.sources import build_inventory, open_source
from aitia.tools.text.reading import unpack
from benchmarks.attack.bombs import BOMBS
from benchmarks.attack.hostile import WAYS, hostile

END = datetime(2026, 11, 25, 1, 10, tzinfo=UTC)
WINDOW = Window(start=END - timedelta(minutes=30), end=END)
SOON_S = 8.0  # of a call that is given up after 1 s, on a busy machine
HOSTILE = [way for way in WAYS if way not in ("too long", "bad UTF-8")]  # an answer, to a lenient reader


def hostile_source(kind: str, reader: str, port: int) -> SourceConfig:
    return SourceConfig.model_validate(
        {"name": "far", "kind": kind, "type": reader, "url": f"http://127.0.0.1:{port}", "timeout_s": 1.0}
    )


@pytest.mark.parametrize("way", HOSTILE)
def test_a_server_that_misbehaves_is_given_up_with_a_word(way: str, tmp_path: Path) -> None:
    with hostile(way) as port:
        source = open_source(hostile_source("metrics", "prometheus", port), tmp_path)
        began = time.monotonic()
        with pytest.raises(SourceError, match="far"):
            source.describe(WINDOW)
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("reader", ["loki", "victorialogs"])
@pytest.mark.parametrize("way", ["drips", "drips its head", "never ends", "1 GiB in gzip", "resets"])
def test_so_is_a_server_of_logs(reader: str, way: str, tmp_path: Path) -> None:
    with hostile(way) as port:
        source = open_source(hostile_source("logs", reader, port), tmp_path)
        began = time.monotonic()
        with pytest.raises(SourceError, match="far"):
            source.describe(WINDOW)
    assert time.monotonic() - began < SOON_S


def test_a_wall_clock_that_jumps_back_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, began = time.time, time.monotonic()
    monkeypatch.setattr(time, "time", lambda: real() - (3600.0 if time.monotonic() - began > 0.3 else 0.0))
    with hostile("drips") as port, pytest.raises(SourceError, match="within 1 s"):
        open_source(hostile_source("metrics", "prometheus", port), tmp_path).describe(WINDOW)
    assert time.monotonic() - began < SOON_S


class Stuck:
    """A source that never returns."""

    name, kind = "stuck", "metrics"

    def describe(self, window: Window) -> Holding:
        threading.Event().wait()
        raise AssertionError


def steady(folder: Path) -> SourceConfig:
    rows = ["time,component,metric,value"]
    for n in range(0, 3 * 3600, 15):
        at = END - timedelta(seconds=n)
        rows += [
            f"{at:%Y-%m-%dT%H:%M:%SZ},shop,{m},{5 + (n // 15 * k) % 3}"
            for k, m in ((1, "cpu"), (2, "errors_ratio"))
        ]
    (folder / "m.csv").write_text("\n".join(rows))
    return SourceConfig(name="near", kind="metrics", type="table", path=str(folder / "m.csv"))


def test_the_inventory_has_an_end_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_text(
        '{"at": "2026-11-25T01:00:00Z", "component": "shop", "kind": "deploy", "text": "2"}\n'
    )
    near = open_source(SourceConfig(name="near", kind="changes", type="changes", path="c.jsonl"), tmp_path)
    began = time.monotonic()
    inventory = build_inventory([Stuck(), near], WINDOW, Resolver(), seconds=4.0)  # type: ignore[list-item]
    assert time.monotonic() - began < SOON_S
    stuck, read = inventory.holdings
    assert stuck.unread
    assert "could not be read in 4 s" in stuck.note
    assert (read.unread, read.count) == (False, 1)


def test_a_source_that_never_answered_is_not_a_quiet_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITIA_HOME", str(tmp_path / "home"))
    with hostile("drips") as port:
        report = aitia.diagnose(
            "shop is slow", sources=[steady(tmp_path), hostile_source("logs", "loki", port)],
            started_at=END - timedelta(minutes=5), at=END, model=None,
        )  # fmt: skip
    assert report.verdict == "unknown"
    assert any("far" in h.note and h.unread for h in report.inventory.holdings)
    healthy = next(s for s in report.suspects if s.fault == "healthy")
    assert healthy.probability < 0.5
    assert "far could not be read" in [line.why for line in healthy.ledger]  # without it: healthy


ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ALIASES, id="aliases"),
        pytest.param("a: &a {k: 1}\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} {{<<: [{', '.join(['*' + chr(97 + n)] * 9)}]}}\n" for n in range(9)), id="merge keys"),
        pytest.param("a: &a [*a]", id="itself"),
        pytest.param("- " * 500 + "a", id="deep"),
        pytest.param("[" * 100_000, id="very deep"),
        pytest.param("a: 2026-99-99", id="no date"),
        pytest.param("a: " + "9" * 5000, id="a long number"),
    ],
)  # fmt: skip
def test_yaml_that_unfolds_is_refused_at_once(text: str, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(yaml.YAMLError):
        load_yaml(text)
    (tmp_path / "scenario.yaml").write_text(text)
    with pytest.raises(BadInput, match=r"scenario\.yaml"):
        load_scenario(tmp_path)
    assert time.monotonic() - began < 2.0


def test_yaml_of_people_is_read_as_before() -> None:
    text = "defaults: &d {fs: 12000}\nblocks:\n- {<<: *d, key: a}\n- {<<: *d, key: b}\n"
    assert load_yaml(text) == yaml.safe_load(text)
    with pytest.raises(TooMuch, match="1,000 values"):
        load_yaml("[" + "a," * 2000 + "]", values=1000)


@pytest.mark.parametrize("text", ["[" * 100_000, b"[" * 100_000, "[" + "{}," * 5_000 + "{}]"])
def test_json_that_unfolds_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"deep|values"):
        load_json(text, values=10_000)


def test_an_array_is_measured_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.tools.sources.signals.waveform.MAX_SAMPLES", 1_000_000)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (300_000_000,)}
    )
    with zipfile.ZipFile(tmp_path / "w.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("long.npy", head.getvalue() + bytes(20 << 20))
        archive.writestr("hollow.npy", head.getvalue())
    for key in ("long", "hollow"):
        entry = {
            "at": END - timedelta(minutes=1),
            "component": "p",
            "channel": "de",
            "file": "w.npz",
            "key": key,
            "fs": 12000,
        }
        (tmp_path / "signals.yaml").write_text(yaml.safe_dump({"blocks": [entry]}))
        config = SourceConfig(name="far", kind="signals", type="waveform", path="signals.yaml")
        with pytest.raises(SourceError, match=r"w\.npz.*far.*(unpacks to|declares)"):
            open_source(config, tmp_path).waveforms(WINDOW)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "pack"), [("gzip", gzip.compress), ("xz", lzma.compress)])
def test_a_packed_log_is_read_up_to_where_no_log_unpacks(
    name: unpack.Packing, pack: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "LEAST_BOMB", 1 << 20)
    file = tmp_path / "a.log.packed"
    file.write_bytes(pack(b"INFO the same line\n" * 2_000_000))  # type: ignore[operator]
    with unpack.Unpacked(file, name) as log:
        size = sum(len(piece) for piece in iter(lambda: log.read(1 << 18), b""))
        assert (1 << 20) <= size < 38_000_000
        assert "more than 100 times" in log.damage


def test_xz_streams_one_after_the_other_are_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.log.xz"
    file.write_bytes(lzma.compress(b"one\n") + b"\0\0\0\0" + lzma.compress(b"two\n" * 100_000))
    with unpack.Unpacked(file, "xz") as log:
        assert log.read() == b"one\n" + b"two\n" * 100_000
        assert not log.damage


@pytest.mark.parametrize(
    "bomb",
    [
        "YAML aliases in a runbook", "deep YAML in a runbook", "YAML aliases in a topology", "deep YAML in a topology",
        "topology is a pipe", "topology is /dev/zero", "deep JSON in changes", "deep JSON in spans", "deep JSON in a cluster",
        "log is a pipe",
    ],
)  # fmt: skip
def test_a_file_that_means_harm_is_unread_and_named(bomb: str, tmp_path: Path) -> None:
    config = SourceConfig.model_validate({"name": "far"} | BOMBS[bomb](tmp_path))
    began = time.monotonic()
    (held,) = build_inventory([open_source(config, tmp_path)], WINDOW, Resolver()).holdings
    assert time.monotonic() - began < SOON_S
    assert held.unread
    assert held.note


def test_a_loop_a_pipe_and_a_device_in_a_folder_of_logs_are_passed_over(tmp_path: Path) -> None:
    config = SourceConfig.model_validate(
        {"name": "far"} | BOMBS["log folder with a loop, a pipe and /dev/zero"](tmp_path)
    )
    (held,) = build_inventory([open_source(config, tmp_path)], WINDOW, Resolver()).holdings
    assert not held.unread
    assert held.items == ("app",)


@contextmanager
def listening(home: Path, **bounds: int) -> Iterator[int]:
    with Listener(("127.0.0.1", 0), Jobs(home, Settings()), **bounds) as door:
        threading.Thread(target=door.serve_forever, args=(0.05,), daemon=True).start()
        yield int(door.server_address[1])
        door.shutdown()


def test_half_open_connections_keep_nobody_out(tmp_path: Path) -> None:
    with listening(tmp_path, connections=16) as port, ExitStack() as held:
        for _ in range(100):
            one = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
            one.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        for _ in range(5):
            began = time.monotonic()
            asked = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            asked.request("GET", "/healthz")
            assert asked.getresponse().status == 200
            asked.close()
            assert time.monotonic() - began < 4.0


def test_a_head_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.core.serving.HEAD_S", 0.3)
    with listening(tmp_path) as port, socket.create_connection(("127.0.0.1", port), timeout=5) as slow:
        slow.setblocking(False)
        began = time.monotonic()
        while time.monotonic() - began < SOON_S and not _closed(slow):
            time.sleep(0.05)
        assert 0.2 < time.monotonic() - began < SOON_S


def _closed(slow: socket.socket) -> bool:
    """Send one more byte; whether the other side has hung up."""
    try:
        slow.send(b"G")
        return slow.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_places_are_given_by_address_and_taken_from_those_that_wait() -> None:
    now = [0.0]
    places = Places(most=4, per_client=3, clock=lambda: now[0])
    for key in ("a1", "a2", "a3"):
        assert places.take(key, "a") == (True, None)
        now[0] += 1.0
    places.works("a1")
    assert places.take("a4", "a") == (True, "a2")  # its own that waits longest; a1 is being answered
    assert places.take("b1", "b") == (True, None)
    for key in ("a3", "a4"):
        places.works(key)
    assert places.take("a5", "a") == (False, None)  # all of this address are being answered
    assert places.take("b2", "b") == (True, "b1")
    now[0] = 60.0
    assert places.late(10.0) == ["b2"]
    places.leave("a1")
    assert places.take("a6", "a") == (True, None)


def test_a_process_keeps_no_pipe_open(tmp_path: Path) -> None:
    """What was refused as a pipe was not opened: nobody who writes to it later finds a reader."""
    config = SourceConfig.model_validate({"name": "far"} | BOMBS["topology is a pipe"](tmp_path))
    with pytest.raises(SourceError, match="far"):
        open_source(config, tmp_path).describe(WINDOW)
    with pytest.raises(OSError, match="No such device"):
        os.close(os.open(tmp_path / "t.yaml", os.O_WRONLY | os.O_NONBLOCK))
