"""What goes into and comes out of a look at a fleet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aitia.core.config import SourceConfig
from aitia.core.words import Moment, Unit01, Word
from aitia.tools.signals.condition.words import Finding

Status = Literal["ok", "no_data", "error"]


class Unit(Word):
    """What one process reads at a time: a source, or one component of it ("" for all). `seen` is its files' state."""

    source: SourceConfig
    component: str = ""
    seen: str = ""


class Judged(Word):
    """One asset: its condition in short. `why` says why it could not be judged."""

    asset: str
    source: str
    status: Status
    now: Moment | None = None
    findings: tuple[Finding, ...] = ()
    points: int = 0
    not_judged: dict[str, str] = {}
    why: str = ""
    sparkline: dict[str, tuple[float, ...]] = {}


class Ranked(Word):
    """An asset in the order of risk × consequence."""

    rank: int
    asset: str
    kind: str = ""
    criticality: int = Field(description="1 (hardly matters) to 5 (stops the site); 3 where nobody says")
    stated: bool = Field(description="whether somebody says the criticality")
    risk: Unit01 = Field(
        description="of a failure soon, by severity, confidence and time to the limit; by hand"
    )
    score: float = Field(description="risk × criticality")
    judged: Judged


class Pictured(Word):
    """What the last picture of an asset shows: sentences of code, and what is kept of it to draw it."""

    asset: str
    file: str
    taken: Moment
    before: str = Field("", description="the earlier picture of it that it was held against")
    said: tuple[str, ...] = Field(description="hot spots, regions unlike their like, lines that began")
    notes: tuple[str, ...] = Field(
        (), description="what was not done, such as no temperature without a scale"
    )
    drawn: str = Field("", description="its greys and what is outlined, as JSON")


class Fleet(Word):
    """All assets, the most urgent first; `errors` are sources that could not be read."""

    assets: tuple[Ranked, ...]
    pictures: tuple[Pictured, ...] = ()
    errors: dict[str, str] = {}
    reused: int = Field(0, description="assets whose judgement of an earlier look still holds")
    unfinished: int = Field(0, description="units that were not looked at: it was stopped")
    seconds: float = 0.0
