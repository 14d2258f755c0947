"""`aitia.yaml`: which telemetry can be read, what counts as normal, which model explains it."""

from __future__ import annotations

import re
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator

from aitia.access.issued import TEAM
from aitia.access.oidc_settings import Oidc
from aitia.core.archive import check_url
from aitia.core.bounds import load_yaml, read_text
from aitia.core.config import FILE_FIELDS, FILE_OPTIONS, Auth, McpServer, SourceConfig
from aitia.core.connection_slots import CONNECTIONS, PER_CLIENT
from aitia.core.errors import BadInput
from aitia.core.redact import Policy
from aitia.core.telemetry import Telemetry
from aitia.core.words import Component, Moment, Word
from aitia.model_use import Narrator, Planner

FILE = "aitia.yaml"
DEFAULT_MODEL = "qwen2.5-coder-0.5b"
BaselineName = Literal["preceding", "yesterday", "last_week"]


class WindowRules(Word):
    """How the incident window and its baselines follow from the moment of the alert."""

    lead_s: float = Field(default=1800.0, ge=0)  # looked at before the alert could begin to hold
    for_s: float = Field(default=0.0, ge=0)  # the alert rule's `for`, where the alert does not tell it
    baselines: tuple[BaselineName, ...] = ("preceding", "yesterday", "last_week")
    preceding_factor: float = Field(default=6.0, gt=0)
    timezone: str = ""  # of the people who report: "since 10:00" is meant in it (IANA name; UTC where empty)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name and name not in available_timezones():
            raise ValueError(f"{name[:60]!r} is no IANA time zone; write one like Europe/Berlin")
        return name

    @property
    def zone(self) -> ZoneInfo | None:
        """The time zone, or None where none is set."""
        return ZoneInfo(self.timezone) if self.timezone else None


class ModelChoice(Word):
    """The model that explains; `none` runs without one."""

    name: str = DEFAULT_MODEL
    threads: int | None = Field(default=None, ge=1)
    context: int = Field(default=4096, ge=512)  # tokens of prompt and answer together
    flash_attention: bool = False
    kv_cache: Literal["f16", "q8_0"] = "f16"

    @model_validator(mode="after")
    def _together(self) -> ModelChoice:
        if self.kv_cache == "q8_0" and not self.flash_attention:
            raise ValueError("set flash_attention: true as well; kv_cache q8_0 works only with it")
        return self


class Retention(Word):
    """How long runs are kept."""

    days: int = Field(default=90, ge=1)
    runs: int = Field(default=500, ge=1)


class Service(Word):
    """How diagnoses that arrive from outside are queued, run and guarded (`aitia serve`, `aitia slack`)."""

    workers: int = Field(default=2, ge=1, le=64)  # diagnoses at a time, each in a process of its own
    places: int = Field(default=200, ge=1)  # diagnoses that may wait
    lease_s: float = Field(default=30.0, ge=2)  # without a sign of life for so long a worker counts as dead
    attempts: int = Field(default=3, ge=1)  # how often a diagnosis is begun or resumed before it is given up
    keep_days: int = Field(default=90, ge=1)  # how long finished jobs are kept
    join_minutes: float = Field(
        default=15.0, ge=0, le=1440
    )  # so near in time alerts may be of one incident; 0: never
    database: str = ""  # postgresql://USER@HOST/NAME: tables there, for several homes; "": SQLite files
    token_env: str = "AITIA_TOKEN"  # the environment variable that holds the HTTP token
    oidc: Oidc | None = None  # people sign in to the web pages with their own accounts (docs/access.md)
    team: str = ""  # whose service this is, where teams share an address (docs/access.md)
    two_persons: tuple[str, ...] = ()  # tools whose steps two persons must approve, as patterns: `restart_*`
    max_body: int = Field(default=2_000_000, ge=1024)  # bytes of a request
    connections: int = Field(
        default=CONNECTIONS, ge=8, le=4000
    )  # at a time; each takes an open file (`ulimit -n`)
    per_client: int = Field(
        default=PER_CLIENT, ge=4
    )  # of them of one address: behind a proxy set it to `connections`
    at: Moment | None = None  # the moment that every diagnosis looks from: for recorded telemetry only

    @field_validator("team")
    @classmethod
    def _named(cls, team: str) -> str:
        if team and not re.fullmatch(TEAM, team):
            raise ValueError("write lower-case letters, digits and hyphens, at most 31")
        return team

    @field_validator("database")
    @classmethod
    def _without_password(cls, url: str) -> str:
        try:
            told = urlsplit(url)
            secret = told.password or "password" in told.query
        except ValueError:
            raise ValueError("it is no URL; write one like postgresql://USER@HOST:PORT/NAME") from None
        if secret:
            raise ValueError("leave the password out; give it by PGPASSWORD, ~/.pgpass or AITIA_DATABASE")
        if url and told.scheme not in ("postgresql", "postgres"):
            raise ValueError("write a URL like postgresql://USER@HOST:PORT/NAME")
        return url


class Slack(Word):
    """The Slack door. Credentials are named, never written here."""

    app_token_env: str = "SLACK_APP_TOKEN"
    bot_token_env: str = "SLACK_BOT_TOKEN"
    signing_secret_env: str = "SLACK_SIGNING_SECRET"
    approvers: tuple[str, ...] = ()  # user ids that may approve or deny a step; nobody where empty
    channels: tuple[str, ...] = ()  # channel ids that aitia answers in; all where empty
    teams: tuple[
        str, ...
    ] = ()  # further workspaces whose people are heard in shared channels; the app's own always is
    stream: bool = True  # stream the steps where the workspace can


class Settings(Word):
    """The whole file. `root` is the folder that relative paths start from."""

    sources: tuple[SourceConfig, ...] = ()
    components: tuple[Component, ...] = ()
    window: WindowRules = WindowRules()
    model: ModelChoice = ModelChoice()
    planner: Planner = "auto"
    narrator: Narrator = "auto"
    max_calls: int = Field(default=24, ge=4)  # of a diagnosis; scan and recall take up to three
    stop_at: float = Field(
        default=0.0, ge=0, lt=1
    )  # no further call once the verdict stands with this; 0: all
    retention: Retention = Retention()
    redaction: Policy = Policy()
    runs: str = ""  # s3://BUCKET/PREFIX: finished runs are kept there too (docs/state.md)
    service: Service = Service()
    telemetry: Telemetry = Telemetry()  # traces of aitia's own runs (docs/operations.md)
    slack: Slack = Slack()
    mcp: tuple[McpServer, ...] = ()  # MCP servers whose tools may be called (docs/mcp.md)
    taxonomy: tuple[str, ...] = ()  # files of fault kinds of your own, beside the bundled ones
    weights: str = ""  # a weights file instead of the bundled one

    @field_validator("runs")
    @classmethod
    def _archive(cls, url: str) -> str:
        return check_url(url)

    @model_validator(mode="after")
    def _distinct(self) -> Settings:
        for what, named in (("source", self.sources), ("MCP server", self.mcp)):
            names = [each.name for each in named]
            twice = sorted({n for n in names if names.count(n) > 1})
            if twice:
                raise ValueError(f"{what} names must differ: {', '.join(twice)} occurs twice")
        return self


def load_settings(file: Path) -> Settings:
    """Read a settings file; paths in it come out absolute. Raises BadInput naming file, field and allowed values."""
    try:
        raw: Any = load_yaml(read_text(file))
    except OSError as error:
        raise BadInput(
            f"Cannot read the settings file {str(file)!r} ({error.strerror}). Give a readable one."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix the YAML in {str(file)!r}{_yaml_fault(error)}") from None
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise BadInput(
            f"Fix {str(file)!r}: it must contain a mapping such as `sources: [...]`, not {raw!r:.60}."
        )
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise BadInput(f"Fix {explain(error, Settings)} in {str(file)!r}.") from None
    root = file.resolve().parent
    return settings.model_copy(
        update={
            "sources": tuple(s.named_in(file) for s in with_tags(absolute(settings.sources, root))),
            "taxonomy": tuple(str(root / Path(path).expanduser()) for path in settings.taxonomy),
            "weights": str(root / Path(settings.weights).expanduser()) if settings.weights else "",
            "mcp": tuple(_placed(server, root) for server in settings.mcp),
        }
    )


def find_settings(folder: Path) -> Settings:
    """`aitia.yaml` of the folder, or the defaults where there is none; whether it may be used: `aitia.consent`."""
    file = folder / FILE
    return load_settings(file) if file.is_file() else Settings()


def _placed(server: McpServer, root: Path) -> McpServer:
    """A server whose command starts in the configuration's folder: in the working folder others may have put files."""
    here = str(root / Path(server.cwd).expanduser())
    return server.model_copy(update={"cwd": here}) if server.command else server


def with_tags(sources: Sequence[SourceConfig]) -> tuple[SourceConfig, ...]:
    """The sources, of which tables without a list of tags take that of the site's dictionary, where it holds tags."""
    file = next((s.path for s in sources if s.type == "dictionary" and _holds_tags(Path(s.path))), "")
    return tuple(
        s.model_copy(update={"options": {**s.options, "tags": file}})
        if file and s.type == "table" and "tags" not in s.options
        else s
        for s in sources
    )


def _holds_tags(file: Path) -> bool:
    """Whether a dictionary has a section of tags; what cannot be read is told when it is opened."""
    try:
        return file.is_file() and "\ntags:" in read_text(file)
    except (OSError, UnicodeDecodeError):
        return False


def absolute(sources: Sequence[SourceConfig], root: Path) -> tuple[SourceConfig, ...]:
    """The sources with paths that do not depend on a folder; globs are kept."""

    def whole(path: str) -> str:
        return str(root / Path(path).expanduser())

    def options(source: SourceConfig) -> dict[str, str | float | bool]:
        return {k: whole(str(v)) if names_file(k, v) else v for k, v in source.options.items()}

    def names_file(option: str, value: str | float | bool) -> bool:
        return bool(value) and (option in FILE_OPTIONS or (option == "kubectl" and "/" in str(value)))

    def auth(given: Auth) -> Auth:
        named = {f: whole(getattr(given, f)) for f in FILE_FIELDS if getattr(given, f)}
        return given.model_copy(update=named) if named else given

    return tuple(
        s.model_copy(
            update={"path": whole(s.path) if s.path else "", "options": options(s), "auth": auth(s.auth)}
        )
        for s in sources
    )


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """The first thing wrong, as field, complaint and what is allowed."""
    first = error.errors()[0]
    loc = first["loc"]
    where = ".".join(str(part) for part in loc) or "the file"
    if first["type"] == "extra_forbidden":
        owner = _model_at(model, loc[:-1])
        allowed = ", ".join(sorted(owner.model_fields)) if owner else ""
        return f"{where!r}: there is no such field; the fields are {allowed}"
    got = first.get("input")
    secret = loc[-1:] == ("database",)  # whatever is wrong with it, a password may be in it
    shown = f" (it is {got!r:.80})" if isinstance(got, str | int | float | bool) and not secret else ""
    return f"{where!r}: {first['msg']}{shown}"


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in loc:
        if isinstance(part, int):
            continue
        if current is None or part not in current.model_fields:
            return None
        current = _inner(current.model_fields[part].annotation)
    return current


def _inner(annotation: Any) -> type[BaseModel] | None:
    for candidate in (annotation, *typing.get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _yaml_fault(error: Exception) -> str:
    """`, line 3, column 4: …` of what the parser says, or its whole text where it names no place."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None or not problem:
        return f": {' '.join(str(error).split())}"
    context = getattr(error, "context", None)
    return f", line {mark.line + 1}, column {mark.column + 1}: {f'{context}: ' if context else ''}{problem}"
