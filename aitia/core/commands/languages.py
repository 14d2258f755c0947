"""Languages within commands: strict readers of SQL, awk, sed, redis, find and of what cloud tools call their verbs.

Each refuses what it does not know: a function that is not listed, a statement that begins otherwise, a comment.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import yaml

from aitia.core.commands.lexer import Token

_SQL: Final = re.compile(
    r"\s+|'(?P<text>(?:[^'\\]|''|\\(?!'))*)'|\"(?P<quoted>[^\"\\]*)\"|`(?P<ticked>[\w$.-]+)`|@@[\w.]+|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][\w$]*)|(?P<open>\()|(?P<end>;)|:(?!=):?|--?>>?|(?P<sign>[),.*+\-/%<>=!~|^&\[\]#@?])"
)
_BEGINS: Final = frozenset({"select", "show", "explain", "with", "table", "values", "describe", "desc"})
_NEVER: Final = frozenset(
    [
        "insert",
        "update",
        "delete",
        "merge",
        "drop",
        "alter",
        "create",
        "truncate",
        "grant",
        "revoke",
        "vacuum",
        "reindex",
        "cluster",
        "set",
        "reset",
        "copy",
        "call",
        "do",
        "into",
        "lock",
        "analyze",
        "analyse",
        "refresh",
        "discard",
        "listen",
        "notify",
        "load",
        "import",
        "prepare",
        "execute",
        "deallocate",
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "handler",
        "replace_into",
        "kill",
        "flush",
        "purge",
        "optimize",
        "repair",
        "outfile",
        "dumpfile",
        "share",
        "attach",
        "detach",
        "pragma",
        "exec",
        "declare",
        "fetch",
        "comment",
        "security",
        "reassign",
        "checkpoint",
        "system",
        "rename",
    ]
)
_PSQL: Final = re.compile(
    r"\\(?:d[a-zA-Z]*[+S]*|l\+?|z|conninfo|x|dt?|encoding|sf\+?|sv\+?)(?: +[\w.*?+-]+)*"
)
_MONGO: Final = re.compile(
    r"(?:rs\.(?:status|conf|printReplicationInfo|printSecondaryReplicationInfo|printSlaveReplicationInfo|hello|isMaster)\(\)"
    r"|sh\.(?:status|getBalancerState|isBalancerRunning)\(\)|show (?:dbs|databases|collections|users|roles|profile|logs)"
    r"|db(?:\.getSiblingDB\([\"']\w+[\"']\))?\.(?:serverStatus|stats|currentOp|hostInfo|version|getCollectionNames|hello|isMaster|getMongo"
    r"|getReplicationInfo|printReplicationInfo|serverBuildInfo|getProfilingStatus|serverCmdLineOpts)\((?:\{[\w:,.\"'\s$]*\}|true|\d+)?\)"
    r"|db\.adminCommand\(\{ ?[\"']?(?:ping|serverStatus|replSetGetStatus|listDatabases|currentOp|hostInfo|connPoolStats|top|buildInfo|hello|getCmdLineOpts)[\"']? ?: ?(?:1|true) ?\}\)"
    r"|db\.\w+(?:\.(?:countDocuments|count|estimatedDocumentCount|getIndexes|stats|dataSize|totalIndexSize|storageSize|validate)\((?:\{[\w:,.\"'\s$]*\})?\)"
    r"|\.(?:find|findOne)\((?:\{[\w:,.\"'\s$]*\})?\)(?:\.(?:limit|sort|skip|count|pretty|explain|toArray|hint)\([\w{}:\"', -]*\))*))"
    r"(?:\.[A-Za-z]\w*(?:\.[A-Za-z]\w*|\[\d+\])*)?"
)
_MONGO_PRINTS: Final = re.compile(r"(?:printjson|print|JSON\.stringify|EJSON\.stringify|tojson)\((.*)\)")
_AWK_NEVER: Final = re.compile(r"system|getline|@|\bclose\b|fflush|\|&")
_SED_ADDRESS: Final = r"(?:\d+(?:~\d+)?|\$|/(?:[^/\\\n]|\\[^\n])*/I?)"
_SED: Final = re.compile(
    rf"(?:{_SED_ADDRESS}(?:,(?:{_SED_ADDRESS}|\+\d+))?)? ?!?(?:[pdq=]|{{ ?[pdq=] ?;? ?}})"
)
_SED_SUB: Final = re.compile(
    rf"(?:{_SED_ADDRESS}(?:,{_SED_ADDRESS})?)? ?s([/|,#:@_])(?:(?!\1)[^\\\n\[]|\\[^\nceE]|\[\^?\]?(?:(?!\1)[^\]\\\n])*\])*\1(?:(?!\1)[^\\\n]|\\[^\ne])*\1[gIip\d]*"
)


@functools.cache
def _words() -> Mapping[str, Any]:
    text = files("aitia.core.commands").joinpath("words.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    return {k: v if isinstance(v, dict) else frozenset(v.split()) for k, v in raw.items()}


def sql_reads(text: str, *, mysql: bool = False) -> bool:
    """Whether each statement only reads: it begins as a query, names no act, and calls only functions known to be pure."""
    statements: list[list[re.Match[str]]] = [[]]
    at = 0
    while at < len(text):
        found = _SQL.match(text, at)
        if found is None:
            return False
        at = found.end()
        if found["end"]:
            statements.append([])
        elif not found[0].isspace():
            statements[-1].append(found)
    whole = [s for s in statements if s]
    bare = _unquoted(text)
    return (
        "--" not in bare
        and "/*" not in bare
        and bool(whole)
        and all(_statement_reads(s, mysql) for s in whole)
    )


def _unquoted(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


def _statement_reads(tokens: Sequence[re.Match[str]], mysql: bool) -> bool:
    words = [(t["word"] or "").casefold() for t in tokens]
    if words[0] not in _BEGINS:
        return False
    for i, token in enumerate(tokens):
        after = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if token["text"] is not None and mysql and "\\" in token["text"]:
            return False
        if token["text"] is not None and i and tokens[i - 1].end() == token.start() and words[i - 1]:
            return False  # E'…', U&'…': another way of reading what is between the quotes
        name = words[i] or (token["quoted"] or token["ticked"] or "").casefold()
        if words[i] in _NEVER and not (words[0] == "show" and i):
            return False
        if name and after == "(" and name not in _words()["sql_functions"]:
            return False
        if words[i] == "for" and i + 1 < len(tokens) and words[i + 1] in ("no", "key", "share", "update"):
            return False
    return words[0] != "show" or all(w not in ("into",) for w in words)


def psql_reads(text: str) -> bool:
    """A query, or a meta command that lists."""
    return (
        _PSQL.fullmatch(text.strip().rstrip(";")) is not None
        if text.strip().startswith("\\")
        else sql_reads(text)
    )


def mysql_reads(text: str) -> bool:
    """A query, or `show … \\G`; a backslash within quotes means something else than in other databases."""
    return sql_reads(re.sub(r"\\[Gg] *;?$", ";", text.strip()), mysql=True)


def mongo_reads(text: str) -> bool:
    """An expression of the shell that only asks."""
    parts = [p.strip() for p in text.strip().rstrip(";").split(";")]
    inner = [found[1].strip() if (found := _MONGO_PRINTS.fullmatch(p)) else p for p in parts]
    return all(_MONGO.fullmatch(p) is not None for p in inner)


def awk_reads(text: str) -> bool:
    """A program that prints: nothing is run, and once it has begun to print, no `>` and no single `|` follows."""
    printed = text.find("print")
    tail = text[printed:].replace("||", "") if printed >= 0 else ""
    return not _AWK_NEVER.search(text) and ">" not in tail and "|" not in tail


def sed_reads(text: str) -> bool:
    """Printing, deleting from the output, quitting, and plain substitution."""
    at = 0
    while at < len(text):
        found = _SED_SUB.match(text, at) or _SED.match(text, at)
        if found is None or not found[0]:
            return False
        at = found.end()
        joint = re.compile(r" *; *| *$").match(text, at)
        if joint is None:
            return False
        at = joint.end()
    return bool(text)


def _redis(tokens: Sequence[Token]) -> bool:
    """`redis-cli` with a command that only asks; two-word commands by both words."""
    if not tokens or not tokens[0].certain:
        return False
    verb = tokens[0].text.casefold()
    if verb in _words()["redis_pairs"]:
        return len(tokens) > 1 and tokens[1].text.casefold() in _words()["redis_pairs"][verb].split()
    return verb in _words()["redis"]


_FIND_PLAIN: Final = frozenset({"{}", "+", ";"})


_SECRETS: Final = re.compile(r"(?i)(?:^|,)secrets?(?:\.[\w.]*)?(?:[,/]|$)")


def _kube(tokens: Sequence[Token]) -> bool:
    """What `kubectl get` asks for, all but secrets: with an output format their values would come."""
    return bool(tokens) and not any(_SECRETS.search(t.text) for t in tokens)


def _find(tokens: Sequence[Token]) -> bool:
    """Paths and operators; what `-exec` runs was taken out before (see `aitia.core.commands.judge`)."""
    return all(t.text in ("(", ")", "!", ",") or not t.text.startswith("-") for t in tokens)


def _shows(verbs: str) -> Callable[[Sequence[Token]], bool]:
    """A tool of an object path that ends in its verb: nothing that sets, and no other verb."""
    wanted = frozenset(verbs.split())

    def reads(tokens: Sequence[Token]) -> bool:
        words = [t.text.casefold() for t in tokens]
        at = next((i for i, w in enumerate(words) if w in wanted), -1)
        path = words[:at] if at >= 0 else []
        plain = all(re.fullmatch(r"[a-z0-9/:=]+", w) and w not in _ACTIONS for w in path)
        return at >= 0 and plain and all(t.certain for t in tokens) and not _ACTIONS & set(words[at:])

    return reads


_ACTIONS: Final = frozenset(
    "set add delete del remove create modify start stop erase init rebuild flush clear enable disable shutdown import".split()
)


def _dig(tokens: Sequence[Token]) -> bool:
    """`@server`, `+option`, names and types."""
    return all(re.fullmatch(r"[@+]?[\w.:/=-]+", t.text) for t in tokens)


def _ip(tokens: Sequence[Token]) -> bool:
    """An object, then nothing or a verb that shows."""
    words = [t.text for t in tokens]
    if not words or not tokens[0].certain or words[0] not in _words()["ip_objects"]:
        return False
    if words[1:2] == ["s"]:  # shows addresses and routes, but sets links
        return words[0] in ("a", "addr", "address", "r", "ro", "route")
    return len(words) == 1 or words[1] in ("show", "list", "ls", "sh", "get", "lst")


def _aws(tokens: Sequence[Token]) -> bool:
    """Service, then a verb that describes, lists or gets; no argument of its own (some write what they get to a file)."""
    words = [t.text for t in tokens]
    if len(words) < 2 or not all(t.certain for t in tokens[:2]):
        return False
    service, verb, rest = words[0], words[1], words[2:]
    if service in ("s3", "logs") and verb in ("ls", "tail"):
        return len(_arguments(rest, aws=True)) <= 1 and _aws_options(rest)
    if not re.fullmatch(r"[a-z0-9-]+", service) or not re.fullmatch(
        r"(?:describe|list|lookup|filter|head|batch-get|get|search|query|scan|simulate)-?[a-z0-9-]*", verb
    ):
        return False
    if re.search(
        r"token|credential|secret|password|login|-id$|export|api-key|get-object(?!-attributes|-acl|-tagging)|get-(?:random|media|sdk|job-output|dashboard-embed)|shard-iterator",
        verb,
    ):
        return False
    if (
        service in ("iot-data", "kms", "secretsmanager", "sqs")
        and verb.startswith("get")
        and not verb.startswith(("get-queue", "get-key-pol", "get-key-rot", "get-resource"))
    ):
        return False
    return not rest or (rest[0].startswith("--") and _aws_options(rest))


def _aws_options(words: Sequence[str]) -> bool:
    return all(
        re.fullmatch(r"--[a-z][a-z0-9-]*(?:=.*)?", w) is not None
        and not w.startswith(
            ("--endp", "--cli", "--with-dec", "--include-val", "--no-verify", "--outfile", "--ca-b")
        )
        for w in words
        if w.startswith("-") and not re.fullmatch(r"-\d+", w)
    )


def _arguments(words: Sequence[str], *, aws: bool = False) -> list[str]:
    """Words that are neither an option nor what stands behind one."""
    flags = (
        "--recursive",
        "--human-readable",
        "--summarize",
        "--follow",
        "--no-paginate",
        "--no-sign-request",
    )
    return [
        w
        for i, w in enumerate(words)
        if not w.startswith("-")
        and not (
            i and words[i - 1].startswith("--") and words[i - 1] not in flags and "=" not in words[i - 1]
        )
    ]


def _groups(tool: str) -> Callable[[Sequence[Token]], bool]:
    """`gcloud compute instances list`: known groups, then a verb that reads."""

    def reads(tokens: Sequence[Token]) -> bool:
        words = [t.text for t in tokens]
        known = _words()[tool]
        groups, verbs, refused = (frozenset(known[k].split()) for k in ("groups", "verbs", "refused"))
        n = next((i for i, w in enumerate(words) if w not in groups), len(words))
        if n == len(words) or not all(t.certain for t in tokens[: n + 1]) or words[n] not in verbs:
            return False
        path = " ".join(words[: n + 1])
        if any(re.search(rf"(?:^|_){re.escape(r)}$", path.replace(" ", "_")) for r in refused):
            return False
        return all(
            re.fullmatch(r"--?[a-z][a-z0-9-]*(?:=.*)?", w) is not None
            and not w.startswith(tuple(known["options_refused"].split()))
            for w in words[n + 1 :]
            if w.startswith("-") and not re.fullmatch(r"-\d+", w)
        )

    return reads


LISTS: Final[Mapping[str, Callable[[Sequence[Token]], bool]]] = {
    "REDIS": _redis, "FIND": _find, "KUBE": _kube, "DIG": _dig, "IP": _ip, "AWS": _aws, "GCLOUD": _groups("gcloud"), "AZ": _groups("az"), "SHOW": _shows("show"), "ESX": _shows("list get"),
}  # fmt: skip
"""Readers of all arguments of a program at once."""
