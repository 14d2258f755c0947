"""The rules for personal data: those with a check digit are sure, the others are by policy."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from aitia.core.redaction.secrets import Match, Rule

EMAIL = Rule(
    kind="email",
    pattern=re.compile(
        # No instance of a systemd unit: `convert@3.service`.
        r"(?P<v>[A-Za-z0-9._%+-]{1,64}@(?![a-z]{0,24}-?\d{1,6}(?:-\w{1,24})?\.(?:service|timer|socket|mount|scope|slice|swap)(?![\w.-]))"
        r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}\b)"
    ),
    needs=("@",),
    trigger=r"@[A-Za-z0-9][A-Za-z0-9-]{0,62}\.[A-Za-z]",
    canonical=str.casefold,
)


def digits(text: str) -> str:
    """The digits of a text alone."""
    return re.sub(r"\D", "", text)


def luhn(number: str) -> bool:
    """The check digit of ISO/IEC 7812-1."""
    odd = sum(int(d) for d in number[-1::-2])
    even = sum(sum(divmod(2 * int(d), 10)) for d in number[-2::-2])
    return (odd + even) % 10 == 0


_LENGTHS = re.compile(  # issuer's first digits and the length that its cards have
    r"(?:4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17}"
    r"|(?:5[06-8]|6\d)\d{14})\Z"
)


def _is_card(match: Match) -> bool:
    number = digits(match["v"])
    return bool(_LENGTHS.match(number)) and len(set(number)) > 1 and luhn(number)


_CARD = (  # the numbers in one, in fours, or 4-6-5 as American Express prints them
    r"(?<![\w.-]){open}(?:[2-6]\d{{12,18}}|"
    r"[2-6]\d{{3}}(?P<s>[ -])\d{{4}}(?P=s)\d{{4}}(?P=s)\d{{1,7}}|3\d{{3}}(?P<t>[ -])\d{{6}}(?P=t)\d{{5}}){close}"
    r"(?![\w-]|\.\d)"
)
CARD = Rule(
    kind="card",
    pattern=re.compile(_CARD.format(open="(?P<v>", close=")")),
    needs=(),
    trigger=_CARD.format(open="", close=""),
    accept=_is_card,
    canonical=digits,
)

# Country and length: the IBAN registry of ISO 13616.
_LENGTH_OF: Final = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 "
    "EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 "
    "IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 "
    "NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 "
    "ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 "
)
_IBAN: Final = {found[:2]: int(found[2:]) for found in _LENGTH_OF.split()}


def _is_iban(match: Match) -> bool:
    text = match["v"].replace(" ", "")
    if _IBAN.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


IBAN = Rule(
    kind="iban",
    pattern=re.compile(
        r"(?<![A-Za-z0-9])(?P<v>[A-Z]{2}\d\d(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?))(?![A-Za-z0-9])"
    ),
    needs=(),
    trigger=r"(?<![A-Za-z0-9])[A-Z]{2}\d\d(?: [A-Z0-9]{4}){2}|(?<![A-Za-z0-9])[A-Z]{2}\d\d[A-Z0-9]{11}",
    accept=_is_iban,
    canonical=lambda text: text.replace(" ", ""),
)
PHONE = Rule(
    kind="phone",
    pattern=re.compile(
        r"(?<![\w.+-])(?P<v>(?:\+|00)[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}"
        r"|\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4})(?![\w-]|\.\d)"
        r"|(?i:\b(?:phone|tel|mobile|msisdn|fax)(?:[_-]?(?:no|number))?[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?)"
        r"(?P<w>\+?\d[\d ./-]{5,18}\d)"
    ),
    needs=(),
    trigger="",
    accept=lambda m: 7 <= len(digits(m[m.lastgroup or 0])) <= 15,
    canonical=digits,
)


def _is_ip(match: Match) -> bool:
    try:
        ipaddress.ip_address(match["v"])
    except ValueError:
        return False
    return True


IP4 = Rule(
    kind="ip",
    pattern=re.compile(r"(?<![\w.])(?P<v>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\w]|\.\d)"),
    needs=(), trigger="", accept=_is_ip,
)  # fmt: skip
IP6 = Rule(
    kind="ip",
    pattern=re.compile(r"(?<![\w:.])(?P<v>(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{2,39}(?:\.\d{1,3}){0,3})(?![\w:])"),
    needs=("::", ":"), trigger="", accept=_is_ip, canonical=str.casefold,
)  # fmt: skip
MAC = Rule(
    kind="host",
    pattern=re.compile(r"(?<![\w:-])(?P<v>[0-9A-Fa-f]{2}(?P<s>[:-])(?:[0-9A-Fa-f]{2}(?P=s)){4}[0-9A-Fa-f]{2})(?![\w:-])"),
    needs=(), trigger="", canonical=lambda text: text.casefold().replace("-", ":"),
)  # fmt: skip
_ENDS = (
    r"com|net|org|edu|gov|mil|io|dev|app|cloud|local|internal|intra|lan|corp|localdomain|svc|arpa"
    r"|de|uk|fr|it|es|nl|ch|at|be|eu|us|ca|cn|jp|kr|in|ru|br|au|se|no|fi|dk|ie|cz|tw|hk|sg|nz|za|mx|il|pt|gr|hu|ro|tr|ua"
)
HOST = Rule(
    kind="host",
    pattern=re.compile(
        rf"(?i)(?<![\w.@$-])(?P<v>(?:[a-z0-9_](?:[a-z0-9_-]{{0,62}})\.){{1,8}}(?:{_ENDS}))(?![\w-]|\.\w|\()"
        r"|(?<![a-z])(?:hostname|rhost|host|node|server|peer|instance)[\"']?(?:=|:[ \t]?)[\"']?"
        r"(?P<w>[a-z][a-z0-9_.-]{0,200}[a-z0-9])(?![\w(])"
        r"|://(?:[^\s/@]{0,256}@)?(?P<x>[a-z][a-z0-9_.-]{0,200})(?=[:/\s\"'?]|$)"
        r"|(?m:^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )(?P<y>[a-z][\w.-]{0,200})(?= )"  # syslog, RFC 3164
    ),
    needs=(), trigger="", canonical=str.casefold,
)  # fmt: skip
USER = Rule(
    kind="user",
    pattern=re.compile(
        r"(?i)(?<![a-z])(?:user(?:[_-]?name)?|login|logname|ruser|uid|account|owner|principal|by user"
        r"|invalid user|session opened for user|for user"
        r"|accepted \w{1,20} for"
        r"|failed \w{1,20} for(?: invalid user)?)(?:[\"']?(?:=|:[ \t]?)[\"']?|[ \t](?=[^\s=:]+(?: from | by |$)))"
        r"(?P<v>[a-z_][\w.-]{0,63})(?![\w(])"
        r"|(?:/home/|/Users/|\\Users\\)(?P<w>[a-z_][\w.-]{0,63})"
        r"|://(?P<x>[a-z_][\w.-]{0,63})(?=[:@][^\s/]{0,256}@|@)"
    ),
    needs=(), trigger="",
    accept=lambda m: (m[m.lastgroup or 0]).casefold() not in ("null", "none", "unknown", "true", "false", "from", "for", "by"),
)  # fmt: skip
