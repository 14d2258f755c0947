"""Bearings by designation: what the catalogue has, what is estimated and how far off that is, and what is refused."""

from __future__ import annotations

import math
import re

import pytest

from aitia.core.errors import BadInput
from aitia.tools.signals.vibration import catalogue, diagnose
from aitia.tools.signals.vibration.bearings import Entry, Orders
from aitia.tools.signals.vibration.designations import (
    FILLED,
    SHARE_ERROR,
    SMALL_SECTION,
    Estimate,
    bearing_of,
    boundary,
    estimated_orders,
)
from tests.cli.test_look import FS, RPM, record


def of_iso() -> dict[str, tuple[Entry, float, float]]:
    """The catalogue's deep groove bearings of series 62 and 63 with their boundary dimensions."""
    found = {}
    for name, made in catalogue().items():
        timken = re.fullmatch(r"([23]\d\d)K", name)
        if timken or name.startswith("62"):
            designation = f"6{timken[1]}" if timken else name[:4]
            _, bore, outside = boundary(designation)
            found[name] = (made, bore, outside)
    return found


def share(made: Entry, bore: float, outside: float) -> float:
    """Ball diameter over the section, with the pitch circle midway."""
    return (1 - 2 * made.orders.ftf) * (outside + bore) / 2 / (outside - bore)


@pytest.mark.parametrize("name", sorted(of_iso()))
def test_a_bearing_left_out_lies_in_the_band_that_is_stated(name: str) -> None:
    """The ball's share comes from the others of its size alone; a candidate must meet the number of balls and both race orders."""
    every = of_iso()
    made, bore, outside = every[name]
    small = outside - bore < SMALL_SECTION
    others = sorted(
        share(*e) for n, e in every.items() if n != name and (e[2] - e[1] < SMALL_SECTION) == small
    )
    middle = (others[0] + others[-1]) / 2
    found = estimated_orders(bore, outside, "62", share=middle)
    (first,) = [o for o in found if round(o.bpfo + o.bpfi) == made.rolling_elements]
    for line in ("bpfo", "bpfi"):
        off = abs(getattr(first, line) / getattr(made.orders, line) - 1)
        assert off <= first.slack[line] + 0.0045, (
            f"{line} is {100 * off:.1f} % off"
        )  # well within the slip of 1.5 %


def test_the_likeliest_number_of_balls_is_nearly_always_right() -> None:
    right = []
    for made, bore, outside in of_iso().values():
        first = estimated_orders(bore, outside, "62")[0]
        right.append(round(first.bpfo + first.bpfi) == made.rolling_elements)
    assert sum(right) >= 0.9 * len(right)


def test_the_constants_are_those_of_the_entries() -> None:
    shares = {
        small: [share(*e) for e in of_iso().values() if (e[2] - e[1] < SMALL_SECTION) == small]
        for small in (True, False)
    }
    for found in shares.values():
        middle = (min(found) + max(found)) / 2
        assert max(found) / middle - 1 <= SHARE_ERROR
    filled = [
        2 * (m.rolling_elements - 1) * math.degrees(math.asin(1 - 2 * m.orders.ftf))
        for m, _, _ in of_iso().values()
    ]
    assert min(filled) >= FILLED[0]
    assert max(filled) <= FILLED[1]


@pytest.mark.parametrize("text", ["6309", "SKF 6309-2Z/C3", "6309 C3", "fag 6309.2RSR"])
def test_suffixes_and_makers_do_not_matter(text: str) -> None:
    found = bearing_of(text)
    assert isinstance(found, Estimate)
    assert (found.bore, found.outside) == (45, 100)
    assert "estimated" in found.told
    assert "45 × 100 mm" in found.told


def test_the_catalogue_comes_before_an_estimate() -> None:
    assert bearing_of("6205") == catalogue()["6205-2RS JEM SKF"].orders
    assert bearing_of("309k") == catalogue()["309K"].orders


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("NU 309 ECP", "cylindrical roller bearing, 45 × 100 mm"),
        ("22220 EK", "spherical roller bearing, 100 × 180 mm"),
        ("7309 BEP", "angular contact ball bearing, 45 × 100 mm"),
        ("6399", "no bore of ISO 15's plan"),
        ("UCFL", "no designation that is known here"),
        ("9,40,39", "is no bearing"),
        ("9,8,39,95", "contact angle"),
        ("bpfo=x", "in numbers"),
        ("bpfo=3,gmf=20", "by their names"),
    ],
)
def test_what_is_not_known_is_never_guessed(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        bearing_of(text)


def test_orders_can_be_told_one_by_one() -> None:
    assert bearing_of("bpfo=3.05, bpfi=4.95") == Orders(bpfo=3.05, bpfi=4.95)


@pytest.mark.parametrize("balls", [8, 7])
def test_a_verdict_by_an_estimate_says_so_and_is_less_sure(balls: int) -> None:
    """6306 is made with seven balls and with eight: the record decides, and a wide band is no certainty."""
    candidate = next(o for o in bearing_of("6306").candidates if round(o.bpfo + o.bpfi) == balls)  # type: ignore[union-attr]
    found = diagnose(record(defect=candidate.bpfo), fs=FS, rpm=RPM, bearing="6306")
    assert (found.outcome, found.fault) == ("fault", "outer_race")
    assert 0.5 < found.confidence <= 0.85
    assert any("estimated from its boundary dimensions 30 × 72 mm" in why for why in found.why)
    assert round(next(s.order for s in found.lines if s.name == "bpfo"), 3) == round(candidate.bpfo, 3)


def test_a_healthy_record_has_no_fault_by_an_estimate() -> None:
    for seed in range(4):
        found = diagnose(record(seed, defect=0.0), fs=FS, rpm=RPM, bearing="6306")
        assert found.confidence <= 0.5
