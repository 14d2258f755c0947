"""The scenario format: a folder with `scenario.yaml` and its recorded telemetry. See docs/scenarios.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from aitia.core.bounds import load_yaml, read_text
from aitia.core.config import SourceConfig
from aitia.core.errors import BadInput, Untrusted
from aitia.core.trust import leads_out
from aitia.core.words import Baseline, Component, Incident, Moment, Verdict, Window, Word


class Reported(Word):
    """What the on-call engineer was told; `alert` is the path of a recorded Alertmanager message, where there is one."""

    title: str
    text: str = ""
    started_at: Moment
    labels: dict[str, str] = {}
    hints: tuple[str, ...] = ()
    alert: str = ""


class Answer(Word):
    """A (component, fault kind) that counts as right. A fault may be a parent path: `machine.bearing`."""

    component: str
    fault: str


class Needed(Word):
    """A fact that a correct diagnosis must have found; empty fields match anything."""

    component: str = ""
    kind: str = ""
    aspect: str = ""


class Expected(Word):
    """The answer. Only the scorer reads it."""

    verdict: Verdict
    component: str = ""
    fault: str = ""
    alternatives: tuple[Answer, ...] = ()
    evidence: tuple[Needed, ...] = ()
    why: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Expected:
        if (self.verdict == "cause") != bool(self.component and self.fault):
            raise ValueError("component and fault must be given if and only if the verdict is `cause`")
        return self


class Recorded(Word):
    """How the telemetry came to be: the script and its arguments, so that it can be recorded again."""

    by: str
    args: dict[str, str | int | float] = {}
    at: Moment | None = None
    notes: str = ""


class Scenario(Word):
    """One replayable incident."""

    schema_version: Literal[1] = Field(alias="schema", default=1)
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    description: str = ""
    domain: Literal["it", "machine"] = "it"
    recorded: Recorded
    incident: Reported
    now: Moment
    window: Window
    baselines: tuple[Baseline, ...]
    sources: tuple[SourceConfig, ...]
    components: tuple[Component, ...] = ()
    expected: Expected

    def as_incident(self) -> Incident:
        """The incident as the machine sees it: nothing of the answer, not even the scenario's name."""
        reported = self.incident
        return Incident(
            id=f"scenario-{int(reported.started_at.timestamp())}",
            title=reported.title,
            text=reported.text,
            started_at=reported.started_at,
            window=self.window,
            baselines=self.baselines,
            hints=reported.hints,
            labels=reported.labels,
            origin="scenario",
        )


def load_scenario(folder: Path) -> Scenario:
    """Read `folder/scenario.yaml`. Raises BadInput with the file, the field and what is wrong."""
    file = folder / "scenario.yaml" if folder.is_dir() else folder
    if leads_out(file, file.parent):
        raise Untrusted(
            f"{str(file)!r} is a link that points outside the scenario folder. Replace it with a file."
        )
    try:
        raw: Any = load_yaml(read_text(file))
    except OSError as error:
        raise BadInput(
            f"Cannot read {str(file)!r} ({error.strerror}). Give a scenario folder with a scenario.yaml."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix the YAML in {str(file)!r}: {error}") from None
    try:
        return Scenario.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"Fix {where!r} in {str(file)!r}: {first['msg']}") from None
