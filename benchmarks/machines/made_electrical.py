"""Electrical assets: battery rack, transformer."""

from __future__ import annotations

import numpy as np

from benchmarks.machines.made_common import tags
from benchmarks.machines.made_operation import Operation
from benchmarks.machines.made_plant import Channels, Damage, Mode, Plant


def battery(op: Operation, d: Damage) -> Channels:
    """Battery rack in a container, charged at noon and discharged in the evening; positive current charges."""
    aged, uneven, dust = (d.get(m, 0.0) for m in ("resistance rise", "cell imbalance", "cooling fouling"))
    hour = (op.times.hour + op.times.minute / 60).to_numpy()
    room = 20 + 0.15 * op.ambient + 0.6 * op.setpoint
    heat = op.lag(op.load**2 * (1 + aged / 250), 70)
    cells = room + op.offset + 24 * heat * (1 + dust)
    milliohm = (230 + aged) * (1 - 0.006 * (cells - 25))
    charge = 35 + 50 / (1 + np.exp(-(hour - 12.5) / 1.1)) - 50 / (1 + np.exp(-(hour - 19.5) / 1.0))
    return {
        "current": 150 * op.load * op.scale,
        "voltage": 690 + 0.9 * charge + 150 * op.load * op.scale * milliohm / 1000,
        "state of charge": charge,
        "internal resistance": milliohm,
        "highest cell temperature": cells,
        "room temperature": room + 0.8 * heat,
        "cell voltage spread": 12
        + 14 * np.abs(op.lag(op.load, 10))
        + uneven * (0.6 + 0.4 * np.abs(charge - 60) / 25),
    }


def transformer(op: Operation, d: Damage) -> Channels:
    """Oil-filled transformer with dissolved-gas monitor."""
    foul, spark, wet = (d.get(m, 0.0) for m in ("cooler fouling", "partial discharge", "moisture ingress"))
    heat = op.load**1.6
    oil = op.ambient * 0.9 + 6 + op.lag(52 * heat * (1 + foul), 160) + op.offset
    return {
        "load current": 800 * op.scale * op.load,
        "winding temperature": oil + op.lag(24 * heat * (1 + 0.2 * foul), 8),
        "top oil temperature": oil,
        "ambient temperature": op.ambient,
        "hydrogen": 24 + 4 * op.offset + spark * (0.8 + 0.25 * op.load),
        "oil moisture": 11 + op.offset + 0.12 * op.lag(oil - 40, 1440) + wet,
        "tap position": np.round(9 + 2 * (op.load - 0.6) * 5 + op.setpoint),
        "voltage": 20.4 - 0.4 * (op.load - 0.5) + 0.05 * op.setpoint,
    }


ELECTRICAL = (
    Plant("battery rack", "B", "battery", 10, tags("""
        current | current | A | -180 | 180 | 0.3 | 1
        voltage | voltage | V | 620 | 830 | 0.4 | 1
        state of charge | charge | % | 5 | 98 | 0.2 | 1
        internal resistance | resistance | mΩ | | 380 | 1.5 | 0
        highest cell temperature | temperature | °C | | 45 | 0.2 | 1
        room temperature | temperature | °C | 5 | 35 | 0.15 | 1
        cell voltage spread | voltage | mV | | 80 | 1.2 | 0"""),
        (Mode("resistance rise", "wear", "internal resistance", "high", 400),
         Mode("cell imbalance", "drift", "cell voltage spread", "high", 200),
         Mode("cooling fouling", "fouling", "highest cell temperature", "high", 12)), battery),
    Plant("transformer", "T", "grid", 30, tags("""
        load current | current | A | | 950 | 3 | 0
        winding temperature | temperature | °C | | 115 | 0.4 | 1
        top oil temperature | temperature | °C | | 85 | 0.3 | 1
        ambient temperature | temperature | °C | | | 0.3 | 1
        hydrogen | concentration | ppm | | 150 | 1.5 | 0
        oil moisture | concentration | ppm | | 35 | 0.3 | 1
        tap position | position | | | | 0 | 0
        voltage | voltage | kV | 19 | 21.5 | 0.02 | 2"""),
        (Mode("cooler fouling", "fouling", "top oil temperature", "high", 12),
         Mode("partial discharge", "insulation", "hydrogen", "high", 400),
         Mode("moisture ingress", "leak", "oil moisture", "high", 80)), transformer),
)  # fmt: skip
