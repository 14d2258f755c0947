"""What a list of tags says in words tells their machine, as header rows do; a list of any name is proposed for the tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia import probe
from aitia.tools.sources.exports.asked import Asked
from aitia.tools.sources.exports.export import read_export
from aitia.tools.sources.exports.tag_files import tags_listed

START = datetime(2026, 3, 9, 18, tzinfo=UTC)
LIST = """Tag,Description,EngUnit,Low,High
12-FT-007A,P-7A flow,t/h,,
12-FT-007B,P-7B flow,t/h,,
12-TT-007A,P-7A bearing temperature,°C,,60
12-TT-007B,P-7B bearing temperature,°C,,60
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["Timestamp,12-FT-007A,12-FT-007B,12-TT-007A,12-TT-007B"]
    rows += [
        f"{(START + timedelta(minutes=n)).isoformat()},{80 + n % 3},{n % 2},{40 + n % 4},{20 + n % 2}"
        for n in range(60)
    ]
    (tmp_path / "export.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_a_description_in_a_list_tells_the_machine(folder: Path) -> None:
    (folder / "tags.csv").write_text(LIST)
    entries = {e.tag: e for e in read_export([folder / "export.csv"], Asked(near=START)).entries}
    assert {e.asset for e in entries.values()} == {"P-7A", "P-7B"}
    assert entries["12-FT-007A"].unit == "t/h"
    assert entries["12-TT-007B"].high == 60


def test_init_proposes_a_list_of_any_name_for_the_table(folder: Path) -> None:
    (folder / "points of unit 12.csv").write_text(LIST)
    found = {Path(p.place).name: p for p in probe.probe(folder)}
    assert found["points of unit 12.csv"].reason.startswith("a list of 4 tags")
    assert found["export.csv"].source is not None
    assert found["export.csv"].source.options["tags"] == "points of unit 12.csv"
    assert "P-7A" in found["export.csv"].reason


@pytest.mark.parametrize(
    "text", ["Timestamp,Tag,Value,Unit\n2026-01-01T00:00:00Z,F-1,2,bar\n", "a,b\n1,2\n", ""]
)
def test_what_holds_samples_is_no_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    assert tags_listed(tmp_path / "x.csv") == 0
