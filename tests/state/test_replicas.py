"""Three replicas on separate homes with one PostgreSQL, killed at random, the server crashed in the middle."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from benchmarks.doors import replicas
from tests.database import running_server


@pytest.mark.long
@pytest.mark.timeout(900)
def test_kills_and_a_crash_of_the_server_lose_nothing_and_make_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_server() as server:
        monkeypatch.setenv("AITIA_DATABASE", server.database())
        found = replicas.trial(tmp_path, partial(replicas.crashed, server), alerts=40, seconds=60.0)
    assert found.kills >= 2
    assert found.interrupted > 0
    assert len(found.sent) == 40
    assert (found.lost(), found.twice(), found.disordered()) == ([], [], [])
    assert found.states == {"done": 40}


def test_the_trial_sees_what_is_lost_made_twice_and_out_of_order() -> None:
    told = {"a": ["warning", "page"], "b": ["warning"], "c": ["warning"], "d": ["warning", "critical"]}
    ends = {
        "a": [(1, "warning")],
        "c": [(1, "warning"), (1, "warning")],
        "d": [(2, "critical"), (1, "warning"), (3, "critical")],
    }
    found = replicas.Trial(sent=told, ends=ends, states=replicas.Counter())
    assert found.lost() == ["a", "b"]
    assert found.twice() == ["c"]
    assert found.disordered() == ["d"]
