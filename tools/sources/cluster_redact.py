"""Redaction of Kubernetes text: values of secret-looking names go, names of Secret objects and the structure stay.

The general rules of `aitia.core.redact` work on assignments, and a manifest is full of keys such as `secretName` whose
value is no secret. Here a text is taken line by line, and such keys are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from aitia.core.redact import Redactor

_SECRET_WORD: Final = r"[\w.-]*(?:passw|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential)[\w.-]*"
# `- name: DB_PASSWORD` and, on the next line, `value: hunter2` (either may be quoted).
_PAIR = re.compile(
    rf"(?im)^(?P<head>[ \t]*(?:- )?name:[ \t]*[\"']?{_SECRET_WORD}[\"']?[ \t]*\n[ \t]+value:[ \t]*)(?P<value>\S.*)$"
)
_JSON_PAIR = re.compile(
    rf"(?i)(?P<head>\"name\"\s*:\s*\"{_SECRET_WORD}\"\s*,\s*\"value\"\s*:\s*\")(?P<value>(?:[^\"\\]|\\.)+)"
)
# `      DB_PASSWORD:       hunter2` in the environment that `describe` prints.
_DESCRIBED = re.compile(rf"^(?P<head>\s+{_SECRET_WORD}:\s+)(?P<value>\S.*)$", re.IGNORECASE)
_REFERENCE = re.compile(r"<set to the key |<none>|<unset>|<secret:|\$\(|true$|false$")
_APPLIED = re.compile(
    r"(?m)^(?P<in>[ \t]*)kubectl\.kubernetes\.io/last-applied-configuration:[^\n]*\n(?:(?P=in)[ \t]+[^\n]*\n|[ \t]*\n)*"
)
_STRUCTURE = re.compile(
    r"\s*(?:- )?[\"']?(?:secrets?|secretName|SecretName|secretKeyRef|secretRef|imagePullSecrets|Image pull secrets"
    r"|Mountable secrets|Tokens|automountServiceAccountToken|tokenExpirationSeconds|TokenExpirationSeconds"
    r"|serviceAccountToken)[\"']?:(?P<value>.*)$"
)
_NAME = re.compile(r"\s*(?:[\"']?[a-z0-9]([-a-z0-9.]*[a-z0-9])?[\"']?|true|false|\d+|<none>)?\s*$")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)


def redacted(text: str, redactor: Redactor) -> str:
    """Kubernetes text without secret values. What names a Secret, and the shape of YAML and of tables, stays."""

    def pair(match: re.Match[str]) -> str:
        value = match["value"].strip().strip("\"'")
        return match["head"] + (match["value"] if _REFERENCE.match(value) else redactor.secret(value))

    text = _APPLIED.sub("", text)
    text = _PEM.sub(lambda m: redactor.text(m[0]), text)
    text = _JSON_PAIR.sub(pair, _PAIR.sub(pair, text))
    return "\n".join(_line(line, redactor, pair) for line in text.split("\n"))


def _line(line: str, redactor: Redactor, pair: Callable[[re.Match[str]], str]) -> str:
    named = _STRUCTURE.match(line)
    if named and _NAME.match(named["value"]):
        return line
    described = _DESCRIBED.match(line)
    if described:
        return pair(described)
    return redactor.text(line)
