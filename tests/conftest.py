"""What all areas of the tests share."""

from __future__ import annotations

import fcntl
import gc
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from aitia.core.store import RunStore
from aitia.core.words import Report
from aitia.graphs.replay import replay
from aitia.graphs.state import Options
from tests.database import Server, running_server

# Clocks measure the machine, and examples may share a test's folder: what they write there is theirs.
hypothesis_settings.register_profile(
    "aitia", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
hypothesis_settings.load_profile("aitia")

SCENARIOS = Path(__file__).parents[1] / "scenarios"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: a minute goes by in sleep, for Slack's pace and for servers that start."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector: what is made here stays, and searching it took 40 % of the time.

    Afterwards it looks seldom: half a million objects are there, and its usual pace took 5 % of the tests' time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """A run of a bundled scenario by rules and templates. Its home is shared: look, and change nothing below it."""

    home: Path
    run: str
    score: dict[str, Any]

    @property
    def store(self) -> RunStore:
        return RunStore.open(self.home, self.run)

    @property
    def report(self) -> Report:
        return self.store.report()

    def copied(self, home: Path) -> RunStore:
        """The same run under a home of one's own, to change as one likes."""
        shutil.copytree(self.home, home, dirs_exist_ok=True)
        return RunStore.open(home, self.run)


@pytest.fixture(scope="session")
def diagnosed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Diagnosed]:
    """Give a bundled scenario by its name: it is diagnosed once in a test run, whichever process asks first."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "diagnosed"
    root.mkdir(exist_ok=True)

    def of(name: str) -> Diagnosed:
        home, kept = root / name, root / f"{name}.json"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                shutil.rmtree(home, ignore_errors=True)
                options = Options(planner="rules", narrator="template")
                done = replay(SCENARIOS / name, home=home, llm=None, options=options)
                kept.write_text(json.dumps({"run": done.report.run, "score": done.score}), encoding="utf-8")
        found = json.loads(kept.read_text(encoding="utf-8"))
        return Diagnosed(home=home, run=found["run"], score=found["score"])

    return of


@pytest.fixture(scope="session")
def database_server() -> Iterator[Server]:
    """A real PostgreSQL server; skips where it is not installed."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Give a new, empty database as AITIA_DATABASE names it: "" is SQLite below AITIA_HOME."""
    if request.param == "sqlite":
        return lambda: ""
    server: Server = request.getfixturevalue("database_server")
    return server.database


@pytest.fixture
def database(new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A new database that is in use: the test runs with SQLite, then with PostgreSQL."""
    url = new_database()
    monkeypatch.setenv("AITIA_DATABASE", url)
    return url
