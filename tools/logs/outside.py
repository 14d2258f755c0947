"""Whom a failing call was to, where that is no known component: a provider or third party that writes no log here.

The name stands in a field that says whom a program calls (`provider`, `psp`, `host`, `upstream`), or as the host of an address.
All records of the template that are looked at must name the same one: what changes from line to line is what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from aitia.core.words import Evidence
from aitia.tools.logs.count import Count
from aitia.tools.text.classes import Meaning
from aitia.tools.text.names import CONTEXT, Names
from aitia.tools.text.reading.cut import text_of

# By hand.
LOOKED: Final = 6  # records of a template
LONGEST: Final = 1000  # characters of a record
MEANT: Final = 0.6  # probability from which a message tells of another one's trouble
FAILING: Final = frozenset(
    {
        "log.connection_refused", "log.timeout", "log.unavailable", "log.dns", "log.quota", "log.certificate", "log.slow",
        "log.retry",
    }
)  # fmt: skip
"""What a program tells of calls that fail."""

_HOST: Final = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
_WHO: Final = (
    r"provider|psp|gateway|gw|carrier|vendor|partner|supplier|processor|issuer|acquirer|third_?party|remote(?:_?(?:host|name|service))?"
    r"|upstream(?:_?(?:host|name|cluster))?|target|dest(?:ination)?|endpoint|peer(?:[._]?(?:name|service|host))?|dependency"
    r"|backend|server(?:[._]?(?:name|address))?|service|api|host|hostname|url|uri|base_?url"
)
# A word is a name where the field is written as one (`psp=paylane`, `"psp": "paylane"`); in `bad gateway: timeout` it is none.
_FIELD: Final = re.compile(
    rf"(?i)(?<![\w.-])(?P<quote>[\"']?)(?P<key>{_WHO})(?P=quote)(?P<sep>\s?[:=]\s?)[\"']?(?:\w+://)?(?P<value>[A-Za-z][\w.-]{{1,60}})(?![\w@])"
)
_ADDRESS: Final = re.compile(
    rf"(?:://|@)(?P<a>{_HOST})(?![\w.-])|(?<![\w./@-])(?P<b>{_HOST})[:/](?P<port>\d{{2,5}})\b"
    r"|(?i:\b(?:lookup|resolv\w+|enotfound|eai_again|dial tcp|connect(?:ion|ing|ed)? (?:to|with)|host)) "
    rf"[\"'(]?(?P<c>{_HOST})(?![\w.-])"
)
# These are as often the writer itself, or a place: only the name of a host elsewhere counts there.
_OF_ITSELF: Final = frozenset(
    {
        "host", "hostname", "service", "server", "server_name", "server.name", "api", "target", "endpoint", "uri", "url", "dest",
        "destination", "base_url", "baseurl",
    }
)  # fmt: skip
_PORTS: Final = frozenset(
    {
        21, 22, 25, 53, 80, 389, 443, 465, 587, 636, 1433, 1521, 1883, 3306, 5432, 5672, 6379, 8080, 8443, 8883, 9092, 9200,
        27017,
    }
)  # fmt: skip
"""Behind a name of two parts another number may be a line of a file (`handler.groovy:42`) or an id (`user.profile:12345`)."""
_SERVED: Final = re.compile(r" -> [1-5]\d\d$")  # a request that it answered itself
_CODE: Final = re.compile(
    r"\.(?:py|go|js|ts|tsx|mjs|java|kt|scala|rb|c|cc|cpp|h|rs|cs|php|exs?|erl|pl|lua|sh|conf|ya?ml|json|xml|log|so"
    r"|groovy|hpp|jsx|swift|dart|clj|vue|mm|sql|cfg|properties)$"
)
_NOBODY: Final = frozenset(
    {
        "localhost", "true", "false", "null", "none", "unknown", "default", "error", "primary", "secondary", "http", "https",
        "timeout", "failed", "refused", "closed", "down", "unavailable", "unreachable", "internal", "external", "upstream",
    }
)  # fmt: skip


def one_name(facts: Sequence[Evidence], names: Names) -> list[Evidence]:
    """The facts with one name for each party outside: `paylane` and `api.paylane.example` are one."""
    known = set(names.alias.values())
    peers = {n for e in facts for n in (e.component, e.peer) if n and n not in known}
    whole: dict[str, set[str]] = {}
    for peer in (p for p in peers if "." in p):
        whole.setdefault(peer.split(".")[-2], set()).add(peer)  # a label further left is anybody's choice
    same = {p: min(whole[p]) for p in peers if "." not in p and len(whole.get(p, ())) == 1}
    made = []
    for e in facts:
        if e.component in same or e.peer in same:
            one = {"component": same.get(e.component, e.component), "peer": same.get(e.peer, e.peer)}
            made.append(e.model_copy(update=one))
        else:
            made.append(e)
    return made


def parties(component: str, count: Count, meaning: Meaning, names: Names) -> tuple[str, str]:
    """Component and peer of a failing call to somebody outside; a limit is the word of the one who holds others to it."""
    party = outside(component, count, meaning, names)
    return (party, "") if party and meaning.aspect == "log.quota" else (component, party)


def outside(component: str, count: Count, meaning: Meaning, names: Names) -> str:
    """Whom the records of a template call, by a name that no component has; "" where they do not tell, or not alike."""
    peer = meaning.whose == "peer" and meaning.whose_sure >= MEANT
    if not (meaning.bad and (meaning.aspect in FAILING or peer)) or component.casefold() in names.hosts:
        return ""
    if _SERVED.search(count.template.text):
        return ""
    sample = count.new if count.new.kept else count.old
    found = [set(_named(component, text_of(raw)[:LONGEST], names)) for _, _, raw in sample.kept[-LOOKED:]]
    every = set.intersection(*found) if found else set()
    return min(every, key=lambda n: ("." not in n, len(n), n), default="")


def _named(component: str, text: str, names: Names) -> Iterator[str]:
    text = CONTEXT.sub("", text)
    for found in _FIELD.finditer(text):
        value = found["value"].rstrip(".").casefold()
        plain = "." not in value
        if plain and (found["key"].casefold() in _OF_ITSELF or not (found["quote"] or found["sep"] == "=")):
            continue
        if plain and (len(value) < 4 or value in _NOBODY):
            continue
        if not plain and (not re.fullmatch(_HOST, value) or _CODE.search(value)):
            continue
        if not _is_known(component, value, names):
            yield value
    for found in _ADDRESS.finditer(text):
        value = (found["a"] or found["b"] or found["c"]).casefold()
        if found["b"] and value.count(".") < 2 and int(found["port"]) not in _PORTS:
            continue
        if not _CODE.search(value) and not _is_known(component, value, names):
            yield value


def _is_known(component: str, value: str, names: Names) -> bool:
    """Whether it is a known component, one of its replicas or instances, or the writer's own host."""
    parts = {value, value.partition(".")[0]}
    own = component.casefold()
    return (
        any(names.of(p) or p in names.alias for p in parts)
        or any(p.startswith(own) or own.startswith(p) for p in parts if len(p) > 3)
        or any(p.startswith(f"{name}-") for p in parts for name in names.alias)
    )
