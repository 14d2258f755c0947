"""A fan of a power station: overhung rotor on two bearings, its vibration from shaft.py, its process values and blocks of samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from aitia.lab.folder import write_yaml
from aitia.lab.machines import shaft
from aitia.lab.machines.case import HOUR_S, Case, Floats, Reply, Run, Span, lagged, wander
from aitia.lab.machines.historian import Style, iso
from aitia.lab.machines.journal import Alarm, Habits
from aitia.lab.machines.machine import Machine, healthy, note, work
from aitia.lab.machines.sensors import Tag, offset
from aitia.lab.words import Failure

FAN, AS, BS, MOTOR = "V-301", "V-301-AS", "V-301-BS", "V-301-M"
ENDS = {AS: "AS", BS: "BS"}
ALL = ("weak", "medium", "strong")
SPEEDS = (990.0, 1_190.0, 1_330.0, 1_480.0)  # of the frequency converter's usual set points
SEVERITIES = (0.0, 0.25, 0.5, 0.75, 1.0)
UNBALANCE = 0.012  # kg m of a fan in service: 1.2 mm/s at the fan end
BLOCKS_BEFORE, BLOCKS_WITHIN = 4, 3
DIGIT_G = 2.0**-8
PARTS = {"bearing-outer": "outer", "bearing-inner": "inner", "bearing-ball": "ball"}


def _tags() -> tuple[Tag, ...]:
    vibration = [
        Tag(
            component=f"V-301-{c[:2]}",
            name=f"Schwinggeschw_{c[3]}_mm_s",
            signal=f"v{c}",
            noise=0.03,
            digit=0.01,
        )
        for c in shaft.CHANNELS
    ]
    impulse = [
        Tag(component=f"V-301-{end}", name="Beschl_eff_g", signal=f"g{end}", noise=0.001, digit=0.001)
        for end in ("AS", "BS")
    ]
    warm = [
        Tag(component=f"V-301-{end}", name="Lagertemp_C", signal=f"t{end}", noise=0.1, digit=0.1, lag_s=120)
        for end in ("AS", "BS")
    ]
    rest = [
        Tag(component=FAN, name="Drehzahl_1_min", signal="rpm", noise=0.8, digit=1),
        Tag(component=FAN, name="Volumenstrom_m3_s", signal="flow", noise=0.25, digit=0.1, lag_s=20),
        Tag(component=FAN, name="Druckerhoehung_mbar", signal="rise", noise=0.15, digit=0.1),
        Tag(
            component=FAN, name="Drallregler_Stellung_Proz", signal="vane", noise=0.0, digit=0.1, deadband=0.5
        ),
        Tag(component=FAN, name="Rauchgastemp_C", signal="gas", noise=0.3, digit=0.1, lag_s=60),
        Tag(component=MOTOR, name="Strom_A", signal="amps", noise=0.6, digit=0.1),
        Tag(component=MOTOR, name="Wicklungstemp_C", signal="winding", noise=0.1, digit=0.1, lag_s=60),
    ]
    return (*vibration, *impulse, *warm, *rest)


class Rotor(Machine):
    """An induced-draught fan."""

    name = "rotor"
    title = "Induced-draught fan with overhung rotor on two rolling bearings, driven by a converter"
    packages: ClassVar = {"ross": "ross-rotordynamics"}
    failures: ClassVar = (
        healthy(),
        Failure(id="imbalance", title="deposits build up on the impeller", family="imbalance", victims=(FAN,), strengths=ALL),
        Failure(id="misalignment", title="the coupling moves out of line", family="misalignment", victims=(FAN,), strengths=ALL),
        Failure(id="rub", title="the impeller touches its inlet", family="rub", victims=(FAN,), strengths=ALL),
        Failure(id="looseness", title="a bearing housing comes loose", family="looseness", victims=(AS, BS), strengths=ALL),
        Failure(id="bearing-outer", title="outer race defect", family="bearing", victims=(AS, BS), strengths=ALL),
        Failure(id="bearing-inner", title="inner race defect", family="bearing", victims=(AS, BS), strengths=ALL),
        Failure(id="bearing-ball", title="rolling element defect", family="bearing", victims=(AS, BS), strengths=ALL),
        Failure(id="probe-cable", title="the cable of a vibration sensor breaks at times", family="sensor", victims=(AS, BS)),
        Failure(id="temperature-bias", title="a bearing's thermometer shows too much", family="sensor", victims=(AS, BS), strengths=ALL),
    )  # fmt: skip
    decoys = ("speed-change", "regreasing", "load-test")
    span = Span(before_h=8, after_h=3.5, step_s=30, lead_h=1.5, tail_h=0.4)
    style = Style(
        file="Trend_V301.csv.gz", layout="wide", zone="Europe/Berlin", time="%d.%m.%Y %H:%M:%S", delimiter=";", decimal=",",
        time_column="Zeitstempel", missing="Bad",
    )  # fmt: skip
    habits = Habits(
        journal="Meldearchiv.log", line="{time} {level} {component} {text}", levels=("INFO", "WARNUNG"),
        raised="{words} ({name} {value:g}, Grenzwert {limit:g})", cleared="{words} gegangen",
        acknowledged="{words} quittiert durch {who}", people=("Schicht 1", "Schicht 2", "Leitstand"),
        orders="Auftraege.csv", columns=("Beginn", "Anlagenteil", "Kurztext"),
    )  # fmt: skip
    tags = _tags()
    alarms = (
        *(Alarm(component=f"V-301-{c[:2]}", name=f"Schwinggeschw_{c[3]}_mm_s", words=f"Schwingung Lager {c[:2]} hoch",
                above=4.5, hold_s=120) for c in shaft.CHANNELS),
        *(Alarm(component=f"V-301-{e}", name="Beschl_eff_g", words=f"Lagerzustand {e} auffaellig", above=0.2, hold_s=180)
          for e in ("AS", "BS")),
        *(Alarm(component=f"V-301-{e}", name="Lagertemp_C", words=f"Lagertemperatur {e} hoch", above=80.0, hold_s=120)
          for e in ("AS", "BS")),
    )  # fmt: skip
    components = (
        {"id": FAN, "type": "machine", "aliases": ["Saugzug 1", "SZG 1"], "links": [{"relation": "feeds", "to": "Kamin"}]},
        {"id": "Kamin", "type": "asset"},
        {"id": AS, "type": "part", "aliases": ["Lager Antriebsseite"], "links": [{"relation": "part_of", "to": FAN}]},
        {"id": BS, "type": "part", "aliases": ["Lager Laufradseite"], "links": [{"relation": "part_of", "to": FAN}]},
        {"id": MOTOR, "type": "machine", "aliases": ["Motor Saugzug 1"], "links": [{"relation": "feeds", "to": FAN}]},
    )  # fmt: skip
    routine = (
        (FAN, "Sichtkontrolle Rundgang, keine Auffaelligkeit"), (AS, "Lager nachgeschmiert, 25 g"),
        (BS, "Lager nachgeschmiert, 25 g"), (MOTOR, "Kohlebuersten Erdung geprueft"), (FAN, "Laufrad gereinigt, gewuchtet auf 1,1 mm/s"),
        (FAN, "Kupplung mit Laser ausgerichtet, 0,04 mm"), (BS, "Stehlager: Schrauben nachgezogen, 420 Nm"),
    )  # fmt: skip
    complaints = (
        ("Saugzug 1 laeuft unruhig", "Der Rundgaenger meldet, dass der Saugzug anders klingt als gestern.", FAN),
        ("Auffaelliger Trend am Saugzug", "Instandhaltung bittet, die Trends von V-301 anzusehen.", FAN),
    )  # fmt: skip

    def simulate(self, case: Case) -> Run:
        """Speed and load by set points; vibration between simulated speeds and severities; temperatures with their lag."""
        run = Run(signals={})
        speed, vane = self._setpoints(case, run)
        n, step = case.t.size, case.span.step_s
        grown = case.grown(self._rise(case))
        levels = self._levels(case)
        load = speed / SPEEDS[-1]
        for key, table in levels.items():
            at = [np.interp(speed, SPEEDS, [row[k] for row in table]) for k in range(len(SEVERITIES))]
            level = _between(np.array(at), grown)
            wobble = 1 + wander(case.rng("wobble", key), n, sigma=0.03, memory=8)
            run.signals[key] = level * wobble * (1 + 0.08 * (vane - 60) / 60)
        air = (
            24
            + 4 * np.sin(2 * np.pi * (case.hour_of_day() - 9) / 24)
            + wander(case.rng("air"), n, sigma=0.3, memory=120)
        )
        for end in ("AS", "BS"):
            hot = self._heat(case, end) * grown + self._grease(case, run, end)
            run.signals[f"t{end}"] = air + lagged(
                22 * load**1.6 + (6 if end == "BS" else 0) + hot, step, 1_200
            )
        run.signals |= {
            "rpm": speed, "vane": vane,
            "flow": 118 * load * (0.4 + 0.6 * vane / 100), "rise": 46 * load**2 * (0.75 + 0.25 * vane / 100),
            "amps": 62 + 205 * load**2.6 * (0.45 + 0.55 * vane / 100) + 6 * grown * (case.fault == "rub"),
            "gas": 138 + 12 * (load - 0.9) + wander(case.rng("gas"), n, sigma=1.2, memory=60),
            "winding": air + lagged(58 * load**2.2, step, 2_400),
        }  # fmt: skip
        self._instruments(case, run)
        return run

    def _setpoints(self, case: Case, run: Run) -> tuple[Floats, Floats]:
        rng, t = case.rng("setpoints"), case.t
        moments = [
            float(case.start),
            *np.sort(rng.uniform(case.start + HOUR_S, case.onset - 2 * HOUR_S, 2)).tolist(),
        ]
        base = int(rng.integers(1, 4))
        speeds = [SPEEDS[base], SPEEDS[max(0, base - int(rng.integers(0, 2)))], SPEEDS[base]]
        if "speed-change" in case.decoys:
            moments.append(case.moment("speed-change"))
            speeds.append(SPEEDS[base - 1 if base == 3 else base + 1])
            run.decoys.append("speed set point changed")
        target = np.zeros(t.size)
        for at, rpm in zip(moments, speeds, strict=True):
            if at > case.start and rpm != target[int(np.searchsorted(t, at)) - 1]:
                note(run, at - 20, FAN, f"Sollwert Drehzahl {rpm:.0f} 1/min durch Blockregelung")
            target[t >= at] = rpm
        vane = 60 + np.round(wander(rng, t.size, sigma=6, memory=240), 0)
        if "load-test" in case.decoys:
            at = case.moment("load-test")
            vane += 25 * case.pulse(at, 2_400, edge_s=300)
            note(run, at - 120, FAN, "Lastprobe Kessel, Drallregler in Hand")
            run.decoys.append("load test with the inlet vanes")
        slip = wander(case.rng("slip"), t.size, sigma=1.0, memory=10)
        return lagged(target, case.span.step_s, 60) + slip, np.clip(vane, 20, 100)

    def _grease(self, case: Case, run: Run, end: str) -> Floats:
        """Fresh grease warms a bearing for an hour."""
        if "regreasing" not in case.decoys:
            return np.zeros(case.t.size)
        greased = str(case.rng("grease").choice(["AS", "BS"]))
        if end != greased:
            return np.zeros(case.t.size)
        at = case.moment("regreasing")
        work(run, at, f"V-301-{end}", "Lager nachgeschmiert, 25 g, Laufgeraeusch unauffaellig")
        run.decoys.append(f"V-301-{end} greased")
        age = np.maximum(0.0, case.t - at) / 1_500
        return np.asarray(9 * age * np.exp(1 - age), dtype=np.float64)

    def _rise(self, case: Case) -> float:
        return {"looseness": 600.0, "rub": 900.0, "imbalance": 3_600.0, "misalignment": 2_400.0}.get(
            case.fault, 4_500.0
        )

    def _heat(self, case: Case, end: str) -> float:
        """How much warmer the failure makes a bearing in the long run, in K."""
        near = ENDS.get(case.victim, "BS" if case.fault == "rub" else "AS") == end
        most = {"bearing-outer": 9, "bearing-inner": 9, "bearing-ball": 8, "rub": 6, "misalignment": 4}.get(
            case.fault, 0
        )
        return near * most * case.by_strength(0.35, 0.7, 1.0)

    def _levels(self, case: Case) -> dict[str, list[list[float]]]:
        """RMS velocity of the channels and RMS acceleration of the bearings: by speed, then by severity."""
        found: dict[str, list[list[float]]] = {
            key: [] for key in ("gAS", "gBS", *(f"v{c}" for c in shaft.CHANNELS))
        }
        for rpm in SPEEDS:
            rows = [self._block(case, rpm, s, case.rng("levels", f"{rpm:g}")) for s in SEVERITIES]
            for c in shaft.CHANNELS:
                found[f"v{c}"].append([shaft.velocity(row[c]) for row in rows])
            for end in ("AS", "BS"):
                found[f"g{end}"].append([float(np.std(row[f"{end}-V"])) for row in rows])
        return found

    def _block(self, case: Case, rpm: float, severity: float, rng: np.random.Generator) -> dict[str, Floats]:
        """Acceleration of the four channels at one speed and severity, in g."""
        answer = shaft.response(rpm)
        load = rpm / SPEEDS[-1]
        unbalance = UNBALANCE * float(case.rng("balance").uniform(0.8, 1.2))
        found = answer.acceleration(shaft.background(rng, rpm, unbalance, load))
        if severity > 0 and (more := self._failing(case, rpm, rng)):
            ringing = more.pop("ringing", None)
            added = answer.acceleration(more)
            for channel in shaft.CHANNELS:
                found[channel] = found[channel] + severity * added[channel]
                if ringing is not None:
                    near = channel.startswith(ENDS[case.victim])
                    loud = (
                        case.by_strength(0.09, 0.2, 0.45)
                        * (1.0 if channel.endswith("V") else 0.6)
                        * (1.0 if near else 0.06)
                    )
                    found[channel] += severity * loud * load * ringing[shaft.N // 2 : shaft.N // 2 + shaft.N]
        noise = case.rng("preamplifier", f"{rpm:.1f}", f"{severity:.3f}")
        return {c: x + 0.004 * noise.standard_normal(x.size) for c, x in found.items()}

    def _failing(self, case: Case, rpm: float, rng: np.random.Generator) -> dict[Any, Floats]:
        """Forces of the failure when it is fully there; `ringing` beside them is the housing's own answer to impacts."""
        scale = (rpm / SPEEDS[-1]) ** 2
        fault = case.fault
        if fault == "imbalance":
            more = UNBALANCE * case.by_strength(1.2, 3.0, 6.0) * (rpm * np.pi / 30) ** 2
            turn = rpm * np.pi / 30 * shaft.T + float(rng.uniform(0, 6.28))
            return {("impeller", 0): more * np.cos(turn), ("impeller", 1): more * np.sin(turn)}
        kinds = {
            "misalignment": (shaft.misaligned, case.by_strength(250, 550, 1_100)),
            "rub": (shaft.rubbing, case.by_strength(300, 700, 1_500)),
        }
        if fault in kinds:
            force, newton = kinds[fault]
            return {key: newton * scale * value for key, value in force(rng, rpm).items()}
        if fault == "looseness":
            newton = case.by_strength(1_200, 3_000, 6_000) * scale
            return {key: newton * value for key, value in shaft.loose(rng, rpm, ENDS[case.victim]).items()}
        if fault in PARTS:
            hits = shaft.impacts(rng, rpm, PARTS[fault])
            end = ENDS[case.victim]
            return {(end, 1): case.by_strength(10, 25, 60) * scale * hits, "ringing": shaft.ringing(hits)}
        return {}

    def _instruments(self, case: Case, run: Run) -> None:
        end = ENDS.get(case.victim, "")
        if case.fault == "temperature-bias":
            run.effects[f"t{end}"] = offset(case, case.by_strength(5, 12, 25))
        if case.fault == "probe-cable":
            open_at = case.grown() * (case.rng("cable").uniform(size=case.t.size) < 0.3)
            spikes = case.rng("spikes").uniform(4, 18, case.t.size)
            run.effects[f"v{end}-V"] = lambda value: np.where(open_at > 0, spikes, value)
            run.effects[f"g{end}"] = lambda value: np.where(open_at > 0, 0.05 * spikes, value)

    def further_sources(
        self, case: Case, run: Run, window: tuple[float, float], out: Path
    ) -> list[dict[str, Any]]:
        """Blocks of samples of the vertical sensors: a data collector's round now and then, denser once the alarm is near."""
        start, now = window
        moments = [
            *np.linspace(case.start + 900, start - 300, BLOCKS_BEFORE),
            *np.linspace(start + 600, now - 200, BLOCKS_WITHIN),
        ]
        grown = case.grown(self._rise(case))
        arrays: dict[str, dict[str, Any]] = {"AS-V": {}, "BS-V": {}}
        blocks = []
        for k, at in enumerate(moments):
            i = int(np.searchsorted(case.t, at))
            rpm = float(run.signals["rpm"][i])
            block = self._block(case, round(rpm, 1), float(grown[i]), case.rng("block", str(k)))
            for channel, held in arrays.items():
                x = block[channel]
                if case.fault == "probe-cable" and grown[i] > 0 and channel.startswith(ENDS[case.victim]):
                    x = _broken(x, case.rng("broken", str(k)))
                held[f"m{k:02d}"] = (np.round(x / DIGIT_G) * DIGIT_G).astype(np.float32)
                blocks.append({"component": f"V-301-{channel[:2]}", "channel": f"V-301-{channel}", "at": iso(float(at)),
                               "rpm": round(rpm, 1), "file": f"Rohdaten_{channel}.npz", "key": f"m{k:02d}"})  # fmt: skip
        for channel, held in arrays.items():
            np.savez_compressed(out / f"Rohdaten_{channel}.npz", **held)
        defaults = {
            "fs": shaft.FS, "unit": "g", "group": 2, "support": "rigid",
            "bearing": {name: round(value, 4) for name, value in shaft.orders().items()},
        }  # fmt: skip
        write_yaml(out / "signals.yaml", {"defaults": defaults, "blocks": blocks})
        return [{"name": "vibration", "kind": "signals", "type": "waveform", "path": "signals.yaml"}]

    def reply(self, case: Case) -> Reply:
        """The part that fails, or the fan; a rub and a loose part look alike in a spectrum."""
        victim, fault = case.victim, case.fault
        kinds = {
            "bearing-outer": "machine.bearing.outer_race",
            "bearing-inner": "machine.bearing.inner_race",
            "bearing-ball": "machine.bearing.ball",
        }
        if fault in kinds:
            weak = ((victim, "machine.bearing"),) if case.order.strength == "weak" else ()
            return Reply(component=victim, fault=kinds[fault], alternatives=weak,
                         why=f"Lines at the {PARTS[fault]} part's defect frequency grow, with the acceleration, at unchanged speed.")  # fmt: skip
        if fault == "rub":
            return Reply(component=FAN, fault="machine.rub", alternatives=((FAN, "machine.looseness"),),
                         why="Halves and multiples of the shaft's speed rise within minutes, and the current a little.")  # fmt: skip
        if fault in ("probe-cable", "temperature-bias"):
            kind = "sensor.fault" if fault == "probe-cable" else "sensor.bias"
            return Reply(component=victim, fault=kind, alternatives=((victim, "sensor"),),
                         why="One sensor jumps while all that goes with it stays.")  # fmt: skip
        why = {"imbalance": "1x grows alone, most at the impeller's side.", "misalignment": "2x grows, most at the coupling's side.",
               "looseness": "Many multiples and halves of the speed grow at one housing."}[fault]  # fmt: skip
        return Reply(component=victim, fault=f"machine.{fault}", why=why)


def _between(rows: Floats, grown: Floats) -> Floats:
    """Row values at `SEVERITIES`, read for each moment's own severity."""
    place = grown * (len(SEVERITIES) - 1)
    low = np.minimum(place.astype(int), len(SEVERITIES) - 2)
    share, moment = place - low, np.arange(grown.size)
    return np.asarray(rows[low, moment] * (1 - share) + rows[low + 1, moment] * share, dtype=np.float64)


def _broken(x: Floats, rng: np.random.Generator) -> Floats:
    """Samples of a cable that opens: stretches of nothing, with a jump at each end."""
    x = x.copy()
    for first in rng.integers(0, x.size - 900, 3):
        x[first : first + int(rng.integers(200, 900))] = 0.0
        x[first] = float(rng.uniform(1, 3))
    return x
