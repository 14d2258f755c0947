"""Letters of other countries in files that do not say how they are written: bytes of Windows-1252 read once more."""

from __future__ import annotations

import re
from typing import Final

_LOOKED: Final = 60_000  # characters
_POLISH: Final = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻěščřžýáíéůúťďňőű")
_COMMON: Final = frozenset("оеаинтсрвлкмдпуяыьгзбч")
_MOST_COMMON: Final = 0.6  # of the letters beyond ASCII, that stand in words without others
_WORD: Final = re.compile(r"(?<![A-Za-z])[\u0400-\u04ff]{3,}(?![A-Za-z])")
_STRANGE: Final = frozenset("ŸšžŠŽ£Œ")  # within words they are none of the west
_USUAL: Final = 0.8  # of the letters beyond ASCII
_LEAST: Final = 4  # of these
_RUN: Final = re.compile(r"[^\x00-\x7f]{2,}")
_SIGNS: Final = re.compile(r"[\u3000-\u30ff\uff01-\uff5e℃℉°·±×³²μµΩ㎡㎥㎏—…Ⅰ-Ⅹ]")
# Codecs with the first bytes of their usual characters (level 1 of GB 2312, JIS X 0208, Big5, KS X 1001), the least second byte.
_EAST_ASIA: Final = (
    ("cp932", "Shift-JIS", (0x88, 0x97, 0x40)),
    ("gb18030", "GB 18030", (0xB0, 0xD7, 0xA1)),
    ("big5", "Big5", (0xA4, 0xC6, 0x40)),
    ("euc_kr", "EUC-KR", (0xB0, 0xC8, 0xA1)),
)


def reread(raw: bytes) -> tuple[str, str]:
    """Bytes that are no UTF-8 in the encoding by which their letters are usual ones, and its name."""
    text = raw.decode("cp1252", errors="replace")
    return _east_asian(raw) or _cyrillic(raw) or _central_european(text, raw) or (text, "Windows-1252")


def _cyrillic(raw: bytes) -> tuple[str, str] | None:
    """Russian, Bulgarian or Ukrainian: the codec by which most letters beyond ASCII are the commonest ones in small."""
    best: tuple[float, str, str] | None = None
    for codec, name in (("cp866", "CP866"), ("cp1251", "Windows-1251"), ("koi8_r", "KOI8-R")):
        text = raw.decode(codec, errors="replace")
        letters = [c for c in text[:_LOOKED] if not c.isascii() and c.isalpha()]
        usual = sum(c in _COMMON for w in _WORD.findall(text[:_LOOKED]) for c in w) / max(1, len(letters))
        if len(letters) >= _LEAST and usual >= _MOST_COMMON and (best is None or usual > best[0]):
            best = usual, text, name
    return (best[1], best[2]) if best else None


def _east_asian(raw: bytes) -> tuple[str, str] | None:
    best: tuple[float, str, str] | None = None
    for codec, name, (low, high, second) in _EAST_ASIA:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        beyond = [c for c in text[:_LOOKED] if not c.isascii()]
        if codec == "big5" and sum(map(len, _RUN.findall(text[:_LOOKED]))) < _USUAL / 2 * len(beyond):
            continue  # `°C` is a letter there, which stands alone
        usual = sum(bool(_SIGNS.match(c)) or _is_usual(c.encode(codec), low, high, second) for c in beyond)
        kana = sum("\u3041" <= c <= "\u30ff" for c in beyond)
        share = usual / max(1, len(beyond)) + (0.1 if codec == "cp932" and kana else 0.0)
        if len(beyond) >= _LEAST and share >= _USUAL and (best is None or share > best[0]):
            best = share, text, name
    return (best[1], best[2]) if best else None


def _is_usual(code: bytes, low: int, high: int, second: int) -> bool:
    return len(code) == 2 and low <= code[0] <= high and code[1] >= second


def _central_european(text: str, raw: bytes) -> tuple[str, str] | None:
    """Windows-1250 where its letters are usual within words: `ciœnienie` is `ciśnienie`."""
    try:
        other = raw.decode("cp1250")
    except UnicodeDecodeError:
        return None
    inner = re.compile(r"(?<=[^\W\d_])[^\x00-\x7f]|[^\x00-\x7f](?=[^\W\d_])")
    marked = inner.findall(re.sub(r"\bm[³²]", "", text[:_LOOKED]))
    strange = sum(not c.isalpha() or c in _STRANGE for c in marked)
    usual = sum(c in _POLISH for c in inner.findall(other[:_LOOKED]))
    return (
        (other, "Windows-1250")
        if strange >= max(2, 0.15 * len(marked)) and usual >= _USUAL * len(marked)
        else None
    )
