"""What reading left out or changed: counted, so that nothing is lost silently."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_NAMED: Final = 5


@dataclass(kw_only=True)
class Skipped:
    """Counts over any number of files; add one to another with `+=`. Sizes are in bytes, steps in seconds."""

    cut: int = 0  # lines longer than 64 KiB, of which the beginning was kept
    binary: int = 0  # bytes of binary stretches between text
    undecodable: int = 0  # bytes that are no UTF-8
    undated: int = 0  # lines before the first header
    steps: int = 0  # times the clock went back by more than a second
    step_s: float = 0.0  # the largest of them
    unread: int = 0  # bytes never read: a file truncated while read, a budget spent
    files: dict[str, str] = field(
        default_factory=dict
    )  # files left out wholly or from some point on, and why

    def __iadd__(self, other: Skipped) -> Skipped:
        for name in ("cut", "binary", "undecodable", "undated", "steps", "unread"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.step_s = max(self.step_s, other.step_s)
        self.files |= other.files
        return self

    def step(self, seconds: float) -> None:
        """Count a clock that went back."""
        self.steps += 1
        self.step_s = max(self.step_s, seconds)

    def say(self) -> list[str]:
        """One sentence for each thing that was left out."""
        out = [f"{path}: {why}" for path, why in list(self.files.items())[:_NAMED]]
        if len(self.files) > _NAMED:
            out.append(f"{len(self.files) - _NAMED} more files were left out")
        if self.cut:
            out.append(f"{_many(self.cut, 'line was', 'lines were')} longer than 64 KiB and cut")
        if self.binary:
            out.append(f"{_many(self.binary, 'byte', 'bytes')} of binary data between lines skipped")
        if self.undecodable:
            out.append(f"{_many(self.undecodable, 'byte that is', 'bytes that are')} not UTF-8 replaced")
        if self.undated:
            out.append(f"{_many(self.undated, 'line', 'lines')} before the first timestamp skipped")
        if self.steps:
            out.append(
                f"the clock went back {_many(self.steps, 'time', 'times')}, at most by {self.step_s:,.1f} s"
            )
        if self.unread:
            out.append(f"{_many(self.unread, 'byte was', 'bytes were')} not read")
        return out


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
