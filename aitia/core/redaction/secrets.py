"""The rules for secrets: each an anchored pattern whose last named group is the value.

Every quantifier is bounded or ends at a character that it cannot hold, so that a search takes linear time. A value ends
with its line: only a PEM block spans lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Match = re.Match[str]


def _always(_: Match) -> bool:
    return True


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """One rule. A match contains one of `needs` (lower case); `trigger` begins with one of `grams` and tells in a block."""

    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    trigger: str
    grams: tuple[str, ...] = ()  # four characters each (or three and any); `needs` where empty
    kind: str = "secret"
    accept: Callable[[Match], bool] = _always
    canonical: Callable[[str], str] = str  # what spellings of one value have in common


LONGEST: Final = 256  # characters of a value that may turn out to be harmless

# -- names and what is assigned to them -------------------------------------------------------------------------------

_WORDS = (
    r"passw(?:or)?d|passphrase|passcode|(?:(?<![a-z])pass|(?-i:Pass|PASS))(?![a-z])|pwd|secret|credential|token"
    r"|(?:api|access|private|account|auth|secret|shared|signing|encryption|master|license)[_. -]?key"
)
_SUFFIX = r"[A-Za-z0-9_-]{0,32}"
_NAME = rf"(?P<n>(?:{_WORDS}){_SUFFIX})"
_SEP = r"\\{0,8}[\"']?[ \t]{0,8}(?:=>|==?|:=|:(?!//))[ \t]{0,8}"
_DOUBLE = r"\"(?P<w>(?:[^\"\\\n]|\\.|\"(?=\w))+)"  # a quote that a letter follows closes nothing
_SINGLE = r"'(?P<x>(?:[^'\\\n]|\\.|'(?=\w))+)"
_ESCAPED = r"(?P<e>\\{1,8}[\"'])(?P<v>(?:(?!(?<!\\)(?P=e))[^\n])+)"
_END = r"\s\"',;&)}\]"
# A separator, bracket or quote belongs to the value where letters follow it that are no further key.
_BARE = rf"(?P<y>[^{_END}]+(?:(?:[,;&)}}\]]{{1,3}}|[\"'])(?=\w)[^{_END}=:]+(?=[{_END}]|$))*)"
_VALUE = rf"(?:{_ESCAPED}|{_DOUBLE}|{_SINGLE}|{_BARE})"

_PLURAL = re.compile(r"(?i)(?:tokens|token(?:iz|is)\w*|secrets)$")
_ABOUT = re.compile(  # not the secret: where it lies, how long it is
    r"(?:[_-](?i:file|path|dir|name|count|limit|length|len|size|ttl|age|policy|version|provider|expir\w*|env|ref|url|uri|type|endpoint)"
    r"|File|Path|Dir|Name|Count|Limit|Length|Size|Ttl|TTL|Age|Policy|Version|Provider|Expiry|Ref|Url|URL|Uri|Type|Encoder|Endpoint)$"
)
HARMLESS = re.compile(
    r"(?i)(?:null|none|nil|n/a|true|false|yes|no|undefined|empty|required|\*+|x{3,}|\.{3}|\[?(?:redacted|filtered|masked|hidden|removed|protected)\]?"
    r"|\$\{[^}]{0,200}\}?|\$\([^)]{0,200}\)?|\$[A-Z_]{2,64}|%[A-Z_]{2,64}%|\{\{[^}]{0,200}\}{0,2}|%[sdv]|\?|<(?:none|unset|nil|null|redacted)>?|[\[({]\}?|[-=|]+|\\+n?)\Z"
)


def value_of(match: Match) -> str:
    """What the last named group of a match holds."""
    return match[match.lastgroup or 0]


def _assigned(match: Match) -> bool:
    name, value = match["n"], value_of(match)
    lower = name.lower()
    if len(value) > LONGEST:  # no name or path; and what is refused is searched again
        return True
    if HARMLESS.match(value) or value.lower() == lower:
        return False
    if lower == "pwd" and value[:1] in "/~":  # the shell's working directory
        return False
    if lower.startswith(("token", "pass")) and value.isdigit() and len(value) <= 4 and "w" not in lower:
        return False  # counts
    return not _ABOUT.search(name) and not (_PLURAL.match(name) and not looks_random(value))


def looks_random(value: str) -> bool:
    """Whether a word is no word of a language: digits among letters, capitals inside, or long and unbroken."""
    if value.startswith("/") or re.match(r"\d{4}-\d\d-\d\d", value):
        return False
    letters, digits = re.search(r"[A-Za-z]", value), re.search(r"\d", value)
    return bool(
        (letters and digits) or re.search(r"[a-z][A-Z]", value) or value.endswith("=") or len(value) >= 24
    )


_TELLS = r"(?:\\{0,8}[\"']?[ \t]{0,8}[=:>]|[ \t]{0,4}\(?[ \t]{0,4}'|\\{0,8}[\"'][ \t]{0,4},)"  # = : > ( ' or a pair
_STEMS = r"(?:pass(?:w(?:or)?d|phrase|code)?|pwd|secret|credential|token|[a-z][_. -]?key)"
_ASSIGN_TRIGGER = (
    rf"{_STEMS}{_SUFFIX}{_TELLS}|(?<=-)(?:pass|secret|token)[\w-]{{0,12}}[ \t]|(?<=[a-z])pass[ \t]"
)
_NEEDS: Final = ("pass", "pwd", "secret", "token", "credential", "key")
_GRAMS: Final = (
    "pass", "pwd", "secr", "toke", "cred",
    *(f"{a}{b}"[:4] for a in "istehdgnr" for b in ("key", "_key", "-key", ".key", " key")),
)  # fmt: skip

ASSIGNED = Rule(
    pattern=re.compile(rf"(?i){_NAME}{_SEP}{_VALUE}"),
    needs=_NEEDS, grams=_GRAMS, trigger=_ASSIGN_TRIGGER, accept=_assigned,
)  # fmt: skip
XML = Rule(
    pattern=re.compile(rf"(?i)<[\w:.-]{{0,40}}?{_NAME}>(?P<v>[^<\n]+)(?=<)"),
    needs=_NEEDS, grams=_GRAMS, trigger=_ASSIGN_TRIGGER, accept=_assigned,
)  # fmt: skip
PAIR = Rule(  # "name": "DB_PASSWORD", "value": "x", and key="DB_PASSWORD" value="x"
    pattern=re.compile(
        rf"(?i){_NAME}\\{{0,8}}[\"'][ \t]{{0,4}},?[ \t]{{0,4}}\\{{0,8}}[\"']?"
        rf"value\\{{0,8}}[\"']?[ \t]{{0,4}}[:=][ \t]{{0,4}}{_VALUE}"
    ),
    needs=("value",), grams=("valu",),
    trigger=r"value\\{0,8}[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,8}[\"']", accept=_assigned,
)  # fmt: skip
SQL = Rule(
    pattern=re.compile(
        r"(?i)\b(?:identified[ \t]+(?:with[ \t]+\S{1,40}[ \t]+)?(?:by|as)|passw(?:or)?d)"
        r"[ \t]*\(?[ \t]*'(?P<v>(?:[^'\\\n]|\\.|'')+)"
    ),
    needs=("identified", "passw"), grams=("pass", "iden"),
    trigger=r"identified[ \t]+(?:with|by|as)",
)  # fmt: skip
OPTION = Rule(
    pattern=re.compile(rf"(?i)(?<!\S)--?(?P<n>[\w.-]{{0,48}}?(?:{_WORDS})[\w-]{{0,12}})[ \t]+(?![\"']?-){_VALUE}"),
    needs=_NEEDS, grams=(*_GRAMS, " --"), trigger=r"[ ]--?[a-z][\w.-]{0,60}?(?:pass|pwd|secret|token|key|credential)",
    accept=_assigned,
)  # fmt: skip
SHELL = Rule(
    pattern=re.compile(
        r"(?:\bmysql\w{0,10}\b[^|\n]{0,200}?[ \t]-p|\bsshpass[ \t]+-p[ \t]*|\bredis-cli\b[^|\n]{0,200}?[ \t]-a[ \t]+"
        r"|(?<!\S)(?:-u|--user|--proxy-user)[ =]+[\"']?(?!\d+:\d+\b)[^\s:\"']{1,64}:)[\"']?(?P<v>[^\s\"']+)"
    ),
    needs=("mysql", "sshpass", "redis-cli", "-u", "-user"), grams=("mysq", "sshp", "s-cl", " -u ", "--us", "--pr"),
    trigger=r"mysql\w{0,10}\b[^|\n]{0,200}?[ \t]-p|sshpass|s-cli|[ ]-u[ ]+\S{1,64}:|--user[ =]|--proxy-user[ =]",
)  # fmt: skip

PEM = Rule(
    pattern=re.compile(
        r"(?P<v>-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:.*?-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|.*))",
        re.DOTALL,
    ),
    needs=("private key",), grams=("--be",), trigger=r"--BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY",
)  # fmt: skip
