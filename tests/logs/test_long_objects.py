"""A long JSON line keeps what it says: its long strings are cut, and it is counted like any other."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aitia.cli.app import run
from aitia.tools.text.reading.cut import LINE_BYTES, STRING_BYTES, shortened, text_of

T0 = datetime(2026, 11, 20, 10, tzinfo=UTC)


def line(n: int, payload: str) -> str:
    at = int((T0 + timedelta(seconds=10 * n)).timestamp() * 1000)
    err = {"message": "refused", "command": {"args": [payload]}}
    return json.dumps({"level": 50, "time": at, "name": "orders", "err": err, "msg": "could not store order"})


@pytest.mark.parametrize("size", [7_000, 8_500, 44_000, 70_000, 200_000])
def test_every_long_line_is_counted(size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "orders.ndjson"
    path.write_text("\n".join(line(n, "x" * (size if n % 4 == 0 else 3)) for n in range(40)) + "\n")
    assert run(["logs", "patterns", str(path)]) == 0
    told = capsys.readouterr().out
    assert "40 records" in told
    assert "could not store order" in told
    assert run(["logs", "search", str(path), "--count-by", "minute"]) == 0
    assert "40 records" in capsys.readouterr().err


@pytest.mark.parametrize("character", ["\\", '"', "\u00e9", "\U0001f600", "\n", "a"])
def test_a_shortened_line_is_still_json(character: str) -> None:
    for shift in range(8):
        raw = line(0, "a" * (STRING_BYTES - shift) + character * 9_000).encode()
        assert len(raw) > LINE_BYTES
        assert json.loads(text_of(raw))["msg"] == "could not store order"
        assert len(shortened(raw)) < LINE_BYTES
