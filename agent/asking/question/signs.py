"""Signs in the text of a question, in five languages: labels, statuses, paths, words in capitals, what is quoted."""

from __future__ import annotations

import re
from typing import Final

CONTAINING: Final = re.compile(
    r"(?:contain(?:s|ing)?|contenant|contienn?e?nt?|que contengan|con la palabra|conteniendo|contiene"
    r"|contengono|contenenti|enthalten|enthält|mit dem wort|mit dem text"
    r"|mit der meldung|with the word|with the text|matching|mention(?:s|ing)?|avec le mot|con la"
    r" parola|con il testo|about the word|die das wort)\s+(?:the word |the text |das wort |le mot |la"
    r" palabra |la parola )?([\w./:%-]{2,60})"
)
LABEL: Final = re.compile(r"(?<![\w/.])([a-z][a-z0-9./_-]{0,80})\s?=\s?([\w.-]{1,60})")
LABELLED: Final = re.compile(
    r"(?:labels?|labell?ed|étiquettes?|etiquetas?|etichett[ae])\s+(?:named |called |as |namens |with "
    r"|des |mit )?[\"'`]?([a-z][\w./-]{1,60})[\"'`]?"
)
SINGULAR: Final = re.compile(
    r"(?:last|latest|newest|most recent|letzte[nrs]?|neueste[nrs]?|dernière?|última?|último|ultim[ao]"
    r"|first|earliest|erste[nrs]?|première?|primer[oa]?|prim[oa])\s+(?:\w+\s+){0,2}?"
    r"(?:line|error|message|entry|event|log|deploy|deployment|change|zeile|meldung|fehlermeldung"
    r"|fehler|eintrag|änderung|ereignis|ligne|erreur|message|événement|changement|déploiement|línea"
    r"|error|mensaje|evento|cambio|despliegue|riga|errore|messaggio|evento|modifica|rilascio|warning"
    r"|warnung|work order|auftrag)(?!\w)"
)


CODE: Final = re.compile(
    r"(?<![\w.:/-])([1-5](?:\d\d|xx))(?:er|ers|s)?(?![\w:/-]|\.\d|\s*(?:rpm|1/min|ms|bar|mbar|°|min|[kmg]i?b(?!\w)|%|lines|zeilen|lignes|líneas|righe))"
)
LASTING: Final = {"long": "latency", "big": "size"}  # what "how long" and "how big" ask for
JSON: Final = re.compile(r'"\w+"\s*:\s*"')  # whose quotes are no quotation
ROWS: Final = re.compile(
    r"\s+\w*\s*(?:lines?|errors?|entries|events?|zeilen|fehler|lignes|erreurs|líneas|errores|righe|errori)"
)
PATH: Final = re.compile(r"(?:\b(?:GET|POST|PUT|DELETE|PATCH|HEAD)\s+)?/[a-z][\w./-]{2,80}", re.IGNORECASE)
MARKED: Final = re.compile(r"(?:with|mit|avec|con|containing)\s+([A-Za-z]+[-_][\w-]+)", re.IGNORECASE)
RESULT: Final = re.compile(
    r"(?<![\w/])[A-Z]{2,}(?:_[A-Z]+)*/[1-5]\d\d(?!\w)"
)  # as a proxy tells it: TCP_MISS/503
METHOD: Final = re.compile(r"(?<![\w-])(?:GET|POST|PUT|DELETE|PATCH)(?![\w-])")
SHOUTED: Final = re.compile(
    r"(?<![\w-])(?:[A-Z]{3,}(?:[_ ][A-Z]{2,})*|[A-Z]+[a-z]+[A-Z]\w+|[A-Z]{2,}[a-z]+\w*)(?![\w-])"
)
NO_SHOUT: Final = frozenset(
    {"ERROR", "ERRORS", "WARN", "WARNING", "INFO", "DEBUG", "FATAL", "UTC", "GMT", "CPU", "RAM", "HTTP", "API", "DNS", "BMS",
     "PVC", "CET", "MEZ", "RPM", "COP", "SQL", "TCP"}
)  # fmt: skip
ARTICLE: Final = re.compile(
    r"(?<!\w)(?:der|das|den|dem|ist|sind|und|wie|wann|welche\w*|hat|im|am|auf|von|war)(?!\w)"
)
"""Words beside which "die" is the German article."""
MASK: Final = 0xE000  # private characters for names while times are read: "301-M maintenant" is no time
PRONOUN: Final = re.compile(
    r"(?<!\w)(?:it|its|he|she|they|them|that one|er|sie|es|ihn|davon|dort|lui|elle|y|ello|esto|eso|lo|ci|questo|quello"
    r"|(?<=-)(?:il|elle|ils|elles))(?!\w)"
)
OUTER: Final = re.compile(
    r"(?<!\w)(?:extern\w*|public\w*|öffentlich\w*|load ?balancer|esterno|externa)(?!\w)"
)
"""An address that is reached from outside."""
