"""Many at once: none is lost and none is made twice."""

from __future__ import annotations

import concurrent.futures
import json
from pathlib import Path
from typing import Any

import pytest

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
