"""By which mechanism a call or a work failed, as protocols and runtimes write it: words of standards, whatever the software."""

from __future__ import annotations

import re
from typing import Final

MOST: Final = 600  # characters that are read of a line
_WORDS: Final = {
    "identity": (
        r"\b(?:401|407)\b.{0,20}(?:unauth|proxy)|unauthori[sz]ed|unauthenticated|"
        r"(?:authenticat|authori[sz]at)\w* (?:fail|error|requir|denied|violation|refused)|access denied|access_refused|"
        r"invalid (?:user|password|credential|token|api.?key)|password|login failed|not authori[sz]ed|"
        r"bad (?:credentials|user ?name)|28p01|28000|\bnoauth\b|wrongpass|\bnoperm\b|"
        r"\b(?:sasl|kerberos|ldap)\b.{0,30}(?:fail|error)|signature (?:is )?invalid|"
        r"token (?:has )?expired|jwt"
    ),
    "forbidden": (
        r"forbidden|permission denied|not (?:permitted|allowed)|"
        r"insufficient privilege|42501|\bacl\b|policy|blocked by"
    ),
    "certificate": (
        r"certificate|x509|\bcert\b|cert_|pkix|ssl.{0,20}verif|"
        r"tls.{0,30}(?:expired|unknown ca|bad cert|verif)|not yet valid|self.signed|"
        r"hostname mismatch"
    ),
    "quota": (
        r"too many requests|rate.?limit|quota|throttl|limit exceeded|exceeded.{0,20}limit|"
        r"resource_?exhausted"
    ),
    "dns": (
        r"getaddrinfo|enotfound|eai_again|nxdomain|servfail|no such host|"
        r"name (?:or service not known|resolution)|could ?n.?t resolve|could not resolve|"
        r"cannot resolve|failed to resolve|resolution fail|unknown ?host|unresolved|"
        r"host not found|host_not_found|translate host ?name|nodename nor servname|getaddresses|"
        r"dial \w+: lookup|server misbehaving|\bquery(?:a|aaaa|any|srv|mx|txt|cname|ptr) e[a-z]{4,12}\b|dns"
    ),
    "data": (
        r"null ?pointer|nonetype|undefined|cannot read propert|keyerror|typeerror|valueerror|"
        r"attributeerror|parse|pars(?:e|ing)|unmarshal|decode|deseriali|malformed|"
        r"unexpected (?:token|character|end of)|"
        r"invalid (?:input|value|format|syntax|literal|byte|json|utf)|out of range|overflow|"
        r"constraint|duplicate key|not[ _]null|schema|conversion|integrity|corrupt|checksum|"
        r"data (?:is )?too long"
    ),
    "missing": (
        r"no such (?:table|column|file|key)|does not exist|"
        r"unknown (?:column|table|database|option|directive)|not found|"
        r"undefined (?:table|column)|enoent|missing"
    ),
    "lock": (
        r"\block(?:ed|s| wait| timeout)?\b|deadlock|55p03|40p01|40001|serializ|"
        r"database is locked|lock wait"
    ),
    "memory": (
        r"out of memory|outofmemory|\boom\b|heap|cannot allocate|memory limit|maxmemory|enomem|"
        r"bad_alloc|memoryerror|allowed memory size|memory resource limit|memory_high_watermark"
    ),
    "disk": (
        r"no space left|enospc|disk (?:is )?full|read-only file|quota exceeded.{0,20}disk|"
        r"not enough (?:disk )?space|53100|database space exceeded|disk_free_limit|could not extend file|"
        r"disk resource limit|\btable \S{1,60} is full"
    ),
    "slots": (
        r"too many (?:connections|clients)|max_?(?:connections|clients)|remaining connection slots|53300|maxconn|"
        r"max number of clients|connection limit|worker_connections are not enough|no more connections allowed"
    ),
    "connections": (
        r"too many (?:connections|clients|open files|files)|emfile|max_?(?:connections|clients)|"
        r"pool.{0,30}(?:exhaust|empty|timeout|full|limit|timed out)|remaining connection slots|"
        r"53300|queuepool|no (?:free|available|idle) connection|maxconn"
    ),
    "refused": (r"econnrefused|connection refused|refused|no route|ehostunreach|enetunreach|unreachable"),
    "reset": (
        r"econnreset|reset by peer|broken pipe|epipe|unexpected e[no][fd]|eof occurred|"
        r"closed connection|connection (?:closed|lost|aborted)|remotedisconnected|"
        r"server has gone away|stale connection|disconnect|socket hang ?up|bad gateway"
    ),
    "timeout": (r"time[d ]*.?out|etimedout|deadline exceeded|timeout"),
    "io": (
        r"i/o error|\beio\b|input/output error|fsync|read error|write error|"
        r"checkpoint.{0,30}(?:slow|frequent)"
    ),
    "slow": (r"slow (?:query|log|request|statement)|took too long|duration"),
    "configuration": (
        r"config|settings|invalid option|misconfig|payload|too large|exceeds? (?:the )?max|unknown directive|"
        r"unsupported|not enabled|disabled"
    ),
    "overload": (r"overload|queue (?:is )?full|backpressure|shed|saturat|busy"),
}
_READ: Final = {name: re.compile("(?i)" + words) for name, words in _WORDS.items()}
_STATUS: Final = re.compile(
    r'(?i)(?:http|status|code|estado|statut|stato|codigo|response|returned|answered|error|->|")\W{0,6}'
    r"(?:\w{1,12}\W{1,3}){0,2}?(401|403|407|429|507)\b"
)
_BY_STATUS: Final = {"401": "identity", "407": "identity", "403": "forbidden", "429": "quota", "507": "disk"}
OF_ASPECT: Final = {
    "log.permission": "identity", "log.certificate": "certificate", "log.quota": "quota", "log.dns": "dns", "log.lock": "lock",
    "log.oom": "memory", "log.disk_full": "disk", "log.exception": "data", "log.connection_limit": "connections",
    "log.connection_refused": "refused", "log.timeout": "timeout", "log.unavailable": "reset", "log.replication": "lock",
    "log.overload": "overload",
    "log.data": "data", "log.deadlock": "lock", "log.io": "io", "log.slow": "slow", "log.query_plan": "slow",
    "log.configuration": "configuration",
}  # fmt: skip
FIRM: Final = frozenset(
    {
        "identity",
        "forbidden",
        "certificate",
        "quota",
        "dns",
        "data",
        "lock",
        "memory",
        "disk",
        "connections",
        "slots",
    }
)
"""Mechanisms that say why; the others say that somebody did not answer."""


def mechanisms(aspect: str, line: str) -> frozenset[str]:
    """The mechanisms that a line names; that of its aspect among them."""
    text = line[:MOST]
    found = {name for name, words in _READ.items() if words.search(text)}
    found |= {_BY_STATUS[m] for m in _STATUS.findall(text)}
    if aspect in OF_ASPECT and not (aspect == "log.permission" and found & {"identity", "forbidden"}):
        found.add(OF_ASPECT[aspect])
    if (
        "dns" in found
        and aspect != "log.dns"
        and not re.search(
            r"(?i)getaddr|enotfound|eai_again|nxdomain|servfail|resol|host|lookup|\bquery[a-z]{1,5} e", text
        )
    ):
        found -= {"dns"}
    if aspect not in ("log.exception", "log.data") or found & (FIRM - {"data"}):
        found -= {"data"}
    if "certificate" in found:
        found -= {"identity", "forbidden", "data"}
    return frozenset(found)
