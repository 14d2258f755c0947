"""Which known component a message speaks of. Only names that the inventory holds can be found, never free text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from typing import Final

from aitia.core.words import Component
from aitia.tools.registry import ToolContext
from aitia.tools.text.program_text import written

HOST_LOGS: Final = frozenset(
    {"kernel", "kern", "syslog", "messages", "dmesg", "journal", "systemd", "supervisor", "supervisord"}
    | {"kubelet", "docker", "dockerd", "containerd", "daemon"}
)
NO_CALLERS: Final = HOST_LOGS | frozenset(
    {
        "dpkg",
        "apt",
        "alternatives",
        "yum",
        "dnf",
        "dnf.rpm",
        "dnf.librepo",
        "hawkey",
        "rpm",
        "pacman",
        "zypper",
        "zypp",
        "apk",
    }
    | {"unattended-upgrades", "installer", "cloud-init", "cloud-init-output", "bootstrap", "auth", "audit"}
)
"""Logs of a host and of what installs on it: what they name they do not call."""
_MIN = 2
# What names of programs end in: others leave it out where they tell of a call (`fleet call failed` of fleet-svc).
_SUFFIX: Final = re.compile(r"(?i)[-_.](?:svc|service|server|srv|app)$")
_BEFORE_CALL: Final = (
    r"(?:circuit ?breaker|upstream|backend|service|target|peer|provider|remote|server)[ =:]{1,2}['\"]?|://"
)
_AFTER_CALL: Final = (
    r"[ _-](?:service|svc|server|client|call|request|lookup|rpc|api|upstream|backend|connection)s?\b"
)
# Of a service, whose name may be any word.
_A_CALL: Final = (
    r"[ _-](?:call|rpc|lookup|request)s? "
    r"(?:fail\w*|error\w*|timed out|timeout|refused|rejected|unavailable|not answered)\b"
)
_ANY_WORD: Final = frozenset(
    {
        "api", "web", "cache", "db", "app", "server", "order", "client", "http", "auth", "worker", "data", "file", "name", "dns",
        "host", "user", "session", "key", "service", "system", "remote",
    }
)  # fmt: skip
"""What names a service and as often a thing."""
# The part of a program that asks another (`FareClient`, `atlas_client`); the ending of who does the work may lack (matcher).
_CLIENT: Final = r"(?:Client|(?:[_-]client))(?![A-Za-z0-9])(?![ _-]?id\b)"
_WORKER: Final = re.compile(r"(?i)(?:er|or|d)$")
_NUMBERED: Final = re.compile(r"([a-z]{3,})[-_.](\d{1,2})", re.IGNORECASE)
_MEMBER: Final = re.compile(r"(.+[-_.])\d{1,3}")
_REPLICA: Final = re.compile(r"([A-Za-z][\w.-]*?[A-Za-z_])[-_.]\d{1,3}")
_OTHER_MEMBER: Final = re.compile(
    r"(?i)\b(?:(?:leader|broker|node)(?:[_ ]?id)?|member|peer|connection to(?: (?:node|broker))?)[ =:#]{1,2}(\d{1,3})\b"
)
# What nginx adds to an error: who asked (client, host), which virtual server, for what; only `upstream` is the other end.
CONTEXT: Final = re.compile(r",? client: .*?\brequest: .*", re.DOTALL)
_UPSTREAM: Final = re.compile(r"\bupstream: \S+")
# A server of a pool, as HAProxy names it: `Server be_api/api-2 is DOWN`.
_OF_POOL: Final = re.compile(r"\b([Ss]erver )[\w.-]+/(?=[\w.-]+ is )")

_STROKES: Final = {ord("ł"): "l", ord("Ł"): "L", ord("ø"): "o", ord("Ø"): "O", ord("đ"): "d", ord("Đ"): "D"}
# Latin letters without what stands above or below them, one for one: people write names with it, components are called without.
_PLAIN: Final = _STROKES | {
    point: base
    for point in range(0xC0, 0x250)
    if (base := unicodedata.normalize("NFD", chr(point))[0]).isascii()
}


class Names:
    """Aliases of the known components. `of(text)` lists the components that a masked message names."""

    def __init__(self, components: Collection[Component]) -> None:
        self.alias: dict[str, str] = {}
        self.hosts = HOST_LOGS | {c.id.casefold() for c in components if c.type == "node"}
        for component in sorted(components, key=lambda c: c.id):
            for name in (component.id, *component.aliases):
                if len(name) >= _MIN and not name.isdigit():
                    self.alias.setdefault(name.casefold(), component.id)
                    self.alias.setdefault(_plain(name).casefold(), component.id)
        for component in components:  # `web1` of web-1, and systemd's `web@1`
            if numbered := _NUMBERED.fullmatch(component.id):
                for between in ("", "@"):
                    self.alias.setdefault(
                        _plain(f"{numbered[1]}{between}{numbered[2]}").casefold(), component.id
                    )
        words = sorted(self.alias, key=lambda name: (-len(name), name))
        # A word of its own, or the host of a URL; no part of a path, a file name or a longer name. A host with its address
        # is one (`db/10.0.0.3:5432`, as Java writes it).
        self._find = (
            re.compile(
                r"(?:(?<![\w./-])|(?<=//)|(?<=@))("
                + "|".join(re.escape(word) for word in words)
                + r")(?![\w-])(?!/(?!\d{1,3}(?:\.\d{1,3}){3}\b)\w)(?!\.(?:py|go|js|ts|java|rb|c|h|rs|log|conf|ya?ml|json)\b)",
                re.IGNORECASE,
            )
            if words
            else None
        )
        self._memo: dict[str, str] = {}
        self._services = self._of_replicas()
        services = "|".join(re.escape(word) for word in sorted(self._services, key=lambda w: (-len(w), w)))
        told = "|".join(w for w in services.split("|") if w not in _ANY_WORD) or r"(?!)"
        self._find_service = (
            re.compile(
                rf"(?:{_BEFORE_CALL})(?P<a>{services})(?![\w.-])|(?<![\w./-])(?P<b>{told})(?={_A_CALL})",
                re.IGNORECASE,
            )
            if services
            else None
        )
        self._short = self._stems()
        short = "|".join(re.escape(word) for word in sorted(self._short, key=lambda w: (-len(w), w)))
        self._find_short = (
            re.compile(
                rf"(?:{_BEFORE_CALL})(?P<a>{short})(?![\w.-])|(?<![\w./-])(?P<b>{short})(?={_AFTER_CALL})",
                re.IGNORECASE,
            )
            if short
            else None
        )
        self._asked = self._of_clients()
        asked = "|".join(re.escape(word) for word in sorted(self._asked, key=lambda w: (-len(w), w)))
        self._find_client = re.compile(rf"(?<![A-Za-z0-9])((?i:{asked})){_CLIENT}") if asked else None

    def _stems(self) -> dict[str, str]:
        """Names without what names of programs end in, of one component alone, that are no name themselves."""
        found: dict[str, set[str]] = {}
        for name, component in self.alias.items():
            if (stem := _SUFFIX.sub("", name)) != name and len(stem) > _MIN and stem not in self.alias:
                found.setdefault(stem, set()).add(component)
        return {stem: next(iter(of)) for stem, of in found.items() if len(of) == 1}

    def _of_replicas(self) -> dict[str, str]:
        """Services of which replicas are known, by the first of these, where only a call names them (`upstream=seat-api`)."""
        found: dict[str, list[str]] = {}
        for component in sorted(set(self.alias.values())):
            stem = service_of(component)
            if stem != component and len(stem) > _MIN and stem.casefold() not in self.alias:
                found.setdefault(stem.casefold(), []).append(component)
        return {stem: of[0] for stem, of in found.items() if len(of) > 1}

    def _of_clients(self) -> dict[str, str]:
        """What the part of a program that asks a component may be called after, where one component alone fits."""
        found: dict[str, set[str]] = {}
        for name, component in self.alias.items():
            base = _SUFFIX.sub("", name)
            for word in {name, base, _WORKER.sub("", base)}:
                if len(word) > _MIN and (word == name or word not in self.alias):
                    found.setdefault(word, set()).add(component)
        return {word: next(iter(of)) for word, of in found.items() if len(of) == 1}

    def of(self, text: str) -> list[str]:
        """Component ids named in the text, in order, each once; last those that only a call names by a part of their name."""
        return list(dict.fromkeys(component for component, _, _ in self.places(text)))

    def places(self, text: str) -> list[tuple[str, int, int]]:
        """Component ids with where their names begin and end."""
        if self._find is None:
            return []
        text = _plain(text)
        found = [(self.alias[m[1].casefold()], m.start(1), m.end(1)) for m in self._find.finditer(text)]
        for m in self._find_short.finditer(text) if self._find_short else ():
            part = "a" if m["a"] else "b"
            found.append((self._short[m[part].casefold()], m.start(part), m.end(part)))
        for m in self._find_service.finditer(text) if self._find_service else ():
            part = "a" if m["a"] else "b"
            found.append((self._services[m[part].casefold()], m.start(part), m.end(part)))
        for m in self._find_client.finditer(text) if self._find_client else ():
            found.append((self._asked[m[1].casefold()], m.start(1), m.end(1)))
        return found

    def member(self, component: str, text: str) -> str:
        """The other member of a component's cluster that a message tells of by its number: `leaderId=2` of kafka-1 is kafka-2."""
        own = _MEMBER.fullmatch(component)
        for found in _OTHER_MEMBER.finditer(text) if own else ():
            other = self.alias.get(_plain(f"{own[1]}{found[1]}").casefold(), "") if own else ""
            if other and other != component:
                return other
        return ""

    def of_token(self, token: str) -> str:
        """The first component that one token names, memoised; "" if none."""
        found = self._memo.get(token)
        if found is None:
            if len(self._memo) > 100_000:
                self._memo.clear()
            found = self._memo[token] = next(iter(self.of(token)), "")
        return found


def _plain(text: str) -> str:
    """The same text with plain Latin letters; every one stays where it was."""
    return text if text.isascii() else text.translate(_PLAIN)


def service_of(component: str) -> str:
    """A component without the number of its replica; an address or a version has none."""
    member = _REPLICA.fullmatch(component)
    return member[1] if member else component


def known(ctx: ToolContext) -> Names:
    """The names of the run's inventory and topology."""
    by_id = {c.id: c for c in (*ctx.resolver.components, *ctx.inventory.components)}
    return Names(by_id.values())


def attribute(component: str, text: str, names: Names) -> tuple[str, str]:
    """Component and peer of a message. A host's log speaks of the one component that it names."""
    told = _OF_POOL.sub(r"\1", CONTEXT.sub(_other_end, text))
    others = [n for n in names.of(told) if n != component and not _is_own_service(component, n, told)]
    if component.casefold() in names.hosts and len(others) == 1:
        return others[0], ""
    return component, others[0] if others else names.member(component, text)


def _is_own_service(component: str, other: str, text: str) -> bool:
    """Whether a replica speaks of its own service, for which another replica of it stands."""
    own, its = _MEMBER.fullmatch(component), _MEMBER.fullmatch(other)
    if own is None or its is None or own[1] != its[1]:
        return False
    return re.search(rf"(?<![\w-]){re.escape(other)}(?![\w-])", text, re.IGNORECASE) is None


def called(text: str, peer: str) -> bool:
    """Whether a message has a component as the host of an address that its own program wrote: whom it called."""
    address = re.compile(rf"(?:://|\b(?:upstream|backend|target)[=:] ?(?:\w+://)?){re.escape(peer)}(?![\w-])")
    return any(written(f"{text[: m.start()]}x").own.endswith("x") for m in address.finditer(text))


def _other_end(context: re.Match[str]) -> str:
    found = _UPSTREAM.search(context.group())
    return f", {found.group()}" if found else ""
