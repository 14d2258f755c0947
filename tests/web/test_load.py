"""Many at once: none is lost, none is made twice, and the service's memory stays where it was."""

from __future__ import annotations

import concurrent.futures
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.doors import load
from tests.shop import shop_alert, small_yaml

from .served import Served, told

pytestmark = pytest.mark.server
AT_ONCE = 20


@pytest.mark.long
def test_20_diagnoses_at_once_each_followed_to_its_end(tmp_path: Path) -> None:
    with Served(tmp_path, small_yaml(tmp_path, workers=2)) as served:

        def whole(n: int) -> dict[str, Any]:
            asked = served.ask(shop_alert(f"group {n}"))
            *_, last = told(served.client, asked["links"]["events"])
            assert last["event"] == "end"
            found: dict[str, Any] = json.loads(last["data"])
            assert found["id"] == asked["id"]
            return found

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            ended = list(pool.map(whole, range(AT_ONCE)))
        assert {e["state"] for e in ended} == {"done"}
        assert len({e["id"] for e in ended}) == len({e["run"] for e in ended}) == AT_ONCE
        runs = list((tmp_path / "home/runs").iterdir())
        assert len(runs) == AT_ONCE
        counted = served.client.get("/metrics").text
        assert f'aitia_diagnoses{{state="done"}} {AT_ONCE}.0' in counted
        assert f"aitia_queue_wait_seconds_count {AT_ONCE}.0" in counted
    assert "Traceback" not in served.log()


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
