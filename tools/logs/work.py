"""Reading files into a tally, by one process or by several."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from aitia.core.children import safe_imports
from aitia.core.errors import SourceError
from aitia.core.spread import MB, Crew, Need, spread
from aitia.tools.logs.passing import Pass
from aitia.tools.logs.tally import Parcel, Side, Tally
from aitia.tools.text.access import canonical
from aitia.tools.text.reader import Extract, LogFile
from aitia.tools.text.reading import Skipped
from aitia.tools.text.reading.blocks import Block, newlines
from aitia.tools.text.templates import Masker, Miner

FOREVER: Final = float("inf")
PIECE: Final = 8 << 20  # bytes of a large file that one process takes at a time
START: Final = 40 << 20  # bytes that a process reads while another starts
PARCEL: Final = 64 << 20  # bytes that a process of a cluster reads at a time
NEEDS: Final = Need(memory=500 * MB)
_PACKED: Final = 10  # unpacked bytes of a packed one, roughly
_ALL: Final = 1 << 62

OnBlock = Callable[[int, int], None]
"""Told of each block that was read: bytes, lines."""
Redact = Callable[[str], str]
Counted = tuple[Parcel, Skipped, int, int]
"""What a process counted and left out; bytes and lines."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """A file to be read for some sides, or the lines of it that begin within some of its bytes."""

    file: LogFile
    index: int
    sides: Sequence[Side]
    within: tuple[int, int] | None = None

    def run(self, tally: Tally, skipped: Skipped, on_block: OnBlock) -> None:
        """Count its records. What was read before a damage stays counted, the damage is told in `skipped`."""
        file, sides = self.file, self.sides
        if file.header is None:
            sides = [Side(start=-FOREVER, end=FOREVER, index=sides[-1].index)]
        begun = self.within is not None and self.within[0] > 0
        reading = Pass(tally, file.header, self.index, sides, file.skipped, begun=begun)
        low, high = min(s.start for s in sides), max(s.end for s in sides)
        try:
            for run in file.parts(low, high, budget=_ALL, extract=Extract(), within=self.within):
                last: Block | None = None
                for last in run:
                    reading.feed(last)
                    on_block(last.end - last.offset, newlines(last.data))
                if last is not None and self.within is not None and self.within[1] <= last.end < file.size:
                    reading.finish(file.following(last))
                reading.close()
        except SourceError as error:
            reading.close()
            file.skipped.files[str(file.path)] = str(error)
        skipped += file.skipped

    @property
    def size(self) -> int:
        """Bytes to be read, of a packed file by a guess."""
        start, end = self.within or (0, self.file.size)
        return (end - start) * (_PACKED if self.file.packed else 1)

    def pieces(self) -> Iterator[Work]:
        """The same work in parts for several processes. Lines without a time are counted in their order."""
        if self.file.packed or self.file.header is None:
            yield self
            return
        for start in range(0, self.file.size, PIECE):
            yield replace(self, within=(start, min(start + PIECE, self.file.size)))


def shares(plan: Sequence[Work], jobs: int) -> list[list[Work]]:
    """The pieces of a plan for each of at most `jobs` processes, the first being this one, which need not start."""
    loads = [0] + [START] * (jobs - 1)
    out: list[list[Work]] = [[] for _ in loads]
    pieces = [piece for work in plan for piece in work.pieces()]
    for piece in sorted(pieces, key=lambda p: -p.size):
        least = min(range(jobs), key=loads.__getitem__)
        loads[least] += piece.size
        out[least].append(piece)
    ordered = [sorted(own, key=lambda p: (p.index, p.within or (0, 0))) for own in out]
    return [ordered[0], *filter(None, ordered[1:])]


def shared(
    tally: Tally,
    plan: Sequence[Work],
    skipped: Skipped,
    jobs: int,
    zone: tzinfo,
    near: datetime,
    on_block: OnBlock,
) -> None:
    """Let further processes count a share each, count one here, and add what they counted."""
    own, *others = shares(plan, jobs)
    orders = _orders(tally, plan, others, zone, near)
    with (
        safe_imports(),
        ProcessPoolExecutor(max(1, len(orders)), mp_context=get_context("spawn")) as pool,
    ):
        asked = [pool.submit(_counted, order) for order in orders]
        for piece in own:
            piece.run(tally, skipped, on_block)
            piece.file.skipped = Skipped()
        for done in asked:
            parcel, lost, size, lines = done.result()
            tally.add(parcel)
            skipped += lost
            on_block(size, lines)


def on_cluster(
    tally: Tally,
    plan: Sequence[Work],
    skipped: Skipped,
    ray: str,
    zone: tzinfo,
    near: datetime,
    on_block: OnBlock,
) -> None:
    """Let a Ray cluster count, and add what it counted in the order of the files. Its nodes see the same folders."""
    orders = dict(enumerate(_orders(tally, plan, parcels(plan), zone, near)))
    held = dict[int, Counted]()
    added = 0
    for n, told in spread(_counted_there, orders, crew=Crew(ray=ray), need=lambda _: NEEDS, lost=_lost):
        held[n] = told
        on_block(told[2], told[3])
        while added in held:
            parcel, left_out, _, _ = held.pop(added)
            tally.add(parcel)
            skipped += left_out
            added += 1


def parcels(plan: Sequence[Work]) -> list[list[Work]]:
    """The pieces of a plan in their order, together as many as `PARCEL` holds."""
    out: list[list[Work]] = [[]]
    room = PARCEL
    for piece in (piece for work in plan for piece in work.pieces()):
        if out[-1] and piece.size > room:
            out.append([])
            room = PARCEL
        out[-1].append(piece)
        room -= piece.size
    return [own for own in out if own]


def _orders(
    tally: Tally, plan: Sequence[Work], shared_out: Sequence[Sequence[Work]], zone: tzinfo, near: datetime
) -> list[_Order]:
    for work in plan:
        tally.headers[work.index] = work.file.header
    return [
        _Order(
            pieces=[(str(p.file.path.absolute()), p.index, tuple(p.sides), p.within) for p in pieces],
            names=tally.miner.masker.names,
            apart=tally.miner.masker.apart,
            origin=tally.origin,
            width=tally.width,
            redact=tally.redact,
            zone=zone,
            near=near,
        )
        for pieces in shared_out
    ]


def _lost(order: _Order, why: str) -> Counted:
    raise SourceError(
        f"{order.pieces[0][0]}: {why}. Give the nodes more memory, or read it with fewer at a time."
    )


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a process needs to know."""

    pieces: Sequence[tuple[str, int, tuple[Side, ...], tuple[int, int] | None]]
    names: Mapping[str, str]
    apart: bool
    origin: float
    width: float
    redact: Redact
    zone: tzinfo
    near: datetime


def _counted_there(order: _Order) -> Counted:
    try:
        return _counted(order)
    except OSError as error:
        raise SourceError(
            f"Mount the folders of the logs on all nodes at the same place: {os.uname().nodename} cannot read "
            f"{error.filename!r} ({error.strerror})."
        ) from None


def _counted(order: _Order) -> Counted:
    tally = Tally(
        miner=Miner(Masker(order.names, apart=order.apart)),
        baselines=1,
        origin=order.origin,
        width=order.width,
        redact=order.redact,
        access=canonical,
    )
    skipped, files = Skipped(), dict[str, LogFile]()
    read = [0, 0]

    def on_block(size: int, lines: int) -> None:
        read[0] += size
        read[1] += lines

    for path, index, sides, within in order.pieces:
        if path not in files:
            files[path] = LogFile(Path(path), zone=order.zone, near=order.near)
        Work(file=files[path], index=index, sides=sides, within=within).run(tally, skipped, on_block)
        files[path].skipped = Skipped()
    return tally.parcel(), skipped, read[0], read[1]
