"""How sources are named and reached: the same shape in `aitia.yaml` and in `scenario.yaml`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, PrivateAttr, ValidationInfo, field_validator, model_validator

from aitia.core.aspects import ALL
from aitia.core.errors import BadInput
from aitia.core.words import Direction, Scalar, SourceKind, Word

BUNDLED = frozenset({"sample_runbooks", "memory"})
"""Types of sources that come with aitia and need no path."""


FILE_OPTIONS = frozenset({"fault_model", "life_model", "metadata", "map", "tags"})
"""Options of sources that name a file, relative to the file that holds the configuration."""

SCHEMES = {"mqtt": ("mqtt://", "mqtts://"), "opcua": ("opc.tcp://",), "modbus": ("modbus://",)}
"""How the address of a live source of a plant begins, by its type; all others speak HTTP."""

FILE_FIELDS = ("password_file", "bearer_file", "ca", "cert", "key")
"""Fields of `Auth` that name a file, relative likewise."""


class Auth(Word):
    """Credentials of one source, never written in the file itself: an environment variable or a file names them."""

    username: str = ""
    password_env: str = ""
    password_file: str = ""
    bearer_env: str = ""
    bearer_file: str = ""
    ca: str = ""  # PEM bundle that signed the server
    cert: str = ""  # client certificate, mTLS
    key: str = ""
    proxy: str = ""
    headers: dict[str, str] = {}  # for example X-Scope-OrgID

    def secret(self, which: Literal["password", "bearer"]) -> str:
        """The secret itself, or "" where none is configured. Raises BadInput where the place named is empty."""
        env, file = getattr(self, f"{which}_env"), getattr(self, f"{which}_file")
        if env:
            if not os.environ.get(env):
                raise BadInput(
                    f"The environment variable {env} is not set, but a source names it as {which}_env. Set it."
                )
            return os.environ[env]
        if file:
            try:
                return Path(file).expanduser().read_text().strip()
            except OSError as error:
                raise BadInput(
                    f"Cannot read {file!r} ({error.strerror}), which a source names as {which}_file. Check its "
                    "permissions."
                ) from None
        return ""


class Columns(Word):
    """Which column means what in a CSV or Parquet table. Wide tables name no `metric`/`value`: each column is one."""

    time: str = "time"
    component: str = "component"
    metric: str = "metric"
    value: str = "value"
    labels: tuple[str, ...] = ()


def option_of(source: str) -> str:
    """The option of the command line that a source was given with, by its name (`cli-logs-2`); "" for any other source."""
    given = re.fullmatch(r"cli-([a-z]+)(?:-\d+)?", source)
    return given[1] if given else ""


class SourceConfig(Word):
    """One source. `type` picks the reader (registered through the `aitia.sources` entry point)."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    kind: SourceKind
    type: str  # prometheus | table | log_files | jsonl | topology | waveform | folder ...
    path: str = ""  # file, folder or glob, relative to the file that holds this configuration
    url: str = ""
    component: str = ""  # all of it belongs to this component
    component_label: str = ""  # metrics: which label names the component
    columns: Columns = Columns()
    match: str = ""  # Prometheus: a label matcher that bounds the series, e.g. {job="shop"}
    ignore: tuple[str, ...] = ()  # noisy series or streams, glob patterns
    step_s: float = 15.0
    timeout_s: float = 10.0
    options: dict[str, str | float | bool] = {}
    auth: Auth = Auth()
    _within: Path | None = PrivateAttr(default=None)  # no file can set it, and none keeps it
    _file: str = PrivateAttr(default="")  # for messages

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str, info: ValidationInfo) -> str:
        allowed = SCHEMES.get(str(info.data.get("type")), ("http://", "https://"))
        if url and not url.startswith(allowed):
            raise ValueError(f"url must begin with {' or '.join(allowed)}")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _somewhere(self) -> SourceConfig:
        if not self.path and not self.url and self.type not in BUNDLED:
            raise ValueError(f"source {self.name!r} needs a path or a url")
        return self

    @property
    def within(self) -> Path | None:
        """The folder whose files are all that it may read, where it comes from foreign data."""
        return self._within

    @property
    def file(self) -> str:
        """The settings file that names it, as it was given; "" where none does."""
        return self._file

    def named_in(self, file: Path) -> SourceConfig:
        """The same source, with the settings file that names it."""
        named = self.model_copy()
        named._file = str(file)
        return named

    def place(self, field: Literal["url", "path"]) -> str:
        """What a person has to change where the address or the file is wrong: the field, or the option of the command line."""
        if option := option_of(self.name):
            return f"the {'address' if field == 'url' else 'file'} given with --{option}"
        return f"`{field}` of source {self.name!r}"

    def bound_to(self, root: Path) -> SourceConfig:
        """The same source, bound to the files below a folder (`aitia.core.trust`)."""
        bound = self.model_copy()
        bound._within = root
        return bound


MOST_VALUES: Final = 32  # of an argument that a model may give


class McpFacts(Word):
    """What the rows of a tool's structured answer say: without this an MCP tool's answer moves no suspect.

    `rows` is the dotted path of a list of objects in the answer ("" for the answer itself, one row); `component`,
    `onset` and `text` are dotted paths within a row.
    """

    rows: str = ""
    component: str = "component"
    onset: str = (
        ""  # an ISO 8601 time or epoch seconds; rows of another time than the incident's are left out
    )
    text: str = ""  # quoted in the statement
    aspect: str
    direction: Direction = "new"
    strength: float = Field(default=0.5, gt=0.0, le=0.8)

    @field_validator("aspect")
    @classmethod
    def _known(cls, aspect: str) -> str:
        if aspect not in ALL:
            raise ValueError(f"aspect must be one of {', '.join(sorted(ALL))}")
        return aspect


class McpRead(Word):
    """A tool of an MCP server that only reads. Its name alone will do."""

    tool: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    args: dict[str, Scalar] = {}  # sent with every call; nobody else can set them
    components_arg: str = ""  # the argument that takes a component's id; default: the server's
    facts: McpFacts | None = None


class McpServer(Word):
    """An MCP server whose tools aitia may call. What is not under `read` waits for a person."""

    name: str = Field(pattern=r"^[A-Za-z0-9-]{1,32}$")
    command: tuple[str, ...] = ()  # started for each call, without a shell
    url: str = ""  # or streamable HTTP
    cwd: str = ""  # the folder that the command starts in; default: that of the configuration
    env_names: tuple[str, ...] = ()  # environment variables that the command gets beside PATH, HOME, LANG
    token_env: str = ""  # the environment variable that holds the bearer token
    read: tuple[McpRead, ...] = ()
    components_arg: str = ""
    timeout_s: float = Field(default=10.0, gt=0.0, le=25.0)  # of one call, from start to answer
    choose: Literal["", "nearest", "model"] = (
        ""  # who picks among its tools under `read`; "": rules call them
    )
    values: dict[str, tuple[Scalar, ...]] = {}  # what a chosen call may give as this argument, of any tool
    written: tuple[str, ...] = ()  # the arguments of which a model may write the text

    @field_validator("read", mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if not isinstance(given, list | tuple):
            return given
        return [{"tool": each} if isinstance(each, str) else each for each in given]

    @field_validator("url")
    @classmethod
    def _http_only(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https://")
        return url

    @model_validator(mode="after")
    def _one_way(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError(f"MCP server {self.name!r} needs either a command or a url")
        if self.token_env and not self.url:
            raise ValueError(
                f"MCP server {self.name!r}: token_env is only for url; for a command use env_names"
            )
        if (self.values or self.written) and not self.choose:
            raise ValueError(
                f"MCP server {self.name!r}: values and written are for `choose: nearest` or `model`"
            )
        if self.written and self.choose != "model":
            raise ValueError(f"MCP server {self.name!r}: written is for `choose: model`, nobody else writes")
        if any(not 0 < len(values) <= MOST_VALUES for values in self.values.values()):
            raise ValueError(f"MCP server {self.name!r}: list 1 to {MOST_VALUES} values of an argument")
        twice = sorted({r.tool for r in self.read if [x.tool for x in self.read].count(r.tool) > 1})
        if twice:
            raise ValueError(f"MCP server {self.name!r}: read lists {twice[0]!r} twice")
        return self
