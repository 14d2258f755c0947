"""The short line that a model writes for a question, as text, as a grammar, and as the queries that it means.

`max pg_connections @ orders time`, `count lines error "timeout" @ web`, `list pods pending`, `none`. Times are no part of a line:
code reads them (`spans`). `models/curriculum/questions.yaml` holds every form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, get_args

from aitia.agent.asking.question.at_hand import AtHand, shown
from aitia.tools.query.words import (
    Beyond,
    Changes,
    Compare,
    Count,
    Curve,
    Events,
    Get,
    Lines,
    List,
    Listed,
    Part,
    Query,
    Relation,
    Share,
    Stat,
    State,
    What,
    Who,
)

NONE: Final = "none"
FUNCTIONS: Final = ("last", "max", "min", "mean", "p50", "p95", "p99", "sum", "rate", "first", "range")
LEVELS: Final = ("error", "warning", "fatal")
WANTED: Final = ("first", "last", "times", "duration")
_BY: Final = ("minute", "component", "code", "level", "path")
_OWN: Final = ("components", "machines", "measurements", "sources")
_USUAL: Final = 10


def line_of(query: Query | None) -> str:
    """A query as a line, without its times; "" for one that no line tells."""
    if query is None or not all(shown(str(n)) for n in _names(query)):
        return ""
    where = f" @ {c}" if (c := str(getattr(query, "component", ""))) else ""
    match query:
        case Stat():
            return f"{query.function} {query.metric}{where}{' time' if query.wanted == 'time' else ''}"
        case Curve():
            return f"curve {query.metric}{where}"
        case Beyond():
            side = f"above {query.above:g}" if query.above is not None else f"below {query.below:g}"
            wanted = {"whether": "", "since": "first"}.get(query.wanted, query.wanted)
            return f"{side} {query.metric}{where}{' ' + wanted if wanted else ''}"
        case Share():
            return f"share {query.metric} / {query.whole}{where}"
        case Compare() if query.metric and query.other:
            return f"compare {query.function} {query.metric}{where}, {query.other}"
        case Lines():
            return f"lines{_filters(query)}{_rows(query.order, query.limit)}{where}"
        case Count() if query.of == "lines":
            return f"count lines{_filters(query)}{f' by {query.by}' if query.by else ''}{where}"
        case Count():
            return f"count {query.of}{' ' + query.state if query.state else ''}{where}"
        case List():
            return f"list {query.of}{' ' + query.state if query.state else ''}{where}"
        case Get():
            return f"get {query.part}{where}"
        case Events():
            return f"events{where}"
        case Changes():
            rows = "" if query.limit == _USUAL else f" {query.limit}"
            return f"changes{' ' + query.what if query.what else ''}{rows}{where}{' time' if query.wanted == 'time' else ''}"
        case Who() if query.metric:
            return f"{'least' if query.least else 'most'} {query.metric}"
        case Who():
            return f"who {query.does}{_filters(query)}{where}"
    return ""


def _names(query: Query) -> list[str]:
    return [n for k in ("component", "metric", "other", "whole") if (n := str(getattr(query, k, "") or ""))]


def _filters(query: Any) -> str:
    words = getattr(query, "text", "") or getattr(query, "words", "")
    quoted = f' "{words}"' if words and '"' not in words and words.isprintable() else ""
    level, code = getattr(query, "level", ""), getattr(query, "code", "")
    return f"{' ' + level if level else ''}{' ' + code if code else ''}{quoted}"


def _rows(order: str, limit: int) -> str:
    return f"{' oldest' if order == 'oldest' else ''}{'' if limit == _USUAL else f' {limit}'}"


def grammar(hand: AtHand) -> str:
    """The lines that can be written with what is at hand, as GBNF. Names are quoted: none is ever read as a rule."""
    metric, component = _options(hand.metrics), _options(hand.components)
    measured = [
        'fn " " metric where (" time")?',
        '"curve " metric where',
        '("above " | "below ") number " " metric where (" first" | " last" | " times" | " duration")?',
        '"compare " fn " " metric " @ " component ", " component',
        '("most " | "least ") metric',
        '"share " metric " / " metric where',
    ]
    always = [
        '"lines" filters (" oldest")? (" " rows)? where',
        f'"count lines" filters (" by " ({_options(_BY)}))? where',
        f'("list " | "count ") ({_options(_kinds())}) (" " ({_options(_states())}))? where',
        f'("get ") ({_options(_parts())}) where',
        f'("count ")? "changes" (" " ({_options(_whats())}))? (" " rows)? where (" time")?',
        '"events" where',
        f'"who " ({_options(get_args(Relation))}) filters where',
        '"incidents" where',
        '"documents"',
        '"none"',
    ]
    rules = [f'root ::= " " ({" | ".join([*(measured if hand.metrics else ()), *always])}) "\\n"']
    rules += [f"fn ::= {_options(FUNCTIONS)}"]
    rules += [f"metric ::= {metric}"] if hand.metrics else []
    rules += [
        f"component ::= {component}" if hand.components else 'component ::= "nothing"',
        'where ::= (" @ " component)?' if hand.components else 'where ::= ""',
        'number ::= "-"? [0-9] ' + "[0-9]? " * 9 + '("." [0-9] [0-9]? [0-9]?)?',
        "rows ::= [1-9] [0-9]? [0-9]?",
        f'filters ::= (" " ({_options(LEVELS)}))? (" " [1-5] ([0-9] [0-9] | "xx"))? (" \\"" word "\\"")?',
        "word ::= " + '[^"\\n]? ' * 60,
    ]
    return "\n".join(rules)


def _options(texts: Iterable[str]) -> str:
    return " | ".join('"' + t.replace("\\", "\\\\").replace('"', '\\"') + '"' for t in texts)


def _kinds() -> Sequence[str]:
    return get_args(Listed)


def _states() -> Sequence[str]:
    return [s for s in get_args(State) if s]


def _parts() -> Sequence[str]:
    return [
        s for s in get_args(Part) if s and s not in ("duration", "since", "exit_code", "runtime")
    ]  # which no line of the curriculum tells


def _whats() -> Sequence[str]:
    return [s for s in get_args(What) if s]


_FORM: Final = re.compile(
    r"""(?P<verb>[a-z0-9_]+)(?P<args>.*?)(?:\ @\ (?P<component>.+?))?(?:,\ (?P<other>[^,]+?))?
    (?:\ (?P<wanted>time|first|last|times|duration))?""",
    re.VERBOSE,
)
_FILTERS: Final = re.compile(
    r'(?: (?P<level>error|warning|fatal))?(?: (?P<code>[1-5](?:\d\d|xx)))?(?: "(?P<words>[^"]*)")?'
    r"(?: by (?P<by>\w+))?(?P<oldest> oldest)?(?: (?P<rows>\d+))?"
)


def fields_of(line: str) -> dict[str, str] | None:
    """The parts of a line by name, None for text that is no line: `verb`, `args`, `component`, `other`, `wanted`."""
    found = _FORM.fullmatch(line.strip())
    return {k: (v or "").strip() for k, v in found.groupdict().items()} if found else None


def filters_of(args: str) -> dict[str, str] | None:
    """Level, code, words, grouping, order and rows of a line about lines; None where something else stands there."""
    found = _FILTERS.fullmatch(f" {args}" if args else "")
    return {k: (v or "").strip() for k, v in found.groupdict().items()} if found else None
