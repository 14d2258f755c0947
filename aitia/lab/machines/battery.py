"""A storage container: a rack of eight modules that charges at noon and discharges in the evening.

Each module is a group of equal cells, solved by PyBaMM's single particle model with lumped temperature (Marquis et al. 2019) and the
parameters of an LG M50 cell (Chen et al. 2020). Added here: the schedule, spread between modules, what fails in them (as current,
contact resistance and heat transfer over time), the state of charge that a battery management system counts, instruments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from aitia.core.errors import SourceError
from aitia.lab.machines.case import HOUR_S, Case, Floats, Reply, Run, Span, lagged, wander
from aitia.lab.machines.historian import Style
from aitia.lab.machines.journal import Alarm, Habits
from aitia.lab.machines.machine import Machine, healthy, note, work
from aitia.lab.machines.sensors import Tag, offset, stuck
from aitia.lab.words import Failure

ALL = ("weak", "medium", "strong")
MODULES = tuple(f"module{n:02d}" for n in range(1, 9))
SERIES, PARALLEL = 14, 60  # cells of a module
CELL_AH, FIRST_SOC = 5.0, 0.45
RESISTANCE_OHM, COOLING_W_M2K = 0.008, 8.0
KELVIN = 273.15
# Of each day: hour, and between which states of charge the plan lies then
HOURS = (
    (2.5, 0.25, 0.31),
    (4.0, 0.40, 0.46),
    (11.7, 0.40, 0.46),
    (13.4, 0.84, 0.89),
    (18.2, 0.82, 0.87),
    (20.0, 0.25, 0.31),
)


def _tags() -> tuple[Tag, ...]:
    modules = [
        tag
        for m in MODULES
        for tag in (
            Tag(component=m, name="voltage_v", signal=f"{m} v", unit="V", noise=0.006, digit=0.01),
            Tag(
                component=m,
                name="temperature_max_c",
                signal=f"{m} t",
                unit="C",
                noise=0.08,
                digit=0.1,
                lag_s=120,
            ),
        )
    ]
    rest = [
        Tag(component="rack1", name="current_a", signal="current", unit="A", noise=0.4, digit=0.1),
        Tag(component="rack1", name="power_kw", signal="power", unit="kW", noise=0.1, digit=0.1),
        Tag(component="rack1", name="soc_percent", signal="soc", unit="%", digit=0.1),
        Tag(component="rack1", name="cell_voltage_spread_mv", signal="spread", unit="mV", noise=1.0, digit=1),
        Tag(component="meter1", name="active_power_kw", signal="metered", unit="kW", noise=0.1, digit=0.1),
        Tag(
            component="hvac1", name="supply_air_c", signal="supply", unit="C", noise=0.1, digit=0.1, lag_s=60
        ),
        Tag(component="hvac1", name="room_air_c", signal="room", unit="C", noise=0.1, digit=0.1, lag_s=120),
        Tag(component="hvac1", name="compressor_power_kw", signal="hvac", unit="kW", noise=0.03, digit=0.01),
        Tag(component="hvac1", name="outside_air_c", signal="outside", unit="C", noise=0.1, digit=0.1),
    ]
    return (*modules, *rest)


class Battery(Machine):
    """A storage container."""

    name = "battery"
    title = "Battery container: a rack of eight modules with air cooling"
    packages: ClassVar = {"pybamm": "pybamm"}
    failures: ClassVar = (
        healthy(),
        Failure(id="cell-fade", title="a module loses capacity", family="cell", victims=MODULES, strengths=ALL),
        Failure(id="self-discharge", title="a module discharges itself", family="cell", victims=MODULES, strengths=ALL),
        Failure(id="joint-resistance", title="a joint of a module gets loose", family="looseness", victims=MODULES, strengths=ALL),
        Failure(id="cooling-failure", title="the container's air conditioner fails", family="thermal", victims=("hvac1",), strengths=ALL),
        Failure(id="airflow-blocked", title="a module's air inlet is covered", family="blockage", victims=MODULES, strengths=ALL),
        Failure(id="current-offset", title="the rack's current sensor has an offset", family="sensor", victims=("rack1",), strengths=ALL),
        Failure(id="charge-limit", title="an operator sets a wrong charge limit", family="operator_error", victims=("ems1",), strengths=ALL),
        Failure(id="thermometer-stuck", title="a module's thermometer freezes", family="sensor", victims=MODULES),
    )  # fmt: skip
    decoys = ("grid-service", "hot-day", "door-open", "software-update")
    span = Span(before_h=48, after_h=12, step_s=300, lead_h=5, tail_h=1)
    style = Style(
        file="bms_export.parquet", layout="long", columns=("timestamp", "device", "channel", "value", "", "unit"),
    )  # fmt: skip
    habits = Habits(
        journal="ems.log", line="{time} {level} ems: {component}: {text}", levels=("info", "warning"), cleared="cleared: {words}",
        raised="{words}, {name} {value:g} (limit {limit:g})", acknowledged="acknowledged by {who}: {words}",
        people=("remote-ops", "a.keller", "t.nguyen"),
    )  # fmt: skip
    tags = _tags()
    alarms = (
        *(
            Alarm(
                component=m, name="temperature_max_c", words="module temperature high", above=45.0, hold_s=600
            )
            for m in MODULES
        ),
        *(
            Alarm(component=m, name="voltage_v", words="module voltage low", below=44.8, hold_s=300)
            for m in MODULES
        ),
        *(
            Alarm(component=m, name="voltage_v", words="module voltage high", above=58.4, hold_s=300)
            for m in MODULES
        ),
        Alarm(
            component="rack1", name="cell_voltage_spread_mv", words="cell imbalance", above=90.0, hold_s=900
        ),
        Alarm(
            component="hvac1", name="room_air_c", words="container temperature high", above=36.0, hold_s=900
        ),
    )
    components = (
        {"id": "container1", "type": "asset"},
        {"id": "rack1", "type": "machine", "links": [{"relation": "part_of", "to": "container1"}, {"relation": "feeds", "to": "meter1"}]},
        *({"id": m, "type": "part", "links": [{"relation": "part_of", "to": "rack1"}]} for m in MODULES),
        {"id": "hvac1", "type": "machine", "aliases": ["air conditioner 1"],
         "links": [{"relation": "part_of", "to": "container1"}, {"relation": "feeds", "to": "rack1"}]},
        {"id": "ems1", "type": "service", "aliases": ["energy management", "ems"], "links": [{"relation": "calls", "to": "rack1"}]},
        {"id": "meter1", "type": "machine"},
    )  # fmt: skip
    routine = (
        ("hvac1", "air filter replaced"), ("rack1", "torque check of power terminals, sample of 10 %"), ("container1", "fire panel test"),
        ("module04", "cell supervision board replaced"), ("meter1", "seal checked"), ("rack1", "insulation resistance measured, 2.1 MOhm"),
        ("container1", "rodent traps inspected"),
    )  # fmt: skip
    complaints = (
        ("Storage delivers less than scheduled", "Trading desk: the container did not look right in the last hours, please check.", "rack1"),
        ("Storage container unusual", "Remote operations: trends of container 1 differ from the other sites.", ""),
        ("Question about container 1", "Site owner asks whether container 1 is all right, the fans sound different.", ""),
    )  # fmt: skip

    def simulate(self, case: Case) -> Run:
        """The schedule's current through eight modules, each solved by itself."""
        run = Run(signals={})
        soc = _schedule(case)
        grown = case.grown(
            {"cell-fade": 4 * HOUR_S, "cooling-failure": 1_800.0, "joint-resistance": 2 * HOUR_S}.get(
                case.fault, 0.0
            )
        )
        if case.fault == "charge-limit":
            high = case.by_strength(0.04, 0.07, 0.10)
            soc = soc + lagged(grown * np.maximum(0.0, soc - 0.5) * high / 0.38, case.span.step_s, 1_200)
            note(
                run, case.onset, "ems1", f"parameter soc_max changed 90 -> {90 + 100 * high:.0f} by a.keller"
            )
        current = -np.gradient(soc, case.t) * CELL_AH * 3_600  # of a cell, A; discharge is positive
        if "grid-service" in case.decoys:
            at = case.moment("grid-service")
            shown = case.pulse(at, 3 * HOUR_S)
            asked = shown * wander(case.rng("service"), case.t.size, sigma=1.0, memory=1)
            current = current + 0.5 * (
                asked - shown * asked.sum() / shown.sum()
            )  # what it takes it gives back
            note(run, at, "ems1", "mode frequency containment reserve, until further notice")
            run.decoys.append("grid service for three hours")
        air = self._air(case, run, grown, current)
        cells = []
        for module in MODULES:
            cell = _cell(case, module, grown)
            volt, warm = _solve(case.t - case.start, cell, current, air)
            run.signals[f"{module} v"], run.signals[f"{module} t"] = volt * SERIES, warm
            cells.append(volt)
        rack = current * PARALLEL
        volts = np.sum(cells, axis=0) * SERIES
        run.signals |= {
            "current": rack, "power": rack * volts / 1_000, "metered": 0.965 * rack * volts / 1_000 - 1.2,
            "spread": 4 + 1_000 * (np.max(cells, axis=0) - np.min(cells, axis=0)),  # and that within modules
        }  # fmt: skip
        wrong = case.by_strength(4.0, 10.0, 20.0) * grown * (case.fault == "current-offset")
        counted = FIRST_SOC - np.cumsum(rack + wrong) * case.span.step_s / (CELL_AH * PARALLEL * 3_600)
        run.signals["soc"] = np.clip(100 * counted, 0, 100)
        self._instruments(case, run)
        return run

    def _air(self, case: Case, run: Run, grown: Floats, current: Floats) -> Floats:
        """Air in the container: held at 23 degC while the air conditioner works, and warmer with less of it."""
        hot = 8.0 if "hot-day" in case.decoys else 0.0
        if hot:
            run.decoys.append("hot day")
        warm = float(case.rng("season").uniform(8, 20))
        day = 6 * np.sin(2 * np.pi * (case.hour_of_day() - 9) / 24)
        outside = warm + day + hot * case.pulse(case.onset - 10 * HOUR_S, 30 * HOUR_S, edge_s=4 * HOUR_S)
        outside = outside + wander(case.rng("outside"), case.t.size, sigma=0.5, memory=40)
        left = 1 - grown * case.by_strength(0.35, 0.65, 1.0) * (case.fault == "cooling-failure")
        heat = 3.0 + 0.9 * current**2  # kW: fans, converter and cells
        free = outside + 4.0 * heat  # where the air would settle without cooling
        need = np.maximum(0.0, free - 23.0) / 4.0
        room = np.where(need > 0, free - 4.0 * need * left, np.maximum(free, 18.0))
        if "door-open" in case.decoys:
            at = case.moment("door-open")
            room = room + (outside - room) * 0.5 * case.pulse(at, 2_400, edge_s=600)
            work(run, at - 300, "container1", "visual inspection with door open, 40 min")
            run.decoys.append("door open")
        if "software-update" in case.decoys:
            at = case.moment("software-update")
            note(run, at, "ems1", "software 4.2.1 -> 4.2.2 installed, restart of services")
            note(run, at + 95, "ems1", "services up")
            run.decoys.append("software of the energy management updated")
        room = lagged(room, case.span.step_s, 1_500)
        run.signals |= {
            "outside": outside, "room": room, "supply": room - 9 * np.clip(need / 8, 0.1, 1) * left,
            "hvac": 0.25 + need * left / 2.8,
        }  # fmt: skip
        return room

    def _instruments(self, case: Case, run: Run) -> None:
        if case.fault == "current-offset":
            run.effects["current"] = offset(case, case.by_strength(4.0, 10.0, 20.0))
        if case.fault == "thermometer-stuck":
            run.effects[f"{case.victim} t"] = stuck(case)

    def reply(self, case: Case) -> Reply:
        """The module or the device; capacity, self-discharge and a joint can be told apart only over a full cycle."""
        victim, fault = case.victim, case.fault
        told: dict[str, tuple[str, tuple[tuple[str, str], ...], str]] = {
            "cell-fade": ("machine.cell", (), "Its voltage swings more than the others' between the same currents."),
            "self-discharge": ("machine.cell", (), "Its voltage falls away from the others' at rest as well."),
            "joint-resistance": ("machine.connection", ((victim, "machine.cell"), (victim, "machine.looseness")), "Its voltage departs with the current, and it warms."),
            "cooling-failure": ("machine.cooling", (("hvac1", "machine"),), "All modules and the air warm while the air conditioner draws less."),
            "airflow-blocked": ("machine.blockage", ((victim, "machine.cooling"), (victim, "machine.cell")), "One module is warmer than the others at the same voltage."),
            "current-offset": ("sensor.bias", ((victim, "sensor"), ("meter1", "sensor")), "Counted charge drifts away from the voltages; current and meter disagree."),
            "charge-limit": ("software.configuration", (("rack1", "software.configuration"),), "The rack charges beyond its limit since a parameter was changed."),
            "thermometer-stuck": ("sensor.stuck", ((victim, "sensor"),), "One temperature stands still."),
        }  # fmt: skip
        kind, others, why = told[fault]
        return Reply(component=victim, fault=kind, alternatives=others, why=why)


@dataclass(frozen=True)
class Cell:
    """A cell of a module, over time: current in parts of the rack's, leak in A, contact resistance in ohm, W/(m2 K)."""

    scale: Floats
    leak: Floats
    resistance: Floats
    cooling: Floats
    warmer: float  # K, its place in the rack


def _cell(case: Case, module: str, grown: Floats) -> Cell:
    rng = case.rng("module", module)
    one = np.ones(case.t.size)
    capacity, resistance = (
        1 + 0.006 * float(rng.standard_normal()),
        RESISTANCE_OHM * (1 + 0.08 * float(rng.standard_normal())),
    )
    cooling, leak = COOLING_W_M2K * (1 + 0.05 * float(rng.standard_normal())), 0.0 * one
    warmer = 0.35 * MODULES.index(module) + 0.2 * float(rng.standard_normal())
    scale, ohm, air = one / capacity, resistance * one, cooling * one
    if module == case.victim:
        if case.fault == "cell-fade":
            scale = scale / (1 - case.by_strength(0.04, 0.09, 0.18) * grown)
            ohm = ohm * (1 + case.by_strength(0.3, 0.8, 1.6) * grown)
        elif case.fault == "self-discharge":
            leak = case.by_strength(0.02, 0.04, 0.08) * grown
        elif case.fault == "joint-resistance":
            ohm = ohm + case.by_strength(0.01, 0.03, 0.08) * grown
        elif case.fault == "airflow-blocked":
            air = air * (1 - case.by_strength(0.35, 0.55, 0.8) * grown)
    return Cell(scale=scale, leak=leak, resistance=ohm, cooling=air, warmer=warmer)


def _schedule(case: Case) -> Floats:
    """State of charge that the plan asks for: up by noon, down in the evening, half up at night, never twice the same."""
    rng = case.rng("schedule")
    knots, values = [case.start], [FIRST_SOC]
    midnight = case.start - case.start % 86_400
    for day in range(-1, 5):
        for hour, low, high in HOURS:
            at = midnight + day * 86_400 + (hour + float(rng.uniform(-0.25, 0.25))) * HOUR_S
            soc = float(rng.uniform(low, high))
            if at > case.start + 1_800:
                knots.append(at)
                values.append(soc)
    plan = np.interp(case.t, knots, values)
    return lagged(plan, case.span.step_s, 300)


def _solve(t: Floats, cell: Cell, current: Floats, air: Floats) -> tuple[Floats, Floats]:
    """Terminal voltage in V and temperature in degC of one cell."""
    import pybamm

    def over(values: Floats) -> Any:
        return pybamm.Interpolant(t, values, pybamm.t)

    model = pybamm.lithium_ion.SPM({"thermal": "lumped", "contact resistance": "true"})
    parameters = pybamm.ParameterValues("Chen2020")
    parameters.update(
        {
            "Current function [A]": over(current * cell.scale + cell.leak),
            "Contact resistance [Ohm]": over(cell.resistance),
            "Total heat transfer coefficient [W.m-2.K-1]": over(cell.cooling),
            "Ambient temperature [K]": over(air + KELVIN + cell.warmer),
            "Initial temperature [K]": float(air[0]) + KELVIN + cell.warmer,
            "Lower voltage cut-off [V]": 1.5, "Upper voltage cut-off [V]": 4.6,
            "Open-circuit voltage at 0% SOC [V]": 2.5, "Open-circuit voltage at 100% SOC [V]": 4.2,
        }
    )  # fmt: skip
    simulation = pybamm.Simulation(model, parameter_values=parameters, solver=pybamm.IDAKLUSolver())
    solved = simulation.solve([float(t[0]), float(t[-1])], t_interp=t, initial_soc=FIRST_SOC)
    if solved.termination != "final time":
        raise SourceError(f"pybamm stopped after {solved.t[-1] / HOUR_S:.1f} h: {solved.termination}.")
    volt = np.asarray(solved["Terminal voltage [V]"](t), dtype=np.float64)
    warm = np.asarray(solved["Volume-averaged cell temperature [K]"](t), dtype=np.float64)
    return volt, warm - KELVIN
