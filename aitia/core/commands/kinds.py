"""Kinds of arguments: what a word may be where a program's grammar names the kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aitia.core.commands import languages
from aitia.core.commands.lexer import Token
from aitia.core.commands.lists import LISTS

_URL: Final = re.compile(
    r"(?:https?://)?(?!(?:ftp|dict|gopher|imap|smtp|pop3|ldap|telnet|file|scp|sftp|smb|mqtt)\b)[\w.{}\[\]:@%-]+(?::\w+)?(?:[/?#].*)?"
)
# GET does not keep a service from acting: a path or a query that names an act is none that only reads.
_ACTS: Final = re.compile(
    r"(?i)(?<![a-z0-9])(?:delete|remove|destroy|restart|reload|stop|start|shutdown|kill|quit|reset|flush|purge|clear|drop|disable|"
    r"enable|create|update|set|add|put|write|upload|run|exec|execute|eval|trigger|reboot|toggle|drain|undrain|evict|promote|"
    r"failover|rollback|deploy|halt|abort|cancel|suspend|resume|pause|unpause|refresh|invalidate|rotate|truncate|compact|"
    r"reroute|forcemerge|optimize|cleanup|gc|heapdump|logout|unlock|lock|apply|import|restore)(?![a-z0-9])(?<!(?<=[?&])start(?==))"
)
_HEADER: Final = re.compile(r"(?i)(?!x-(?:http-)?method)[a-z][a-z0-9-]*: ?[^@\r\n][^\r\n]*|[a-z][a-z0-9-]*:")
_SECRET: Final = re.compile(
    r"(?i)/(?:g?shadow-?$)|id_(?:rsa|ed25519|ecdsa|dsa)$|\.pem\.key$|/secrets?/|serviceaccount/token"
)


def _like(pattern: str) -> Callable[[Token], bool]:
    compiled = re.compile(pattern)
    return lambda token: compiled.fullmatch(token.text) is not None


def _certain(reads: Callable[[str], bool]) -> Callable[[Token], bool]:
    """What another language reads must be known to the letter."""
    return lambda token: token.certain and reads(token.text)


def _any(token: Token) -> bool:
    return not (token.text.startswith("+") and token.text[1:2] == "!")


def _url(token: Token) -> bool:
    text = token.text
    path = text.partition("://")[2] or text
    if re.search(
        r"/api/v1/(?:query|query_range|series|labels?|targets|rules|alerts|status)\b|/loki/api/v1/|/select/logsql/",
        path,
    ):
        path = path.partition("?")[0]  # the rest is a query that names metrics
    return _URL.fullmatch(text) is not None and _ACTS.search(path.partition("/")[2]) is None


KINDS: Final[Mapping[str, Callable[[Token], bool]]] = {
    "any": _any,
    "dashed": lambda token: True,
    "path": lambda token: not token.text.startswith("+") and "://" not in token.text and not _SECRET.search(token.text),
    "number": _like(r"[+-]?\d+(?:\.\d+)?[A-Za-z%]{0,2}"),
    "name": _like(r"[A-Za-z0-9_][\w.@:/-]*"),
    "pair": _like(r"[A-Za-z0-9_.-]+=[^@]*"),
    "plain": _like(r"[^-@+|!][^|!]*"),
    "noset": _like(r"[A-Za-z0-9_*][\w.*/-]*"),
    "conf": _like(r"/etc/(?!.*\.\.)[\w./-]+"),  # a configuration may load modules: not one from anywhere
    "mongodb": _like(r"(?!.*\.(?:js|mjs|ts|mongodb)$)(?:mongodb(?:\+srv)?://\S+|[\w.-]+(?::\d+)?(?:/\w+)?)"),
    "archive": _like(r"[^:@+-][^:]*"),  # host:file would start a remote shell
    "show": _like(r"show [\w ./:-]+"),
    "date": _like(r"\+.*"),
    "out": _like(r"-|/dev/null|/dev/stdout"),
    "url": _url,
    "data": lambda token: "@" not in token.text,
    "header": _like(_HEADER.pattern),
    "written": lambda token: "output{" not in token.text and not token.text.startswith("@"),
    "sql": _certain(languages.sql_reads),
    "psql": _certain(languages.psql_reads),
    "mysql": _certain(languages.mysql_reads),
    "mongo": _certain(languages.mongo_reads),
    "awk": _certain(languages.awk_reads),
    "sed": _certain(languages.sed_reads),
    "kubeconfig": _like(r"(?:/etc/kubernetes|/etc/rancher/k3s|/root/\.kube|~/\.kube|\$HOME/\.kube)/(?!.*\.\.)[\w./-]+"),
    "kubepath": _like(
        r"(?!.*(?:proxy|exec|attach|portforward|secrets))/(?:healthz|livez|readyz|metrics|version|openapi|apis?)(?:[/?][\w./?&=%,-]*)?"
    ),
}  # fmt: skip


def matches(kinds: Sequence[str], tokens: Sequence[Token]) -> bool:
    """Whether the arguments are of these kinds, in order (`*` many, `?` at most one; `a|b` one of these words)."""
    left = list(tokens)
    for kind in kinds:
        many, maybe = kind.endswith("*"), kind.endswith("?")
        name = kind.rstrip("*?") if kind[-1] in "*?" else kind
        if name in LISTS:
            return LISTS[name](left)
        taken = len(left) if many else min(1, len(left))
        if not many and not maybe and not left:
            return False
        if not all(_is(name, token) for token in left[:taken]):
            return False
        left = left[taken:]
    return not left


def _is(name: str, token: Token) -> bool:
    if name in KINDS:
        return KINDS[name](token)
    return token.certain and token.text in name.split("|")
