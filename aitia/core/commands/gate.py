"""What may be shown of a command, a query and a name: one line each, nothing in it that telemetry wrote, platforms seen only."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml
from aitia.core.commands.grammar import grammar_of, is_program
from aitia.core.commands.judge import Does, effect, programs_of

MOST: Final = 100_000  # characters; what is too long for a door is said there
_WORD: Final = r"[^\W_][\w.:/@+,#()%=-]*"
_SPOKEN: Final = re.compile(rf"(?=.{{1,120}}$)(?!.*://){_WORD}(?: (?:{_WORD}|\(\w[\w .-]*\))){{0,4}}")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_IN_QUERY: Final = re.compile(
    r"(?!.*://)(?!.*(?:^| )-)(?!.* \| )(?:[^\s'`;&$<>\\]|\\[.\\dwsSWDb+*?()\[\]{}/-]|\$(?=$|[|)])|(?<=\S) (?=\S)){0,300}"
)
# A name of a file, a column or a tool may stand for a query as it is: what a shell would run is none.
_FOR_A_SHELL: Final = re.compile(
    r"\|\s*(?:ba|z|k)?sh\b|(?:^|\s)>+\s*(?:&\s*)?/|(?:^|\|\s*)(?:rm|(?:ba|z|k)?sh|eval|sudo)\s"
)
_REACHES: Final = re.compile(r"[|>&/]|\w\.\w|(?:^|\s)-\w")
_WRITTEN_HERE: Final = frozenset(
    {"kubectl", "aws", "git"}
)  # programs by which sources say how they were asked
_NAMES: Final = {
    "postgres": "PostgreSQL", "mysql": "MySQL", "mongodb": "MongoDB", "aws": "AWS", "gcp": "Google Cloud", "rabbitmq": "RabbitMQ",
    "nginx": "nginx", "haproxy": "HAProxy", "etcd": "etcd", "sqlite": "SQLite", "influxdb": "InfluxDB", "zookeeper": "ZooKeeper",
}  # fmt: skip
_SCRIPT: Final = re.compile(
    r"(?m)^\s*(?:for|while|until|if|do|done|then|else|elif|fi|case|esac|function|EOF|[{}()])(?:\s|;|$)|(?:[\\|{(]|&&)\s*$"
    r"|^\s*[|&)}-]|^\s*[A-Za-z_]\w*=\S*\s*$|<<"
)


def command_line(command: str) -> str:
    """The command, where it is one printable line that could be pasted; else "" (several lines are several commands)."""
    line = command.strip()
    return line if line and len(line) <= MOST and line.isprintable() else ""


def is_script(commands: str) -> bool:
    """Whether lines belong together, so that none of them may stand alone: a loop, a here-document, a line that goes on."""
    return "\n" in commands.strip() and _SCRIPT.search(commands) is not None


def query_line(query: str) -> str:
    """A query to a source in one line; "" where what it quotes is no plain value but could be a command.

    Queries hold label values of telemetry; a person may paste one into a shell by mistake.
    """
    line = query.strip()
    if "\n" in line and not any("\n" in (m[1] or m[2] or "") for m in _QUOTED.finditer(line)):
        line = " ".join(line.split())  # laid out over lines by code
    if not line or len(line) > MOST or not line.isprintable() or "$(" in line or "`" in line:
        return ""
    bare = _QUOTED.sub("''", line)
    if re.search(r"['\"]", bare.replace("''", "")) or ";" in bare or "://" in bare or _is_for_a_shell(bare):
        return ""
    quoted = [m[1] if m[1] is not None else m[2] for m in _QUOTED.finditer(line)]
    return line if all(_IN_QUERY.fullmatch(q) for q in quoted) else ""


def _is_for_a_shell(bare: str) -> bool:
    program, _, rest = bare.partition(" ")
    if program in _WRITTEN_HERE and effect(bare) == "read-only":
        return False
    return bool(_FOR_A_SHELL.search(bare) or (is_program(program) and _REACHES.search(rest)))


def spoken(name: str) -> str:
    """A component's name as a sentence may hold it: itself where it is plain words, else a pseudonym that stays the same."""
    if _SPOKEN.fullmatch(name) and name.isprintable():
        return name
    return f"component-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:6]}"


@functools.cache
def _platforms() -> Mapping[str, re.Pattern[str]]:
    text = files("aitia.core.commands").joinpath("platforms.yaml").read_text(encoding="utf-8")
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in own_yaml(text).items()}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command as it may be shown ("" if not at all), what it does, and what a reader is told about what was left out."""

    command: str
    effect: Does
    note: str = ""
    missing: str = ""  # the platform that it needs and that was not seen


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The gate of one incident: which platforms were seen in it."""

    platforms: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, names: Iterable[str], seen: Iterable[str]) -> Gate:
        """From the names of components, and from what else was seen: metrics, streams, sources, kinds of facts."""
        told = [*names, *seen]
        found = frozenset(p for p, pattern in _platforms().items() if any(pattern.search(t) for t in told))
        return cls(platforms=found)

    def show(self, command: str, *, foreign: bool = False) -> Shown:
        """Whether and how a command is shown. `foreign`: from a document that nobody at the site vouches for, so not at all."""
        line = command_line(command)
        if not command.strip():
            return Shown(command="", effect="changing")
        if not line:
            return Shown(
                command="", effect="changing", note="its command is not one plain line and is left out"
            )
        if missing := self._unseen(line):
            named = _NAMES.get(missing, missing.capitalize())
            note = f"command omitted: no {named} was seen here"
            return Shown(command="", effect="changing", note=note, missing=missing)
        if foreign:
            note = "command omitted: nobody at the site vouches for this document"
            return Shown(command="", effect="changing", note=note)
        return Shown(command=line, effect=effect(line))

    def _unseen(self, line: str) -> str:
        """A platform that the command needs and that was not seen; ""."""
        known = (grammar_of(name) for name in programs_of(line))
        needed = [g.platform for g in known if g is not None and g.platform]
        return next((p for p in needed if p in _platforms() and p not in self.platforms), "")
