"""Languages within commands: strict readers of SQL, awk, sed and of the shells of PostgreSQL, MySQL and MongoDB.

Each refuses what it does not know: a function that is not listed, a statement that begins otherwise, a comment.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

from aitia.core.bounds import own_yaml

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
        "shutdown",
        "dbcc",
        "reconfigure",
        "deny",
        "backup",
        "restore",
        "waitfor",
        "bulk",
        "writetext",
        "receive",
    ]
)
_PSQL: Final = re.compile(
    r"\\(?:d[a-zA-Z]*[+S]*|l\+?|z|conninfo|x|dt?|encoding|sf\+?|sv\+?)(?: +[\w.*?+-]+)*"
)
_MONGO: Final = re.compile(
    r"(?:rs\.(?:status|conf|printReplicationInfo|printSecondaryReplicationInfo|printSlaveReplicationInfo|hello|isMaster)\(\)"
    r"|sh\.(?:status|getBalancerState|isBalancerRunning)\(\)|show (?:dbs|databases|collections|users|roles|profile|logs)"
    r"|db(?:\.getSiblingDB\([\"']\w+[\"']\))?"
    r"\.(?:serverStatus|stats|currentOp|hostInfo|version|getCollectionNames|hello|isMaster|getMongo"
    r"|getReplicationInfo|printReplicationInfo|serverBuildInfo|getProfilingStatus|serverCmdLineOpts)\((?:\{[\w:,.\"'\s$]*\}|true|\d+)?\)"
    r"|db\.adminCommand\(\{ ?[\"']?(?:ping|serverStatus|replSetGetStatus|listDatabases|currentOp|hostInfo|connPoolStats"
    r"|top|buildInfo|hello|getCmdLineOpts)[\"']? ?: ?(?:1|true) ?\}\)"
    r"|db\.\w+(?:\.(?:countDocuments|count|estimatedDocumentCount|getIndexes|stats|dataSize|totalIndexSize|storageSize)"
    r"\((?:\{[\w:,.\"'\s$]*\})?\)"
    r"|\.(?:find|findOne)\((?:\{[\w:,.\"'\s$]*\})?\)"
    r"(?:\.(?:limit|sort|skip|count|pretty|explain|toArray|hint)\([\w{}:\"', -]*\))*))"
    r"(?:\.[A-Za-z]\w*(?:\.[A-Za-z]\w*|\[\d+\])*)?"
)
_MONGO_PRINTS: Final = re.compile(r"(?:printjson|print|JSON\.stringify|EJSON\.stringify|tojson)\((.*)\)")
_AWK_NEVER: Final = re.compile(r"system|getline|@|\bclose\b|fflush|\|&")
_SED_ADDRESS: Final = r"(?:\d+(?:~\d+)?|\$|/(?:[^/\\\n]|\\[^\n])*/I?)"
_SED: Final = re.compile(
    rf"(?:{_SED_ADDRESS}(?:,(?:{_SED_ADDRESS}|\+\d+))?)? ?!?(?:[pdq=]|{{ ?[pdq=] ?;? ?}})"
)
_SED_SUB: Final = re.compile(
    rf"(?:{_SED_ADDRESS}(?:,{_SED_ADDRESS})?)? ?s([/|,#:@_])"
    r"(?:(?!\1)[^\\\n\[]|\\[^\nceE]|\[\^?\]?(?:(?!\1)[^\]\\\n])*\])*\1(?:(?!\1)[^\\\n]|\\[^\ne])*\1[gIip\d]*"
)


@functools.cache
def words() -> Mapping[str, Any]:
    """The lists of `words.yaml`, read once."""
    text = files("aitia.core.commands").joinpath("words.yaml").read_text(encoding="utf-8")
    raw = own_yaml(text)
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
    spelt = [(t["word"] or "").casefold() for t in tokens]
    if spelt[0] not in _BEGINS:
        return False
    for i, token in enumerate(tokens):
        after = tokens[i + 1][0] if i + 1 < len(tokens) else ""
        if token["text"] is not None and mysql and "\\" in token["text"]:
            return False
        if token["text"] is not None and i and tokens[i - 1].end() == token.start() and spelt[i - 1]:
            return False  # E'…', U&'…': another way of reading what is between the quotes
        name = spelt[i] or (token["quoted"] or token["ticked"] or "").casefold()
        if spelt[i] in _NEVER and not (spelt[0] == "show" and i) and (spelt[i], after) != ("system", "."):
            return False
        if name and after == "(" and name not in words()["sql_functions"]:
            return False
        if spelt[i] == "for" and i + 1 < len(tokens) and spelt[i + 1] in ("no", "key", "share", "update"):
            return False
    return spelt[0] != "show" or all(w not in ("into",) for w in spelt)


def psql_reads(text: str) -> bool:
    """A query, or a meta command that lists."""
    return (
        _PSQL.fullmatch(text.strip().rstrip(";")) is not None
        if text.strip().startswith("\\")
        else sql_reads(text)
    )


def mysql_reads(text: str) -> bool:
    r"""A query, or `show … \G`; a backslash within quotes means something else than in other databases."""
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
