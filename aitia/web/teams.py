"""Teams behind one address: each a service of its own process, home, settings and tokens, reached over a Unix socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from pydantic import Field, ValidationError, model_validator

from aitia.access.issued import TEAM
from aitia.core.bounds import load_yaml, read_text
from aitia.core.errors import BadInput
from aitia.core.words import Word
from aitia.settings import Settings, explain, load_settings

REQUESTS: Final = 64
_PAUSE_S: Final = (1.0, 60.0)  # before a service that died is started again: at first, and at most
_STOP_S: Final = 20.0
# What every service may know of this process's environment: no credential is among it.
_COMMON: Final = re.compile(
    r"PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|XDG_CACHE_HOME|PYTHON\w+|VIRTUAL_ENV|SSL_CERT_\w+|OMP_\w+|\w+_NUM_THREADS"
)


class Team(Word):
    """One team: a service that is started here (`home`, `config`), or one that runs as a user of its own (`socket`)."""

    home: str = ""
    config: str = ""
    environment: str = (
        ""  # a file of NAME=VALUE lines: the team's credentials, which no other team's service has
    )
    socket: str = ""  # of `aitia serve --socket`, where others start it
    mcp_socket: str = ""  # of `aitia mcp --socket`, where others start it
    requests: int = Field(default=REQUESTS, ge=1, le=1000)  # that are answered at a time
    mcp: bool = False  # serve MCP at /mcp
    slack: bool = False  # answer in the team's Slack, with the app whose tokens are in its environment
    options: tuple[str, ...] = ()  # of `aitia serve`, such as `--workers 1`, each a word

    @model_validator(mode="after")
    def _whole(self) -> Team:
        if bool(self.socket) == bool(self.home or self.config):
            raise ValueError("give `home` and `config`, or the `socket` of a service that runs already")
        if not self.socket and not (self.home and self.config):
            raise ValueError("give both `home` and `config`")
        return self


class Teams(Word):
    """The whole file."""

    teams: dict[str, Team] = Field(min_length=1)


def load_teams(file: Path) -> dict[str, Team]:
    """Read a file of teams; paths come out absolute. Raises BadInput where two teams could meet."""
    try:
        found = Teams.model_validate(load_yaml(read_text(file)))
    except OSError as error:
        raise BadInput(f"Cannot read {str(file)!r} ({error.strerror}). Give a readable file.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadInput(f"Fix the YAML in {str(file)!r}: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise BadInput(f"Fix {explain(error, Teams)} in {str(file)!r}.") from None
    teams = {name: _absolute(team, file.resolve().parent) for name, team in found.teams.items()}
    for name in teams:
        if not re.fullmatch(TEAM, name):
            raise BadInput(
                f"Rename the team {name[:60]!r}: lower-case letters, digits and hyphens, at most 31."
            )
    _apart(teams)
    return teams


def _absolute(team: Team, root: Path) -> Team:
    paths = ("home", "config", "environment", "socket", "mcp_socket")
    return team.model_copy(
        update={f: str((root / Path(v).expanduser()).resolve()) for f in paths if (v := getattr(team, f))}
    )


def _apart(teams: Mapping[str, Team]) -> None:
    """Nothing that one team keeps is where another one keeps its own. Raises BadInput."""
    homes = {name: Path(t.home) for name, t in teams.items() if t.home}
    for name, home in homes.items():
        for other, its in homes.items():
            if name < other and (home.is_relative_to(its) or its.is_relative_to(home)):
                raise BadInput(f"Give {name!r} and {other!r} homes of their own, neither within the other.")
    owned: dict[tuple[str, str], str] = {}
    for name, team in teams.items():
        for thing in _owns(name, team):
            if owned.setdefault(thing, name) != name:
                raise BadInput(
                    f"{owned[thing]!r} and {name!r} share the {thing[0]} {thing[1]!r}. Give each its own."
                )


def _owns(name: str, team: Team) -> list[tuple[str, str]]:
    """What no other team may have too."""
    things = [("socket", s) for s in (team.socket, team.mcp_socket) if s]
    if not team.config:
        return things
    settings = load_settings(Path(team.config))
    if settings.service.team != name:
        raise BadInput(f"Set service.team: {name} in {team.config!r}.")
    things += [
        ("settings file", team.config),
        *((("environment", team.environment),) if team.environment else ()),
    ]
    return [*things, *_shared(settings)]


def _shared(settings: Settings) -> list[tuple[str, str]]:
    """What is outside of a home: a database, Slack channels."""
    url = urlsplit(settings.service.database)
    hosts = url.netloc.rpartition("@")[2].casefold().split(",")
    database = ",".join(h if ":" in h else f"{h or 'localhost'}:5432" for h in hosts) + url.path
    found = [("database", database)] if settings.service.database else []
    return found + [("Slack channel", channel) for channel in settings.slack.channels]


def environment_of(team: Team) -> dict[str, str]:
    """The variables of a team's services: what is common, its home, and its own file. Raises BadInput."""
    found = {name: value for name, value in os.environ.items() if _COMMON.fullmatch(name)}
    if team.environment:
        try:
            text = read_text(Path(team.environment))
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"Cannot read {team.environment!r} ({error}). Give a readable file.") from None
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            name, equals, value = line.partition("=")
            if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name.strip()):
                raise BadInput(f"Fix line {number} of {team.environment!r}: write NAME=VALUE.")
            found[name.strip()] = value.strip()
    return found | {"AITIA_HOME": team.home}


class Services:
    """The processes of the teams that are started here. One that dies is started again, each time later."""

    def __init__(self, teams: Mapping[str, Team], folder: Path) -> None:
        self._teams, self._over = teams, threading.Event()
        self.sockets = {n: t.socket or str(folder / f"{n}.sock") for n, t in teams.items()}
        self.mcp_sockets = {
            n: t.mcp_socket or str(folder / f"{n}.mcp.sock")
            for n, t in teams.items()
            if t.mcp_socket or t.mcp
        }
        self._threads = [
            threading.Thread(target=self._keep, args=(argv, environment_of(teams[name])), daemon=True)
            for name, argv in self._commands()
        ]

    def start(self) -> None:
        """Start all."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all; diagnoses that run go on at the next start."""
        self._over.set()
        for thread in self._threads:
            thread.join(_STOP_S + 5)

    def _commands(self) -> list[tuple[str, list[str]]]:
        made: list[tuple[str, list[str]]] = []
        for name, team in self._teams.items():
            if not team.config:
                continue
            given = ["--config", team.config]
            made.append((name, ["serve", "--socket", self.sockets[name], *given, *team.options]))
            if team.mcp:
                made.append((name, ["mcp", "--socket", self.mcp_sockets[name], *given]))
            if team.slack:
                made.append((name, ["slack", "--workers", "0", *given]))
        return made

    def _keep(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        pause, cwd = _PAUSE_S[0], environment["AITIA_HOME"]
        Path(cwd).mkdir(parents=True, exist_ok=True, mode=0o700)
        while not self._over.is_set():
            began = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-c", "from aitia.cli import main; main()", *argv],
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            while process.poll() is None and not self._over.wait(0.2):
                pass
            if process.poll() is None:
                _end(process)
                return
            pause = _PAUSE_S[0] if time.monotonic() - began > _PAUSE_S[1] else min(_PAUSE_S[1], 2 * pause)
            self._over.wait(pause)


def _end(process: subprocess.Popen[Any]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
