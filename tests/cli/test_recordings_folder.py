"""A folder with a historian's export and vibration recordings in one below: `init` and `signals watch` take both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, SourceError
from aitia.core.words import Window, from_epoch
from aitia.probe import probe_folder, probe_json
from aitia.tools.sources import open_source
from aitia.tools.sources.base import SignalSource
from aitia.tools.sources.signals.recording_source import owner_of

Aitia = Callable[..., object]
START = datetime(2026, 2, 1, 9, tzinfo=UTC)
FS, DAYS = 4096, 18
EVER = Window(start=from_epoch(0), end=from_epoch(4.1e9))


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """Two weeks of a pump's pressure, which steps at the end, and a recording a day, louder from the fourteenth on."""
    from scipy.io import wavfile

    rng = np.random.default_rng(1)
    values = [f"{6 + rng.normal(0, 0.02) - (n >= 400):.3f}".replace(".", ",") for n in range(430)]
    rows = [f"{START + timedelta(hours=n):%d.%m.%Y %H:%M:%S};{v}" for n, v in enumerate(values)]
    (tmp_path / "export.csv").write_text("\n".join(["Zeitstempel;P-201A.pressure_bar", *rows]) + "\n")
    vib = tmp_path / "vib"
    vib.mkdir()
    for day in range(DAYS):
        for point, loud in (("DE", day >= 14), ("NDE", False)):
            x = rng.normal(0, 0.15 if loud else 0.05, FS).astype(np.float32)
            wavfile.write(vib / f"P-201A_{point}_{START + timedelta(days=day):%Y-%m-%d_%H-%M}.wav", FS, x)
    return tmp_path


def test_init_takes_the_export_and_the_recordings(plant: Path) -> None:
    found = [p for p in (*probe_folder(plant), *probe_json(plant)) if p.source]
    assert [(p.what, p.source.type, p.source.path) for p in found if p.source] == [
        ("table", "table", "export.csv"), ("signals", "recording", "vib"),
    ]  # fmt: skip
    assert "36 recordings" in found[1].reason
    assert "P-201A" in found[1].reason
    assert "nobody tells rpm, bearing" in found[1].reason


def test_recordings_of_a_folder_have_their_machine_point_and_time(plant: Path) -> None:
    source = open_source(
        SourceConfig(
            name="vib", kind="signals", type="recording", path="vib", options={"timezone": "Europe/Berlin"}
        ),
        plant,
    )
    assert isinstance(source, SignalSource)
    day = Window(start=START, end=START + timedelta(hours=1))
    assert source.waveforms(day) == []  # nine in Berlin is eight in UTC
    blocks = source.waveforms(Window(start=START - timedelta(hours=1), end=START))
    assert [(b.component, b.channel, b.at, b.fs, b.x.size) for b in blocks] == [
        ("P-201A", p, START - timedelta(hours=1), float(FS), FS) for p in ("DE", "NDE")
    ]
    holding = source.describe(EVER)
    assert (holding.components, holding.items, holding.count) == (("P-201A",), ("DE", "NDE"), 2 * DAYS)
    with pytest.raises(BadInput, match=r"Remove options\.ended"):
        open_source(
            SourceConfig(
                name="v",
                kind="signals",
                type="recording",
                path="vib",
                options={"ended": "2026-02-01T00:00:00Z"},
            ),
            plant,
        ).describe(EVER)
    (plant / "none").mkdir()
    with pytest.raises(SourceError, match="no recording"):
        open_source(SourceConfig(name="v", kind="signals", type="recording", path="none"), plant).describe(
            EVER
        )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("P-201A_DE_2026-02-01_09-00.wav", ("P-201A", "DE")),
        ("K101 NDE horizontal 20260301T1200.wav", ("K101", "NDE horizontal")),
        ("2026-02-01_P-201A_DE.wav", ("P-201A", "DE")),
        ("P-7/2026-02-01.wav", ("P-7", "")),
        ("P-7/DE_2026-01-01.wav", ("P-7", "DE")),
    ],
)
def test_names_of_files_tell_whose_they_are(name: str, told: tuple[str, str]) -> None:
    assert owner_of(Path("/plant/vib") / name, Path("/plant/vib")) == told


def test_a_folder_is_watched_as_a_whole(aitia: Aitia, plant: Path) -> None:
    done = aitia("signals", "watch", plant)
    assert done.code == 0
    alarms = done.out.splitlines()
    assert [line.split("Z ", 1)[1].strip().split(" from ")[0] for line in alarms] == [
        "P-201A vibration RMS of DE rose", "P-201A pressure_bar fell",
    ]  # fmt: skip
    assert alarms[0].startswith("2026-02-16T09:00:00Z")
    assert "since 2026-02-15T09:00:00Z" in alarms[0]
    assert "NDE: its first 6 of 18 recordings are the reference" in done.err
    healthy = aitia("signals", "watch", plant, "--healthy", "2026-02-01..2026-02-10", "--json")
    assert healthy.code == 0
    assert healthy.out.count('"alarm"') == 2
    refused = aitia("signals", "watch", plant, "--follow")
    assert refused.code != 0
    assert "watched to its end" in refused.err
