"""What of a message its program wrote, and what it was only given: quoted values, paths, queries, bodies, names.

Code that logs writes the words around what it was given, so position tells the two apart where repetition cannot (the same
request sent fifty times is constant too). A message is read from left to right; each pattern below says what begins there
and how far it reaches. What cannot be told apart counts as given: the end of a name or a value is where its sender put it.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from typing import Final

from aitia.tools.text.access import canonical
from aitia.tools.text.headers.levels import tells_of_failure

GAP: Final = "…"  # stands for what was given
# Fields whose value the program words itself; a quoted part inside is given all the same.
_OWN_FIELD: Final = re.compile(
    r"(?i)(?:.*\.)?(?:msg|message|errors?|err|exception|exc|exc_info|exc_type|@x|reason|cause|status|code|level|lvl|severity|event|"
    r"state|result|errno|failure|warning|fatal|stack|stack_?trace|description|details?|log|output)"
)
# Fields whose value a client chooses: without quotes it reaches to the next field.
_CLIENT_FIELD: Final = re.compile(
    r"(?i)(?:.*\.)?(?:path|ur[il]|route|request|req|query|q|search|term|user|user_?name|login|account|email|name|agent|"
    r"user_?agent|ua|referr?er|cookie|headers?|body|payload|input|value|text|comment|note|title|subject|params?|args|data|sql|"
    r"statement|host|origin)"
)
_QUOTES: Final = {'"': '"', "'": "'", "`": "`", "“": "”", "«": "»", "‘": "’"}
_FIELD: Final = r"(?<![\w.@\"'-])[A-Za-z_@][\w.@-]*="
_NEXT_FIELD: Final = re.compile(rf"[\s,;]+(?={_FIELD})|$")
_METHODS: Final = "GET|POST|PUT|DELETE|PATCH|HEAD|OPTIONS|CONNECT|TRACE"
_GIVEN_NOUNS: Final = (
    r"user[- ]?agent|referr?er|query|statement|search(?: term)?|input|body|payload|comment|feedback|note|review|subject|cookie|"
    r"headers?|request(?: (?:body|path|uri|url|line))?|sql|(?:note|comment|message|feedback|review|order) from [^:]*|"
    r"received|got|found|near|value|argument|parameters?|params|args|data|text|title"
)
_NAMED: Final = (
    r"command|argument|method|field|column|character|route|path|endpoint|key|value|identifier|id|name|query|request|ur[li]|"
    r"headers?|input|word|symbol|literal|topic|product|item|sku|coupon|page|resource|action|verb|topic|term"
)
_SPOKEN: Final = (
    r"said|says|wrote|writes|asked|typed|entered(?! [A-Z]{4,} state)|submitted|posted(?! to\b)|"
    r"(?:searched|searching|search|looking) for"
)
_STARTS: Final = re.compile(
    rf"(?P<field>(?P<key>(?<![\w.@\"'-])[A-Za-z_@][\w.@-]*)=)"
    r"|(?P<call>(?<=\(\) )\"(?:[^\"\\]|\\.)*\"(?= failed \())"
    r"|(?P<body>[\[{]+\s*(?=\"))"
    r"|(?P<raised>(?<=Error\()['\"]|(?<=Exception\()['\"]|(?<=Error\(\d, )['\"]|(?<=Error\(\d\d\d\d, )['\"]"
    r"|(?<=: \(\d\d\d, )['\"]|(?<=: \(\d\d\d\d, )['\"]|(?<=: \(\d\d\d\) )['\"])"
    r"|(?P<quote>\\?\"|(?<![\w)\]])['`]|[“«‘])"
    rf"|(?P<request>\b(?:{_METHODS}) (?=/|[a-z]+://|\S+ HTTP/))"
    r"|(?P<url>\b[a-z][a-z0-9+.-]{1,9}://[^\s\"'<>]*)"
    r"|(?P<path>(?<![\w.<>-])(?:\.{0,2}/|[A-Za-z]:\\)[^\s\"',;:)\]]*)"
    r"|(?P<encoded>[^\s\"']*(?:%[0-9A-Fa-f]{2}|\?[\w.-]+=)[^\s\"']*)"
    r"|(?P<sql>\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|MERGE INTO|WITH|COPY)\s(?=\S+\s|\*))"
    r"|(?P<tuple>(?<==)\([^)]*\)|\([^()]*\)(?==\())"
    r"|(?P<dump>^(?:STATEMENT|QUERY|CONTEXT|LINE \d+):?\s)"
    rf"|(?P<noun>(?i:\b(?:{_GIVEN_NOUNS})): (?=\S))"
    rf"|(?P<spoken>(?i:\b(?:{_SPOKEN})\b)[: ]+(?=\S))"
    rf"|(?P<unknown>(?i:\b(?:unknown|invalid|unrecogni[sz]ed|unsupported|illegal|no such|bad|malformed|unexpected)"
    rf" (?:\w+ )?(?:{_NAMED})\b)[: ]+(?=\S))"
    r"|(?P<of>(?i:\b(?:for|by|of|as|from) (?:(?:invalid|unknown|illegal|the) )?(?:user|customer|account|login|username|visitor|"
    r"guest|buyer|member|subscriber|tenant)(?: id| name)? )(?=\S))"
)  # fmt: skip
_SINGLE: Final = frozenset({"url", "path", "encoded", "tuple", "call"})
_REQUEST_END: Final = re.compile(r" HTTP/\d|\"| ->| [1-5]\d\d\b")
# Before a quote: what a server answered is no client's text.
_ANSWERS: Final = re.compile(
    r"(?i)\b(?:server|upstream|back-?end|broker|database|remote|peer|provider) (?:says|said|answers|answered|replie[sd]|responds|"
    r"responded|returns|returned|reports|reported)(?: with)?:? *$"
)
# How libraries begin, where a name in quotes stands before their own words: libpq, Rust's panic, PostgreSQL's names of objects.
_HEADS: Final = re.compile(
    r"(?P<libpq>\bconnection to server at )\"[^\"]*\"(?: \([^)]*\))?, port \S+ (?=failed: )"
    r"|(?P<rust>\bthread )'[^']*' (?=panicked at )"
    r"|(?P<object>\b(?:table|relation|constraint|sequence|partition) )\"[\w.$<>*-]{1,63}\""
    r"(?= (?:violates|does not exist|is being)\b)"
)
_PANIC: Final = re.compile(r"(?<=panicked at )'(?P<why>[^'<>]{1,80})'(?=, [\w/.-]+:)")
# An object at the end of a message, as loggers append their fields: these hold what went wrong.
_WRONG: Final = frozenset({"err", "error", "exception", "cause"})
_TOLD: Final = frozenset({"message", "msg"})
_CODED: Final = frozenset({"code", "status", "errno", "statuscode", "status_code"})
# Codes of errors: errno, SQLSTATE, a failing status of HTTP. A form with a name and a message is a client's.
_CODE: Final = re.compile(r"E[A-Z]{3,}|(?=\w*\d)[0-9A-Z]{5}|[45]\d\d")
_MASK: Final = re.compile(r"(?<=[:\[,])\s*<[\w*]+>(?=\s*[,}\]])")
_BELOW: Final = " | "  # the line of an exception follows
_CLOSED: Final = {a: re.compile(rf"(?:[^\\{b}]|\\.)*{b}") for a, b in _QUOTES.items()}
# An apostrophe within a word closes nothing.
_CLOSING: Final = {a: re.compile(b if b in '"”»' else rf"{b}(?!\w)") for a, b in _QUOTES.items()}
_WORD: Final = re.compile(r"[^\s,;]*")
_BARE: Final = re.compile(
    r"[\W\d_]|(?i:error|err|warn(?:ing)?|info|debug|fatal|critical|notice|log)", re.ASCII
)


@dataclass(frozen=True)
class Written:
    """A message by who put it there: `own` words of the program with `…` in the place of the rest, and what was `given`."""

    own: str
    given: str


@functools.lru_cache(maxsize=50_000)
def written(text: str) -> Written:
    """Take a message, or its template, apart. An access line says its status and nothing else."""
    if access := canonical(text):
        return Written(access[access.rindex("-> ") :], text)
    if text.lstrip().startswith("{") and (fields := _object(text)) is not None:
        return _of_fields(fields)
    found = _split(_PANIC.sub(r"\g<why>", _HEADS.sub(_head, text)) if '"' in text or "'" in text else text)
    if found.given and not _BARE.sub("", found.own) and (inner := _unquoted(text)):
        return _split(inner)
    return found


def _object(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _of_fields(fields: dict[str, object]) -> Written:
    """What the program worded of an object's fields, and the rest."""
    own = [_split(str(value)) for key, value in fields.items() if _words(key)]
    rest = [str(value) for key, value in fields.items() if not _words(key)]
    return Written(" ".join(w.own for w in own), " ".join(filter(None, [*(w.given for w in own), *rest])))


def _head(match: re.Match[str]) -> str:
    return f"{match[str(match.lastgroup)]}{GAP} "


def _appended(value: str) -> str:
    """What an object at the end of a message tells of what went wrong, in its program's words."""
    fields = _object(_MASK.sub("null", value))
    if fields is None:
        return ""
    found = {k: v for k, v in fields.items() if k.casefold() in _WRONG}
    if any(k.casefold() in _CODED and _CODE.fullmatch(str(v)) for k, v in fields.items()):
        found |= {k: v for k, v in fields.items() if k.casefold() in _TOLD | _CODED}
    own = [_of_fields(v).own if isinstance(v, dict) else _split(f"{k}={v}").own for k, v in found.items()]
    return " ".join(own)


def _unquoted(text: str) -> str:
    """The inside of a message that stands in quotes as a whole; else ""."""
    text = text.strip()
    return text[1:-1] if len(text) > 2 and _QUOTES.get(text[0]) == text[-1] else ""


def _words(key: str) -> bool:
    """Whether a program words a field's value itself."""
    return _OWN_FIELD.fullmatch(key) is not None or tells_of_failure(key)


def _split(text: str) -> Written:
    """One pass from left to right."""
    own: list[str] = []
    given: list[str] = []
    at = 0
    while (found := _STARTS.search(text, at)) is not None:
        begin, kind = found.start(), str(found.lastgroup)
        own.append(text[at:begin])
        lead, end = _reach(text, found, kind, first=not given)
        value = text[begin + len(lead) : end]
        said = kind in ("quote", "spoken") and _ANSWERS.search(
            text[: found.end() if kind == "spoken" else begin]
        )
        if kind == "raised" or said or (kind == "field" and _words(found["key"])):
            inner = _split(value.replace('\\"', '"').strip("\"'"))
            own.append(f"{lead}{inner.own}")
            given.append(inner.given)
        else:
            told = _appended(value) if kind == "body" and end == len(text.rstrip()) and own[0].strip() else ""
            own.append(lead + _shown(value) + (f" {told}" if told else ""))
            given.append(value)
        at = max(end, begin + 1)
    own.append(text[at:])
    return Written("".join(own), " ".join(filter(None, given)))


def _shown(value: str) -> str:
    """The gap, between the quotes that stood there."""
    quoted = len(value) > 1 and value[0] in _QUOTES
    return f"{value[0]}{GAP}{_QUOTES[value[0]]}" if quoted else GAP if value else ""


def _reach(text: str, found: re.Match[str], kind: str, *, first: bool) -> tuple[str, int]:
    """What of the match the program wrote, and where what it was given ends."""
    if kind == "field":
        return found[0], _value_end(text, found.end(), found["key"])
    if kind in ("quote", "raised") or (kind == "call" and not first):
        return "", _last_quote(text, found)
    if kind == "body":
        return "", max(text.rfind("}"), text.rfind("]"), found.end()) + 1
    if kind == "request":
        return found[0], _request_end(text, found.end())
    return ("", found.end()) if kind in _SINGLE else (found[0], len(text))


def _value_end(text: str, start: int, key: str) -> int:
    """Where a field's value ends: at its closing quote; of bare ones a client's at the next field, another's with the word."""
    opening = text[start : start + 1]
    if opening and opening in _QUOTES:
        match = _CLOSED[opening].match(text, start + 1)
        return match.end() if match else len(text)
    if _words(key) or _CLIENT_FIELD.fullmatch(key):
        match = _NEXT_FIELD.search(text, start)
        return match.start() if match else len(text)
    word = _WORD.match(text, start)
    return word.end() if word else start


def _last_quote(text: str, found: re.Match[str]) -> int:
    """The last closing quote of the kind that opens here: whoever wrote the value may have put others between."""
    start = found.start() + (2 if found[0][0] == "\\" else 1)
    ends = [m.end() for m in _CLOSING[text[start - 1]].finditer(text, start)]
    return ends[-1] if ends else len(text)


def _request_end(text: str, start: int) -> int:
    """Where what was asked for ends: at the protocol, a quote or the status; else with the word."""
    below = text.find(_BELOW, start)
    match = _REQUEST_END.search(text, start, below if below >= 0 else len(text))
    if match is None:
        match = _WORD.match(text, start)
    return match.start() if match and match[0].startswith((" ", '"')) else match.end() if match else start
