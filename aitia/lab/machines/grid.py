"""A medium-voltage grid: two transformers with tap changers, feeders, loads, sun and wind over days.

The network is CIGRE's European MV benchmark (Rudion et al. 2006) as pandapower brings it along; pandapower solves its power flow at
every step. Added here: load by the clock, voltage control of the taps, oil temperature (IEC 60076-7:2018, exponential form),
failures, instruments.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from aitia.lab.machines.case import HOUR_S, Case, Floats, Reply, Run, Span, lagged, wander
from aitia.lab.machines.historian import Style
from aitia.lab.machines.journal import Alarm, Habits
from aitia.lab.machines.machine import Machine, healthy, note, work
from aitia.lab.machines.sensors import Tag, point, stuck
from aitia.lab.words import Failure

ALL = ("weak", "medium", "strong")
NODES = (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14)
LINES = {
    "L01-02": 0, "L03-04": 2, "L04-05": 3, "L03-08": 9, "L08-09": 6, "L09-10": 7, "L12-13": 10, "L13-14": 11
}  # fmt: skip
BEHIND = {"L04-05": 5, "L03-08": 8, "L08-09": 9, "L12-13": 13}  # the first node after the line
BREAKERS = {"F1": 0, "F2": 10}  # feeder: its first line
TRANSFORMERS = {"T1": 0, "T2": 1}
PV_TIMES = 12.0  # the benchmark's roofs are of 2006
TARGET, BAND, TAP_PERCENT = 1.02, 0.0125, 1.25
OIL_RISE, LOSS_RATIO, OIL_EXPONENT, OIL_TAU_S = 52.0, 6.0, 0.8, 10_800.0  # IEC 60076-7, Table 4, large, ON
POWER_FACTOR, LOADS, LOAD_TIMES = 0.94, 18, 1.25


def _node(n: int) -> str:
    return f"N{n:02d}"


def _tags() -> tuple[Tag, ...]:
    volt, amp, watt, var = "MMXU1.PPV.phsAB", "MMXU1.A.phsA", "MMXU1.TotW", "MMXU1.TotVAr"
    return (
        *(point(_node(n), volt, f"v{n}", "kV", 0.008, 0.01, deadband=0.03) for n in NODES),
        *(point(name, amp, name, "A", 0.3, 0.1, deadband=0.5) for name in LINES),
        *(point(name, watt, f"{name}p", "MW", 0.02, 0.01, deadband=0.05) for name in TRANSFORMERS),
        *(point(name, var, f"{name}q", "Mvar", 0.02, 0.01, deadband=0.05) for name in TRANSFORMERS),
        *(point(name, "YLTC1.TapPos", f"{name}tap", "", 0.0, 1, deadband=0.5) for name in TRANSFORMERS),
        *(point(name, "STMP1.Tmp", f"{name}oil", "degC", 0.15, 0.1, deadband=0.2, lag_s=300) for name in TRANSFORMERS),
        *(point(name, "XCBR1.Pos.stVal", name, "", 0.0, 1, deadband=0.5) for name in BREAKERS),
        *(point(name, watt, name, "MW", 0.004, 0.001, deadband=0.01) for name in ("WKA07", "PV08")),
        point("SS1", "MMET1.EnvTmp", "air", "degC", 0.1, 0.1, deadband=0.2),
    )  # fmt: skip


def _components() -> tuple[dict[str, Any], ...]:
    feeds = {
        "T1": ["N01"], "T2": ["N12"], "N01": ["F1"], "F1": ["L01-02"], "L01-02": ["N03"], "N03": ["L03-04", "L03-08"],
        "L03-04": ["N04"], "N04": ["L04-05"], "L04-05": ["N05"], "N05": ["N06"], "L03-08": ["N08"], "N08": ["L08-09", "N07"],
        "L08-09": ["N09"], "N09": ["L09-10"], "L09-10": ["N10"], "N10": ["N11"], "N12": ["F2"], "F2": ["L12-13"],
        "L12-13": ["N13"], "N13": ["L13-14"], "L13-14": ["N14"], "WKA07": ["N07"], "PV08": ["N08"],
    }  # fmt: skip
    names = {"SS1": "substation 1", "T1": "transformer 1", "T2": "transformer 2", "F1": "bay feeder 1", "F2": "bay feeder 2",
             "WKA07": "wind turbine", "PV08": "solar field"}  # fmt: skip
    ids = [*TRANSFORMERS, *BREAKERS, *map(_node, NODES), *LINES, "WKA07", "PV08"]
    inside = ("T1", "T2", "F1", "F2")
    machines = ("T1", "T2", "WKA07", "PV08")
    return (
        {"id": "SS1", "type": "asset", "aliases": [names["SS1"]]},
        *(
            {
                "id": i, "type": "machine" if i in machines else "asset",
                **({"aliases": [names[i]]} if i in names else {}),
                "links": [{"relation": "feeds", "to": to} for to in feeds.get(i, ())]
                + ([{"relation": "part_of", "to": "SS1"}] if i in inside else []),
            }
            for i in ids
        ),
    )  # fmt: skip


class Grid(Machine):
    """A medium-voltage grid."""

    name = "grid"
    title = "20 kV grid with two transformers, two feeders, sun and wind"
    packages: ClassVar = {"pandapower": "pandapower"}
    failures: ClassVar = (
        healthy(),
        Failure(id="line-outage", title="protection takes a line out", family="line", victims=tuple(BEHIND), strengths=("strong",)),
        Failure(id="line-leakage", title="a high-resistance short on a line", family="line", victims=tuple(BEHIND), strengths=ALL),
        Failure(id="breaker-opened", title="an operator opens the wrong breaker", family="operator_error", victims=tuple(BREAKERS), strengths=("strong",)),
        Failure(id="transformer-overload", title="a new customer overloads a transformer", family="transformer", victims=("T1", "T2"), strengths=ALL),
        Failure(id="transformer-cooling", title="a transformer's fans stop", family="thermal", victims=("T1", "T2"), strengths=ALL),
        Failure(id="tap-stuck", title="a tap changer does not move any more", family="transformer", victims=("T1", "T2")),
        Failure(id="turbine-trip", title="the wind turbine disconnects", family="control", victims=("WKA07",), strengths=("strong",)),
        Failure(id="meter-stuck", title="a node's voltmeter freezes", family="sensor", victims=tuple(_node(n) for n in (3, 6, 8, 11, 14))),
        Failure(id="meter-ratio", title="a line's ammeter has the wrong ratio", family="sensor", victims=("L03-04", "L08-09", "L13-14"), strengths=ALL),
    )  # fmt: skip
    decoys = ("cloud-front", "ring-switching", "factory-start")
    span = Span(before_h=48, after_h=10, step_s=600, lead_h=4, tail_h=1)
    style = Style(
        file="measurements.parquet", layout="long", columns=("ts", "ied", "ref", "val", "q", "unit"), quality=("good", "invalid"),
    )  # fmt: skip
    habits = Habits(
        journal="event-list.log", line="{time} {component} {level} {text}", levels=("evt", "ALM"),
        raised="{words}: {name}={value:g} limit={limit:g}", cleared="{words}: reset", acknowledged="{words}: ack user={who}",
        people=("dispatch1", "dispatch2"),
    )  # fmt: skip
    tags = _tags()
    alarms = (
        *(Alarm(component=_node(n), name="MMXU1.PPV.phsAB", words="undervoltage", below=18.9, hold_s=600) for n in NODES),
        *(Alarm(component=_node(n), name="MMXU1.PPV.phsAB", words="overvoltage", above=21.4, hold_s=600) for n in NODES),
        *(Alarm(component=t, name="STMP1.Tmp", words="oil temperature high", above=80.0, hold_s=600) for t in TRANSFORMERS),
        *(Alarm(component=t, name="MMXU1.TotW", words="load high", above=24.0, hold_s=900) for t in TRANSFORMERS),
    )  # fmt: skip
    components = _components()
    routine = (
        ("T1", "oil sample taken, dissolved gases normal"), ("T2", "silica gel renewed"), ("F1", "protection test, stage 1 and 2"),
        ("L12-13", "trees cut along the line, section 4"), ("WKA07", "yearly service, blades inspected"),
        ("N08", "secondary substation cleaned"), ("T1", "tap changer: 41 230 operations, next overhaul at 80 000"),
    )  # fmt: skip
    complaints = (
        ("Customers report flicker", "Two customers called about the voltage, no fuse blown.", ""),
        ("State estimator has a high residual", "The dispatcher sees a residual in the estimate of the 20 kV grid.", "SS1"),
        ("Grid does not look as usual", "Hand-over: please look at substation 1, picture differs from yesterday.", "SS1"),
    )  # fmt: skip

    def simulate(self, case: Case) -> Run:
        """A power flow at every step; the taps follow the voltage of the step before."""
        import pandapower as pp

        run = Run(signals={})
        net, base = _network()
        times = _profiles(case, run, base)
        oltc = {name: (i, (1, 12)[i]) for name, i in TRANSFORMERS.items()}
        n = case.t.size
        kept: dict[str, Floats] = {tag.signal: np.zeros(n) for tag in self.tags}
        step = _Steps(case, run, net)
        for i in range(n):
            usual = slice(0, LOADS - 1)  # a label's slice holds its end
            net.load.loc[usual, "p_mw"], net.sgen["p_mw"] = times["load"][i], times["sgen"][i]
            net.load.loc[usual, "q_mvar"] = times["load"][i] * np.tan(np.arccos(POWER_FACTOR))
            net.ext_grid["vm_pu"] = times["upper"][i]
            step.apply(i)
            pp.runpp(net, init="auto", calculate_voltage_angles=False, numba=step.numba)
            self._keep(net, kept, i)
            for name, (k, bus) in oltc.items():
                off = float(net.res_bus.vm_pu.at[bus]) - TARGET
                if abs(off) > BAND and not step.is_stuck(name, i):
                    place = int(net.trafo.at[k, "tap_pos"]) + (1 if off > 0 else -1)  # taps on the upper side
                    net.trafo.at[k, "tap_pos"] = min(9, max(-9, place))
        run.signals = kept
        self._oil(case, run, times["air"])
        if case.fault == "meter-stuck":
            run.effects[f"v{int(case.victim[1:])}"] = stuck(case)
        if case.fault == "meter-ratio":
            wrong = case.by_strength(0.15, 0.4, 1.0) * case.grown()
            run.effects[case.victim] = lambda value: value * (1 + wrong)
            work(run, case.onset - 900, case.victim, "current transducer exchanged")
        return run

    def _keep(self, net: Any, kept: dict[str, Floats], i: int) -> None:
        for n in NODES:
            kept[f"v{n}"][i] = np.nan_to_num(net.res_bus.vm_pu.at[n]) * 20.0
        for name, k in LINES.items():
            kept[name][i] = np.nan_to_num(net.res_line.i_ka.at[k]) * 1_000
        for name, k in TRANSFORMERS.items():
            kept[f"{name}p"][i], kept[f"{name}q"][i] = (
                net.res_trafo.p_hv_mw.at[k],
                net.res_trafo.q_hv_mvar.at[k],
            )
            kept[f"{name}tap"][i] = net.trafo.tap_pos.at[k]
        for name, k in BREAKERS.items():
            kept[name][i] = float(net.line.in_service.at[k])
        kept["WKA07"][i], kept["PV08"][i] = net.sgen.p_mw.at[8], net.sgen.p_mw.at[4]

    def _oil(self, case: Case, run: Run, air: Floats) -> None:
        """Top-oil temperature over the air's: rise x ((1 + R K^2) / (1 + R))^x with its time constant."""
        for name in TRANSFORMERS:
            mva = np.hypot(run.signals[f"{name}p"], run.signals[f"{name}q"])
            rise = OIL_RISE * ((1 + LOSS_RATIO * (mva / 25.0) ** 2) / (1 + LOSS_RATIO)) ** OIL_EXPONENT
            if case.fault == "transformer-cooling" and name == case.victim:
                rise = rise * (1 + case.by_strength(0.15, 0.35, 0.7) * case.grown())
            run.signals[f"{name}oil"] = air + lagged(rise, case.span.step_s, OIL_TAU_S)
        run.signals["air"] = air

    def reply(self, case: Case) -> Reply:
        """The asset, and what is the matter with it."""
        victim = case.victim
        behind = _node(BEHIND.get(victim, {"T1": 1, "T2": 12}.get(victim, 0)))
        line = {"F1": "L01-02", "F2": "L12-13"}.get(victim, "")
        same = ((victim, "machine"),)
        told: dict[str, tuple[str, tuple[tuple[str, str], ...], str]] = {
            "line-outage": ("machine.line", same, "Behind the line the voltage is gone, after its protection operated."),
            "line-leakage": ("machine.line", (*same, (behind, "machine.line")), "The current up to the line rises and the voltage behind it falls."),
            "breaker-opened": ("machine.switch", ((victim, "software.configuration"), (line, "machine.line")), "The breaker opened by a command, no protection picked up."),
            "turbine-trip": ("machine.generator", same, "Its power is gone in one step."),
            "meter-stuck": ("sensor.stuck", ((victim, "sensor"),), "Its neighbours move and it does not."),
            "meter-ratio": ("sensor.bias", ((victim, "sensor"),), "Its neighbours' currents do not agree with it."),
            "transformer-overload": ("machine.overload", (*same, (behind, "machine.overload")), "Its load is far above that of the days before."),
            "transformer-cooling": ("machine.cooling", same, "Its oil is warmer than load and air explain."),
            "tap-stuck": ("machine.tap_changer", same, "Its tap stands while the voltage leaves its band."),
        }  # fmt: skip
        kind, others, why = told[case.fault]
        return Reply(component=victim, fault=kind, alternatives=others, why=why)


class _Steps:
    """What fails, and when."""

    def __init__(self, case: Case, run: Run, net: Any) -> None:
        import importlib.util

        self.case, self.net = case, net
        self.grown = case.grown(7_200.0 if case.fault == "transformer-overload" else 0.0)
        self.numba = importlib.util.find_spec("numba") is not None
        self.extra: int | None = None
        self.ring = case.moment("ring-switching") if "ring-switching" in case.decoys else np.inf
        fault, victim, at = case.fault, case.victim, case.onset
        if np.isfinite(self.ring):
            work(run, self.ring - 1_800, "N14", "ring closed at N08 for two hours, work on cable end")
            note(run, self.ring, "N14", "disconnector S1 closed by remote command, user=dispatch2")
            note(run, self.ring + 7_200, "N14", "disconnector S1 opened by remote command, user=dispatch2")
            run.decoys.append("ring closed between N08 and N14 for two hours")
        if fault == "breaker-opened":
            note(run, at, victim, "XCBR1 open command executed, user=dispatch1")
        if fault == "line-outage":
            note(run, at + 1, victim, "PTOC1.Op operated phsB, line off")
        if fault == "turbine-trip":
            note(run, at + 2, "WKA07", "grid connection state: standby")
        if fault in ("line-leakage", "transformer-overload"):
            import pandapower as pp

            bus = BEHIND[victim] if fault == "line-leakage" else {"T1": 1, "T2": 12}[victim]
            self.extra = pp.create_load(net, bus, p_mw=0.0, q_mvar=0.0)

    def apply(self, i: int) -> None:
        """The network as it is at this step."""
        case, net = self.case, self.net
        net.switch.at[4, "closed"] = self.ring <= case.t[i] < self.ring + 7_200
        share = float(self.grown[i])
        if self.extra is not None:
            most = (
                case.by_strength(0.8, 2.0, 4.0)
                if case.fault == "line-leakage"
                else case.by_strength(4.0, 8.0, 12.0)
            )
            net.load.at[self.extra, "p_mw"], net.load.at[self.extra, "q_mvar"] = (
                share * most,
                share * most * 0.25,
            )
        if share > 0 and case.fault in ("line-outage", "breaker-opened"):
            net.line.at[{**BREAKERS, **LINES}[case.victim], "in_service"] = False
        if share > 0 and case.fault == "turbine-trip":
            net.sgen.at[8, "p_mw"] = 0.0

    def is_stuck(self, name: str, i: int) -> bool:
        """Whether this tap changer moves no more."""
        return self.case.fault == "tap-stuck" and self.case.victim == name and self.grown[i] > 0


def _network() -> tuple[Any, dict[str, Floats]]:
    """The benchmark with tap changers, more sun, and its usual loads."""
    import pandapower.networks

    net = pandapower.networks.create_cigre_network_mv(with_der="pv_wind")
    for column, value in (("tap_side", "hv"), ("tap_neutral", 0), ("tap_min", -9), ("tap_max", 9), ("tap_pos", 0),
                          ("tap_step_percent", TAP_PERCENT), ("tap_changer_type", "Ratio")):  # fmt: skip
        net.trafo[column] = value
    sgen = net.sgen.p_mw.to_numpy(dtype=np.float64).copy()
    sgen[:8] *= PV_TIMES
    return net, {
        "load": net.load.p_mw.to_numpy(dtype=np.float64).copy(),
        "sgen": sgen,
        "home": np.arange(18) < 10,
    }


def _profiles(case: Case, run: Run, base: dict[str, Floats]) -> dict[str, Floats]:
    """Loads and feed-in by step: homes with an evening peak, trade by day, sun with clouds, wind that wanders."""
    hour, n = case.hour_of_day(), case.t.size
    weekend = np.asarray((case.t // 86_400 + 3) % 7 >= 5, dtype=np.float64)
    home = (
        0.42
        + 0.22 * np.exp(-(((hour - 8) / 2.2) ** 2))
        + 0.42 * np.exp(-(((hour - 19.5) / 2.6) ** 2))
        + 0.05 * weekend
    )
    trade = 0.28 + 0.55 * (1 - 0.5 * weekend) / (1 + np.exp(-(hour - 7.2) * 2)) / (
        1 + np.exp((hour - 17.5) * 1.6)
    )
    load = np.empty((n, base["load"].size))
    for k in range(base["load"].size):
        rng = case.rng("load", str(k))
        shape = LOAD_TIMES * (home if base["home"][k] else trade) * float(rng.uniform(0.92, 1.08))
        load[:, k] = base["load"][k] * np.maximum(
            0.1, shape + wander(rng, n, sigma=0.02, memory=24) + 0.008 * rng.standard_normal(n)
        )
    clouds = np.clip(0.75 + wander(case.rng("clouds"), n, sigma=0.25, memory=10), 0.1, 1.0)
    if "cloud-front" in case.decoys:
        clouds = clouds * (1 - 0.85 * case.pulse(case.moment("cloud-front"), 3 * HOUR_S, edge_s=900))
        run.decoys.append("cloud front")
    if "factory-start" in case.decoys:
        at = case.moment("factory-start")
        load[:, 13] += 1.2 * case.pulse(at, 4 * HOUR_S, edge_s=600)
        note(run, at - 900, "N09", "customer announces start of kiln, 1.2 MW")
        run.decoys.append("kiln started at N09")
    sun = np.clip(np.sin(np.pi * (hour - 6) / 13), 0, None) ** 1.3 * clouds
    wind = np.clip(0.5 + wander(case.rng("wind"), n, sigma=0.25, memory=80), 0.12, 1.0)
    sgen = np.concatenate([sun[:, None] * base["sgen"][:8], wind[:, None] * base["sgen"][8:]], axis=1)
    warm = float(case.rng("season").uniform(4, 22))
    air = warm + 5 * np.sin(2 * np.pi * (hour - 9) / 24) + wander(case.rng("air"), n, sigma=0.8, memory=60)
    upper = (
        1.02
        + 0.012 * np.sin(2 * np.pi * (hour - 1) / 24)
        + wander(case.rng("upper"), n, sigma=0.012, memory=18)
    )
    return {"load": load, "sgen": sgen, "air": air, "upper": np.clip(upper, 0.97, 1.06)}
