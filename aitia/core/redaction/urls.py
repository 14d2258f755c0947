"""The rules for secrets in URLs, in headers and in what signs a request."""

# ruff: noqa: E501 (a pattern is read as one line)
from __future__ import annotations

import base64
import binascii
import re

from aitia.core.redaction.secrets import HARMLESS, Match, Rule, dense, looks_random, turns, value_of

_OPEN = r"\\{0,8}[\"']?[ \t]{0,4}(?:=>|[:=])[ \t]{0,4}[\\\"'\[]{0,4}"
AUTHORIZATION = Rule(
    pattern=re.compile(
        rf"(?i)authorization{_OPEN}(?:(?P<d>(?:digest|oauth|aws4-\S{{1,40}}|signature)[ \t][^\r\n]{{4,}})"
        r"|(?:(?:bearer|basic|token|apikey|negotiate|ntlm)(?:[ \t]+|\+)|[A-Za-z][\w-]{2,24}[ \t]+(?=[^\s\"'\\]*\d))?(?P<v>[^\s\"'\\]{4,}?)(?=[,;\]}]{0,3}(?:[\s\"'\\]|$)))"
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
    needs=("auth",), grams=("uth=", "uth:", "uth ", "uth\"", "uth'", "uth\\"), trigger=r"uth\\{0,8}[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,8}[\"']?[a-z0-9+/]{8}",
    accept=_is_pair,
)  # fmt: skip


_RANDOM_PART = r"(?=[A-Za-z0-9_~.=%-]{0,80}\d|[A-Za-z0-9_~.=%-]{24})(?=[A-Za-z0-9_~.=%-]{0,80}[A-Za-z])[A-Za-z0-9_~.=%-]{6,256}"
HOOK = Rule(  # the path of a web hook is its password: all from the first part that looks random
    pattern=re.compile(
        r"(?i)(?:hooks?|webhooks?|webhookb2|integrations?|robot|catch|trigger|enqueue|hc-ping|nosnch|uptime|ifttt|heartbeat|outgoing|incoming)"
        r"(?:\.[a-z]{2,16}){0,4}(?::\d{2,5})?(?:/[A-Za-z0-9._@-]{1,64}){0,5}?/(?P<v>" + _RANDOM_PART + r"(?:/[\w.~@%=-]{1,200}){0,4})"
    ),
    needs=("hook", "integration", "robot", "catch", "trigger", "enqueue", "hc-ping", "nosnch", "heartbeat", "incoming", "outgoing", "uptime"),
    grams=("hook", "integ", "robo", "catc", "trig", "hc-p", "nosn", "hear", "inco", "outg", "upti"),
    trigger=(
        r"(?:hooks?|hookb2|integrations?|robot|catch|trigger|hc-ping|nosnch|heartbeat|incoming|outgoing|uptime)(?:\.[a-z]{2,16}){0,4}(?::\d{2,5})?/[\w.@/-]{0,200}[\w~=%-]{6}"
    ),
    accept=lambda m: _random_path(m["v"]),
)  # fmt: skip


def _random_path(path: str) -> bool:
    """Whether a part of a path is no word and no version: letters and digits that mix."""
    part = path.split("/")[0]
    if re.fullmatch(r"[a-z]+(?:[-_.][a-z]+)*[-_.]?\d{0,4}", part) or re.fullmatch(r"\d+", part):
        return len(path) > len(part) and _random_path(path[len(part) + 1 :])
    turns = len(re.findall(r"[a-z][A-Z0-9]|[A-Z][a-z0-9]|\d[A-Za-z]", part))
    return turns >= 3


QUERY = Rule(  # what signs a request or stands for a login in the query of a URL
    pattern=re.compile(
        r"(?i)(?:[?&;]|&amp;|\\u0026)(?:code|auth|hmac|hash|mac|ticket|assertion|samlresponse|samlrequest|saml_?token|id_?token|jwt|key|apikey|subscription-key|otp|pin|pw|pass|psw|signature|sig|sign|hdnea|hdnts|st|policy"
        r"|awsaccesskeyid|x-amz-credential|x-goog-credential|verif(?:y|ication)|reset|invite|magic|nonce|access|secret|credential|bearer|authkey|authtoken|xsec_token|share)"
        r"=(?P<v>[^\s&;\"'<>#\\)\]}]{4,4000})"
    ),
    needs=("?", "&", ";"),
    grams=("?cod", "&cod", "?aut", "&aut", "?hma", "&hma", "?has", "&has", "?mac", "&mac", "?tic", "&tic", "?ass", "&ass", "?sam", "&sam", "?id_", "&id_", "?idt", "&idt",
           "?jwt", "&jwt", "?key", "&key", "?api", "&api", "?sub", "&sub", "?otp", "&otp", "?pin", "&pin", "?pw=", "&pw=", "?pas", "&pas", "?psw", "&psw", "?sig", "&sig", ";sig", ";cod",
           "?hdn", "&hdn", "?st=", "&st=", "?pol", "&pol", "?aws", "&aws", "?x-a", "&x-a", "?x-g", "&x-g", "?ver", "&ver", "?res", "&res", "?inv", "&inv", "?mag", "&mag",
           "?non", "&non", "?acc", "&acc", "?sec", "&sec", "?cre", "&cre", "?bea", "&bea", "?xse", "&xse", "?sha", "&sha", ";key", "p;ke", "p;si", "p;co", "26ke", "26si", "26co"),
    trigger=r"(?:[?&;]|p;|26)(?:code|auth|hmac|hash|mac|ticket|assertion|saml|id_?token|jwt|key|apikey|subscription-key|otp|pin|pw|pass|psw|signature|sig|sign|hdn|st|policy|aws|x-amz-cred|x-goog-cred|verif|reset|invite|magic|nonce|access|secret|credential|bearer|xsec|share)[\w-]{0,16}=[^&\s]{4}",
    accept=lambda m: _query_secret(m[0], m["v"]),
)  # fmt: skip


def _query_secret(whole: str, value: str) -> bool:
    name = re.split(r"[?&;]|u0026", whole.partition("=")[0])[-1].lower()
    if name in ("otp", "pin", "pw", "pass", "psw", "secret", "bearer"):
        return not HARMLESS.match(value)
    if re.fullmatch(
        r"[A-Za-z]+(?:[-_ +.][A-Za-z]+)*|\d+|[a-z]+[-_:]\d+|[a-z-]{1,12}\d{1,6}|\d{4}-\d\d.*", value
    ):
        return False
    return len(value) >= 16 and looks_random(value)


USER_AT_HOST = Rule(  # deploy:S3cret!@10.0.0.5, without a scheme
    pattern=re.compile(
        r"(?<![\w.%+/:@-])[A-Za-z_][\w.%+\\-]{0,63}:(?P<v>(?=[^\s:@/\"']*[\d!#$%^&*])[^\s:@/\"'<>]{4,64})@"
        r"(?=(?:[A-Za-z0-9][\w-]{0,62}\.){1,8}[A-Za-z0-9]{1,24}|[A-Za-z0-9][\w-]{1,62}(?::\d|/)|localhost|\[)"
    ),
    needs=("@",), grams=(), trigger=r":(?=[^\s:@/\"'<>]{0,63}[\d!#$%^&*])[^\s:@/\"'<>]{4,64}@[A-Za-z0-9\[]",
    accept=lambda m: not HARMLESS.match(m["v"]),
)  # fmt: skip
ORACLE = Rule(  # jdbc:oracle:thin:shop/secret@db, scott/tiger1@orcl
    pattern=re.compile(r"(?i)(?:(?:thin|oci8?):|user(?:id)?=|connect[ \t]+)[\"']?[A-Za-z][\w$#]{0,29}/(?P<v>[^\s/@\"':]{1,64})(?=@)"),
    needs=("thin:", "oci", "userid", "user=", "connect"), grams=("thin", "oci:", "oci8", "rid=", "ect "), trigger=r"(?:thin|oci8?):|rid=\S{1,30}/|ect[ ]\S{1,30}/\S{1,64}@",
)  # fmt: skip
ENVIRONMENT = Rule(  # STRIPE_WEBHOOK_KEY=..., SMTP_PW=..., JWT_SALT=...: whatever the key is for, where its value looks random
    pattern=re.compile(
        r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]{0,24}(?:_[A-Z0-9]{1,24}){0,6}_(?:KEY|PSK|SALT|CREDS|AUTH|PW|SEED|PIN|PASSWD|CERT_KEY|HMAC|SIGNATURE|COOKIE|DSN|WEBHOOK|CODE)"
        r"[\"']?[ \t]{0,2}(?:=|:[ \t])[ \t]{0,2}[\"']?(?P<v>[^\s\"',;]{6,4000})"
    ),
    needs=("_key", "_psk", "_salt", "_creds", "_auth", "_pw", "_seed", "_pin", "_hmac", "_signature", "_cookie", "_dsn", "_webhook", "_code"),
    grams=("_key", "_psk", "_sal", "_cre", "_aut", "_pw=", "_pw:", "_see", "_pin", "_hma", "_sig", "_coo", "_dsn", "_web", "_cod"),
    trigger=r"_(?:key|psk|salt|creds|auth|pw|seed|pin|hmac|signature|cookie|dsn|webhook|code)[\"']?[ ]{0,2}[=:][ \"']{0,2}[^\s\"',;]{6}",
    accept=lambda m: _environment(m[0], m["v"]),
)  # fmt: skip


def _environment(whole: str, value: str) -> bool:
    if (
        HARMLESS.match(value)
        or value.startswith(("/", "http://", "https://", "~"))
        or re.fullmatch(r"[A-Za-z]+(?:[-_./:][A-Za-z0-9]{1,12})*|\d{1,5}|[A-Z_]+", value)
    ):
        return False
    if re.search(r"_(?:PW|PASSWD|CREDS|PIN|PSK)[\"']?[ \t]{0,2}[=:]", whole):
        return True
    return len(value) >= 10 and looks_random(value)


_INSIDE = re.compile(
    r"(?i)(?:passw|passphrase|secret|token|api.?key|credential|private key|pwd)[^\n]{0,40}?[:=][ \t]*\S{3}|://[^\s:/@]{0,64}:[^\s@]{3,64}@|^[\w.-]{2,32}:[^\s:]{4,64}$"
)


def _holds_a_secret(match: Match) -> bool:
    """Whether base64 text is text in which a password is set."""
    text = match["v"].replace("-", "+").replace("_", "/")
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    printable = sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in found)
    return printable >= 0.95 * len(found) and _INSIDE.search(found.decode("latin-1")) is not None


# "passw", "secret", "token", "://" + "@" have three spellings in base64, one for each place of their first byte in a group of three.
BASE64 = Rule(
    pattern=re.compile(r"(?<![A-Za-z0-9+/_-])(?P<v>[A-Za-z0-9+/_-]{16,8000}={0,2})"),
    needs=("imf1dgg", "jhdxro", "iyxv0ac", "cgfzc3", "bhc3n3", "wyxnzd", "c2vjcmv0", "nly3jld", "zwnyzx", "dg9rzw", "rva2vu", "b2tlb", "ueftu1", "bbu1nx", "qvntv0", "y3jlzgvud", "nyzwrlbn", "jcmvkzw"),
    grams=("imf1", "jhdx", "iyxv", "fzc3", "hc3n", "yxnz", "2vjc", "ly3j", "wnyz", "g9rz", "9rzw", "va2v", "2tlb", "ftu1", "bu1n", "vntv", "3jlz", "yzwr", "cmvk"),
    trigger=r"(?-i:ImF1dGg|JhdXRo|iYXV0aC|FzczN|Fzc3[dcN]|hc3N3|YXNzd|2VjcmV0|lY3JldA|lY3JldC|lY3Jld|WNyZX|G9rZW|9rZW4|va2Vu|2tlb|FTU1[dF]|BU1NX|VNTV0|3JlZGVud|yZWRlbn|cmVkZW)",
    accept=_holds_a_secret,
)  # fmt: skip


AUTH_LOGIN = Rule(  # what follows `334 UGFzc3dvcmQ6`, "Password:", in SMTP and IMAP
    pattern=re.compile(r"(?:UGFzc3dvcmQ6|cGFzc3dvcmQ6)[\s\"'\\]{1,8}(?:[^\s]{1,12}[ \t]+){0,4}?(?P<v>[A-Za-z0-9+/]{6,}={0,2})(?=[\s\"'\\]|$)"),
    needs=("ugfzc3dvcmq6", "cgfzc3dvcmq6"), grams=("ugfzc3dv", "cgfzc3dv"), trigger=r"(?-i:UGFzc3dvcmQ6|cGFzc3dvcmQ6)",
)  # fmt: skip
AWS_PAIR = Rule(  # the secret beside the key's name, as they are handed over
    pattern=re.compile(r"A(?:KIA|SIA)[A-Z0-9]{16}[^\w\n]{1,12}(?:[\w ]{0,24}[^\w\n]{1,5})?(?P<v>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])"),
    needs=("akia", "asia"), grams=("akia", "asia"), trigger=r"a(?:kia|sia)[a-z0-9]{16}",
)  # fmt: skip
LOGIN_SESSION = Rule(  # a session's id of the kind that is as good as a password: long and drawn from all letters
    pattern=re.compile(r"(?i)(?:session|sess|sid)[_ -]?(?:id|key|token)?[\"']?[ \t]{0,2}[=:][ \t]{0,2}[\"']?(?P<v>[A-Za-z0-9+/_-]{24,256})(?![\w-])"),
    needs=("sess", "sid"), grams=("sess", "sid=", "sid:", "sidk", "sid\""), trigger=r"(?:sess(?:ion)?|sid)[_ -]?(?:id|key|token)?[\"']?[ ]{0,2}[=:][ \"']{0,3}[\w+/-]{24}",
    accept=lambda m: turns(m["v"]) >= 6 and bool(re.search(r"[a-z][^a-z]*[A-Z]|[A-Z][^A-Z]*[a-z]", m["v"]) or (len(m["v"]) >= 32 and "-" not in m["v"])),
)  # fmt: skip
CALLED = Rule(  # PDO('mysql:host=db', 'user', 'password'), login("user", "password")
    pattern=re.compile(
        r"(?i)(?:(?:mysqli?|pgsql?|mssql|sqlsrv|oci)\w{0,3}_p?connect\((?:[\"'][^\"'\n]{0,160}[\"'],[ ]?){2}[\"'](?P<w>[^\"'\n]{4,128})[\"']|(?:(?:mysqli?|pgsql|pdo|connect|login|log_in|authenticate|signin|sign_in|basicauth|getconnection|credentials?|withauth|basic_auth|set_?auth)\w{0,16}\(|[\"'(](?:mysql|pgsql|sqlsrv|oci|jdbc):[^\"'\n]{1,160})"
        r"(?:[\"'][^\"'\n]{0,160}[\"'])?(?:[\"']?,[ ]?)?(?:[\"'][^\"'\n]{0,64}[\"'],[ ]?){1,3}[\"'](?P<v>[^\"'\n]{4,128})[\"'][ ]?\))"
    ),
    needs=("(",), grams=(*(f"{letter}({quote}" for letter in "tnehdrosli" for quote in "\"'"), "mysq", "pgsq", "jdbc", "oci:", "sqls"),
    trigger=r"[a-z]\([\"'][^\"'\n]{0,160}[\"'],[ ]?[\"']|(?:mysql|pgsql|jdbc|oci|sqlsrv):[^\n]{1,160}?[\"'],[ ]?[\"']",
    accept=lambda m: dense(value_of(m)) or bool(re.search(r"[A-Za-z]", value_of(m)) and re.search(r"[\d!#$%^&*]", value_of(m)) and not re.search(r"[\s/]", value_of(m))),
)  # fmt: skip
