"""Units over processes and over a Ray cluster: each once, whatever dies; what is lost is told; nothing runs ahead without bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from aitia.core.errors import BadInput
from aitia.core.spread import TRIES, WAITING, Crew, Need, spread
from aitia.core.spread_ray import connected
from tests.spread import work
from tests.spread.nodes import Cluster

pytestmark = pytest.mark.server
CORES = 2


@pytest.fixture(params=["processes", "ray"])
def crew(request: pytest.FixtureRequest) -> Crew:
    if request.param == "processes":
        return Crew(jobs=CORES)
    request.getfixturevalue("home")
    return Crew(ray=request.getfixturevalue("cluster").address)


def units(folder: Path, count: int) -> dict[int, work.Unit]:
    return {n: (str(folder), n) for n in range(count)}


def begun(folder: Path, n: int) -> int:
    return len(list(folder.glob(f"{n}.*")))


def lost(unit: work.Unit, why: str) -> str:
    return f"{unit[1]} is lost: {why}"


def need(unit: work.Unit) -> Need:
    return Need()


def test_a_process_that_is_killed_loses_no_unit_and_none_comes_twice(crew: Crew, tmp_path: Path) -> None:
    told = list(spread(work.dies_once, units(tmp_path, 9), crew=crew, need=need, lost=lost))
    assert sorted(told) == [(n, n**2) for n in range(9)]
    assert all(begun(tmp_path, n) >= 2 for n in (0, 3, 6))  # they did die


def test_a_unit_that_kills_whoever_does_it_is_given_up_and_the_others_are_done(
    crew: Crew, tmp_path: Path
) -> None:
    told = dict(spread(work.dies_always, units(tmp_path, 8), crew=crew, need=need, lost=lost))
    assert str(told.pop(5)).startswith(f"5 is lost: the process that did it died {TRIES} times")
    assert told == {n: n**2 for n in range(8) if n != 5}
    assert begun(tmp_path, 5) == TRIES


def test_an_error_that_is_meant_comes_as_it_is(crew: Crew, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"Give something else than \d\.") as refused:
        list(spread(work.refuses, units(tmp_path, 3), crew=crew, need=need, lost=lost))
    assert refused.type is BadInput


def test_no_more_is_handed_out_than_can_be_done_soon(crew: Crew, tmp_path: Path) -> None:
    done = spread(work.square, units(tmp_path, 40), crew=crew, need=need, lost=lost)
    next(done)
    done.close()
    assert sum(begun(tmp_path, n) for n in range(40)) <= 2 * WAITING * CORES


def test_one_process_a_node_does_all_where_a_model_is_held(
    cluster: Cluster, home: Path, tmp_path: Path
) -> None:
    """More memory than any node has is asked for: it takes the largest alone."""
    held = lambda unit: Need(memory=1 << 50, a_node=True)  # noqa: E731
    crew = Crew(ray=cluster.address)
    told = dict(spread(work.square, units(tmp_path, 6), crew=crew, need=held, lost=lost))
    assert {n: value for n, (value, _) in told.items()} == {n: n**2 for n in range(6)}
    assert len({process for _, process in told.values()}) == 1
    killed = tmp_path / "killed"
    killed.mkdir()
    done = spread(work.dies_once, units(killed, 4), crew=crew, need=held, lost=lost)
    assert sorted(done) == [(n, n**2) for n in range(4)]


def test_nobody_imports_from_the_folder_that_it_was_started_in(
    cluster: Cluster, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "colorsys.py").write_text("raise SystemExit('hostile')")
    monkeypatch.chdir(tmp_path)
    with connected(cluster.address) as ray:
        paths, seen = ray.get(ray.remote(_imports).remote())
    assert str(tmp_path) not in paths
    assert "" not in paths
    assert seen != str(tmp_path / "colorsys.py")


def _imports() -> tuple[list[str], str]:
    import colorsys
    import sys

    return list(sys.path), str(colorsys.__file__)


@pytest.mark.parametrize(
    ("address", "told"), [("ray://127.0.0.1:1", "HOST:6379"), ("127.0.0.1:1", "ray start --head")]
)
def test_an_address_that_nobody_answers_is_said(address: str, told: str) -> None:
    pytest.importorskip("ray", reason="needs the extra for clusters: pip install '.[ray]'")
    with pytest.raises(BadInput, match=told), connected(address):
        pass


def test_without_ray_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aitia.core.spread_ray.find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install '\.\[ray\]'"), connected("auto"):
        pass
