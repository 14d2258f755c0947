"""Who waits for whom, by ids that logs share."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from aitia.tools.logs import logs_diff
from tests.logs.test_calls import AT, calls, context


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("AITIA_HOME", str(tmp_path_factory.mktemp("home")))


Lines = dict[str, list[tuple[float, str]]]


def requests(n: int = 40) -> Lines:
    """Of every request of the edge (an access line at its end) the shop and, of every second one, the stock log a part."""
    lines: Lines = {"edge": [], "shop-1": [], "shop-2": [], "stock": [], "mail": []}
    for i in range(n):
        at, request, order = 60.0 * i, f"{i:04x}c0ffee77", f"ord-{770000 + 37 * i}"
        lines[f"shop-{1 + i % 2}"] += [
            (at + 0.1, f"cart opened rid={request}"),
            (at + 0.8, f"cart closed rid={request} {order}"),
        ]
        lines["edge"].append((at + 1.0, f"GET /cart 200 1048576 rid={request}"))
        lines["mail"].append((at + 5.0, f"tick 20260101 after {i} runs"))
        if i % 2:
            lines["stock"].append((at + 0.4, f"reserved rid={request} in 1234567us"))
    return lines


def written(folder: Path, lines: Lines) -> Path:
    for name, told in lines.items():
        with (folder / f"{name}.log").open("w") as out:
            for at, text in sorted(told):
                moment = AT - timedelta(minutes=40) + timedelta(seconds=at)
                out.write(f"{moment:%Y-%m-%d %H:%M:%S.%f} INFO {text}\n")
    return folder


def test_who_serves_a_part_of_the_requests_or_stands_within_them_is_called(tmp_path: Path) -> None:
    told = calls(logs_diff(context(written(tmp_path, requests()))).evidence)
    assert {k: set(v.split()) for k, v in told.items()} == {
        "edge": {"stock"},
        "shop-1": {"stock"},
        "shop-2": {"stock"},
    }


def test_one_line_after_all_of_anothers_tells_nothing(tmp_path: Path) -> None:
    lines = requests()
    del lines["stock"]
    assert not calls(logs_diff(context(written(tmp_path, lines))).evidence)


def test_numbers_that_are_no_ids_join_nobody(tmp_path: Path) -> None:
    lines: Lines = {
        name: [
            (60.0 * i + shift, f"took 1234567us of 20260101 at 1764590000 size 1048576 step {i}")
            for i in range(40)
        ]
        for name, shift in (("edge", 0.0), ("shop", 0.5))
    }
    assert not calls(logs_diff(context(written(tmp_path, lines))).evidence)


def test_a_few_shared_ids_or_one_that_stands_everywhere_join_nobody(tmp_path: Path) -> None:
    few = requests(4)
    few["edge"] += [(2400.0 - 60 * i, "session ab12cd34ef56") for i in range(30)]
    few["mail"] += [(2390.0 - 60 * i, "session ab12cd34ef56") for i in range(30)]
    assert not calls(logs_diff(context(written(tmp_path, few))).evidence)


def test_ids_give_way_to_what_a_program_writes_of_whom_it_calls(tmp_path: Path) -> None:
    lines = requests()
    lines["stock"] += [(60.0 * i, "INFO POST https://edge/audit answered 200") for i in range(38)]
    told = calls(logs_diff(context(written(tmp_path, lines))).evidence)
    assert told["stock"] == "edge"
    assert "edge" not in told
