"""Log levels: the words of many loggers, folded into five."""

from __future__ import annotations

import re
from typing import Final, Literal

Level = Literal["", "debug", "info", "warning", "error", "fatal"]

_BY_LEVEL: Final[dict[Level, str]] = {
    "info": "info information notice note log i n config statement detail hint context inf system event default success",
    "warning": "warn warning w wrn",
    "error": "error err severe e failure fail eror",
    "debug": "debug trace fine finer finest d t v verbose debg debug1 debug2 debug3 debug4 debug5 dbg vrb trc trce dbug",
    "fatal": "fatal f c crit critical alert emerg emergency panic dpanic ftl",
}
# As programs translate them: PostgreSQL's and other software's gettext catalogues (the words for error, warning, fatal, panic,
# notice), java.util.logging's resources and Windows' event levels.
_TRANSLATED: Final[dict[Level, str]] = {
    "error": "fehler schwerwiegend erreur grave errore erro fout fejl feil fel allvarlig virhe chyba błąd hiba eroare greška "
    "napaka hata klaida kļūda viga σφάλμα ошибка помилка грешка エラー 重大 오류 심각 错误 錯誤 严重 嚴重",
    "warning": "warnung avertissement attention advertencia aviso avviso avvertenza avvertimento attenzione advertência "
    "waarschuwing advarsel varning varoitus varování ostrzeżenie uwaga figyelmeztetés avertisment upozorenje upozornenie "
    "opozorilo uyarı įspėjimas brīdinājums hoiatus avís προειδοποίηση предупреждение попередження 警告 경고",
    "info": "hinweis informationen infos informations información informazioni notifica informações informatie notis замечание "
    "информация інформація 情報 정보 알림 信息 資訊 注意",
    "fatal": "panik panico kritisch critique crítico critico kritiek kritisk fatale fataal fatalt паника паніка 致命的 致命错误 "
    "致命錯誤",
    "debug": "отладка налагодження 디버그 调试 除錯",
}
_WORDS: Final[dict[str, Level]] = {
    w: level for by in (_BY_LEVEL, _TRANSLATED) for level, words in by.items() for w in words.split()
}
RANK: Final[dict[Level, int]] = {"": 1, "debug": 0, "info": 1, "warning": 2, "error": 3, "fatal": 4}
PATTERN: Final = (
    r"(?:TRACE|DEBUG\d?|INFO(?:RMATION)?|NOTICE|LOG|WARN(?:ING)?|ERR(?:OR)?|SEVERE|CRIT(?:ICAL)?|ALERT|"
    r"FATAL|PANIC|EMERG|STATEMENT|DETAIL|HINT|CONTEXT|FAILURE|"
    r"[Tt]race|[Dd]ebug|[Ii]nfo|[Nn]otice|[Ww]arn(?:ing)?|[Ee]rror|[Cc]rit(?:ical)?|[Ff]atal|emerg|alert)"
)
_OFTEN: Final = ("info", "error", "warn", "warning", "debug", "notice", "fatal", "trace", "log")
_OTHER: Final = {w for words in _TRANSLATED.values() for w in words.split()}
_LONG: Final = (*_OFTEN, *(w for w in _WORDS if (len(w) > 2 or w in _OTHER) and w not in _OFTEN))
UPPER: Final = "(?:" + "|".join(w.upper() for w in _LONG) + r")(?!\w)"
LOWER: Final = "(?:" + "|".join(_LONG) + r")(?!\w)"
ANY_CASE: Final = "(?:" + "|".join(f"{w.upper()}|{w.capitalize()}|{w}" for w in _LONG) + r")(?!\w)"
_IN_TEXT = re.compile(rf"(?:^|[\s\[|(<\"=])({PATTERN})(?=[\]\s:|)>\",]|$)")


def fold(word: str) -> Level:
    """`WARN` to `warning`, `crit` to `fatal`; pino's and syslog's numbers too; "" for anything else."""
    if word.isdecimal() and len(word) < 9:
        return _numeric(int(word))
    return _WORDS.get(word.casefold(), "")


def fold_column(word: str) -> Level:
    """A word of a level column, told by the level's name in it where it is not known (`SUBDEBUG`)."""
    return fold(word) or next(
        (fold(name) for name in ("debug", "info", "warn", "error", "fatal") if name in word.casefold()), ""
    )


def _numeric(number: int) -> Level:
    if number < 8:  # syslog severities
        return ("fatal", "fatal", "fatal", "error", "warning", "info", "info", "debug")[number]
    tens: tuple[tuple[int, Level], ...] = ((60, "fatal"), (50, "error"), (40, "warning"), (30, "info"))
    return next((level for floor, level in tens if number >= floor), "debug")


def tells_of_failure(key: str) -> bool:
    """Whether a field's name is a word for an error in one of the languages (`fehler`, `erreur`): a program words its value."""
    return fold(key) in ("error", "fatal") and len(key) > 2


def in_text(message: str) -> Level:
    """A level word near the beginning of a message whose header named none."""
    match = _IN_TEXT.search(message[:60])
    return fold(match[1]) if match else ""


def worst(*levels: Level) -> Level:
    """The most severe of several levels."""
    return max(levels, key=lambda level: RANK[level])
