"""Rotating and conveying assets: pump, fan with filter, compressor, gearbox, motor, conveyor, control valve."""

# ruff: noqa: E501 - a tag is a row of a table

from __future__ import annotations

import numpy as np

from benchmarks.machines.made_common import tags
from benchmarks.machines.made_operation import Operation
from benchmarks.machines.made_plant import Channels, Damage, Mode, Plant

AFFINITY = 2.0  # pressure goes with the square of flow
ISO_10816_D = 7.1  # mm/s, alarm of a medium machine


def pump(op: Operation, d: Damage) -> Channels:
    """Fixed-speed centrifugal pump, flow set by a valve downstream."""
    wear, bearing, run = d.get("impeller wear", 0.0), d.get("bearing wear", 0.0), op.lag(op.on, 1)
    share = op.lag(op.load, 2)
    suction = 1.8 + 0.12 * op.setpoint - 0.15 * share**2
    healthy = (6.3 - 1.6 * share**AFFINITY) * run  # bar
    rise = healthy * (1 - wear) * (1 + 0.1 * op.kick)
    flow = 220 * op.scale * share
    power = flow * healthy / 36 / (0.76 - 0.5 * (share - 0.85) ** 2) + 4 * op.scale * run
    return {
        "flow": flow,
        "suction pressure": suction,
        "discharge pressure": suction + rise,
        "motor power": power * (1 + 0.05 * bearing),
        "motor current": power * 1.78 * (1 + 2.5 * op.kick),
        "bearing temperature": op.ambient * 0.5 + 12 + op.lag((20 + 14 * share + 9 * bearing) * op.on, 30) + op.offset,
        "vibration": run * (1.7 + 0.25 * op.offset + 0.7 * (share - 0.8) ** 2 * 4 + bearing + 3 * wear) + 1.5 * op.kick + 0.1,
        "pump efficiency": flow * rise / 36 / power,
    }  # fmt: skip


def fan(op: Operation, d: Damage) -> Channels:
    """Supply-air fan behind a filter; the speed holds the air flow."""
    clog, slip, share = d.get("filter clogging", 0.0), d.get("belt slip", 0.0), op.lag(op.load, 3)
    dp = 85 * (share / 0.75) ** 1.7 * (1 + clog)
    pressure = 420 * (share / 0.75) ** AFFINITY + dp
    speed = 62 * np.sqrt(pressure / 505) * (1 + slip) * (1 + 0.05 * op.kick)
    return {
        "air flow": 8 * op.scale * share * (1 - 0.06 * clog / (1 + clog)),
        "filter pressure drop": dp,
        "fan speed": speed,
        "fan power": op.scale * (8 * share * pressure / 580 + 0.4 * op.on) * (1 + 0.6 * slip),
        "outdoor temperature": op.ambient,
        "supply temperature": 18 + op.setpoint + 0.06 * op.ambient + op.lag(2.0 * (1 - op.on), 30),
        "fan bearing vibration": op.lag(op.on, 1) * (1.2 + 0.2 * op.offset + speed / 80 + 4 * slip) + op.kick,
    }


def compressor(op: Operation, d: Damage) -> Channels:
    """Oil-flooded screw compressor of a compressed-air station."""
    foul, clog, leak = (d.get(m, 0.0) for m in ("oil cooler fouling", "separator clogging", "rotor leakage"))
    share, run = op.lag(op.load, 1.5), op.lag(op.on, 1)
    pressure = op.lag(7.4 + 0.3 * op.setpoint - 1.6 * (1 - op.on), 20) - 0.2 * (share - 0.75)
    dp = 0.22 * (0.4 + share**AFFINITY) * (1 + clog)
    power = op.scale * 110 * (0.25 * run + 0.75 * share) * (1 + 0.07 * (pressure - 7.4) + 0.08 * dp)
    oil = op.lag(op.ambient * 0.5 + 8 + (36 + 12 * share + foul) * op.on, 12) + op.offset
    return {
        "discharge pressure": pressure,
        "discharge temperature": oil + op.lag((20 + 6 * share + 5 * leak) * op.on, 5),
        "oil temperature": oil,
        "separator pressure drop": dp * run,
        "delivered flow": 18 * op.scale * share * (1 - leak),
        "motor power": power * (1 + 0.8 * op.kick),
        "intake temperature": op.ambient + 4 * run,
        "specific energy": power / (18 * op.scale * share * (1 - leak) * 60),
    }


def gearbox(op: Operation, d: Damage) -> Channels:
    """Helical gearbox with forced oil lubrication."""
    tooth, clog, share = d.get("tooth wear", 0.0), d.get("oil filter clogging", 0.0), op.lag(op.load, 1)
    run = op.lag(op.on, 1)
    oil = op.lag(op.ambient * 0.4 + 14 + (22 + 18 * share + 1.2 * tooth + 3 * clog) * op.on, 45) + op.offset
    return {
        "input torque": 12 * op.scale * share * (1 + 0.4 * op.kick),
        "input speed": 1485 * run * (1 + 0.02 * op.setpoint) - 10 * share,
        "oil temperature": oil,
        "bearing temperature": oil + op.lag((6 + 5 * share + 0.8 * tooth) * op.on, 15),
        "oil pressure": (2.6 - 0.012 * (oil - 45)) * run * (1 - clog),
        "vibration": run * (1.5 + 0.2 * op.offset + 1.0 * share + tooth) + 1.2 * op.kick + 0.1,
        "oil particle count": 260 + 60 * op.lag(share, 600) + 130 * tooth**1.2,
    }


def motor(op: Operation, d: Damage) -> Channels:
    """Induction motor with rolling bearings and an insulation monitor."""
    wear, grease, aged = (d.get(m, 0.0) for m in ("bearing wear", "grease loss", "winding insulation"))
    share, run = op.lag(op.load, 0.7), op.lag(op.on, 1)
    winding = op.ambient * 0.8 + 8 + op.lag((18 + 48 * share**2) * op.on, 35) + op.offset
    rise = lambda extra: op.ambient * 0.7 + 8 + op.lag((14 + 20 * share + extra) * op.on, 25)  # noqa: E731
    return {
        "current": 180 * op.scale * np.sqrt(0.09 * run + share**2) * (1 + 3 * op.kick),
        "speed": run * (1497 + 6 * op.setpoint - 16 * share),
        "winding temperature": winding,
        "drive end bearing temperature": rise(3 * wear + grease) + op.offset,
        "non-drive end bearing temperature": rise(0.1 * grease) - 3 + op.offset,
        "drive end vibration": run * (1.5 + 0.2 * op.offset + 0.5 * share + wear + 0.02 * grease)
        + op.kick
        + 0.08,
        "non-drive end vibration": run * (1.3 + 0.4 * share + 0.3 * wear) + 0.8 * op.kick + 0.08,
        "insulation resistance": 450 * 2 ** (-(winding - 40) / 30) * np.exp(-aged),
    }


def conveyor(op: Operation, d: Damage) -> Channels:
    """Belt conveyor for bulk material."""
    friction, slip, share = d.get("idler friction", 0.0), d.get("belt slip", 0.0), op.lag(op.load, 2)
    run = op.lag(op.on, 0.7)
    power = op.scale * (32 * run * (1 + friction) + 56 * share)
    drum = 2.5 * run * (1 + 0.05 * op.setpoint)
    return {
        "mass flow": 800 * op.scale * share,
        "drum speed": drum,
        "belt speed": drum * (0.99 - 0.006 * share - slip / 100),
        "motor power": power * (1 + 1.2 * op.kick),
        "drive temperature": op.ambient * 0.8
        + 10
        + op.lag((16 + 0.34 * power / op.scale + 2 * slip) * op.on, 40),
        "belt tension": 28 + 9 * share + 1.5 * op.kick - 0.7 * slip + op.offset,
        "specific energy": power / (800 * op.scale * share),
        "slip": 100 * (1 - (0.99 - 0.006 * share - slip / 100)) * op.on,
    }


def valve(op: Operation, d: Damage) -> Channels:
    """Flow control valve with a pneumatic actuator."""
    clog, leak, share = d.get("plug clogging", 0.0), d.get("actuator air leak", 0.0), op.lag(op.load, 2)
    upstream = 6.2 + 0.25 * op.setpoint - 0.6 * share
    downstream = 2.6 + 0.9 * share
    opening = 78 * share / np.sqrt((upstream - downstream) / 2.5) * (1 + clog)
    position = np.clip(opening, 0, 100)
    return {
        "flow set-point": 40 * op.scale * op.load,
        "flow": 40 * op.scale * share * np.minimum(1.0, 100 / np.maximum(opening, 1e-6)),
        "valve command": np.clip(position + 0.6 + leak * op.on, 0, 103),
        "valve position": position,
        "upstream pressure": upstream,
        "downstream pressure": downstream,
        "air supply pressure": 4.6 + 0.1 * op.offset - 0.05 * leak,
        "position deviation": 0.6 + leak * op.on,
    }


ROTATING = (
    Plant("centrifugal pump", "P", "continuous", 10, tags("""
        flow | flow | m³/h | 40 | | 1.2 | 1
        suction pressure | pressure | bar | 0.8 | | 0.015 | 3
        discharge pressure | pressure | bar | 3.5 | 9 | 0.03 | 3
        motor power | power | kW | | 75 | 0.3 | 2
        motor current | current | A | | | 0.6 | 1
        bearing temperature | temperature | °C | | 85 | 0.3 | 1
        vibration | vibration velocity | mm/s | | 7.1 | 0.09 | 2
        pump efficiency | efficiency | | 0.52 | | 0 | 3 | flow [m³/h] * (discharge pressure - suction pressure) [bar] / 36 / motor power [kW]"""),
        (Mode("impeller wear", "wear", "pump efficiency", "low", 0.6),
         Mode("bearing wear", "wear", "vibration", "high", 12)), pump),
    Plant("air filter and fan", "AHU", "shifts", 15, tags("""
        air flow | flow | m³/s | | | 0.06 | 3
        filter pressure drop | pressure difference | Pa | | 250 | 2.5 | 1
        fan speed | speed | % | | 95 | 0.3 | 1
        fan power | power | kW | | 20 | 0.06 | 2
        outdoor temperature | temperature | °C | | | 0.2 | 1
        supply temperature | temperature | °C | 12 | 26 | 0.15 | 2
        fan bearing vibration | vibration velocity | mm/s | | 7.1 | 0.06 | 2"""),
        (Mode("filter clogging", "clogging", "filter pressure drop", "high", 9),
         Mode("belt slip", "wear", "fan speed", "high", 3)), fan),
    Plant("screw compressor", "K", "shifts", 5, tags("""
        discharge pressure | pressure | bar | 5 | 8.5 | 0.04 | 3
        discharge temperature | temperature | °C | | 110 | 0.4 | 1
        oil temperature | temperature | °C | | 88 | 0.3 | 1
        separator pressure drop | pressure difference | bar | | 0.8 | 0.008 | 3
        delivered flow | flow | m³/min | | | 0.12 | 2
        motor power | power | kW | | | 0.6 | 1
        intake temperature | temperature | °C | | 45 | 0.2 | 1
        specific energy | energy per volume | kWh/m³ | | 0.17 | 0 | 4 | motor power [kW] / (delivered flow [m³/min] * 60)"""),
        (Mode("oil cooler fouling", "fouling", "oil temperature", "high", 80),
         Mode("separator clogging", "clogging", "separator pressure drop", "high", 12),
         Mode("rotor leakage", "leak", "specific energy", "high", 0.8)), compressor),
    Plant("gearbox", "G", "continuous", 20, tags("""
        input torque | torque | kN·m | | 20 | 0.1 | 2
        input speed | rotational speed | rpm | | 1600 | 1.5 | 0
        oil temperature | temperature | °C | | 80 | 0.3 | 1
        bearing temperature | temperature | °C | | 95 | 0.3 | 1
        oil pressure | pressure | bar | 1.2 | | 0.03 | 2
        vibration | vibration velocity | mm/s | | 7.1 | 0.08 | 2
        oil particle count | particle count | 1/ml | | 2500 | 14 | 0"""),
        (Mode("tooth wear", "wear", "vibration", "high", 12),
         Mode("oil filter clogging", "clogging", "oil pressure", "low", 0.95)), gearbox),
    Plant("motor", "M", "shifts", 10, tags("""
        current | current | A | | | 0.9 | 1
        speed | rotational speed | rpm | | | 0.8 | 0
        winding temperature | temperature | °C | | 130 | 0.4 | 1
        drive end bearing temperature | temperature | °C | | 90 | 0.3 | 1
        non-drive end bearing temperature | temperature | °C | | 90 | 0.3 | 1
        drive end vibration | vibration velocity | mm/s | | 7.1 | 0.07 | 2
        non-drive end vibration | vibration velocity | mm/s | | 7.1 | 0.07 | 2
        insulation resistance | resistance | MΩ | 5 | | 2.5 | 1"""),
        (Mode("bearing wear", "wear", "drive end vibration", "high", 12),
         Mode("grease loss", "wear", "drive end bearing temperature", "high", 90),
         Mode("winding insulation", "insulation", "insulation resistance", "low", 9)), motor),
    Plant("conveyor", "C", "shifts", 10, tags("""
        mass flow | mass flow | t/h | | 1000 | 9 | 0
        drum speed | speed | m/s | | | 0.004 | 3
        belt speed | speed | m/s | 1.8 | | 0.005 | 3
        motor power | power | kW | | | 0.6 | 1
        drive temperature | temperature | °C | | 105 | 0.3 | 1
        belt tension | force | kN | 15 | | 0.3 | 1
        specific energy | energy per mass | kWh/t | | 0.24 | 0 | 4 | motor power [kW] / mass flow [t/h]
        slip | slip | % | | 6 | 0 | 2 | 100 * (drum speed [m/s] - belt speed [m/s]) / drum speed [m/s]"""),
        (Mode("idler friction", "wear", "specific energy", "high", 6),
         Mode("belt slip", "wear", "slip", "high", 20)), conveyor),
    Plant("control valve", "FV", "continuous", 5, tags("""
        flow set-point | flow | m³/h | | | 0 | 2
        flow | flow | m³/h | | | 0.2 | 2
        valve command | valve opening | % | | 92 | 0.15 | 1
        valve position | valve opening | % | | | 0.2 | 1
        upstream pressure | pressure | bar | 3 | 8 | 0.03 | 3
        downstream pressure | pressure | bar | | 5 | 0.02 | 3
        air supply pressure | pressure | bar | 3.5 | | 0.02 | 2
        position deviation | valve opening difference | % | | 6 | 0 | 2 | valve command [%] - valve position [%]"""),
        (Mode("plug clogging", "clogging", "valve command", "high", 3),
         Mode("actuator air leak", "leak", "position deviation", "high", 20)), valve),
)  # fmt: skip
