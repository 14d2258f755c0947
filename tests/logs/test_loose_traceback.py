"""A traceback without a header of its own is no part of the calm line that happens to stand above it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.cli.app import run

T0 = datetime(2026, 11, 20, 10, tzinfo=UTC)
TRACE = "Traceback (most recent call last):\n  File \"invoicer.py\", line 13, in work\n    rate = RATES[c]\nKeyError: 'CHF'\n"


@pytest.mark.parametrize(("level", "joined"), [("INFO", False), ("ERROR", True)])
def test_where_an_exception_belongs(
    level: str, joined: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [
        f"{T0 + timedelta(seconds=n):%Y-%m-%d %H:%M:%S},000 {level} order {n} invoiced in 39 ms\n"
        for n in range(30)
    ]
    (tmp_path / "invoicer.log").write_text("".join([*said[:20], *(line + TRACE for line in said[20:])]))
    assert run(["logs", "patterns", str(tmp_path / "invoicer.log")]) == 0
    told = capsys.readouterr().out
    assert "KeyError: 'CHF'" in told
    assert ("ms | KeyError" in told) is joined
