"""Masks: the parts of a message that vary by their nature become named placeholders; the rest becomes fine tokens.

A message is taken apart at blanks and at `= : , ; ( ) [ ] { } " ' < > |`; the separators are tokens too, so that the
joined tokens are the message again. A token that holds digits but is no number (`ssh2`, `blk_17`) keeps its letters
(`ssh<num>`), and its values are kept aside: one that never changes is a word after all.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

NUMBER: Final = "<num>"
NONE: Final = "<none>"  # an empty value: `()` after a blank
_MEMO: Final = 200_000
_TOKENS: Final = 240
_WORDS: Final = 120

_B, _A = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_HEX4 = "[0-9a-fA-F]{1,4}"
_DATE = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?{_MONTH} +\d{{1,2}} \d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Z]{{3,4}})?(?: \d{{4}})?"
    rf"|{_B}\d{{4}}[-/.]\d\d[-/.]\d\d \d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?{_A}"
)
_PACKAGE = r"(?:org|com|net|edu|io|java|javax|jdk|sun)\."  # of a class, as Java names them
_EXTENSION = (  # of files
    "py|rb|js|ts|go|rs|pl|sh|cc|hh|cs|md|so|gz|xz|db|jl|ml|kt|c|h|cpp|hpp|java|scala|php|lua|swift|json|ya?ml|xml|log|txt"
    "|conf|cfg|ini|jar|dll|exe|html?|css|sql"
)
# A label of a host's name (RFC 1123). A change from small to capital letters within it is a property's or a class's.
_LABEL = "(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?|[A-Z0-9](?:[A-Z0-9-]*[A-Z0-9])?)"
_DOMAIN = "[A-Za-z0-9.-]"
# Two letters may be a country's domain, a file's extension or a property's last word (`main.py`, `task.id`): a name of such
# letters is a host's where a registry's second level stands before them, or digits or a hyphen are in its first label.
_HOST = (
    rf"(?:(?:{_LABEL}\.)+(?:com|net|org|edu|gov|mil|int|info|io|local|internal|localdomain|lan|cluster|svc|arpa|example|test)"
    rf"|(?:{_LABEL}\.)+(?:co|com|ac|gov|or|ne|net|org|edu)\.[a-z]{{2}}"
    rf"|(?=[a-z]*[0-9-])(?:{_LABEL}\.)+(?!(?:{_EXTENSION})(?![\w.-]))[a-z]{{2}})"
)
# Name, characters of which a text must hold one, pattern; the first that fits is taken.
_KINDS: Final = (
    ("uuid", "-", _B + r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}" + _A),
    ("url", "/", r"\b[a-z][a-z0-9+.]{1,9}://[^\s\"'<>\])]*[^\s\"'<>\]).,;:]"),
    ("email", "@", r"[\w.+-]+@(?!\d{1,3}(?:\.\d{1,3}){3}(?![\w.-]))[\w-]+(?:\.[\w-]+)+"),
    ("host", ".", _B + rf"(?!{_PACKAGE}){_HOST}(?::\d{{1,5}})?(?![\w.]*\w)"),
    (
        "time",
        "-/.",
        _B + r"\d{4}[-/.]\d\d[-/.]\d\d(?:T\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?" + _A,
    ),
    ("addr", ".", r"(?:[\w.-]*\w)?/?(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5}|/\d{1,2})?(?![\d.]*\d)"),
    ("addr", ":-", _B + r"(?:[0-9a-fA-F]{2}[:-]){5,}[0-9a-fA-F]{2}" + _A),
    (
        "addr",
        ":",
        rf"{_B}(?:{_HEX4}:){{7}}{_HEX4}{_A}"
        rf"|(?<![\w:])(?:{_HEX4}:){{1,6}}:(?:{_HEX4}:){{0,5}}{_HEX4}{_A}|(?<![\w:])::(?:{_HEX4}:){{0,5}}{_HEX4}{_A}",
    ),
    ("time", ":", _B + r"\d{1,2}:\d\d:\d\d(?:[.,]\d+)?" + _A),
    (
        "addr",
        ":",
        _B
        + rf"(?:localhost|(?!{_LABEL}(?:\.{_LABEL})*\.(?:{_EXTENSION}):)(?=[A-Za-z]{_DOMAIN}*[\d-]){_DOMAIN}+):\d{{2,5}}"
        + _A
        + r"(?!:)",
    ),
    ("path", "/\\", r"(?<![\w./-])(?:[A-Za-z]:\\[^\s\"',;]+|\.{0,2}(?:/+[\w.@%+~#-]+){2,}/?)"),
    ("hex", "", _B + r"0[xX][0-9a-fA-F]+" + _A),
    ("hex", "", _B + r"(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{7,}" + _A),
    (
        "num",
        "",
        r"(?<![A-Za-z0-9_])(?<![A-Za-z0-9_][.+-])[-+]?[vV]?\d+(?:[_,]\d{3})*(?:\.\d+)*(?:[eE][-+]?\d+)?"
        r"(?:%|(?:[munµp]?s|min|h|[kKMGT]i?[bB]?|[bB])(?![A-Za-z]))?" + _A,
    ),
)
_NAMED: Final = {f"k{i}": f"<{name}>" for i, (name, _, _) in enumerate(_KINDS)}
_MARKS = re.compile(r"[-.:/@\\]")
_TOKEN = re.compile(r"<[a-z]+>|[^\s=:,;()\[\]{}\"'<>|]+|[\s=:,;()\[\]{}\"'<>|]")
_DIGITS = re.compile(r"(?<=_)-\d+|\d+")
_PSEUDONYM = re.compile(r"<([a-z]{2,12}):[0-9a-f]{8}>")  # what redaction put in place of a value
_RUN = re.compile(r"[A-Za-z0-9]{5,}")  # with at least three changes between letters and digits: an id
_CHANGE = re.compile(r"(?<=\d)(?=[A-Za-z])|(?<=[A-Za-z])(?=\d)")
# A short path without an extension may be a route, whose words say what was asked for.
_ROUTE = re.compile(r"(?:/[\w%~-]+){2,3}")
_SEGMENT_ID = re.compile(r"/(?=[a-fA-F-]*\d)[0-9a-fA-F-]{7,}(?![^/])")
_URL = re.compile(r"([a-z][a-z0-9+.]*)://(?:[^/\s@]*@)?([^/\s\"']*)(/[^\s\"']*)?")
_PORT = re.compile(r"[\"'(]?([\w.-]+)[\"')]?,? port (\d+)")
_EDGES: Final = "\"'`()[]{}<>,;:.!?=|*"
_STATUS_WORDS: Final = frozenset({"->", "answered", "returned", "status", "code", "HTTP"})
_FAILURE = re.compile(r"[45]\d\d")


class Tokens(NamedTuple):
    """A masked message. `values` holds, where a token has letters and digits, what it stood for; else "".

    `exact` says that digits matter for it (a failing status, a known address), so that a message that differs in
    digits alone may have other tokens.
    """

    masked: tuple[str, ...]
    values: tuple[str, ...]
    exact: bool = False


_OF_ANY: Final = re.compile(r"[a-z]*")  # a first label without a hyphen or a number: many hosts have it


class Masker:
    """Masks messages. `names` maps addresses and aliases to component ids, which are kept in the text.

    Routes and failing HTTP statuses are values like others, unless they are kept `apart`: for who asks what was called
    and how it was answered, rather than which statement wrote a line.
    """

    def __init__(self, names: Mapping[str, str] | None = None, *, apart: bool = False) -> None:
        self.apart = apart
        self.names = {key.casefold(): value for key, value in (names or {}).items()}
        # Known names with digits, digits aside: a word like one of them must be looked at digit by digit.
        self._numbered = {_shape(key) for key in self.names if _DIGITS.search(key)}
        self._memo: dict[str, Tokens] = {}

    def tokens(self, message: str) -> Tokens:
        """The tokens of a message, at most 240."""
        if " port " in message and self.names:
            message = _PORT.sub(self._joined, message)
        if ":" in message:
            message = _DATE.sub("<time>", message)
        masked: list[str] = []
        values: list[str] = []
        exact, memo = False, self._memo
        for word in message.split(None, _WORDS)[:_WORDS]:
            found = memo.get(word)
            if found is None:
                if len(memo) >= _MEMO:
                    memo.clear()
                found = memo[word] = self._word(word)
            if masked:
                masked.append(" ")
                values.append("")
                if self.apart and found.masked[0] is NUMBER and _named_status(masked):
                    exact = True
                    if _FAILURE.fullmatch(word.rstrip(_EDGES)):
                        found = Tokens((word[:3], *found.masked[1:]), found.values)
            masked += found.masked
            values += found.values
            exact = exact or found.exact
        return Tokens(*_listed(masked[:_TOKENS], values[:_TOKENS]), exact)

    def known(self, text: str) -> str:
        """The component id behind a host, `host:port`, name or a name with its domain; "" if none is known."""
        host = text.rsplit(":", 1)[0].casefold()
        label = host.partition(".")[
            0
        ]  # `db-1.pay.example`; what is called `api` in one domain may be another's
        short = label if not _OF_ANY.fullmatch(label) else ""
        return self.names.get(text.casefold(), "") or self.names.get(host, "") or self.names.get(short, "")

    def text(self, message: str) -> str:
        """The masked message."""
        return join(self.tokens(message).masked)

    def _joined(self, match: re.Match[str]) -> str:
        """`host, port 5432` in one piece where that address is known, as aliases have it."""
        address = f"{match[1]}:{match[2]}"
        return address if self.known(address) else match[0]

    def _word(self, word: str) -> Tokens:
        """One blank-free word."""
        if word == "()":
            return Tokens(("(", NONE, ")"), ("", "", ""))
        if "<" in word:
            word = _PSEUDONYM.sub(r"<\1>", word)
        if word.isalpha():
            return Tokens((self.known(word) or word,), ("",))
        text = self._named(word) or _RUN.sub(
            _id, _kinds(frozenset(_MARKS.findall(word))).sub(self._mask, word)
        )
        masked, values = [], []
        for token in _TOKEN.findall(text):
            value = ""
            if len(token) == 1 or token[0] == "<":
                pass
            elif self.names and (name := self.known(token)):
                token = name
            elif not token.isalpha() and _DIGITS.search(token):
                value, token = token, _DIGITS.sub(NUMBER, token)
            masked.append(NUMBER if token == NUMBER else token)
            values.append(value)
        return Tokens(tuple(masked), tuple(values), self._like_a_name(word))

    def _named(self, word: str) -> str:
        """The word with the component id in place of a known address or name that it is, edges aside; else ""."""
        core = word.strip(_EDGES)
        name = self.known(core) if self.names and core else ""
        return word.replace(core, name, 1) if name else ""

    def _like_a_name(self, word: str) -> bool:
        if not self._numbered:
            return False
        shape = _shape(word.casefold())
        return any(name in shape for name in self._numbered)

    def _mask(self, match: re.Match[str]) -> str:
        mask = _NAMED[str(match.lastgroup)]
        if self.apart and mask == "<path>" and _ROUTE.fullmatch(match[0]):
            return _SEGMENT_ID.sub("/<id>", match[0])
        if not self.names or mask not in ("<url>", "<addr>", "<host>"):
            return mask
        if mask == "<url>":
            url = _URL.match(match[0])
            name = self.known(url[2]) if url else ""
            return (
                f"{url[1]}://{name}" + ("/<path>" if url[3] not in (None, "/") else "")
                if url and name
                else mask
            )
        return self.known(match[0].lstrip("/")) or mask


def join(tokens: Sequence[str]) -> str:
    """The text of tokens."""
    return "".join(tokens).replace(NONE, "")


def separator(token: str) -> bool:
    """Whether a token only separates."""
    return len(token) == 1 and not token.isalnum() and token in " =:,;()[]{}\"'<>|"


def masked(token: str) -> bool:
    """Whether a token is one placeholder as a whole."""
    return len(token) > 2 and token[0] == "<" and token[-1] == ">" and token.count("<") == 1


@functools.cache
def _kinds(marks: frozenset[str]) -> re.Pattern[str]:
    """One pattern of the kinds that a text with these characters may hold."""
    return re.compile(
        "|".join(
            f"(?P<k{i}>{pattern})"
            for i, (_, needs, pattern) in enumerate(_KINDS)
            if not needs or marks.intersection(needs)
        )
    )


def _shape(text: str) -> str:
    return _DIGITS.sub("0", text)


def _id(match: re.Match[str]) -> str:
    return "<id>" if len(_CHANGE.findall(match[0])) > 2 else match[0]


def _named_status(before: Sequence[str]) -> bool:
    """Whether the word before (`status:`, `->`, `answered`) says that a status follows."""
    word = next((t for t in reversed(before) if not separator(t)), "")
    return word in _STATUS_WORDS


_LISTED: Final = frozenset({NUMBER, "<hex>", "<time>"})


def _listed(masked_: list[str], values: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A list of one kind of names or addresses (`blk_1 blk_2 blk_3`) counts as one of them, however long it is."""
    n = len(masked_)
    out, kept, i = [], [], 0
    while i < n:
        token = masked_[i]
        out.append(token)
        kept.append(values[i])
        if "<" in token and len(token) > 1 and token not in _LISTED:
            while i + 2 < n and masked_[i + 2] == token and masked_[i + 1] in " ,":
                i += 2
        i += 1
    return tuple(out), tuple(kept)
