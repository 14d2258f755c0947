"""The rules for secrets in prose: what people write of a password in messages, tickets, alerts and runbooks.

A noun for a password, a verb that says what it is, and the value; or a value beside the noun. Prose says much about
passwords that is no password ("the password is wrong"), so that a value must look like one or stand in quotes.
"""

# ruff: noqa: E501 (a pattern is read as one line)
from __future__ import annotations

import re
from typing import Final

from aitia.core.redaction.secrets import (
    HARMLESS,
    NOUN,
    STATES,
    Match,
    Rule,
    Tail,
    follows,
    looks_random,
    value_of,
)

# What a password is called: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Czech, the Nordic
# languages, Finnish, Hungarian, Romanian, Russian, Turkish, Greek, Chinese, Japanese, Korean.
_PASSWORD: Final = (
    r"(?:(?:keyboard-interactive|conv(?:ersation)?|challenge|authenticator) response|(?<![a-z])pass(?:[ -]?(?:words?|phrases?|codes?)|wd)?(?![\w-])|(?<![a-z])(?:pwd|pw|pswd|psw)(?!\w)|(?<!\w)\w{0,24}passw(?:o|ö)rt(?:er|es|s)?(?!\w)"
    r"|(?<!\w)\w{0,24}kennw(?:o|ö)rt(?:er|es|s)?(?!\w)|mots? de passe|(?<!\w)mdp(?!\w)|contrase(?:ñ|n)as?|senhas?(?!\w)|palavra-passe|(?<!\w)\w{0,24}wachtwoord(?:en)?|(?<!\w)has(?:ł|l)(?:o|em|a)(?!\w)"
    r"|(?<!\w)hesl[oaem]{1,2}(?!\w)|(?<!\w)\w{0,24}l(?:ö|o)senord(?:et)?|(?<!\w)\w{0,24}passord(?:et)?|adgangskoden?|kodeordet|(?<!\w)\w{0,24}salasana\w{0,4}|jelsz(?:ó|o)\w{0,4}|parol(?:a|ă|ei|e)(?: d'ordine)?(?!\w)"
    r"|парол[ьяею]м?|(?<!\w)(?:ş|s)ifre\w{0,4}|κωδικ(?:ός|ο|ό)ς?|密码|口令|密碼|パスワード|비밀번호)"
)
_KEY: Final = (
    r"(?<![/:])(?:(?:client |shared |app |webhook |signing |totp )?secret(?: key| access key)?(?![\w-])|(?:api|access|private|secret|encryption|signing|master|shared|license|pre-?shared|subscription|storage|account|wi-?fi)[ -]keys?(?!\w)"
    r"|(?:api|access|bearer|auth|session|refresh|bot|deploy|service|personal access|security)[ -]?tokens?(?!\w)|(?<!\w)token(?![\w-])|api-?schl(?:ü|ue)ssel|zugangsschl(?:ü|ue)ssel|schl(?:ü|ue)ssel(?!\w)|geheimnis"
    r"|cl[ée] (?:api|d['’]api|d['’]acc[eè]s|secr[eè]te|priv[ée]e)|jeton|clave(?: de acceso| de api| api| secreta)?(?!\w)|chiave(?: api| segreta| di accesso)?(?!\w)|chave (?:de acesso|da api|secreta)|sleutel(?!\w)"
    r"|api-?sleutel|klucz(?: api)?(?!\w)|ключ|токен|密钥|トークン|(?:snmp[ -])?community(?:[ -]string)?(?!\w)|(?<![\w-])psk(?![\w-])|cookie|credentials?(?![\w-])|zugangsdaten|identifiants|credenciales|credenziali|inloggegevens)"
)
_NUMBER: Final = r"(?:(?<![\w-])(?:PIN|Pin|TAN|OTP)(?:[ -](?:code|Code|number|Nummer))?(?![\w-])|(?i:(?<![a-z])[th]?otp(?==)|(?:one-time|verification|security|2fa|mfa|backup|recovery|unlock|door|alarm|access) codes?|einmalcode|codice di verifica|code de v[ée]rification|c[óo]digo de verificaci[óo]n))"
_WHOSE: Final = (  # of what: `for user admin`, `des Admins`, `de la base`
    r"(?:[ \t]+(?:for|of|to|on|in|from|at|by|used|we|i|that|which|value|string|f(?:ü|ue)r|von|vom|des|der|zum|zur|auf|am|im|bei|pour|de|du|la|le|sur|d['’]\w{1,24}|para|del|em|do|da|dos|das|per|di|della|dello|nel|voor|van|het|op|till|f(?:ö|o)r|til|do|dla|na|от|для|к|на|pentru|i(?:ç|c)in)"
    r"(?:[ \t]+[^\s;!?=<>:,]{1,40}){0,6}?)?"
)
_IS: Final = (
    r"(?:[ \t]*(?:is|was|are|were|has been set to|will be|remains|stays|became|becomes|equals|reads|now|ist|war|lautet(?:e)?|hei(?:ß|ss)t|sei|wurde auf|est|était|etait|es|era|son|fue|(?:è|é)|e['’]|foi"
    r"|jest|to|je|är|ar|er|var|on|este|това|это|был|=|:|：|->|→|＝)(?:[ \t]+(?:now|set to|changed to|reset to|still|currently|just|again|jetzt|nun|wieder|derzeit|aktuell|neu|maintenant|d(?:é|e)sormais|ahora|adesso|ora|agora|nu|teraz|теперь|also|probably|actually|simply|literally|always))?[ \t]*:?[ \t]+"
    r"|[ \t]*[:=：＝][ \t]*|[ \t]*(?:是|为|為|は|：|는|은|がi)[ \t]*[:：]?[ \t]*|[ \t]+[-–—=][-=]?>?[ \t]+)"
)
_OPEN, _CLOSE = "\"'`«„“‚‘”「『", "\"'`»“”’‘」』"
_VALUE: Final = (
    rf"(?:\\?[{_OPEN}](?P<q>[^{_CLOSE}\n\\]{{3,128}})\\?[{_CLOSE}]"
    rf"|(?P<v>[^\s\"'`<>«»„“”‘’「」。、，]{{3,256}}?)(?=[.,;:)\]}}]{{0,3}}(?:[\s\"'`<>»”’」。、，]|$)))"
)
_UNSAFE: Final = re.compile(r"[!#$%^&*?~+=@§€£|]")
_NO_SECRET: Final = re.compile(  # words with digits or signs that are no passwords
    r"(?i)(?:\d[\d.,:/-]*(?:%|[a-zµ]{1,4}|st|nd|rd|th)?|v?\d+(?:\.[\dx]+)+[\w.+-]*|v\d+\w{0,4}|\d{4}-\d\d-\d\d\S*|\d\d?:\d\d\S*|(?:\d{1,3}\.){3}\d{1,3}\S*|0x[0-9a-f]{1,8}"
    r"|(?:https?|file|s3|gs|ftp|ssh|tcp|udp)://\S*|[~.]?/[\w./~*@%+-]*|[\w.-]+/[\w./-]+|[a-z][\w+-]*\.(?:[a-z]\w*\.)*[a-z]{2,10}(?::\d+)?"
    r"|(?:sha|md|rsa|ed|aes|hs|rs|es|ps|argon|bcrypt|scrypt|pbkdf|base|utf|oauth|tls|ssl|ipv|http|ntlmv|kerberosv?|krb|x|p|log4j|k8s|s3|ec|db|rfc|mfa|md5crypt|des|3des|rc|hmac|crypt|pkcs|saml|oidc|jwt|scram|x509|i18n|l10n|utf8mb|php|web|node|pod|host|server|app|job|user|uid|gid|id|error|code|line|port|step|phase|attempt|try|retry|part|shard|db|region|zone|us|eu|ap|row|col|column|field|table|index|key|case|round|day|week|month|year|version|build|release|rev|no|num|nr|ora|sql)(?:[-_#.=]?(?:sha)?\d+)+[a-z]{0,3}(?:[-_/][\w-]*)?"
    r"|[a-z]+(?:[-_.][a-z]+)*[-_.]?\d{1,3}|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[a-z]\d|<[^>]*>?|\$?\{.*|\(.*|%[sdvq]|\*+|\[.*|[\w.-]+=\S*|[\w.-]+\(\S*|#\d+|@\w[\w.-]*|&\w+;?|\d+x\d+)[.!?,;:)]*\Z"
)
_BY_WORD: Final = re.compile(
    r"[^\W\d_]{3,16}(?:[-_ .][^\W\d_]{2,16}){3,8}\Z"
)  # a passphrase of four words or more


def _strong(value: str, *, least: int = 5) -> bool:
    """Whether a word in prose looks like a password: letters with digits or signs, and none of the usual other things."""
    bare = value.rstrip(".,;:!?)")
    if len(value) < least or HARMLESS.match(value) or STATES.match(value):
        return False
    letters, digit = any(c.isalpha() for c in bare), any(c.isdigit() for c in bare)
    sign = _UNSAFE.search(bare) is not None
    if _NO_SECRET.match(value) and not (_mixed(bare) and digit):
        return False
    return (letters and (digit or sign)) or (digit and sign)


def _mixed(value: str) -> bool:
    return any(c.isupper() for c in value) and any(c.islower() for c in value)


def _said(match: Match) -> bool:
    """`the password is X`: a value in quotes that is no state, or one that looks like a password."""
    value = value_of(match)
    if match.lastgroup == "q":
        return _quoted(value)
    return _strong(value) or _weak_name(value) or (_BY_WORD.match(value) is not None and "-" in value)


def _weak_name(value: str) -> bool:
    """`hunter2`, `shop-admin42`: words with a number behind them, which passwords often are after `is`."""
    return re.fullmatch(r"[A-Za-z][A-Za-z_-]{3,20}\d{1,4}[!?.]?", value) is not None and not re.match(
        r"(?i)(?:sha|md|aes|rsa|base|utf|oauth|ipv|http|user|node|pod|host|server|app|port|line|error|code|step|shard|version|argon|web|region|attempt)\w?-?\d",
        value,
    )


def _quoted(value: str) -> bool:
    if HARMLESS.match(value) or not value.strip():
        return False
    words = value.split()
    return not any(STATES.match(word) for word in words) or _strong(value)


def _said_of_key(match: Match) -> bool:
    """`the API key is X`: what is called so often has a name too, so that the value must look random."""
    value = value_of(match)
    if "community" in match["n"].lower() and value.lower().rstrip(".,") not in ("public", "private"):
        return match.lastgroup == "q" and _quoted(value) and any(c.isdigit() for c in value)
    if match.lastgroup == "q":
        return _quoted(value) and (_strong(value, least=6) or (len(value) >= 16 and looks_random(value)))
    return _strong(value, least=6) and (len(value) >= 8 or _mixed(value))


_NEEDS: Final = (
    "pass", "pwd", "pw", "psw", "kennw", "mdp", "contrase", "senha", "wachtwoord", "has", "hesl", "senord", "adgangskode", "kodeord", "salasana", "jelsz", "parol",
    "парол", "ifre", "κωδικ", "密", "口令", "パスワード", "비밀번호",
)  # fmt: skip
_KEY_NEEDS: Final = (
    "secret", "key", "token", "ssel", "geheimnis", "clé", "cle", "jeton", "clave", "chiave", "chave", "sleutel", "klucz", "ключ", "токен", "密钥", "トークン",
    "community", "psk", "cookie", "credential", "zugangsdaten", "identifiants", "credenciales", "credenziali", "inloggegevens",
)  # fmt: skip
_GRAMS: Final = (
    "response", "pass", "pwd", "pw ", "psw", "kenn", "mdp", "rase", "senh", "htwo", "hasl", "hasł", "hesl", "seno", "dgan", "odeo", "lasa", "jels", "paro",
    "па", "Па", "ifre", "κω", "密", "口", "パ", "비", "кл", "то",
)  # fmt: skip
_SAY_WORDS: Final = frozenset(
    "is was are were will has remains stays became becomes equals reads now be ist war lautet lautete heißt heisst wurde sei est était etait es era son fue foi è é jest to je"
    " är ar er var on este it's isn't это был это".encode().split()
)


def _says(tail: Tail) -> bool:
    """Whether anything that _IS stands for may be there."""
    text = tail.text
    return (
        b":" in text
        or b"=" in text
        or b" -" in text
        or not (text.isascii() and tail.noun.isascii())
        or not tail.words.isdisjoint(_SAY_WORDS)
    )


_SIGN: Final = re.compile(rb"[\d!#$%^&*@]")


def _says_of_key(tail: Tail) -> bool:
    return _says(tail) and _SIGN.search(tail.text) is not None


PROSE = Rule(
    pattern=re.compile(rf"(?i)(?P<n>{_PASSWORD})[\"'`»”]?{_WHOSE}{_IS}{_VALUE}"),
    needs=_NEEDS, grams=_GRAMS, trigger=NOUN, also=_says, accept=_said, whole=True, back=32,
)  # fmt: skip
KEY_PROSE = Rule(
    pattern=re.compile(rf"(?i)(?P<n>{_KEY})[\"'`»”]?{_WHOSE}{_IS}{_VALUE}"),
    needs=_KEY_NEEDS,
    grams=("secr", *(f"{a}{b}" for a in "istehdgnr" for b in (" key", "-key")), "toke", "ssel", "heim", "jeto", "clav", "chia", "chav", "leut", "kluc", "ommunity", "psk ", "cook", "rede", "gang", "dent", "ogge", "clé", "cle ", "кл", "то", "密", "トー"),
    trigger=NOUN, also=_says_of_key, accept=_said_of_key, whole=True, back=32,
)  # fmt: skip

# -- beside the noun ----------------------------------------------------------------------------------------------------

_AFTER: Final = (
    r"(?=[.,;:)\]}\"'`»”’]{0,3}(?:$|\n|[ \t]+(?:rejected|refused|denied|accepted|invalid|wrong|incorrect|failed|expired|leaked|exposed|for|does|doesn|did|was|is|has|on|in|at|and|or|to|from|by|after|over"
    r"|again|with|but|which|that|not|no|please|abgelehnt|falsch|ung|wurde|wird|ist|nicht|f(?:ü|ue)r|von|und|im|auf|in|refus|incorrect|invalide|pour|a|est|et|du|de|rechazad|inv|incorrecta|para|en|y|no|rifiutat|errat|per|non|e|geweigerd|onjuist|voor"
    r"|odrzucon|dla|отклон)|[,;)\]}]))"
)
_BESIDE_VALUE: Final = rf"(?:\\?[{_OPEN}](?P<q>[^{_CLOSE}\n\\]{{3,128}})\\?[{_CLOSE}]|(?P<v>[^\s\"'`<>«»„“”‘’]{{5,128}}?){_AFTER})"


def _beside(match: Match) -> bool:
    value = value_of(match)
    if match.lastgroup == "q":
        return _quoted(value) and (
            _strong(value)
            or _weak_name(value)
            or re.match(
                r"[ \t]*(?:was |is |has been |wurde |a été |fue )?(?:reject|refus|denied|wrong|invalid|incorrect|accept|leak|abgel|falsch|rechaz|rifiut)",
                match.string[match.end() :],
            )
            is not None
        )
    return _strong(value, least=6) or (_weak_name(value) and value[-1] != ".")


BESIDE = Rule(
    pattern=re.compile(rf"(?i)(?P<n>{_PASSWORD})[ \t]*(?:[ \t(\[=]|[–—-][ \t]|of[ \t]|as[ \t]|to[ \t]|with[ \t]|auf[ \t]|à[ \t]|en[ \t]|with value[ \t]){{1,3}}{_BESIDE_VALUE}"),
    needs=_NEEDS, grams=_GRAMS,
    trigger=NOUN, also=follows(re.compile(rb"(?:[ ](?:words?|phrases?|codes?|passe))?[ \t(\[=\xe2-]{1,3}(?:(?:of|as|to|with|auf|en|\xc3\xa0|value)[ \t]+){0,2}(?:\\?[\"'`\xc2\xe2]|\S{0,128}[\d!#$%^&*@])")),
    accept=_beside, whole=True, back=32,
)  # fmt: skip


def _long(match: Match) -> bool:
    value = value_of(match)
    least = 8 if _mixed(value) and any(c.isdigit() for c in value) else 12
    return (
        _strong(value, least=least)
        and looks_random(value)
        and not re.fullmatch(r"[a-z]+(?:[-_.][a-z0-9]+)*", value)
    )


KEY_BESIDE = Rule(
    pattern=re.compile(
        r"(?i)(?:(?:api|access|secret|private|encryption|signing|master|license|subscription)[ -]key|(?:api|access|bearer|auth|refresh|bot|deploy|personal access|security)[ -]?token|client secret|(?<![\w-])secret|token)"
        rf"[ \t]*(?:[ \t(\[=]|[–—-][ \t]){{1,3}}(?:\\?[{_OPEN}](?P<q>[^\s{_CLOSE}\\]{{8,200}})\\?[{_CLOSE}]|(?P<v>[^\s\"'`<>]{{12,200}}?)(?=[.,;:)\]]{{0,3}}(?:\s|$)))"
    ),
    needs=("key", "token", "secret"),
    grams=(*(f"{a}{b}" for a in "istehdgnr" for b in (" key", "-key")), "toke", "secr"),
    trigger=NOUN, also=follows(re.compile(rb"[ \t(\[=\xe2-]{1,3}(?=\S{0,99}[\d-])\S{8}")),
    accept=_long, whole=True, back=32,
)  # fmt: skip
AS_PASSWORD = Rule(  # Sommer2026! is the password
    pattern=re.compile(
        rf"(?i)(?<![^\s\"'`«„“(])(?P<v>[^\s\"'`<>«»„“”]{{6,64}})[\"'`»”]?[ \t]+(?:is|was|as|als|ist|war|comme|como|come|est|es|è|é|jest|jako|är|som)[ \t]+(?:[^\s.,;]{{1,16}}[ \t]+){{0,3}}?{_PASSWORD}(?![ \t]+(?:hash|file|policy|manager|store|field|check))"
    ),
    needs=_NEEDS, grams=_GRAMS,
    trigger=r"(?:(?<= the )|(?<= as )|(?<= a )|(?<= my )|(?<= our )|(?<= its )|(?<= new )|(?<= old )|(?<= root )|(?<=dmin )|(?<=base )|(?<= das )|(?<= als )|(?<=mot de )|(?<=comme )|(?<= la )|(?<= user )|(?<= is )|(?<= was )|(?<= el )|(?<= il ))(?:pass(?:word|phrase|code|wort|e)|kennwort|rase(?:\xc3\xb1|n)a|senha|htwoord|lasana|senord|parola|pwd|pw)(?:\W|$)",
    accept=lambda m: _strong(m["v"], least=6),
)  # fmt: skip
_PAIR_VALUE: Final = r"(?:[ \t]{0,2}(?:/|:|\||,|\bpw\b|\bpass\b|und|and|et|y|e|with|mit)[ \t]{0,2}){1,2}[\"'`]?(?P<v>(?=[^\s\"'`]*[^\W\d_])(?=[^\s\"'`]*[\d!#$%^&*@])[^\s\"'`,;/<>]{5,64}?)(?=[.,;:)\]]{0,3}(?:[\s\"'`<>]|$))"
_FAILED = re.compile(
    r"(?i)(?:fail\w*|error|denied|reject\w*|invalid|attempts?|because|reason|from|at)[\"'`]?[ \t]*[:/|]"
)
CREDENTIALS = Rule(  # login: admin / Sommer2026!
    pattern=re.compile(
        r"(?i)(?<!\w)(?:credentials?|creds|log(?:ged)?[ -]?in(?: data| details)?|sign(?:ed)? in|zugangsdaten|anmeldedaten|angemeldet|identifiants|credenciales|credenziali|inloggegevens|accesso|user(?:name)?[ ]?(?:/|and|&)[ ]?pass(?:word)?)"
        r"(?:[ \t]+(?:is|are|for|to|of|in|at|as|with|using|mit|als|avec|con|the|pour|para|für|:|[\w.-]{1,24})){0,6}?[ \t]*[:=(]?[ \t]*[\"'`]?(?!(?:is|are|was|were|sind|ist|sont|son)\b)[A-Za-z][\w.@+-]{1,40}[\"'`]?" + _PAIR_VALUE
    ),
    needs=("credential", "creds", "log", "sign", "daten", "angemeldet", "identifiants", "credenciales", "credenziali", "inloggegevens", "accesso", "user"),
    grams=("cred", "logi", "log ", "log-", "logg", "sign", "sdaten", "edaten", "gang", "gemeld", "dent", "ogge", "cces", "r/pa", "me/p", "r & ", "r an"),
    trigger=(
        r"(?:cred(?:ential|s|en[cz]i)|log(?:ged)?[ -]?in\b|sign(?:ed)? in|sdaten|edaten|gangsdaten|gemeldet|dentifiants|oggegevens|ccesso|(?:r|me)(?:/|[ ](?:and|&)[ ])pass)"
        r"[^\n]{0,120}?[/:|,a-z][ \t\"'`]{0,4}[^\s/]{0,64}[\d!#$%^&*]"
    ),
    accept=lambda m: _strong(m["v"], least=6) and not _FAILED.search(m[0]) and not re.match(r"\d+(?:\.\d+)*$", m["v"]),
)  # fmt: skip
NUMBER = Rule(
    pattern=re.compile(rf"{_NUMBER}(?:[ \t]+(?:for|of|für|von|zu|pour|de|para|to)(?:[ \t]+[^\s;:=]{{1,30}}){{1,4}}?)?(?:[ \t]+(?:is|was|ist|lautet|est|es|è|é|now|code)[ \t]*:?[ \t]+|[ \t]*[:=][ \t]*[\"']?|[ \t]+(?=\d{{6,8}}(?!\d)))[\"'`]?(?P<v>\d{{4}}-\d{{4}}|\d{{4,10}}|\d{{3}}[ -]\d{{3}}|[A-Z0-9]{{4,5}}-[A-Z0-9]{{4,5}})(?![\w.:/-])"),
    needs=("pin", "tan", "otp", "code", "codice", "código", "codigo"),
    grams=("pin ", "pin:", "pin=", "pin-", "tan ", "tan:", "otp ", "otp:", "otp=", "otp-", "code", "codi"),
    trigger=r"(?:pin|tan|otp|codes?|codice|codigo)\b[^\n]{0,120}?(?:[:=]|is|was|ist|lautet|est|es)[ \t\"'`:]{0,4}[\dA-Z]{3}|(?:otp|pin|tan)[ ]\d{6}",
)  # fmt: skip
SEED = Rule(
    pattern=re.compile(r"(?i)(?:mnemonic|seed|recovery|secret)(?:[ _-](?:phrase|words|recovery phrase))?[\"'`]?[ \t]*(?:is|:|=)[ \t]*[\"'`]?(?P<v>(?:[a-z]{3,10}[ ,]{1,2}){11,23}[a-z]{3,10})"),
    needs=("mnemonic", "seed", "recovery", "secret"), grams=("mnem", "seed", "reco", "secr"),
    trigger=r"(?:mnemonic|seed|recovery|secret)[^\n]{0,24}?(?:is|:|=)[ \t]*[\"'`]?(?:[a-z]{3,10}[ ,]{1,2}){11}",
)  # fmt: skip

# -- changed from one to another --------------------------------------------------------------------------------------

_NAMED: Final = r"(?<![\w.-])(?P<n>[\w.-]{0,64}?(?:passw(?:or)?d|passphrase|pwd|secret|token|credential|(?:api|access|private|auth|signing|encryption|master|account|shared|secret)[_. -]?key|kennwort|passwort|contrase(?:ñ|n)a|mot de passe|(?<![a-z])pass(?![a-z])|(?<![a-z])pw(?![a-z]))[\w.-]{0,32})"
_WORD: Final = rf"(?:\\?[{_OPEN}](?P<q>[^{_CLOSE}\n\\]{{2,128}})\\?[{_CLOSE}]|(?P<v>[^\s\"'`,;<>]{{3,256}}?)(?=[.,;:)\]]{{0,3}}(?:[\s\"'`<>]|$)))"
_OTHER: Final = rf"(?:[{_OPEN}][^{_CLOSE}\n]{{1,128}}[{_CLOSE}]|<?[^\s\"'`,;]{{1,256}})"
_NAME_ABOUT = re.compile(
    r"(?i)(?:[_.-](?:file|path|dir|name|count|limit|length|size|ttl|age|policy|version|provider|expiry|expires?|ref|url|type|rotation|lifetime|timeout|secs?|seconds|minutes|hours|days|enabled)|tokens|secrets|Ttl|TTL|Name|Ref|Version|Timeout)$"
)


def _changed(match: Match) -> bool:
    """A variable's value whatever it is; what prose calls a password or a token only where it looks like one."""
    name, value = match["n"] or match["m"], value_of(match)
    if (
        _NAME_ABOUT.search(name)
        or HARMLESS.match(value)
        or re.fullmatch(r"\d{1,6}[a-z]{0,2}", value)
        or STATES.match(value)
    ):
        return False
    variable = "_" in name or "." in name or re.search(r"[a-z][A-Z]|[A-Z]{4}", name) is not None
    if variable:
        return not _NO_SECRET.match(value) or _mixed(value) or _weak_name(value)
    if "pass" in name.lower() or "contras" in name.lower() or "kennw" in name.lower() or "pw" in name.lower():
        return _strong(value) or _weak_name(value) or match.lastgroup == "q"
    return (
        len(value) >= 12
        and looks_random(value)
        and not _NO_SECRET.match(value)
        and not re.fullmatch(r"[a-z]+(?:[-_.][a-z0-9]+)*", value)
    )


_CHANGE_GRAMS: Final = (
    "pass",
    "pwd",
    "secr",
    "toke",
    "cred",
    *(f"{a}{b}" for a in "istehdgnr" for b in ("key", "_key", "-key", ".key", " key")),
    "kenn",
    "rase",
    "pw ",
)
_CHANGE_NEEDS: Final = ("pass", "pwd", "secret", "token", "credential", "key", "kennwort", "contrase", "pw")
_FROM, _TO = (
    r"(?:from|von|vom|de|da|van|från|fra|z|с|desde|was)",
    r"(?:to|auf|nach|zu|in|à|a|en|para|naar|till|til|na|на|hacia|now|is now|be|with)",
)
_VERB: Final = (
    r"(?:chang|reset|set|rotat|updat|switch|replac|roll|mov|edit|modif|overrid|became|correct|ge(?:ä|ae)ndert|gesetzt|umgestellt|rotiert|ersetzt|zur(?:ü|ue)ckgesetzt|cambi|actualiz|r(?:é|e)initialis|restablec|aggiorn"
    r"|impost|alterad|gewijzigd|zmienion|(?:ä|a)ndra|endret|(?:æ|ae)ndret|измен)\w{0,8}"
)
_TO_WORDS: Final = frozenset(
    "to auf nach zu in à a en para naar till til na на hacia now be with".encode().split()
)
_FROM_WORDS: Final = frozenset("from von vom de da van från fra z с desde was".encode().split())
_TO_BYTES: Final = (
    r"[ \t](?:to|auf|nach|zu|in|\xc3\xa0|a|en|para|naar|till|til|na|\xd0\xbd\xd0\xb0|hacia|now|be|with)[ \t]+"
)
_VERB_BYTES: Final = r"(?:chang|reset|set|rotat|updat|switch|replac|roll|mov|edit|modif|overrid|became|correct|ndert|gesetzt|umgestellt|rotiert|ersetzt|cambi|actualiz|initialis|restablec|aggiorn|impost|alterad|gewijzigd|zmienion|ndra|endret|\xd0\xb8\xd0\xb7\xd0\xbc)"
_TOLD_TO: Final = re.compile(
    rf"{_TO_BYTES}(?:be |value )?(?:[\"'`\x80-\xff]|\S{{0,64}}[\d!#$%^&*@+=])|{_VERB_BYTES}\w{{0,8}}[ ](?:[^\n]{{0,40}}?[ ])?{_TO_BYTES[5:]}".encode(
        "latin-1"
    )
)
_WAS_BYTES: Final = re.compile(
    rb"[(\[,;:][ \t]?(?:was|old|prev|former|before|current|new|now|actual|vorher|bisher|aktuell|neu|ancien|nouveau|antes|antigua)"
)


def _arrow(tail: Tail) -> bool:
    return b"->" in tail.text or b"=>" in tail.text or "→".encode() in tail.text


def _from(tail: Tail) -> bool:
    return not tail.words.isdisjoint(_FROM_WORDS) and (_arrow(tail) or not tail.words.isdisjoint(_TO_WORDS))


def _to(tail: Tail) -> bool:
    return not tail.words.isdisjoint(_TO_WORDS) and (_from(tail) or _TOLD_TO.search(tail.text) is not None)


def _was(tail: Tail) -> bool:
    return _WAS_BYTES.search(tail.text) is not None


FROM = Rule(
    pattern=re.compile(rf"(?i){_NAMED}[\"'`]?(?:[ \t]+[^\s;]{{1,40}}){{0,5}}?[ \t]+{_FROM}[ \t]+{_WORD}[ \t]*(?:->|=>|→|,?[ \t]*{_TO}[ \t])"),
    needs=_CHANGE_NEEDS, grams=_CHANGE_GRAMS, trigger=NOUN, also=_from, accept=_changed,
)  # fmt: skip
TO = Rule(
    pattern=re.compile(
        rf"(?i)(?:(?<![^\W\d_]){_VERB}[ \t]+(?:[^\s;]{{1,40}}[ \t]+){{0,4}}?{_NAMED}[\"'`]?(?:[ \t]+[^\s;]{{1,40}}){{0,3}}?(?:[ \t]+{_FROM}[ \t]+{_OTHER})?,?[ \t]+{_TO}[ \t]+(?:be[ \t]+|value[ \t]+)?"
        rf"|{_NAMED.replace('<n>', '<m>')}[\"'`]?(?:[ \t]+[^\s;]{{1,40}}){{0,4}}?(?:[ \t]+{_FROM}[ \t]+{_OTHER}|[ \t]+{_VERB}(?:[ \t]+[^\s;]{{1,40}}){{0,3}}?(?:[ \t]+{_FROM}[ \t]+{_OTHER})?),?[ \t]+{_TO}[ \t]+(?:be[ \t]+|value[ \t]+)?)"
        rf"{_WORD}"
    ),
    needs=_CHANGE_NEEDS, grams=_CHANGE_GRAMS, trigger=NOUN, also=_to, accept=_changed,
)  # fmt: skip
ARROW = Rule(  # DB_PASSWORD: old -> new
    pattern=re.compile(rf"(?i){_NAMED}[\"'`]?(?:[ \t]*[:=][ \t]*|[ \t]+){_OTHER}[ \t]*(?:-{{1,2}}>|=>|→)[ \t]*{_WORD}"),
    needs=_CHANGE_NEEDS, grams=_CHANGE_GRAMS, trigger=NOUN, also=_arrow, accept=_changed,
)  # fmt: skip
ARROW_OLD = Rule(
    pattern=re.compile(rf"(?i){_NAMED}[\"'`]?[ \t]+{_WORD}[\"'`]?[ \t]*(?:-{{1,2}}>|=>|→)"),
    needs=_CHANGE_NEEDS, grams=_CHANGE_GRAMS, trigger=NOUN, also=_arrow, accept=_changed,
)  # fmt: skip
WAS = Rule(  # updated secret_key (was 'X'); password will expire (current: X)
    pattern=re.compile(rf"(?i){_NAMED}[\"'`]?[^\n(\[]{{0,80}}?[(\[,;:][ \t]*(?:was|old|previous(?:ly)?|formerly|before|current(?:ly)?|new|now|actual|vorher|bisher|aktuell|neu|ancien|nouveau|antes|antigua|actual)(?:[ \t]+(?:value|one|password))?[ \t]*[:=]?[ \t]*{_WORD}"),
    needs=_CHANGE_NEEDS, grams=_CHANGE_GRAMS,
    trigger=NOUN, also=_was,
    accept=_changed,
)  # fmt: skip
_STOP = re.compile(
    r"(?i)\b(?:is|was|for|the|and|not|has|must|should|will|been|required|with|from|that|this|your|you|can|file|when|before|after|needed|invalid|wrong|protected|prompt|key|to|of|in|on)\b"
)
PASSPHRASE = Rule(  # the passphrase velvet anchor tundra mosaic
    pattern=re.compile(r"(?i)(?<!\w)(?:passphrase|pass phrase|phrase secr[eè]te|frase segreta)[ \t]+(?:is[ \t]+|was[ \t]+|:[ \t]*)?(?P<v>(?:[a-z]{3,12}[ ]){3,7}?[a-z]{3,12})(?=[ \t]+(?:to|for|on|and|in|when|unlocks?|opens?|if|at)\b|[.,;:!?)]|$)"),
    needs=("phrase", "frase"), grams=("phra", "fras"), trigger=r"(?:phrase|frase)(?:[ ]\S+)?[ ]+(?:[a-z]{3,12}[ ]){2}[a-z]",
    accept=lambda m: not _STOP.search(m["v"]),
)  # fmt: skip
RULES: Final = (
    WAS,
    PASSPHRASE,
    PROSE,
    KEY_PROSE,
    BESIDE,
    KEY_BESIDE,
    AS_PASSWORD,
    CREDENTIALS,
    NUMBER,
    SEED,
    FROM,
    TO,
    ARROW,
    ARROW_OLD,
)
