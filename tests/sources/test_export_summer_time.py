"""A file whose preamble names both abbreviations of its zone is in local time, with summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from aitia.tools.sources.exports.asked import Asked
from aitia.tools.sources.exports.export import read_export
from aitia.tools.sources.exports.times import zone_told


@pytest.mark.parametrize(
    ("line", "zone"),
    [
        ("Zeitzone: MEZ/MESZ", "Europe/Berlin"), ("Zeitzone: MEZ", "UTC+01:00"), ("Times in CET (CEST)", "Europe/Berlin"),
        ("Time zone: EST/EDT", "America/New_York"), ("Zeitzone: MESZ", "UTC+02:00"),
    ],
)  # fmt: skip
def test_both_abbreviations_are_local_time_one_is_an_offset(line: str, zone: str) -> None:
    assert str(zone_told(line)) == zone


def test_no_row_is_lost_where_the_clock_goes_back(tmp_path: Path) -> None:
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    moments = [begin + timedelta(minutes=10 * i) for i in range(40)]
    rows = [
        f"{m.astimezone(ZoneInfo('Europe/Berlin')):%d.%m.%Y %H:%M:%S};{20 + i / 10:.1f}"
        for i, m in enumerate(moments)
    ]
    path = tmp_path / "archiv.csv"
    path.write_text("\n".join(["Archiv;Zeitzone: MEZ/MESZ", "Zeitstempel;12-TT-001", *rows]))
    found = read_export([path], Asked(near=begin))
    (series,) = found.series
    assert np.array_equal(series.t, [m.timestamp() for m in moments])
    assert not any("repeat" in n for n in found.notes)
