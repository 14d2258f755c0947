"""Made-up secrets and personal data, by the forms that their issuers document, in the contexts in which logs show them.

Nothing here is real: every value is drawn from a seed. The forms are written from the issuers' descriptions and not from
the redactor's rules.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

UPPER, LOWER, DIGITS = string.ascii_uppercase, string.ascii_lowercase, string.digits
ALNUM = string.ascii_letters + DIGITS
HEX, B64, B64URL = "0123456789abcdef", ALNUM + "+/", ALNUM + "-_"
NAMES = (
    "password", "passwd", "db_password", "DB_PASS", "spring.datasource.password",
    "userPassword", "client_secret", "clientSecret",
    "api_key", "apiKey", "X-Api-Key", "access_token", "accessToken", "refresh_token", "auth_token", "session_token",
    "pwd", "passphrase",
    "private_key", "secret_access_key", "AccountKey", "encryption_key", "SECRET_KEY_BASE", "credential", "ssl.keystore.password",
)  # fmt: skip
NEUTRAL = ("value", "arg0", "data", "body", "id")


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A line, what in it must not come through, and what it is."""

    kind: str
    context: str
    line: str
    secret: str
    hard: bool = False  # an opaque value with characters that its context also uses as separators


Random = random.Random
Value = tuple[str, str]
"""A text as it is logged, and the part of it that is secret."""


def _some(rng: Random, letters: str, least: int, most: int = 0) -> str:
    return "".join(rng.choices(letters, k=rng.randint(least, most or least)))


def _form(prefix: str, letters: str, least: int, most: int = 0) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        made = prefix + _some(rng, letters, least, most)
        return made, made

    return make


def _jwt(rng: Random) -> Value:
    parts = [
        json.dumps({"alg": "HS256", "typ": "JWT"}),
        json.dumps({"sub": _some(rng, DIGITS, 10), "name": _some(rng, LOWER, 8)}),
    ]
    head, body = (base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)
    made = f"{head}.{body}.{_some(rng, B64URL, 43)}"
    return made, made.partition(".")[2]


def _password(rng: Random, extra: str = "!#$%*+-./?_~^@") -> str:
    return _some(rng, ALNUM, 5) + _some(rng, ALNUM + extra, 4, 12) + _some(rng, ALNUM, 2)


def _url(scheme: str, where: str) -> Callable[[Random], Value]:
    def make(rng: Random) -> Value:
        secret = quote(_password(rng), safe="")
        return f"{scheme}://{_some(rng, LOWER, 4, 8)}:{secret}@{where}", secret

    return make


def _dsn(rng: Random) -> Value:
    secret = _some(rng, ALNUM, 10, 16)
    return f"app:{secret}@tcp(10.0.0.7:3306)/shop?parseTime=true", secret


def _basic(rng: Random) -> Value:
    secret = base64.b64encode(f"{_some(rng, LOWER, 5)}:{_password(rng)}".encode()).decode()
    return f"Basic {secret}", secret


def _bearer(rng: Random) -> Value:
    secret = _some(rng, B64URL, 30, 40)
    return f"Bearer {secret}", secret


def _hook(rng: Random) -> Value:
    secret = f"T{_some(rng, UPPER + DIGITS, 8)}/B{_some(rng, UPPER + DIGITS, 8)}/{_some(rng, ALNUM, 24)}"
    return f"https://hooks.slack.com/services/{secret}", secret


def _telegram(rng: Random) -> Value:
    secret = f"{_some(rng, DIGITS[1:], 9)}:AA{_some(rng, B64URL, 33)}"
    return f"https://api.telegram.org/bot{secret}/sendMessage", secret


def _azure(rng: Random) -> Value:
    secret = _some(rng, B64, 86) + "=="
    return (
        f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={secret};EndpointSuffix=core.windows.net",
        secret,
    )


def _sas(rng: Random) -> Value:
    secret = quote(_some(rng, B64, 43) + "=", safe="")
    return f"https://shop.blob.core.windows.net/c/f?sv=2022-11-02&sr=b&sig={secret}&se=2026", secret


def _presigned(rng: Random) -> Value:
    secret = _some(rng, HEX, 64)
    return f"https://s3.amazonaws.com/b/k?X-Amz-Date=20261125T010000Z&X-Amz-Signature={secret}", secret


def _cookie(rng: Random) -> Value:
    secret = _some(rng, HEX, 32)
    return f"Cookie: theme=dark; session={secret}", secret


def _set_cookie(rng: Random) -> Value:
    secret = _some(rng, ALNUM, 26)
    return f"Set-Cookie: sid={secret}; Path=/; HttpOnly", secret


def _jsession(rng: Random) -> Value:
    secret = _some(rng, UPPER + DIGITS, 32)
    return f"/cart;jsessionid={secret}", secret


def _pem(rng: Random) -> Value:
    lines = [_some(rng, B64, 64) for _ in range(3)]
    name = rng.choice(["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""])
    body = "\\n".join(lines)
    return f"-----BEGIN {name}PRIVATE KEY-----\\n{body}\\n-----END {name}PRIVATE KEY-----", body


def _curl(rng: Random) -> Value:
    secret = _some(rng, ALNUM + "!%+", 10, 14)
    return f"curl -s -u deploy:{secret} https://repo.internal/x", secret


def _mysql(rng: Random) -> Value:
    secret = _some(rng, ALNUM, 10, 14)
    return f"mysqldump -h db -u root -p{secret} shop", secret


def _docker(rng: Random) -> Value:
    secret = base64.b64encode(f"{_some(rng, LOWER, 5)}:{_password(rng)}".encode()).decode()
    return f'{{"auths":{{"registry.internal":{{"auth":"{secret}"}}}}}}', secret


def _email(rng: Random) -> Value:
    who = f"{_some(rng, LOWER, 4, 8)}.{_some(rng, LOWER, 4, 8)}"
    made = f"{who}@{_some(rng, LOWER, 5, 9)}.{rng.choice(['com', 'org', 'co.uk', 'de'])}"
    return made, made


def check_digit(number: str) -> str:
    """A number with its Luhn digit."""
    total = sum(
        d if n % 2 else sum(divmod(2 * d, 10)) for n, d in enumerate(int(c) for c in reversed(number))
    )
    return number + str(-total % 10)


def _card(rng: Random) -> Value:
    start, size = rng.choice([("4", 16), ("52", 16), ("37", 15), ("6011", 16)])
    made = check_digit(start + _some(rng, DIGITS, size - 1 - len(start)))
    gap = rng.choice(["", " ", "-"])
    if gap:
        cuts = (4, 10) if size == 15 else (4, 8, 12)
        made = gap.join(made[a:b] for a, b in zip((0, *cuts), (*cuts, size), strict=True))
    return made, made


def _iban(rng: Random) -> Value:
    country, size = rng.choice([("DE", 22), ("FR", 27), ("NL", 18), ("GB", 22)])
    if country in ("GB", "NL"):
        account = _some(rng, UPPER, 4) + _some(rng, DIGITS, size - 8)
    else:
        account = _some(rng, DIGITS, size - 4)
    plain = "".join(str(int(c, 36)) for c in account + country + "00")
    made = f"{country}{98 - int(plain) % 97:02d}{account}"
    if rng.random() < 0.5:
        made = " ".join(made[i : i + 4] for i in range(0, size, 4))
    return made, made


KINDS: dict[str, Callable[[Random], Value]] = {
    "aws_access_key": _form("AKIA", UPPER + DIGITS, 16),
    "github": _form("ghp_", ALNUM, 36),
    "github_fine": _form("github_pat_", ALNUM, 70),
    "gitlab": _form("glpat-", B64URL, 20),
    "slack": _form("xoxb-", DIGITS + ALNUM, 40),
    "slack_hook": _hook,
    "stripe": _form("sk_live_", ALNUM, 24),
    "openai": _form("sk-proj-", B64URL, 48),
    "anthropic": _form("sk-ant-api03-", B64URL, 90),
    "huggingface": _form("hf_", ALNUM, 34),
    "npm": _form("npm_", ALNUM, 36),
    "pypi": _form("pypi-AgEIcHlwaS5vcmc", B64URL, 80),
    "google_api": _form("AIza", B64URL, 35),
    "google_oauth": _form("ya29.", B64URL, 60),
    "sendgrid": lambda rng: (lambda s: (s, s))(f"SG.{_some(rng, B64URL, 22)}.{_some(rng, B64URL, 43)}"),
    "twilio": _form("SK", HEX, 32),
    "digitalocean": _form("dop_v1_", HEX, 64),
    "vault": _form("hvs.", B64URL, 90),
    "shopify": _form("shpat_", HEX, 32),
    "newrelic": _form("NRAK-", UPPER + DIGITS, 27),
    "grafana": _form("glsa_", ALNUM, 32),
    "databricks": _form("dapi", HEX, 32),
    "docker_pat": _form("dckr_pat_", B64URL, 27),
    "telegram": _telegram,
    "jwt": _jwt,
    "pem": _pem,
    "bearer": _bearer,
    "basic": _basic,
    "postgres_url": _url("postgres", "db:5432/shop"),
    "redis_url": _url("redis", "cache.internal:6379/0"),
    "amqp_url": _url("amqps", "mq.example.org/%2F"),
    "mysql_dsn": _dsn,
    "azure_storage": _azure,
    "azure_sas": _sas,
    "s3_presigned": _presigned,
    "cookie": _cookie,
    "set_cookie": _set_cookie,
    "jsessionid": _jsession,
    "curl_user": _curl,
    "mysql_option": _mysql,
    "docker_auth": _docker,
    "email": _email,
    "card": _card,
    "iban": _iban,
}
WHOLE = {"cookie", "set_cookie"}  # a header of its own: no name and value around it


def _java(rng: Random, name: str, value: str) -> str:
    at = f"2026-11-25 01:{rng.randrange(60):02d}:07,123"
    return rng.choice(
        [
            f"{at} INFO  [main] c.e.shop.Client:87 - using Config{{{name}={value}, retries=3}}",
            f"{at} DEBUG [pool-1] c.e.shop.Login - {name}: {value}",
            f"{at} WARN  [http-4] o.a.h.Wire - {name} = {value}",
        ]
    )


def _json(rng: Random, name: str, value: str) -> str:
    return json.dumps({"ts": 1764032407.1, "level": "info", name: value, "n": rng.randrange(99)})


def _escaped(rng: Random, name: str, value: str) -> str:
    return json.dumps({"level": "info", "msg": f"request body: {json.dumps({name: value, 'n': 1})}"})


def _logfmt(rng: Random, name: str, value: str) -> str:
    plain = not set(value) & set(' "=')
    shown = value if plain else json.dumps(value)
    return f'level=info msg="call done" {name}={shown} took={rng.randrange(90)}ms'


def _query(rng: Random, name: str, value: str) -> str:
    query = f"{quote(name)}={quote(value, safe='')}"
    return (
        f'10.0.0.{rng.randrange(99)} - - [25/Nov/2026:01:10:07 +0000] "GET /cb?{query}&x=1 HTTP/1.1" 200 23'
    )


def _encoded(rng: Random, name: str, value: str) -> str:
    return f"redirect to https://id.example.org/login?next={quote(f'/cb?{name}={value}&x=1', safe='')}"


def _headers(rng: Random, name: str, value: str) -> str:
    return f"> POST /pay HTTP/1.1 | Host: pay.internal | {name}: {value}"


def _yaml(rng: Random, name: str, value: str) -> str:
    return f'  {name}: "{value}"' if rng.random() < 0.5 or set(value) & set(":#") else f"  {name}: {value}"


def _env(rng: Random, name: str, value: str) -> str:
    upper = name.upper().replace("-", "_").replace(".", "_")
    return f"export {upper}='{value}'" if rng.random() < 0.5 or " " in value else f"{upper}={value}"


def _shell(rng: Random, name: str, value: str) -> str:
    option = name.lower().replace("_", "-").replace(".", "-")
    return f"+ /usr/bin/deploy --{option}{rng.choice(['=', ' '])}'{value}' --verbose"


def _sql(rng: Random, name: str, value: str) -> str:
    quoted = value.replace("'", "''")
    if name in NEUTRAL:
        return f"STATEMENT:  UPDATE settings SET {name} = '{quoted}' WHERE id = {rng.randrange(99)}"
    return rng.choice(
        [
            f"STATEMENT:  CREATE USER app WITH PASSWORD '{quoted}'",
            f"Query: UPDATE account SET {name.replace('.', '_').replace('-', '_')} = '{quoted}' WHERE id = 7",
            f"ALTER USER app IDENTIFIED BY '{quoted}'",
        ]
    )


def _trace(rng: Random, name: str, value: str) -> str:
    what = f"bad config {{{name}={value}}}"
    return f"java.lang.IllegalStateException: {what}\tat com.example.shop.Config.load(Config.java:{rng.randrange(400)})"


def _xml(rng: Random, name: str, value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;")
    return f"<{name}>{value}</{name}>" if rng.random() < 0.5 else f'<property name="{name}" value="{value}"/>'


CONTEXTS: dict[str, Callable[[Random, str, str], str]] = {
    "java": _java, "json": _json, "json_in_json": _escaped, "logfmt": _logfmt, "url_query": _query, "percent_encoded": _encoded,
    "headers": _headers, "yaml": _yaml, "env": _env, "shell": _shell, "sql": _sql, "stack_trace": _trace, "xml": _xml,
}  # fmt: skip
HARD = ",;&)}]'\"\\ "


def planted(seed: int, each: int) -> Iterator[Planted]:
    """`each` lines of every kind in every context, then opaque values under telling names, then those that are hard."""
    rng = random.Random(seed)
    for kind, make in KINDS.items():
        for context, put in CONTEXTS.items():
            for _ in range(each):
                value, secret = make(rng)
                yield _line(kind, context, put, rng, rng.choice(NEUTRAL), value, secret)
    for name in NAMES:
        for context, put in CONTEXTS.items():
            for _ in range(each):
                value = _password(rng)
                yield _line("opaque", context, put, rng, name, value, value)
                value = _some(rng, ALNUM, 3) + _some(rng, HARD + ALNUM, 8) + _some(rng, ALNUM, 3)
                yield _line("opaque_hard", context, put, rng, name, value, value, hard=True)


def _line(
    kind: str, context: str, put: Callable[[Random, str, str], str], rng: Random, name: str,
    value: str, secret: str, *, hard: bool = False,
) -> Planted:  # fmt: skip
    return Planted(kind=kind, context=context, line=put(rng, name, value), secret=secret, hard=hard)


def leaks(planted: Planted, told: str, window: int = 6) -> bool:
    """Whether any six characters in a row of the secret, as the line spells it, come through.

    Raises ValueError where the line does not hold the secret in a spelling that is known: nothing could be said.
    """
    spelt = {planted.secret, quote(planted.secret, safe=""), quote(quote(planted.secret, safe=""), safe="")}
    spelt |= {json.dumps(s)[1:-1] for s in tuple(spelt)}
    spelt |= {json.dumps(s)[1:-1] for s in tuple(spelt)} | {s.replace("'", "''") for s in tuple(spelt)}
    spelt |= {s.replace("&", "&amp;").replace("<", "&lt;") for s in tuple(spelt)}
    held = [form for form in spelt if form in planted.line]
    if not held:
        raise ValueError(f"the line does not hold its secret: {planted}")
    for form in held:
        around = planted.line.replace(form, "\0")
        pieces = (form[i : i + window] for i in range(max(1, len(form) - window + 1)))
        if any(piece in told and piece not in around for piece in pieces):
            return True
    return False
