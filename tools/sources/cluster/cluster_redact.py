"""Redaction of Kubernetes text: values of secret-looking names go, names of Secret objects and the structure stay.

The general rules of `aitia.core.redact` work on assignments, and a manifest is full of keys such as `secretName` whose
value is no secret. Here a text is taken line by line, and such keys are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from aitia.core.redact import Redactor

_SECRET_WORD: Final = (
    r"[\w.-]{0,253}(?:passw|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)"
    r"[\w.-]{0,253}"
)
_SECRET_KEY = re.compile(_SECRET_WORD, re.IGNORECASE)
_NAMING: Final = frozenset({"secretName", "secretNamespace"})
_NEVER: Final = frozenset({"managedFields", "kubectl.kubernetes.io/last-applied-configuration"})
# `- name: DB_PASSWORD` and, on the next line, `value: hunter2` (either may be quoted); lines indented deeper go on with it.
_PAIR = re.compile(
    rf"(?im)^(?P<head>[ \t]*(?:- )?name:[ \t]*[\"']?{_SECRET_WORD}[\"']?[ \t]*\n(?P<in>[ \t]+)value:[ \t]*)"
    r"(?P<value>[^\n]*(?:\n(?:(?P=in)[ \t]+\S[^\n]*|[ \t]*(?=\n)))*)"
)
_JSON_PAIR = re.compile(
    rf"(?i)(?P<head>\"name\"\s*:\s*\"{_SECRET_WORD}\"\s*,\s*\"value\"\s*:\s*\")(?P<value>(?:[^\"\\]|\\.)+)"
)
# `      DB_PASSWORD:       hunter2` in the environment that `describe` prints, and in YAML.
_KEYED = re.compile(rf"(?P<head>(?P<lead>\s*(?:- )?){_SECRET_WORD}:\s+)(?P<value>\S.*)$", re.IGNORECASE)
# `--requirepass hunter4`: on two lines of a list, as two items of `[...]`, in one text.
_OPTION: Final = r"(?P<option>--?[A-Za-z][\w.-]{0,60})"
_OPTIONS: Final = (
    re.compile(
        rf"(?m)^(?P<head>(?P<in>[ \t]*(?:- )?)(?P<q>[\"']?){_OPTION}(?P=q)[ \t]*\n(?P=in))(?P<value>(?![\"']?-)\S[^\n]*)$"
    ),
    re.compile(
        rf"(?P<head>(?<![\w.-])(?P<q>[\"']?){_OPTION}(?P=q)[ \t]*,\s*)"
        r"(?P<value>(?![\"']?-)(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s,\]\"']+))"
    ),
    re.compile(
        rf"(?P<head>(?<![\w.-]){_OPTION}(?:=|[ \t]+))"
        r"(?P<value>(?![\"']?-)(?:\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|[^\s\"',\]]+))"
    ),
)
_SECRET_OPTION = re.compile(
    r"(?i)passw|(?<![a-z])pass$|requirepass|masterauth|passphrase|pwd|secret|token|(?:api|access|private)[_-]?key|credential"
)
_NO_SECRET_OPTION = re.compile(r"(?i)[-_.](?:files?|path|dir|name|namespace|ttl|env|ref|url)$")
_REFERENCE = re.compile(r"<set to the key |<none>|<unset>|<secret:|\$\(|true$|false$")
_STRUCTURE = re.compile(
    r"\s*(?:- )?[\"']?(?:secretName|SecretName|secretKeyRef|secretRef|imagePullSecrets|Image pull secrets"
    r"|Mountable secrets|Tokens|automountServiceAccountToken|tokenExpirationSeconds|TokenExpirationSeconds"
    r"|serviceAccountToken)[\"']?:(?P<value>.*)$"
)
_HEADING = re.compile(r"\s*(?:- )?[\"']?secrets?[\"']?:\s*(?:true|false|\d+|<none>|\[\]|\{\})?\s*$")
_NAME = re.compile(r"\s*(?:[\"']?[a-z0-9]([-a-z0-9.]*[a-z0-9])?[\"']?|true|false|\d+|<none>)?\s*$")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)


def redacted(text: str, redactor: Redactor) -> str:
    """Kubernetes text without secret values. What names a Secret, and the shape of YAML and of tables, stays."""

    def hidden(value: str) -> str:
        """A secret's pseudonym, in the quotes and with the line ends that it had; what refers to a secret stays."""
        bare = value.strip()
        plain = bare.strip("\"'")
        if not plain or _REFERENCE.match(plain):
            return value
        return redactor.secret(plain) + value[len(value.rstrip()) :]

    def pair(match: re.Match[str]) -> str:
        return match["head"] + hidden(match["value"])

    def option(match: re.Match[str]) -> str:
        name, value = match["option"], match["value"]
        if not _SECRET_OPTION.search(name) or _NO_SECRET_OPTION.search(name):
            return match[0]
        quote = value[0] if value[0] in "\"'" else ""
        return f"{match['head']}{quote}{hidden(value.strip(quote) if quote else value)}{quote}"

    text = _PEM.sub(lambda m: redactor.text(m[0]), text)
    for pattern in (_PAIR, _JSON_PAIR):
        text = pattern.sub(pair, text)
    for pattern in _OPTIONS:
        text = pattern.sub(option, text)
    return "\n".join(_lines(text.split("\n"), redactor, hidden))


def _lines(lines: Sequence[str], redactor: Redactor, hidden: Callable[[str], str]) -> Iterator[str]:
    at = 0
    while at < len(lines):
        line, at = lines[at], at + 1
        named = _STRUCTURE.match(line)
        keyed = _KEYED.match(line)
        if _HEADING.match(line) or (named and _NAME.match(named["value"])):
            yield line
        elif keyed:
            end = at if _REFERENCE.match(keyed["value"]) else _end(lines, at, len(keyed["lead"]))
            whole = "\n".join([keyed["value"], *(more.strip() for more in lines[at:end])])
            yield keyed["head"] + hidden(whole)
            at = end
        else:
            yield redactor.text(line)


def _end(lines: Sequence[str], at: int, column: int) -> int:
    """Where the lines that go on with the value of a key in a column end: those indented deeper, and blanks between."""
    end = at
    while at < len(lines):
        line = lines[at]
        if line.strip():
            if len(line) - len(line.lstrip()) <= column:
                break
            end = at + 1
        at += 1
    return end


def redacted_object(value: Any, redactor: Redactor) -> Any:
    """A Kubernetes object without secret values: of environments, of options, of config maps, and what applied it."""
    said: dict[str, str] = {}

    def text(part: str) -> str:
        if part not in said:
            said[part] = redacted(part, redactor)
        return said[part]

    def walked(part: Any, name: str = "") -> Any:
        if isinstance(part, str):
            plain = not _SECRET_KEY.fullmatch(name) or _REFERENCE.match(part) or not part
            return text(part) if plain else redactor.secret(part)
        if isinstance(part, Mapping):
            said_name = str(part.get("name") or "") if "value" in part else ""
            return {
                key: walked(inner, said_name if key == "value" else "" if key in _NAMING else str(key))
                for key, inner in part.items()
                if key not in _NEVER
            }
        if isinstance(part, list):
            return [walked(inner, _option_before(part, at)) for at, inner in enumerate(part)]
        return part

    return walked(value)


def _option_before(parts: Sequence[Any], at: int) -> str:
    """The option whose value an argument is, where it stands by itself: `--requirepass`, `hunter4`."""
    before = parts[at - 1] if at else ""
    option = isinstance(before, str) and bool(re.fullmatch(r"--?[A-Za-z][\w.-]{0,60}", before))
    secret = option and bool(_SECRET_OPTION.search(before)) and not _NO_SECRET_OPTION.search(before)
    return "secret" if secret and not str(parts[at]).startswith("-") else ""
