"""Kinds of arguments: what a word may be where a program's grammar names the kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote

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
    r"logging(?=\?)|failover|rollback|deploy|halt|abort|cancel|suspend|resume|pause|unpause|refresh|invalidate|rotate|truncate|compact|"
    r"reroute|merge|forcemerge|undeploy|leave|empty|build|quitquitquit|fail|abandon|deregister|register|rerun|requeue|retry|ban|unban|"
    r"mute|unmute|silence|ack|acknowledge|revoke|grant|detach|attach|mount|unmount|rename|move|copy|post|patch|replace|insert|upsert|"
    r"decommission|recommission|scale|resize|rebalance|reindex|repair|rebuild|heal|erase|wipe|terminate|invoke|call|send|publish|"
    r"reroute|forcemerge|optimize|cleanup|gc|heapdump|logout|unlock|lock|apply|import|restore)(?![a-z0-9])(?<!(?<=[?&])start(?==))"
)
_HUMPS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SPREAD: Final = re.compile(r"\{[^}]*,|\[[^\]]*[^\]]-[^\]]")
_METADATA: Final = re.compile(
    r"(?i)(?:[^/]*@)?\[?(?:169\.254\.169\.25[34]|169\.254\.170\.2|fd00:ec2|100\.100\.100\.200|metadata\b|instance-data\b|::ffff:|\d{5,}|0x|0\d)"
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
    """A URL that asks: no act in it in any spelling, no list that curl would spread, no secret, not the metadata of a cloud."""
    text = unquote(token.text)
    path = text.partition("://")[2] or text
    if token.secret or _METADATA.match(path):
        return False
    if re.search(
        r"/api/v1/(?:query|query_range|series|labels?|targets|rules|alerts|status)\b|/loki/api/v1/|/select/logsql/",
        path.partition("?")[0],
    ):
        path = path.partition("?")[0]  # the rest is a query that names metrics
    asked = _HUMPS.sub("-", path.partition("/")[2])
    return _URL.fullmatch(text) is not None and not _ACTS.search(asked) and not _SPREAD.search(path)


KINDS: Final[Mapping[str, Callable[[Token], bool]]] = {
    "any": _any,
    "dashed": lambda token: True,
    "path": lambda token: not token.text.startswith("+") and "://" not in token.text and not _SECRET.search(token.text),
    "smartlog": _like(r"(?!scttempint|scterc,|sataphy,)[\w,]+"),  # with a value these set
    "libvirt": _like(r"[a-z]+(?:\+(?:ssh|tls|tcp|unix))?://[\w./@:-]*"),  # no `?command=`
    "cnf": _like(r"(?:/etc|/root|~|\$HOME)/(?!.*\.\.)[\w./-]+"),
    "pgdb": lambda token: not re.search(r"(?i)(?:options|service|passfile)\s*=", unquote(token.text)),
    "socket": _like(r"(?:(?i:unix(?:-connect|-client)?|unix):)?/[\w./-]+|(?i:tcp[46]?(?:-connect)?):[\w.-]+:\w+"),
    "matcher": _like(r"\w+(?:=~?|!=|!~)[^;]*"),
    "chart": _like(r"(?:(?:https?|oci)://)?[\w.~/-][\w.@/-]*(?::\d+/[\w./-]+)?"),  # another scheme starts a plugin
    "remote": lambda token: "::" not in token.text and KINDS["name"](token),  # `x::y` starts git-remote-x
    "rdkafka": _like(  # some settings load a library or run a command
        r"(?:security\.protocol|sasl\.(?:mechanisms?|username|password)|ssl\.(?:ca|certificate|key)\.location"
        r"|broker\.[\w.]+|api\.[\w.]+|[\w.]+\.ms)=.*"
    ),
    "number": _like(r"[+-]?\d+(?:\.\d+)?[A-Za-z%]{0,2}"),
    "name": _like(r"[A-Za-z0-9_][\w.@:/-]*"),
    "pair": _like(r"[A-Za-z0-9_.-]+=[^@]*"),
    "plain": lambda token: not token.secret and re.fullmatch(r"[^-@+|!][^|!]*", token.text) is not None,
    "noset": lambda token: token.certain and re.fullmatch(r"[A-Za-z0-9_*][\w.*/-]*", token.text) is not None,
    "conf": _like(r"/etc/(?!.*\.\.)[\w./-]+"),  # a configuration may load modules: not one from anywhere
    "mongodb": _like(r"(?!(?i:.*\.(?:[cm]?js|[cm]?ts|mongodb)$))(?:mongodb(?:\+srv)?://\S+|[\w.-]+(?::\d+)?(?:/\w+)?)"),
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


def matches(kinds: Sequence[str], tokens: Sequence[Token], *, loose: bool = False) -> bool:
    """Whether the arguments are of these kinds, in order (`*` many, `?` at most one; `a|b` one of these words).

    Not `loose`: no `;` in what may be anything, as some programs put their words together and read them as a line.
    """
    left = list(tokens)
    for kind in kinds:
        many, maybe = kind.endswith("*"), kind.endswith("?")
        name = kind.rstrip("*?") if kind[-1] in "*?" else kind
        if name in LISTS:
            return LISTS[name](left)
        taken = len(left) if many else min(1, len(left))
        if not many and not maybe and not left:
            return False
        if not all(_is(name, token, loose) for token in left[:taken]):
            return False
        left = left[taken:]
    return not left


def _is(name: str, token: Token, loose: bool) -> bool:
    if name == "any" and not loose and ";" in token.text:
        return False
    if name in KINDS:
        return KINDS[name](token)
    return token.certain and token.text in name.split("|")
