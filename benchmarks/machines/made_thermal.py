"""Thermal and water assets: exchanger, chiller, membrane, heat pump, boiler."""

# ruff: noqa: E501 - a tag is a row of a table

from __future__ import annotations

import numpy as np

from benchmarks.machines.made_common import tags
from benchmarks.machines.made_operation import Operation
from benchmarks.machines.made_plant import Channels, Damage, Mode, Plant

WATER = 4.18 / 3.6  # kW per K of 1 t/h of water
AREA = 45.0  # m² of the exchanger
KELVIN = 273.15


def exchanger(op: Operation, d: Damage) -> Channels:
    """Counter-flow shell-and-tube exchanger by effectiveness and number of transfer units."""
    foul, clog, share = d.get("fouling", 0.0), d.get("tube clogging", 0.0), op.lag(op.load, 3)
    hot_flow, cold_flow = 60 * op.scale * share, 80 * op.scale * (0.75 + 0.25 * share)
    hot_in = op.lag(121 + 5 * op.setpoint - 70 * (1 - op.on), 15)
    cold_in = op.lag(14 + 0.35 * op.ambient, 120)
    hot, cold = WATER * hot_flow + 1e-9, WATER * cold_flow
    ua = op.scale * AREA * 1.15 * np.maximum(share, 1e-3) ** 0.4 / (1 + foul)
    ratio, decay = hot / cold, np.exp(-ua / hot * (1 - hot / cold))
    heat = (1 - decay) / (1 - ratio * decay) * hot * (hot_in - cold_in)
    hot_out, cold_out = hot_in - heat / hot, cold_in + heat / cold
    near, far = hot_in - cold_out, hot_out - cold_in
    return {
        "hot flow": hot_flow,
        "hot inlet temperature": hot_in,
        "hot outlet temperature": hot_out,
        "cold flow": cold_flow,
        "cold inlet temperature": cold_in,
        "cold outlet temperature": cold_out,
        "tube pressure drop": 0.55 * share**2 * (1 + clog + 0.25 * foul),
        "overall heat transfer coefficient": heat * 1000 / AREA / ((near - far) / np.log(near / far)),
    }


def chiller(op: Operation, d: Damage) -> Channels:
    """Water-cooled chiller with a cooling tower."""
    foul, loss = d.get("condenser fouling", 0.0), d.get("refrigerant leak", 0.0)
    share = op.lag(op.load, 8)
    water_in = op.lag(16 + 0.5 * np.maximum(op.ambient, 6) + 0.5 * op.setpoint, 30)
    water_out = water_in + 600 * share / (90 * WATER)
    condensing = water_out + 0.3 + 1.9 * share * (1 + foul)
    evaporating = 5.2 + op.setpoint - 2.4 * share - 2.5 * loss * share
    cop = 0.55 * (evaporating + KELVIN) / (condensing - evaporating + 4) * (1 - 0.15 * loss)
    supply = op.lag(7 + op.setpoint + 5 * (1 - op.on), 15) + 0.4 * loss
    return {
        "condenser water inlet temperature": water_in,
        "condenser water outlet temperature": water_out,
        "condensing temperature": op.lag(condensing * op.on + 22 * (1 - op.on), 4),
        "evaporating temperature": op.lag(evaporating * op.on + 14 * (1 - op.on), 4),
        "chilled water supply temperature": supply,
        "chilled water return temperature": supply + 5.5 * share,
        "subcooling": op.lag(op.on, 5) * (5.5 + 0.8 * share + 0.3 * op.offset) * (1 - loss),
        "compressor power": 500 * op.scale * share / cop * (1 + 0.8 * op.kick),
        "condenser approach": condensing - water_out,
    }


def membrane(op: Operation, d: Damage) -> Channels:
    """Reverse-osmosis stage at a held permeate flow and recovery."""
    foul, scaling, torn = (d.get(m, 0.0) for m in ("membrane fouling", "scaling", "membrane leak"))
    share, run = op.lag(0.6 * op.load + 0.35 * op.on, 4), op.lag(op.on, 3)
    water = op.lag(9 + 0.45 * np.maximum(op.ambient, 0), 1440)
    thick = np.exp(0.027 * (25 - water)) / np.exp(0.027 * 10)  # temperature correction, 1 at 15 °C
    feed = op.lag(820 + 90 * op.campaign / 0.12 + 20 * op.offset, 600)
    dp = 1.3 * share**1.4 * (1 + scaling)
    return {
        "feed pressure": run * 1.5 + 9.5 * share * thick * (1 + foul) + 0.0007 * feed * run + 0.5 * dp + 0.4 * op.kick,
        "pressure drop": dp,
        "permeate flow": 30 * op.scale * share,
        "reject flow": 10 * op.scale * share * (1 + 0.04 * op.setpoint),
        "feed temperature": water,
        "feed conductivity": feed,
        "permeate conductivity": (14 + op.offset) * feed / 820 / np.sqrt(thick) * (1 + torn) * (1 + 1.5 * op.kick) + 3 * (1 - run),
        "pump power": op.scale * 40 * share * (10 + 9 * share * thick * foul) / 36 / 0.7,
    }  # fmt: skip


def heat_pump(op: Operation, d: Damage) -> Channels:
    """Air-to-water heat pump; the flow temperature follows the outdoor temperature; the other mode is hot water."""
    foul, loss = d.get("coil fouling", 0.0), d.get("refrigerant leak", 0.0)
    share = op.lag(op.load, 6)
    water = op.lag(
        34 + 0.45 * np.clip(15 - op.ambient, -5, 35) + 1.5 * op.setpoint + 12 * op.mode - 8 * (1 - op.on), 20
    )
    evaporating = op.ambient - (3.2 + 5 * share * (1 + foul) + 2 * loss)
    cop = 0.47 * (water + 3 + KELVIN) / (water + 3 - evaporating) * (1 - loss)
    cop = cop * (1 - 0.1 * foul / (1 + foul))
    heat = 40 * op.scale * share
    return {
        "outdoor temperature": op.ambient,
        "flow temperature": water,
        "return temperature": water - 6.5 * share,
        "evaporating temperature": np.where(op.on > 0, evaporating, op.ambient),
        "condensing temperature": water + 3 * op.on,
        "heat output": heat,
        "electric power": heat / cop + 0.15,
        "superheat": op.lag((6 + 0.5 * op.offset + 18 * loss + 3 * op.kick) * op.on, 4),
        "coil temperature difference": (op.ambient - evaporating) * op.on,
        "coefficient of performance": heat / (heat / cop + 0.15),
    }  # fmt: skip


def boiler(op: Operation, d: Damage) -> Channels:
    """Gas-fired steam boiler."""
    soot, leak, drift = (d.get(m, 0.0) for m in ("tube fouling", "tube leak", "air damper drift"))
    share, run = op.lag(op.load, 6), op.lag(op.on, 10)
    oxygen = op.on * (3.9 - 1.4 * (share - 0.5) + drift) + 20.9 * (1 - op.on)
    stack = 40 + op.lag((96 + 55 * share + soot + 3 * drift) * op.on, 12) + 0.3 * op.ambient
    steam = 12 * op.scale * share
    return {
        "steam flow": steam,
        "feed water flow": steam * (1.04 + leak) + 0.15 * op.kick,
        "gas flow": steam
        * 71
        / (0.95 - 0.00035 * (stack - 150) - 0.006 * (oxygen - 3) * op.on)
        * (1 + 0.5 * leak),
        "stack temperature": stack,
        "flue gas oxygen": op.lag(oxygen, 2),
        "drum pressure": 1 + run * (9 + 0.4 * op.setpoint - 0.2 * (share - 0.75)),
        "feed water temperature": 103 + 0.4 * op.offset - 15 * (1 - run),
        "water loss": 100 * (steam * (1.04 + leak) + 0.15 * op.kick - steam) / (steam * (1.04 + leak)),
    }


THERMAL = (
    Plant("shell-and-tube exchanger", "E", "continuous", 10, tags("""
        hot flow | flow | t/h | | | 0.35 | 1
        hot inlet temperature | temperature | °C | | 140 | 0.2 | 1
        hot outlet temperature | temperature | °C | | 95 | 0.2 | 1
        cold flow | flow | t/h | 40 | | 0.45 | 1
        cold inlet temperature | temperature | °C | | 35 | 0.15 | 1
        cold outlet temperature | temperature | °C | | | 0.2 | 1
        tube pressure drop | pressure difference | bar | | 1.2 | 0.008 | 3
        overall heat transfer coefficient | heat transfer coefficient | W/(m²·K) | 650 | | 0 | 0 | heat [W] / area 45 m² / logarithmic mean temperature difference [K]"""),
        (Mode("fouling", "fouling", "overall heat transfer coefficient", "low", 4),
         Mode("tube clogging", "clogging", "tube pressure drop", "high", 12)), exchanger),
    Plant("chiller condenser", "CH", "cooling", 15, tags("""
        condenser water inlet temperature | temperature | °C | | 36 | 0.12 | 2
        condenser water outlet temperature | temperature | °C | | 42 | 0.12 | 2
        condensing temperature | temperature | °C | | 50 | 0.12 | 2
        evaporating temperature | temperature | °C | -1 | | 0.1 | 2
        chilled water supply temperature | temperature | °C | | 14 | 0.1 | 2
        chilled water return temperature | temperature | °C | | | 0.1 | 2
        subcooling | temperature difference | K | 2.5 | | 0.12 | 2
        compressor power | power | kW | | 160 | 0.6 | 1
        condenser approach | temperature difference | K | | 5 | 0 | 2 | condensing temperature [°C] - condenser water outlet temperature [°C]"""),
        (Mode("condenser fouling", "fouling", "condenser approach", "high", 20),
         Mode("refrigerant leak", "leak", "subcooling", "low", 0.95)), chiller),
    Plant("reverse osmosis membrane", "RO", "continuous", 10, tags("""
        feed pressure | pressure | bar | | 18 | 0.06 | 2
        pressure drop | pressure difference | bar | | 3.2 | 0.015 | 3
        permeate flow | flow | m³/h | 12 | | 0.12 | 2
        reject flow | flow | m³/h | 3 | | 0.06 | 2
        feed temperature | temperature | °C | 4 | 35 | 0.06 | 2
        feed conductivity | conductivity | µS/cm | | 1200 | 4 | 0
        permeate conductivity | conductivity | µS/cm | | 45 | 0.25 | 2
        pump power | power | kW | | 40 | 0.1 | 2"""),
        (Mode("membrane fouling", "fouling", "feed pressure", "high", 5),
         Mode("scaling", "clogging", "pressure drop", "high", 8),
         Mode("membrane leak", "leak", "permeate conductivity", "high", 8)), membrane),
    Plant("heat pump", "HP", "heating", 10, tags("""
        outdoor temperature | temperature | °C | | | 0.15 | 1
        flow temperature | temperature | °C | | 65 | 0.15 | 1
        return temperature | temperature | °C | | | 0.15 | 1
        evaporating temperature | temperature | °C | -35 | | 0.15 | 1
        condensing temperature | temperature | °C | | 70 | 0.15 | 1
        heat output | power | kW | | | 0.3 | 2
        electric power | power | kW | | 25 | 0.08 | 2
        superheat | temperature difference | K | 2 | 20 | 0.25 | 1
        coil temperature difference | temperature difference | K | | 14 | 0 | 2 | outdoor temperature [°C] - evaporating temperature [°C]
        coefficient of performance | efficiency | | 1.7 | | 0 | 2 | heat output [kW] / electric power [kW]"""),
        (Mode("coil fouling", "fouling", "coil temperature difference", "high", 8),
         Mode("refrigerant leak", "leak", "superheat", "high", 0.95)), heat_pump),
    Plant("boiler", "BO", "continuous", 10, tags("""
        steam flow | mass flow | t/h | | 15 | 0.07 | 2
        feed water flow | mass flow | t/h | | 17 | 0.07 | 2
        gas flow | flow | m³/h | | 1500 | 5 | 0
        stack temperature | temperature | °C | | 240 | 0.7 | 0
        flue gas oxygen | concentration | % | 1.5 | 7 | 0.08 | 2
        drum pressure | pressure | bar | 7 | 12 | 0.03 | 2
        feed water temperature | temperature | °C | 80 | | 0.2 | 1
        water loss | share | % | | 14 | 0 | 2 | 100 * (feed water flow [t/h] - steam flow [t/h]) / feed water flow [t/h]"""),
        (Mode("tube fouling", "fouling", "stack temperature", "high", 300),
         Mode("tube leak", "leak", "water loss", "high", 0.6),
         Mode("air damper drift", "drift", "flue gas oxygen", "high", 12)), boiler),
)  # fmt: skip
