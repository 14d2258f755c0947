"""What comes next by a site's own orders: patterns that are planted are found, nothing later is looked at, files are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from aitia.cli.app import run
from aitia.core.errors import BadInput
from aitia.tools.memory.next_order import DAY, History, NextOrder, Order, Sign
from aitia.tools.memory.order_files import read_orders

T0 = 1_600_000_000.0
CODES = ("seal", "bearing", "cleaning", "sensor")


def site(
    seed: int, *, by_sign: bool = False, by_asset: bool = False, n: int = 300
) -> tuple[list[Order], list[Sign]]:
    """Orders whose code is chance, but for what is planted: the machine's own code, or what its last alert announces."""
    chance = np.random.default_rng(seed)
    orders, signs = [], []
    for k in range(n):
        at, asset = T0 + 5 * DAY * k, f"M{k % 4}"
        code = CODES[int(chance.integers(4))]
        if by_asset:
            code = CODES[k % 4]
        if by_sign:
            signs.append(Sign(at=at - 3 * DAY, asset=asset, name=f"alert of {code}"))
        orders.append(Order(at=at, asset=asset, code=code))
    return orders, signs


def right(orders: list[Order], signs: list[Sign]) -> float:
    prior = NextOrder(History(orders=orders, signs=signs), orders[200].at)
    return float(np.mean([prior.expect(o.asset, o.at)[0].code == o.code for o in orders[200:]]))


def test_what_announces_an_order_is_learned_and_chance_is_not() -> None:
    assert right(*site(1, by_sign=True)) > 0.9
    assert right(*site(1, by_asset=True)) > 0.9
    assert right(*site(1)) < 0.45


def test_shares_add_up_and_name_their_reason() -> None:
    orders, signs = site(2, by_sign=True)
    told = NextOrder(History(orders=orders, signs=signs)).expect("M0", orders[-1].at + 20 * DAY)
    assert sum(e.probability for e in told) == pytest.approx(1.0)
    assert [e.probability for e in told] == sorted((e.probability for e in told), reverse=True)


def test_nothing_at_or_after_the_moment_counts() -> None:
    orders, signs = site(3, by_sign=True)
    at = orders[250].at
    whole = NextOrder(History(orders=orders, signs=signs), at).expect("M2", at)
    earlier = [o for o in orders if o.at < at]
    cut = NextOrder(History(orders=earlier, signs=[s for s in signs if s.at < at]), at).expect("M2", at)
    assert whole == cut


def test_a_short_history_says_nothing() -> None:
    orders, signs = site(4, n=20)
    assert NextOrder(History(orders=orders, signs=signs)).expect("M0", T0 + 1000 * DAY) == []


FILE = "equipment_id,primary_code,primary_code_description,preventive,actual_finish\n"


def written(folder: Path, n: int = 60) -> Path:
    rows = [
        f"M{k % 2},{('B1', 'S1')[k % 2]},{('bearing', 'seal')[k % 2]},{str(k % 3 == 0).upper()},{1 + k % 12}/{1 + k % 28}/{10 + k // 12} 14:00"
        for k in range(n)
    ]
    (folder / "orders.csv").write_text(FILE + "\n".join(rows) + "\n")
    return folder / "orders.csv"


def test_a_file_of_orders_is_read_with_its_preventive_ones_apart(tmp_path: Path) -> None:
    read = read_orders(written(tmp_path))
    assert (len(read.corrective), len(read.signs), read.left) == (40, 20, 0)
    assert read.texts == {"B1": "bearing", "S1": "seal"}
    assert min(o.at for o in read.corrective) == datetime(2010, 2, 2, 14, tzinfo=UTC).timestamp()
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="needs columns of times, machines and codes"):
        read_orders(tmp_path / "odd.csv")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    orders = written(tmp_path, 90)
    assert (
        run(["memory", "next", str(orders), "--asset", "M1", "--json", "--at", "2018-01-01T00:00:00Z"]) == 0
    )
    told = json.loads(capsys.readouterr().out)["M1"]
    assert told[0]["code"] == "S1"
    assert told[0]["text"] == "seal"
    assert run(["memory", "next", str(orders), "--asset", "X9"]) == 2
    assert "No corrective order of 'X9'" in capsys.readouterr().err
    assert run(["memory", "next", str(orders), "--at", "2010-03-01T00:00:00Z"]) == 2
    assert "30 are needed" in capsys.readouterr().err
