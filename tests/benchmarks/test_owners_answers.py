"""The benchmark of owners: what readers say changes no answer, and marks are as they are told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.append(str(ROOT))  # benchmarks are scripts of the checkout, not part of the distribution

from benchmarks.meaning import dictionary, owners  # noqa: E402

ROWS = [
    (
        1,
        {"job": "kubelet", "pod": "cart-7f9c-x2x4z", "node": "w1"},
        "container_memory_rss",
        "cart-7f9c-x2x4z",
    ),
    (2, {"job": "snmp", "instance": "switch-7"}, "ifHCInOctets", "switch-7"),
    (3, {"service": "pay"}, "orders_total", "another"),
    (4, {"le": "1"}, "orders_total", "pay"),
]


def ran(folder: Path, monkeypatch: pytest.MonkeyPatch, *, noise: bool) -> dict[str, object]:
    folder.mkdir()
    lines = [
        {"id": id, "layout": "x", "source": "y", "name": name, "labels": labels, "owner": "zz" if noise else owner, "also": [],
         "wrong": [], "second": "zz" if noise else owner, "second_also": []}
        for id, labels, name, owner in ROWS
    ]  # fmt: skip
    (folder / "owners.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    monkeypatch.setattr(sys, "argv", ["owners.py", "--data", str(folder), "--json", str(folder / "out.json")])
    owners.main()
    return dict(json.loads((folder / "out.json").read_text()))


def test_what_readers_say_changes_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    true, noisy = ran(tmp_path / "a", monkeypatch, noise=False), ran(tmp_path / "b", monkeypatch, noise=True)
    assert true["per_case"] == noisy["per_case"]
    told = {(r["system"], r["metric"]): r["value"] for r in true["rows"]}  # type: ignore[attr-defined]
    assert told["ours", "owner right"] == 0.5
    assert told["ours", "another thing named"] == told["ours", "none named"] == 0.25
    assert {r["value"] for r in noisy["rows"] if r["metric"] == "owner right"} == {0.0}  # type: ignore[attr-defined]


def test_readers_agree_where_one_accepts_what_the_other_names() -> None:
    row = {"owner": "pod-1", "also": ["pod"], "second": "pod", "second_also": []}
    assert owners.agreed(row)
    assert owners.accepted(row) == {"pod-1", "pod"}
    assert not owners.agreed(row | {"also": []})


def test_a_site_has_as_many_distinct_names_as_are_wanted() -> None:
    given = ["a_b", "c.d", "EfGh"]
    names = dictionary.site(given, 8)
    assert len(set(names)) == 8
    assert names[:6] == [*given, "checkout_a_b", "checkout.c.d", "CheckoutEfGh"]
    made = dictionary.build(["cpu_busy_percent", "zq_frob", "zq_blarg"], None, 1)
    assert (made["understood by words"], made["left for a later build"]) == (1, 1)
