"""What is told of an order does not depend on the orders that are asked about, and planted faults stand in no file that is read."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machines import assetops, fleet


def events(folder: Path) -> Path:
    """Orders and alerts of two machines, a code a week."""
    chance = random.Random(3)
    rows = [
        "event_id,event_group,event_category,event_type,description,equipment_id,equipment_name,event_time,note"
    ]
    for week in range(120):
        at = datetime.fromtimestamp(1_500_000_000 + week * 604_800, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
        machine, code = f"C{week % 2}", chance.choice("ABC")
        rows.append(f"w{week},WORK_ORDER,CM,{code},text,{machine},{machine},{at},")
        if week >= 60:
            rows.append(f"a{week},ALERT,ALERT,R{chance.randrange(3)},rule,{machine},{machine},{at},")
    (folder / "event.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_an_order_is_told_of_without_its_own_code(tmp_path: Path) -> None:
    orders, signs = assetops.read(events(tmp_path))
    cases, split = assetops.divided(orders, signs)
    first = min(o.at for o in cases)
    noise = [replace(o, code="NOISE") if o.at >= first else o for o in orders]
    for asset in ("C0", "C1"):
        whole = assetops.shipped(orders, signs, split)(asset, first)
        assert whole == assetops.shipped(noise, signs, split)(asset, first)
        assert whole == assetops.shipped([o for o in orders if o.at < first], signs, split)(asset, first)
        assert assetops.neighbours(orders, signs)(asset, first) == assetops.neighbours(noise, signs)(
            asset, first
        )
        assert assetops.most_frequent(orders)(asset, first) == assetops.most_frequent(noise)(asset, first)
    assert len(cases) == 24


def test_the_planted_tag_is_in_the_answers_alone(tmp_path: Path) -> None:
    truth = fleet.make(tmp_path, 2)
    assert sorted(p.name for p in (tmp_path / "assets-2").iterdir()) == ["P-1000.parquet", "P-1001.parquet"]
    sick = {"P-1": "a", "P-2": ""}
    assert fleet.scored({"P-1": "b", "P-2": "c"}, sick) == {
        "faults found": [1.0], "gravest point is the planted one": [0.0], "healthy assets told of": [1.0],
    }  # fmt: skip
    assert set(truth) == {"P-1000", "P-1001"}
