"""The bounds of a server's calls: places of those whose client is gone, and what a span of time holds."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp", reason="pip install '.[mcp]'")

from aitia.core.errors import BadInput
from aitia.mcp.calls import MOST_CALLS, Calls
from aitia.mcp.installed_tools import MOST_RESULTS, Desk
from aitia.mcp.server_tools import House
from aitia.settings import Service, Settings
from tests.shop import shop_settings


def test_a_call_whose_client_is_gone_keeps_its_place_until_it_ends(tmp_path: Path) -> None:
    settings = Settings(service=Service(places=MOST_CALLS + 2))
    calls: Any = Calls(None, House(settings=settings, home=tmp_path), Desk(settings, tmp_path))  # type: ignore[arg-type]
    end, running = threading.Event(), threading.Semaphore(0)

    def work() -> str:
        running.release()
        return "ended" if end.wait(30) else "never"

    def begun() -> int:
        return sum(running.acquire(blocking=False) for _ in range(60))

    async def crowd() -> str:
        for _ in range(20):  # each is given up soon, those that found no thread before they began
            with anyio.move_on_after(0.02):
                await calls._on_thread(work)
        assert begun() == MOST_CALLS
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(calls._on_thread, work)
            await anyio.sleep(0.02)
            with pytest.raises(
                BadInput, match=f"{MOST_CALLS + 2} calls are already waiting. Try again later."
            ):
                await calls._on_thread(work)
            end.set()
        return str(await calls._on_thread(work))

    try:
        assert anyio.run(crowd) == "ended"
    finally:
        end.set()


def test_an_error_of_a_call_is_raised_where_it_is_waited_for(tmp_path: Path) -> None:
    calls: Any = Calls(None, House(settings=Settings(), home=tmp_path), Desk(Settings(), tmp_path))  # type: ignore[arg-type]

    def wrong() -> None:
        raise BadInput("Fix this.")

    with pytest.raises(BadInput, match="Fix this"):
        anyio.run(calls._on_thread, wrong)


def test_a_span_of_time_holds_the_newest_results(tmp_path: Path) -> None:
    desk = Desk(shop_settings(), tmp_path)
    began = time.monotonic()
    for n in range(MOST_RESULTS + 6):
        desk.call("metrics_component", {"component": f"c{n}", "start": "2h", "end": "0s"})
    (looked,) = desk._looked.values()
    assert len(looked.results) == MOST_RESULTS
    assert [r.args["component"] for r in looked.results][-1] == f"c{MOST_RESULTS + 5}"
    assert time.monotonic() - began < 60
