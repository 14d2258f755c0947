"""The benchmark of injections tells the same where the labels, the list of injections and the folder's name are noise."""

from __future__ import annotations

import gzip
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from aitia.core.errors import BadInput  # noqa: E402
from benchmarks.logs import multilog, multilog_online  # noqa: E402

BEGAN = 1_700_000_000.0
INJECTED = (BEGAN + 50, BEGAN + 75)


def scenario(folder: Path, *, seed: int = 0) -> Path:
    """Two nodes that start, settle, and flush much more often while the injection lasts."""
    folder.mkdir(parents=True)
    for node in (1, 2):
        chance = random.Random(f"{seed} {node}")
        words = ["".join(chance.choices("abcdefghijklmnop", k=6)) for _ in range(400)]
        at = [(chance.uniform(0, 12), " ".join(chance.sample(words, 2 + n % 9))) for n in range(80)]
        at += [(chance.uniform(12, 90), f"heartbeat of node {n % 3} took {n % 7} ms") for n in range(400)]
        at += [(chance.uniform(12, 90), f"wrote {n} points") for n in range(200)]
        at += [(chance.uniform(50, 75), f"flush memtable {n} to file-{n}.tsfile") for n in range(300)]
        at += [(chance.uniform(50, 75), f"memtable {n} is full, size {n * 17}") for n in range(200)]
        lines = []
        for seconds, text in sorted(at):
            told = datetime.fromtimestamp(BEGAN + seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3]
            label = "" if INJECTED[0] <= BEGAN + seconds < INJECTED[1] else "- "
            lines.append(f"{label}{told} [main] INFO  o.a.Node:12 - {text}")
        (folder / f"label{node}.log.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "inject.log").write_text(
        f"start inject flush\n{INJECTED[0]}\nMsg: done\nend inject flush\n{INJECTED[1]}\n", encoding="utf-8"
    )
    return folder


def noise(folder: Path) -> Path:
    """The same scenario with other labels, another list of injections and another name."""
    for path in multilog.logs_of(folder):
        chance = random.Random(path.name)
        lines = [line.removeprefix("- ") for line in gzip.decompress(path.read_bytes()).decode().split("\n")]
        path.write_bytes(
            gzip.compress("\n".join(chance.choice(("", "- ")) + line for line in lines).encode())
        )
    (folder / "inject.log").write_text("start inject query\n1.0\nend inject query\n2.0\n", encoding="utf-8")
    return folder.rename(folder.with_name("query_leader"))


def plain(told: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in told.items() if k != "first"}


def test_the_predictions_stay_the_same_without_the_answers(tmp_path: Path) -> None:
    folder = scenario(tmp_path / "flush_leader")
    told, answer = multilog.predictions(folder), multilog.answer_of(folder)
    assert plain(multilog.predictions(noise(folder))) == plain(told)
    found = multilog.scored(told, answer)
    assert found["no_model"]["interval IoU"] > 0.9 > found["trivial all"]["interval IoU"]
    assert found["no_model"]["lines F1"] > 0.9
    assert found["no_model"]["fault top-1"] == 1.0


def test_the_answers_are_the_first_injection_the_name_and_the_labels(tmp_path: Path) -> None:
    answer = multilog.answer_of(scenario(tmp_path / "flush_leader"))
    assert (answer.span, answer.fault) == (INJECTED, "flush")
    assert [len(node) for node in answer.inside] == [1180, 1180]
    assert all(500 <= sum(node) < 900 for node in answer.inside)


def test_an_alarm_knows_neither_its_own_answer_nor_what_comes_later(tmp_path: Path) -> None:
    folders = [scenario(tmp_path / f"{n}_leader", seed=n) for n in range(4)]
    runs = {}
    for folder in folders:
        paths = multilog.stripped(folder, folder)
        runs[folder.name] = multilog_online.records_of(paths)
    begins = dict.fromkeys(runs, INJECTED[0])

    def first(runs: dict[str, Any], begins: dict[str, float]) -> float:
        found = multilog_online.alarms(runs, begins, cell_s=0.5, known=True)["0_leader"]
        assert found is not None
        return found

    at = first(runs, begins)
    assert INJECTED[0] < at < INJECTED[0] + 10
    assert first(runs, begins | {"0_leader": 1e12}) == at
    until = [[r for r in node if r[0] < at + 0.5] for node in runs["0_leader"]]
    assert first(runs | {"0_leader": until}, begins) == at


def test_the_online_burst_does_not_look_ahead(tmp_path: Path) -> None:
    paths = multilog.stripped(scenario(tmp_path / "x_leader"), tmp_path)
    streams = [multilog.events_of(path).events for path in paths]
    whole, half = multilog_online.bursts(streams), multilog_online.bursts(streams, BEGAN + 45)
    assert half == whole[: len(half)]
    before = max(value for at, value in whole if at <= INJECTED[0])
    assert next(at for at, value in whole if value > 2 * before) < INJECTED[0] + 5


def test_alarms_are_early_in_time_or_late() -> None:
    found = multilog_online.measures({"a": 1.0, "b": 12.0, "c": 30.0, "d": None}, (10.0, 20.0))
    assert found["a"] == {"alarm early": 1.0, "alarm in time": 0.0}
    assert found["b"] == {"alarm early": 0.0, "alarm in time": 1.0, "alarm delay s": 2.0}
    assert found["c"] == {"alarm early": 0.0, "alarm in time": 0.0, "alarm delay s": 20.0}
    assert found["d"] == {"alarm early": 0.0, "alarm in time": 0.0}


def test_logs_without_times_say_what_to_give(tmp_path: Path) -> None:
    folder = tmp_path / "x_leader"
    folder.mkdir()
    (folder / "label1.log").write_text("- one\ntwo\n", encoding="utf-8")
    with pytest.raises(BadInput, match="timestamps"):
        multilog.predictions(folder)


@pytest.mark.parametrize(
    ("one", "two", "share"),
    [((0, 2), (1, 3), 1 / 3), ((0, 1), (2, 3), 0.0), (None, (0, 1), 0.0), ((0, 4), (0, 4), 1.0)],
)
def test_intersection_over_union(
    one: tuple[float, float] | None, two: tuple[float, float], share: float
) -> None:
    assert multilog.iou(one, two) == pytest.approx(share)
