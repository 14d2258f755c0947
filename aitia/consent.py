"""A configuration that lies in the working folder: what it would do is shown, and asked once, before any of it is done.

A file that the user names (`--config`) is the user's word. One that is merely found may have come with the folder, a clone
or an archive: until its user agrees it may name files below its folder, like all foreign data.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shlex
from pathlib import Path
from typing import Final

from aitia.core.config import McpServer
from aitia.core.errors import BadInput, Untrusted
from aitia.core.home import aitia_home
from aitia.core.postgres import shown
from aitia.core.redact import Policy
from aitia.core.trust import beyond, is_below
from aitia.settings import FILE, Retention, Service, Settings, Slack, find_settings, load_settings

FOLDER: Final = "trusted"  # below AITIA_HOME


class Unasked(Untrusted):
    """A found configuration that nobody has agreed to: `file`, its `sha256`, and the `powers` that it asks for."""

    def __init__(self, file: Path, sha256: str, powers: list[str]) -> None:
        super().__init__(
            f"{str(file)!r} was found in the working folder, and {'; '.join(powers)}. Check it and agree "
            "to it with `aitia trust` (`aitia trust --yes` without a terminal, or --yes before the "
            "command), or name it with --config."
        )
        self.file, self.sha256, self.powers = file, sha256, powers


def found_settings(folder: Path) -> Settings:
    """`aitia.yaml` of the folder, or the defaults. Raises Unasked where it does more than read files below the folder."""
    file = folder / FILE
    if not file.is_file():
        return find_settings(folder)
    digest = _digest(file)
    settings = load_settings(file)
    if powers := powers_of(settings, folder):
        sha256 = fingerprint(file, settings)
        if digest != _digest(file):
            raise BadInput(f"{str(file)!r} changed while it was being read. Start again.")
        if not is_remembered(file, sha256):
            raise Unasked(file.resolve(), sha256, powers)
    return settings


def powers_of(settings: Settings, root: Path) -> list[str]:
    """What settings do besides reading files below `root`, each as a phrase."""
    found = [each for source in settings.sources for each in beyond(source, root)]
    found += [each for server in settings.mcp for each in _server(server)]
    name = settings.model.name
    if "/" in name or ".gguf" in name or name.startswith("openai:"):
        found.append(f"the model is {name}")
    outside = [p for p in (*settings.taxonomy, settings.weights) if p and not is_below(Path(p), root)]
    return [*found, *(f"it reads {p!r}, which is outside this folder" for p in outside), *_loosened(settings)]


def _server(server: McpServer) -> list[str]:
    """What an MCP server starts or is sent, and what a model may ask it."""
    chosen = []
    if server.choose == "model":
        texts = f", with texts of its own as {', '.join(server.written)}" if server.written else ""
        chosen = [f"a model chooses which of the listed tools of MCP server {server.name!r} are asked{texts}"]
    if server.command:
        given = (
            f" and gets the environment variables {', '.join(server.env_names)}" if server.env_names else ""
        )
        return [f"MCP server {server.name!r} starts `{shlex.join(server.command)}`{given}", *chosen]
    token = f" with the token in the environment variable {server.token_env}" if server.token_env else ""
    return [f"MCP server {server.name!r} contacts {server.url}{token}", *chosen]


def _loosened(settings: Settings) -> list[str]:
    """What settings take away from the protection of the user's own runs, secrets and doors."""
    found: list[str] = []
    service, slack, kept, policy = settings.service, settings.slack, settings.retention, settings.redaction
    if service.token_env != Service().token_env:
        found.append(f"the service's token is the environment variable {service.token_env}")
    if service.database:
        found.append(f"diagnoses and what is known of past ones are kept at {shown(service.database)}")
    if settings.runs:
        found.append(f"finished runs are sent to {settings.runs}")
    if settings.telemetry.traces:
        found.append(
            f"traces of its runs go to {settings.telemetry.endpoint or 'where OTEL_* variables say'}"
        )
    if service.oidc is not None:
        found.append(
            f"whom {service.oidc.issuer} vouches for may sign in, with {service.oidc.secret_env} as secret"
        )
    for field in ("app_token_env", "bot_token_env", "signing_secret_env"):
        if getattr(slack, field) != getattr(Slack(), field):
            found.append(f"Slack's {field} is the environment variable {getattr(slack, field)}")
    if slack.approvers:
        found.append(f"{', '.join(slack.approvers)} may approve steps in Slack")
    if kept.days < Retention().days or kept.runs < Retention().runs:
        found.append(f"runs are deleted after {kept.days} days, or when there are more than {kept.runs}")
    if set(Policy().active) - policy.active or set(policy.keep) - set(Policy().keep):
        found.append("less is redacted than by default")
    return found


def fingerprint(file: Path, settings: Settings) -> str:
    """The hash of a configuration, of where it lies, and of the files in its folder that its commands name."""
    root = file.resolve().parent
    named = [Path(w) for s in settings.mcp for w in s.command] + [
        Path(str(s.options.get("kubectl", ""))) for s in settings.sources
    ]
    named += [Path(s.path) for s in settings.sources if s.type in ("kubectl", "cluster_changes")]
    parts = [str(file.resolve()), _digest(file)]
    for path in named:
        whole = root / path
        if path.name and whole.is_file() and is_below(whole, root):
            parts += [str(path), _digest(whole)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def is_remembered(file: Path, sha256: str) -> bool:
    """Whether the user agreed to exactly this."""
    try:
        kept: object = json.loads(_record(file).read_text(encoding="utf-8")).get("sha256")
    except (OSError, ValueError, AttributeError):
        return False
    return kept == sha256


def remember(file: Path, sha256: str = "") -> None:
    """Keep that the user agreed to a configuration as it is now (or as it was shown, by its hash)."""
    sha256 = sha256 or fingerprint(file, load_settings(file))
    record = _record(file)
    record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = record.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            json.dump({"file": str(file.resolve()), "sha256": sha256}, out)
        os.replace(part, record)
    except OSError as error:
        raise BadInput(
            f"Cannot write to {str(record.parent)!r} ({error.strerror}). Check the path and its permissions."
        ) from None


def _record(file: Path) -> Path:
    return aitia_home() / FOLDER / f"{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:32]}.json"


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
