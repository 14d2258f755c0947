"""A heat pump that heats buildings with ground water.

The refrigerant cycle (R134a: evaporator, compressor, condenser, expansion valve) is solved by TESPy at some operating points, with the
heat exchangers' kA and the compressor's isentropic efficiency as the failure leaves them; what happens between these points is
interpolated. Added here: weather, heating curve, the failures' course, instruments.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from aitia.core.errors import SourceError
from aitia.lab.machines.case import HOUR_S, Case, Floats, Reply, Run, Span, lagged, wander
from aitia.lab.machines.historian import Style
from aitia.lab.machines.journal import Alarm, Habits
from aitia.lab.machines.machine import Machine, healthy, note, work
from aitia.lab.machines.sensors import Tag, offset, point, stuck
from aitia.lab.words import Failure

ALL = ("weak", "medium", "strong")
SOURCE_C, RETURN_C, HEAT_KW = (
    (9.0, 12.0, 16.0),
    (28.0, 36.0, 46.0),
    (110.0, 200.0, 300.0),
)  # where the cycle is solved
SUPERHEAT_K, DESIGN_KA = (
    5.0,
    (44_600.0, 37_600.0),
)  # W/K of evaporator and condenser at 300 kW, 12 to 7 and 40 to 50 degC
SOURCE_KG_S, SINK_KG_S, EFFICIENCY = 14.0, 7.2, 0.75
OUT = ("power", "high", "low", "discharge", "suction", "source_out", "supply", "refrigerant", "volume")


def _tags() -> tuple[Tag, ...]:
    return (
        point("COMP-1", "AI-101 Discharge Temp", "discharge", "degC", 0.15, 0.1, lag_s=60),
        point("COMP-1", "AI-102 Suction Temp", "suction", "degC", 0.1, 0.1, lag_s=60),
        point("COMP-1", "AI-103 Input Power", "power", "kW", 0.4, 0.1),
        point("COMP-1", "AO-104 Speed Command", "speed", "%", 0.0, 0.1),
        point("COND-1", "AI-111 Condensing Pressure", "high", "bar", 0.02, 0.01),
        point("COND-1", "AI-112 Leaving Water Temp", "supply", "degC", 0.06, 0.1, lag_s=45),
        point("COND-1", "AI-113 Entering Water Temp", "return", "degC", 0.06, 0.1, lag_s=45),
        point("EVAP-1", "AI-121 Evaporating Pressure", "low", "bar", 0.01, 0.01),
        point("EVAP-1", "AI-122 Leaving Water Temp", "source_out", "degC", 0.06, 0.1, lag_s=45),
        point("EVAP-1", "AI-123 Entering Water Temp", "source", "degC", 0.05, 0.1, lag_s=45),
        point("EXV-1", "AO-131 Position", "opening", "%", 0.0, 0.1),
        point("EXV-1", "AV-132 Superheat", "superheat", "K", 0.15, 0.1),
        point("SWP-1", "AI-141 Flow", "source_flow", "l/s", 0.06, 0.1),
        point("SWP-1", "AI-142 Power", "source_kw", "kW", 0.02, 0.01),
        point("HWP-1", "AI-151 Flow", "sink_flow", "l/s", 0.05, 0.1),
        point("HWP-1", "AI-152 Power", "sink_kw", "kW", 0.02, 0.01),
        point("HP-1", "AV-161 Heat Output", "heat", "kW", 0.8, 1),
        point("HP-1", "AV-162 Supply Setpoint", "setpoint", "degC", 0.0, 0.1),
        point("BLDG", "AI-171 Outdoor Temp", "outdoor", "degC", 0.1, 0.1),
        point("BLDG", "AI-172 Room Temp Reference", "room", "degC", 0.05, 0.1),
    )


class Heat(Machine):
    """A water-source heat pump."""

    name = "heat"
    title = "Heat pump of 300 kW on ground water, heating buildings"
    packages: ClassVar = {"tespy": "tespy"}
    failures: ClassVar = (
        healthy(),
        Failure(id="fouling", title="a heat exchanger fouls", family="fouling", victims=("COND-1", "EVAP-1"), strengths=ALL),
        Failure(id="pump-wear", title="a water pump gives less and less flow", family="pump", victims=("SWP-1", "HWP-1"), strengths=ALL),
        Failure(id="strainer-blocked", title="the well water's strainer clogs within minutes", family="blockage", victims=("SWP-1",), strengths=ALL),
        Failure(id="valve-stuck", title="the expansion valve stands still", family="valve", victims=("EXV-1",)),
        Failure(id="refrigerant-loss", title="refrigerant escapes", family="leak", victims=("HP-1",), strengths=ALL),
        Failure(id="compressor-wear", title="the compressor loses efficiency", family="pump", victims=("COMP-1",), strengths=ALL),
        Failure(id="probe-bias", title="a water thermometer shows too much", family="sensor", victims=("EVAP-1", "COND-1"), strengths=ALL),
        Failure(id="flow-stuck", title="a flow meter freezes", family="sensor", victims=("SWP-1", "HWP-1")),
    )  # fmt: skip
    decoys = ("setpoint-raised", "hot-water-cycle", "cold-front", "strainer-rinsed")
    span = Span(before_h=48, after_h=10, step_s=300, lead_h=4, tail_h=1)
    style = Style(
        file="BMS_Trend.csv.gz", layout="wide", join="/", zone="America/New_York", time="%m/%d/%Y %I:%M:%S %p",
        time_column="Date Time", missing="No Data",
    )  # fmt: skip
    habits = Habits(
        journal="bms-events.log", line="{time} {level} {component}: {text}", levels=("NORMAL", "OFFNORMAL"),
        raised="{words} [{name}] value {value:g} limit {limit:g}", cleared="{words} to-normal", acknowledged="{words} acked by {who}",
        people=("jlee", "facilities", "mgarcia"), orders="work_orders.csv", columns=("Date", "Asset", "Description"),
    )  # fmt: skip
    tags = _tags()
    alarms = (
        Alarm(component="COND-1", name="AI-111 Condensing Pressure", words="HIGH CONDENSING PRESSURE", above=17.0, hold_s=900),
        Alarm(component="EVAP-1", name="AI-121 Evaporating Pressure", words="LOW EVAPORATING PRESSURE", below=3.0, hold_s=900),
        Alarm(component="COMP-1", name="AI-101 Discharge Temp", words="HIGH DISCHARGE TEMPERATURE", above=84.0, hold_s=900),
        Alarm(
            component="EXV-1", name="AV-132 Superheat", words="SUPERHEAT OUT OF RANGE", above=8.0, hold_s=900
        ),
        Alarm(component="EVAP-1", name="AI-122 Leaving Water Temp", words="FREEZE WARNING", below=2.0, hold_s=600),
        Alarm(component="SWP-1", name="AI-141 Flow", words="LOW SOURCE FLOW", below=7.0, hold_s=600),
        Alarm(component="HWP-1", name="AI-151 Flow", words="LOW HEATING FLOW", below=4.8, hold_s=600),
    )  # fmt: skip
    components = (
        {"id": "HP-1", "type": "machine", "aliases": ["heat pump 1"], "links": [{"relation": "feeds", "to": "BLDG"}]},
        *({"id": i, "type": "part", "aliases": [alias], "links": [{"relation": "part_of", "to": "HP-1"}]}
          for i, alias in (("COMP-1", "compressor 1"), ("COND-1", "condenser 1"), ("EVAP-1", "evaporator 1"), ("EXV-1", "expansion valve 1"))),
        {"id": "SWP-1", "type": "machine", "aliases": ["source water pump"], "links": [{"relation": "feeds", "to": "EVAP-1"}]},
        {"id": "HWP-1", "type": "machine", "aliases": ["heating water pump"], "links": [{"relation": "feeds", "to": "COND-1"}]},
        {"id": "BLDG", "type": "asset", "aliases": ["heating loop of the buildings"]},
    )  # fmt: skip
    routine = (
        ("HP-1", "quarterly inspection, oil level ok"), ("SWP-1", "strainer basket cleaned"), ("COMP-1", "terminal torque checked"),
        ("HWP-1", "VFD filter mat replaced"), ("BLDG", "radiator valve replaced in room 2.14"), ("HP-1", "leak test of flanges, none found"),
        ("COND-1", "approach logged for energy audit"),
    )  # fmt: skip
    complaints = (
        ("Energy report: heat pump", "Monthly COP of HP-1 is lower than last week's, please check.", "HP-1"),
        ("Rooms feel different", "Tenants on level 2 say that the heating is not as usual.", "BLDG"),
        ("Heat pump sounds different", "Janitor: heat pump runs louder than it did.", "HP-1"),
    )  # fmt: skip

    def simulate(self, case: Case) -> Run:
        """Weather gives the load, the solved cycle gives the rest."""
        run = Run(signals={})
        state = _demand(case, run)
        grown, share = self._course(case, state["heat"])
        well, ill = _surface(**_cycle(case, 0.0)), _surface(**_cycle(case, 1.0))
        low = _surface(**_cycle(case, -1.0)) if case.fault == "valve-stuck" else ill
        at = np.stack([state["source"], state["return"], state["heat"]], axis=1)
        for name in OUT:
            a, b, c = well[name](at), ill[name](at), low[name](at)
            run.signals[name] = a + np.maximum(share, 0) * (b - a) + np.maximum(-share, 0) * (c - a)
        s = run.signals | state
        flows = self._flows(case, s, share)
        speed = 100 * s["volume"] / 0.25
        lift = np.sqrt(np.maximum(0.5, s["high"] - s["low"]))
        opening = 34 * s["refrigerant"] / lift * 3.0
        if case.fault == "valve-stuck":
            opening = stuck(case)(opening)
        if case.fault == "refrigerant-loss":
            opening = opening + grown * case.by_strength(8, 20, 45)
        superheat = s["suction"] - _dew(s["low"])
        room = (
            21.2
            + 0.35 * np.sin(2 * np.pi * (case.hour_of_day() - 10) / 24)
            + wander(case.rng("room"), case.t.size, sigma=0.1, memory=50)
        )
        run.signals = (
            s
            | flows
            | {"speed": speed, "opening": np.clip(opening, 5, 100), "superheat": superheat, "room": room}
        )
        self._instruments(case, run)
        return run

    def _course(self, case: Case, heat: Floats) -> tuple[Floats, Floats]:
        """How far the failure has come, and where between the solved cycles that puts the machine (-1 to 1)."""
        rise = {"fouling": 4 * HOUR_S, "pump-wear": 3 * HOUR_S, "strainer-blocked": 900.0, "refrigerant-loss": 3 * HOUR_S,
                "compressor-wear": 3 * HOUR_S}.get(case.fault, 0.0)  # fmt: skip
        grown = case.grown(rise)
        if case.fault == "valve-stuck":
            then = float(np.interp(case.onset, case.t, heat))
            return grown, grown * np.clip((heat - then) / 60.0, -1.0, 1.0)
        solved = case.fault in (
            "fouling",
            "pump-wear",
            "strainer-blocked",
            "refrigerant-loss",
            "compressor-wear",
        )
        return grown, grown * solved

    def _flows(self, case: Case, s: dict[str, Floats], share: Floats) -> dict[str, Floats]:
        """Water flows and the pumps' power; a worn pump draws what it drew, behind a clogged strainer it draws less."""
        lost = {
            "pump-wear": case.by_strength(0.15, 0.3, 0.5),
            "strainer-blocked": case.by_strength(0.15, 0.3, 0.5),
        }.get(case.fault, 0.0)
        found = {}
        for pump, key, usual, kw in (
            ("SWP-1", "source", SOURCE_KG_S, 4.2),
            ("HWP-1", "sink", SINK_KG_S, 2.6),
        ):
            wobble = 1 + wander(case.rng("flow", pump), case.t.size, sigma=0.006, memory=12)
            left = 1 - lost * share * (case.victim == pump)
            found[f"{key}_flow"] = usual * wobble * left
            found[f"{key}_kw"] = kw * wobble * (left**0.6 if case.fault == "strainer-blocked" else left**0.1)
        return found

    def _instruments(self, case: Case, run: Run) -> None:
        if case.fault == "probe-bias":
            signal = {"EVAP-1": "source_out", "COND-1": "supply"}[case.victim]
            run.effects[signal] = offset(case, case.by_strength(0.8, 2.0, 4.0))
        if case.fault == "flow-stuck":
            run.effects[{"SWP-1": "source_flow", "HWP-1": "sink_flow"}[case.victim]] = stuck(case)

    def reply(self, case: Case) -> Reply:
        """The part; where loss of flow or of charge cannot be told from a clogged path, both."""
        victim, fault = case.victim, case.fault
        told: dict[str, tuple[str, tuple[tuple[str, str], ...], str]] = {
            "fouling": ("machine.fouling", ((victim, "machine"),), "The temperature difference over the exchanger grows at the same load and flow."),
            "pump-wear": ("machine.pump", ((victim, "machine.blockage"),), "Its flow falls; the water's temperatures spread."),
            "strainer-blocked": ("machine.blockage", ((victim, "machine.pump"),), "Flow and pump power fall together."),
            "valve-stuck": ("machine.valve", (("HP-1", "machine.valve"), (victim, "machine")), "Its position stands while superheat follows the load."),
            "refrigerant-loss": ("machine.leak", (("EVAP-1", "machine.leak"),), "The valve opens ever more, superheat grows, the low pressure falls."),
            "compressor-wear": ("machine.compressor", ((victim, "machine"),), "More power and a hotter discharge between the same pressures."),
            "probe-bias": ("sensor.bias", ((victim, "sensor"),), "One temperature jumps; heat, flow and pressures stay."),
            "flow-stuck": ("sensor.stuck", ((victim, "sensor"),), "One flow stands perfectly still."),
        }  # fmt: skip
        kind, others, why = told[fault]
        return Reply(component=victim, fault=kind, alternatives=others, why=why)


def _demand(case: Case, run: Run) -> dict[str, Floats]:
    """Outdoor temperature, heating curve with a night set-back, heat demand, well temperature."""
    n, hour = case.t.size, case.hour_of_day()
    mild = float(case.rng("season").uniform(0, 9))
    outdoor = (
        mild
        + 3.5 * np.sin(2 * np.pi * (hour - 9) / 24)
        + wander(case.rng("weather"), n, sigma=1.2, memory=90)
    )
    rng = case.rng("demand")
    if "cold-front" in case.decoys:
        outdoor = outdoor - 6 * case.pulse(case.moment("cold-front"), 30 * HOUR_S, edge_s=2 * HOUR_S)
        run.decoys.append("cold front")
    night = np.asarray((hour < 5) | (hour > 22), dtype=np.float64)
    setpoint = np.clip(38 + 0.75 * (12 - outdoor) - 3 * night, 34, 54)
    extra = np.zeros(n)
    if "setpoint-raised" in case.decoys:
        at = case.moment("setpoint-raised")
        setpoint = setpoint + 3 * (case.t >= at)
        note(run, at, "HP-1", "AV-162 Supply Setpoint offset +3.0 written by facilities")
        run.decoys.append("heating curve raised by 3 K")
    if "hot-water-cycle" in case.decoys:
        at = case.moment("hot-water-cycle")
        pulse = case.pulse(at, 1.5 * HOUR_S, edge_s=900)
        setpoint, extra = setpoint + 5 * pulse, 60 * pulse
        note(run, at, "HP-1", "BV-165 DHW Disinfection start by schedule")
        run.decoys.append("hot water disinfection")
    if "strainer-rinsed" in case.decoys:
        work(
            run,
            case.moment("strainer-rinsed"),
            "SWP-1",
            "source strainer rinsed during operation, no findings",
        )
        run.decoys.append("strainer rinsed")
    heat = 55 + 11 * np.clip(16 - outdoor, 0, 22) - 20 * night + extra + wander(rng, n, sigma=5, memory=8)
    heat = lagged(np.clip(heat, 112, 298), case.span.step_s, 900)
    setpoint = lagged(np.round(setpoint, 1), case.span.step_s, 60)
    source = (
        10.5
        + 0.3 * mild
        + 0.3 * np.sin(2 * np.pi * (hour - 11) / 24)
        + wander(case.rng("well"), n, sigma=0.15, memory=150)
    )
    back = setpoint - heat / (SINK_KG_S * 4.19)
    return {
        "outdoor": outdoor,
        "setpoint": setpoint,
        "heat": heat,
        "source": np.clip(source, 9, 16),
        "return": np.clip(back, 28, 46),
    }


def _cycle(case: Case, way: float) -> dict[str, float]:
    """What the cycle is solved with when the failure is fully there (1), not there (0) or the other way round (-1)."""
    parts = {
        "evaporator": 1.0,
        "condenser": 1.0,
        "efficiency": EFFICIENCY,
        "superheat": SUPERHEAT_K,
        "source": 1.0,
        "sink": 1.0,
    }
    if way == 0 or case.fault == "none":
        return parts
    fault, victim = case.fault, case.victim
    if fault == "fouling":
        parts["condenser" if victim == "COND-1" else "evaporator"] = case.by_strength(0.8, 0.65, 0.45)
    elif fault in ("pump-wear", "strainer-blocked"):
        parts["source" if victim == "SWP-1" else "sink"] = 1 - case.by_strength(0.15, 0.3, 0.5)
    elif fault == "valve-stuck":
        parts["superheat"] = 9.0 if way > 0 else 1.5
    elif fault == "refrigerant-loss":
        parts |= {
            "superheat": SUPERHEAT_K + case.by_strength(1, 2.5, 4),
            "evaporator": case.by_strength(0.88, 0.72, 0.55),
        }
    elif fault == "compressor-wear":
        parts["efficiency"] = case.by_strength(0.69, 0.62, 0.52)
    return parts


@lru_cache(maxsize=16)
def _surface(**parts: float) -> dict[str, Any]:
    """Interpolators of the cycle's values over source temperature, return temperature and heat."""
    from scipy.interpolate import RegularGridInterpolator

    places = [
        (i, j, k) for i in (1, 0, 2) for j in (1, 0, 2) for k in (2, 1, 0)
    ]  # each solution starts from the one before
    solved = np.empty((len(SOURCE_C), len(RETURN_C), len(HEAT_KW), len(OUT)))
    points = [(SOURCE_C[i], RETURN_C[j], HEAT_KW[k]) for i, j, k in places]
    for place, values in zip(places, _solve(points, parts), strict=True):
        solved[place] = values
    axes = (SOURCE_C, RETURN_C, HEAT_KW)
    return {name: RegularGridInterpolator(axes, solved[..., k]) for k, name in enumerate(OUT)}


def _solve(
    points: Iterable[tuple[float, float, float]], parts: dict[str, float]
) -> Iterable[tuple[float, ...]]:
    """TESPy's solution at each point; raises SourceError where there is none."""
    from tespy.components import Compressor, Condenser, CycleCloser, HeatExchanger, Sink, Source, Valve
    from tespy.connections import Connection
    from tespy.networks import Network

    network = Network(iterinfo=False)
    network.units.set_defaults(
        temperature="degC", pressure="bar", enthalpy="kJ/kg", mass_flow="kg/s", heat="kW", power="kW"
    )
    closer, condenser, evaporator = CycleCloser("closer"), Condenser("condenser"), HeatExchanger("evaporator")
    valve, compressor = Valve("valve"), Compressor("compressor")
    source, drain, back, out = Source("well"), Sink("drain"), Source("return"), Sink("supply")
    liquid = Connection(condenser, "out1", closer, "in1")
    suction, discharge = (
        Connection(evaporator, "out2", compressor, "in1"),
        Connection(compressor, "out1", condenser, "in1"),
    )
    well, spent = Connection(source, "out1", evaporator, "in1"), Connection(evaporator, "out1", drain, "in1")
    cold, warm = Connection(back, "out1", condenser, "in2"), Connection(condenser, "out2", out, "in1")
    network.add_conns(
        liquid, Connection(closer, "out1", valve, "in1"), Connection(valve, "out1", evaporator, "in2"),
        suction, discharge, well, spent, cold, warm,
    )  # fmt: skip
    condenser.set_attr(pr1=1, pr2=0.98, ttd_u=4, Q=-300)
    evaporator.set_attr(pr1=0.98, pr2=1, ttd_l=5)
    compressor.set_attr(eta_s=EFFICIENCY)
    suction.set_attr(fluid={"R134a": 1}, td_dew=SUPERHEAT_K)
    well.set_attr(fluid={"water": 1}, T=12, p=2)
    cold.set_attr(fluid={"water": 1}, T=40, p=3)
    spent.set_attr(T=7)
    warm.set_attr(T=50)
    network.solve("design")  # a start from which the points below converge
    spent.set_attr(T=None)
    warm.set_attr(T=None)
    condenser.set_attr(ttd_u=None, kA=DESIGN_KA[1] * parts["condenser"])
    evaporator.set_attr(ttd_l=None, kA=DESIGN_KA[0] * parts["evaporator"])
    compressor.set_attr(eta_s=parts["efficiency"])
    suction.set_attr(td_dew=parts["superheat"])
    well.set_attr(m=SOURCE_KG_S * parts["source"])
    cold.set_attr(m=SINK_KG_S * parts["sink"])
    before = (12.0, 40.0, 300.0)
    for wanted in points:
        for part in (0.5, 1.0):  # half way first: large steps do not always converge
            at, back_c, kw = (a + part * (b - a) for a, b in zip(before, wanted, strict=True))
            well.set_attr(T=at)
            cold.set_attr(T=back_c)
            condenser.set_attr(Q=-kw)
            network.solve("design")
        before = wanted
        if network.status != 0:
            raise SourceError(
                f"tespy found no solution at source {at:g}, return {back_c:g} degC and {kw:g} kW."
            )
        yield (
            compressor.P.val, discharge.p.val, suction.p.val, discharge.T.val, suction.T.val, spent.T.val, warm.T.val,
            suction.m.val, suction.m.val * suction.v.val,
        )  # fmt: skip


def _dew(bar: Floats) -> Floats:
    """Dew temperature of R134a in degC, between values of CoolProp."""
    from CoolProp.CoolProp import PropsSI

    grid = np.linspace(0.8, 6.0, 24)
    dew = np.array([PropsSI("T", "P", p * 1e5, "Q", 1, "R134a") - 273.15 for p in grid])
    return np.asarray(np.interp(bar, grid, dew), dtype=np.float64)
