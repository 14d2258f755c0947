"""A system file as a system of the lab."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from aitia.core.errors import BadInput
from aitia.lab.servers.load import load_system
from aitia.lab.servers.record import Recorder, Spans, Visit, check_order
from aitia.lab.servers.rig import MONITORS, find_program
from aitia.lab.words import Failure, Kind, Made, Order

TRACING = {"opentelemetry.exporter.otlp.proto.http": "opentelemetry-exporter-otlp-proto-http"}
_SYS_ADMIN = 21  # the number of CAP_SYS_ADMIN in capability.h


def can_mount() -> bool:
    """Whether this process may mount a file system: in many containers root may not."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    held = next((line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), "0")
    return bool(int(held, 16) >> _SYS_ADMIN & 1)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even its parent is there
        return False


class ServerSystem:
    """Real servers, as one YAML file describes them."""

    kind: Kind = "servers"
    visit: Visit | None = None

    def __init__(self, file: Path, spans: Spans | None = None) -> None:
        self.file, self.spec, self.spans = file, load_system(file), spans or Spans()

    @property
    def name(self) -> str:
        """Its id."""
        return self.spec.name

    @property
    def title(self) -> str:
        """What it is, in one line."""
        return self.spec.title

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Its faults, and a healthy hour."""
        healthy = Failure(id="none", title="A healthy hour", family="none")
        return (*(fault.failure() for fault in self.spec.faults), healthy)

    @property
    def decoys(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(decoy.id for decoy in self.spec.decoys)

    def missing(self) -> tuple[str, ...]:
        """What this machine lacks, each with what brings it."""
        needs = {**MONITORS, **self.spec.needs}
        lacking = [
            f"{name} (apt install {package})" for name, package in needs.items() if find_program(name) is None
        ]
        for module, package in {**self.spec.python, **(TRACING if self.spec.traced else {})}.items():
            if not _importable(module):
                lacking.append(f"Python module {module} (pip install '{package}')")
        if self.spec.volumes and not can_mount():
            lacking.append("the right to mount its volumes (root; in a container CAP_SYS_ADMIN)")
        return tuple(lacking)

    def make(self, order: Order, out: Path, tell: Callable[[str], None]) -> Made:
        """Record one incident. Raises BadInput for an order it cannot carry out, SourceError where a program fails."""
        check_order(self.spec, order)
        if lacking := self.missing():
            raise BadInput(f"Install what {self.name} needs: {', '.join(lacking)}.")
        recorder = Recorder(self.spec, self.file.parent, order, self.spans, tell)
        recorder.visit = self.visit
        return recorder.make(out)
