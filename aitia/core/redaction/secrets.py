"""The rules for secrets: each an anchored pattern whose last named group is the value.

Every quantifier is bounded or ends at a character that it cannot hold, so that a search takes linear time. A value ends
with its line: only a PEM block spans lines.
"""

# ruff: noqa: E501 (a pattern is read as one line)
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

Match = re.Match[str]


def _always(_: Match) -> bool:
    return True


class Tail:
    """The rest of a line behind a trigger, up to REACH bytes, in lower case."""

    def __init__(self, noun: bytes, text: bytes) -> None:
        self.noun = noun  # what the trigger took
        self.text = text

    @cached_property
    def words(self) -> frozenset[bytes]:
        """Its words, as blanks part them."""
        return frozenset(self.text.split())


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """One rule. A match contains one of `needs` (lower case); `trigger` begins with one of `grams` and tells in a block."""

    pattern: re.Pattern[str]
    needs: tuple[str, ...]
    trigger: str
    grams: tuple[str, ...] = ()  # four characters each (or three and any); `needs` where empty
    kind: str = "secret"
    accept: Callable[[Match], bool] = _always
    canonical: Callable[[str], str] = str  # what spellings of one value have in common
    inside: re.Pattern[str] | None = None  # what in the value that is found is secret, each for itself
    also: Callable[[Tail], object] | None = None  # what must be in the rest of the line too
    whole: bool = False  # a match begins with a word, or with the gram
    back: int = (
        -1
    )  # characters from the match's beginning to the gram at most; a match begins anywhere where below 0


ANY_HEX: Final = "¿"
"""Stands in a gram for any hexadecimal digit."""
REACH: Final = 400  # bytes behind a trigger in which what it goes with is looked for
LONGEST: Final = 256  # characters of a value that may turn out to be harmless

# -- names and what is assigned to them -------------------------------------------------------------------------------

_KEYS = r"instrumentation|api|access|private|account|auth|secret|shared|signing|encryption|master|license"
_FURTHER_KEYS = (  # names of keys that are secret only where the value looks it
    r"subscription|function|host|storage|service|client|consumer|app|application|admin|deploy|hmac|aes|cipher|crypto|ssh|gpg"
    r"|integration|ingest|security|pre-?shared|webhook|session|write|bot|root|recovery|activation|product|registration|jwt|fernet|cookie|routing|service"
)
_WORDS = (
    r"passw(?:or)?d|passphrase|passcode|(?:(?<![a-z])pass|(?-i:Pass|PASS))(?![a-z])|pwd|secret|credential|token"
    rf"|(?:{_KEYS}|{_FURTHER_KEYS})[_. -]?key"
    r"|passwort|kennwort|mot[_ -]de[_ -]passe|(?<![a-z])mdp(?![a-z])|contrase(?:ñ|n)a|(?<![a-z])senha|wachtwoord|(?<![a-z])has(?:ł|l)o(?![a-z])"
    r"|(?<![a-z])heslo|l(?:ö|o)senord|passord|adgangskode|salasana|jelsz(?:ó|o)|(?<![a-z])parola(?![a-z])|парол[ья]|(?<![a-z])(?:ş|s)ifre(?![a-z])"
    r"|密码|口令|密碼|パスワード|비밀번호|(?:(?<![a-z])|root|bind|admin|db|user)pw(?![a-z])|(?<![a-z])psk(?![a-z])|(?<![a-z])creds(?![a-z])|authtok|(?:mfa|otp|2fa)_?(?:seed|secret)|(?:db|root|user|admin|require|master|auth|priv|smtp|ftp|ldap|mail|http|proxy|store)pass(?![a-z])|dockerconfigjson|dockercfg"
)
_FIELD = re.compile(rf"(?i)(?P<n>(?:{_WORDS})[A-Za-z0-9_-]{{0,32}})$")
_SUFFIX = r"[A-Za-z0-9_-]{0,32}"
_NAME = rf"(?P<n>(?:{_WORDS}){_SUFFIX})"
_SEP = (
    r"\\{0,8}[\"'`]?\]?[ \t]{0,8}(?:=~|!=|!~|=>|==?|:=|::?(?!//))[ \t]{0,8}(?:string\(\d{1,5}\)[ \t]{1,8})?"
)
_DOUBLE = r"\"(?P<w>(?:[^\"\\\n]|\\.|\"(?=\w))+)"  # a quote that a letter follows closes nothing
_SINGLE = r"'(?P<x>(?:[^'\\\n]|\\.|'(?=\w))+)"
_ESCAPED = r"(?P<e>\\{1,8}[\"'])(?P<v>(?:(?!(?<!\\)(?P=e))[^\n])+)"
_END = r"\s\"',;&)}\]"
# A separator, bracket or quote belongs to the value where letters follow it that are no further key.
_BARE = rf"(?P<y>[^{_END}]+(?:(?:[,;&)}}\]]{{1,3}}|[\"'])(?=\w)[^{_END}=:]+(?=[{_END}]|$))*)"
_VALUE = rf"(?:{_ESCAPED}|{_DOUBLE}|{_SINGLE}|{_BARE})"

_PLURAL = re.compile(r"(?i)(?:tokens|token(?:iz|is)\w*|secrets|credentials)$")
_FURTHER = re.compile(rf"(?i)(?:{_FURTHER_KEYS})[_. -]?key")
_TAIL = re.compile(  # what may follow the word in a name whose value is the secret itself
    r"(?i)(?:[_. -]?(?:key|base|value|val|string|str|text|plain|plaintext|data|id|hash|old|new|current|previous|prev|next|primary|secondary|main|backup"
    r"|default|prod|production|dev|test|testing|staging|stage|stg|live|sandbox|local|admin|root|user|db|app|api|web|master|replica|service|read|write|rw|ro|access|auth"
    r"|confirm(?:ation)?|repeat|again|verify|pem|json|b64|base64|env|raw|header|jwt|hex|md5|sha\d*|hashed|digest|json|dockerconfigjson)|[_-]?\d{1,4})*\Z"
)
_ABOUT = re.compile(
    r"(?i)[_-](?:env|header|hash|digest|md5|sha\d*|user|app|access|read|write|api|test|default)\Z|(?:Id|Header|User)\Z"
)
_LAST = re.compile(rf"(?i).*(?:{_WORDS})")
_NOUN = re.compile(
    r"(?i)(?:passwords?|passwd|passphrase|tokens?|secrets?|keys?|credentials?|user(?:name)?s?|login|value|string|str|bytes|int|bool|optional|object|array|hash)[.,;:)]*\Z"
)
_OBJECT = re.compile(r"[a-z]+\d{0,2}(?:[-./][A-Za-z0-9]+)+\Z")  # the name of a Secret object, a path of one
STATES = re.compile(  # what is said of a secret, in place of it
    r"(?i)(?:(?:in|un|not[ _-]?)?(?:valid|correct|known|found|set|given|specified|defined|changed|expired?|authorized|authorised|allowed|supported"
    r"|available|encrypted|used|trusted|matching|match|present|accepted|provided|configured|recognized|signed)(?:ated|ation|ity)?"
    r"|wrong|bad|missing|required|empty|blank|too|rejected|refused|denied|revoked|rotated|reset|stale|old|new|weak|strong|short|long|ok|okay|okey"
    r"|failed|failure|failing|mismatch(?:ed)?|absent|pending|active|inactive|enabled|disabled|locked|leaked|compromised|deprecated|optional"
    r"|authentication|verification|validation|rotation|refresh|renewal|lookup|unexpected|malformed|error|none|unset|updated|created|deleted|removed"
    r"|loaded|stored|mounted|cached|issued|granted|generated|ready|here|there|now|still|also|already|never|always|only|in|at|on|for|from|by|to|the|an?|and|or|with|of|it|its|is|was|has|no"
    r"|falsch|ung(?:ü|ue)ltig|abgelaufen|leer|fehlt|g(?:ü|ue)ltig|ge(?:ä|ae)ndert|gesperrt|incorrecte?|invalide|expir[ée]e?|vide|manquante?|erron[ée]e?"
    r"|incorrect[ao]|inv[áa]lid[ao]|caducad[ao]|vac[íi][ao]|errat[ao]|scadut[ao]|errad[ao]|expirad[ao]|verlopen|onjuist|ongeldig|nieprawidłowe|неверный|错误|无效"
    r")[.,;:!?)\]]*\Z"
)
HARMLESS = re.compile(
    r"(?i)(?:null|none|nil|n/a|true|false|yes|no|undefined|empty|required|\*+|x{3,}|\.{3}|\[?(?:redacted|filtered|masked|hidden|removed|protected)\]?"
    r"|\$\{[^}]{0,200}\}?|\$\([^)]{0,200}\)?|\$[A-Z_]{2,64}|\$\d{1,2}|[:@][a-z_]{1,32}|\d{1,6}/\d{1,6}|[\[({<](?:sensitive|hidden|redacted|masked|none|not|known|unchanged|encrypted|omitted|protected|your|the|n/a)\b.*|<[a-z_ -]{1,32}>|[a-z_.]{2,32}=\S*|%[A-Z_]{2,64}%|\{\{[^}]{0,200}\}{0,2}|%[sdv]|\?|<(?:none|unset|nil|null|redacted)>?|[\[({]\}?|[-=|]+|\\+n?)\Z"
)


def value_of(match: Match) -> str:
    """What the last named group of a match holds."""
    return match[match.lastgroup or 0]


def _assigned(match: Match) -> bool:
    name, value = match["n"] or match["m"], value_of(match)
    before = match.string[max(0, match.start() - 12) : match.start()]
    if before.endswith("/") and (
        "key" in name.lower() or _DIGEST.search(before)
    ):  # the path of a key, the checksum of a Secret
        return False
    lone = not before or not (before[-1].isalnum() or before[-1] in "_.-")
    return _tells(name, value, quoted=bool(match.groupdict().get("w")), lone=lone) and not _told_of(
        match, value
    )


_DIGEST = re.compile(r"(?i)(?:checksum|hash|digest|sha\d*|md5|fingerprint)/\Z")


def _tells(name: str, value: str, *, quoted: bool = False, lone: bool = True) -> bool:
    """Whether a value under a name is a secret: by what follows the telling word in the name, and by the value itself."""
    lower = name.lower()
    if len(value) > LONGEST:  # no name or path; and what is refused is searched again
        return True
    if (
        HARMLESS.match(value)
        or value.lower() == lower
        or _NOUN.match(value)
        or (STATES.match(value) and not quoted)
    ):
        return False
    if lower == "pwd" and value[:1] in "/~":  # the shell's working directory
        return False
    if lower.startswith(("token", "pass")) and value.isdigit() and len(value) <= 4 and "w" not in lower:
        return False  # counts
    found = _LAST.match(name)
    tail = name[found.end() :] if found else ""
    if lower.endswith("key") and value.startswith("BIO_"):
        return False
    if lower == "pass" and lone and not quoted and value.replace("_", "").isalpha():  # PASS: TestRefresh
        return False
    if not _TAIL.match(tail) or _ABOUT.search(tail) or tail.lower() == "s" or _FURTHER.match(name):
        return dense(value)
    if lower in ("secret", "token", "credential") and _OBJECT.match(value):
        return False
    return not (_PLURAL.match(name) and not looks_random(value))


def dense(value: str) -> bool:
    """Whether a value is secret whatever it is called: capitals, small letters and digits, or a long run without words."""
    if re.search(r"[\s/.:(){}\[\]<>]|^[A-Za-z]+=", value) or len(value) < 8 or STATES.match(value):
        return False
    mixed = re.search(r"[a-z]", value) and re.search(r"[A-Z]", value) and re.search(r"\d", value)
    return bool(mixed) or (
        len(value) >= 20
        and turns(value) >= 4
        and not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}|[a-z]+(?:[-_][a-z0-9]+)*", value)
    )


def turns(value: str) -> int:
    """How often letters and digits, capitals and small letters take turns: often in what was drawn at random."""
    return len(re.findall(r"(?=[a-z][A-Z0-9]|[A-Z][a-z0-9]|\d[A-Za-z])", value))


def tells(name: str, value: str) -> bool:
    """Whether a field's name says that its value is a secret."""
    noun, lone = _noun(name)
    return bool(noun) and _tells(noun, value, lone=lone)


@lru_cache(maxsize=4096)  # the names of fields come again and again
def _noun(name: str) -> tuple[str, bool]:
    """What is called a secret in a field's name, "" for nothing, and whether the name begins with it."""
    found = _FIELD.search(name)
    return (found["n"], found.start() == 0) if found else ("", False)


def _told_of(match: Match, value: str) -> bool:
    """Whether a message goes on after a colon: `invalid token: signature is wrong` says no token."""
    name = (match["n"] or "password").lower()
    if ("pass" in name and name != "passwd") or not (value.isascii() and value.isalpha() and value.islower()):
        return False
    before, after = (
        match.string[match.end("n") : match.start(match.lastgroup or 0)],
        match.string[match.end() : match.end() + 2],
    )
    return before == ": " and after[:1] == " " and after[1:].isalpha()


def looks_random(value: str) -> bool:
    """Whether a word is no word of a language: digits among letters, capitals inside, or long and unbroken."""
    if value.startswith("/") or re.match(r"\d{4}-\d\d-\d\d", value):
        return False
    letters, digits = re.search(r"[A-Za-z]", value), re.search(r"\d", value)
    return bool(
        (letters and digits) or re.search(r"[a-z][A-Z]", value) or value.endswith("=") or len(value) >= 24
    )


_NOUN_BYTES: Final = (  # what is called a secret, from a gram on, in lower case
    r"(?:pass|secret|token|[a-z][_. -]?key|pw|psw|response|cred(?:ential|s|enci|enzi)|redential|dockerconfigjson|dockercfg|kennw|psk|rase(?:\xc3\xb1|n)a|senha|htwoord|mdp"
    r"|has(?:\xc5\x82|l)|hesl|senord|dgangskode|odeord|lasana|jelsz|p?arol|\xd0[\xbf\x9f]\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb|ifre|\xce\xba\xcf\x89\xce\xb4|\xe5\xaf\x86|\xe5\x8f\xa3\xe4\xbb\xa4"
    r"|\xe3\x83\x91\xe3\x82\xb9|\xe3\x83\x88\xe3\x83\xbc|\xeb\xb9\x84\xeb|\xd0\xba\xd0\xbb\xd1\x8e\xd1\x87|\xd1\x82\xd0\xbe\xd0\xba|ssel|heimnis|jeton|clave|chiave|chave|leutel|klucz|cl(?:\xc3\xa9|e)[ ]"
    r"|ommunity|cookie|uthtok|(?:tp|fa)_?seed|gangsdaten|dentifiants|oggegevens)"
)
NOUN: Final = rf"{_NOUN_BYTES}[\w\x80-\xff-]{{0,32}}"
"""The trigger of all rules with `also`: it is looked for once at a place, in lower case."""
_TELLS: Final = re.compile(  # = : > ( ' or a pair
    rb"\\{0,8}[\"'`]?[ \t]{0,8}[=:>!\]]|[ \t]{0,4}\(?[ \t]{0,4}'|\\{0,8}[\"'][ \t]{0,4},"
)


def follows(pattern: re.Pattern[bytes]) -> Callable[[Tail], object]:
    """A test of what a line's rest begins with."""
    return lambda tail: pattern.match(tail.text)


_NEEDS: Final = (
    "dockerc", "pass", "pwd", "secret", "token", "credential", "key", "kennwort", "mdp", "contrase", "senha", "wachtwoord", "has", "heslo",
    "senord", "adgangskode", "salasana", "jelsz", "parola", "парол", "ifre", "密", "口令", "パスワード", "비밀번호", "pw", "psk", "creds",
)  # fmt: skip
_GRAMS: Final = (
    "pass", "pwd", "secr", "toke", "cred", "dock", "kenn", "mdp", "rase", "senh", "htwo", "hasl", "hasł", "hesl", "seno", "dgan", "lasa",
    "uthtok", "fa_seed", "tp_seed", "jels", "arol", "па", "Па", "ifre", "密", "口", "パ", "비", "pw=", "pw:", "pw ", "psk",
    *(f"{a}{b}" for a in "istehdgnr" for b in ("key", "_key", "-key", ".key", " key")),
)  # fmt: skip
NAMES: Final = re.compile("(?i)" + "|".join(_NEEDS))
"""A text without these names no secret."""

ASSIGNED = Rule(
    pattern=re.compile(rf"(?i){_NAME}{_SEP}{_VALUE}"),
    needs=_NEEDS, grams=_GRAMS, trigger=NOUN, also=follows(_TELLS), accept=_assigned, back=16,
)  # fmt: skip
XML = Rule(
    pattern=re.compile(rf"(?i)(?:<[\w:.-]{{0,40}}?{_NAME}|=[\"'][\w:.-]{{0,40}}?{_NAME.replace('<n>', '<m>')}[\"'])>(?:[ \t]*<value>)?(?:<!\[CDATA\[)?(?P<v>[^<\n]+?)(?=(?:\]\]>)?<)"),
    needs=_NEEDS, grams=_GRAMS, trigger=NOUN, also=follows(re.compile(rb"[\"']?>")), accept=_assigned,
)  # fmt: skip
PAIR = Rule(  # "name": "DB_PASSWORD", "value": "x", and key="DB_PASSWORD" value="x"
    pattern=re.compile(
        rf"(?i){_NAME}(?:\\{{0,8}}[\"'][ \t]{{0,4}},?[ \t]{{0,4}}\\{{0,8}}[\"']?|[ \t]{{0,4}},[ \t]{{0,4}}|[\"']?[ \t]*\n[ \t]{{0,80}}[\"']?)"
        rf"(?:old|new|previous|current|default|string)?_?value\\{{0,8}}[\"']?[ \t]{{0,4}}[:=][ \t]{{0,4}}{_VALUE}"
    ),
    needs=("value",), grams=("valu",),
    trigger=r"value\\{0,8}[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\{0,8}[^\s,}]", accept=_assigned,
)  # fmt: skip
SQL = Rule(
    pattern=re.compile(
        r"(?i)\b(?:identified[ \t]+(?:with[ \t]+\S{1,40}[ \t]+)?(?:by|as)|passw(?:or)?d)"
        r"[ \t]*\(?[ \t]*'(?P<v>(?:[^'\\\n]|\\.|'')+)"
    ),
    needs=("identified", "passw"), grams=("pass", "iden"),
    trigger=r"identified[ \t]+(?:with|by|as)|passw(?:or)?d[ \t]*\(?[ \t]*'",
)  # fmt: skip
_OPTION_PROSE = re.compile(
    r"(?i)(?:via|flags?|options?|args?|arguments?|parameters?|switch|instead|requires?|without|when|using|prompt|over|through|can|should|may|must|if)[.,;:)]*\Z"
)
OPTION = Rule(
    pattern=re.compile(
        rf"(?i)(?<![^\s\"'\[,])--?(?P<n>[\w.-]{{0,48}}?(?:{_WORDS}|(?<!by)pass(?![a-z]))[\w-]{{0,12}})(?:[ \t]+|\\{{0,4}}[\"'],[ \t]*(?=\\{{0,4}}[\"']))(?![\"']?-){_VALUE}"
    ),
    needs=_NEEDS, grams=(*_GRAMS, " --", "\"--", "'--", *(f"{q}-{c}" for q in "\"'" for c in "ptskdac")), trigger=r"[ \"']--?[\w.-]{0,60}?(?:pass|pwd|secret|token|key|credential|creds|pw)|(?<=-)(?:pass|secret|token)[\w-]{0,12}[ \t\"']|(?<=[a-z])pass[ \t]",
    accept=lambda m: _assigned(m) and not _OPTION_PROSE.match(value_of(m)),
)  # fmt: skip
_ENTRY = r"[\"']?[\w.-]{1,253}[\"']?[ \t]*:[ \t]*"
SECRET_OBJECT = Rule(  # a Kubernetes Secret, as JSON on one line or as YAML: all that it holds
    pattern=re.compile(
        r"(?:kind\\{0,4}[\"']?[ \t]*:[ \t]*\\{0,4}[\"']?Secret\b(?=[\"'\\\s,}])(?:(?!\n---)[^\0]){0,4000}?[\s\"'{,](?:data|stringData)\\{0,4}[\"']?[ \t]*:"
        r"|(?<![\w-])(?:data|stringData)\\{0,4}[\"']?[ \t]*:(?=[ \t]*\{[^{}]{0,8000}\}[^\n]{0,4000}?kind\\{0,4}[\"']?[ \t]*:[ \t]*\\{0,4}[\"']?Secret\b(?=[\"'\\\s,}])))"
        r"[ \t]*(?P<v>\{[^{}]{1,8000}\}|\n(?:[ \t]+[^\n]+\n?)+)"
    ),
    needs=("secret",), grams=("secr",), trigger=r"secret\\{0,4}[\"']?[ \t]{0,8}(?:[,}\r\n]|$)",
    inside=re.compile(rf"{_ENTRY.replace('[ ', chr(92) + chr(92) + '{0,4}[ ', 1)}[|>]?[-+]?\s{{0,80}}\\{{0,4}}[\"']?(?P<v>[^\s\"',{{}}\\][^\s\"',}}\\]*)"),
)  # fmt: skip


def _listed(match: Match) -> bool:
    value = match["v"]
    return (dense(value) or (len(value) >= 8 and looks_random(value))) and _assigned(match)


LISTED = Rule(  # ["X-Api-Secret", "x"]: a header as a list has it
    pattern=re.compile(rf"(?i)[\[(][ ]?\\{{0,4}}[\"'][\w.-]{{0,40}}?{_NAME}\\{{0,4}}[\"'][ ]?,[ ]?\\{{0,4}}[\"'](?P<v>[^\s\"'\\]{{6,4000}})(?=\\{{0,4}}[\"'])"),
    needs=_NEEDS, grams=_GRAMS, trigger=NOUN, also=follows(re.compile(rb"\\{0,4}[\"'][ ]?,[ ]?\\{0,4}[\"']")), accept=_listed,
)  # fmt: skip
JWK = Rule(  # the private members of a JSON web key (RFC 7518)
    pattern=re.compile(r"(?P<v>\{[^{}]{0,4000}?[\"']kty\\{0,4}[\"'][^{}]{0,8000})"),
    needs=("kty",), grams=("kty\"", "kty'", "kty\\"), trigger=r"kty\\{0,4}[\"'][ ]?:",
    inside=re.compile(r"[\"'](?:d|p|q|dp|dq|qi|k|t)\\{0,4}[\"'][ ]?:[ ]?\\{0,4}[\"'](?P<v>[\w+/=-]{8,})"),
)  # fmt: skip
INSERT = Rule(  # INSERT INTO users (login, password) VALUES ('a', 'x')
    pattern=re.compile(
        r"(?i)(?<!\w)insert[ ]+into[ ][^\n(]{1,128}\([^)\n]{0,500}?(?:passw|pwd|secret|token|api_?key|credential)[^)\n]{0,500}\)[ ]*values[ ]*(?P<v>\([^\n]{1,4000})"
    ),
    needs=("insert",), grams=("insert",), trigger=r"insert[ ]+into[ ]",
    inside=re.compile(r"'(?P<v>(?=[^'\n]*[A-Za-z])(?=[^'\n]*[\d!#$%^&*])[^'\s]{5,200})'"),
)  # fmt: skip
PUTTY = Rule(
    pattern=re.compile(r"Private-Lines:[ \t]*\d{1,3}\r?\n(?P<v>(?:[A-Za-z0-9+/=]{4,80}(?:\r?\n|$)){1,200})"),
    needs=("private-lines",), grams=("te-lines",), trigger=r"te-lines:",
)  # fmt: skip
PEM = Rule(
    pattern=re.compile(
        r"(?P<v>-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:.*?-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|.*))",
        re.DOTALL,
    ),
    needs=("private key",), grams=("--be",), trigger=r"--BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY",
)  # fmt: skip
