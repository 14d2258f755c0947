"""Trust is a property of where a thing comes from: the user's own configuration, or foreign data.

Foreign are scenario folders, run folders that another home made, telemetry, documents, answers of MCP servers, and a
configuration that merely lies in the working folder. Foreign data may name files below its own root, and nothing else: no
program, address, environment variable, credential or device. The user's word (`--trust DIR`, `aitia trust`) lifts that.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from aitia.core.config import FILE_OPTIONS, SourceConfig
from aitia.core.errors import Untrusted

FILE_TYPES: Final = frozenset(
    {"table", "log_files", "otlp", "jaeger", "spans", "cloudwatch", "incidents", "runbooks", "changes", "maintenance",
     "topology", "waveform", "recording", "alarm_log", "dictionary", "cluster_recorded", "sample_runbooks"}
)  # fmt: skip
"""Types of sources that read the files they name and do nothing else. Any other, third parties' among them, may do more."""

SERVER_TYPES: Final = frozenset({"prometheus", "loki", "victorialogs", "mqtt", "opcua", "modbus"})
"""Types of sources that ask the server which their `url` names, read-only, and do nothing else."""

SYSTEM_LOGS: Final = Path("/var/log")
"""Written by the system itself: links in it lead to where a container runtime keeps its logs, and are followed."""

_SECRETS: Final = ("password_env", "password_file", "bearer_env", "bearer_file", "cert", "key")


def trusts(folder: Path, trusted: Iterable[str | Path]) -> bool:
    """Whether a folder is one of those that the user trusts, or lies below one."""
    real = folder.resolve()
    return any(real.is_relative_to(Path(each).expanduser().resolve()) for each in trusted)


def confined(sources: Sequence[SourceConfig], root: Path) -> tuple[SourceConfig, ...]:
    """The sources of a foreign folder, bound to the files below it. Raises Untrusted that names all they may not."""
    refused = [each for source in sources for each in beyond(source, root)]
    if refused:
        raise Untrusted(
            f"{str(root)!r} comes from elsewhere, so it may only name files below itself, but "
            f"{'; '.join(refused)}. Check it and, if you trust it, add --trust {str(root)!r} (Python: "
            "trust=)."
        )
    return tuple(source.bound_to(root.resolve()) for source in sources)


def beyond(source: SourceConfig, root: Path) -> list[str]:
    """What a source would do besides reading files below `root`, each as a phrase; empty for one that is harmless."""
    name, auth = f"source {source.name!r}", source.auth
    found: list[str] = []
    if kind := _active(source):
        found.append(f"{name} is of type {source.type!r}, which {kind}")
    if source.url:
        found.append(f"{name} contacts {source.url}")
    for field in (f for f in _SECRETS if getattr(auth, f)):
        what = "the environment variable" if field.endswith("_env") else "the file"
        found.append(f"{name} sends {what} {getattr(auth, field)!r} to {source.url or 'its server'}")
    if auth.proxy:
        found.append(f"{name} uses the proxy {auth.proxy}")
    if variable := source.options.get("tenant_env"):
        found.append(f"{name} sends the environment variable {variable!r} to {source.url or 'its server'}")
    named = [source.path, auth.ca, *(str(v) for k, v in source.options.items() if k in FILE_OPTIONS)]
    return found + [f"{name} reads {each}" for path in named if path for each in _outside(path, root)]


def _active(source: SourceConfig) -> str:
    """What a type of source does besides reading files; "" where nothing."""
    kind = source.type
    if kind == "cluster_changes":
        kind = str(source.options.get("reader", "kubectl"))
    if kind == "kubectl":
        program = source.options.get("kubectl") or "kubectl"
        return f"starts {str(program)!r} with the kubeconfig {source.path!r}"
    if kind == "git":
        return f"starts git in {source.path!r}"
    if kind == "memory":
        return "reads a store of incidents"
    known = kind in FILE_TYPES or (source.url and kind in SERVER_TYPES)
    return "" if known else "may do more than read files"


def _outside(path: str, root: Path) -> Iterator[str]:
    """What a path leads to that is not a regular file or folder below the root, its links resolved."""
    given = root / Path(path).expanduser()
    if not is_below(given, root):
        yield f"{path!r}, which is outside the folder" + (
            f" ({given.resolve()})" if given.is_symlink() else ""
        )
    elif given.exists() and not (given.is_file() or given.is_dir()):
        yield f"{path!r}, which is a pipe, socket or device, not a file"
    else:
        link = next((p for p in _members(given) if p.is_symlink() and not is_below(p, root)), None)
        if link is not None:
            yield f"{str(link)!r}, a link that points outside the folder"


def _members(path: Path) -> Iterator[Path]:
    """All in a folder, or what a glob matches."""
    try:
        yield from path.rglob("*") if path.is_dir() else path.parent.glob(path.name or "*")
    except ValueError:  # no pattern: the reader says so
        return


def is_below(path: Path, root: Path) -> bool:
    """Whether a path is the root or lies below it once all links are resolved."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
        return False


def checked(path: Path, root: Path | None) -> Path:
    """The path, for a source bound to `root`. Raises Untrusted where it leads outside or to what is no plain file."""
    if root is not None and not (is_below(path, root) and (path.is_file() or path.is_dir())):
        raise Untrusted(
            f"{str(path)!r} is not a plain file in that folder. If you trust it, add --trust {str(root)!r}."
        )
    return path


def leads_out(path: Path, folder: Path) -> bool:
    """Whether an entry of a folder of data is a link to somewhere else. The system's own logs are linked freely."""
    if not path.is_symlink() or folder.resolve().is_relative_to(SYSTEM_LOGS):
        return False
    return not is_below(path, folder)


def strange(folder: Path) -> Path | None:
    """The first entry of a folder that is a link, pipe, socket or device: aitia itself never puts one there."""
    for held, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(held, name)
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:  # written and renamed by whoever carries the run out
                continue
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                return path
    return None
