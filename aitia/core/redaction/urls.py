"""The rules for secrets in URLs, in headers and in what signs a request."""

from __future__ import annotations

import base64
import binascii
import re

from aitia.core.redaction.secrets import HARMLESS, Match, Rule, looks_random, value_of

_OPEN = r"\\{0,8}[\"']?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}[\\\"'\[]{0,4}"
AUTHORIZATION = Rule(
    pattern=re.compile(
        rf"(?i)authorization{_OPEN}(?:(?P<d>(?:digest|oauth|aws4-\S{{1,40}}|signature)[ \t][^\r\n]{{4,}})"
        r"|(?:(?:bearer|basic|token|apikey|negotiate|ntlm)(?:[ \t]+|\+))?(?P<v>[^\s\"'\\]{4,}?)(?=[,;\]}]{0,3}(?:[\s\"'\\]|$)))"
    ),
    needs=("authorization",), grams=("oriz",), trigger=r"orization\\{0,8}[\"']?[ \t]{0,4}[=:]",
    accept=lambda m: not HARMLESS.match(value_of(m)),
)  # fmt: skip
COOKIE = Rule(
    pattern=re.compile(rf"(?i)cookie2?{_OPEN}(?P<v>(?:(?![\]}}],[ ])[^\r\n\"'\\])+)"),
    needs=("cookie",), grams=("cook",), trigger=r"cookie2?\\{0,8}[\"']?[ \t]{0,4}(?:=>|[=:])",
    accept=lambda m: "=" in m["v"] or (" " not in m["v"] and looks_random(m["v"])),
)  # fmt: skip
SESSION = Rule(
    pattern=re.compile(
        r"(?i)(?:jsessionid|phpsessid|asp\.net_sessionid|aspsessionid\w{0,12}|connect\.sid|laravel_session|_session_id)"
        r"=(?P<v>[^\s;,\"'&]{6,})"
    ),
    needs=("sess", "connect.sid"), grams=("jses", "phps", "net_", "asps", "t.si", "l_se", "_ses"),
    trigger=r"jsessionid|phpsessid|net_sessionid|aspsession|t\.sid|l_session|_session_id",
)  # fmt: skip
_SCHEMES = r"(?i)(\b(?:bearer|basic|token)(?:[ \t]+|\+))"
BEARER = Rule(
    pattern=re.compile(rf"{_SCHEMES}(?P<v>[A-Za-z0-9._~+/-]{{8,}}=*)"),
    needs=("bearer", "basic", "token"), grams=("bear", "basi", "toke"),
    trigger=r"(?:bearer|basic|token)(?:[ \t]+|\+)[\w.~+/-]{8}",
    accept=lambda m: looks_random(m["v"]),
)  # fmt: skip
URL = Rule(
    pattern=re.compile(
        r"[a-zA-Z0-9+.-]://[^\s:/@\"']{0,128}:(?:(?P<v>[^\s/\"']{1,512})|(?!\d{1,5}/)(?P<w>[^\s?\"'<>@]{1,512}))(?=@)"
    ),
    needs=("://",), grams=(), trigger=r"://[^\s\"'<>@]{0,640}@",
)  # fmt: skip
URL_USER = Rule(  # a key in place of the user: https://KEY@host
    pattern=re.compile(r"://(?P<v>[A-Za-z0-9_-]{20,256})@"),
    needs=("://",), grams=(), trigger=r"://[^\s\"'<>@]{0,640}@",
)  # fmt: skip
DSN = Rule(
    pattern=re.compile(
        r"(?<![\w.%+-])[\w.%+-]{1,64}:(?P<v>[^\s\"']{1,128}?)(?=@(?:tcp|udp|unix|cloudsql)[\w-]{0,10}\()"
    ),
    needs=("@tcp", "@udp", "@unix", "@cloudsql"), grams=(), trigger=r"@(?:tcp|udp|unix|cloudsql)[\w-]{0,10}\(",
)  # fmt: skip
SIGNATURE = Rule(
    pattern=re.compile(
        r"(?i)(?:[?&;]sig|signature|\bresponse(?==))\\{0,8}[\"']?[ \t]{0,3}[=:][ \t]{0,3}"
        r"\\{0,8}[\"']?(?P<v>[A-Za-z0-9%+/_-]{16,}={0,2})"
    ),
    needs=("sig", "response"), grams=("?sig", "&sig", ";sig", "gnat", "nse="),
    trigger=r"[?&;]sig=|gnature\\{0,8}[\"']?[ \t]{0,3}[=:]|nse=\\{0,8}[\"']?[\w%+/-]{16}",
    accept=lambda m: looks_random(m["v"]),
)  # fmt: skip


def _is_pair(match: Match) -> bool:
    """Whether base64 text holds `user:password`."""
    try:
        found = base64.b64decode(match["v"] + "=" * (-len(match["v"]) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return b":" in found[1:-1] and found.isascii() and found.decode("ascii").isprintable()


AUTH = Rule(  # _auth=dXNlcjpwYXNz of npm, "auth": "dXNlcjpwYXNz" of Docker
    pattern=re.compile(
        r"(?i)(?<![a-z])_?auth\\{0,8}[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,8}[\"']?(?P<v>[A-Za-z0-9+/]{8,}={0,2})"
    ),
    needs=("auth",), grams=("auth",), trigger=r"auth\\{0,8}[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,8}[\"']?[a-z0-9+/]{8}",
    accept=_is_pair,
)  # fmt: skip
