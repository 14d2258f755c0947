"""Recorded data are asked about as of their own end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.core.config import SourceConfig
from aitia.own_time import own_time

END = datetime(2026, 3, 10, 5, 29, tzinfo=UTC)
NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def table(tmp_path: Path) -> SourceConfig:
    rows = [f"{(END - timedelta(minutes=n)).isoformat()},{n}" for n in range(20, -1, -1)]
    (tmp_path / "h.csv").write_text("\n".join(["time,P-1.flow", *rows]) + "\n")
    return SourceConfig(name="h", kind="metrics", type="table", path=str(tmp_path / "h.csv"))


def test_the_end_of_recorded_data_is_meant(table: SourceConfig) -> None:
    assert own_time([table], NOW) == END + timedelta(seconds=1)


@pytest.mark.parametrize("later", [timedelta(hours=1), timedelta(hours=23)])
def test_data_of_today_are_asked_about_now(table: SourceConfig, later: timedelta) -> None:
    assert own_time([table], END + later) is None


def test_a_server_beside_them_means_now(table: SourceConfig) -> None:
    live = SourceConfig(name="p", kind="metrics", type="prometheus", url="http://localhost:9")
    assert own_time([table, live], NOW) is None


def test_what_cannot_be_read_means_now(table: SourceConfig, tmp_path: Path) -> None:
    gone = table.model_copy(update={"path": str(tmp_path / "none.csv")})
    assert own_time([gone], NOW) is None
    assert own_time([], NOW) is None
