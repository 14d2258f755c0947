"""The pieces that headers are made of, as patterns. A group's name says what it holds; `ctx` is told by its value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aitia.tools.text.headers.levels import ANY_CASE, UPPER

_END: Final = r"(?:\s*[:|]+\s*|/(?=\S)|\s+-+\s+|\s+|(?<=[\])>])|(?=\[)|$)"
_NESTED: Final = {
    "bracket": r"\[(?P<ctx>[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+)\]:?\s*",
    "paren": r"\((?P<ctx>[^()]*+(?:\([^()]*+\)[^()]*+)*+)\):?\s+",
    "angle": r"<(?P<ctx>[^<>]*+(?:<[^<>]*+>)?[^<>]*+)>:?\s*",
    "brace": r"\{(?P<ctx>[^{}\"]*+)\}:?\s+",
}
NAME: Final = r"[A-Za-z_/][\w./@+$#-]*"
SOURCE: Final = (  # what files of source text end with
    "go|py|java|kt|scala|c|cc|cpp|cxx|h|hpp|hh|rs|rb|js|mjs|ts|tsx|jsx|php|cs|swift|exs?|erl|lua|pl|pm|mm?|clj|groovy|vb|fs|dart"
)
CLASS: Final = r"(?P<logger>[A-Za-z_][\w$-]*+(?:(?:[.$/@#]|::)[\w$<>-]++)++)(?:\[(?P<ctx>[^\]\s]*)\])?"
PROCESS: Final = r"[A-Za-z_/][\w./@+()-]*+(?: [\w.()+-]+){0,3}?\[\d+\](?: \([^:]*?\))?:(?:\s+|$)"
_PROCESS: Final = (
    r"(?P<logger>[A-Za-z_/][\w./@+-]*+(?:\([\w. :-]+\))?(?:(?: [\w.()+-]+){1,3}?(?=\[\d)| \d[\d.]*(?=:))?)"
    r"(?:\[(?P<pid>\d+)\])?(?: \((?P<ctx>[^:]*?)\))?:(?:\s+|$)"
)


@dataclass(frozen=True, kw_only=True)
class Atom:
    """A piece of a header. `once` atoms appear once at most; `whole` ones may be all that is left of a line.

    `share` of the sampled lines must have it, or what `vote` asks for.
    """

    name: str
    pattern: str
    vote: str = ""
    share: float = 0.9
    once: bool = False
    whole: bool = False


def level(words: str) -> str:
    """The pattern of a level column in one or both cases."""
    return rf"[\[<(]?\s*(?P<level>{words})\s*[\])>]?{_END}"


LEVEL_ANY: Final = Atom(name="level", pattern=level(ANY_CASE), once=True, whole=True)
LEVEL_UPPER: Final = Atom(name="level", pattern=level(UPPER), once=True, whole=True)
ATOMS: Final[tuple[Atom, ...]] = (
    Atom(name="day", pattern=r"(?P<day>\d{4}[./-]\d\d[./-]\d\d)\s+", once=True),
    Atom(
        name="cisco",
        pattern=r"(?P<logger>%[A-Z]\w*(?:-\w+)*?-(?P<level>[0-7])-\w+):\s+",
        once=True,
    ),
    Atom(
        name="facility",
        pattern=rf"(?P<facility>kern|user|mail|daemon|auth|syslog|lpr|news|cron|authpriv|ftp|local\d)\.(?P<level>{ANY_CASE})\s+",
        once=True,
    ),
    LEVEL_UPPER,
    LEVEL_ANY,
    Atom(name="level", pattern=rf"(?P<logger>[\w.-]+?)\.(?P<level>{UPPER}):\s+", once=True),
    Atom(name="host", pattern=r"(?P<host>[\w.:-]+)\s+(?::\s+)?(?=%[A-Z]\w*-\d-)", once=True),
    Atom(name="level", pattern=rf"\[(?P<ctx>[^\[\]]*?)[:/](?P<level>{ANY_CASE})\]:?\s*", once=True),
    Atom(name="level", pattern=rf"(?P<logger>\w+) \((?P<level>{ANY_CASE})\):\s+", once=True),
    Atom(
        name="session", pattern=r"(?P<ctx>[\w\[\]-]+@[\w\[\]-]+)\s+(?=[A-Z]+:)", once=True
    ),  # PostgreSQL %u@%d
    Atom(name="pairs", pattern=r"(?P<ctx>(?:[\w.-]+=[^\s|]*\s+){1,8})[|:-]\s+"),
    Atom(name="chain", pattern=rf"(?P<ctx>\S{{1,80}}?):(?={UPPER}:\s)", once=True),
    Atom(
        name="letter",
        pattern=r"(?P<level>[VDTIWEFCN]|[diwe](?=\s))(?:\s*[/|:]\s*|\s+)",
        share=0.95,
        once=True,
    ),
    Atom(name="stream", pattern=r"(?P<stream>stdout|stderr) [FP] ", once=True),
    Atom(name="mark", pattern=r"(?P<mark>[*#.-])\s(?=\S)", once=True),
    *(Atom(name=name, pattern=pattern) for name, pattern in _NESTED.items()),
    Atom(
        name="place",
        pattern=rf"(?P<place>[A-Za-z_<][\w./$-]*\.(?:{SOURCE}):\d+)(?:\]|:)?(?:\s+-|\s+in (?P<function>\w+):)?\s+",
        once=True,
    ),
    Atom(
        name="place",
        pattern=r"(?P<place>[A-Za-z_][\w.$/-]*(?::[A-Za-z_<][\w<>]*:\d+|:\d+(?=\]|\s+-)))(?:\]|:|\s+-)?\s+",
        once=True,
    ),
    Atom(name="separator", pattern=r"(?:[-|:»>·]+\s+|\|)"),
    Atom(name="process", pattern=_PROCESS, vote=PROCESS, share=0.6, once=True),
    Atom(name="source", pattern=CLASS + r" (?P<function>[\w<>$]+)$", once=True, whole=True),
    Atom(name="class", pattern=CLASS + r"(?:\s*:\s+|\s+-\s+)", once=True, whole=True),
    Atom(
        name="tag",
        pattern=rf"(?P<logger>{NAME})(?:\((?P<ctx>[\w -]+)\))?(?:\[(?P<pid>[\w.-]+)\])?\s*:(?:\s+|$)",
        once=True,
        whole=True,
    ),
    Atom(name="label", pattern=r"(?P<logger>[\w.$/*:@-]+(?: \*\d+)?)\s+--?\s+", once=True),
    Atom(name="plain class", pattern=CLASS + r"\s+", once=True),
    Atom(
        name="owner", pattern=r"(?P<logger>[A-Za-z][\w.$-]*) \[(?P<ctx>[^\[\]]*)\](?:\s*:|\s+-)\s+", once=True
    ),
    Atom(name="owner", pattern=r"(?P<process>[A-Za-z][\w.-]*)\[(?P<pid>\d+)\]\s+", once=True),
    Atom(name="closed", pattern=r"(?P<ctx>[^\[\]\s]{1,60})\]:?\s+"),
    Atom(name="closed", pattern=r"(?P<ctx>[A-Za-z][\w.:-]*)\)(?=\S)", once=True),
    Atom(name="hex", pattern=r"(?P<ctx>(?:0x)?(?=[a-f-]*\d)[0-9a-f]{6,}(?:-[0-9a-f]{4,})*)\s+"),
)
GLUED: Final = Atom(name="glued", pattern=rf"(?P<logger>{NAME}):(?=[^\s/:])")
NUMBER: Final = Atom(name="number", pattern=r"(?P<num>#?\d+(?:[#/:]\d+)*):?\s+")
PADDED: Final = Atom(name="padded", pattern=r"(?P<ctx>\S+)\s{2,}")
WORD: Final = r"(?:\[[^\[\]]*\]|\S+)"
HOST: Final = Atom(name="host", pattern=r"(?P<host>[\w.:/-]*\w)\s+", once=True, share=0.6)
_SD: Final = r"-|(?:\[(?:[^\]\\\"]|\\.|\"(?:[^\"\\]|\\.)*\")*\])+"
SYSLOG_5424: Final = rf"(?P<host>\S+) (?P<logger>\S+) (?P<pid>\S+) (?P<msgid>\S+) (?P<sd>{_SD})(?: \ufeff?|$)"
_FIELD: Final = r"(?:[^|\\]|\\.)*"
EVENT: Final = (  # CEF and LEEF
    rf"(?:CEF:\d+|LEEF:[\d.]+)\|(?P<vendor>{_FIELD})\|(?P<logger>{_FIELD})\|(?P<version>{_FIELD})\|(?P<msgid>{_FIELD})\|"
)
