"""Two reports of one incident side by side: what is the same, what each took, and the sentences that differ."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from aitia.core.percent import chance
from aitia.core.words import Report, Sentence, Word
from aitia.render import text as t

_WIDTH: Final = 36  # characters of a column
_LABEL: Final = 22
_MOST: Final = 4  # pairs of sentences


class Row(Word):
    """A line of the comparison."""

    what: str
    one: str
    other: str


class Beside(Word):
    """Two runs side by side: figures, and of the sentences those that do not read the same, in the report's order."""

    rows: tuple[Row, ...]
    sentences: tuple[Row, ...]


def beside(one: Report, other: Report) -> Beside:
    """The comparison of two reports."""
    figures = zip(_figures(one), _figures(other), strict=True)
    rows = tuple(Row(what=what, one=a, other=b) for (what, a), (_, b) in figures)
    pairs = tuple(
        Row(what=f"{role} {n}", one=_said(a), other=_said(b))
        for role, n, a, b in _paired(one, other)
        if _said(a) != _said(b)
    )
    return Beside(rows=rows, sentences=pairs)


def render_beside(found: Beside) -> str:
    """As text, three columns."""
    lines = [line for row in found.rows for line in _lines(row)]
    if found.sentences:
        lines += ["", "Sentences that differ:"]
        lines += [line for row in found.sentences[:_MOST] for line in ["", *_lines(row)]]
        if (more := len(found.sentences) - _MOST) > 0:
            lines += ["", f"{more} more differ: aitia report RUN --full"]
    else:
        lines += ["", "All sentences are the same."]
    return "\n".join(lines)


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    use, cost = report.model, report.cost
    sentences = (*report.summary, *report.chain)
    written = sum(s.by == "model" for s in sentences)
    told = f"{report.verdict.upper()} {chance(report.probability)}"
    yield "", t.clean(use.name) or "no model"
    yield "verdict", f"{told} {t.clean(report.component)}: {t.clean(report.fault)}" if report.fault else told
    yield "facts", str(len(report.evidence))
    yield "calls of tools", str(cost.calls)
    yield "sentences by a model", f"{written} of {len(sentences)}"
    yield "refused by the checks", str(sum(len(s.refused) for s in sentences))
    yield "names, messages read", f"{cost.names_read}, {cost.messages_read}"
    yield "tokens read, written", f"{cost.prompt_tokens}, {cost.generated_tokens}"
    yield "seconds", f"{cost.seconds:.1f}, {cost.processor_s:.1f} of a processor"


def _paired(one: Report, other: Report) -> Iterator[tuple[str, int, Sentence | None, Sentence | None]]:
    for role, ours, theirs in (
        ("summary", one.summary, other.summary),
        ("chain", one.chain, other.chain),
    ):
        for n in range(max(len(ours), len(theirs))):
            yield role, n + 1, ours[n] if n < len(ours) else None, theirs[n] if n < len(theirs) else None


def _said(sentence: Sentence | None) -> str:
    if sentence is None:
        return "–"
    return t.clean(sentence.text) + (" (model)" if sentence.by == "model" else "")


def _lines(row: Row) -> list[str]:
    cells = [
        textwrap.wrap(c, w) or [""] for c, w in ((row.what, _LABEL), (row.one, _WIDTH), (row.other, _WIDTH))
    ]
    height = max(map(len, cells))
    label, one, other = ([*c, *[""] * (height - len(c))] for c in cells)
    return [f"{a:<{_LABEL}}  {b:<{_WIDTH}}  {c}".rstrip() for a, b, c in zip(label, one, other, strict=True)]
