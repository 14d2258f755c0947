"""The load benchmark counts what it says, on four diagnoses; and the service's memory stays where it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.doors import load
from tests.shop import small_yaml
from tests.web.served import Served

pytestmark = pytest.mark.server


def test_the_load_benchmark_measures_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Served(tmp_path, small_yaml(tmp_path, workers=2)) as served:
        assert served.process is not None
        measured = load._loaded(
            served.client, served.process.pid, 4, load.ROOT / "scenarios/connection-exhaustion"
        )
    assert (measured["distinct"], measured["done"], measured["with_cause"]) == (4, 4, 4)
    assert measured["posts"]["new"]["n"] == 4
    first, last = measured["memory_mb"][0], measured["memory_mb"][-1]
    assert 20 < first[1] < 400
    assert last[1] < first[1] * 1.5 + 20
    load._print(measured | {"diagnoses": 4, "workers": 2, "cores": 2})
    assert "done 4, lost 0" in capsys.readouterr().out
