"""What the words of a change say that it touched: keys and rights, certificates, names, limits, or nothing that runs.

Whoever journals a change writes a line of plain words in the language of the house. The words are stems of eight languages,
chosen by eye over the looked-at systems; of what they leave out nothing is said.
"""

from __future__ import annotations

import re
from typing import Final

from aitia.core.words import Evidence

MOST: Final = 300  # characters that are read
_KEYS: Final = (
    r"secret|passwor|kennw|contrase|\bclaves?\b|senhas?\b|mots? de passe|credential|credenzial|credencia|identifiant|"
    r"\bkeys?\b|schl[uü]ssel|klucz|has[łl][ao]|\btokens?\b|service accounts?|dienstkont|comptes? de|\brotat(?:ion|ed) of"
)
_RIGHTS: Final = (
    r"permi[st]s?|permiss|berechtig|uprawnien|dost[eę]p|\brights?\b|\brechte|droits|\bacls?\b|access control|pg_hba|firewall|"
    r"allow(?:ed|list)|whitelist|privileg"
)
_LIMITS: Final = r"\blimit|l[ií]mite|limiti|quotas?\b|kontingent|max_|maximum|grenz|timeout|pool"
_NAMES: Final = r"\bdns\b|\bzon[ae]s?\b|records?\b|rekord|nameserver|resolver|rndc"
_CERTIFICATES: Final = r"\bcerts?\b|certificat|certificad|zertifik|certyfik|\btls\b|\bssl\b"
_SLIGHT: Final = re.compile(
    r"(?i)no change|sin cambio|sem altera|sans modif|keine? [aä]nder|bez zmian|senza modific|unchanged|wording|\btypo|"
    r"\bcomments?\b|coment[aá]rio|comentario|commentaire|kommentar|commento|komentarz|\bopis|copyright|translat|traduz|tradu[cç]|"
    r"[uü]bersetz|t[łl]umacz|\btexts?\b|\btexte?\b|\btesto\b|\btexto|tre[śs][ćc]|header|intestazion|label|r[oó]tulo|"
    r"log rotation|rotat\w+ (?:of )?(?:the )?logs?|logs? (?:gir|rot)|rotaci[oó]n de (?:log|registro)|rotazione dei log|journaux|"
    r"\banalyze\b|\bvacuum\b|statisti|estad[ií]stic|backup|sicherung|copia de seguridad|note on|\bnotes?\b|descri[pç]|dokument|"
    r"documenta|page layout|p[aá]gina de estado|status page|\bbanner\b|communi[cq]|comunicado|\bemote"
)
_SAYS: Final = {
    "keys": re.compile("(?i)" + _KEYS),
    "rights": re.compile("(?i)" + _RIGHTS),
    "limits": re.compile("(?i)" + _LIMITS),
    "names": re.compile("(?i)" + _NAMES),
    "certificates": re.compile("(?i)" + _CERTIFICATES),
}
KINDS_OF: Final[dict[str, dict[str, float]]] = {
    "keys": {"software.credentials": 1.0},
    "rights": {"software.credentials": 0.7, "software.configuration": 0.7},
    "limits": {"software.configuration": 0.7, "software.quota": 0.5, "resource.connections": 0.5, "resource.memory": 0.3},
    "names": {"network.dns": 1.0, "software.configuration": 0.3},
    "certificates": {"software.certificate": 1.0},
}  # fmt: skip
"""Which kinds a change of that may bring about, and how plainly."""


def said_of(change: Evidence) -> str:
    """What its author wrote of a change: the words in quotes, else all."""
    text = change.statement[: 2 * MOST]
    quoted = text.partition('"')[2].rpartition('"')[0]
    return (quoted or text)[:MOST]


def touches(text: str) -> frozenset[str]:
    """What the words say that it touched."""
    return frozenset(name for name, words in _SAYS.items() if words.search(text))


def slight(text: str) -> bool:
    """Whether the words say that nothing that runs was touched."""
    return _SLIGHT.search(text) is not None and not touches(text) & {"keys", "rights", "certificates"}
