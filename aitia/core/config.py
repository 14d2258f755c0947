"""How sources are named and reached: the same shape in `aitia.yaml` and in `scenario.yaml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from aitia.core.errors import BadInput
from aitia.core.words import SourceKind, Word

BUNDLED = frozenset({"sample_runbooks", "memory"})
"""Types of sources that come with aitia and need no path."""


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
                raise BadInput(f"Set the environment variable {env}: it is named as {which}_env of a source.")
            return os.environ[env]
        if file:
            try:
                return Path(file).expanduser().read_text().strip()
            except OSError as error:
                raise BadInput(
                    f"Make {file!r} readable: it is named as {which}_file of a source ({error.strerror})."
                ) from None
        return ""


class Columns(Word):
    """Which column means what in a CSV or Parquet table. Wide tables name no `metric`/`value`: each column is one."""

    time: str = "time"
    component: str = "component"
    metric: str = "metric"
    value: str = "value"
    labels: tuple[str, ...] = ()


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

    @field_validator("url")
    @classmethod
    def _http_only(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("url must begin with http:// or https://")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _somewhere(self) -> SourceConfig:
        if not self.path and not self.url and self.type not in BUNDLED:
            raise ValueError(f"source {self.name!r} needs a path or a url")
        return self
