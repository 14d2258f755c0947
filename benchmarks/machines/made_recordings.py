"""Real recordings as cases are cut from them: healthy stretches, and stretches with a process fault. Nothing is copied here.

Units follow the publications: SKAB, Tennessee Eastman (Downs and Vogel 1993), BATADAL, C-MAPSS (Saxena 2008). SMAP and MSL
telemetry is scaled to -1 to 1 and has none. The AssetOps chiller is left out: its temperatures have no autocorrelation
(0.0 at lag 1, 2 876 rows) and range from 0 to 165 whether it runs or stands, so no fault can be told from its noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.machines.made_common import Tag, tags

SKAB = tags("""
    accelerometer 1 | vibration acceleration | g | | | 0 | 6
    accelerometer 2 | vibration acceleration | g | | | 0 | 6
    motor current | current | A | | | 0 | 5
    pressure | pressure | bar | | | 0 | 5
    motor temperature | temperature | °C | | | 0 | 4
    fluid temperature | temperature | °C | | | 0 | 4
    voltage | voltage | V | | | 0 | 3
    flow | flow | L/min | | | 0 | 4""")
TEP_MEASURED = """A feed:flow:km³/h, D feed:mass flow:kg/h, E feed:mass flow:kg/h, A and C feed:flow:km³/h,
recycle flow:flow:km³/h, reactor feed rate:flow:km³/h, reactor pressure:pressure:kPa, reactor level:level:%,
reactor temperature:temperature:°C, purge rate:flow:km³/h, separator temperature:temperature:°C, separator level:level:%,
separator pressure:pressure:kPa, separator underflow:flow:m³/h, stripper level:level:%, stripper pressure:pressure:kPa,
stripper underflow:flow:m³/h, stripper temperature:temperature:°C, stripper steam flow:mass flow:kg/h,
compressor work:power:kW, reactor cooling water outlet temperature:temperature:°C,
separator cooling water outlet temperature:temperature:°C"""
TEP_VALVES = """D feed valve, E feed valve, A feed valve, A and C feed valve, compressor recycle valve, purge valve, separator
liquid valve, stripper liquid valve, stripper steam valve, reactor cooling water valve, condenser cooling water valve"""
CMAPSS = """fan inlet temperature:temperature:°R, LPC outlet temperature:temperature:°R, HPC outlet temperature:temperature:°R,
LPT outlet temperature:temperature:°R, fan inlet pressure:pressure:psia, bypass-duct pressure:pressure:psia,
HPC outlet pressure:pressure:psia, fan speed:rotational speed:rpm, core speed:rotational speed:rpm,
engine pressure ratio:ratio:, HPC outlet static pressure:pressure:psia, fuel flow ratio:ratio:, corrected fan speed:rotational speed:rpm,
corrected core speed:rotational speed:rpm, bypass ratio:ratio:, burner fuel-air ratio:ratio:, bleed enthalpy:enthalpy:,
demanded fan speed:rotational speed:rpm, demanded corrected fan speed:rotational speed:rpm, HPT coolant bleed:mass flow:lb/s,
LPT coolant bleed:mass flow:lb/s"""  # noqa: E501 - a table
# Channels that the disturbances move most, 0-based: of test runs and, joined to normal operation, of training runs.
TEP_MOVED = {1: (0, 43, 3, 17, 49), 2: (9, 46, 33, 27, 18), 4: (50,), 5: (17, 49, 18, 15, 19), 6: (50, 15, 6, 12, 45),
             7: (44, 19, 6, 12, 49), 8: (15, 19, 6, 12), 10: (18, 49, 17), 11: (50, 8), 12: (6, 12, 15, 19), 13: (49, 18, 15, 6),
             14: (50, 8, 20), 16: (49, 18, 17), 17: (20, 50, 8), 18: (42, 6, 12, 15), 19: (4, 45), 20: (45, 19, 12)}  # fmt: skip
TEP_TEST = (1, 2, 4, 5, 6, 7)
TEP_ONSET = 160  # row of a test run
CMAPSS_MOVED = (1, 2, 3, 6, 10, 11, 14, 16, 19, 20)
CMAPSS_LAST = 110  # cycles before failure within which engines degrade visibly; an approximation
SMAP_LEVELS = 60  # distinct values that a telemetry channel needs to be an analogue one


@dataclass(frozen=True)
class Recording:
    """A stretch of a recording; rows from `onset` on are faulty; only `plantable` points take a sensor fault."""

    system: str
    source: str
    asset: str
    minutes: float  # between rows
    values: pd.DataFrame  # one column per point
    points: tuple[Tag, ...]
    plantable: tuple[str, ...]
    onset: int | None = None
    moved: tuple[str, ...] = ()
    fault: str = ""
    notes: tuple[str, ...] = field(default=())


def named(table: str) -> tuple[Tag, ...]:
    """Tags from `point:quantity:unit` separated by commas."""
    cells = [cell.split(":") for cell in " ".join(table.split()).split(", ")]
    return tuple(Tag(p, q, u, None, None) for p, q, u in cells)


def skab(data: Path) -> Iterator[Recording]:
    """The anomaly-free file, the normal beginnings of the others, and the others with their anomaly."""
    names = [t.point for t in SKAB]
    moved = {"valve1": ("flow",), "valve2": ("flow",)}
    for path in sorted((data / "skab").glob("*/*.csv")):
        table = pd.read_csv(path, sep=";")
        values = table.iloc[:, 1:9].set_axis(names, axis=1)
        source = f"skab/{path.parent.name}/{path.stem}"
        make = partial(Recording, "skab", source, "P-201", 1 / 60, points=SKAB, plantable=tuple(names))
        if "anomaly" not in table:
            yield make(values=values)
            continue
        marked = np.flatnonzero(table["anomaly"].to_numpy())
        if marked[0] < 400:  # other/2 has no normal beginning to compare with
            continue
        yield make(values=values.iloc[: marked[0]])
        before, during = values.iloc[: marked[0]], values.iloc[marked[0] : marked[-1] + 1]
        shift = ((during.median() - before.median()).abs() / before.std()).sort_values(ascending=False)
        channels = moved.get(path.parent.name, tuple(shift.index[:2]))
        fault = "valve closed" if path.parent.name in moved else "pump or fluid fault"
        yield make(values=values.iloc[: marked[-1] + 1], onset=int(marked[0]), moved=channels, fault=fault)


def tep(data: Path) -> Iterator[Recording]:
    """Normal runs, test runs with their fault, and training runs of a fault joined to the normal run before them."""
    lab = [f"product analysis {i}:concentration:mol%" for i in range(23, 42)]
    valves = ", ".join(f"{v}:valve opening:%" for v in " ".join(TEP_VALVES.split()).split(", "))
    points = named(", ".join([TEP_MEASURED, *lab, valves]))
    names = [t.point for t in points]
    controlled = (
        0,
        1,
        2,
        3,
        7,
        8,
        9,
        11,
        14,
        16,
    )  # their loops would move the process: they take no planted fault
    plantable = tuple(n for i, n in enumerate(names[:22]) if i not in controlled)
    frame = lambda rows: pd.DataFrame(rows, columns=names)  # noqa: E731
    make = partial(Recording, "tep", asset="TE-100", minutes=3.0, points=points, plantable=plantable)
    normal = np.loadtxt(data / "tep" / "d00.dat").T
    yield make(source="tep/d00", values=frame(normal))
    yield make(source="tep/d00_te", values=frame(np.loadtxt(data / "tep" / "d00_te.dat")))
    for number, channels in TEP_MOVED.items():
        told = {"moved": tuple(names[i] for i in channels), "fault": f"disturbance {number}"}
        if number in TEP_TEST:
            run = np.loadtxt(data / "tep" / f"d{number:02d}_te.dat")
            yield make(source=f"tep/d{number:02d}_te", values=frame(run), onset=TEP_ONSET, **told)
        joined = np.vstack([normal, np.loadtxt(data / "tep" / f"d{number:02d}.dat")])
        note = ("two recordings joined at the onset",)
        yield make(
            source=f"tep/d00+d{number:02d}", values=frame(joined), onset=len(normal), notes=note, **told
        )


def batadal(data: Path) -> Iterator[Recording]:
    """The clean year of the water network, pump and valve states left in."""
    table = pd.read_csv(data / "batadal" / "BATADAL_dataset03.csv").rename(columns=str.strip)
    kinds = {
        "L_": ("level", "level", "m"),
        "F_": ("flow", "flow", "L/s"),
        "S_": ("state", "state", ""),
        "P_": ("pressure", "pressure", "m"),
    }
    columns = [c for c in table if c[:2] in kinds and table[c].std() > 1e-3]
    points = tuple(Tag(f"{c[2:]} {kinds[c[:2]][0]}", *kinds[c[:2]][1:], None, None) for c in columns)
    plantable = tuple(t.point for t, c in zip(points, columns, strict=True) if c[0] in "LP")
    values = table[columns].set_axis([t.point for t in points], axis=1)
    yield Recording("batadal", "batadal/03", "CTOWN", 60.0, values, points, plantable)


def smap_msl(data: Path) -> Iterator[Recording]:
    """The training parts of telemetry channels with an analogue signal; the commands that vary go with them."""
    arrays = np.load(data / "smap_msl" / "channels.npz")
    for key in sorted(k for k in arrays.files if k.startswith("train_")):
        rows = arrays[key].astype(float)
        if len(np.unique(rows[:, 0])) < SMAP_LEVELS or len(rows) < 700:
            continue
        active = [i for i in range(1, rows.shape[1]) if rows[:, i].std() > 0][:10]
        points = (
            Tag("telemetry", "value", "", None, None),
            *(Tag(f"command {i}", "state", "", None, None) for i in active),
        )
        values = pd.DataFrame(rows[:, [0, *active]], columns=[t.point for t in points])
        yield Recording("smap_msl", f"smap_msl/{key}", key[6:], 1.0, values, points, ("telemetry",))


def cmapss(data: Path) -> Iterator[Recording]:
    """Engines' healthy beginnings, a cycle per hour, and whole lives with their compressor's degradation."""
    points = named(CMAPSS)
    names = [t.point for t in points]
    table = np.loadtxt(data / "cmapss" / "train_FD001.txt")
    for unit in np.unique(table[:, 0]):
        values = pd.DataFrame(table[table[:, 0] == unit][:, 5:], columns=names)
        onset = len(values) - CMAPSS_LAST
        if onset < 110:
            continue
        varied = tuple(n for n in names if values[n].nunique() > 20)
        engine = int(unit)
        make = partial(
            Recording, "cmapss", f"cmapss/{engine}", f"ENG-{engine}", 60.0, points=points, plantable=varied
        )
        yield make(values=values.iloc[:onset])
        told = {
            "moved": tuple(names[i] for i in CMAPSS_MOVED),
            "fault": "HPC degradation",
            "notes": ("onset is approximate",),
        }
        yield make(values=values.iloc[:-10], onset=onset, **told)


SOURCES = {"skab": skab, "tep": tep, "batadal": batadal, "smap_msl": smap_msl, "cmapss": cmapss}
