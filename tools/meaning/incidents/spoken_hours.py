"""Hours that are written as words at the end of a clause ("it began at nine") as the clock times that they mean."""

from __future__ import annotations

import re
from typing import Final

_HOURS: Final[dict[int, str]] = {
    1: "one|eins|une|una", 2: "two|zwei|deux|dos|due", 3: "three|drei|trois|tres|tre", 4: "four|vier|quatre|cuatro|quattro",
    5: "five|fünf|cinq|cinco|cinque", 6: "six|sechs|seis|sei", 7: "seven|sieben|sept|siete|sette", 8: "eight|acht|huit|ocho|otto",
    9: "nine|neun|neuf|nueve|nove", 10: "ten|zehn|dix|diez|dieci", 11: "eleven|elf|onze|once|undici",
    12: "twelve|noon|zwölf|midi|douze|doce|dodici|mezzogiorno",
}  # fmt: skip
_BY_WORD: Final = {word: hour for hour, words in _HOURS.items() for word in words.split("|")}
_SPOKEN: Final = re.compile(
    r"(?<!\w)(at|since|from|um|seit|ab|à|depuis|vers|a las?|desde las?|alle|all'|dalle)\s+"
    rf"({'|'.join(sorted(_BY_WORD, key=len, reverse=True))})(?=\s*(?:$|[.,;!]|o'clock|sharp|utc|today|this))",
    re.IGNORECASE,
)


def with_clock(text: str) -> str:
    """`it began at nine` as `it began at 9:00`; a number that counts something stays as it is."""
    return _SPOKEN.sub(lambda m: f"{m[1]} {_BY_WORD[m[2].casefold()]}:00", text)
