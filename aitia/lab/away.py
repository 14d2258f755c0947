"""An incident made on another machine: its folder comes back whole."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aitia.core.backup import pack, unpack
from aitia.core.spread import MB, Need
from aitia.core.words import Word
from aitia.lab.catalog import system_of, systems
from aitia.lab.one import Job
from aitia.lab.words import Order

NEEDS: Final = 700 * MB  # memory of a process that makes a machine or a cluster
NEEDS_SERVERS: Final = 1500 * MB  # with the real servers that it starts
LAST: Final = 1000  # characters of an error that are told


class Brought(Word):
    """What came back: the packed folder, or why there is none."""

    packed: bytes = b""
    why: str = ""

    def put(self, making: Path, place: Path) -> None:
        """Unpack it aside, then give it its place."""
        making.mkdir(parents=True, exist_ok=True)
        archive = making / "packed"
        archive.write_bytes(self.packed)
        unpack(archive, making / "made")
        place.parent.mkdir(parents=True, exist_ok=True)
        (making / "made").rename(place)


@dataclass(frozen=True, kw_only=True)
class Away:
    """The work: an order in, its folder out. It is made by a process that ends what it started when this one is gone."""

    own: Path | None
    baseline_s: float
    fault_s: float

    def __call__(self, order: Order) -> Brought:
        """Nothing stays on the node, whatever ends it."""
        with tempfile.TemporaryDirectory(prefix="aitia-lab-") as place:
            out = Path(place) / "out"
            spans = {"baseline_s": self.baseline_s, "fault_s": self.fault_s}
            job = Job(order=order, making=Path(place) / "making", out=out, own=self.own, **spans)
            made = subprocess.Popen(
                [sys.executable, "-m", "aitia.lab.one"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, cwd=place, start_new_session=True,
            )  # fmt: skip
            assert made.stdin is not None
            assert made.stdout is not None
            with (
                made,
                made.stdin,
                made.stdout,
            ):  # its input stays open: that it ends tells the process to leave
                made.stdin.write(job.model_dump_json() + "\n")
                made.stdin.flush()
                said = made.stdout.read()
                code = made.wait()
            if code:
                errors = [line for line in said.splitlines() if line.startswith("error: ")]
                told = (
                    errors[-1].removeprefix("error: ")
                    if errors
                    else f"exit code {code}: {said.strip()[-LAST:]}"
                )
                return Brought(why=told)
            packed = Path(place) / "packed.tar.gz"
            pack(out, packed)
            return Brought(packed=packed.read_bytes())

    def need(self, order: Order) -> Need:
        """By the system's kind."""
        servers = system_of(order.system, systems(self.own)).kind == "servers"
        return Need(memory=NEEDS_SERVERS if servers else NEEDS)
