"""Windows of vibration blocks with answers: CWRU's records, its healthy one in parts, and healthy records made by code.

A faulty record is looked at with the healthy one as its past, and without a past. The data sets are the fault sizes; the
healthy windows are dealt out between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from aitia.core.words import Window, from_epoch
from aitia.tools.signals.vibration import orders_of
from aitia.tools.sources.base import Waveform
from benchmarks.signals import cwru
from benchmarks.signals.strength_cases import MACHINE, T0, Case, Floats, Recorded
from benchmarks.signals.synthetic import healthy

BEARING = "6205-2RS JEM SKF"
MINUTE = 60.0
PAST, WINDOWS = 3, (1, 2)  # blocks of one second
SEEDS = 20
APART = 4  # blocks between windows


def bearings(data: Path) -> Iterator[Case]:
    """All windows of a folder in CWRU's layout, and of synthetic healthy machines."""
    told, shown = cwru.answers(data), cwru.shown(data)
    records = {n: cwru.read(data / r["file"], float(r["fs"])) for n, r in shown.items()}
    sizes = sorted({a["size_mil"] for a in told.values() if a["fault"] != "normal"})
    well = {n: _seconds(*records[n]) for n, a in told.items() if a["fault"] == "normal"}
    past = next(iter(well.values()))[:PAST] if well else []
    rpm = {n: float(shown[n]["rpm"]) for n in shown}
    past_rpm = next((rpm[n] for n in well), 0.0)
    for name, answer in sorted(told.items()):
        if answer["fault"] == "normal":
            continue
        dataset, blocks = f"cwru {answer['size_mil']:03d}", _seconds(*records[name])
        for count in WINDOWS:
            for start in range(0, len(blocks) - count + 1, APART):
                for before in ([], past) if past else ([],):
                    yield _case(f"{name}:{start}+{count}/{len(before)}", dataset, name,
                                before, past_rpm, blocks[start : start + count], rpm[name], answer["fault"])  # fmt: skip
    fs = cwru.RATE
    made = [
        (f"seed {s}", _seconds(x, fs), r) for s in range(SEEDS) for x, r in [healthy(s, fs=fs, seconds=8.0)]
    ]
    for i, (name, blocks, speed) in enumerate([*((n, b, rpm[n]) for n, b in well.items()), *made]):
        for dataset in (
            [f"cwru {sizes[i % len(sizes)]:03d}"]
            if sizes and name not in well
            else [f"cwru {s:03d}" for s in sizes]
        ):
            for count in WINDOWS:
                for before in ([], blocks[:PAST]):
                    for start in range(
                        len(before), len(blocks) - count + 1, APART if name not in well else 1
                    ):
                        yield _case(f"{name}:{start}+{count}/{len(before)}", dataset, name, before, speed,
                                    blocks[start : start + count], speed)  # fmt: skip


def _seconds(x: Floats, fs: float) -> list[Floats]:
    size = int(fs)
    return [x[i : i + size] for i in range(0, x.size - size + 1, size)]


def _case(name: str, dataset: str, group: str, past: Sequence[Floats], past_rpm: float, now: Sequence[Floats],
          rpm: float, fault: str = "") -> Case:  # fmt: skip
    orders = orders_of(BEARING).model_dump()
    blocks = [
        Waveform(component=MACHINE, channel="DE", at=from_epoch(T0 + MINUTE * i), x=x, fs=cwru.RATE, bearing=orders,
                 rpm=past_rpm if i < len(past) else rpm)
        for i, x in enumerate([*past, *now])
    ]  # fmt: skip
    start = from_epoch(T0 + MINUTE * len(past))
    return Case(
        name=name, dataset=dataset, group=group, source=Recorded(kind="signals", blocks=tuple(blocks)),
        window=Window(start=start, end=from_epoch(T0 + MINUTE * len(blocks))),
        baseline=Window(start=from_epoch(T0 - MINUTE), end=start), faulty=bool(fault), fault=fault,
    )  # fmt: skip
