"""A town's water: river works with pump, lake works with pump, three tanks, five metered districts.

The network is EPANET's example Net3 (97 nodes, Rossman 2000), which wntr brings along; wntr solves its hydraulics with
pressure-dependent demands (Wagner 1988) and leaks through an orifice. Added here: daily demand, faults in stages, instruments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aitia.lab.machines.case import HOUR_S, Case, Floats, Reply, Run, Span, wander
from aitia.lab.machines.historian import Style
from aitia.lab.machines.journal import Alarm, Habits
from aitia.lab.machines.machine import Machine, healthy, note, work
from aitia.lab.machines.sensors import Tag, drift, offset, point, stuck
from aitia.lab.words import Failure

if TYPE_CHECKING:
    from wntr.network import WaterNetworkModel

STEP_S = 300.0
ALL = ("weak", "medium", "strong")
# District: its junctions by Net3's coordinates, the node whose pipe breaks, its main, its two pressure loggers.
DISTRICTS: dict[str, tuple[str, str, tuple[str, str]]] = {
    "DMA-NE": ("151", "131", ("131", "151")),
    "DMA-S": ("251", "229", ("211", "247")),
    "DMA-E": ("217", "247", ("215", "219")),
    "DMA-C": ("191", "175", ("189", "191")),
    "DMA-W": ("109", "123", ("109", "119")),
}
MAINS = {f"XV-{main}": (main, district) for district, (_, main, _) in DISTRICTS.items() if main != "123"}
PUMPS = {"PU-335": "335", "PU-10": "10"}
TANKS = {"TK-1": "1", "TK-2": "2", "TK-3": "3"}
PRESSURES = {f"PT-{node}": (node, d) for d, (_, _, nodes) in DISTRICTS.items() for node in nodes}
WORKS = {
    "15": 0.035,
    "35": 0.10,
    "203": 0.26,
    "123": 0.06,
}  # m3/s that large customers take, as in Net3's own patterns
WEAR = (0.05, 0.12, 0.25)  # share of a pump's head that is lost in the end
USUAL = {"131": 0.10, "229": 0.27, "247": 0.01, "175": 0.38}  # m3/s through the mains
KICK = {"XV-131": "DMA-NE", "XV-229": "DMA-S", "XV-247": "DMA-E", "XV-175": "DMA-C"}


def _tags() -> tuple[Tag, ...]:
    return (
        *(
            point(name, "PV", f"p{node}", "mWC", 0.08, 0.1, deadband=0.25)
            for name, (node, _) in PRESSURES.items()
        ),
        *(
            point(f"FT-{main}", "PV", f"q{main}", "l/s", 0.8, 0.1, lag_s=60, deadband=1.0)
            for main, _ in MAINS.values()
        ),
        *(
            point(name.replace("TK", "LT"), "PV", f"l{n}", "m", 0.008, 0.01, deadband=0.02)
            for name, n in TANKS.items()
        ),
        *(
            tag
            for name, link in PUMPS.items()
            for tag in (
                point(name, "FLOW.PV", f"q{link}", "l/s", 0.8, 0.1, deadband=1.0),
                point(name, "HEAD.PV", f"h{link}", "mWC", 0.1, 0.1, deadband=0.2),
                point(name, "POWER.PV", f"w{link}", "kW", 1.0, 0.1, deadband=1.5),
                point(name, "RUN", f"r{link}", "", 0.0, 1, deadband=0.5),
            )
        ),
    )


def _components() -> tuple[dict[str, Any], ...]:
    def entry(name: str, kind: str, *links: tuple[str, str], alias: str = "") -> dict[str, Any]:
        told: dict[str, Any] = {"id": name, "type": kind}
        if alias:
            told["aliases"] = [alias]
        return told | {"links": [{"relation": r, "to": to} for r, to in links]}

    return (
        entry("PU-335", "machine", ("feeds", "TK-3"), ("feeds", "DMA-W"), alias="river works pump"),
        entry("PU-10", "machine", ("feeds", "DMA-W"), alias="lake works pump"),
        entry("TK-1", "asset", ("feeds", "DMA-C")),
        entry("TK-2", "asset", ("feeds", "DMA-S")),
        entry("TK-3", "asset", ("feeds", "DMA-NE")),
        entry("DMA-W", "asset", ("feeds", "DMA-NE"), ("feeds", "DMA-C"), alias="west district"),
        entry("DMA-NE", "asset", alias="north-east district"),
        entry("DMA-C", "asset", ("feeds", "DMA-S"), alias="centre district"),
        entry("DMA-S", "asset", ("feeds", "DMA-E"), alias="south district"),
        entry("DMA-E", "asset", alias="east district"),
        *(entry(name, "part", ("part_of", KICK[name]), alias=f"main {m}") for name, (m, _) in MAINS.items()),
        *(entry(f"FT-{m}", "channel", ("part_of", name)) for name, (m, _) in MAINS.items()),
        *(entry(name, "channel", ("part_of", d)) for name, (_, d) in PRESSURES.items()),
        *(entry(name.replace("TK", "LT"), "channel", ("part_of", name)) for name in TANKS),
    )


class Water(Machine):
    """A town's water network."""

    name = "water"
    title = "District water network with two pumps, three tanks and five metered districts"
    packages: ClassVar = {"wntr": "wntr"}
    failures: ClassVar = (
        healthy(),
        Failure(id="leak", title="a pipe of a district breaks", family="leak", victims=tuple(DISTRICTS), strengths=ALL),
        Failure(id="pump-wear", title="a pump loses head over hours", family="pump", victims=tuple(PUMPS), strengths=ALL),
        Failure(id="pump-trip", title="a pump stops and stays off", family="pump", victims=tuple(PUMPS), strengths=("strong",)),
        Failure(id="valve-closed", title="a main's valve stays (partly) closed", family="valve", victims=tuple(MAINS), strengths=ALL),
        Failure(id="blockage", title="a main clogs over hours", family="blockage", victims=tuple(MAINS), strengths=ALL),
        Failure(id="pressure-drift", title="a pressure transmitter drifts", family="sensor", victims=tuple(PRESSURES), strengths=ALL),
        Failure(id="pressure-bias", title="a pressure transmitter jumps", family="sensor", victims=tuple(PRESSURES), strengths=ALL),
        Failure(id="level-stuck", title="a tank's level transmitter freezes", family="sensor", victims=("LT-1", "LT-2", "LT-3")),
    )  # fmt: skip
    decoys = ("demand-surge", "main-flushing", "filter-backwash")
    span = Span(before_h=48, after_h=10, step_s=STEP_S, lead_h=4, tail_h=1)
    style = Style(
        file="historian.csv.gz", layout="long", zone="UTC", time="%Y-%m-%d %H:%M:%S",
        columns=("DateTime", "TagName", "Point", "Value", "Quality", "EngUnits"), quality=("192", "0"),
    )  # fmt: skip
    habits = Habits(
        journal="scada.log", line="{time} {level:<5} [{component}] {text}", levels=("EVENT", "ALARM"),
        people=("op.miller", "op.sanchez", "op.webb"), acknowledged="ACK by {who}", cleared="RTN {words}",
    )  # fmt: skip
    tags = _tags()
    alarms = (
        *(Alarm(component=name, name="PV", words="LOW PRESSURE", below=low, hold_s=1_200)
          for name, low in (("PT-131", 41.0), ("PT-151", 30.5), ("PT-211", 36.0), ("PT-247", 34.0), ("PT-215", 36.0),
                            ("PT-219", 36.0), ("PT-189", 37.5), ("PT-191", 31.0), ("PT-109", 32.5), ("PT-119", 39.0))),
        Alarm(component="LT-1", name="PV", words="LEVEL LOW", below=4.2, hold_s=900),
        Alarm(component="LT-2", name="PV", words="LEVEL LOW", below=6.3, hold_s=900),
        Alarm(component="LT-3", name="PV", words="LEVEL LOW", below=7.3, hold_s=900),
        Alarm(component="LT-3", name="PV", words="LEVEL HIGH", above=10.7, hold_s=900),
    )  # fmt: skip
    components = _components()
    routine = (
        ("PU-335", "vibration round and regreasing, all normal"), ("PU-10", "mechanical seal inspected, 2 drops/min"),
        ("DMA-W", "hydrant survey, 14 hydrants"), ("DMA-S", "service line renewed, 3 h interruption announced"),
        ("LT-2", "level transmitter compared with staff gauge, 1 cm"), ("PT-151", "logger battery changed"),
        ("XV-229", "valve exercised, 22 turns"), ("TK-1", "tank inspection from the roof hatch"),
    )  # fmt: skip
    complaints = (
        ("Night balance higher than usual", "Shift lead: water balance of the town does not look as usual, please look.", ""),
        ("Customers call about pressure", "Several callers say that the pressure is not as usual today.", ""),
        ("Works output looks odd", "The duty engineer asks whether the river works runs normally.", "PU-335"),
    )  # fmt: skip

    def simulate(self, case: Case) -> Run:
        """Hydraulics in stages: before the onset, and every half hour of a failure that grows."""
        run = Run(signals={})
        wn = _network(case)
        _surges(case, run, wn)
        cut = [float(case.t[int(np.searchsorted(case.t, case.onset))] - case.start)]
        cut += [cut[0] + 1_800.0 * k for k in range(1, 9)]
        pieces, health = [_solve(wn, cut[0] - STEP_S, {})], dict[str, float]()
        for stage, until in enumerate([*(c - STEP_S for c in cut[1:]), float(case.t[-1] - case.start)]):
            _break(case, wn, stage, (stage + 1) / 9)
            if case.fault == "pump-wear":
                health[PUMPS[case.victim]] = 1.0 - case.by_strength(*WEAR) * (stage + 1) / 9
            pieces.append(_solve(wn, until, health))
        for key in pieces[0]:
            run.signals[key] = np.concatenate([piece[key] for piece in pieces])[: case.t.size]
        self._instruments(case, run)
        return run

    def _instruments(self, case: Case, run: Run) -> None:
        victim = case.victim
        signal = f"l{victim[3:]}" if victim.startswith("LT") else f"p{victim[3:]}"
        if case.fault == "pressure-drift":
            run.effects[signal] = drift(case, -case.by_strength(0.4, 0.9, 2.0))
        if case.fault == "pressure-bias":
            run.effects[signal] = offset(case, -case.by_strength(1.5, 4.0, 9.0))
        if case.fault == "level-stuck":
            run.effects[signal] = stuck(case)

    def reply(self, case: Case) -> Reply:
        """Where and what; a closed valve and a clogged main are the same to instruments."""
        victim, fault = case.victim, case.fault
        if fault == "leak":
            others = tuple((name, "machine.leak") for name, (_, d) in MAINS.items() if d == victim)
            return Reply(component=victim, fault="machine.leak", alternatives=others,
                         why="Flow into the district rises, its pressures and the tanks' levels fall more than at that hour before.")  # fmt: skip
        if fault.startswith("pump"):
            return Reply(
                component=victim,
                fault="machine.pump",
                why="The pump gives less head and flow, or none, while it is asked for.",
            )
        if fault in ("valve-closed", "blockage"):
            kinds = ("machine.valve", "machine.blockage")
            first = kinds[fault == "blockage"]
            district = MAINS[victim][1]
            others = (
                (victim, kinds[fault != "blockage"]),
                (district, first),
                (district, kinds[fault != "blockage"]),
            )
            return Reply(component=victim, fault=first, alternatives=others,
                         why="The main carries less while pressure behind it falls; closed or clogged cannot be told apart.")  # fmt: skip
        kind = {
            "pressure-drift": "sensor.drift",
            "pressure-bias": "sensor.bias",
            "level-stuck": "sensor.stuck",
        }[fault]
        return Reply(component=victim, fault=kind, alternatives=((victim, "sensor"),),
                     why="One instrument leaves its neighbours, whose flows and pressures do not move.")  # fmt: skip


def _network(case: Case) -> WaterNetworkModel:
    """Net3 with level control of the river pump, daily hours of the lake pump, and demand of every district by the clock."""
    import wntr
    from wntr.network import LinkStatus
    from wntr.network.controls import Control, ControlAction, SimTimeCondition, ValueCondition

    wn = wntr.network.WaterNetworkModel("Net3")
    for name in list(wn.control_name_list):
        wn.remove_control(name)
    tank, pump, bypass, lake = (wn.get_node("1"), wn.get_link("335"), wn.get_link("330"), wn.get_link("10"))
    on, off = LinkStatus.Open, LinkStatus.Closed
    rng = case.rng("setpoints")
    low, high = 5.1 + float(rng.uniform(0, 0.3)), 5.6 + float(rng.uniform(0, 0.2))
    bypass.initial_status = (
        off  # the river's level alone would fill the tanks, and the pump would rest for days
    )
    for sign, level, to in (("<", low, on), (">", high, off)):
        condition = ValueCondition(tank, "level", sign, level)
        wn.add_control(f"river{to.name}", Control(condition, ControlAction(pump, "status", to)))
    lake.initial_status = off if 1.0 <= case.start % (24 * HOUR_S) / HOUR_S < 4.0 else on
    for day in range(5):
        for hour, to in ((4.0, on), (1.0, off)):
            at = day * 24 * HOUR_S + hour * HOUR_S - case.start % (24 * HOUR_S)
            if at > 0:
                condition = SimTimeCondition(wn, "=", round(at / STEP_S) * STEP_S)
                wn.add_control(
                    f"10{'on' if to == on else 'off'}{day}",
                    Control(condition, ControlAction(lake, "status", to)),
                )
    wn.options.time.hydraulic_timestep = wn.options.time.report_timestep = (
        wn.options.time.pattern_timestep
    ) = STEP_S
    wn.options.hydraulic.demand_model = "PDD"
    wn.options.hydraulic.required_pressure, wn.options.hydraulic.minimum_pressure = 15.0, 0.0
    for district, shape in _demand(case).items():
        wn.add_pattern(district, [float(x) for x in shape])
    for name, junction in wn.junctions():
        need = junction.demand_timeseries_list[0]
        need.pattern_name = "works" if name in WORKS else _district(wn, name)
        need.base_value = WORKS.get(name, need.base_value)
    return wn


def _district(wn: WaterNetworkModel, name: str) -> str:
    """The district whose loggers are nearest on the map."""
    x, y = wn.get_node(name).coordinates

    def away(district: str) -> float:
        nodes = [wn.get_node(n).coordinates for n in DISTRICTS[district][2]]
        return min(float((x - a) ** 2 + (y - b) ** 2) for a, b in nodes)

    return min(DISTRICTS, key=away)


def _demand(case: Case) -> dict[str, Floats]:
    """Two peaks a day, a quiet night, weekends later, and each district's own noise."""
    hour = case.hour_of_day()
    weekend = (case.t // 86_400 + 3) % 7 >= 5
    morning = np.where(weekend, 9.5, 7.5)
    curve = (
        0.55 + 0.75 * np.exp(-(((hour - morning) / 2.0) ** 2)) + 0.6 * np.exp(-(((hour - 19.0) / 2.6) ** 2))
    )
    curve += 0.3 * np.exp(-(((hour - 13.0) / 3.5) ** 2))
    shapes = {}
    for district in DISTRICTS:
        rng = case.rng("demand", district)
        slow = wander(rng, case.t.size, sigma=0.05, memory=60)
        quick = wander(rng, case.t.size, sigma=0.03, memory=2)
        shapes[district] = np.maximum(0.15, curve * float(rng.uniform(0.9, 1.1)) + slow + quick)
    slow = wander(case.rng("demand", "works"), case.t.size, sigma=0.05, memory=40)
    return shapes | {"works": 0.8 + 0.25 * ((hour > 6) & (hour < 22)) + slow}


def _surges(case: Case, run: Run, wn: WaterNetworkModel) -> None:
    """Harmless things: a large customer, a flushed main, the lake works' filters washed."""
    rng = case.rng("surges")
    for decoy in case.decoys:
        at = case.moment(decoy)
        district = str(rng.choice(list(DISTRICTS)))
        node = DISTRICTS[district][0]
        if decoy == "demand-surge":
            liters, seconds = float(rng.uniform(8, 16)), 3 * HOUR_S
            note(run, at - 600, district, "fire brigade takes water from hydrants, exercise until evening")
        elif decoy == "main-flushing":
            liters, seconds = float(rng.uniform(10, 20)), 1_800.0
            work(run, at - 900, district, "flushing of dead ends at two hydrants, 30 min")
            note(run, at, district, "flushing crew on site")
        else:
            liters, seconds = 0.0, 0.0
            from wntr.network import LinkStatus
            from wntr.network.controls import Control, ControlAction, SimTimeCondition

            for k, (when, to) in enumerate(((at, LinkStatus.Closed), (at + 2_700, LinkStatus.Open))):
                condition = SimTimeCondition(wn, "=", round((when - case.start) / STEP_S) * STEP_S)
                wn.add_control(
                    f"backwash{k}", Control(condition, ControlAction(wn.get_link("10"), "status", to))
                )
            work(run, at - 1_200, "PU-10", "filter backwash at the lake works, pump off for 45 min")
        if liters:
            wn.add_pattern(decoy, [float(x) for x in case.pulse(at, seconds, edge_s=STEP_S)])
            wn.get_node(node).add_demand(liters / 1_000, decoy)
        run.decoys.append(f"{decoy} at {district if decoy != 'filter-backwash' else 'PU-10'}")


def _break(case: Case, wn: WaterNetworkModel, stage: int, share: float) -> None:
    """What has failed so far; `share` is how far a growing failure has come."""
    from wntr.network import LinkStatus

    fault, victim = case.fault, case.victim
    if fault == "leak" and stage == 0:
        area = case.by_strength(4e-4, 1e-3, 2.5e-3)  # 8, 21 and 52 l/s at 40 m
        wn.get_node(DISTRICTS[victim][0]).add_leak(
            wn, area=area, discharge_coeff=0.75, start_time=wn.sim_time
        )
    elif fault == "pump-wear":
        loss = case.by_strength(*WEAR)  # a ninth more each stage
        pump = wn.get_link(PUMPS[victim])
        curve = wn.get_curve(pump.pump_curve_name)
        curve.points = [(q, h * (1 - loss * share) / (1 - loss * stage / 9)) for q, h in curve.points]
    elif fault == "pump-trip" and stage == 0:
        for name in list(wn.control_name_list):
            link = wn.get_control(name)._then_actions[0]._target_obj.name
            if link == PUMPS[victim]:
                wn.remove_control(name)
        pump = wn.get_link(PUMPS[victim])
        pump._user_status = pump.initial_status = LinkStatus.Closed
    elif fault == "valve-closed" and stage == 0:
        _throttle(wn, MAINS[victim][0], case.by_strength(3.0, 9.0, 3_000.0))
    elif fault == "blockage":
        _throttle(wn, MAINS[victim][0], case.by_strength(3.0, 8.0, 25.0) * share**2)


def _throttle(wn: WaterNetworkModel, main: str, head: float) -> None:
    """A minor loss in a main that takes so many metres of head at its usual flow: h = K v^2 / 2g."""
    pipe = wn.get_link(main)
    v = USUAL[main] / (np.pi / 4 * pipe.diameter**2)
    pipe.minor_loss = head * 2 * 9.81 / v**2


def _solve(wn: WaterNetworkModel, until: float, health: dict[str, float]) -> dict[str, Floats]:
    """Run on to `until` seconds; a paused simulation goes on with the network as it is then.

    `health` of a worn pump is the share of its efficiency that is left: what it loses in head it draws all the same.
    """
    from wntr.sim import WNTRSimulator

    wn.options.time.duration = until
    found = WNTRSimulator(wn).run_sim()
    node, link = found.node, found.link
    told: dict[str, Floats] = {}
    for name, _ in PRESSURES.values():
        told[f"p{name}"] = node["pressure"][name].to_numpy()
    for name in TANKS.values():
        told[f"l{name}"] = node["pressure"][name].to_numpy()
    for name, _ in MAINS.values():
        told[f"q{name}"] = np.abs(link["flowrate"][name].to_numpy()) * 1_000
    for name in PUMPS.values():
        pump = wn.get_link(name)
        flow = np.maximum(0.0, link["flowrate"][name].to_numpy())
        lift = node["head"][pump.end_node_name].to_numpy() - node["head"][pump.start_node_name].to_numpy()
        told[f"q{name}"], told[f"r{name}"] = flow * 1_000, (flow > 1e-4).astype(float)
        told[f"h{name}"] = np.where(flow > 1e-4, lift, 0.0)
        told[f"w{name}"] = (
            9.81 * flow * told[f"h{name}"] / (0.74 * health.get(name, 1.0))
        )  # kW; pump and motor
    return told
